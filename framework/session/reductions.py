"""Reductions: what is still to be given back, ordered until it is done.

By market orders; but a position whose stop the broker refused because the market has gone past it is left by a limit
with a bound, so that no price is taken. A bound that the market has passed, too, moves on with the next close.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.rules.prices import protected
from framework.rules.targets import is_rebalance, outstanding_reduction
from framework.types.made import made
from framework.types.orders import DAY, LIMIT, MARKET, NAN, REBALANCE, SIGNAL, BarRow, Order, Reason, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framework.session.account import Account
    from framework.session.instrument_state import InstrumentState
    from framework.session.orders import Orders
    from framework.types.events import Command

BOUND_BPS = 300.0
"""Bound of an exit past its stop where the settings have no ``protection_bps``: the widest band within which a broker
(Upstox, for cheap shares) protects market orders by itself."""


class Reductions:
    """Orders that bring positions down to what is wanted."""

    def __init__(
        self,
        account: Account,
        books: Sequence[InstrumentState],
        orders: Orders,
        *,
        by_target: bool,
        weights: bool,
        protection_bps: float,
    ) -> None:
        """``by_target``: the strategy gives targets, not orders; ``weights``: as weights of equity."""
        self._bound_bps = protection_bps or BOUND_BPS
        self._account = account
        self._books = books
        self._orders = orders
        self._by_target = by_target
        self._weights = weights

    def at_close(self, row: BarRow) -> list[Command]:
        """Order what is still to be given back, by instrument; an exit that is already working is left alone."""
        commands: list[Command] = []
        closes, books, held = row.close, self._books, self._account.quantity
        for i in self._account.held:
            book = books[i]
            if not closes[i] > 0.0 or not (self._by_target or book.leaving):
                continue
            if held[i] == book.desired and book.only_protected():
                continue  # most bars: what is held is what is wanted
            if book.leaving and self._by_target:
                for entry in self._orders.entries(i):
                    commands += self._orders.withdraw(entry, row.close_time)
            if book.bound_from > 0.0:
                self._move_bound(i, closes[i])
            commands += self.order(i, row.close_time)
        return commands

    def order(self, i: int, now: int) -> list[Command]:
        """Bring one instrument to what is wanted of it, by one order: at market, or at its bound."""
        book = self._books[i]
        commands: list[Command] = []
        needed = outstanding_reduction(self._account.quantity[i], book.desired)
        working = self._orders.plain_exits(i)
        limit = self._bound(i, needed) if book.bound_from > 0.0 else NAN
        as_wanted = not working or all(one.order.type is MARKET or one.order.limit == limit for one in working)
        if as_wanted and sum([order.remaining for order in working]) == needed:
            return commands
        for order_before in working:
            commands += self._orders.withdraw(order_before, now)
        if needed:
            number = self._orders.take_id()
            kind = LIMIT if limit > 0.0 else MARKET
            order = made(Order, (number, i, needed, kind, self._reason(book), True, now, limit, NAN, DAY, False, ""))
            blocked = self._orders.before(i, reduces=True)
            commands += self._orders.place(order, needed, made(Verdict, (needed, "")), blocked)
        return commands

    def _bound(self, i: int, needed: int) -> float:
        """Worst price in rupees at which a position past its stop is left."""
        side = 1 if needed > 0 else -1
        return protected(self._books[i].bound_from, side, self._bound_bps, self._account.instruments[i].tick)

    def _move_bound(self, i: int, close: float) -> None:
        """Measure the bound anew from a close that lies beyond it."""
        held = self._account.quantity[i]
        if (close - self._bound(i, -held)) * held < 0.0:
            self._books[i].bound_from = close

    def _reason(self, book: InstrumentState) -> Reason:
        if book.leaving:
            return book.leaving_reason
        return REBALANCE if is_rebalance(self._weights, True, book.intent) else SIGNAL
