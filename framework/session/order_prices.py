"""From a target to an order: at which prices, with which protective levels. Pure, by the rulebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from framework.rules import exits, prices
from framework.types.orders import LIMIT, MARKET, NAN, STOP, STOP_LIMIT, Decisions, ExitDistances, OrderType, Reason

if TYPE_CHECKING:
    from framework.types import Distance, Exits, Instrument, Settings


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


def at_row(values: Decisions | None, name: str, i: int) -> float:
    """One optional price of a decision row; NaN where the strategy never gives it."""
    column = getattr(values, name)
    return NAN if column is None else column[i]


def entry_distances(decisions: Decisions, i: int) -> ExitDistances:
    """The strategy's protective distances at the opening decision, rupees."""
    return ExitDistances(
        at_row(decisions, "stop", i), at_row(decisions, "take_profit", i), at_row(decisions, "trail", i)
    )


def rupees(distance: Distance | None, price: float) -> float:
    """A chosen distance in rupees at this price; NaN when there is none."""
    return NAN if distance is None else exits.rupees_of(distance.amount, distance.percent, price)


def _carried(distance: Distance | None, price: float, scale: float) -> float:
    return NAN if distance is None else exits.carried(distance.amount, distance.percent, price, scale)


def entry_prices(
    settings: Settings, instrument: Instrument, side: int, close: float, limit: float, trigger: float
) -> EntryPrices:
    """Type and prices of an entry; the strategy's own prices go on the tick grid against us."""
    tick = instrument.tick
    limit = prices.on_tick(limit, tick, side) if limit > 0.0 else NAN
    trigger = prices.on_tick(trigger, tick, side) if trigger > 0.0 else NAN
    if limit > 0.0:
        return EntryPrices(STOP_LIMIT if trigger > 0.0 else LIMIT, limit, trigger, limit)
    slippage, at_market = settings.slippage, not trigger > 0.0
    reference = close if at_market else trigger
    worst = prices.worst_entry(reference, side, slippage.bps, slippage.ticks, settings.protection_bps, at_market, tick)
    return EntryPrices(MARKET if at_market else STOP, NAN, trigger, worst)


def protective_levels(  # noqa: PLR0913, PLR0917 - one argument per fact of a position
    rule: Exits, distances: ExitDistances, side: int, average: float, extreme: float, tick: float, scale: float = 1.0
) -> Levels:
    """Stop and target of a position: strategy and configuration both given, the nearer wins.

    ``scale`` is shares now per share at the entry.
    """
    stop = exits.nearer(distances.stop, _carried(rule.stop_loss, average, scale))
    target = exits.nearer(distances.take_profit, _carried(rule.take_profit, average, scale))
    trail = exits.nearer(distances.trail, _carried(rule.trail, extreme, scale))
    trigger, is_trailing = exits.protective_stop(side, average, stop, extreme, trail, tick)
    reason = Reason.TRAILING_STOP if is_trailing else Reason.STOP_LOSS
    return Levels(trigger, reason, exits.target_level(side, average, target, tick))
