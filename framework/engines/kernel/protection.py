"""Stops and targets of a position (rows 10 to 16). Mirrors ``framework.session.protection``."""

from __future__ import annotations

from framework.engines.kernel.layout import (
    GTC,
    LIMIT,
    SIGNAL,
    STOP,
    STOP_LOSS,
    TAKE_PROFIT,
    TIME_EXIT,
    TRAILING_STOP,
    Bar,
    Params,
    State,
)
from framework.engines.kernel.orders import arrive, carry_out_cancels, new_order, place, withdraw
from framework.rules import exits, targets

NAN = float("nan")


def forget_intent(s: State, p: Params, i: int) -> None:
    """A forced exit sets the intent to 0; with ``new_signal`` the old target must first leave."""
    book = s.books[i]
    book.ignored_target = targets.ignored_after(p.new_signal, s.intents[i], book.ignored_target)
    s.intents[i], book.desired = 0.0, 0


def leave(s: State, p: Params, i: int, reason: int) -> None:
    """Start a forced exit of what is held."""
    forget_intent(s, p, i)
    s.books[i].leaving, s.books[i].leaving_reason = True, reason


def forget_position(s: State, i: int) -> None:
    """The position is gone, and with it what its exits were measured from."""
    book = s.books[i]
    book.leaving, book.leaving_reason, book.protect_due = False, SIGNAL, False
    book.stop, book.take_profit, book.trail = NAN, NAN, NAN
    book.extreme, book.bars_held, book.scale = NAN, 0, 1.0


def entered(s: State, p: Params, i: int, unslipped: float, opened: bool, within_bar: bool) -> None:
    """An entry filled: exits are measured from the new average fill."""
    book = s.books[i]
    if opened:
        book.stop, book.take_profit, book.trail = book.entry_stop, book.entry_take_profit, book.entry_trail
        book.bars_held, book.extreme, book.within_bar, book.scale = 0, book.average, within_bar, 1.0
    if p.next_bar_exits:
        book.protect_due = True
    else:
        fit(s, p, i, unslipped if within_bar else NAN)


def shrank(s: State, p: Params, i: int, k: int) -> None:
    """Part of the position is gone: its exits shrink with it; a partly filled exit is completed at the open."""
    if s.orders[k].protective:
        leave(s, p, i, s.orders[k].reason)
        withdraw_exits(s, i)
    else:
        adjust(s, p, i)


def look_after(s: State, p: Params, bar: Bar, t: int) -> None:
    """At a close: ratchet trailing stops (row 15), start time exits (row 16), place exits that start next bar."""
    for position in range(s.account[0].held):
        i = s.held[position]
        book = s.books[i]
        close = bar.close[t, i]
        if not close > 0.0:
            continue
        book.bars_held = book.bars_held + 1
        side, before = 1 if book.quantity > 0 else -1, book.extreme
        extreme = exits.extreme_after_bar(side, before, book.within_bar, bar.high[t, i], bar.low[t, i], close)
        trails = p.trail_amount > 0.0 or book.trail > 0.0
        due = exits.at_close(book.protect_due, book.stop_id >= 0, trails, extreme, before)
        book.extreme, book.within_bar, book.protect_due = extreme, False, False
        if due == exits.PLACE:
            fit(s, p, i, NAN)
        elif due == exits.MOVE:
            adjust(s, p, i)
        if exits.time_is_up(book.bars_held, p.time_exit, book.leaving):
            leave(s, p, i, TIME_EXIT)
    carry_out_cancels(s)


def levels(s: State, p: Params, i: int) -> tuple[float, bool, float]:
    """Trigger of the position's stop, whether it is the trailing one, and limit of its take-profit."""
    book = s.books[i]
    return exits.levels(
        1 if book.quantity > 0 else -1, book.average, book.extreme, book.scale, book.tick,
        book.stop, book.take_profit, book.trail, p.stop_amount, p.stop_percent,
        p.target_amount, p.target_percent, p.trail_amount, p.trail_percent,
    )  # fmt: skip


def withdraw_exits(s: State, i: int) -> None:
    """Take back the protective orders there are."""
    book = s.books[i]
    if book.stop_id >= 0:
        withdraw(s, book.stop_id)
    if book.target_id >= 0:
        withdraw(s, book.target_id)


def fit(s: State, p: Params, i: int, within_bar_from: float) -> None:
    """Bring the exits to the whole position: what is there is changed in place, what is missing is placed."""
    book = s.books[i]
    trigger, trailing, limit = levels(s, p, i)
    reason = TRAILING_STOP if trailing else STOP_LOSS
    book.stop_id = fit_one(s, i, book.stop_id, STOP, reason, trigger, within_bar_from)
    book.target_id = fit_one(s, i, book.target_id, LIMIT, TAKE_PROFIT, limit, within_bar_from)


def fit_one(s: State, i: int, k: int, kind: int, reason: int, price: float, within_bar_from: float) -> int:
    """The same of one of the two, order ``k`` (−1 = there is none); returns its id."""
    book = s.books[i]
    trigger, limit = (price, NAN) if kind == STOP else (NAN, price)
    if k >= 0 and not s.orders[k].cancelling and s.orders[k].x_side * book.quantity < 0:
        order = s.orders[k]
        if not price > 0.0:
            withdraw(s, k)
        elif exits.is_out_of_date(
            order.trigger if kind == STOP else order.limit, price, order.x_remaining, book.quantity
        ):
            order.trigger, order.limit, order.reason = trigger, limit, reason
            modify(s, k, -book.quantity, within_bar_from)
        return k
    if price > 0.0:
        k = new_order(s, i, -book.quantity, kind, reason, True, limit, trigger, GTC, True, within_bar_from)
        place(s, k, 0, False)
    return k


def adjust(s: State, p: Params, i: int) -> None:
    """Bring the exits to the position's size and to their present levels."""
    book = s.books[i]
    trigger, trailing, limit = levels(s, p, i)
    if book.stop_id >= 0:
        stop = s.orders[book.stop_id]
        if exits.is_out_of_date(stop.trigger, trigger, stop.quantity - stop.filled, book.quantity):
            stop.trigger, stop.reason = trigger, TRAILING_STOP if trailing else STOP_LOSS
            modify(s, book.stop_id, -book.quantity, NAN)
    if book.target_id >= 0:
        target = s.orders[book.target_id]
        if exits.is_out_of_date(target.limit, limit, target.quantity - target.filled, book.quantity):
            target.limit = limit
            modify(s, book.target_id, -book.quantity, NAN)


def modify(s: State, k: int, remaining: int, within_bar_from: float) -> None:
    """Leave ``remaining`` signed units to fill; the exchange takes over prices that there are.

    An exit that is enlarged is a new order there: what its entry's bar can still reach counts.
    """
    order = s.orders[k]
    order.quantity = order.filled + remaining
    if not order.resting:
        return
    enlarged = order.protective and abs(remaining) > order.x_remaining
    order.x_remaining, order.x_side = abs(remaining), 1 if remaining > 0 else -1
    if order.trigger > 0.0:
        order.x_trigger = order.trigger
    if order.limit > 0.0:
        order.x_limit = order.limit
    if enlarged:
        order.from_next_bar, order.x_within = False, within_bar_from
        arrive(s, k)
