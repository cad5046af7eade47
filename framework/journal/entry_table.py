"""Table of the entries of an account's journal, as ``docs/runner.md`` prints it: made from their classes."""

from __future__ import annotations

from framework.journal.account_entries import ACCOUNT_KINDS
from framework.journal.entries import KINDS

OF_SESSIONS = ("header", "input", "checkpoint")
"""Kinds that a journal of one session has too."""


def entry_table() -> str:
    """Markdown: kind, what it is, its fields."""
    kinds = {**{name: KINDS[name] for name in OF_SESSIONS}, **ACCOUNT_KINDS}
    lines = ["| entry | what it is | fields |", "| --- | --- | --- |"]
    for name, kind in kinds.items():
        text = " ".join((kind.__doc__ or "").split("\n\n")[0].split()).replace("``", "`").rstrip(".")
        fields = ", ".join(f"`{field}`" for field in kind.__annotations__)
        lines.append(f"| `{name}` | {text} | {fields} |")
    return "\n".join(lines)
