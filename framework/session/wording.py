"""What notices say, in one place for every engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from framework.types import Distance, Instrument


def refused_fill_text(quantity: int, instrument: Instrument, reason: str) -> str:
    """An order was refused when it should have filled; ``quantity`` in signed units."""
    return f"the order for {quantity:+d} {instrument} was refused at its fill: {reason}"


def cash_text(cash_paise: int) -> str:
    """Cash fell below zero."""
    return f"cash fell to ₹{cash_paise / 100:,.2f}"


def daily_loss_text(loss_paise: int, limit: Distance | None) -> str:
    """The daily-loss breaker tripped."""
    return f"a loss of ₹{loss_paise / 100:,.2f} reached {limit}: reduce only until the next session"


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
