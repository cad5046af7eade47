"""Reconciler of a runner: reads the broker's book, and carries out what comparing it with ours comes to."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from framework.errors import BrokerError
from framework.journal.account_entries import AccountFinding, RunnerState
from framework.live.account_book import compare, orders_of_nobody
from framework.live.belief import belief_of
from framework.live.failpoints import failpoint
from framework.live.reconcile import positions_of, reconcile
from framework.live.reconcile_memory import FRESH
from framework.types.events import Found
from framework.types.record import OrderState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from framework.broker.book import BrokerFill, BrokerSnapshot, FillAnnulled
    from framework.broker.port import Broker
    from framework.live.account_book import AccountBook
    from framework.live.account_orders import AccountMember, PositionKey
    from framework.live.clock import Clock
    from framework.live.order_names import OrderNames
    from framework.live.outbox import Gatekeeper
    from framework.live.pretrade_world import PretradeWorld
    from framework.live.reconcile_memory import Discrepancy
    from framework.live.runner_journal import RunnerJournal
    from framework.live.runner_state import RunnerStates
    from framework.pretrade.facts import OpenOrder
    from framework.types.events import Annulled, Answer, Filled

PATIENCE_S = 30.0
"""Seconds that a read may take: everything else waits for it. A broker's own adapter gives up sooner."""
OLDEST_NS = 60_000_000_000
"""A book that was read longer ago, or never by this process, supports no new risk."""
BOOK_OLD = "book_old"


class AccountView(NamedTuple):
    """The account as reconciliation needs it."""

    members: Mapping[str, AccountMember]
    """By session."""
    book: AccountBook
    world: PretradeWorld
    names: OrderNames


class Reconciler:
    """Reconciler of one account. It never sends anything."""

    def __init__(  # noqa: PLR0913 - its neighbours, by name
        self,
        *,
        broker: Broker,
        account: AccountView,
        clock: Clock,
        journal: RunnerJournal,
        states: RunnerStates,
        gate: Gatekeeper,
        give: Callable[[str, Answer | Annulled], object],
        waits: Callable[[str], bool] = lambda _tag: False,
    ) -> None:
        """``give`` hands a session (by name) an answer; ``waits``: a request about a tag waits in the outbox."""
        self._broker = broker
        self._account = account
        self._clock = clock
        self._journal = journal
        self._states = states
        self._gate = gate
        self._give = give
        self._waits = waits
        self._memory = FRESH
        self.read_at = 0
        """When the latest read began, UTC nanoseconds; 0 = none counts any more."""
        self._believed_at = 0
        """The same, and it stays."""
        self._theirs: dict[PositionKey, int] | None = None
        """Positions as the broker showed them last; None: it has not."""
        self._orders_of_nobody: list[OpenOrder] = []
        """As the book was read last."""
        self._is_booking = False
        self._unread: str = ""
        """Why the latest read failed; empty: it did not."""

    async def run(self) -> None:
        """Read and compare, once."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                snapshot = await self._broker.snapshot()
        except (BrokerError, TimeoutError) as failure:
            error = str(failure) or f"the broker's book was not shown in {PATIENCE_S:g} s"
            if not self._unread:
                self._journal.note(AccountFinding("book_unread", error))
            self._unread = error
            if self._clock.now() - self._believed_at > OLDEST_NS:
                self._states.demand(BOOK_OLD, RunnerState.REDUCE_ONLY, error)
            return
        failpoint("snapshot_read")
        self._unread = ""
        self.read_at = self._believed_at = snapshot.as_of
        self._states.lift(BOOK_OLD, "the broker's book was read")
        self._carry_out(snapshot)
        if snapshot.available_paise is not None:
            shown = None if snapshot.orders is None else [one.tag for one in snapshot.orders if not one.state.is_final]
            self._gate.see_funds(snapshot.available_paise, snapshot.as_of, shown)
            failpoint("funds_noted")

    def _carry_out(self, snapshot: BrokerSnapshot) -> None:
        for fill in snapshot.fills or ():
            self.take_fill(fill)
        account = self._account
        if snapshot.orders is not None:
            self._orders_of_nobody = orders_of_nobody(snapshot.orders, account.names, self._last_price)
        if snapshot.positions is not None:
            self._theirs = positions_of(snapshot.positions)
        self._tell_world()
        belief = belief_of(account.members, account.book, account.world.may_be_there, waits=self._waits)
        found = reconcile(belief, snapshot, self._clock.now(), names=account.names, memory=self._memory)
        self._memory = found.memory
        for session, answer in found.answers:
            if isinstance(answer, Found) and answer.state is OrderState.ABSENT:
                working = account.members[session].session.order(answer.order_id)
                if working is not None:
                    account.world.reserve_absent(session, working)
            self._give(session, answer)
        for one in found.findings:
            self._report(one)
        for key in found.lifted:
            self._states.lift(key)

    def _report(self, found: Discrepancy) -> None:
        halted = found.finding._replace(symbol=found.halts, halt=found.key) if found.halts else found.finding
        self._journal.note(halted)
        if found.demand is not None:
            self._states.demand(found.key, found.demand, found.finding.text)
        if found.halts:
            self._account.world.halt_symbol(found.halts, found.finding.text, found.key)

    def _last_price(self, symbol: str) -> float:
        return self._account.world.quote(symbol).price

    def take_fill(self, fill: BrokerFill) -> None:
        """Book an execution, from the news or from a read, once."""
        taken = self._account.book.take(fill, self._clock.now())
        if taken.external is not None:
            self._journal.note(taken.external)
            self._tell_world()
            text = f"somebody else traded {fill.quantity:+d} {fill.symbol} at {fill.price:g}"
            self._journal.note(AccountFinding("external", text, fill.symbol))
        if not taken.owned:
            text = f"execution {fill.fill_id} carries our tag {fill.tag}, and no session has decided on such an order"
            self._states.demand("no_intent", RunnerState.HALTED, text)
        self._hand_out(taken.answers)

    def take_back(self, annulled: FillAnnulled) -> None:
        """F81: corrections for those who have the execution, and nothing new in its symbol.

        One that nobody here remembers halts: a position is not what it is thought to be.
        """
        taken = self._account.book.take_back(annulled.fill_id, annulled.reason, self._clock.now())
        why = f"execution {annulled.fill_id} was annulled by the exchange: {annulled.reason or 'no reason given'}"
        if not taken.known:
            self._states.demand("fill_annulled", RunnerState.HALTED, f"{why}; it is not remembered here")
        if taken.external is not None:
            self._journal.note(taken.external)
            self._tell_world()
        for symbol in taken.symbols:
            cause = f"annulled:{annulled.fill_id}"
            self._journal.note(AccountFinding("fill_annulled", why, symbol, question="resume the symbol?", halt=cause))
            self._account.world.halt_symbol(symbol, why, cause)
        self._hand_out(taken.answers)

    # ------------------------------------------------------------------ a person's answers

    def adopt(self, session: str, symbol: str, quantity: int) -> None:
        """A session is about to take over signed units that the account has."""
        product = self._account.members[session].product
        for entry in self._account.book.adopt(symbol, product, quantity, self._clock.now()):
            self._journal.note(entry)
        self._tell_world()

    def ignore(self, symbol: str) -> int:
        """Signed units that the broker shows of a symbol beyond the books stay nobody's, by the latest read."""
        ignored = 0
        for one in compare(self._account.book.positions(), self._theirs or self._account.book.positions()):
            if one.symbol == symbol:
                units = one.theirs - one.ours
                self._journal.note(self._account.book.note_external(symbol, one.product, units, self._clock.now()))
                ignored += units
        self._tell_world()
        return ignored

    def _tell_world(self) -> None:
        self._account.world.note_external(self._account.book.external, self._orders_of_nobody)

    def _hand_out(self, answers: Sequence[tuple[str, Filled | Annulled]]) -> None:
        """Inputs that belong together: the books agree again after the last one."""
        self._is_booking = True
        for session, answer in answers:
            self._give(session, answer)
        self._is_booking = False
        if answers:
            self.check_books()

    def check_books(self) -> None:
        """Sessions and EXTERNAL hold together what the executions have come to, else nothing new is risked.

        Not while an execution is being handed to those who share it.
        """
        if self._is_booking:
            return
        differences = self._account.book.differences()
        if differences:
            text = "; ".join(
                f"{one.symbol} ({one.product}): the books hold {one.ours:+d}, executions come to {one.theirs:+d}"
                for one in differences
            )
            self._states.demand("books", RunnerState.REDUCE_ONLY, text)
