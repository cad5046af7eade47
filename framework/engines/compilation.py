"""Speed only: compilation of the engine, in a process of its own: ``python -m framework.engines.compilation``.

Ctrl-C ends it at once (in the middle of a call into LLVM Python hears nothing), a run that takes the event engine goes
on beside it, and two of them compile once.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys


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


def main() -> None:
    """Compile what is not there yet, after another process that is at it."""
    from framework.engines.numba_cache import ENTRIES, HERE, cache_folder, has_numba, is_cached

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.environ[HERE] = "1"
    folder = cache_folder()
    if folder is None or not has_numba():
        sys.exit("tulya: no folder for the machine code, or no numba")
    with (folder / "compiling.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the system lets go of it when the process ends, however it does
        if not is_cached(*ENTRIES):
            compile_engine()


if __name__ == "__main__":
    main()
