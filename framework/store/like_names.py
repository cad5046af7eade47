"""Names that are easily taken for each other, or that hold what nobody sees: told, for both are series of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.store.issues import SeriesFinding
from framework.types.intake.names import hidden, likeness, looks
from framework.types.visible import visible

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from framework.store.quality import Series
    from framework.types.intake.records import SeriesKey


class LikeNames:
    """Stored symbols by their looks."""

    def __init__(self, symbols: Iterable[str]) -> None:
        self._by_look: dict[str, set[str]] = {}
        for symbol in symbols:
            for look in looks(symbol):
                self._by_look.setdefault(look, set()).add(symbol)

    def others(self, symbol: str) -> list[str]:
        """Symbols that look like this one."""
        return sorted(set().union(*(self._by_look.get(look, set()) for look in looks(symbol))) - {symbol})


def stored_names(connection: sqlite3.Connection) -> LikeNames:
    """Every symbol with bars."""
    return LikeNames(row[0] for row in connection.execute("SELECT DISTINCT symbol FROM instruments"))


def doubtful_names(key: SeriesKey, series: Series, held: LikeNames) -> list[SeriesFinding]:
    """``doubtful_name``: one that looks like another stored one, or holds characters that show nothing."""
    reasons = []
    if unseen := hidden(key.symbol):
        reasons.append(f"the name holds {', '.join(unseen)}, which shows nothing")
    for other in held.others(key.symbol):
        like = likeness(key.symbol, other)
        if like is not None:
            reasons.append(
                f"{visible(key.symbol)} and {visible(other)}, which is stored too, differ only in {like.reason}; "
                "tulya data merge puts two names of one share together"
            )
    ends = int(series.timestamp[0]), int(series.timestamp[-1])
    return [SeriesFinding("doubtful_name", *ends, reason) for reason in reasons]
