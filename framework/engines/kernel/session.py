"""Session: consequences of a fill and of a close. Mirrors ``framework.session.session``, ``intents``, ``increases``."""

from __future__ import annotations

from framework.engines.kernel.account import (
    buying_power,
    mark,
    released_by_closing,
    settle,
    tariff_at,
    watch_cash,
)
from framework.engines.kernel.layout import (
    DAY,
    FILLED,
    MARKET,
    REBALANCE,
    SIGNAL,
    STOP_LOSS,
    Bar,
    Params,
    State,
)
from framework.engines.kernel.orders import (
    carry_out_cancels,
    end,
    in_session,
    new_order,
    place,
    plain_exit,
    refuse,
    reserve,
    withdraw,
    withdraw_entries,
)
from framework.engines.kernel.protection import entered, forget_intent, forget_position, modify, shrank
from framework.engines.kernel.risk import hold_back, judge, review, turn, would_ruin
from framework.engines.kernel.scan import next_asked
from framework.engines.kernel.sizer import at_row, full_units, why_none
from framework.rules import breaker, ledger, orders, prices, product, reasons, risk, sizing, targets
from framework.types.deadlines import NEVER

NAN = float("nan")


def on_fill(
    s: State, p: Params, k: int, quantity: int, price: float, unslipped: float, time: int, at_open: bool, at_close: bool
) -> None:
    """Book a fill and do what follows from it: exits, parked orders, notices."""
    order, account = s.orders[k], s.account[0]
    i = order.instrument
    book = s.books[i]
    account.now = time
    before = book.quantity
    settle(s, k, quantity, price, unslipped, time, at_open, at_close)
    asked = abs(order.quantity - order.filled)
    order.filled = order.filled + quantity
    reserve(s, k, orders.reserve_left(order.reserved_paise, abs(order.quantity - order.filled), asked))
    change = ledger.change_of(before, book.quantity)
    if change in (ledger.FLAT, ledger.CROSSED):
        went_flat(s, p, i, k, order.reason >= STOP_LOSS)
    if change == ledger.SHRANK:
        shrank(s, p, i, k)
        other = plain_exit(s, i)
        if other >= 0 and abs(s.orders[other].quantity - s.orders[other].filled) > abs(book.quantity):
            modify(s, other, -book.quantity, NAN)
    elif change != ledger.FLAT:
        entered(s, p, i, unslipped, change != ledger.GREW, not at_open and not at_close)
    if order.quantity == order.filled:
        end(s, k, FILLED, reasons.NONE)
    watch_cash(s, p)
    carry_out_cancels(s)


def went_flat(s: State, p: Params, i: int, k: int, forced: bool) -> None:
    """Order ``k`` took the position: its exits are cancelled, a forced exit takes the intent and the entries too."""
    book = s.books[i]
    if forced:
        forget_intent(s, p, i)
    forget_position(s, i)
    position = 0
    while position < book.open_orders:
        other = s.open_ids[i, position]
        order = s.orders[other]
        if other != k and not order.cancelling and orders.goes_with_position(order.reduces, forced, True):
            withdraw(s, other)
        else:
            position += 1


def give_up(s: State, p: Params, k: int) -> None:
    """An entry that ended unfilled sets the intent to 0, or to what it was while a position was held."""
    order = s.orders[k]
    i = order.instrument
    book = s.books[i]
    after = targets.after_no_entry(True, order.reduces, order.filled, book.leaving, book.quantity)
    if after == targets.TAKEN_BACK:
        s.intents[i], book.desired = book.intent_before, book.quantity
    elif after == targets.FORGOTTEN:
        forget_intent(s, p, i)


def remark(s: State, p: Params, bar: Bar, t: int) -> None:
    """Value every position that has a bar at its close once more, after fills at it; they may have ruined all."""
    account = s.account[0]
    for position in range(account.held):
        i = s.held[position]
        if bar.close[t, i] > 0.0:
            mark(s, i, bar.close[t, i])
    account.equity_paise = account.cash_paise + account.marks_paise
    if would_ruin(s):
        leave_ruined(s, p, bar, t)


def leave_ruined(s: State, p: Params, bar: Bar, t: int) -> None:
    """Leave at the next open the positions of an account that fills at this close have ruined."""
    s.account[0].now = bar.close_time[t]
    judge(s, p)
    reduce(s, bar, t, p.weights)
    carry_out_cancels(s)


def decide(s: State, p: Params, bar: Bar, t: int, every: bool) -> None:
    """Intents, then reductions, then increases, each by instrument; ``every`` one or only those with a new target."""
    account = s.account[0]
    account.increases = 0
    i = 0 if every else next_asked(bar.target[t], s.intents, 0, p.repeats)
    while i < s.books.shape[0]:
        if bar.close[t, i] > 0.0:
            decide_one(s, p, bar, t, i, bar.target[t, i])
        i = i + 1 if every else next_asked(bar.target[t], s.intents, i + 1, p.repeats)
    if account.held > 0:
        reduce(s, bar, t, p.weights)
    events = account.events
    for position in range(account.increases):
        increase(s, p, bar, t, position)
    if account.events > events:
        hold_back(s, p)
        reduce(s, bar, t, p.weights)
    carry_out_cancels(s)


def decide_one(s: State, p: Params, bar: Bar, t: int, i: int, target: float) -> None:
    """Take in a target (or NaN) of an instrument that has a bar."""
    book = s.books[i]
    ignored = book.ignored_target = targets.still_ignored(target, book.ignored_target)
    meaning = targets.meaning(
        target,
        s.intents[i],
        ignored,
        book.leaving,
        p.rebalance,
        book.mark_paise,
        s.account[0].equity_paise,
        p.band_points,
    )
    if meaning == targets.KEEPS and p.limit_follow:
        follow_limit(s, p, bar, t, i)
    if meaning < targets.RESIZES:
        return
    wanted = target if meaning == targets.CHANGES else s.intents[i]
    towards_zero = not p.weights and targets.moves_towards_zero(wanted, s.intents[i])
    book.intent_before, s.intents[i] = s.intents[i], wanted
    book.desired = desired_units(s, p, bar, t, i, wanted)
    position = book.quantity
    if wanted != 0.0 and book.desired == 0:
        why = why_none(s, p, bar, t, i)
        asked = sizing.refused_units(why, book.lot)
        k = new_order(s, i, asked if wanted > 0.0 else -asked, MARKET, SIGNAL, False, NAN, NAN, DAY, False, NAN)
        if why == reasons.NO_VOLATILITY:
            s.intents[i], book.desired = 0.0, 0
        refuse(s, k, why)
    delta = targets.increase(position, book.desired, towards_zero)
    want(s, p, bar, t, i, delta, REBALANCE if targets.is_rebalance(p.weights, position != 0, wanted) else SIGNAL)


def desired_units(s: State, p: Params, bar: Bar, t: int, i: int, wanted: float) -> int:
    """Signed units that a target means; a full quantity is fixed at the opening decision."""
    book, close, equity = s.books[i], bar.close[t, i], s.account[0].equity_paise
    if wanted == 0.0:
        return 0
    opening = targets.opens(book.quantity, wanted)
    if p.weights:
        if opening:
            book.entry_stop, book.entry_take_profit, book.entry_trail = NAN, NAN, NAN
        book.full_units = abs(sizing.weight_units(wanted, equity, close, book.lot))
        return sizing.scaled(book.full_units, 1.0 if wanted > 0.0 else -1.0, book.lot)
    if opening:
        book.entry_stop = at_row(bar.stop, t, i)
        book.entry_take_profit = at_row(bar.take_profit, t, i)
        book.entry_trail = at_row(bar.trail, t, i)
        book.full_units = full_units(s, p, bar, t, i, 1 if wanted > 0.0 else -1)
    return sizing.scaled(book.full_units, wanted, book.lot)


def follow_limit(s: State, p: Params, bar: Bar, t: int, i: int) -> None:
    """``limit_follow``: a resting entry is replaced when the strategy's limit price has moved."""
    for position in range(s.books[i].open_orders):
        order = s.orders[s.open_ids[i, position]]
        if order.reduces or order.cancelling:
            continue
        limit = at_row(bar.limit, t, i)
        side = 1 if order.quantity - order.filled > 0 else -1
        if limit > 0.0 and prices.on_tick(limit, s.books[i].tick, side) != order.limit:
            want(s, p, bar, t, i, order.quantity - order.filled, order.reason)
            return


def want(s: State, p: Params, bar: Bar, t: int, i: int, quantity: int, reason: int) -> None:
    """Note an increase with its prices."""
    account = s.account[0]
    row = s.increases[account.increases]
    account.increases = account.increases + 1
    row.instrument, row.quantity, row.reason = i, quantity, reason
    row.type, row.limit, row.trigger, row.worst = orders.entry(
        1 if quantity > 0 else -1, bar.close[t, i], at_row(bar.limit, t, i), at_row(bar.trigger, t, i),
        s.books[i].tick, p.bps, p.ticks, p.protection_bps,
    )  # fmt: skip


def reduce(s: State, bar: Bar, t: int, weights: bool) -> None:
    """Order what is still to be given back, by instrument; an exit that is already working is left alone."""
    for position in range(s.account[0].held):
        i = s.held[position]
        book = s.books[i]
        if not bar.close[t, i] > 0.0:
            continue
        if book.leaving:
            withdraw_entries(s, i)
        reduce_one(s, i, weights)


def reduce_one(s: State, i: int, weights: bool) -> None:
    """Bring one instrument to what is wanted of it, by one market order; see ``framework.session.reductions``."""
    book = s.books[i]
    needed = targets.outstanding_reduction(book.quantity, book.desired)
    working = plain_exit(s, i)
    remaining = 0 if working < 0 else s.orders[working].quantity - s.orders[working].filled
    if remaining == needed:
        return
    if working >= 0:
        withdraw(s, working)
    if needed != 0:
        reason = REBALANCE if targets.is_rebalance(weights, True, s.intents[i]) else SIGNAL
        if book.leaving:
            reason = book.leaving_reason
        k = new_order(s, i, needed, MARKET, reason, True, NAN, NAN, DAY, False, NAN)
        place(s, k, 0, False)


def increase(s: State, p: Params, bar: Bar, t: int, position: int) -> None:
    """Replace working entries by this one: review it, and park it until what it follows is done."""
    account, row = s.account[0], s.increases[position]
    i, quantity = row.instrument, row.quantity
    book = s.books[i]
    freed_paise = withdraw_entries(s, i)
    if quantity == 0:
        return
    reverses = targets.reverses(book.quantity, quantity)
    validity = DAY if row.type == MARKET else p.validity
    k = new_order(s, i, quantity, row.type, row.reason, False, row.limit, row.trigger, validity, False, NAN)
    held = 0 if reverses else abs(book.quantity)
    units, why = 0, product_refusal(s, p, bar, i, quantity)
    if why == reasons.NONE:
        available = power(s, p, i, reverses) + freed_paise
        units, why = review(s, p, bar, t, k, row.worst, held, available, reverses)
    order = s.orders[k]
    if units == 0:
        refuse(s, k, why)
        if why == reasons.MAX_ORDERS_PER_DAY:
            turn(s, account.now, breaker.RUNAWAY, in_session(s, i) + 1, p.max_orders, i)
        return
    side, share = (1, p.long_margin) if quantity > 0 else (-1, p.short_margin)
    order.quantity, order.verdict_quantity, order.verdict_why = side * units, side * units, why
    order.worst = row.worst
    place(s, k, risk.needed(units, row.worst, share, side, tariff_at(s, i, account.now)), reverses)


def product_refusal(s: State, p: Params, bar: Bar, i: int, quantity: int) -> int:
    """Reason code why the product does not allow an increase."""
    account, last_session, square_off = s.account[0], NEVER, NEVER
    if bar.deadline_days.shape[0] > 0:
        last_session, square_off = bar.last_session[i], bar.square_off[account.deadline, i]
    return product.refusal(p.delivery, quantity, last_session, account.over, square_off, account.now)


def power(s: State, p: Params, i: int, reverses: bool) -> int:
    """Buying power for one more entry, in paise: what is there, and what exits that have not filled lend."""
    found = buying_power(s, p, s.account[0].reserved_paise)
    if s.account[0].exits == 0:
        return found
    for held in range(s.account[0].held):
        j = s.held[held]
        working = plain_exit(s, j)
        if working < 0:
            continue
        leaving = abs(s.orders[working].quantity - s.orders[working].filled)
        released = released_by_closing(s, p, j, leaving)
        following = 0
        for position in range(0 if p.reuse_proceeds else s.books[j].open_orders):
            order = s.orders[s.open_ids[j, position]]
            if not order.reduces and order.needs_flat and not order.cancelling:
                following += order.reserved_paise
        found += risk.lends(released, following, p.reuse_proceeds, reverses and i == j)
    return found
