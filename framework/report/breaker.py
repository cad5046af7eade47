"""Circuit breaker in a report: stretches of bars in which it held, their causes, and their dates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from framework.report.wording import minute_text
from framework.types.breaker import BreakerCause
from framework.types.currency import money_text
from framework.types.portfolio import TradingState

if TYPE_CHECKING:
    from framework.types.breaker import BreakerEvent
    from framework.types.record import Record

WORDS = {
    BreakerCause.DAILY_LOSS: "daily loss",
    BreakerCause.CONSECUTIVE_LOSSES: "losses in a row",
    BreakerCause.DRAWDOWN: "drawdown",
    BreakerCause.RUNAWAY: "runaway orders",
    BreakerCause.NEW_SESSION: "the next session",
    BreakerCause.RESET_DUE: "a reset that was due",
    BreakerCause.COMMAND: "a command",
    BreakerCause.RUIN: "ruin",
    BreakerCause.DEPOSIT: "a deposit",
}
IN_PAISE = (BreakerCause.DAILY_LOSS, BreakerCause.DRAWDOWN, BreakerCause.RUIN, BreakerCause.DEPOSIT)
STATES = {TradingState.REDUCE_ONLY: "reduce only", TradingState.HALTED: "halted"}


class Hold(NamedTuple):
    """One stretch in which the breaker held back every increase."""

    state: TradingState
    first_row: int
    """Row of the panel at whose close it tripped."""
    last_row: int
    """Last row whose close still was under it."""
    tripped: BreakerEvent
    ended: BreakerEvent | None
    """None: it holds at the end of the run."""


def holds(record: Record) -> list[Hold]:
    """Oldest first; a halt that follows a reduce-only state is a stretch of its own."""
    found: list[Hold] = []
    events = record.breaker_events
    last = len(record.panel) - 1
    for tripped, ended in zip(events, (*events[1:], None), strict=False):
        if tripped.after is not TradingState.ACTIVE:
            first_row = row_of(record, tripped)
            end = (
                last if ended is None else max(row_of(record, ended) - (ended.after is TradingState.ACTIVE), first_row)
            )
            found.append(Hold(tripped.after, first_row, end, tripped, ended))
    return found


def facts(record: Record) -> list[dict[str, Any]]:
    """The stretches as JSON values; what was reached and its limit in rupees or as counts."""
    return [
        {
            "state": str(one.state),
            "cause": str(one.tripped.cause),
            "first": when(record, one.first_row),
            "last": when(record, one.last_row),
            "holds_at_the_end": one.ended is None,
            "value": _number(one.tripped.cause, one.tripped.value),
            "limit": _number(one.tripped.cause, one.tripped.limit),
        }
        for one in holds(record)
    ]


def row_of(record: Record, event: BreakerEvent) -> int:
    """Row of the panel: of the close that tripped it, or of the open that ended it."""
    times = record.panel.time if event.after is TradingState.ACTIVE else record.panel.close_time
    return min(int(np.searchsorted(times, event.time)), len(record.panel) - 1)


def why(record: Record, event: BreakerEvent) -> str:
    """Its cause with what was reached and the limit."""
    text = WORDS[event.cause]
    if event.limit:
        reached, limit = (_number(event.cause, value) for value in (event.value, event.limit))
        currency = record.panel.currency
        pair = [money_text(one, currency) if event.cause in IN_PAISE else f"{one:,}" for one in (reached, limit)]
        text += f", {' of '.join(pair)}"
    return text if event.instrument < 0 else f"{text} in {record.panel.symbols[event.instrument]}"


def _number(cause: BreakerCause, value: int) -> float:
    return value / 100 if cause in IN_PAISE else value


def when(record: Record, row: int) -> str:
    """The bar's day, and its time of day where bars have one."""
    return minute_text(record.panel, 0, int(record.panel.time[row]))
