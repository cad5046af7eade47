"""Fold of an account's journal: every session by its own inputs, and what the runner was about to do when it ended.

Start-up and recovery are this one path. A request stands where its entries leave it:

- commanded, and nothing after it: it was never sent (the process died, or it waited in the outbox). It is *void*: the
  session hears a refusal, and decides anew.
- ``sending``, and no ``returned``: nobody knows. It is *unknown*: the session hears so, the broker is asked by its tag,
  and it is never sent again.
- ``returned`` or ``denied``: settled; the session's own input stands right after it, in the same transaction.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from framework.journal.account_entries import (
    CLEARED,
    LIFTED,
    TAKEN_BACK,
    AccountFinding,
    AccountHeader,
    CommandHeard,
    Denied,
    DrillEnded,
    ExternalFill,
    OrderDropped,
    RequestDeferred,
    RequestName,
    Returned,
    RunnerState,
    RunStarted,
    RunStopped,
    Sending,
    StateChanged,
    StrategyMemory,
)
from framework.journal.chain import Walk
from framework.journal.entries import KINDS, JournalHeader, WrittenEntry, written_entry
from framework.journal.errors import JournalError
from framework.journal.fold import compare_state, hand_over, handle_again, session_of
from framework.journal.held_back import HeldBack
from framework.journal.session_records import SessionRecords
from framework.session import state
from framework.types.events import BarCloses, Cancel, Filled, Submit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from framework.journal.fold import Through
    from framework.session import Session
    from framework.types import RiskRule
    from framework.types.events import Command

Key = tuple[str, int, RequestName]
"""Session, order id, request."""


@dataclass(slots=True)
class FoldedSession:
    """A session of the account as its inputs left it."""

    header: JournalHeader
    session: Session
    inputs: int = 0
    memory: str = ""
    """Of an ``on_bar`` strategy: plain JSON."""
    last_row: int = 0
    """Open of the last bar that was closed, UTC nanoseconds; 0 = none."""
    fill_ids: set[str] = field(default_factory=set)
    """Executions that were booked."""
    records: SessionRecords | None = None
    """What became of everything, where a reader asked for it."""


@dataclass(slots=True)
class FoldedAccount:
    """An account as its journal leaves it."""

    header: AccountHeader | None = None
    sessions: dict[str, FoldedSession] = field(default_factory=dict)
    commanded: dict[Key, Command] = field(default_factory=dict)
    """Requests that were never sent: they are void."""
    deferred: dict[Key, int] = field(default_factory=dict)
    """Those of them that wait for the market to open, with the moment, UTC nanoseconds."""
    sent: dict[Key, Command] = field(default_factory=dict)
    """Requests that were about to leave, without an outcome: unknown."""
    denied: list[Denied] = field(default_factory=list)
    """Requests that were let not leave, where a reader asked for records."""
    broker_ids: dict[str, str] = field(default_factory=dict)
    """Tag → the broker's name of the order."""
    external: dict[tuple[str, str], int] = field(default_factory=dict)
    """(symbol, product) → signed units of no strategy."""
    external_ids: set[str] = field(default_factory=set)
    """Executions that were booked as such, annulled or not."""
    external_fills: dict[str, ExternalFill] = field(default_factory=dict)
    """Those of them that were not annulled, by their id."""
    state: RunnerState = RunnerState.STARTING
    demands: dict[str, RunnerState] = field(default_factory=dict)
    """Causes that hold the account back, with the state that each demands."""
    run: RunStarted | None = None
    stopped: RunStopped | None = None
    """How the latest run ended; None: it did not end in good order, or has not."""
    drill: DrillEnded | None = None
    held_back: HeldBack = field(default_factory=HeldBack)
    heard: set[str] = field(default_factory=set)
    """Commands of persons that were carried out, by id: none is carried out twice."""
    entries: int = 0
    head: str = ""
    at: int = 0
    """Moment of the latest entry, UTC nanoseconds."""


def fold_account(
    lines: Iterable[bytes], rules: Mapping[str, Sequence[RiskRule]] | None = None, *, records: bool = False
) -> FoldedAccount:
    """The account that a journal leads to; every hash, command, fact and checkpoint is compared.

    ``rules``: the user's own, by session. ``records``: gather orders, fills and marks as well. Raises as ``fold.fold``
    does.
    """
    walk = Walk(lines)
    account = FoldedAccount()
    folding = AccountFold(account, rules or {}, records=records)
    for text in walk:
        folding.take(written_entry(text))
    account.entries, account.head = walk.entries, walk.head
    return account


class AccountFold:
    """One fold on its way."""

    def __init__(
        self,
        account: FoldedAccount,
        rules: Mapping[str, Sequence[RiskRule]],
        *,
        records: bool = False,
        through: Mapping[str, Through] | None = None,
    ) -> None:
        """``through``: see ``fold.fold``, by session."""
        self._account = account
        self._through = through or {}
        self._records = records
        self._rules = rules
        self._take: dict[type, Callable[[Any], None]] = {
            AccountHeader: self._begin,
            RunStarted: self._start,
            Sending: self._sending,
            Returned: self._returned,
            Denied: self._denied,
            RequestDeferred: self._deferred,
            OrderDropped: self._dropped,
            StateChanged: self._changed,
            AccountFinding: self._account.held_back.find,
            ExternalFill: self._external,
            StrategyMemory: self._remember,
            CommandHeard: self._hear,
            RunStopped: self._stop,
            DrillEnded: self._drilled,
        }

    def take(self, written: WrittenEntry) -> None:
        """Take the next entry."""
        self._account.at = written.at
        if written.kind == "input":
            self._input(written)
        elif written.kind == "header":
            header: JournalHeader = written.value(JournalHeader, written.body)
            session = session_of(header, self._rules.get(header.name, ()))
            records = SessionRecords() if self._records else None
            self._account.sessions[header.name] = FoldedSession(header, session, records=records)
        elif written.kind == "checkpoint":
            if written.body["version"] == state.VERSION:
                compare_state(written, self._of(written, written.body["session"]).session)
        elif (kind := KINDS[written.kind]) in self._take:
            self._take[kind](written.value(kind, written.body))

    def _input(self, written: WrittenEntry) -> None:
        name = written.body.get("session", "")
        folded = self._of(written, name)
        event, outcome = handle_again(written, folded.session, folded.header, self._through.get(name, hand_over))
        folded.inputs += 1
        if folded.records is not None:
            folded.records.take(folded.session, event, outcome)
        if isinstance(event, BarCloses):
            folded.last_row = event.row.time
        elif isinstance(event, Filled):
            folded.fill_ids.add(event.fill_id)
        for command in outcome.commands:
            self._account.commanded[key_of(name, command)] = command

    def _of(self, written: WrittenEntry, name: str) -> FoldedSession:
        found = self._account.sessions.get(name)
        if found is None:
            msg = f"entry {written.seq} is of session {name!r}, which has no header before it"
            raise JournalError(msg)
        return found

    def _begin(self, header: AccountHeader) -> None:
        self._account.header = header

    def _start(self, run: RunStarted) -> None:
        self._account.run, self._account.stopped = run, None

    def _sending(self, sending: Sending) -> None:
        key = (sending.session, sending.order_id, sending.request)
        command = self._account.commanded.pop(key, None)
        if command is not None:
            self._account.sent[key] = command

    def _returned(self, returned: Returned) -> None:
        command = self._account.sent.pop((returned.session, returned.order_id, returned.request), None)
        if command is not None and returned.request is not RequestName.CANCEL:
            self._account.held_back.answer(returned, command, self._account.at)
        if returned.broker_id:
            self._account.broker_ids[returned.tag] = returned.broker_id

    def _denied(self, denied: Denied) -> None:
        self._account.commanded.pop((denied.session, denied.order_id, denied.request), None)
        if self._records:
            self._account.denied.append(denied)

    def _deferred(self, deferred: RequestDeferred) -> None:
        self._account.deferred[deferred.session, deferred.order_id, deferred.request] = deferred.until

    def _dropped(self, dropped: OrderDropped) -> None:
        for request in RequestName:
            key = (dropped.session, dropped.order_id, request)
            self._account.commanded.pop(key, None)
            self._account.deferred.pop(key, None)

    def _changed(self, changed: StateChanged) -> None:
        account = self._account
        account.state = changed.after
        if changed.demand == CLEARED:
            account.demands.clear()
            account.held_back.resume()
        elif changed.demand == LIFTED:
            account.demands.pop(changed.cause, None)
        elif changed.demand:
            account.demands[changed.cause] = RunnerState(changed.demand)

    def _external(self, fill: ExternalFill) -> None:
        key, units = (fill.symbol, fill.product), self._account.external
        units[key] = units.get(key, 0) + fill.quantity
        if fill.fill_id.startswith(TAKEN_BACK):
            self._account.external_fills.pop(fill.fill_id.removeprefix(TAKEN_BACK), None)
        elif fill.fill_id:
            self._account.external_ids.add(fill.fill_id)
            self._account.external_fills[fill.fill_id] = fill

    def _remember(self, memory: StrategyMemory) -> None:
        self._account.sessions[memory.session].memory = memory.state

    def _hear(self, command: CommandHeard) -> None:
        self._account.heard.add(command.arguments.get("id", ""))
        self._account.held_back.hear(command)

    def _stop(self, stopped: RunStopped) -> None:
        self._account.stopped = stopped

    def _drilled(self, drill: DrillEnded) -> None:
        self._account.drill = drill


def key_of(session: str, command: Command) -> Key:
    """Key of a command's request."""
    if isinstance(command, Submit):
        return (session, command.approved.order.order_id, RequestName.PLACE)
    request = RequestName.CANCEL if isinstance(command, Cancel) else RequestName.CHANGE
    return (session, command.order_id, request)


def as_text(value: Any) -> str:
    """Number or text of a verdict, as an entry keeps it."""
    return repr(value) if isinstance(value, float) else str(value)
