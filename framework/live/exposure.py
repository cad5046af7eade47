"""Exposure if this process dies now: what the account would lose at a shock, counting only what rests at the broker.

Nobody is there any more to place a stop, to trail one or to take an entry back. So each position meets a move of so
many per cent against it with the orders as they rest: a stop that the broker has confirmed takes its units out at its
trigger, a stop-limit at its limit (it may be left behind beyond it), a resting entry fills on the way and loses from
there. A stop that is only wanted, or in doubt, protects nothing, nor does what one has more than the position. All
positions are hit at once, each by the worse of the two directions; that is no forecast, it is a bound for a limit and
one number for a screen.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from framework.types.orders import LIMIT, MARKET, NAN, OrderType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from framework.live.account_orders import PositionKey


class RestingOrder(NamedTuple):
    """An order that may be at the broker."""

    symbol: str
    product: str
    units: int
    """Signed units that may still fill."""
    type: OrderType
    limit: float = NAN
    """Rupees; NaN where the type has none. So is trigger."""
    trigger: float = NAN
    confirmed: bool = True
    """The broker has said that it rests there. One that it has not may add to the loss and protects nothing."""


class OrphanLoss(NamedTuple):
    """Loss of one position, left alone."""

    symbol: str
    product: str
    paise: int
    """≥ 0; 0 where the price is not known."""
    unprotected: int
    """Units ≥ 0 held that no confirmed stop within the shock takes out."""
    is_known: bool
    """False: there is no price for it, so that nothing can be said."""


class OrphanExposure(NamedTuple):
    """Losses of all positions and resting orders together."""

    losses: tuple[OrphanLoss, ...]
    """By symbol and product; none of 0 paise."""

    @property
    def paise(self) -> int:
        """Sum of those that are known, ≥ 0."""
        return sum(loss.paise for loss in self.losses)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Symbols without a price: the sum is too low by what they may lose."""
        return tuple(loss.symbol for loss in self.losses if not loss.is_known)

    def within(self, limit_paise: int) -> bool:
        """True if everything is known and at most so much."""
        return not self.unknown and self.paise <= limit_paise


def exposure_if_orphaned(
    positions: Mapping[PositionKey, int],
    orders: Iterable[RestingOrder],
    prices: Mapping[str, float],
    shock_percent: float,
) -> OrphanExposure:
    """Loss of the whole account at a shock. ``positions``: signed units; ``prices``: the last ones, rupees."""
    resting: dict[PositionKey, list[RestingOrder]] = {}
    for order in orders:
        resting.setdefault((order.symbol, order.product), []).append(order)
    losses = [
        _loss_of(key, positions.get(key, 0), resting.get(key, ()), prices.get(key[0], NAN), shock_percent)
        for key in sorted({*positions, *resting})
    ]
    return OrphanExposure(tuple(loss for loss in losses if loss.paise or not loss.is_known))


def _loss_of(
    key: PositionKey, held: int, orders: Sequence[RestingOrder], last: float, shock_percent: float
) -> OrphanLoss:
    """The worse of a fall and a rise of one symbol and product."""
    if not (math.isfinite(last) and last > 0.0 and math.isfinite(shock_percent) and shock_percent >= 0.0):
        return OrphanLoss(*key, 0, abs(held), is_known=not held and not orders)
    at_once = held + sum(
        order.units for order in orders if order.type is MARKET and (held == 0 or order.units * held > 0)
    )
    fall, rise = (_after(at_once, orders, last, last * (1.0 + side * shock_percent / 100.0)) for side in (-1, 1))
    against = fall if at_once > 0 else rise
    return OrphanLoss(*key, max(fall.paise, rise.paise, 0), against.unprotected, is_known=True)


class _PathEnd(NamedTuple):
    paise: int
    unprotected: int


def _after(held: int, orders: Sequence[RestingOrder], last: float, shocked: float) -> _PathEnd:
    """Paise lost (below 0: won) on the straight way from the last price to the shocked one."""
    direction = 1 if shocked > last else -1
    lost = -held * (shocked - last)
    position = held
    for order in orders:  # a limit on the way fills at its price and loses from there on
        if order.type is LIMIT and order.units * direction < 0 and _is_on_the_way(order.limit, last, shocked):
            at = max(order.limit * direction, last * direction) * direction  # through the market: at the last price
            lost += -order.units * (shocked - at)
            position += order.units
    stops = [
        order
        for order in orders
        if order.type not in {MARKET, LIMIT} and order.confirmed and order.units * direction > 0
    ]
    for order in sorted(stops, key=lambda order: order.trigger * direction):
        if not _is_on_the_way(order.trigger, last, shocked):
            continue
        units = max(0, min(abs(order.units), -position * direction)) * direction
        lost += -units * (shocked - _price_of(order, last, shocked, direction))
        position += units
    return _PathEnd(math.ceil(round(lost * 100.0, 6)), abs(position) if position * direction < 0 else 0)


def _price_of(order: RestingOrder, last: float, shocked: float, direction: int) -> float:
    """Rupees at which a stop takes its units out: its trigger, the last price if that is past it; a limit at worst."""
    at = order.limit if order.limit > 0.0 else order.trigger
    at = max(at * direction, last * direction)
    return min(at, shocked * direction) * direction


def _is_on_the_way(price: float, last: float, shocked: float) -> bool:
    """The price lies between the two, or the last one is past it already; NaN does not."""
    return price <= shocked if shocked > last else price >= shocked
