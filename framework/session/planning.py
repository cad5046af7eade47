"""From a target to an order: how many units, at which prices, with which protective levels. Pure, by the rulebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from framework.rules import exits, prices, sizing
from framework.types.orders import NAN, Decisions, ExitDistances, OrderType, Reason

if TYPE_CHECKING:
    from framework.types import Exits, Instrument, Settings, Sizing


class EntryPrices(NamedTuple):
    """How an entry finds its price, in rupees."""

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


def full_units(
    settings: Settings, share: float, equity_paise: int, price: float, distances: ExitDistances, lot: int
) -> int:
    """Units of a full target at the decision close; ``share`` is the instrument's part of equity (allotment)."""
    rule: Sizing = settings.sizing
    if rule.kind == "fixed":
        return sizing.fixed_units(rule.amount, lot)
    if rule.kind == "value":
        return sizing.value_units(rule.amount, price, lot)
    if rule.kind == "equity":
        return sizing.equity_units(rule.amount, equity_paise, share, price, lot)
    return sizing.risk_units(rule.amount, equity_paise, stop_distance(settings.exits, distances, price), lot)


def stop_distance(rule: Exits, distances: ExitDistances, price: float) -> float:
    """Distance in rupees to the nearest of stop and trail, of strategy and configuration; NaN without any."""
    strategy = exits.nearer(distances.stop, distances.trail)
    stop = rule.stop_loss.rupees(price) if rule.stop_loss else NAN
    trail = rule.trail.rupees(price) if rule.trail else NAN
    return exits.nearer(strategy, exits.nearer(stop, trail))


def entry_prices(
    settings: Settings, instrument: Instrument, side: int, close: float, limit: float, trigger: float
) -> EntryPrices:
    """Type and prices of an entry; the strategy's own prices go on the tick grid against us."""
    tick = instrument.tick
    limit = prices.on_tick(limit, tick, side) if limit > 0.0 else NAN
    trigger = prices.on_tick(trigger, tick, side) if trigger > 0.0 else NAN
    if limit > 0.0:
        return EntryPrices(OrderType.STOP_LIMIT if trigger > 0.0 else OrderType.LIMIT, limit, trigger, limit)
    reference = trigger if trigger > 0.0 else close
    worst = reference
    if side > 0:
        slippage = settings.slippage
        worst = prices.slipped(reference, side, slippage.bps, slippage.ticks, tick)
        if settings.protection_bps > 0.0 and not trigger > 0.0:
            worst = prices.protected(reference, side, settings.protection_bps, tick)
    return EntryPrices(OrderType.STOP if trigger > 0.0 else OrderType.MARKET, NAN, trigger, worst)


def protective_levels(
    rule: Exits, distances: ExitDistances, side: int, average: float, extreme: float, tick: float
) -> Levels:
    """Stop and target of a position: strategy and configuration both given, the nearer wins."""
    stop_rupees = exits.nearer(distances.stop, rule.stop_loss.rupees(average) if rule.stop_loss else NAN)
    target_rupees = exits.nearer(distances.take_profit, rule.take_profit.rupees(average) if rule.take_profit else NAN)
    trail_rupees = exits.nearer(distances.trail, rule.trail.rupees(average) if rule.trail else NAN)
    stop = exits.stop_level(side, average, stop_rupees, tick)
    trail = exits.trail_level(side, extreme, trail_rupees, tick)
    trigger = exits.tighter(side, stop, trail)
    reason = Reason.TRAILING_STOP if trigger == trail and trigger != stop else Reason.STOP_LOSS
    return Levels(trigger, reason, exits.target_level(side, average, target_rupees, tick))
