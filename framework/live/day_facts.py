"""Day of a session: its orders, fills, profit, ratio and unprotected time, out of the ledger. Money in paise."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from framework.journal.account_entries import Denied, RequestName, Returned, Sending
from framework.live.hours import day_of
from framework.live.ledger import DayEnd, day_at
from framework.live.protection_time import unprotected_seconds
from framework.report.position_spans import PositionSpans
from framework.types.record import OrderState
from framework.types.timeframe import SECOND_NS

if TYPE_CHECKING:
    from datetime import date

    from framework.journal.session_records import CloseMark
    from framework.live.ledger import AccountLedger, Noted, SessionLedger
    from framework.types.record import OrderRecord


END_OF_DAY_NS = 300 * SECOND_NS
"""After the last bar: by then the broker has answered."""


class SessionDay(NamedTuple):
    """A session's day."""

    session: str
    day: int
    """Days since 1970-01-01."""
    seq: int
    """Entry that its figures are as of."""
    orders: int
    """Orders that left for the broker."""
    filled_orders: int
    fills: int
    refused: int
    """Orders that the review, the gate or the broker took nothing of."""
    changes: int
    """Changes and cancels that left for the broker."""
    ratio: float
    """Changes and cancels for each fill; NaN without any of either."""
    trips: int
    """Round trips that ended."""
    wins: int
    """Those of them with a net profit."""
    gross_paise: int
    """Profit before charges, open positions at the last close."""
    charges_paise: int
    net_paise: int
    equity_paise: int
    """At the last close of the day."""
    begins_paise: int
    """Equity before the day, with what was paid in or taken out on it."""
    fall_paise: int
    """Greatest fall below the day's highest equity at a close, its beginning among them; ≥ 0."""
    unprotected_s: float
    rows: int
    """Rows of bars that were decided on."""


def session_days(ledger: AccountLedger, session: SessionLedger) -> list[SessionDay]:
    """Every day of a session, oldest first."""
    return [_day(ledger, session, day) for day in sorted(session.days)]


def orders_of(session: SessionLedger, day: date) -> list[OrderRecord]:
    """Orders that were decided on a day, or filled on it, by id."""
    records = session.folded.records
    if records is None:
        return []
    filled = {noted.body.fill.order_id for noted in fills_of(session, day)}
    every = records.every_order(session.folded.session)
    return [one for one in every if day_at(one.order.decided_at) == day or one.order.order_id in filled]


def fills_of(session: SessionLedger, day: date) -> list[Noted]:
    """Settlements of a day, oldest first."""
    return [noted for noted, _ in session.fills if day_at(noted.body.fill.time) == day]


def before(session: SessionLedger, day: int) -> DayEnd | None:
    """End of the session's day before; None on its first."""
    earlier = [one for one in session.days if one < day]
    return session.days[max(earlier)] if earlier else None


def _day(ledger: AccountLedger, session: SessionLedger, number: int) -> SessionDay:
    day, end, last = day_of(number), session.days[number], before(session, number)
    capital = session.folded.header.settings.capital_paise
    begins = (last.equity_paise if last else capital) + end.deposit_paise - (last.deposit_paise if last else capital)
    charges = end.charges_paise - (last.charges_paise if last else 0)
    net, orders, fills = end.equity_paise - begins, orders_of(session, day), fills_of(session, day)
    sent = [one.body for one in ledger.on(Sending, day) if one.body.session == session.name]
    changes = sum(one.request is not RequestName.PLACE for one in sent)
    denied = {one.body.order_id for one in ledger.on(Denied, day)
              if one.body.session == session.name and one.body.request is RequestName.PLACE}  # fmt: skip
    refused = {one.order.order_id for one in orders if one.state in {OrderState.REFUSED, OrderState.ABSENT}} | denied
    nets = _trip_nets(session, day)
    first, final = span_of(session, number)
    marks = [mark.equity_paise for mark in marks_of(session, number)]
    return SessionDay(
        session.name, number, end.seq, sum(one.request is RequestName.PLACE for one in sent),
        sum(one.filled != 0 for one in orders), len(fills), len(refused), changes,
        ratio_of(changes, len(fills)), len(nets), sum(net > 0 for net in nets), net + charges, charges, net,
        end.equity_paise, begins, _fall([begins, *marks]), unprotected_seconds(session, first, final),
        session.bars_told.get(number, 0),
    )  # fmt: skip


def is_whole(ledger: AccountLedger, day: int) -> bool:
    """True once a day is over by its journal: its last bar was told, or its end of day or a later day was reached."""
    if max(ledger.days) > day:
        return True
    ends = [span_of(one, day)[1] for one in ledger.sessions.values() if day in one.days]
    rows = [one.folded.records.rows[-1] for one in ledger.sessions.values()
            if day in one.days and one.folded.records is not None]  # fmt: skip
    return all(row.ends_session for row in rows) or ledger.folded.at >= max(ends) + END_OF_DAY_NS


def ratio_of(changes: int, fills: int) -> float:
    """Changes and cancels for each fill; infinite without a fill, NaN without either."""
    if fills:
        return changes / fills
    return float("inf") if changes else float("nan")


def span_of(session: SessionLedger, day: int) -> tuple[int, int]:
    """First open and last close of a day's rows, UTC nanoseconds; 0 and 0 without any."""
    return session.spans.get(day, (0, 0))


def marks_of(session: SessionLedger, day: int) -> list[CloseMark]:
    """The session's account at each close of a day."""
    records = session.folded.records
    if records is None:
        return []
    first, last = span_of(session, day)
    begin, end = (bisect_left(records.marks, moment, key=lambda mark: mark.time) for moment in (first, last))
    return records.marks[begin:end]


def _fall(equity: list[int]) -> int:
    highest, fall = equity[0], 0
    for value in equity:
        highest = max(highest, value)
        fall = max(fall, highest - value)
    return fall


def _trip_nets(session: SessionLedger, day: date) -> list[int]:
    """Net profits of the round trips that ended on a day."""
    records = session.folded.records
    if records is None or not records.settlements:
        return []
    spans = PositionSpans.of(records.settlements, records.actions)
    ends = spans.legs["time"][spans.last][spans.order][: spans.closed].tolist()
    return [net for net, end in zip(spans.nets_paise.tolist(), ends, strict=True) if day_at(end) == day]


def refusals_of(ledger: AccountLedger, session: SessionLedger, day: date) -> list[Noted]:
    """Denials of the gate and refusals of the broker on a day, oldest first."""
    found = [one for one in ledger.on(Denied, day) if one.body.session == session.name]
    found += [
        one for one in ledger.on(Returned, day) if one.body.session == session.name and one.body.outcome != "accepted"
    ]
    return sorted(found)
