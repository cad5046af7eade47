"""Orders of a snapshot compared with what we believe of them: each by its cell of the matrix, by tag alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.broker.book import BrokerOrderState
from framework.journal.account_entries import AccountFinding, RunnerState
from framework.live.belief import BelievedOrder, LocalState
from framework.live.reconcile_matrix import MATRIX, MatrixStep
from framework.live.reconcile_memory import ENOUGH_READS, SECOND_NS, Discrepancy
from framework.types import events
from framework.types.record import OrderState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framework.broker.book import BrokerOrder, BrokerSnapshot
    from framework.live.belief import Belief
    from framework.live.order_names import OrderNames
    from framework.live.reconcile_memory import ReconcileTally
    from framework.types.events import Answer

ROWS_WITHIN_NS = 5 * SECOND_NS
"""F16: so long the executions of an order that has filled may be missing."""
SETTLES_NS = 5 * SECOND_NS
"""A cancel or a change that the book does not show so long after it was asked for has come to nothing."""
CLOSE_ENOUGH = 1e-9
QUESTION = "adopt (a strategy takes it over), ignore (it stays nobody's) or close?"
FOUND_AS = {
    BrokerOrderState.FILLED: OrderState.FILLED,
    BrokerOrderState.CANCELLED: OrderState.CANCELLED,
    BrokerOrderState.REFUSED: OrderState.REFUSED,
    BrokerOrderState.EXPIRED: OrderState.EXPIRED,
}
KNOWN_THERE = frozenset({LocalState.WORKING, LocalState.REQUESTED})
OVER = frozenset({LocalState.FILLED, LocalState.ENDED, LocalState.REFUSED})
REDUCE_ONLY, HALTED = RunnerState.REDUCE_ONLY, RunnerState.HALTED


class OrderComparison:
    """The orders of one snapshot on their way through the matrix."""

    def __init__(
        self, belief: Belief, snapshot: BrokerSnapshot, now: int, names: OrderNames, tally: ReconcileTally
    ) -> None:
        self._belief = belief
        self._snapshot = snapshot
        self._now = now
        self._names = names
        self._tally = tally
        self.answers: list[tuple[str, Answer]] = []
        self._known_there = {one.tag for one in belief.orders.values() if one.state in KNOWN_THERE}
        self._shown: set[str] = set()
        """Tags of ours that the book shows."""
        self._steps = {
            MatrixStep.AGREES: self._agrees,
            MatrixStep.COUNT_ABSENT: self._count_absent,
            MatrixStep.COUNT_VANISHED: self._count_vanished,
            MatrixStep.COUNT_ALIVE: self._count_alive,
            MatrixStep.WORKS: self._works,
            MatrixStep.SETTLE: self._settle,
            MatrixStep.ENDS: self._ends,
            MatrixStep.ALIVE_AGAIN: self._alive_again,
            MatrixStep.IN_DOUBT: self._in_doubt,
            MatrixStep.WAIT: self._wait,
            MatrixStep.NO_INTENT: self._no_intent,
            MatrixStep.NEVER_SENT: self._never_sent,
        }

    def is_void(self, orders: Sequence[BrokerOrder]) -> bool:
        """F21: orders are known to work and the book shows none of ours: it is no data."""
        if not self._known_there or any(self._names.owner(one.tag) for one in orders):
            return False
        ours = ", ".join(sorted(self._known_there))
        text = f"{len(self._known_there)} orders work and the broker's book shows none of ours: it is taken for no data"
        self._tally.tell(Discrepancy("book_empty", AccountFinding("book_empty", text, ours=ours, theirs="nothing")))
        return True

    def compare(self, orders: Sequence[BrokerOrder]) -> None:
        """Go through every order that is ours, or shown."""
        ours: dict[str, dict[str, BrokerOrder]] = {}
        for one in orders:
            if self._names.owner(one.tag) is None:
                self._of_somebody_else(one)
                continue
            rows = ours.setdefault(one.tag, {})
            known = rows.get(one.broker_id)
            if known is None or (one.state.is_final, abs(one.filled)) > (known.state.is_final, abs(known.filled)):
                rows[one.broker_id] = one
        self._shown = set(ours)
        for tag in sorted({*ours, *self._belief.orders}):
            shown = list(ours.get(tag, {}).values())
            if len(shown) > 1:
                self._two_of_one_tag(tag, shown)
                continue
            self._compare(self._believed(tag), shown[0] if shown else None)

    def _believed(self, tag: str) -> BelievedOrder:
        """One that is not remembered has ended long ago, if its number was ever given."""
        known = self._belief.orders.get(tag)
        if known is not None:
            return known
        session, order_id = self._names.owner(tag) or ("", 0)
        is_old = order_id < self._belief.next_ids.get(session, 0)
        return BelievedOrder(session, order_id, tag, "", LocalState.ENDED if is_old else LocalState.NO_INTENT, 0, 0)

    def _compare(self, ours: BelievedOrder, theirs: BrokerOrder | None) -> None:
        if theirs is None:
            self._steps[MATRIX[ours.state, None]](ours, None)
        elif ours.quantity and not (theirs.symbol == ours.symbol and theirs.quantity * ours.quantity > 0):
            text = f"order {ours.tag} is for {ours.quantity:+d} {ours.symbol}, the broker shows {spoken(theirs)}"
            self._tally.tell(_of(ours, "not_as_asked", text, theirs, demand=HALTED))
        else:
            self._steps[MATRIX[ours.state, theirs.state]](ours, theirs)

    def _of_somebody_else(self, theirs: BrokerOrder) -> None:
        if not theirs.state.is_final:
            text = f"an order that is not ours rests in the account: {spoken(theirs)}"
            finding = AccountFinding("external_order", text, theirs.symbol, theirs=spoken(theirs))
            self._tally.tell(Discrepancy(f"order:external:{theirs.broker_id}", finding))

    def _two_of_one_tag(self, tag: str, shown: Sequence[BrokerOrder]) -> None:
        """F17."""
        both = "; ".join(sorted(map(spoken, shown)))
        text = f"the broker shows {len(shown)} orders of one tag {tag}: {both}"
        finding = AccountFinding("two_of_one_tag", text, shown[0].symbol, self._believed(tag).session, theirs=both)
        self._tally.tell(Discrepancy(f"order:two_of_one_tag:{tag}", finding, HALTED))

    # ------------------------------------------------------------------ the steps

    def _agrees(self, ours: BelievedOrder, theirs: BrokerOrder | None) -> None:
        if theirs is None or not ours.quantity or not self._fills_agree(ours, theirs):
            return
        if ours.state is not LocalState.WORKING or _same_terms(ours, theirs):
            return
        if self._tally.count(f"order:terms:{ours.tag}", spoken(theirs)).reads > 1:  # one may be older than our change
            text = f"order {ours.tag} ({ours.symbol}) was changed by somebody else; the broker shows {spoken(theirs)}"
            self._tally.tell_once(_of(ours, "changed_elsewhere", text, theirs))
            self._answer(ours, self._found(ours, theirs, OrderState.WORKING))

    def _count_absent(self, ours: BelievedOrder, _theirs: BrokerOrder | None) -> None:
        if self._is_shown_enough("absent", ours):
            text = (
                f"order {ours.tag} ({ours.quantity:+d} {ours.symbol}) never reached the broker by {ENOUGH_READS} reads "
                "of its book; what it was for stays reserved until a person releases it"
            )
            self._tally.tell_once(_of(ours, "absent", text, question="release it?"))
            self._answer(ours, events.Found(self._moment(ours), ours.order_id, OrderState.ABSENT, ours.filled))

    def _count_vanished(self, ours: BelievedOrder, _theirs: BrokerOrder | None) -> None:
        if not self._is_shown_enough("vanished", ours):
            return
        moment, order_id = self._moment(ours), ours.order_id
        if self._snapshot.as_of >= ours.valid_until:
            self._answer(ours, events.Found(moment, order_id, OrderState.EXPIRED, ours.filled))
            return
        text = f"order {ours.tag} ({ours.quantity:+d} {ours.symbol}) worked, and the broker's book does not have it"
        if self._tally.tell(_of(ours, "vanished", text, demand=REDUCE_ONLY)):
            self._answer(ours, events.Found(moment, order_id, OrderState.ABSENT, ours.filled))

    def _count_alive(self, ours: BelievedOrder, theirs: BrokerOrder | None) -> None:
        if theirs is not None and self._is_shown_enough("alive", ours):
            text = f"order {ours.tag} had ended as {ours.state}, and the broker shows it working: {spoken(theirs)}"
            self._tally.tell(_of(ours, "alive", text, theirs, demand=REDUCE_ONLY, question="cancel it, or leave it?"))

    def _works(self, ours: BelievedOrder, theirs: BrokerOrder | None) -> None:
        if theirs is None:
            return
        if self._fills_agree(ours, theirs):
            self._answer(ours, self._found(ours, theirs, OrderState.WORKING))
        else:  # it works all the same; how far it has filled is waited for
            self._answer(ours, events.Accepted(self._moment(ours), ours.order_id))

    def _settle(self, ours: BelievedOrder, theirs: BrokerOrder | None) -> None:
        is_late = self._snapshot.as_of >= ours.asked_at + SETTLES_NS
        if theirs is not None and self._fills_agree(ours, theirs) and is_late:
            self._answer(ours, self._found(ours, theirs, OrderState.WORKING))

    def _alive_again(self, ours: BelievedOrder, theirs: BrokerOrder | None) -> None:
        if theirs is not None:
            text = f"order {ours.tag} was proved absent, and the broker shows it after all: {spoken(theirs)}"
            self._tally.tell_once(_of(ours, "alive_again", text, theirs))
            self._answer(ours, self._found(ours, theirs, OrderState.WORKING))

    def _ends(self, ours: BelievedOrder, theirs: BrokerOrder | None) -> None:
        """Its executions first; what the book says beyond those is waited for, then told once."""
        if theirs is None or (ours.quantity and not self._fills_agree(ours, theirs)) or ours.state in OVER:
            return
        moment, order_id = self._moment(ours), ours.order_id
        if ours.state is LocalState.ABSENT or theirs.state is BrokerOrderState.FILLED:
            self._answer(ours, self._found(ours, theirs, FOUND_AS[theirs.state]))
        elif theirs.state is BrokerOrderState.REFUSED:
            self._answer(ours, events.Refused(moment, order_id, theirs.reason, proof=True, time=theirs.time))
        elif theirs.state is BrokerOrderState.CANCELLED:
            self._answer(ours, events.Cancelled(moment, order_id, theirs.reason))
        else:
            self._answer(ours, events.Expired(moment, order_id))

    def _in_doubt(self, ours: BelievedOrder, theirs: BrokerOrder | None) -> None:
        cause = "the broker's word for its state is not known"
        self._answer(ours, events.Unknown(self._moment(ours), ours.order_id, cause))
        self._wait(ours, theirs)

    def _wait(self, ours: BelievedOrder, theirs: BrokerOrder | None) -> None:
        if theirs is not None:
            text = (
                f"the broker shows order {ours.tag} in a state whose word is not known: {theirs.reason or 'no words'}"
            )
            self._tally.tell(_of(ours, "unknown_word", text, theirs))

    def _no_intent(self, ours: BelievedOrder, theirs: BrokerOrder | None) -> None:
        """F18."""
        if theirs is not None:
            text = (
                f"the broker shows an order with a tag of ours, {ours.tag}, on which no session here has decided: "
                f"{spoken(theirs)}; a restored database, or a second machine on this account?"
            )
            self._tally.tell(_of(ours, "no_intent", text, theirs, demand=HALTED, question=QUESTION))

    def _never_sent(self, ours: BelievedOrder, theirs: BrokerOrder | None) -> None:
        if theirs is not None:
            text = f"order {ours.tag} was never sent from here, and the broker shows it: {spoken(theirs)}"
            self._tally.tell(_of(ours, "never_sent", text, theirs, demand=HALTED, question=QUESTION))

    # ------------------------------------------------------------------ fills

    def _fills_agree(self, ours: BelievedOrder, theirs: BrokerOrder) -> bool:
        """True when the order has filled what was booked of it; what differs is waited for, then told."""
        if abs(ours.filled) > abs(ours.quantity):
            text = f"order {ours.tag} is for {ours.quantity:+d} {ours.symbol}, and {ours.filled:+d} were executed"
            told = _of(ours, "overfilled", text, theirs, demand=REDUCE_ONLY)
            self._tally.tell(told._replace(halts=ours.symbol))
        if theirs.filled == ours.filled:
            return True
        if abs(theirs.filled) < abs(ours.filled):
            return self._is_booked_beyond(ours, theirs) or not theirs.state.is_final
        key = f"order:missing_rows:{ours.tag}:{theirs.filled}"
        if self._snapshot.fills is None:
            self._tally.keep(key)
            return False
        if self._now - self._tally.count(key).first < ROWS_WITHIN_NS:
            return False
        text = (
            f"order {ours.tag} ({ours.symbol}) has filled {theirs.filled:+d} by the broker's book, and its executions "
            f"come to {ours.filled:+d}"
        )
        told = _of(ours, "missing_rows", text, theirs, demand=REDUCE_ONLY)
        if self._tally.tell(told._replace(key=key)):
            state = FOUND_AS.get(theirs.state, OrderState.WORKING)
            self._answer(ours, self._found(ours, theirs, state))
        return False

    def _is_booked_beyond(self, ours: BelievedOrder, theirs: BrokerOrder) -> bool:
        """A read that is older than what we booked, or an execution that was annulled: three reads tell."""
        if not self._is_shown_enough("booked_beyond", ours, f"{theirs.filled}"):
            return False
        text = (
            f"order {ours.tag} ({ours.symbol}) has filled {theirs.filled:+d} by the broker's book, and "
            f"{ours.filled:+d} were booked; was an execution annulled?"
        )
        self._tally.tell(_of(ours, "booked_beyond", text, theirs, demand=REDUCE_ONLY)._replace(halts=ours.symbol))
        return True

    # ------------------------------------------------------------------ words

    def _is_shown_enough(self, what: str, ours: BelievedOrder, shown: str = "") -> bool:
        """One more read shows it; True when that is enough.

        A read that began before the order was sent is none, nor one that shows no other order of those that work.
        """
        key, others = f"order:{what}:{ours.tag}", self._known_there - {ours.tag}
        if self._snapshot.as_of <= ours.asked_at or (others and not others & self._shown):
            self._tally.keep(key)
            return False
        return self._tally.count(key, shown).is_enough

    def _found(self, ours: BelievedOrder, theirs: BrokerOrder, state: OrderState) -> events.Found:
        return events.Found(
            self._moment(ours), ours.order_id, state, theirs.filled, theirs.quantity, theirs.limit, theirs.trigger
        )

    def _answer(self, ours: BelievedOrder, answer: Answer) -> None:
        self.answers.append((ours.session, answer))

    def _moment(self, ours: BelievedOrder) -> int:
        return max(self._now, self._belief.moments.get(ours.session, 0))


def _of(
    ours: BelievedOrder,
    code: str,
    text: str,
    theirs: BrokerOrder | None = None,
    *,
    demand: RunnerState | None = None,
    question: str = "",
) -> Discrepancy:
    """A finding about an order of ours."""
    shown = "not shown" if theirs is None else spoken(theirs)
    symbol = ours.symbol if theirs is None else theirs.symbol
    finding = AccountFinding(
        code, text, symbol, ours.session, f"{ours.state}, filled {ours.filled:+d}", shown, question
    )
    return Discrepancy(f"order:{code}:{ours.tag}", finding, demand)


def _same_terms(ours: BelievedOrder, theirs: BrokerOrder) -> bool:
    """Quantity, and prices that both state: a broker may give a market order a limit of its own."""
    pairs = ((ours.limit, theirs.limit), (ours.trigger, theirs.trigger))
    return theirs.quantity == ours.quantity and all(
        not (one > 0.0 and other > 0.0) or abs(one - other) <= CLOSE_ENOUGH * one for one, other in pairs
    )


def spoken(order: BrokerOrder) -> str:
    """An order of a broker's book in words."""
    named = (("limit", order.limit), ("trigger", order.trigger))
    at = "".join(f" {name} {price:g}" for name, price in named if price > 0.0)
    return f"{order.broker_id} {order.quantity:+d} {order.symbol}{at}, {order.state}, filled {order.filled:+d}"
