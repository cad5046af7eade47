"""Symbols → bars: read a run's prices from the store, with what is known to be wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date
    from pathlib import Path

    from framework.types import Bars

SHOWN_ISSUES = 20


def load(
    symbols: Sequence[str],
    timeframe: str,
    end: date | None,
    db: Path | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> tuple[list[Bars], tuple[str, ...]]:
    """Bars of each symbol from the first stored one to ``end``, and the data issues met in them as sentences."""
    with open_store(db) as store:
        series = []
        for done, symbol in enumerate(symbols, start=1):
            series.append(store.load_bars(symbol, timeframe, end=end))
            if progress is not None:
                progress("loading", done, len(symbols))
        first_ns = min(int(bars.time[0]) for bars in series)
        last_ns = max(int(bars.time[-1]) for bars in series)
        found = store.issues([bars.instrument.symbol for bars in series], timeframe, first_ns, last_ns, SHOWN_ISSUES)
    return series, tuple(str(issue) for issue in found)
