"""Cash, positions and marks. Mirrors ``framework.session.account``; sums over positions are kept, not recomputed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from framework.engines.kernel.layout import NOTICE_CASH, Params, State
from framework.rules import ledger
from framework.rules.breaker import losses_after
from framework.types.timeframe import DAY_NS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NAN = float("nan")


def mark(s: State, i: int, price: float) -> None:
    """Value one position at a price."""
    revalue(s, i, ledger.marked(s.books[i].quantity, price))


def revalue(s: State, i: int, after: int) -> None:
    """Give a position another mark, and bring the sums along."""
    book, account = s.books[i], s.account[0]
    before = book.mark_paise
    book.mark_paise = after
    account.marks_paise = account.marks_paise + after - before
    account.exposure_paise = account.exposure_paise + abs(after) - abs(before)
    account.shorts_paise = account.shorts_paise + max(-after, 0) - max(-before, 0)


def settle(
    s: State, k: int, quantity: int, price: float, unslipped: float, time: int, at_open: bool, at_close: bool
) -> None:
    """Book a signed fill of order ``k``: the part that closes realises profit, the rest opens at cost."""
    order, account = s.orders[k], s.account[0]
    i = order.instrument
    book = s.books[i]
    held, side, day = book.quantity, 1 if quantity > 0 else -1, time // DAY_NS
    fill = ledger.booked(
        held, book.cost_paise, book.entry_charges_paise, quantity, price, order.filled_paise,
        book.dp_day != day, tariff_at(s, i, time),
    )  # fmt: skip
    if ledger.is_delivered(held, side):
        book.dp_day = day
    book.cost_paise, book.entry_charges_paise = fill.cost, fill.entry_charges
    book_trip(s, i, fill.net, fill.opening_charges, 0 < fill.closed == abs(held))
    book.average = ledger.average_after(book.average, held, price, quantity)
    book.quantity = held + quantity
    account.cash_paise = ledger.cash_after(account.cash_paise, side, fill.value, fill.charges)
    if held == 0 and book.quantity != 0:
        hold(s, i)
    elif held != 0 and book.quantity == 0:
        let_go(s, i)
    mark(s, i, price)
    order.filled_paise = order.filled_paise + fill.value
    row = s.settlements[account.settlements]
    account.settlements = account.settlements + 1
    row.order, row.instrument, row.quantity, row.price, row.time = k, i, quantity, price, time
    row.unslipped, row.at_open, row.at_close = unslipped, at_open, at_close
    row.reason, row.reduces = order.reason, fill.closed > 0
    row.value_paise, row.charges_paise = fill.value, fill.charges
    row.cost_out_paise, row.gross_paise = fill.cost_out, fill.gross
    row.position, row.cash_paise = book.quantity, account.cash_paise


def book_trip(s: State, i: int, net_paise: int, opening_paise: int, ended: bool) -> None:
    """Round-trip statistics; see ``framework.session.trip_stats``."""
    book, account = s.books[i], s.account[0]
    net_paise += book.running_paise
    if not ended:
        book.running_paise = net_paise - opening_paise
        return
    book.running_paise = -opening_paise
    account.closed = account.closed + 1
    account.losses = losses_after(account.losses, net_paise)
    if net_paise > 0:
        account.won = account.won + 1
        account.won_paise = account.won_paise + net_paise
    else:
        account.lost_paise = account.lost_paise - net_paise


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
    account = s.account[0]
    position = account.held
    while position > 0 and s.held[position - 1] > i:
        s.held[position] = s.held[position - 1]
        position -= 1
    s.held[position] = i
    account.held = account.held + 1


def let_go(s: State, i: int) -> None:
    """Take an instrument off that list."""
    account = s.account[0]
    kept = 0
    for position in range(account.held):
        if s.held[position] != i:
            s.held[kept] = s.held[position]
            kept += 1
    account.held = kept


def buying_power(s: State, p: Params, reserved_paise: int) -> int:
    """Buying power of new exposure, in paise."""
    account = s.account[0]
    longs = account.exposure_paise - account.shorts_paise
    return ledger.buying_power(
        account.cash_paise, longs, account.shorts_paise, p.long_margin, p.short_margin, reserved_paise
    )


def released_by_closing(s: State, p: Params, i: int, units: int) -> int:
    """Buying power in paise that closing ``units`` at the mark gives back, less its charges."""
    book = s.books[i]
    margin = p.long_margin if book.quantity > 0 else p.short_margin
    return ledger.released(book.mark_paise, book.quantity, units, margin, tariff_at(s, i, s.account[0].now))


def notice(s: State, code: int, a: int, b: int) -> None:
    """Write down something to tell."""
    account = s.account[0]
    row = s.notices[account.notices]
    account.notices = account.notices + 1
    row.time, row.code, row.a, row.b = account.now, code, a, b


def watch_cash(s: State, p: Params) -> None:
    """Cash that falls below zero is noticed once, until it is back."""
    account = s.account[0]
    below = ledger.spendable(account.cash_paise, account.exposure_paise - account.shorts_paise, p.long_margin) < 0
    if below and not account.below_zero:
        notice(s, NOTICE_CASH, account.cash_paise, 0)
    account.below_zero = below
