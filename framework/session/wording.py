"""Words of notices, in one place for every engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.types.breaker import BreakerCause
from framework.types.portfolio import TradingState
from framework.types.rupees import rupees

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framework.types import BreakerEvent, Instrument, Limits


def refused_fill_text(quantity: int, instrument: Instrument, reason: str) -> str:
    """An order was refused when it should have filled; ``quantity`` in signed units."""
    return f"the order for {quantity:+d} {instrument} was refused at its fill: {reason}"


def cash_text(cash_paise: int) -> str:
    """Cash fell below zero."""
    return f"cash fell to {rupees(cash_paise / 100)}"


def trip_text(event: BreakerEvent, limits: Limits, instruments: Sequence[Instrument]) -> str:
    """The circuit breaker tripped: what was reached, which limit, and until when."""
    if event.cause is BreakerCause.RUIN:
        left = rupees(event.value / 100)
        return f"ruin, equity of {left} at a close: what is held is left, and nothing is entered any more"
    held = ", and leave what is held" if limits.on_trip == "flatten" else ""
    until = (
        "the next session"
        if event.after is TradingState.REDUCE_ONLY
        else f"{limits.breaker_reset} session{'s' if limits.breaker_reset > 1 else ''} have begun"
        if limits.breaker_reset
        else "a command"
    )
    then = f"{'reduce only' if event.after is TradingState.REDUCE_ONLY else 'halted'} until {until}{held}"
    if event.cause is BreakerCause.DAILY_LOSS:
        return f"a loss of {rupees(event.value / 100)} reached {limits.max_daily_loss.in_words}: {then}"
    if event.cause is BreakerCause.DRAWDOWN:
        return f"a drawdown of {rupees(event.value / 100)} reached {limits.max_drawdown.in_words}: {then}"
    if event.cause is BreakerCause.CONSECUTIVE_LOSSES:
        return f"{event.value} losing round trips in a row reached {event.limit}: {then}"
    return f"order {event.value} of {instruments[event.instrument]} in a session is beyond {event.limit}: {then}"


def left_over_text(quantity: int, instrument: Instrument) -> str:
    """An intraday position that nothing closed in time; ``quantity`` in signed units."""
    return (
        f"{quantity:+d} {instrument} found no fill at or after the square-off time and was closed at the session's "
        "last close"
    )


def expired_text(quantity: int, instrument: Instrument) -> str:
    """A contract that was held to its end; ``quantity`` in signed units."""
    physical = instrument.kind in {"share_future", "share_option"}
    more = "; a contract on a share settles by delivery, which is not modelled" if physical else ""
    return f"{quantity:+d} {instrument} expired and was closed at its last session's last close{more}"
