"""Answers of the broker: booked, mirrored, or reported as a surprise. Nothing that a broker says is an exception.

``lifecycle`` says where an order stands after an answer; here is what follows from it for money, intents, exits and the
orders that waited. What only a real broker can do is in this file and in ``surprises``: the compiled engine mirrors the
plain way of a fill and nothing else of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.session.lifecycle import (
    ABSENT,
    CANCELLED,
    ENDED,
    EXPIRED,
    FILLED,
    PARKED,
    REFUSED,
    SENT,
    UNKNOWN,
    WORKING,
)
from framework.session.lifecycle import after as stands
from framework.session.lifecycle import surprises as contradicts
from framework.session.protection import ONE_CANCELS_OTHER
from framework.session.wording import refused_fill_text
from framework.types.events import Accepted, Found
from framework.types.record import Notice

if TYPE_CHECKING:
    from framework.session.aftermath import Aftermath
    from framework.session.desk import SessionDesk
    from framework.session.instrument_state import WorkingOrder
    from framework.session.protection import Protection
    from framework.session.surprises import Surprises
    from framework.session.upkeep import Upkeep
    from framework.types.events import (
        Cancelled,
        CancelRefused,
        Changed,
        ChangeRefused,
        Command,
        Expired,
        Refused,
        Unknown,
    )
    from framework.types.record import OrderState

    AboutOrder = Accepted | Refused | Changed | ChangeRefused | Cancelled | CancelRefused | Expired | Unknown | Found


LONGEST_TEXT = 300
"""Longest report of an answer that is not understood, characters."""


class BrokerAnswers:
    """One method for each kind of answer; each returns the commands that follow."""

    def __init__(
        self,
        desk: SessionDesk,
        protection: Protection,
        aftermath: Aftermath,
        surprises: Surprises,
        upkeep: Upkeep,
    ) -> None:
        self._inputs, self._account, _, self._orders, self._tell = desk
        self._protection = protection
        self._aftermath = aftermath
        self._surprises = surprises
        self._upkeep = upkeep

    # ------------------------------------------------------------------ the life of an order

    def accepted(self, answer: Accepted) -> list[Command]:
        """The order is in the book."""
        working = self._orders.get(answer.order_id)
        if working is None:
            return self._accepted_after_end(answer)
        if working.state is PARKED:
            return self._unsent(working, answer)
        working.state = WORKING if working.state is SENT else stands(working.state, WORKING)
        if working.order.protective:
            self._protection.works(working.order.instrument)
        self._orders.heard(working)
        return []

    def _accepted_after_end(self, answer: Accepted | Found) -> list[Command]:
        done = self._orders.lately_done(answer.order_id)
        if done is None:
            return self._nobodys(answer)
        if contradicts(done.state, Accepted):
            self._surprises.of("sign_of_life", self._inputs.now, done, state=done.state)
            self._aftermath.take_up_again(done)
            self._orders.take_on_again(done, WORKING)
            if done.order.protective:
                return self._protection.showed_up(done, self._inputs.now)
        return []

    def refused(self, answer: Refused) -> list[Command]:
        """The order is not taken; without proof nobody knows."""
        if not answer.proof:
            return self._in_doubt(answer, answer.reason)
        self._inputs.now = min(max(answer.time, 0) or self._inputs.now, self._inputs.moment)
        working = self._orders.get(answer.order_id)
        if working is not None and answer.passed > 0.0:
            self._protection.passed(working.order, answer.passed)
        if working is not None and working.state is not PARKED and self._protection.tells_refusal(working.order):
            order = working.order
            text = refused_fill_text(order.quantity, self._account.instruments[order.instrument], answer.reason)
            self._tell(Notice(self._inputs.now, "refused_fill", text))
        return self._ended(answer, REFUSED, answer.reason)

    def cancelled(self, answer: Cancelled) -> list[Command]:
        """The order is out of the book, asked for or not."""
        return self._ended(answer, CANCELLED, answer.reason)

    def expired(self, answer: Expired) -> list[Command]:
        """Its validity is over."""
        return self._ended(answer, EXPIRED, "")

    def _ended(self, answer: AboutOrder, state: OrderState, why: str) -> list[Command]:
        """It is done; more that is heard of one that was done may put it into a higher state."""
        working = self._orders.get(answer.order_id)
        if working is None:
            done = self._orders.lately_done(answer.order_id)
            if done is None:
                return self._nobodys(answer)
            if stands(done.state, state) is not done.state:
                self._orders.heard_after_the_end(done, stands(done.state, state), self._inputs.now)
            return []
        if working.state is PARKED:
            return self._unsent(working, answer)
        return self.end(working, state, why)

    def end(self, working: WorkingOrder, state: OrderState, why: str) -> list[Command]:
        """End an open order and do what follows: intent, exits that are due again, orders that waited."""
        asked_for = working.withdrawn or why == ONE_CANCELS_OTHER
        if not asked_for:
            self._aftermath.give_up(working)
        order, now = working.order, self._inputs.now
        commands = self._orders.end(working, state, now, why if state is not CANCELLED else "")
        if order.protective:
            refused = state in (REFUSED, ABSENT)
            commands += self._protection.ended(order, now, why, asked_for=asked_for, refused=refused)
            if refused:
                commands += self._aftermath.leave_on(order.instrument)
        if order.reduces:  # what is being left may have no other way out, and no bar may come
            self._upkeep.exits_due.add(order.instrument)
            if not order.protective and (state in {REFUSED, ABSENT} or (state is CANCELLED and not asked_for)):
                self._protection.lost_its_way_out(order, now, why)
        return commands

    # ------------------------------------------------------------------ changes and cancels

    def changed(self, answer: Changed) -> list[Command]:
        """The change is made."""
        working = self._open(answer)
        if working is None:
            return []
        working.state = stands(working.state, WORKING)
        commands = self._orders.changed(working)
        self._orders.heard(working)
        if working.is_whole and not working.may_be_larger:  # it had filled as the smaller one that it is now
            return commands + self._orders.end(working, FILLED, self._inputs.now)
        return commands

    def change_refused(self, answer: ChangeRefused) -> list[Command]:
        """The order is what it was before; what it should be is asked for again at the next close or tick."""
        working = self._open(answer)
        if working is None:
            return []
        was_asked = working.was is not None
        self._orders.change_refused(working)
        self._orders.heard(working)
        if working.is_whole:
            return self._end_whole(working)
        self._surprises.of("change_refused", self._inputs.now, working, said=answer.reason or "no reason given")
        self._upkeep.look_at(working.order.instrument)
        if working.order.protective:
            return self._protection.change_refused(working, self._inputs.now)
        return self._take_back_what_is_wrong(working) if was_asked else []

    def _end_whole(self, working: WorkingOrder) -> list[Command]:
        """It had filled before a change or a cancel reached it; an exit that was to grow leaves a rest without one."""
        order, now = working.order, self._inputs.now
        commands = self._orders.end(working, FILLED, now)
        if order.protective:
            said = "once it had filled"
            commands += self._protection.ended(order, now, said, asked_for=False, refused=False)
            commands += self._aftermath.leave_on(order.instrument)
        return commands

    def _take_back_what_is_wrong(self, working: WorkingOrder) -> list[Command]:
        """An entry that a split did not reach, an exit that is larger than the position: better none than that."""
        order = working.order
        if not order.reduces:
            self._aftermath.give_up(working)
        elif abs(working.remaining) <= abs(self._account.quantity[order.instrument]):
            return []
        return self._orders.withdraw(working, self._inputs.now)

    def cancel_refused(self, answer: CancelRefused) -> list[Command]:
        """The order works on: what waited for its end is dropped, and its cancel is asked for again later."""
        working = self._open(answer)
        if working is None or not working.cancelling:
            return []
        commands = self._orders.cancel_refused(working)
        self._orders.heard(working)
        if working.has_ended:
            return self._end_whole(working)
        self._surprises.of("cancel_refused", self._inputs.now, working, said=answer.reason or "no reason given")
        self._upkeep.look_at(working.order.instrument)
        for parked in self._orders.of(working.order.instrument):
            if working.order.order_id in parked.waits_for and not parked.needs_flat:
                self._aftermath.give_up(parked)
                commands += self._orders.end(parked, CANCELLED, self._inputs.now, "cancel_refused")
        return commands

    def _open(self, answer: AboutOrder) -> WorkingOrder | None:
        """The open order that is meant; of one that is done nothing more follows, others are reported."""
        working = self._orders.get(answer.order_id)
        if working is None:
            if self._orders.lately_done(answer.order_id) is None:
                self._nobodys(answer)
        elif working.state is PARKED:
            self._unsent(working, answer)
            return None
        return working

    # ------------------------------------------------------------------ doubt and its end

    def unknown(self, answer: Unknown) -> list[Command]:
        """Nobody knows what became of the request."""
        return self._in_doubt(answer, answer.cause)

    def _in_doubt(self, answer: AboutOrder, cause: str) -> list[Command]:
        working = self._open(answer)
        if working is not None:
            self.doubt(working, "unknown", cause)
        return []

    def doubt(self, working: WorkingOrder, code: str, cause: str) -> None:
        """An order or a request about it is in doubt: it counts in full, and is never sent again."""
        self._surprises.of(code, self._inputs.now, working, said=cause)
        self._orders.unanswered.pop(working.order.order_id, None)
        if working.state is SENT:
            working.state = UNKNOWN
            self._protection.is_in_doubt(working.order, self._inputs.now)

    def found(self, answer: Found) -> list[Command]:
        """The broker's book was read: it ends all doubt about the order."""
        order_id = answer.order_id
        working = self._orders.get(order_id)
        done = self._orders.lately_done(order_id) if working is None else None
        known = working or done
        if known is None:
            return self._nobodys(answer)
        if known.state is PARKED:
            return self._unsent(known, answer)
        known.told_filled = answer.filled
        if abs(answer.filled) > abs(known.filled):
            words = {"units": answer.filled, "asked": known.filled}
            self._surprises.of("fills_missing", self._inputs.now, known, **words)
        elif answer.filled == known.filled:
            self._surprises.settle(order_id, self._inputs.now)
        if working is None:
            return self._found_after_end(answer, known)
        return self._found_open(answer, working)

    def _found_open(self, answer: Found, working: WorkingOrder) -> list[Command]:
        state = answer.state
        if state not in ENDED:
            return self._found_working(answer, working)
        if state is ABSENT and (working.state is WORKING or working.filled):
            self._surprises.of("lost", self._inputs.now, working)
            return []
        if answer.quantity:
            working.order = working.order._replace(quantity=answer.quantity)
        if state is FILLED and working.remaining * working.order.quantity > 0:
            working.state = stands(working.state, WORKING)
            self._orders.heard(working)
            return []  # its fills end it
        return self.end(working, state, str(state))

    def _found_after_end(self, answer: Found, done: WorkingOrder) -> list[Command]:
        if answer.state not in ENDED:
            return self._accepted_after_end(answer)
        if stands(done.state, answer.state) is not done.state and answer.state is not FILLED:
            self._orders.heard_after_the_end(done, answer.state, self._inputs.now)
        return []

    def _found_working(self, answer: Found, working: WorkingOrder) -> list[Command]:
        """It works as the book shows it, so that nothing is under way any more."""
        order = working.order
        working.state, working.cancelling, working.was = WORKING, False, None
        working.order = order._replace(
            quantity=answer.quantity or order.quantity,
            limit=answer.limit if answer.limit > 0.0 else order.limit,
            trigger=answer.trigger if answer.trigger > 0.0 else order.trigger,
        )
        self._orders.heard(working)
        if working.withdrawn or order.protective:
            self._upkeep.look_at(order.instrument)
        return self._upkeep.at_once()

    # ------------------------------------------------------------------ what nobody knows

    def not_understood(self, answer: object) -> list[Command]:
        """Some field of an answer is not what it must be."""
        self._surprises.tell("not_understood", self._inputs.now, said=repr(answer)[:LONGEST_TEXT])
        return []

    def _nobodys(self, answer: AboutOrder) -> list[Command]:
        if 0 < answer.order_id < self._orders.next_id and _is_about_the_end(answer):
            return []  # of an order that was done long ago
        self._surprises.tell("nobodys_order", self._inputs.now, answer.order_id, said=_said(answer))
        return []

    def _unsent(self, working: WorkingOrder, answer: AboutOrder) -> list[Command]:
        self._surprises.of("answer_to_unsent", self._inputs.now, working, said=_said(answer))
        return []


def _is_about_the_end(answer: AboutOrder) -> bool:
    return answer.state in ENDED if type(answer) is Found else type(answer) is not Accepted


def _said(answer: AboutOrder) -> str:
    return type(answer).__name__
