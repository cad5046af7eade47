"""Orders and what they hold: numbered, placed, parked, ended. Mirrors ``framework.session.orders``."""

from __future__ import annotations

from framework.engines.kernel.layout import (
    CANCELLED,
    DAY,
    OPEN_ORDERS,
    PARKED,
    REFUSED,
    WORKING,
    State,
)
from framework.errors import InvariantError
from framework.rules import orders, reasons


def new_order(
    s: State,
    i: int,
    quantity: int,
    kind: int,
    reason: int,
    reduces: bool,
    limit: float,
    trigger: float,
    validity: int,
    protective: bool,
    within_bar_from: float,
) -> int:
    """Take the next id and write the order down; it is neither placed nor refused yet."""
    k: int = s.account[0].orders
    s.account[0].orders = k + 1
    order = s.orders[k]
    order.instrument, order.quantity, order.type, order.reason = i, quantity, kind, reason
    order.reduces, order.decided_at, order.limit, order.trigger = reduces, s.account[0].now, limit, trigger
    order.validity, order.protective, order.within_bar_from = validity, protective, within_bar_from
    order.requested, order.verdict_quantity, order.verdict_why = quantity, quantity, reasons.NONE
    order.state, order.filled, order.ended_at, order.why = WORKING, 0, 0, reasons.NONE
    order.filled_paise = 0
    order.reserved_paise, order.cancelling, order.needs_flat = 0, False, False
    order.resting = False
    return k


def refuse(s: State, k: int, why: int) -> None:
    """Risk refused the order: it ends where it was decided."""
    order = s.orders[k]
    order.state, order.why, order.ended_at = REFUSED, why, order.decided_at
    order.verdict_quantity, order.verdict_why = 0, why


def place(s: State, k: int, reserve_paise: int, needs_flat: bool) -> None:
    """Open the order's books; submit it now, or park it until what it replaces or follows is done."""
    order = s.orders[k]
    i = order.instrument
    book = s.books[i]
    if book.open_orders >= OPEN_ORDERS:
        raise InvariantError("an instrument has more open orders than the compiled engine keeps; take --engine event")
    order.needs_flat = needs_flat
    if not order.protective:
        book.in_session = in_session(s, i) + 1
        book.counted_session = s.account[0].session
    reserve(s, k, reserve_paise)
    blocked = not order.protective and is_blocked(s, k)
    s.open_ids[i, book.open_orders] = k
    book.open_orders = book.open_orders + 1
    if order.reduces and not order.protective:
        s.account[0].exits = s.account[0].exits + 1
    if blocked:
        order.state = PARKED
    else:
        rest(s, k)


def in_session(s: State, i: int) -> int:
    """Orders of an instrument placed in this session, protective exits apart."""
    book = s.books[i]
    count: int = book.in_session if book.counted_session == s.account[0].session else 0
    return count


def is_blocked(s: State, k: int) -> bool:
    """True while an earlier order of the kind that this one replaces or follows is open."""
    i = s.orders[k].instrument
    for position in range(s.books[i].open_orders):
        if blocks(s, s.open_ids[i, position], k):
            return True
    return False


def blocks(s: State, earlier: int, k: int) -> bool:
    """True when order ``k`` waits for an earlier one."""
    order, before = s.orders[k], s.orders[earlier]
    return earlier < k and orders.waits_for(order.reduces, order.needs_flat, before.reduces, before.protective)


def rest(s: State, k: int) -> None:
    """The exchange takes the order."""
    order = s.orders[k]
    order.state = WORKING
    order.resting, order.triggered, order.from_next_bar = True, False, False
    order.x_type, order.x_limit, order.x_trigger = order.type, order.limit, order.trigger
    order.x_within = order.within_bar_from
    remaining = order.quantity - order.filled
    order.x_remaining, order.x_side = abs(remaining), 1 if remaining > 0 else -1
    account = s.account[0]
    s.resting[account.resting] = k
    account.resting = account.resting + 1
    account.resting_day = account.resting_day + (1 if order.validity == DAY else 0)
    arrive(s, k)


def arrive(s: State, k: int) -> None:
    """The exchange looks at the order within the step in hand, once."""
    account = s.account[0]
    for position in range(account.arrivals):
        if s.arrivals[position] == k:
            return
    s.arrivals[account.arrivals] = k
    account.arrivals = account.arrivals + 1


def unrest(s: State, k: int) -> None:
    """The exchange is done with the order."""
    s.orders[k].resting = False
    account = s.account[0]
    kept = 0
    for position in range(account.resting):
        if s.resting[position] != k:
            s.resting[kept] = s.resting[position]
            kept += 1
    account.resting = kept
    account.resting_day = account.resting_day - (1 if s.orders[k].validity == DAY else 0)


def reserve(s: State, k: int, paise: int) -> None:
    """Set what an order holds of the buying power."""
    order, account = s.orders[k], s.account[0]
    account.reserved_paise = account.reserved_paise + paise - order.reserved_paise
    order.reserved_paise = paise


def end(s: State, k: int, state: int, why: int) -> None:
    """Close an order's books and submit what waited for its end."""
    close_books(s, k, state, why)
    i = s.orders[k].instrument
    book = s.books[i]
    position = 0
    while position < book.open_orders:
        parked = s.open_ids[i, position]
        order = s.orders[parked]
        position += 1
        if order.state != PARKED or not blocks(s, k, parked) or is_blocked(s, parked):
            continue
        if orders.is_dropped(order.needs_flat, book.quantity):
            s.intents[i], book.desired = 0.0, 0
            close_books(s, parked, CANCELLED, reasons.CLOSE_NOT_FILLED)
            position -= 1
        else:
            rest(s, parked)


def close_books(s: State, k: int, state: int, why: int) -> None:
    """The order is done: it holds nothing any more and is in nobody's list."""
    order = s.orders[k]
    order.state, order.why, order.ended_at = state, why, s.account[0].now
    reserve(s, k, 0)
    if order.reduces and not order.protective:
        s.account[0].exits = s.account[0].exits - 1
    i = order.instrument
    book = s.books[i]
    kept = 0
    for position in range(book.open_orders):
        if s.open_ids[i, position] != k:
            s.open_ids[i, kept] = s.open_ids[i, position]
            kept += 1
    book.open_orders = kept
    if book.stop_id == k:
        book.stop_id = -1
    elif book.target_id == k:
        book.target_id = -1


def withdraw(s: State, k: int) -> None:
    """Take an order back: a parked one ends here and now, a working one when the exchange has carried it out."""
    order = s.orders[k]
    if order.state == PARKED:
        end(s, k, CANCELLED, reasons.REPLACED)
    elif not order.cancelling:
        order.cancelling = True
        account = s.account[0]
        s.cancels[account.cancels] = k
        account.cancels = account.cancels + 1


def carry_out_cancels(s: State) -> None:
    """The exchange carries out the cancels, in their order; what has filled meanwhile is left alone."""
    account = s.account[0]
    for position in range(account.cancels):
        k = s.cancels[position]
        if s.orders[k].resting:
            unrest(s, k)
            end(s, k, CANCELLED, reasons.NONE)
    account.cancels = 0


def plain_exit(s: State, i: int) -> int:
    """The open reduction of an instrument that is no protective exit; −1 = none. A run of targets has one at most."""
    for position in range(s.books[i].open_orders):
        k: int = s.open_ids[i, position]
        order = s.orders[k]
        if order.reduces and not order.protective and not order.cancelling:
            return k
    return -1


def withdraw_entries(s: State, i: int) -> int:
    """Take back every open order that would increase the position; returns what they hold until that is carried out.

    In paise of the buying power.
    """
    held, position = 0, 0
    book = s.books[i]
    while position < book.open_orders:
        k = s.open_ids[i, position]
        if s.orders[k].reduces or s.orders[k].cancelling:
            position += 1
            continue
        withdraw(s, k)
        held += s.orders[k].reserved_paise
    return held
