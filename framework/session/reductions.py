"""Reductions: what is still to be given back, ordered until it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.rules.targets import is_rebalance, outstanding_reduction
from framework.types.made import made
from framework.types.orders import DAY, MARKET, NAN, REBALANCE, SIGNAL, BarRow, Order, Reason, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framework.session.account import Account
    from framework.session.instrument_state import InstrumentState
    from framework.session.orders import Orders
    from framework.types.events import Command


class Reductions:
    """Market orders that bring positions down to what is wanted."""

    def __init__(
        self, account: Account, books: Sequence[InstrumentState], orders: Orders, *, by_target: bool, weights: bool
    ) -> None:
        """``by_target``: the strategy gives targets, not orders; ``weights``: as weights of equity."""
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
            commands += self.order(i, row.close_time)
        return commands

    def order(self, i: int, now: int) -> list[Command]:
        """Bring one instrument to what is wanted of it, by one market order."""
        book = self._books[i]
        commands: list[Command] = []
        needed = outstanding_reduction(self._account.quantity[i], book.desired)
        working = self._orders.plain_exits(i)
        at_market = not working or all(order.order.type is MARKET for order in working)
        if at_market and sum([order.remaining for order in working]) == needed:
            return commands
        for order_before in working:
            commands += self._orders.withdraw(order_before, now)
        if needed:
            number = self._orders.take_id()
            order = made(Order, (number, i, needed, MARKET, self._reason(book), True, now, NAN, NAN, DAY, False, ""))
            blocked = self._orders.before(i, reduces=True)
            commands += self._orders.place(order, needed, made(Verdict, (needed, "")), blocked)
        return commands

    def _reason(self, book: InstrumentState) -> Reason:
        if book.leaving:
            return book.leaving_reason
        return REBALANCE if is_rebalance(self._weights, True, book.intent) else SIGNAL
