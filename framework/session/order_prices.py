"""From a target to an order: at which prices, with which protective levels. Pure, by the rulebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from framework.rules import exits, orders
from framework.types.made import made
from framework.types.orders import NAN, Decisions, ExitDistances, OrderType, Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framework.types import Distance, Exits, Instrument, Settings


NO_DISTANCES = ExitDistances()
STOP_LOSS, TRAILING_STOP = Reason.STOP_LOSS, Reason.TRAILING_STOP
TYPES = tuple(OrderType)
"""By the rulebook's codes."""


class EntryPrices(NamedTuple):
    """Type and prices of an entry, in rupees."""

    type: OrderType
    limit: float
    trigger: float
    worst: float
    """Worst price it can reasonably fill at: what the review and the reserve count with."""


class Levels(NamedTuple):
    """Protective prices of a position in rupees; NaN = none."""

    stop: float
    stop_reason: Reason
    target: float


def at_row(values: Sequence[float] | None, i: int) -> float:
    """One optional price of a decision row; NaN where the strategy never gives it."""
    return NAN if values is None else values[i]


def entry_distances(decisions: Decisions, i: int) -> ExitDistances:
    """The strategy's protective distances at the opening decision, rupees."""
    stop, take_profit, trail = decisions.stop, decisions.take_profit, decisions.trail
    if stop is take_profit is trail is None:
        return NO_DISTANCES
    return ExitDistances(at_row(stop, i), at_row(take_profit, i), at_row(trail, i))


def rupees(distance: Distance | None, price: float) -> float:
    """A chosen distance in rupees at this price; NaN when there is none."""
    return NAN if distance is None else exits.rupees_of(distance.amount, distance.percent, price)


def plain(distance: Distance | None) -> tuple[float, bool]:
    """A chosen distance as the rulebook takes it: amount, and whether it is a fraction; NaN where there is none."""
    return (NAN, False) if distance is None else (distance.amount, distance.percent)


def entry_prices(
    settings: Settings, instrument: Instrument, side: int, close: float, limit: float, trigger: float
) -> EntryPrices:
    """Type and prices of an entry; the strategy's own prices go on the tick grid against us."""
    slippage, tick = settings.slippage, instrument.tick
    kind, limit, trigger, worst = orders.entry(
        side, close, limit, trigger, tick, slippage.bps, slippage.ticks, settings.protection_bps
    )
    return made(EntryPrices, (TYPES[kind], limit, trigger, worst))


def protective_levels(  # noqa: PLR0913, PLR0917 - one argument per fact of a position
    rule: Exits, distances: ExitDistances, side: int, average: float, extreme: float, tick: float, scale: float = 1.0
) -> Levels:
    """Stop and target of a position: strategy and configuration both given, the nearer wins.

    ``scale`` is shares now per share at the entry.
    """
    stop, target, trail = plain(rule.stop_loss), plain(rule.take_profit), plain(rule.trail)
    trigger, is_trailing, limit = exits.levels(side, average, extreme, scale, tick, *distances, *stop, *target, *trail)
    return made(Levels, (trigger, TRAILING_STOP if is_trailing else STOP_LOSS, limit))
