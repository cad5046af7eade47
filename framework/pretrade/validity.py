"""Rules that a reduction must pass too: an order that breaks one would be refused anyway, or reach the wrong place."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from framework.pretrade.answers import ALLOW, Answer, Deny
from framework.pretrade.exposure import LIMITED, reduces, size, worst_price
from framework.pretrade.facts import RequestKind
from framework.rules.prices import ON_GRID
from framework.types.orders import OrderType

if TYPE_CHECKING:
    from framework.pretrade.facts import PretradeContext, Request

TRIGGERED = (OrderType.STOP, OrderType.STOP_LIMIT)


def within(value: float, bound: float) -> bool:
    """0 < value ≤ bound, both finite: NaN, infinity and zero fail."""
    return math.isfinite(value) and math.isfinite(bound) and 0.0 < value <= bound


def expiry(request: Request, _world: PretradeContext, now_ns: int) -> Answer:
    """An order that is overdue is void: it is never sent late."""
    return ALLOW if now_ns < request.expires_ns else Deny("expired", now_ns, request.expires_ns)


def identity(request: Request, context: PretradeContext, _now_ns: int) -> Answer:
    """A new order has a tag that no open one has, so that nothing is sent twice; a change names one that is open."""
    is_open = any(order.tag == request.tag for order in context.open_orders)
    if request.action is RequestKind.MODIFY:
        return ALLOW if is_open else Deny("unknown_tag", request.tag, "")
    new = request.action is RequestKind.PLACE and request.tag != "" and not is_open
    return ALLOW if new else Deny("tag_in_use", request.tag, "")


def account(_request: Request, context: PretradeContext, _now_ns: int) -> Answer:
    """The account that is logged in is the configured one: a reduction in another account reduces nothing."""
    wanted, found = context.configured.account, context.found.account
    return ALLOW if found and found == wanted else Deny("account", found, wanted)


def instrument(request: Request, context: PretradeContext, _now_ns: int) -> Answer:
    """The newest list of instruments has it."""
    return ALLOW if context.instrument is not None else Deny("unknown_instrument", request.symbol, "")


def session(_request: Request, context: PretradeContext, now_ns: int) -> Answer:
    """The session is on by the calendar, and by the broker."""
    hours = context.hours
    if not hours.open_ns <= now_ns < hours.close_ns:
        return Deny("session_closed", now_ns, hours.close_ns if hours.close_ns <= now_ns else hours.open_ns)
    return ALLOW if hours.broker_open is True else Deny("broker_closed", "closed", "open")


def quantity(request: Request, context: PretradeContext, _now_ns: int) -> Answer:
    """Whole units, not 0, whole lots, not beyond the freeze quantity. Never rounded to fit."""
    units, known = request.quantity, context.instrument
    if type(units) is not int or units == 0 or known is None:
        return Deny("quantity", units, 1)
    if not (known.lot > 0 and units % known.lot == 0):
        return Deny("lot", abs(units), known.lot)
    freeze = known.freeze_quantity
    return ALLOW if freeze is None or within(abs(units), freeze) else Deny("freeze_quantity", abs(units), freeze)


def price(request: Request, context: PretradeContext, _now_ns: int) -> Answer:
    """Each price it carries is finite, above 0, on the tick grid and inside the exchange's band of today."""
    tick = 0.0 if context.instrument is None else context.instrument.tick
    for given in _given(request):
        if not (math.isfinite(given) and given > 0.0):
            return Deny("price", given, 0.0)
        if not (tick > 0.0 and math.isfinite(tick) and abs(given / tick - round(given / tick)) <= ON_GRID):
            return Deny("tick", given, tick)
        lower, upper = context.quote.lower, context.quote.upper
        if given < lower or given > upper:  # a band that is not known only an increase needs
            return Deny("exchange_band", given, lower if given < lower else upper)
    return ALLOW


def legal_value(request: Request, context: PretradeContext, _now_ns: int) -> Answer:
    """The law's ceiling for one order, at its worst price."""
    value = size(request, context) * worst_price(request, context)
    ceiling = context.ceilings.order_value
    if reduces(request, context) and not (math.isfinite(value) and value > ceiling):
        return ALLOW  # at market without a price: a reduction does not wait for the feed
    return ALLOW if within(value, ceiling) else Deny("legal_order_value", value, ceiling)


def _given(request: Request) -> list[float]:
    """The prices that its type carries."""
    limits = [request.limit] if request.type in LIMITED else []
    return [*limits, request.trigger] if request.type in TRIGGERED else limits
