"""Stops and targets of a position: placed when it is entered, moved with it, gone with it (contract rows 10 to 16)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.rules.exits import extreme_after_bar
from framework.session.order_prices import Levels, protective_levels
from framework.types.orders import GTC, LIMIT, NAN, STOP, BarRow, Command, Modify, Order, OrderType, Reason, Submit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framework.session.account import Account
    from framework.session.instrument_state import InstrumentState
    from framework.session.orders import Orders
    from framework.types import Instrument, Settings


class Protection:
    """Keeps the protective orders of every instrument in step with its position."""

    def __init__(
        self,
        instruments: Sequence[Instrument],
        settings: Settings,
        account: Account,
        books: Sequence[InstrumentState],
        orders: Orders,
    ) -> None:
        self._instruments = tuple(instruments)
        self._rule = settings.exits
        self._follows = self._rule.trail is not None or self._rule.time_exit is not None
        """Every position has something that a close moves on."""
        self._reenter = settings.reenter
        self._account = account
        self._books = books
        self._orders = orders

    def entered(self, i: int, unslipped: float, now: int, *, opened: bool, within_bar: bool) -> list[Command]:
        """An entry filled: exits are measured from the new average fill. ``opened``: the position is new."""
        book = self._books[i]
        if opened:
            book.distances, book.bars_held, book.scale = book.entry_distances, 0, 1.0
            book.extreme, book.within_bar = self._account.average[i], within_bar
        if self._rule.active_from == "next_bar":
            book.protect_due = True
            return []
        return self._replace(i, unslipped if within_bar else NAN, now)

    def shrank(self, i: int, order: Order, now: int) -> list[Command]:
        """Part of the position is gone: its exits shrink with it; a partly filled exit is completed at the open."""
        book = self._books[i]
        if not order.protective:
            return self._adjust(i)
        book.leave(order.reason, self._reenter)
        return self._withdraw(book, now)

    def carry(self, i: int) -> list[Command]:
        """The position went through a split: its exits follow."""
        return self._adjust(i)

    def look_after(self, row: BarRow) -> list[Command]:
        """At a close: ratchet trailing stops (row 15), start time exits (row 16), place exits that start next bar."""
        commands: list[Command] = []
        for i in self._account.held:
            book = self._books[i]
            if not (self._follows or book.protect_due or book.distances.trail > 0.0):
                continue  # nothing is measured from this bar
            close = row.close[i]
            if not close > 0.0:
                continue
            book.bars_held += 1
            side = 1 if self._account.quantity[i] > 0 else -1
            extreme = extreme_after_bar(side, book.extreme, book.within_bar, row.high[i], row.low[i], close)
            ratcheted = extreme != book.extreme and (self._rule.trail is not None or book.distances.trail > 0.0)
            book.extreme, book.within_bar = extreme, False
            if book.protect_due:
                book.protect_due = False
                commands += self._replace(i, NAN, row.close_time)
            elif book.stop_id and ratcheted:
                commands += self._adjust(i)
            if self._rule.time_exit is not None and book.bars_held >= self._rule.time_exit and not book.leaving:
                book.leave(Reason.TIME_EXIT, self._reenter)
        return commands

    def _levels(self, i: int) -> Levels:
        side = 1 if self._account.quantity[i] > 0 else -1
        book = self._books[i]
        average, tick = self._account.average[i], self._instruments[i].tick
        return protective_levels(self._rule, book.distances, side, average, book.extreme, tick, book.scale)

    def _withdraw(self, book: InstrumentState, now: int) -> list[Command]:
        commands: list[Command] = []
        for exit_id in book.exit_ids():
            commands += self._orders.withdraw(self._orders[exit_id], now)
        return commands

    def _replace(self, i: int, within_bar_from: float, now: int) -> list[Command]:
        """Withdraw the exits there are and place new ones at the present levels."""
        book, levels = self._books[i], self._levels(i)
        commands = self._withdraw(book, now)
        if levels.stop > 0.0:
            stop = self._place(i, STOP, levels.stop_reason, levels.stop, within_bar_from, now)
            book.stop_id = stop.approved.order.order_id
            commands.append(stop)
        if levels.target > 0.0:
            target = self._place(i, LIMIT, Reason.TAKE_PROFIT, levels.target, within_bar_from, now)
            book.target_id = target.approved.order.order_id
            commands.append(target)
        return commands

    def _place(self, i: int, kind: OrderType, reason: Reason, price: float, within_bar_from: float, now: int) -> Submit:
        """Submit one protective order over the whole position."""
        order = Order(
            self._orders.take_id(),
            i,
            -self._account.quantity[i],
            kind,
            reason,
            reduces=True,
            decided_at=now,
            limit=price if kind is LIMIT else NAN,
            trigger=price if kind is STOP else NAN,
            validity=GTC,
            protective=True,
            within_bar_from=within_bar_from,
        )
        return self._orders.submit(order)

    def _adjust(self, i: int) -> list[Command]:
        """Bring the exits to the position's size and to their present levels."""
        book, levels = self._books[i], self._levels(i)
        commands: list[Command] = []
        if book.stop_id:
            order = self._orders[book.stop_id].order
            commands += self._change(order._replace(trigger=levels.stop, reason=levels.stop_reason))
        if book.target_id:
            order = self._orders[book.target_id].order
            commands += self._change(order._replace(limit=levels.target))
        return commands

    def _change(self, wanted: Order) -> list[Command]:
        """Modify a protective order if its price or what is left of the position changed."""
        working, position = self._orders[wanted.order_id], self._account.quantity[wanted.instrument]
        order = working.order
        same_price = wanted.trigger == order.trigger or wanted.limit == order.limit
        if working.remaining == -position and same_price:
            return []
        changed = wanted._replace(quantity=working.filled - position)
        working.order = changed
        return [Modify(changed.order_id, -position, changed.trigger, changed.limit)]
