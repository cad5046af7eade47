"""Ledger of an account: everything that its journal tells, in order, each thing with the number of its entry.

One walk folds every session as a start does (``journal.account_fold``: hashes, commands and facts are compared) and
keeps what projections and day reports are made of. Nothing is computed here that the sessions have not computed.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from framework.journal.account_entries import ACCOUNT_KINDS
from framework.journal.account_fold import AccountFold, FoldedAccount
from framework.journal.chain import Walk
from framework.journal.entries import KINDS, WrittenEntry, written_entry
from framework.journal.errors import JournalError
from framework.live.hours import INDIA, day_of
from framework.types.events import (
    Accepted,
    BarCloses,
    Cancel,
    Change,
    Changed,
    Command,
    Decided,
    Fact,
    Filled,
    Found,
    Input,
    Submit,
)
from framework.types.record import OrderRecord, OrderState, Settlement
from framework.types.timeframe import DAY_NS, SECOND_NS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from framework.journal.account_fold import FoldedSession
    from framework.types import RiskRule

ZONE = ZoneInfo(INDIA)
INDIA_NS = 19_800 * SECOND_NS
"""Clock of India ahead of UTC; it has no summer time."""


class Noted(NamedTuple):
    """A thing of the journal with its place."""

    seq: int
    """Number of the entry."""
    at: int
    """Moment of the entry, UTC nanoseconds."""
    body: Any
    """A body of ``journal.account_entries``, or a fact of a session."""


class SubmittedOrder(NamedTuple):
    """An order as a session handed it over."""

    seq: int
    at: int
    tag: str
    product: str


class RestingStop(NamedTuple):
    """A moment from which a protective stop rests with so many units; 0 = it rests no more."""

    at: int
    order_id: int
    instrument: int
    units: int
    """Units that it would close, ≥ 0."""


class DayEnd(NamedTuple):
    """A session's account at the latest close of a day. Money in paise, since the session began where it adds up."""

    seq: int
    at: int
    equity_paise: int
    cash_paise: int
    exposure_paise: int
    buying_power_paise: int
    deposit_paise: int
    gross_paise: int
    """Realised, before charges."""
    charges_paise: int
    dividends_paise: int
    state: str
    """Trading state."""
    held: tuple[int, ...]
    """Signed units by instrument."""


@dataclass(slots=True)
class SessionLedger:
    """Everything of one session."""

    name: str
    folded: FoldedSession
    strategy: str
    """As the header names it."""
    submitted: dict[int, SubmittedOrder] = field(default_factory=dict)
    heard: dict[int, int] = field(default_factory=dict)
    """Order id → number of the latest entry that tells of it."""
    fills: list[tuple[Noted, str]] = field(default_factory=list)
    """Settlements with the execution's id; empty of what no execution stands behind."""
    decided: list[tuple[Noted, int]] = field(default_factory=list)
    """``Decided`` inputs that say something, with the open of their bar."""
    changes: dict[int, int] = field(default_factory=dict)
    """Order id → changes asked for."""
    changed_at: list[int] = field(default_factory=list)
    """Moments of changes and cancels asked for."""
    stops: list[RestingStop] = field(default_factory=list)
    breaker: list[Noted] = field(default_factory=list)
    surprises: list[Noted] = field(default_factory=list)
    notices: list[Noted] = field(default_factory=list)
    days: dict[int, DayEnd] = field(default_factory=dict)
    """By session day (days since 1970-01-01)."""
    rows: dict[int, int] = field(default_factory=dict)
    """Open of a row of bars → entry that it closed with."""
    spans: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Day → open of its first row and close of its latest, UTC nanoseconds."""
    bars_told: dict[int, int] = field(default_factory=dict)
    """Day → rows that were decided on."""
    by_bars: set[int] = field(default_factory=set)
    """Entries of fills that a market of bars dated at the open of the bar that they were told with."""

    @property
    def symbols(self) -> tuple[str, ...]:
        """``NSE:INFY``, in the order of the session's instruments."""
        return tuple(map(str, self.folded.header.instruments))


@dataclass(slots=True)
class AccountLedger:
    """Everything of an account."""

    folded: FoldedAccount = field(default_factory=FoldedAccount)
    sessions: dict[str, SessionLedger] = field(default_factory=dict)
    entries: dict[type, list[Noted]] = field(default_factory=lambda: defaultdict(list))
    """Entries of the account itself by class, oldest first."""
    inputs: dict[date, int] = field(default_factory=lambda: defaultdict(int))
    """Inputs of all sessions by day."""

    @property
    def account(self) -> str:
        """Name of the account; ``JournalError`` without a first entry."""
        if self.folded.header is None:
            msg = "the journal has no first entry: the runner died before it"
            raise JournalError(msg)
        return self.folded.header.account

    @property
    def days(self) -> list[int]:
        """Session days with a closed bar, rising."""
        return sorted({day for one in self.sessions.values() for day in one.days})

    def on(self, kind: type, day: date) -> list[Noted]:
        """Entries of a class on a day of the exchange."""
        return [one for one in self.entries[kind] if day_at(one.at) == day]


def day_at(moment: int) -> date:
    """Day of a moment, by the exchange's clock."""
    return _day((moment + INDIA_NS) // DAY_NS)


@cache
def _day(number: int) -> date:
    return day_of(number)


def clock_text(moment: int) -> str:
    """Time on the exchange's clock: ``09:17:00``, with milliseconds where there are any."""
    millis = moment % SECOND_NS // 1_000_000
    text = datetime.fromtimestamp(moment // SECOND_NS, ZONE).strftime("%H:%M:%S")
    return f"{text}.{millis:03d}" if millis else text


def moment_text(moment: int) -> str:
    """Day and time on the exchange's clock."""
    return f"{day_at(moment)} {clock_text(moment)}"


def read_ledger(path: Path, rules: Mapping[str, Sequence[RiskRule]] | None = None) -> AccountLedger:
    """Ledger of a journal's file; errors are those of ``journal.account_fold.fold_account``."""
    from framework.store.journal_reader import JournalReader

    with JournalReader(path) as reader:
        return gather(reader.lines(), rules)


def gather(lines: Iterable[bytes], rules: Mapping[str, Sequence[RiskRule]] | None = None) -> AccountLedger:
    """Ledger of a journal's lines. ``rules``: the user's own, by session."""
    walk, ledger = Walk(lines), AccountLedger()
    fold = AccountFold(ledger.folded, rules or {}, records=True)
    for text in walk:
        written = written_entry(text)
        fold.take(written)
        if written.kind == "input":
            _Input(ledger, written).take()
        elif written.kind in ACCOUNT_KINDS:
            kind = KINDS[written.kind]
            ledger.entries[kind].append(Noted(written.seq, written.at, written.value(kind, written.body)))
        elif written.kind == "header":
            name = written.body["name"]
            folded = ledger.folded.sessions[name]
            ledger.sessions[name] = SessionLedger(name, folded, folded.header.strategy)
    ledger.folded.entries, ledger.folded.head = walk.entries, walk.head
    return ledger


class _Input:
    """One input of a session on its way into the ledger."""

    def __init__(self, ledger: AccountLedger, written: WrittenEntry) -> None:
        self.written = written
        self.ledger = ledger.sessions[written.body.get("session", "")]
        ledger.inputs[day_at(written.at)] += 1

    def take(self) -> None:
        """Take the input, the commands and the facts."""
        written, kind = self.written, next(iter(self.written.body["input"]))
        event: Any = None
        if kind in {Decided.__name__, Filled.__name__, Accepted.__name__, Changed.__name__, Found.__name__}:
            event = written.value(Input, written.body["input"])
        if isinstance(event, Decided):
            self._decided(event)
        elif kind == BarCloses.__name__:
            self._closes()
        for command in written.value(tuple[Command, ...], written.body["commands"]):
            self._command(command)
        for fact in written.value(tuple[Fact, ...], written.body["facts"]):
            self._fact(fact, event)
        if isinstance(event, Accepted | Changed | Found):
            self._rests(event.order_id)
        self._day()

    def _closes(self) -> None:
        row = self.ledger.folded.session.last_row
        self.ledger.rows[row.time] = self.written.seq
        first, _ = self.ledger.spans.get(row.session, (row.time, 0))
        self.ledger.spans[row.session] = first, row.close_time

    def _decided(self, event: Decided) -> None:
        row = self.ledger.folded.session.last_row
        self.ledger.bars_told[row.session] = self.ledger.bars_told.get(row.session, 0) + 1
        said = event.decisions is not None and any(target == target for target in event.decisions.target)  # noqa: PLR0124 - NaN
        if said or event.requests:
            self.ledger.decided.append((self._noted(event), row.time))

    def _command(self, command: Command) -> None:
        ledger = self.ledger
        if isinstance(command, Submit):
            order = command.approved.order
            settings = ledger.folded.header.settings
            product = str(settings.product or settings.charges.product or "")
            ledger.submitted[order.order_id] = SubmittedOrder(
                self.written.seq, self.written.at, command.approved.tag, product
            )
            ledger.heard[order.order_id] = self.written.seq
            return
        ledger.changed_at.append(self.written.at)
        if isinstance(command, Change):
            ledger.changes[command.order_id] = ledger.changes.get(command.order_id, 0) + 1
        if isinstance(command, Change | Cancel):
            ledger.heard[command.order_id] = self.written.seq

    def _fact(self, fact: Fact, event: Any) -> None:
        ledger, noted = self.ledger, self._noted(fact)
        if isinstance(fact, Settlement):
            ledger.fills.append((noted, event.fill_id if isinstance(event, Filled) else ""))
            session, filled = ledger.folded.session, fact.fill.time
            of_bars = session.is_open(filled) or filled == session.last_row.close_time
            if of_bars and self.written.at > filled:
                ledger.by_bars.add(self.written.seq)
            self._rests(fact.fill.order_id)
        elif isinstance(fact, OrderRecord):
            ledger.heard[fact.order.order_id] = self.written.seq
            self._rests(fact.order.order_id)
        else:
            kept = {"BreakerEvent": ledger.breaker, "Surprise": ledger.surprises, "Notice": ledger.notices}
            kept.get(type(fact).__name__, []).append(noted)

    def _rests(self, order_id: int) -> None:
        """Note how many units of a protective stop rest now."""
        records = self.ledger.folded.records
        order = self.ledger.folded.session.order(order_id)
        ended = records.orders.get(order_id) if records is not None else None
        known = ended.order if ended is not None else None
        if known is None or not known.protective or not known.trigger > 0.0:
            return
        working = order is not None and order.state is OrderState.WORKING
        units = abs(order.order.quantity - order.filled) if working and order is not None else 0
        self.ledger.stops.append(RestingStop(self.written.at, order_id, known.instrument, units))

    def _day(self) -> None:
        session = self.ledger.folded.session
        row = session.last_row
        if not row.close_time or session.is_in_bar:
            return
        account = session.account
        self.ledger.days[row.session] = DayEnd(
            self.written.seq, self.written.at, session.equity_paise, account.cash_paise, account.exposure_paise(),
            account.buying_power_paise(), account.deposit_paise, account.gross_paise, account.charges_paise,
            account.dividends_paise, str(session.state), tuple(account.quantity),
        )  # fmt: skip

    def _noted(self, body: Any) -> Noted:
        return Noted(self.written.seq, self.written.at, body)
