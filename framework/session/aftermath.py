"""The aftermath of a position that changed, and of an order that came to nothing: intents, exits, orders that follow.

The compiled engine mirrors ``position_changed``, ``went_flat`` and ``give_up``; accidents and strangers only a real
broker can bring about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.rules import ledger, targets
from framework.rules.orders import goes_with_position
from framework.session.order_prices import NO_DISTANCES
from framework.types.orders import Reason

if TYPE_CHECKING:
    from framework.session.desk import SessionDesk
    from framework.session.instrument_state import WorkingOrder
    from framework.session.protection import Protection
    from framework.session.reductions import Reductions
    from framework.types.events import Command

GONE = (ledger.FLAT, ledger.CROSSED)
"""What leaves nothing of the position that was."""
FORCED = frozenset(
    {
        Reason.STOP_LOSS,
        Reason.TAKE_PROFIT,
        Reason.TRAILING_STOP,
        Reason.TIME_EXIT,
        Reason.SQUARE_OFF,
        Reason.EXPIRY,
        Reason.RISK,
        Reason.PERSON,
        Reason.ACCIDENT,
        Reason.EXTERNAL,
    }
)
"""Exits that set the intent to 0 by themselves."""


class Aftermath:
    """Carries it out over the books of all instruments."""

    def __init__(
        self, desk: SessionDesk, protection: Protection, reductions: Reductions, *, reenter: str, by_target: bool
    ) -> None:
        """``by_target``: the strategy gives targets, not orders."""
        self._inputs, self._account, self._books, self._orders, _ = desk
        self._protection = protection
        self._reductions = reductions
        self._reenter = reenter
        self._by_target = by_target

    def position_changed(self, i: int, before: int, working: WorkingOrder, *, within_bar: bool) -> list[Command]:
        """A fill of an order of ours took the position of ``i`` from ``before`` to what it is now."""
        position, order, now = self._account.quantity[i], working.order, self._inputs.now
        change = ledger.change_of(before, position)
        commands: list[Command] = []
        if change in GONE:
            commands = self.went_flat(i, order.order_id, forced=order.reason in FORCED)
        if change == ledger.FLAT:
            return commands
        if change == ledger.SHRANK:
            return commands + self._protection.shrank(i, working, now) + self._shorten_exits(i)
        if order.reduces:
            return commands + self._end_accident(i, now)
        self._orders.drop_overtaken(i, now)
        commands += self._protection.entered(i, now, opened=change != ledger.GREW, within_bar=within_bar)
        if working.left_for is None:
            return commands
        self._books[i].leave(working.left_for, self._reenter)  # its cancel lost the race
        return commands + self._reductions.order(i, now)

    def _shorten_exits(self, i: int) -> list[Command]:
        """An explicit order that was to increase may find something to reduce: what it took, others must not."""
        position = self._account.quantity[i]
        commands: list[Command] = []
        for working in self._orders.plain_exits(i):
            if abs(working.remaining) > abs(position):
                commands += self._orders.shorten(working, -position)
        return commands

    def _end_accident(self, i: int, now: int) -> list[Command]:
        """A reduction filled beyond what was held, stop and target both, say: what that opened is closed at once."""
        self._books[i].leave(Reason.ACCIDENT, self._reenter)
        return self._reductions.order(i, now)

    def leave_on(self, i: int) -> list[Command]:
        """Order away what is to be left, unless it is already."""
        return self._reductions.order(i, self._inputs.now) if self._books[i].leaving else []

    def stranger_traded(self, i: int, before: int) -> list[Command]:
        """Somebody else traded: what he took is a forced exit, what he added is held and protected like our own."""
        position, now, book = self._account.quantity[i], self._inputs.now, self._books[i]
        change = ledger.change_of(before, position)
        commands = self.went_flat(i, 0, forced=True) if change in GONE else []
        if change == ledger.FLAT:
            return commands
        if change == ledger.SHRANK:
            return commands + self._protection.carry(i) + self._shorten_exits(i)
        opened = change != ledger.GREW
        if opened:
            book.entry_distances = NO_DISTANCES
        if opened:
            book.desired = position
        elif not book.leaving:  # what is being left is left whole, with all that was added
            book.desired += position - before
        return commands + self._protection.entered(i, now, opened=opened, within_bar=True)

    def went_flat(self, i: int, by: int, *, forced: bool) -> list[Command]:
        """Order ``by`` took the position: its exits are cancelled, and a forced exit takes the intent with it."""
        book = self._books[i]
        if forced:
            book.forget_intent(self._reenter)
        book.forget_position()
        self._protection.filled(i)
        commands: list[Command] = []
        for working in self._orders.of(i):
            unwanted = goes_with_position(working.order.reduces, forced, self._by_target)
            if unwanted and not working.cancelling and working.order.order_id != by:
                commands += self._orders.withdraw(working, self._inputs.now)
        return commands

    def give_up(self, working: WorkingOrder) -> None:
        """An entry that ended unfilled sets the intent to 0, or to what it was while a position was held."""
        order = working.order
        book, position = self._books[order.instrument], self._account.quantity[order.instrument]
        after = targets.after_no_entry(self._by_target, order.reduces, working.filled, book.leaving, position)
        if after == targets.KEPT:
            return
        before = (book.intent, book.intent_before, book.desired)
        if after == targets.TAKEN_BACK:
            book.intent, book.desired = book.intent_before, position
        else:
            book.forget_intent(self._reenter)
        working.gave_up = (*before, book.intent)

    def take_up_again(self, working: WorkingOrder) -> None:
        """It did fill: the intent that it took along is there again, unless another one came meanwhile."""
        book = self._books[working.order.instrument]
        if working.gave_up is not None and book.intent == working.gave_up[3]:
            book.intent, book.intent_before, book.desired, _ = working.gave_up
        working.gave_up = None
