"""Positions, intents and orders carried through corporate actions. Mirrors ``framework.session.corporate_actions``."""

from __future__ import annotations

from framework.engines.kernel.account import book_trip, let_go, revalue, watch_cash
from framework.engines.kernel.layout import CORPORATE_ACTION, Bar, Params, State
from framework.engines.kernel.orders import withdraw
from framework.engines.kernel.protection import adjust, modify
from framework.engines.kernel.session import give_up, went_flat
from framework.rules import actions, ledger

NAN = float("nan")


def go_through_due(s: State, p: Params, bar: Bar, t: int) -> None:
    """Go through every action that is due at this row's open, each once."""
    account = s.account[0]
    if account.next_action >= s.actions.shape[0] or s.actions[account.next_action].row > t:
        return
    account.now = bar.time[t]
    while account.next_action < s.actions.shape[0] and s.actions[account.next_action].row <= t:
        k = account.next_action
        account.next_action = k + 1
        go_through(s, p, bar.time[t], k)
    watch_cash(s, p)


def go_through(s: State, p: Params, time: int, k: int) -> None:
    """One instrument goes through one action."""
    action = s.actions[k]
    i, factor = action.instrument, action.factor
    gone = carry_position(s, time, k)
    if factor != 1.0:
        carry_intent(s, i, factor)
    if gone:
        went_flat(s, p, i, -1, True)
    if factor != 1.0:
        carry_orders(s, p, i, factor)


def carry_position(s: State, time: int, k: int) -> bool:
    """Book an action on what is held, the dividend first; True when less than one share was left and is paid out."""
    action, account = s.actions[k], s.account[0]
    i, factor = action.instrument, action.factor
    book = s.books[i]
    held = book.quantity
    if held == 0:
        return False
    moved = 0
    if action.dividend > 0.0:
        moved = actions.dividend_paise(held, action.dividend)
        account.cash_paise = account.cash_paise + moved
        book.running_paise = book.running_paise + moved
    after = actions.shares_after(held, factor)
    if after == 0:
        pay_out(s, i, time)
    elif factor != 1.0:
        side = 1 if held > 0 else -1
        paid = side * actions.fraction_paise(book.mark_paise, held, factor)
        book.quantity, book.average = after, book.average / factor
        revalue(s, i, book.mark_paise - paid)
        account.cash_paise = account.cash_paise + paid
        book.running_paise = book.running_paise + paid
        moved += paid
    action.applied, action.before, action.after, action.cash_paise = True, held, after, moved
    return after == 0


def pay_out(s: State, i: int, time: int) -> None:
    """Close what is left at its last mark, without charges."""
    book, account = s.books[i], s.account[0]
    held, mark = book.quantity, book.mark_paise
    side, worth, cost_out = (1 if held > 0 else -1), abs(mark), book.cost_paise
    price = worth / 100.0 / abs(held)
    book.quantity, book.cost_paise, book.entry_charges_paise, book.average = 0, 0, 0, NAN
    revalue(s, i, 0)
    let_go(s, i)
    account.cash_paise = account.cash_paise + mark
    row = s.settlements[account.settlements]
    account.settlements = account.settlements + 1
    row.order, row.instrument, row.quantity, row.price, row.time = -1, i, -held, price, time
    row.unslipped, row.at_open, row.at_close = price, True, False
    row.reason, row.reduces, row.value_paise, row.charges_paise = CORPORATE_ACTION, True, worth, 0
    gross = ledger.gross_realised(side, worth, cost_out)
    book_trip(s, i, gross, 0, True)
    row.cost_out_paise, row.gross_paise = cost_out, gross
    row.position, row.cash_paise = 0, account.cash_paise


def carry_intent(s: State, i: int, factor: float) -> None:
    """The intent's units and every distance in terms of the new shares."""
    book = s.books[i]
    book.desired = actions.shares_after(book.desired, factor)
    book.full_units = actions.shares_after(book.full_units, factor)
    book.stop, book.take_profit, book.trail = book.stop / factor, book.take_profit / factor, book.trail / factor
    book.entry_stop, book.entry_take_profit = book.entry_stop / factor, book.entry_take_profit / factor
    book.entry_trail, book.extreme = book.entry_trail / factor, book.extreme / factor
    book.scale = book.scale * factor


def carry_orders(s: State, p: Params, i: int, factor: float) -> None:
    """Resting orders in terms of the new shares; one that is left without a share is taken back."""
    book = s.books[i]
    position = 0
    while position < book.open_orders:
        k = s.open_ids[i, position]
        order = s.orders[k]
        if not order.protective:
            remaining = actions.shares_after(order.quantity - order.filled, factor)
            if remaining != 0:
                side = 1 if order.quantity > 0 else -1
                order.limit = actions.resting_price(order.limit, factor, book.tick, side)
                order.trigger = actions.resting_price(order.trigger, factor, book.tick, side)
                order.worst = order.worst / factor
                modify(s, k, remaining, NAN)
            elif not order.cancelling:
                give_up(s, p, k)
                withdraw(s, k)
        if position < book.open_orders and s.open_ids[i, position] == k:
            position += 1
    if book.quantity != 0:
        adjust(s, p, i)
