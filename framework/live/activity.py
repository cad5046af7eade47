"""Activity of a strategy on a day: bars evaluated, signals given and orders decided, by symbol and by time of day.

Counted alike from a backtest's record and from the journal's, so that a live day can be held against the backtest's own
days (``silence``). Signals are targets that say something; a strategy of ``on_bar`` has orders alone.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framework.journal.session_records import SessionRecords
    from framework.types import Record
    from framework.types.record import OrderRecord

HOUR_NS = 3_600_000_000_000
DAY_NS = 24 * HOUR_NS
INDIA_NS = 11 * HOUR_NS // 2
"""Clock of India ahead of UTC; it has no summer time."""
BARS, SIGNALS, ORDERS = "bars", "signals", "orders"
QUIET = "bars in a row without a signal"
"""Longest such stretch of a day, over all symbols; of ``on_bar`` without an order."""
WHOLE_DAY = -1


class ActivityCell(NamedTuple):
    """Thing that is counted."""

    kind: str
    """``bars``, ``signals``, ``orders``, or the longest stretch without."""
    symbol: str
    """Empty: of all symbols."""
    hour: int
    """Hour of the exchange's clock; −1 = the whole day."""

    def __str__(self) -> str:
        where = f" of {self.symbol}" if self.symbol else ""
        return f"{self.kind}{where}{f' from {self.hour}:00 to {self.hour}:59' if self.hour >= 0 else ''}"


class ActivitySpan(NamedTuple):
    """Part of a day that is compared, as nanoseconds since midnight on the exchange's clock."""

    first: int
    """Open of the first bar."""
    last: int
    """Open of the last."""

    def holds(self, since_midnight: int) -> bool:
        """True within the span, its ends included."""
        return self.first <= since_midnight <= self.last


WHOLE = ActivitySpan(0, DAY_NS)
Activity = Counter[ActivityCell]


def live_activity(records: SessionRecords, orders: Sequence[OrderRecord], symbols: Sequence[str], day: int) -> Activity:
    """Activity of a day (days since 1970-01-01) by a session's records; ``orders``: every order of the session."""
    found, quiet = Activity(), 0
    decided = {record.order.decided_at for record in orders if not record.order.protective}
    for row in records.rows:
        if row.session != day:
            continue
        hour, acted = since_midnight(row.time) // HOUR_NS, row.close_time in decided and not records.decisions
        decisions = records.decisions.get(row.time)
        for i, symbol in enumerate(symbols):
            if row.close[i] > 0.0:
                _count(found, BARS, symbol, hour)
                if decisions is not None and decisions.target[i] == decisions.target[i]:  # NaN says nothing
                    _count(found, SIGNALS, symbol, hour)
                    acted = True
        quiet = _quiet(found, quiet, acted=acted)
    for record in orders:
        _order(found, record, symbols, {day}, WHOLE)
    return found


def live_span(records: SessionRecords, day: int) -> ActivitySpan:
    """Span of a day that a session lived through."""
    times = [since_midnight(row.time) for row in records.rows if row.session == day]
    return ActivitySpan(min(times), max(times)) if times else WHOLE


def recorded_activity(record: Record, span: ActivitySpan, sessions: int) -> dict[int, Activity]:
    """Activity of each of the last ``sessions`` days of a backtest, within a span of the day."""
    panel, first = record.panel, record.first_row
    symbols = tuple(map(str, panel.instruments))
    days = np.unique(panel.session[first:])[-sessions:].tolist()
    found = {int(day): Activity() for day in days}
    if not days:
        return found
    begin = max(first, int(np.searchsorted(panel.session, days[0])))
    there = np.isfinite(panel.close[begin:])
    said = None if record.targets is None else np.isfinite(record.targets[begin:]) & there
    decided = {one.order.decided_at for one in record.orders if not one.order.protective}
    clocks = zip(
        panel.time[begin:].tolist(), panel.close_time[begin:].tolist(), panel.session[begin:].tolist(), strict=True
    )
    quiet = dict.fromkeys(found, 0)
    for row, (time, closed, day) in enumerate(clocks):
        if not span.holds(moment := since_midnight(time)):
            continue
        acted = said is None and closed in decided
        for i in np.flatnonzero(there[row]).tolist():
            _count(found[day], BARS, symbols[i], moment // HOUR_NS)
            if said is not None and said[row, i]:
                _count(found[day], SIGNALS, symbols[i], moment // HOUR_NS)
                acted = True
        quiet[day] = _quiet(found[day], quiet[day], acted=acted)
    for one in record.orders:
        day = session_at(one.order.decided_at - 1)
        if day in found:
            _order(found[day], one, symbols, {day}, span)
    return found


def since_midnight(moment: int) -> int:
    """Nanoseconds since midnight on the exchange's clock, of a moment in UTC nanoseconds."""
    return (moment + INDIA_NS) % DAY_NS


def session_at(moment: int) -> int:
    """Date on the exchange's clock, days since 1970-01-01."""
    return (moment + INDIA_NS) // DAY_NS


def _order(found: Activity, record: OrderRecord, symbols: Sequence[str], days: set[int], span: ActivitySpan) -> None:
    """Count an order that a decision led to; exits that rest and squares-off follow by themselves."""
    order = record.order
    decided = order.decided_at - 1  # the bar that decided it was still open then
    if order.protective or session_at(decided) not in days or not span.holds(since_midnight(decided)):
        return
    _count(found, ORDERS, symbols[order.instrument], since_midnight(decided) // HOUR_NS)


def _quiet(found: Activity, quiet: int, *, acted: bool) -> int:
    """Length of the stretch without a signal after one more bar; the longest is kept."""
    quiet = 0 if acted else quiet + 1
    cell = ActivityCell(QUIET, "", WHOLE_DAY)
    found[cell] = max(found[cell], quiet)
    return quiet


def _count(found: Activity, kind: str, symbol: str, hour: int) -> None:
    for cell in (
        ActivityCell(kind, symbol, WHOLE_DAY),
        ActivityCell(kind, "", hour),
        ActivityCell(kind, "", WHOLE_DAY),
    ):
        found[cell] += 1
