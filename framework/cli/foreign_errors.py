"""Errors that are neither ours nor the system's, as sentences: what went wrong, in which library, and what to do."""

from __future__ import annotations

REPORT = "run it again with --debug and send us the traceback"


def foreign_sentence(error: Exception) -> str:
    """One sentence for any error; the kinds that a user can mend say how."""
    library, text = type(error).__module__.partition(".")[0], " ".join(str(error).split()) or "no more is said"
    if library == "sqlite3":
        return f"a database cannot be used ({text}): another program holds it, it is damaged, or its disk is; {REPORT}"
    if isinstance(error, MemoryError):
        return (
            "the memory of this machine is used up; take fewer symbols or days, or a bound such as --memory 1GB, "
            "beyond which prices lie on disk"
        )
    if isinstance(error, RecursionError):
        return f"something is nested too deep to be read, in a file or in a strategy's own code; {REPORT}"
    if library == "pyarrow":
        return f"a file cannot be read or written ({text}); {REPORT}"
    name = type(error).__name__ if library == "builtins" else f"{library}'s {type(error).__name__}"
    return f"this should not have happened: {name}: {text}. It is a fault of Tulya or of a strategy; {REPORT}"
