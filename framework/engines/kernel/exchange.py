"""Exchange: fills of resting orders. Mirrors ``framework.exchange``."""

from __future__ import annotations

from framework.engines.kernel.account import buying_power, notice, tariff_at
from framework.engines.kernel.layout import (
    DAY,
    EXPIRED,
    EXPIRY,
    LIMIT,
    MARKET,
    NOTICE_REFUSED_FILL,
    REFUSED,
    SQUARE_OFF,
    STOP_LIMIT,
    Bar,
    Params,
    State,
)
from framework.engines.kernel.orders import end, unrest
from framework.engines.kernel.session import give_up, on_fill
from framework.rules import fills, prices, reasons, risk

NAN = float("nan")
AT_OPEN, IN_RANGE, AT_CLOSE, LAST_CLOSE = 0, 1, 2, 3


def open_bar(s: State, p: Params, bar: Bar, t: int) -> None:
    """Fills at the open: reductions, then increases, then what arrived meanwhile."""
    account = s.account[0]
    for position in range(account.done_with_bar):
        s.orders[s.done_with_bar[position]].from_next_bar = False
    account.done_with_bar = 0
    account.arrivals = 0
    serve_chosen(s, p, bar, t, AT_OPEN, True)
    serve_chosen(s, p, bar, t, AT_OPEN, False)
    while account.arrivals > 0:
        count = 0
        for position in range(account.arrivals):
            if s.orders[s.arrivals[position]].x_type == MARKET:
                s.queue[count] = s.arrivals[position]
                count += 1
        account.arrivals = 0
        if count > 0:
            serve(s, p, bar, t, AT_OPEN, count)


def range_bar(s: State, p: Params, bar: Bar, t: int) -> None:
    """Fills inside the range: protective exits and other reductions, resting entries, then those entries' exits."""
    account = s.account[0]
    serve_chosen(s, p, bar, t, IN_RANGE, True)
    account.arrivals = 0
    serve_chosen(s, p, bar, t, IN_RANGE, False)
    while account.arrivals > 0:
        count = 0
        for position in range(account.arrivals):
            if s.orders[s.arrivals[position]].protective:
                s.queue[count] = s.arrivals[position]
                count += 1
        account.arrivals = 0
        if count > 0:
            order_queue(s, p, count)
            serve(s, p, bar, t, IN_RANGE, count)


def end_bar(s: State, p: Params, bar: Bar, t: int) -> None:
    """Row 8: DAY orders expire with the session's last bar."""
    if not bar.ends_session[t]:
        return
    account = s.account[0]
    count = 0
    for position in range(account.resting):
        if s.orders[s.resting[position]].validity == DAY:
            s.queue[count] = s.resting[position]
            count += 1
    for position in range(count):
        k = s.queue[position]
        order = s.orders[k]
        if not order.resting:
            continue
        unrest(s, k)
        account.now = bar.close_time[t]
        give_up(s, p, k)
        end(s, k, EXPIRED, reasons.NONE)


def fill_at_close(s: State, p: Params, bar: Bar, t: int) -> None:
    """``fill_at: same_close``: market orders that were just decided fill at the very close that decided them."""
    serve_chosen(s, p, bar, t, AT_CLOSE, True)
    serve_chosen(s, p, bar, t, AT_CLOSE, False)


def close_out(s: State, p: Params, bar: Bar, t: int) -> None:
    """Square-offs that are still open fill at their instrument's last close, whatever traded."""
    count = 0
    for position in range(s.account[0].resting):
        if s.orders[s.resting[position]].reason in (SQUARE_OFF, EXPIRY):
            s.queue[count] = s.resting[position]
            count += 1
    order_queue(s, p, count)
    serve(s, p, bar, t, LAST_CLOSE, count)


def serve_chosen(s: State, p: Params, bar: Bar, t: int, step: int, reduces: bool) -> None:
    """Fill what this step may fill of the reductions, or of the increases."""
    count = choose(s, p, bar, t, step, reduces)
    if count > 0:
        serve(s, p, bar, t, step, count)


def choose(s: State, p: Params, bar: Bar, t: int, step: int, reduces: bool) -> int:
    """Put the orders that this step may fill into the queue, in the order they are served; returns how many."""
    count = 0
    for position in range(s.account[0].resting):
        k = s.resting[position]
        if s.orders[k].reduces == reduces and price_of(s, bar, t, k, step) > 0.0:
            s.queue[count] = k
            count += 1
    order_queue(s, p, count)
    return count


def order_queue(s: State, p: Params, count: int) -> None:
    """Sort the queue by instrument, kind and id: a market exit first, the stop before the target (or after)."""
    for position in range(1, count):
        k = s.queue[position]
        place = position
        while place > 0 and _comes_before(s, p, k, s.queue[place - 1]):
            s.queue[place] = s.queue[place - 1]
            place -= 1
        s.queue[place] = k


def _comes_before(s: State, p: Params, k: int, other: int) -> bool:
    one: int = s.orders[k].instrument
    two: int = s.orders[other].instrument
    if one != two:
        return one < two
    rank = fills.precedence(s.orders[k].x_type, s.orders[k].protective, p.target_first)
    other_rank = fills.precedence(s.orders[other].x_type, s.orders[other].protective, p.target_first)
    return rank < other_rank if rank != other_rank else k < other


def price_of(s: State, bar: Bar, t: int, k: int, step: int) -> float:
    """Unslipped price at which the order fills in this step of the bar; NaN = it does not."""
    order = s.orders[k]
    i, side = order.instrument, order.x_side
    start: float = bar.open[t, i]
    if step == LAST_CLOSE:
        row = t
        while not bar.close[row, i] > 0.0:
            row -= 1
        last: float = bar.close[row, i]
        return last
    if step == AT_CLOSE:
        return bar.close[t, i] if order.x_type == MARKET else NAN
    if step == AT_OPEN:
        return fills.price_at_open(order.x_type, order.triggered, side, order.x_limit, order.x_trigger, start)
    high, low = bar.high[t, i], bar.low[t, i]
    if order.x_within > 0.0:
        if order.x_type == LIMIT:
            book = s.books[i]
            return fills.target_after_entry(
                side, order.x_limit, book.entered_at, book.first_touch, high, low, bar.close[t, i]
            )
        return fills.stop_fill(side, order.x_trigger, order.x_within, high, low)
    return fills.price_in_range(order.x_type, order.triggered, side, order.x_limit, order.x_trigger, start, high, low)


def serve(s: State, p: Params, bar: Bar, t: int, step: int, count: int) -> None:
    """Fill the queued orders one after the other; each may have been cancelled or changed by one before it."""
    for position in range(count):
        k = s.queue[position]
        order = s.orders[k]
        price = price_of(s, bar, t, k, step)
        within = order.x_within > 0.0
        if step == IN_RANGE:
            order.x_within = NAN
        if not order.resting or (order.from_next_bar and step != LAST_CLOSE) or not price > 0.0:
            continue
        if step in (AT_OPEN, AT_CLOSE) and order.x_type == MARKET and becomes_limit(s, p, k, price):
            continue
        slips = fills.slips(order.x_type, order.triggered)
        order.triggered = order.triggered or (slips and order.x_type != MARKET)
        if order.x_type == STOP_LIMIT and step == IN_RANGE and slips:
            i = order.instrument
            price = fills.stop_limit_fill(
                order.x_side, order.x_trigger, order.x_limit,
                bar.open[t, i], bar.high[t, i], bar.low[t, i], bar.close[t, i],
            )  # fmt: skip
            if not price > 0.0:
                continue
        at_open = step == AT_OPEN or (step == IN_RANGE and price == bar.open[t, order.instrument] and not within)
        fill(s, p, bar, t, k, price, at_open, step >= AT_CLOSE, slips or step == LAST_CLOSE)


def becomes_limit(s: State, p: Params, k: int, start: float) -> bool:
    """Row 1: a slipped price beyond market protection makes the order a resting limit at the bound."""
    order = s.orders[k]
    tick = s.books[order.instrument].tick
    bound = prices.bound_reached(start, order.x_side, p.protection_bps, p.bps, p.ticks, tick)
    if not bound > 0.0:
        return False
    order.x_type, order.x_limit = LIMIT, bound
    finish_bar(s, k)
    return True


def finish_bar(s: State, k: int) -> None:
    """The order has done its part in this bar."""
    account = s.account[0]
    s.orders[k].from_next_bar = True
    s.done_with_bar[account.done_with_bar] = k
    account.done_with_bar = account.done_with_bar + 1


def fill(
    s: State, p: Params, bar: Bar, t: int, k: int, unslipped: float, at_open: bool, at_close: bool, slip: bool
) -> None:
    """Fill what the volume allows (row 9), unless cash cannot cover it: then the order is refused whole."""
    order, account = s.orders[k], s.account[0]
    i, side, quantity = order.instrument, order.x_side, order.x_remaining
    tick, time = s.books[i].tick, bar.time[t]
    to_the_last = at_close and bar.ends_session[t] and order.reason in (SQUARE_OFF, EXPIRY)
    if p.volume_cap > 0.0 and not to_the_last:
        quantity = fills.capped_quantity(quantity, bar.volume[t, i], p.volume_cap, s.books[i].lot)
        finish_bar(s, k)
        if quantity == 0:
            return
    price = unslipped
    if slip:
        price = prices.within_limit(prices.slipped(unslipped, side, p.bps, p.ticks, tick), order.x_limit, side)
    share = p.long_margin if side > 0 else p.short_margin
    needed = 0 if order.reduces else risk.needed(quantity, price, share, side, tariff_at(s, i, time))
    if not order.reduces and needed > buying_power(s, p, 0):
        unrest(s, k)
        account.now = time
        notice(s, NOTICE_REFUSED_FILL, order.quantity, i)
        give_up(s, p, k)
        end(s, k, REFUSED, reasons.CASH)
        return
    if not (order.reduces or at_open or at_close):
        note_entry(s, t, k, unslipped, bar.open[t, i])
    order.x_remaining = order.x_remaining - quantity
    if order.x_remaining == 0:
        unrest(s, k)
    on_fill(s, p, k, side * quantity, price, unslipped, time, at_open, at_close)


def note_entry(s: State, t: int, k: int, unslipped: float, start: float) -> None:
    """Row 14: an entry filled inside the bar; keep where, and whether all prices beyond it came after it."""
    order = s.orders[k]
    book = s.books[order.instrument]
    several = book.entered_row == t
    book.first_touch = not several and fills.is_first_touch(order.x_side, unslipped, order.x_trigger, start)
    book.entered_row, book.entered_at = t, NAN if several else unslipped
