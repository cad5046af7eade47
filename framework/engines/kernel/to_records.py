"""The loop's arrays as the records that every engine hands back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.engines.kernel import layout
from framework.rules.reasons import NAMES
from framework.session.breaker import CAUSES
from framework.session.breaker import STATES as BREAKER_STATES
from framework.session.wording import cash_text, expired_text, left_over_text, refused_fill_text, trip_text
from framework.types.breaker import BreakerEvent
from framework.types.orders import Fill, Order, OrderType, Reason, Validity, Verdict
from framework.types.record import AppliedAction, Notice, OrderRecord, OrderState, Settlement, SimulatedFill

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from framework.types import Instrument, Settings
    from framework.types.actions import Due

REASONS = (
    Reason.SIGNAL,
    Reason.REBALANCE,
    Reason.STOP_LOSS,
    Reason.TAKE_PROFIT,
    Reason.TRAILING_STOP,
    Reason.TIME_EXIT,
    Reason.RISK,
    Reason.SQUARE_OFF,
    Reason.EXPIRY,
    Reason.CORPORATE_ACTION,
)
TYPES = (OrderType.MARKET, OrderType.LIMIT, OrderType.STOP, OrderType.STOP_LIMIT)
STATES = (
    OrderState.PARKED,
    OrderState.WORKING,
    OrderState.FILLED,
    OrderState.CANCELLED,
    OrderState.EXPIRED,
    OrderState.REFUSED,
)
VALIDITIES = (Validity.DAY, Validity.GTC)


def settlements_of(rows: NDArray[np.void]) -> tuple[Settlement, ...]:
    """Booked fills, oldest first."""
    return tuple(
        Settlement(
            Fill(order + 1, instrument, quantity, price, time),
            REASONS[reason],
            reduces,
            value,
            charges,
            cost_out,
            gross,
            position,
            cash,
            "",
            SimulatedFill(unslipped, at_open, at_close),
        )
        for (
            order, instrument, quantity, price, time, unslipped, at_open, at_close,
            reason, reduces, value, charges, cost_out, gross, position, cash,
        ) in rows.tolist()
    )  # fmt: skip


def orders_of(rows: NDArray[np.void]) -> tuple[OrderRecord, ...]:
    """Every order by id, refused ones included."""
    names = rows.dtype.names or ()
    kept = [rows[name].tolist() for name in names[: names.index("reserved_paise")]]
    records = []
    for order_id, values in enumerate(zip(*kept, strict=True), start=1):
        (
            instrument, quantity, kind, reason, reduces, decided_at, limit, trigger, validity, protective, _within,
            requested, verdict_quantity, verdict_why, state, filled, ended_at, why,
        ) = values  # fmt: skip
        order = Order(
            order_id, instrument, quantity, TYPES[kind], REASONS[reason], reduces, decided_at, limit, trigger,
            VALIDITIES[validity], protective,
        )  # fmt: skip
        verdict = Verdict(verdict_quantity, NAMES[verdict_why])
        records.append(OrderRecord(order, requested, verdict, STATES[state], filled, ended_at, NAMES[why]))
    return tuple(records)


def actions_of(rows: NDArray[np.void], due: Sequence[Due], time: NDArray[np.int64]) -> tuple[AppliedAction, ...]:
    """Applied corporate actions; ``time`` is that of the panel's rows."""
    return tuple(
        AppliedAction(int(time[row]), instrument, one.action.kind, factor, dividend, before, after, cash)
        for (row, instrument, factor, dividend, applied, before, after, cash), one in zip(
            rows.tolist(), due, strict=True
        )
        if applied
    )


def breaker_events_of(rows: NDArray[np.void]) -> tuple[BreakerEvent, ...]:
    """Every change of the trading state, oldest first."""
    return tuple(
        BreakerEvent(time, BREAKER_STATES[before], BREAKER_STATES[after], CAUSES[cause], value, limit, instrument)
        for time, before, after, cause, value, limit, instrument in rows.tolist()
    )


def notices_of(
    rows: NDArray[np.void], events: Sequence[BreakerEvent], instruments: Sequence[Instrument], settings: Settings
) -> tuple[Notice, ...]:
    """Notices, in the event engine's words."""
    told = []
    for time, code, a, b in rows.tolist():
        if code == layout.NOTICE_REFUSED_FILL:
            told.append(Notice(time, "refused_fill", refused_fill_text(a, instruments[b], "cash")))
        elif code == layout.NOTICE_CASH:
            told.append(Notice(time, "cash_below_zero", cash_text(a, instruments)))
        elif code == layout.NOTICE_SQUARE_OFF:
            told.append(Notice(time, "square_off", left_over_text(a, instruments[b])))
        elif code == layout.NOTICE_EXPIRY:
            told.append(Notice(time, "expiry", expired_text(a, instruments[b])))
        else:
            told.append(Notice(time, str(events[a].cause), trip_text(events[a], settings.limits, instruments)))
    return tuple(told)
