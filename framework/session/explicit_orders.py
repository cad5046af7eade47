"""Explicit orders of ``on_bar``: what reduces passes, what increases is reviewed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.session.order_prices import entry_prices
from framework.types.orders import CancelRequest, ExitDistances, Order, OrderRequest, Reason, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framework.session.account import Account
    from framework.session.increases import Increases
    from framework.session.instrument_state import InstrumentState
    from framework.session.orders import Orders
    from framework.types import Settings
    from framework.types.events import Command


class ExplicitOrders:
    """Carries out what a strategy asked for by name."""

    def __init__(
        self,
        settings: Settings,
        account: Account,
        books: Sequence[InstrumentState],
        orders: Orders,
        increases: Increases,
    ) -> None:
        self._settings = settings
        self._account = account
        self._books = books
        self._orders = orders
        self._increases = increases

    def carry_out(self, request: OrderRequest | CancelRequest, equity_paise: int, now: int) -> list[Command]:
        """Carry out one request."""
        if isinstance(request, CancelRequest):
            return self._take_back(request, now)
        return self._order(request, equity_paise, now)

    def _take_back(self, request: CancelRequest, now: int) -> list[Command]:
        i = request.instrument
        taken_back: list[Command] = []
        for working in [*self._orders.entries(i), *self._orders.plain_exits(i)]:
            if request.label in {"", working.order.label}:
                taken_back += self._orders.withdraw(working, now)
        return taken_back

    def _order(self, request: OrderRequest, equity_paise: int, now: int) -> list[Command]:
        i = request.instrument
        side = 1 if request.quantity > 0 else -1
        prices = entry_prices(
            self._settings, self._account.instruments[i], side, self._account.close[i], request.limit, request.trigger
        )
        position = self._account.quantity[i]
        going = sum(abs(working.remaining) for working in self._orders.plain_exits(i))
        room = max(abs(position) - going, 0) if position * side < 0 else 0
        reducing = min(room, abs(request.quantity))
        order = Order(
            0,
            i,
            side * reducing,
            prices.type,
            Reason.ORDER,
            reduces=True,
            decided_at=now,
            limit=prices.limit,
            trigger=prices.trigger,
            validity=request.validity,
            label=request.label,
        )
        commands: list[Command] = []
        if reducing:
            numbered = order._replace(order_id=self._orders.take_id())
            blocked = self._orders.exits_in_doubt(i)
            commands += self._orders.place(numbered, numbered.quantity, Verdict(numbered.quantity), blocked)
        increasing = abs(request.quantity) - reducing
        if increasing:
            self._books[i].entry_distances = ExitDistances()
            entry = order._replace(quantity=side * increasing, reduces=False)
            coming = sum(abs(w.remaining) for w in self._orders.may_still_increase(i) if w.order.quantity * side > 0)
            held = (abs(position) if position * side > 0 else 0) + coming
            commands += self._increases.reviewed(entry, prices.worst, held, equity_paise, 0, set())
        return commands
