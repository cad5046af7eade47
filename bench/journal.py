"""Journal of one day of minute bars of fifty instruments: what writing it costs a run, and how fast it folds.

  python -m bench.journal

Read the ratios: machines differ and are busy. The limit is a fold of one such day within one second.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from bench.workloads import FIRST_OPEN, MINUTES_PER_DAY, SEED
from framework.engines import event
from framework.engines.rows import DecisionArrays
from framework.journal.chain import Walk
from framework.journal.file import JournalFile, read_lines
from framework.journal.fold import fold
from framework.journal.writer import JournalRecorder, Origin
from framework.types import Bars, Instrument, Panel, Settings
from framework.types.settings import RunSettings

if TYPE_CHECKING:
    from collections.abc import Callable

INSTRUMENTS = 50
MINUTE_NS = 60_000_000_000
LIMIT_S = 1.0
ROUNDS = 5
SETTINGS = RunSettings(Settings.of(capital=10_000_000, sizing="equity:95%", charges="percent:0.03", stop_loss="1%"))


def panel_and_decisions() -> tuple[Panel, DecisionArrays]:
    """Random walks in paise; one instrument in twenty gets a new target at each bar."""
    random = np.random.default_rng(SEED)
    time = FIRST_OPEN.astype("datetime64[ns]").astype(np.int64) + MINUTE_NS * np.arange(MINUTES_PER_DAY)
    series = []
    for number in range(INSTRUMENTS):
        close = np.round(500.0 * np.exp(np.cumsum(random.normal(0.0, 0.001, MINUTES_PER_DAY))), 2)
        opened = np.concatenate((close[:1], close[:-1]))
        high, low = np.maximum(opened, close) + 0.05, np.minimum(opened, close) - 0.05
        instrument = Instrument(f"S{number:02}", "NSE", 0.05, timezone="Asia/Kolkata")
        volume = random.integers(100, 10_000, MINUTES_PER_DAY).astype(float)
        series.append(Bars.from_arrays(instrument, "1m", time, opened, high, low, close, volume))
    shape = (MINUTES_PER_DAY, INSTRUMENTS)
    target = np.where(random.random(shape) < 1 / 20, random.integers(-1, 2, shape).astype(float), np.nan)
    return Panel.from_bars(series), DecisionArrays(target)


def seconds_of(work: Callable[[], object]) -> float:
    """Median of some rounds."""
    took = []
    for _ in range(ROUNDS):
        begin = perf_counter()
        work()
        took.append(perf_counter() - begin)
    return statistics.median(took)


def main() -> None:
    """Measure and print."""
    panel, decisions = panel_and_decisions()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "day.journal"

        def recorded() -> None:
            recorder = JournalRecorder(JournalFile(path), Origin("bench", {}, "", {}))
            event.run(panel, SETTINGS, decisions=decisions, recorder=recorder)

        plain = seconds_of(lambda: event.run(panel, SETTINGS, decisions=decisions))
        written = seconds_of(recorded)
        checked = seconds_of(lambda: sum(1 for _ in Walk(read_lines(path))))
        folded = seconds_of(lambda: fold(read_lines(path)))
        entries, size = fold(read_lines(path)).entries, path.stat().st_size
    print(f"{MINUTES_PER_DAY} bars × {INSTRUMENTS} instruments: {entries:,} entries, {size / 1e6:.1f} MB")
    print(f"run             {plain:.3f} s")
    print(f"run, journalled {written:.3f} s, {written / plain:.2f} × the run")
    print(f"hashes checked  {checked:.3f} s")
    print(f"fold            {folded:.3f} s, {folded / plain:.2f} × the run, limit {LIMIT_S:g} s")


if __name__ == "__main__":
    main()
