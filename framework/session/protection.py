"""Stops and targets of a position: placed when it is entered, moved with it, gone with it (contract rows 10 to 16)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.rules import exits
from framework.session.order_prices import NO_DISTANCES, Levels, protective_levels
from framework.types.made import made
from framework.types.orders import GTC, LIMIT, NAN, STOP, BarRow, Order, OrderType, Reason

TAKE_PROFIT = Reason.TAKE_PROFIT
ONE_CANCELS_OTHER = "one_cancels_other"
"""Reason of a cancel that the rule of the order's own group made."""
TOLD_EVERY = 64
"""Refusals in a row between two that are told, at most: tried once a minute, that is once an hour."""

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framework.session.account import Account
    from framework.session.instrument_state import InstrumentState, WorkingOrder
    from framework.session.orders import Orders
    from framework.session.surprises import Surprises
    from framework.types import Instrument, Settings
    from framework.types.events import Command


class Protection:
    """Keeps the protective orders of every instrument in step with its position."""

    def __init__(
        self,
        instruments: Sequence[Instrument],
        settings: Settings,
        account: Account,
        books: Sequence[InstrumentState],
        orders: Orders,
        surprises: Surprises,
    ) -> None:
        self._instruments = tuple(instruments)
        self._rule = settings.exits
        self._never = self._rule.stop_loss is self._rule.take_profit is self._rule.trail is None
        """No exit is configured."""
        self._next_bar = self._rule.active_from == "next_bar"
        self._follows = self._rule.trail is not None or self._rule.time_exit is not None
        """Every position has something that a close moves on."""
        self._reenter = settings.reenter
        self._account = account
        self._books = books
        self._orders = orders
        self._surprises = surprises
        self.to_look_at: set[int] = set()
        """Instruments whose exits are not as they should be; see ``upkeep``."""
        self.awaits_fills: set[int] = set()
        """Instruments whose pair was broken by its own rule, with the fill that did it still to be reported."""

    def entered(self, i: int, now: int, *, opened: bool, within_bar: bool) -> list[Command]:
        """An entry filled: exits are measured from the new average fill. ``opened``: the position is new.

        ``within_bar``: not at its open and not at its close, so that of this bar's range only the close counts.
        """
        book = self._books[i]
        if opened:
            book.distances, book.bars_held, book.scale = book.entry_distances, 0, 1.0
            book.extreme, book.within_bar = self._account.average[i], within_bar
        if self._next_bar:
            book.protect_due = True
            return []
        return self._fit(i, now)

    def shrank(self, i: int, working: WorkingOrder, now: int) -> list[Command]:
        """Part of the position is gone: its exits shrink with it.

        Of a protective order that filled in part the rest works on; the position is left for the same reason, so that
        what it does not take goes at the next open. A target takes the stop along, a stop sends the target away.
        """
        book, order = self._books[i], working.order
        if not order.protective:
            return self._adjust(i)
        self.filled(i)
        book.leave(order.reason, self._reenter)
        if order.order_id == book.stop_id:
            return self._withdraw(book.target_id, now)
        levels, is_target = self._levels(i), order.order_id == book.target_id
        # Of an exit that had ended when its fill was reported, another one has taken the place.
        return self._adjust_stop(i, levels) + ([] if is_target else self._adjust_target(i, levels))

    def carry(self, i: int) -> list[Command]:
        """The position went through a split: its exits follow."""
        return self._adjust(i)

    def look_after(self, row: BarRow) -> list[Command]:
        """At a close: ratchet trailing stops (row 15), start time exits (row 16), place exits that start next bar."""
        commands: list[Command] = []
        time_exit = self._rule.time_exit or 0
        books = self._books
        for i in self._account.held:
            book = books[i]
            if not (self._follows or book.protect_due or book.distances.trail > 0.0):
                continue  # nothing is measured from this bar
            close = row.close[i]
            if not close > 0.0:
                continue
            book.bars_held += 1
            side = 1 if self._account.quantity[i] > 0 else -1
            before, trails = book.extreme, self._rule.trail is not None or book.distances.trail > 0.0
            extreme = exits.extreme_after_bar(side, before, book.within_bar, row.high[i], row.low[i], close)
            if book.protect_due or extreme != before:
                due = exits.at_close(book.protect_due, book.stop_id != 0, trails, extreme, before)
                book.extreme, book.protect_due = extreme, False
                if due == exits.PLACE:
                    commands += self._fit(i, row.close_time)
                elif due == exits.MOVE:
                    commands += self._adjust(i)
            book.within_bar = False
            if time_exit and exits.time_is_up(book.bars_held, time_exit, book.leaving):
                book.leave(Reason.TIME_EXIT, self._reenter)
        return commands

    # ------------------------------------------------------------------ what only a real broker can do to an exit

    def ended(self, order: Order, now: int, why: str, *, asked_for: bool, refused: bool) -> list[Command]:
        """A protective order ended without taking the position: it is due again at once.

        One that is refused is tried again once at once, and then at every close, and tick a minute apart.
        """
        i = order.instrument
        book, position = self._books[i], self._account.quantity[i]
        if position * order.quantity >= 0:
            return []  # it protected what is gone
        if why == ONE_CANCELS_OTHER:  # its sibling has filled, which is reported or about to be
            if not book.leaving:
                self.awaits_fills.add(i)
            return []
        if refused or not asked_for:
            by_turns = int(self._levels(i).target > 0.0)  # a pair is refused by turns: its target may have had this one
            told = not refused or self.tells_refusal(order) or self.tells_refusal(order, before=by_turns)
            if order.type is STOP and not book.stop_id and told:
                said = f"{order.reason} was {'refused' if refused else 'taken out of the book'} {why}".rstrip()
                self._surprises.tell("unprotected", now, order.order_id, i, units=position, said=said)
            self.to_look_at.add(i)
        if book.leaving:
            return []
        book.refusals += refused
        waits = book.refusals > 1 and not asked_for  # what we took back ourselves is due at once, whatever was refused
        return [] if waits and not self._is_passed(i) else self.restore(i, now)

    def passed(self, order: Order, price: float) -> None:
        """A stop is refused because the market has gone past it, to this price in rupees: what it protects is left."""
        position = self._account.quantity[order.instrument]
        if order.order_id == self._books[order.instrument].stop_id and position * order.quantity < 0:
            self._leave_past(order.instrument, order.reason, order.trigger, price)

    def _leave_past(self, i: int, reason: Reason, trigger: float, price: float) -> None:
        """Leave by a limit whose bound is measured from the worse of trigger and price: the stop has triggered."""
        worse = min if self._account.quantity[i] > 0 else max
        self._books[i].leave(reason, self._reenter)
        self._books[i].bound_from = worse(trigger, price)

    def tells_refusal(self, order: Order, before: int = 0) -> bool:
        """True when the next refusal of this order is told: of exits in a row the 1st, 2nd, 4th … 64th and each 64th.

        ``before`` = 1: the one before it was, or would have been.

        The exit is tried every minute all the same, and each try has its record.
        """
        nth = max(self._books[order.instrument].refusals + 1 - before, 1)
        return not order.protective or nth & (nth - 1) == 0 or nth % TOLD_EVERY == 0

    def lost_its_way_out(self, order: Order, now: int, why: str) -> None:
        """An exit came to nothing at the broker: what it was to take may be without a stop by now."""
        i = order.instrument
        self._tell_what_is_bare(i, order.order_id, now, f"the order to leave came to nothing {why}".rstrip())

    def _tell_what_is_bare(self, i: int, order_id: int, now: int, said: str) -> None:
        """Say how much of a position that should have a stop has none."""
        units, stop = self._account.quantity[i], self._present(i, self._books[i].stop_id)
        bare = units if stop is None else units + stop.remaining
        if units and self._levels(i).stop > 0.0 and bare * units > 0:
            self._surprises.tell("unprotected", now, order_id, i, units=bare, said=said)

    def filled(self, i: int) -> None:
        """The fill of an exit was reported."""
        self.awaits_fills.discard(i)

    def miss_fills(self, now: int) -> None:
        """A bar or a minute has passed: a fill that is still not reported may never be."""
        for i in sorted(self.awaits_fills):
            self._tell_what_is_bare(i, 0, now, "the rule of its pair took the stop, and no fill was told")
        if self.awaits_fills:
            self.to_look_at |= self.awaits_fills
            self.awaits_fills.clear()

    def works(self, i: int) -> None:
        """A protective order was accepted."""
        self._books[i].refusals = 0

    def change_refused(self, working: WorkingOrder, now: int) -> list[Command]:
        """It keeps its old price and size. One that is larger than the position is taken back, and due again then."""
        order = working.order
        i = order.instrument
        position = self._account.quantity[i]
        short = abs(position) - abs(working.remaining)
        if position * order.quantity < 0 < short and order.type is STOP:
            side = 1 if position > 0 else -1
            self._surprises.tell(
                "unprotected", now, order.order_id, i, units=side * short, said="its change was refused"
            )
        return self._orders.withdraw(working, now) if short < 0 else []

    def is_in_doubt(self, order: Order, now: int) -> None:
        """Nobody knows whether an exit rests: another one might be one too many, and this one may protect nothing."""
        i = order.instrument
        if order.protective and order.type is STOP and self._account.quantity[i]:
            units = self._account.quantity[i]
            self._surprises.tell("unprotected", now, order.order_id, i, units=units, said="nobody knows if it rests")
        elif order.reduces and not order.protective:
            self._tell_what_is_bare(i, order.order_id, now, "nobody knows what became of the order to leave")

    def showed_up(self, working: WorkingOrder, now: int) -> list[Command]:
        """A protective order that was thought absent works after all: it is one too many, if another took its place."""
        return self._orders.withdraw(working, now)

    def restore(self, i: int, now: int) -> list[Command]:
        """Bring the pair to what it should be: what is there changed in place, what is missing placed."""
        book = self._books[i]
        if book.protect_due or not self._account.quantity[i]:
            return []
        if self._is_passed(i):
            levels = self._levels(i)
            self._leave_past(i, levels.stop_reason, levels.stop, self._account.close[i])
            return []
        return self._fit(i, now)

    def _is_passed(self, i: int) -> bool:
        """The stop is refused because the market has gone past it: the last close lies there, so it has triggered."""
        book, position, close = self._books[i], self._account.quantity[i], self._account.close[i]
        return book.refusals > 0 and not book.stop_id and (close - self._levels(i).stop) * position <= 0.0

    # ------------------------------------------------------------------ levels and orders

    def _levels(self, i: int) -> Levels:
        side = 1 if self._account.quantity[i] > 0 else -1
        book = self._books[i]
        average, tick = self._account.average[i], self._instruments[i].tick
        return protective_levels(self._rule, book.distances, side, average, book.extreme, tick, book.scale)

    def _withdraw(self, order_id: int, now: int) -> list[Command]:
        working = self._orders.get(order_id)
        return [] if working is None else self._orders.withdraw(working, now)

    def _fit(self, i: int, now: int) -> list[Command]:
        """Bring the pair to the whole position: change in place what is there, place what is missing.

        An order of the position before, whose cancel is under way, is not of this pair.
        """
        book = self._books[i]
        if self._never and book.distances is NO_DISTANCES and not (book.stop_id or book.target_id):
            return []  # only for speed: nothing is configured, and the strategy gave nothing
        levels, commands = self._levels(i), list["Command"]()
        stop, target = self._present(i, book.stop_id), self._present(i, book.target_id)
        if stop is not None:
            commands += self._adjust_stop(i, levels) if levels.stop > 0.0 else self._orders.withdraw(stop, now)
        elif levels.stop > 0.0:
            commands += self._place_stop(i, levels, now)
        if target is not None:
            commands += self._adjust_target(i, levels) if levels.target > 0.0 else self._orders.withdraw(target, now)
        elif levels.target > 0.0:
            commands += self._place_target(i, levels, now)
        return commands

    def _present(self, i: int, order_id: int) -> WorkingOrder | None:
        """The protective order of this id, if it protects what is held now."""
        working = self._orders.get(order_id)
        return None if working is None or working.order.quantity * self._account.quantity[i] > 0 else working

    def _place_stop(self, i: int, levels: Levels, now: int) -> list[Command]:
        number = self._books[i].stop_id = self._orders.take_id()
        return self._place(i, number, STOP, levels.stop_reason, levels.stop, now)

    def _place_target(self, i: int, levels: Levels, now: int) -> list[Command]:
        number = self._books[i].target_id = self._orders.take_id()
        return self._place(i, number, LIMIT, TAKE_PROFIT, levels.target, now)

    def _place(self, i: int, number: int, kind: OrderType, reason: Reason, price: float, now: int) -> list[Command]:
        """Submit one protective order over the whole position."""
        limit, trigger = (price, NAN) if kind is LIMIT else (NAN, price)
        units = -self._account.quantity[i]
        order = made(Order, (number, i, units, kind, reason, True, now, limit, trigger, GTC, True, ""))
        book = self._books[i]
        if book.only_one_exit():
            book.group = self._orders.tag_of(number)
        return [self._orders.submit(order, book.group)]

    def _adjust(self, i: int) -> list[Command]:
        """Bring the exits that there are to the position's size and to their present levels."""
        levels = self._levels(i)
        return self._adjust_stop(i, levels) + self._adjust_target(i, levels)

    def _adjust_stop(self, i: int, levels: Levels) -> list[Command]:
        stop = self._present(i, self._books[i].stop_id)
        if stop is None:
            return []
        wanted = stop.order._replace(trigger=levels.stop, reason=levels.stop_reason)
        return self._change(stop, wanted, stop.order.trigger, levels.stop)

    def _adjust_target(self, i: int, levels: Levels) -> list[Command]:
        target = self._present(i, self._books[i].target_id)
        if target is None:
            return []
        wanted = target.order._replace(limit=levels.target)
        return self._change(target, wanted, target.order.limit, levels.target)

    def _change(self, working: WorkingOrder, wanted: Order, price: float, wanted_price: float) -> list[Command]:
        """Change a protective order if its price or what is left of the position changed."""
        position = self._account.quantity[wanted.instrument]
        if not exits.is_out_of_date(price, wanted_price, working.remaining, position):
            return []
        return self._orders.change(working, wanted._replace(quantity=working.filled - position))
