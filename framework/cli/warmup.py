"""``tulya warmup``."""

from __future__ import annotations

import typer

COMPILING = "Compiling the engine: once for this version of the rules, about half a minute …"


def warmup_command() -> None:
    """Compile the engine now, so that no later run waits for it. Does nothing when that has been done.

    The machine code is kept in $TULYA_CACHE, else in the user's cache folder; an edit of any rule, or another numba,
    makes new code.

    Example: tulya warmup
    """
    from framework.engines.compiling import cache_folder, is_cached

    if is_cached():
        typer.echo(f"Ready: the compiled engine is in {cache_folder()}")
        return
    typer.echo(COMPILING, err=True)
    compile_engine()
    typer.echo(
        f"Compiled into {cache_folder()}" if is_cached() else "Compiled, but no folder could be written to keep it"
    )


def compile_engine() -> None:
    """Run one bar through the compiled engine, which compiles it."""
    import numpy as np

    from framework.engines import compiled
    from framework.engines.event import DecisionArrays
    from framework.types import Bars, Panel, Settings

    bars = Bars.from_arrays("WARMUP", "1d", [0, 86_400_000_000_000], [1, 1], [1, 1], [1, 1], [1, 1])
    compiled.run(Panel.from_bars([bars]), Settings(), decisions=DecisionArrays(np.zeros((2, 1))))


def tell_first_use(engine: str) -> None:
    """Before a run that will compile first: say so on stderr."""
    if engine == "compiled":
        from framework.engines.compiling import is_cached

        if not is_cached():
            typer.echo(COMPILING, err=True)
