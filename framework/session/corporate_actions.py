"""Corporate actions: adjusts positions, orders and targets on the ex-date, before that session's open.

Contract rows A1 to A8 of docs/execution.md.
"""

from __future__ import annotations

from bisect import insort
from typing import TYPE_CHECKING

from framework.rules import actions as rules
from framework.session.lifecycle import OPEN
from framework.types.orders import ExitDistances
from framework.types.record import AppliedAction

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from framework.session.desk import SessionDesk
    from framework.session.instrument_state import WorkingOrder
    from framework.session.protection import Protection
    from framework.session.staleness import Staleness
    from framework.types import Settlement
    from framework.types.actions import Action, Due
    from framework.types.events import Command

    PaidOut = Callable[[Settlement], list[Command]]
    GiveUp = Callable[[WorkingOrder], None]


class CorporateActions:
    """The corporate actions of a run, in the order they take effect, and what each did to a position."""

    def __init__(self, due: Sequence[Due], desk: SessionDesk, protection: Protection, last_bars: Staleness) -> None:
        _, self._account, self._books, self._orders, self._tell = desk
        self.due = list(due)
        """Actions that were not gone through yet, in the order they take effect."""
        self._instruments = self._account.instruments
        self._protection = protection
        self._last_bars = last_bars

    def is_due(self, session: int) -> bool:
        """True when an ex-date has come that was not gone through yet."""
        return bool(self.due) and self.due[0].ex_day <= session

    def learn(self, due: Due) -> None:
        """An action became known."""
        insort(self.due, due, key=_ex_day)

    def begin_session(self, session: int, now: int, paid_out: PaidOut, give_up: GiveUp) -> list[Command]:
        """Go through every action whose ex-date has come, each once."""
        commands: list[Command] = []
        while self.is_due(session):
            _, i, action = self.due.pop(0)
            gone = self._carry_position(i, action, now)
            if action.factor != 1.0:
                self._carry_intent(i, action.factor)
            if gone is not None:
                commands += paid_out(gone)
            if action.factor != 1.0:
                commands += self._carry_orders(i, action.factor, now, give_up)
        return commands

    def _carry_position(self, i: int, action: Action, now: int) -> Settlement | None:
        """Book an action on what is held, the dividend first: it is paid for shares as they were.

        A consolidation that leaves less than one share pays the position out, and the answer is that settlement.
        """
        before, paid_out = self._account.quantity[i], None
        if not before:
            return None
        cash_paise = self._account.receive_dividend(i, action.dividend)
        if not rules.shares_after(before, action.factor):
            paid_out = self._account.pay_out(i, now)
        elif action.factor != 1.0:
            cash_paise += self._account.carry(i, action.factor)
        after = self._account.quantity[i]
        applied = AppliedAction(now, i, action.kind, action.factor, action.dividend, before, after, cash_paise)
        self._tell(applied)
        return paid_out

    def _carry_intent(self, i: int, factor: float) -> None:
        """The intent's units and every distance in terms of the new shares; bars held stay."""
        book = self._books[i]
        book.desired = rules.shares_after(book.desired, factor)
        book.full_units = rules.shares_after(book.full_units, factor)
        book.distances = _carried(book.distances, factor)
        book.entry_distances = _carried(book.entry_distances, factor)
        book.extreme /= factor
        book.scale *= factor
        self._account.close[i] /= factor
        self._last_bars.carry(i, factor)

    def _carry_orders(self, i: int, factor: float, now: int, give_up: GiveUp) -> list[Command]:
        """Resting orders in terms of the new shares; one that is left without a share is taken back."""
        commands: list[Command] = []
        for working in self._orders.of(i):
            if working.order.protective or working.state not in OPEN:
                continue  # an order that was taken back may have taken another along
            if rules.shares_after(working.remaining, factor):
                commands += self._carry_order(working, factor)
            elif not working.cancelling:
                give_up(working)
                commands += self._orders.withdraw(working, now)
        return commands + (self._protection.carry(i) if self._account.quantity[i] else [])

    def _carry_order(self, working: WorkingOrder, factor: float) -> list[Command]:
        order = working.order
        i, side = order.instrument, 1 if order.quantity > 0 else -1
        tick, remaining = self._instruments[i].tick, rules.shares_after(working.remaining, factor)
        limit = rules.resting_price(order.limit, factor, tick, side)
        trigger = rules.resting_price(order.trigger, factor, tick, side)
        working.worst /= factor
        wanted = order._replace(quantity=working.filled + remaining, limit=limit, trigger=trigger)
        return self._orders.change(working, wanted)


def _ex_day(due: Due) -> int:
    return due.ex_day


def _carried(distances: ExitDistances, factor: float) -> ExitDistances:
    return ExitDistances(*(distance / factor for distance in distances))
