"""Status of an account: the one screen, as a fold of its journal, entry by entry; never the runner's memory.

``StatusFold`` takes entries as a follower hands them on. Sessions are folded as a start folds them, so that positions,
orders and money are the sessions' own figures; where this program answers otherwise than the one that wrote the
journal, the status says so (``problem``) and goes on with what needs no session.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from framework.errors import TulyaError
from framework.journal.account_fold import AccountFold, FoldedAccount
from framework.journal.entries import written_entry
from framework.live.exposure import OrphanExposure, RestingOrder, exposure_if_orphaned
from framework.live.hours import INDIA
from framework.live.order_names import tag_of
from framework.live.traded_strategy import product_of
from framework.types.events import BarCloses
from framework.types.record import OrderState
from framework.types.timeframe import SECOND_NS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from framework.journal.account_entries import DrillEnded, RunnerState
    from framework.journal.account_fold import FoldedSession
    from framework.journal.entries import WrittenEntry
    from framework.session.instrument_state import WorkingOrder
    from framework.types import RiskRule

ZONE = ZoneInfo(INDIA)
SHOWN_FINDINGS = 8
SESSION_KINDS = frozenset({"input", "checkpoint", "header"})
ANSWERS = frozenset({"adopt", "ignore", "close"})
NOT_AT_BROKER = frozenset({OrderState.PARKED})


class OrderStep(NamedTuple):
    """Something that was done about an order."""

    at: int
    """UTC nanoseconds."""
    kind: str
    """``sending``, ``returned`` or ``denied``."""
    text: str


class OpenOrderStatus(NamedTuple):
    """An order that may still fill."""

    session: str
    tag: str
    order_id: int
    symbol: str
    quantity: int
    """Signed units of the whole order."""
    filled: int
    type: str
    limit: float
    """Rupees; NaN where the type has none. So is trigger."""
    trigger: float
    state: str
    reason: str
    steps: tuple[OrderStep, ...] = ()
    """Everything that was tried."""


class PositionStatus(NamedTuple):
    """A position."""

    session: str
    """Empty: nobody's."""
    symbol: str
    product: str
    quantity: int
    """Signed units."""
    average: float
    """Rupees; NaN of what is nobody's. So is close."""
    close: float


class StrategyStatus(NamedTuple):
    """A strategy's session."""

    session: str
    strategy: str
    timeframe: str
    symbols: tuple[str, ...]
    state: str
    """Trading state of the session itself."""
    equity_paise: int
    cash_paise: int
    last_bar: int
    """Close of the last bar that it has closed, UTC nanoseconds; 0 = none."""
    stopped: str
    """Why it decides no more: its own code failed; empty: it decides."""


class SymbolStatus(NamedTuple):
    """An instrument that some strategy trades."""

    symbol: str
    last_bar: int
    """Close of its last bar in any row, UTC nanoseconds; 0 = none."""


class FindingStatus(NamedTuple):
    """A finding."""

    at: int
    """UTC nanoseconds."""
    code: str
    symbol: str
    text: str
    question: str


class DayCounts(NamedTuple):
    """Counts of a day of the exchange."""

    day: date
    orders: int = 0
    fills: int = 0
    refusals: int = 0
    """By the gate, by this machine, by the broker."""
    findings: int = 0


class AccountStatus(NamedTuple):
    """Status of an account at one entry of its journal."""

    account: str
    stage: str
    deployment: str
    run: str
    replayed: tuple[str, ...]
    """Days that it replays; none of a run by the wall clock."""
    ended: str
    """Cause of the latest run's end; empty: it has not ended in good order, or has not yet."""
    state: RunnerState
    causes: dict[str, str]
    """Cause → state that it demands."""
    changed_at: int
    """Moment of the latest change of state, UTC nanoseconds; 0 = none."""
    reconciled_at: int
    """Moment at which a start was reconciled with the broker's book, UTC nanoseconds; 0 = never."""
    strategies: tuple[StrategyStatus, ...]
    symbols: tuple[SymbolStatus, ...]
    """By name."""
    positions: tuple[PositionStatus, ...]
    orders: tuple[OpenOrderStatus, ...]
    unknown: tuple[OpenOrderStatus, ...]
    """Orders of which nobody knows what became; among ``orders`` too."""
    absent: tuple[OpenOrderStatus, ...]
    """Orders that the broker's book has not shown, and that no person has released: they block on."""
    today: DayCounts
    findings: tuple[FindingStatus, ...]
    """The latest ones, newest first."""
    questions: tuple[FindingStatus, ...]
    """Findings that wait for a person's answer."""
    drill: DrillEnded | None
    entries: int
    at: int
    """Moment of the latest entry, UTC nanoseconds."""
    problem: str
    """Cause why the sessions' figures are not to be had; empty without one."""


@dataclass(slots=True)
class _Told:
    """Entries of the account itself, beside the fold."""

    changed_at: int = 0
    reconciled_at: int = 0
    today: DayCounts = field(default_factory=lambda: DayCounts(date.min))
    findings: deque[FindingStatus] = field(default_factory=lambda: deque(maxlen=SHOWN_FINDINGS))
    questions: dict[tuple[str, str], FindingStatus] = field(default_factory=dict)
    steps: dict[str, list[OrderStep]] = field(default_factory=dict)
    """By tag."""
    closed: dict[str, int] = field(default_factory=dict)
    """Symbol → close of its last bar."""


class StatusFold:
    """Fold of a journal to a status, for as long as somebody looks on."""

    def __init__(self, rules: Mapping[str, Sequence[RiskRule]] | None = None) -> None:
        """``rules``: the user's own, by session."""
        self.folded = FoldedAccount()
        self._fold = AccountFold(self.folded, rules or {})
        self._told = _Told()
        self._problem = ""
        self._entries = 0

    def take(self, text: bytes) -> None:
        """Take the next entry, as its text."""
        written = written_entry(text)
        self._entries = written.seq + 1
        self._count(written)
        if self._problem and written.kind in SESSION_KINDS:
            return
        try:
            self._fold.take(written)
            self._note_bars(written)
        except TulyaError as error:
            self._problem = str(error)

    def _note_bars(self, written: WrittenEntry) -> None:
        """Of a row of bars the symbols that have one; each symbol is there from its session's header on."""
        closed, sessions = self._told.closed, self.folded.sessions
        if written.kind == "header":
            for instrument in sessions[written.body["name"]].session.instruments:
                closed.setdefault(str(instrument), 0)
        elif written.kind == "input" and BarCloses.__name__ in written.body["input"]:
            session = sessions[written.body.get("session", "")].session
            row = session.last_row
            for instrument, close in zip(session.instruments, row.close, strict=True):
                if close > 0.0:
                    closed[str(instrument)] = max(closed[str(instrument)], row.close_time)

    def _count(self, written: WrittenEntry) -> None:
        told, body, at = self._told, written.body, written.at
        day = datetime.fromtimestamp(at // SECOND_NS, ZONE).date()
        if day != told.today.day:
            told.today = DayCounts(day)
        today = told.today
        if written.kind == "input":
            ended = [fact["OrderRecord"] for fact in body["facts"] if "OrderRecord" in fact]
            today = today._replace(
                orders=today.orders + sum("Submit" in one for one in body["commands"]),
                fills=today.fills + ("Filled" in body["input"]),
                refusals=today.refusals + sum(one["state"] == OrderState.REFUSED and not one["why"] for one in ended),
            )
            for one in ended:
                told.steps.pop(tag_of(body.get("session", ""), one["order"]["order_id"]), None)
        elif written.kind in {"sending", "returned", "denied"}:
            told.steps.setdefault(body["tag"], []).append(OrderStep(at, written.kind, _step_text(written.kind, body)))
            today = today._replace(refusals=today.refusals + (written.kind == "denied"))
        elif written.kind == "state":
            told.changed_at = at
            if body["cause"] == "reconciled":
                told.reconciled_at = at
        elif written.kind == "finding":
            found = FindingStatus(at, body["code"], body["symbol"], body["text"], body["question"])
            told.findings.appendleft(found)
            today = today._replace(findings=today.findings + 1)
            if found.question:
                told.questions[found.code, found.symbol] = found
        elif written.kind == "command" and body["name"] in ANSWERS | {"resume"}:
            about = body["arguments"].get("symbol", "")
            told.questions = {
                key: one for key, one in told.questions.items() if about and not _same_symbol(one.symbol, about)
            }
        told.today = today

    # ------------------------------------------------------------------ the status

    def status(self) -> AccountStatus:
        """Status at the latest entry."""
        folded, told = self.folded, self._told
        orders = tuple(order for one in folded.sessions.items() for order in self._orders_of(*one))
        header, run, stopped = folded.header, folded.run, folded.stopped
        return AccountStatus(
            account=header.account if header else "",
            stage=header.stage if header else "",
            deployment=run.deployment if run else "",
            run=run.run if run else "",
            replayed=tuple(run.replayed) if run else (),
            ended=stopped.cause if stopped else "",
            state=stopped.state if stopped else folded.state,
            causes={cause: str(state) for cause, state in folded.demands.items()},
            changed_at=told.changed_at,
            reconciled_at=told.reconciled_at,
            strategies=tuple(
                _strategy(name, one, folded.held_back.failed.get(name, "")) for name, one in folded.sessions.items()
            ),
            symbols=tuple(SymbolStatus(*one) for one in sorted(told.closed.items())),
            positions=tuple(self._positions()),
            orders=orders,
            unknown=tuple(one for one in orders if one.state == OrderState.UNKNOWN),
            absent=tuple(self._absent()),
            today=told.today,
            findings=tuple(told.findings),
            questions=tuple(told.questions.values()),
            drill=folded.drill,
            entries=self._entries,
            at=folded.at,
            problem=self._problem,
        )

    def _orders_of(self, name: str, folded: FoldedSession) -> Iterable[OpenOrderStatus]:
        session = folded.session
        for i, instrument in enumerate(session.instruments):
            for working in session.working(i):
                tag = working.tag
                steps = tuple(self._told.steps.get(tag, ()))
                yield _order(name, str(instrument), working, tag)._replace(steps=steps)

    def _absent(self) -> Iterable[OpenOrderStatus]:
        released = self.folded.held_back.released
        for name, folded in self.folded.sessions.items():
            session = folded.session
            for working in session.known_orders():
                if working.state is OrderState.ABSENT and working.tag not in released:
                    yield _order(name, str(session.instruments[working.order.instrument]), working, working.tag)

    def _positions(self) -> Iterable[PositionStatus]:
        for name, folded in self.folded.sessions.items():
            account = folded.session.account
            for i, instrument in enumerate(folded.session.instruments):
                if account.quantity[i]:
                    average, close = account.average[i], account.close[i]
                    yield PositionStatus(
                        name, str(instrument), product_of(folded.header.settings), account.quantity[i], average, close
                    )
        for (symbol, product), quantity in sorted(self.folded.external.items()):
            if quantity:
                yield PositionStatus(
                    "", symbol, product, quantity, float("nan"), self.prices().get(symbol, float("nan"))
                )

    def prices(self) -> dict[str, float]:
        """Last closes by symbol, rupees; without those that no bar has told."""
        found: dict[str, tuple[int, float]] = {}
        for folded in self.folded.sessions.values():
            session = folded.session
            for instrument, close in zip(session.instruments, session.account.close, strict=True):
                known = found.get(str(instrument))
                if close > 0.0 and (known is None or known[0] < session.last_row.close_time):
                    found[str(instrument)] = (session.last_row.close_time, close)
        return {symbol: close for symbol, (_, close) in found.items()}

    def exposure(self, shock_percent: float) -> OrphanExposure:
        """Loss at a shock, if the process died now; see ``framework.live.exposure``."""
        held: dict[tuple[str, str], int] = {}
        for one in self._positions():
            held[one.symbol, one.product] = held.get((one.symbol, one.product), 0) + one.quantity
        resting = [
            RestingOrder(
                str(instrument),
                product_of(folded.header.settings),
                working.remaining,
                working.order.type,
                working.order.limit,
                working.order.trigger,
                working.is_known_open,
            )
            for folded in self.folded.sessions.values()
            for i, instrument in enumerate(folded.session.instruments)
            for working in folded.session.working(i)
            if working.state not in NOT_AT_BROKER
        ]
        return exposure_if_orphaned(held, resting, self.prices(), shock_percent)


def _strategy(name: str, folded: FoldedSession, stopped: str) -> StrategyStatus:
    session, header = folded.session, folded.header
    return StrategyStatus(
        name,
        header.strategy,
        header.timeframe,
        tuple(map(str, session.instruments)),
        str(session.state),
        session.equity_paise,
        session.account.cash_paise,
        session.last_row.close_time if folded.last_row else 0,
        stopped,
    )


def _order(session: str, symbol: str, working: WorkingOrder, tag: str) -> OpenOrderStatus:
    order = working.order
    return OpenOrderStatus(
        session,
        tag,
        order.order_id,
        symbol,
        order.quantity,
        working.filled,
        order.type.name.lower(),
        order.limit,
        order.trigger,
        str(working.state),
        str(order.reason),
    )


def _step_text(kind: str, body: Mapping[str, Any]) -> str:
    request = body["request"]
    if kind == "sending":
        return f"{request}: handed to the broker"
    if kind == "denied":
        return f"{request}: denied here, {body['code']} is {body['value']}, may be {body['bound']}"
    why = " ".join(filter(None, (body["code"], body["reason"])))
    return f"{request}: {body['outcome']}{f', {why}' if why else ''}"


def _same_symbol(one: str, other: str) -> bool:
    names = {other.upper(), other.upper().partition(":")[2]}
    return one.upper() in names or one.upper().partition(":")[2] in names
