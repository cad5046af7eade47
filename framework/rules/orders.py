"""An order's way before it fills: its type and prices, what it waits for, what takes it back, what it reserves."""

from framework.rules.prices import on_tick, worst_entry

NAN = float("nan")
MARKET, LIMIT, STOP, STOP_LIMIT = 0, 1, 2, 3
"""Codes of the order types."""


def entry(
    side: int, close: float, limit: float, trigger: float, tick: float, bps: float, ticks: float, protection_bps: float
) -> tuple[int, float, float, float]:
    """Type, limit, trigger and worst price of an entry, in rupees; the strategy's own prices go on the grid against us.

    ``limit`` and ``trigger`` are the strategy's, NaN = none; ``close`` is the deciding one. The worst price is what the
    review and the reserve count with.
    """
    limit = on_tick(limit, tick, side) if limit > 0.0 else NAN
    trigger = on_tick(trigger, tick, side) if trigger > 0.0 else NAN
    if limit > 0.0:
        return STOP_LIMIT if trigger > 0.0 else LIMIT, limit, trigger, limit
    if trigger > 0.0:
        return STOP, NAN, trigger, worst_entry(trigger, side, bps, ticks, protection_bps, False, tick)
    return MARKET, NAN, NAN, worst_entry(close, side, bps, ticks, protection_bps, True, tick)


def waits_for(reduces: bool, needs_flat: bool, before_reduces: bool, before_protective: bool) -> bool:
    """True when an order waits until an open order of its instrument that was there before it is done.

    An entry waits for entries, a reversal's opening leg (``needs_flat``) for exits too, an exit for exits; nothing
    waits for protective orders.
    """
    return not before_protective and (before_reduces == reduces or needs_flat)


def is_dropped(needs_flat: bool, position: int) -> bool:
    """True when a parked order whose wait is over is not wanted: the close that it was to follow did not fill."""
    return needs_flat and position != 0


def goes_with_position(reduces: bool, forced: bool, by_target: bool) -> bool:
    """True of an open order that has no sense once its position is gone.

    Reductions have nothing left to reduce; a ``forced`` exit (a stop, a deadline, the breaker) takes a strategy's
    target along, and so its entries. Explicit orders of ``on_bar`` stay.
    """
    return reduces or (forced and by_target)


def reserve_left(reserved_paise: int, left: int, asked: int) -> int:
    """Reserve an entry still holds of the buying power, in paise: ``left`` of the ``asked`` units are still to fill."""
    return reserved_paise * left // asked
