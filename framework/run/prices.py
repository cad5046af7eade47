"""Symbols → bars: read a run's prices from the store, with what is known to be wrong with them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from framework.config.settings_file import database_path
from framework.run.gathered_bars import load_or_gather
from framework.store import open_store
from framework.store.quality.jumps import LISTED
from framework.types.array_store import MEMORY
from framework.types.timeframe import Timeframe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date
    from pathlib import Path

    from framework.store import DataIssue
    from framework.types import Bars
    from framework.types.array_store import ArrayStore

GRAVE = frozenset({"jump", "conflict"})
"""Kinds that can change a result by themselves; the others are counted."""
SHOWN_ISSUES = 3


def load(
    symbols: Sequence[str],
    timeframe: str,
    end: date | None,
    db: Path | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    space: ArrayStore = MEMORY,
) -> tuple[list[Bars], tuple[str, ...]]:
    """Bars of each symbol from the first stored one to ``end``, and the data issues met in them as sentences."""
    path = database_path(db)
    space.prefer_disk_of(path)
    with open_store(path, create=False) as store:
        series, stored_as = [], dict[str, list[str]]()
        for done, symbol in enumerate(symbols, start=1):
            bars, stored = load_or_gather(store, symbol, timeframe, end)
            series.append(bars.with_actions(store.actions_of(symbol)).kept_in(space))
            stored_as.setdefault(stored, []).append(str(bars.instrument))
            if progress is not None:
                progress("loading", done, len(symbols))
        first_ns = min(int(bars.time[0]) for bars in series)
        last_ns = max(int(bars.time[-1]) for bars in series)
        found = [
            issue
            for stored, names in stored_as.items()
            for issue in store.issues(names, stored, first_ns, last_ns)
            if not issue.reason.endswith(LISTED)
        ]
    stored_as.pop(Timeframe.parse(timeframe).name, None)
    made = (
        f"{timeframe} bars of {', '.join(names)} were gathered from {stored}" for stored, names in stored_as.items()
    )
    return series, (*made, *_sentences(found))


def _sentences(found: Sequence[DataIssue]) -> tuple[str, ...]:
    """Counts of issues by kind, then the gravest few in full."""
    if not found:
        return ()
    kinds = Counter(issue.kind for issue in found)
    counted = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    ranked = sorted(found, key=lambda issue: (issue.kind not in GRAVE, issue.symbol, issue.first_ns or 0))
    plural = "s" if len(found) > 1 else ""
    summary = f"{len(found)} data issue{plural} in these series: {counted} (tulya data show SYMBOL --issues)"
    return (summary, *(str(issue) for issue in ranked[:SHOWN_ISSUES] if issue.kind in GRAVE))
