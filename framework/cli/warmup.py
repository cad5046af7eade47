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
    from framework.engines.numba_cache import ENTRIES, cache_folder, is_cached, require_numba

    require_numba()
    if is_cached(*ENTRIES):
        typer.echo(f"Ready: the compiled engine is in {cache_folder()}")
        return
    compile_engine()
    kept = is_cached(*ENTRIES)
    typer.echo(f"Compiled into {cache_folder()}" if kept else "Compiled, but no folder could be written to keep it")


def compile_engine() -> None:
    """Run two bars through everything of the compiled engine that backtests and sweeps call, which compiles it."""
    import numpy as np

    from framework.engines import compiled
    from framework.engines.rows import DecisionArrays
    from framework.engines.summary import SummaryRunner
    from framework.types import Bars, Panel, Settings
    from framework.types.settings import RunSettings
    from framework.types.signals import EntryExit

    bars = Bars.from_arrays("WARMUP", "1d", [0, 86_400_000_000_000], [1, 1], [1, 1], [1, 1], [1, 1])
    panel, settings = Panel.from_bars([bars]), RunSettings(Settings())
    compiled.run(panel, settings, decisions=DecisionArrays(np.zeros((2, 1))))
    counter, never = SummaryRunner(panel, settings, np.array([1])), np.zeros(2, dtype=bool)
    counter.run(DecisionArrays(np.zeros((2, 1))))
    flags = counter.flags()
    flags.add(EntryExit.of(never, never))
    counter.run_long_flat(flags)
