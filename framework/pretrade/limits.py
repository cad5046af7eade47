"""Limits on orders that add risk; an order that only reduces passes them unseen (``gate`` sees to it)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from framework.pretrade import exposure, rate
from framework.pretrade.answers import ALLOW, Answer, Deny
from framework.pretrade.facts import SECOND_NS
from framework.pretrade.validity import within
from framework.types.portfolio import TradingState

if TYPE_CHECKING:
    from framework.pretrade.facts import OpenOrder, PretradeContext, Request


def state(_request: Request, context: PretradeContext, _now_ns: int) -> Answer:
    """Only an active system opens anything."""
    return ALLOW if context.state is TradingState.ACTIVE else Deny("state", str(context.state), "active")


def authority(_request: Request, context: PretradeContext, _now_ns: int) -> Answer:
    """App, algo name and outgoing address are as configured: the exchange and the broker go by them."""
    for name in ("app", "algo", "ip"):
        wanted, found = getattr(context.configured, name), getattr(context.found, name)
        if not (found and found == wanted):
            return Deny(name, found, wanted)
    return ALLOW


def restricted(_request: Request, context: PretradeContext, _now_ns: int) -> Answer:
    """Nothing new in a symbol that is banned, under surveillance, on a list of the user's own, or unchecked."""
    return ALLOW if context.restricted == "" else Deny("restricted", context.restricted, "")


def cut_off(_request: Request, context: PretradeContext, now_ns: int) -> Answer:
    """Nothing new after the product's cut-off."""
    until = context.hours.entries_until_ns
    return ALLOW if now_ns < until else Deny("cut_off", now_ns, until)


def market_data(_request: Request, context: PretradeContext, now_ns: int) -> Answer:
    """The last price is fresh, has not jumped, is not crossed, and no bar is missing."""
    quote, limits = context.quote, context.limits
    age = (now_ns - quote.time_ns) / SECOND_NS
    if not (0.0 <= age <= limits.reference_age_s):
        return Deny("stale_price", age, limits.reference_age_s)
    if not (math.isfinite(quote.price) and quote.price > 0.0):
        return Deny("reference", quote.price, 0.0)
    if not _near(quote.price, quote.before, limits.max_jump_percent):
        return Deny("jump", _percent(quote.price, quote.before), limits.max_jump_percent)
    if quote.bid is not None and not (quote.ask is not None and within(quote.bid, quote.ask) and quote.bid < quote.ask):
        return Deny("crossed", quote.bid, math.nan if quote.ask is None else quote.ask)
    return ALLOW if quote.missing_bars == 0 else Deny("missing_bars", quote.missing_bars, 0)


def price_band(request: Request, context: PretradeContext, _now_ns: int) -> Answer:
    """Its prices are within so many per cent of the last price, and the exchange's band is known."""
    last, band = context.quote.price, context.limits.price_band_percent
    if not (context.quote.lower < context.quote.upper):
        return Deny("no_exchange_band", context.quote.lower, context.quote.upper)
    for given in (request.limit, request.trigger):
        if given != given:  # noqa: PLR0124 - NaN: a type's own prices are checked by validity.price
            continue
        if not _near(given, last, band):
            return Deny("price_band", _percent(given, last), band)
    return ALLOW


def order_value(request: Request, context: PretradeContext, _now_ns: int) -> Answer:
    """The user's cap on one order, in rupees at its worst price and in units."""
    units, limits = exposure.size(request, context), context.limits
    value = units * exposure.worst_price(request, context)
    if not within(value, limits.max_order_value):
        return Deny("order_value", value, limits.max_order_value)
    return (
        ALLOW if within(units, limits.max_order_quantity) else Deny("order_quantity", units, limits.max_order_quantity)
    )


def open_value(request: Request, context: PretradeContext, _now_ns: int) -> Answer:
    """All open orders together, unconfirmed ones at their full size."""
    value, limit = exposure.open_value(request, context), context.limits.max_open_value
    return ALLOW if within(value, limit) else Deny("open_value", value, limit)


def position(request: Request, context: PretradeContext, _now_ns: int) -> Answer:
    """The position if the worse side of everything open fills: of the symbol, and of all together."""
    limits = context.limits
    value = exposure.worst_units(request, context) * exposure.max_price(request, context)
    if not within(value, limits.max_position_value):
        return Deny("position_value", value, limits.max_position_value)
    gross = exposure.gross_value(request, context)
    return ALLOW if within(gross, limits.max_gross_value) else Deny("gross_value", gross, limits.max_gross_value)


def funds(request: Request, context: PretradeContext, now_ns: int) -> Answer:
    """Cash or margin is there for it and for what the broker's figure does not count yet; the figure is fresh."""
    age = (now_ns - context.funds.time_ns) / SECOND_NS
    if not (0.0 <= age <= context.limits.funds_age_s):
        return Deny("stale_funds", age, context.limits.funds_age_s)
    promised = sum(order.needed_paise for order in exposure.others(request, context) if _not_counted(order))
    left = context.funds.available_paise - promised
    return ALLOW if 0 < request.needed_paise <= left else Deny("funds", request.needed_paise / 100, left / 100)


def duplicate(request: Request, context: PretradeContext, now_ns: int) -> Answer:
    """The same strategy sent the same request a moment ago."""
    window_s = context.limits.duplicate_s
    same = (request.action, request.strategy, request.symbol, request.quantity)
    for send in reversed(context.sends.recent):
        ago = (now_ns - send.time_ns) / SECOND_NS
        if send[1:] == same and not (ago >= window_s):
            return Deny("duplicate", ago, window_s)
    return ALLOW


def own_cross(request: Request, context: PretradeContext, _now_ns: int) -> Answer:
    """It would meet an own order of the other side in the book."""
    side = exposure.side_of(request.quantity)
    reach = exposure.reach(request, context)
    for order in exposure.others(request, context):
        if order.symbol != request.symbol or order.units * side >= 0 or order.limit is None:
            continue
        if not side * (order.limit - reach) > 0.0:  # NaN: it may stand anywhere
            return Deny("own_cross", reach, order.limit)
    return ALLOW


def runaway(request: Request, context: PretradeContext, now_ns: int) -> Answer:
    """Orders in this symbol within a minute and on this day, this one included, as the gate counted them."""
    limits, sends = context.limits, context.sends
    minute = rate.in_last_minute(sends, request.symbol, now_ns) + 1
    if not minute <= limits.orders_per_minute:
        return Deny("orders_per_minute", minute, limits.orders_per_minute)
    day = rate.on_day(sends, request.symbol, context.hours.day) + 1
    return ALLOW if day <= limits.orders_per_day else Deny("orders_per_day", day, limits.orders_per_day)


def _not_counted(order: OpenOrder) -> bool:
    return not (order.counted and order.confirmed)


def _near(price: float, last: float, percent: float) -> bool:
    """|price − last| ≤ so many per cent of last; multiplied out, as a division would miss the bound by a bit."""
    return last > 0.0 and math.isfinite(last * percent) and abs(price - last) * 100.0 <= percent * last


def _percent(price: float, last: float) -> float:
    return 100.0 * abs(price / last - 1.0) if last > 0.0 else math.nan
