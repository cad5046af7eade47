"""``tulya warmup``."""

from __future__ import annotations

import typer


def warmup_command() -> None:
    """Compile the engine now, so that no later run waits for it. Does nothing when that has been done.

    The machine code is kept in $TULYA_CACHE, else in the user's cache folder; an edit of any rule, or another numba,
    makes new code.

    Example:
    - tulya warmup
    """
    from framework.engines.compilation import compile_engine
    from framework.engines.numba_cache import ENTRIES, cache_folder, is_cached, require_numba

    require_numba()
    if is_cached(*ENTRIES):
        typer.echo(f"Ready: the compiled engine is in {cache_folder()}")
        return
    compile_engine()
    kept = is_cached(*ENTRIES)
    typer.echo(f"Compiled into {cache_folder()}" if kept else "Compiled, but no folder could be written to keep it")
