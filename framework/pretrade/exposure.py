"""Exposure if every open order fills. Open orders without the broker's answer count at their full size."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from framework.pretrade.facts import RequestKind
from framework.types.orders import OrderType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from framework.pretrade.facts import OpenOrder, PretradeContext, Request

LIMITED = (OrderType.LIMIT, OrderType.STOP_LIMIT)


def side_of(quantity: int) -> int:
    """+1 for a buy, −1 for a sale."""
    return 1 if quantity > 0 else -1


def reach(request: Request, context: PretradeContext) -> float:
    """The furthest price it can reasonably fill at, rupees: its limit, else trigger or last price and the band."""
    if request.type in LIMITED:
        return request.limit
    price = request.trigger if request.type is OrderType.STOP else context.quote.price
    return price * (1.0 + side_of(request.quantity) * context.limits.price_band_percent / 100.0)


def worst_price(request: Request, context: PretradeContext) -> float:
    """Greatest worth of a unit, rupees: a buy's furthest price; a sale's limit, trigger or last price."""
    if request.quantity > 0 or request.type in LIMITED:
        return reach(request, context)
    return request.trigger if request.type is OrderType.STOP else context.quote.price


def others(request: Request, context: PretradeContext) -> list[OpenOrder]:
    """Open orders besides the one that is placed or changed."""
    return [order for order in context.open_orders if order.tag != request.tag]


def size(request: Request, context: PretradeContext) -> int:
    """Units ≥ 0 that the request may fill; of a change the larger one, as either may be what the exchange has."""
    before = [abs(order.units) for order in context.open_orders if order.tag == request.tag]
    return max([abs(request.quantity), *before] if request.action is RequestKind.MODIFY else [abs(request.quantity)])


def going(orders: Iterable[OpenOrder], symbol: str, side: int, group: str = "", units: int = 0) -> int:
    """Units ≥ 0 of one side that may still fill; orders that cancel each other count once, as the largest of them.

    ``units`` are those of one more order, of ``group``.
    """
    loose, groups = (0, {group: units}) if group else (units, {})
    for order in orders:
        if order.symbol != symbol or order.units * side <= 0:
            continue
        if order.group:
            groups[order.group] = max(groups.get(order.group, 0), abs(order.units))
        else:
            loose += abs(order.units)
    return loose + sum(groups.values())


def held(context: PretradeContext, symbol: str) -> int:
    """Signed units held."""
    holding = context.holdings.get(symbol)
    return 0 if holding is None else holding.quantity


def reduces(request: Request, context: PretradeContext) -> bool:
    """True if it can only bring the position nearer to zero, whatever else of ours fills: never taken on trust.

    Where several strategies trade the account, the position is that of the request's own. A change that makes an exit
    smaller is one in any case: refused, the larger one would stand on.
    """
    own, side = context.own, side_of(request.quantity)
    position = held(context, request.symbol) if own is None else own.quantity
    if position * side >= 0:
        return False
    if request.action is RequestKind.MODIFY and _only_lowers(request, context):
        return True
    rest = others(request, context) if own is None else [one for one in own.open_orders if one.tag != request.tag]
    return going(rest, request.symbol, side, request.group, size(request, context)) <= abs(position)


def _only_lowers(change: Request, context: PretradeContext) -> bool:
    """Of what is left of an order, on its own side: an unconfirmed one counts in full elsewhere, here it does not."""
    side = side_of(change.quantity)
    stands = [(one.quantity - one.filled) * side for one in context.open_orders if one.tag == change.tag]
    return 0 < abs(change.quantity) < min(stands, default=0)


def open_value(request: Request, context: PretradeContext) -> float:
    """Rupees that this and all open orders are for; NaN or infinite where a price is not known."""
    ours = size(request, context) * worst_price(request, context)
    return ours + math.fsum(abs(order.units) * order.price for order in others(request, context))


def worst_units(request: Request, context: PretradeContext) -> int:
    """Units ≥ 0 held of the request's symbol if only the worse side of everything open fills."""
    position, rest = held(context, request.symbol), others(request, context)
    return max(
        abs(position + _coming(rest, request, context, 1)),
        abs(position - _coming(rest, request, context, -1)),
    )


def gross_value(request: Request, context: PretradeContext) -> float:
    """Rupees of all positions, each if the worse side of its open orders fills, at the last prices known."""
    symbols = dict.fromkeys([request.symbol, *context.holdings, *(order.symbol for order in context.open_orders)])
    rest: dict[str, list[OpenOrder]] = {}
    for order in others(request, context):
        rest.setdefault(order.symbol, []).append(order)
    return math.fsum(_worst_of(symbol, rest.get(symbol, []), request, context) for symbol in symbols)


def _worst_of(symbol: str, rest: list[OpenOrder], request: Request, context: PretradeContext) -> float:
    if symbol == request.symbol:
        return worst_units(request, context) * max_price(request, context)
    position = held(context, symbol)
    units = max(abs(position + going(rest, symbol, 1)), abs(position - going(rest, symbol, -1)))
    holding = context.holdings.get(symbol)
    prices = [order.price for order in rest]
    return units * _highest([*prices, holding.price] if holding is not None and holding.quantity else prices)


def max_price(request: Request, context: PretradeContext) -> float:
    """The higher of the order's worst price and the last one, rupees; NaN where either is not known."""
    return _highest([worst_price(request, context), context.quote.price])


def _coming(rest: list[OpenOrder], request: Request, context: PretradeContext, side: int) -> int:
    if request.quantity * side > 0:
        return going(rest, request.symbol, side, request.group, size(request, context))
    return going(rest, request.symbol, side)


def _highest(prices: list[float]) -> float:
    """NaN if one of them is; 0 without any."""
    return math.nan if any(price != price for price in prices) else max(prices, default=0.0)  # noqa: PLR0124 - NaN
