"""Cash, positions and marks. Mirrors ``framework.session.account``; sums over positions are kept, not recomputed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from framework.engines.kernel.layout import NOTICE_CASH, Params, State
from framework.rules import ledger, money
from framework.rules.breaker import losses_after
from framework.rules.charges import charges
from framework.types.timeframe import DAY_NS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NAN = float("nan")


def mark(s: State, i: int, price: float) -> None:
    """Value one position at a price, and bring the sums along."""
    book, desk = s.books[i], s.desk[0]
    before, after = book.mark_paise, ledger.marked(book.quantity, price)
    book.mark_paise = after
    desk.marks_paise = desk.marks_paise + after - before
    desk.exposure_paise = desk.exposure_paise + abs(after) - abs(before)
    desk.shorts_paise = desk.shorts_paise + max(-after, 0) - max(-before, 0)


def settle(
    s: State, k: int, quantity: int, price: float, unslipped: float, time: int, at_open: bool, at_close: bool
) -> None:
    """Book a signed fill of order ``k``: the part that closes realises profit, the rest opens at cost."""
    order, desk = s.orders[k], s.desk[0]
    i = order.instrument
    book = s.books[i]
    side, units = (1 if quantity > 0 else -1), abs(quantity)
    worth = money.value(price, units)
    held = book.quantity
    day, delivers = time // DAY_NS, side < 0 < held
    paid = charges(worth, side, order.filled_paise, delivers and book.dp_day != day, tariff_at(s, i, time))
    if delivers:
        book.dp_day = day
    closed = ledger.closed_part(held, quantity)
    cost_out, gross, paid_out = 0, 0, money.share(paid, closed, units)
    if closed > 0:
        cost_out = ledger.cost_closed(book.cost_paise, held, closed)
        charges_out = ledger.cost_closed(book.entry_charges_paise, held, closed)
        gross = ledger.gross_realised(-side, money.share(worth, closed, units), cost_out)
        book.cost_paise = book.cost_paise - cost_out
        book.entry_charges_paise = book.entry_charges_paise - charges_out
    if units > closed:
        book.cost_paise = book.cost_paise + worth - money.share(worth, closed, units)
        book.entry_charges_paise = book.entry_charges_paise + paid - paid_out
    book_trip(s, i, gross - paid_out, paid - paid_out, 0 < closed == abs(held))
    book.average = ledger.average_after(book.average, held, price, quantity)
    book.quantity = held + quantity
    desk.cash_paise = ledger.cash_after(desk.cash_paise, side, worth, paid)
    if held == 0 and book.quantity != 0:
        hold(s, i)
    elif held != 0 and book.quantity == 0:
        let_go(s, i)
    mark(s, i, price)
    order.filled_paise = order.filled_paise + worth
    row = s.settlements[desk.settlements]
    desk.settlements = desk.settlements + 1
    row.order, row.instrument, row.quantity, row.price, row.time = k, i, quantity, price, time
    row.unslipped, row.at_open, row.at_close = unslipped, at_open, at_close
    row.reason, row.reduces, row.value_paise, row.charges_paise = order.reason, closed > 0, worth, paid
    row.cost_out_paise, row.gross_paise, row.position, row.cash_paise = cost_out, gross, book.quantity, desk.cash_paise


def book_trip(s: State, i: int, net_paise: int, opening_paise: int, ended: bool) -> None:
    """What round trips came to; see ``framework.session.trip_stats``."""
    book, desk = s.books[i], s.desk[0]
    net_paise += book.running_paise
    if not ended:
        book.running_paise = net_paise - opening_paise
        return
    book.running_paise = -opening_paise
    desk.closed = desk.closed + 1
    desk.losses = losses_after(desk.losses, net_paise)
    if net_paise > 0:
        desk.won = desk.won + 1
        desk.won_paise = desk.won_paise + net_paise
    else:
        desk.lost_paise = desk.lost_paise - net_paise


def tariff_at(s: State, i: int, time: int) -> Any:
    """The tariff of an instrument at a moment; see ``framework.types.tariff.Tariffs``."""
    book = s.books[i]
    book.tariff = tariff_row(s.tariffs, book.tariff, time)
    return s.tariffs[book.tariff]


def tariff_row(tariffs: NDArray[np.void], row: int, time: int) -> int:
    """Its row in the table of ``row``, from which it is looked for: most ask for the same day as the one before."""
    day = time // DAY_NS
    while tariffs[row].day > day:
        row -= 1
    while tariffs[row + 1].day <= day:
        row += 1
    return row


def hold(s: State, i: int) -> None:
    """Put an instrument on the list of those with a position."""
    desk = s.desk[0]
    position = desk.held
    while position > 0 and s.held[position - 1] > i:
        s.held[position] = s.held[position - 1]
        position -= 1
    s.held[position] = i
    desk.held = desk.held + 1


def let_go(s: State, i: int) -> None:
    """Take an instrument off that list."""
    desk = s.desk[0]
    kept = 0
    for position in range(desk.held):
        if s.held[position] != i:
            s.held[kept] = s.held[position]
            kept += 1
    desk.held = kept


def buying_power(s: State, p: Params, reserved_paise: int) -> int:
    """What new exposure may use, in paise."""
    desk = s.desk[0]
    longs = desk.exposure_paise - desk.shorts_paise
    return ledger.buying_power(desk.cash_paise, longs, desk.shorts_paise, p.long_margin, p.short_margin, reserved_paise)


def released_by_closing(s: State, p: Params, i: int, units: int) -> int:
    """Buying power in paise that closing ``units`` at the mark gives back, less its charges."""
    book = s.books[i]
    held = abs(book.quantity)
    worth = money.share(abs(book.mark_paise), min(units, held), held)
    given_back = int(worth * (p.long_margin if book.quantity > 0 else p.short_margin))
    side = -1 if book.quantity > 0 else 1
    return given_back - charges(worth, side, 0, True, tariff_at(s, i, s.desk[0].now))


def notice(s: State, code: int, a: int, b: int) -> None:
    """Write down something to tell."""
    desk = s.desk[0]
    row = s.notices[desk.notices]
    desk.notices = desk.notices + 1
    row.time, row.code, row.a, row.b = desk.now, code, a, b


def watch_cash(s: State, p: Params) -> None:
    """Cash that falls below zero is told once, until it is back."""
    desk = s.desk[0]
    below = ledger.spendable(desk.cash_paise, desk.exposure_paise - desk.shorts_paise, p.long_margin) < 0
    if below and not desk.below_zero:
        notice(s, NOTICE_CASH, desk.cash_paise, 0)
    desk.below_zero = below
