"""The event engine: Session and the simulated exchange over history, one bar at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from framework.engines.rows import bar_inputs
from framework.engines.volatility import with_volatility
from framework.errors import InvariantError
from framework.exchange import SimulatedExchange
from framework.journal.writer import Began
from framework.session import Session
from framework.types.breaker import BreakerEvent
from framework.types.events import NOTHING, Decided, Outcome, Revalue, SessionEnds, Surprise
from framework.types.made import made
from framework.types.panel import actions_within
from framework.types.record import AppliedAction, Notice, OrderRecord, Record, Settlement, SimulatedFill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from framework.engines.rows import DecisionArrays
    from framework.types import Panel, RiskRule
    from framework.types.events import Answer, Input
    from framework.types.orders import CancelRequest, OrderRequest
    from framework.types.settings import RunSettings


def run(
    panel: Panel,
    settings: RunSettings,
    *,
    decisions: DecisionArrays | None = None,
    on_bar: Callable[[Session, int], Sequence[OrderRequest | CancelRequest]] | None = None,
    style: str = "signals",
    first_row: int = 0,
    last_row: int | None = None,
    rules: Sequence[RiskRule] = (),
    recorder: RunRecorder | None = None,
    progress: Callable[[int], None] | None = None,
) -> Record:
    """Run decisions (or an ``on_bar`` callback) over panel rows [first_row, last_row) and hand back the record.

    ``recorder`` looks on; ``progress`` is called with the number of rows done, about a hundred times.
    """
    last = len(panel) if last_row is None else last_row
    decisions = decisions and with_volatility(decisions, panel, settings, style)
    actions = actions_within(panel, settings, first_row, last)
    session = Session(panel.instruments, settings, style=style, rules=rules, actions=actions)
    began = Began(int(panel.time[first_row]), style, panel.timeframe, actions=tuple(actions))
    looking_on = recorder or NoRecorder()
    handle = looking_on.over(session, began)
    host = SimulatedHost(session, SimulatedExchange(panel.instruments, settings, session.account), handle)
    exchange, account, follow, take = host.exchange, session.account, host.follow, host.take
    serve = exchange.serve
    has_deadlines = panel.deadlines is not None
    same_close = settings.fill_at == "same_close"
    equity: list[int] = []
    cash: list[int] = []
    exposure: list[int] = []
    step = max((last - first_row) // 100, 1)

    inputs = bar_inputs(panel, decisions, first_row, last)
    for t, (opening, closing, answer) in enumerate(inputs, start=first_row):
        row = closing.row
        if (outcome := handle(opening)) is not NOTHING:
            follow(outcome)
        for told in serve(row):
            take(told)
        if (outcome := handle(closing)) is not NOTHING:
            follow(outcome)
        if on_bar is not None:
            answer = Decided(answer.moment, answer.decisions, tuple(on_bar(session, t)))  # noqa: PLW2901 - completed
        if (outcome := handle(answer)) is not NOTHING:
            follow(outcome)
        if same_close:
            host.fill_at_close(exchange.fill_at_close(row), closing.moment)
        if has_deadlines and opening.ends_session:
            take(SessionEnds(closing.moment))
            host.fill_at_close(exchange.close_out(row, account.close), closing.moment)
        equity.append(session.equity_paise)
        cash.append(account.cash_paise)
        exposure.append(account.exposure_paise() if account.held else 0)
        if progress is not None and (t - first_row) % step == 0:
            progress(t - first_row + 1)
    looking_on.ended(session)
    return Record(
        engine="event",
        panel=panel,
        settings=settings,
        first_row=first_row,
        settlements=tuple(host.settlements),
        orders=host.order_records(),
        notices=tuple(host.notices),
        equity_paise=np.array(equity, dtype=np.int64),
        cash_paise=np.array(cash, dtype=np.int64),
        exposure_paise=np.array(exposure, dtype=np.int64),
        positions=tuple(account.quantity),
        targets=None if decisions is None else decisions.target,
        breaker_events=tuple(host.breaker_events),
        actions=tuple(host.actions),
    )


class RunRecorder(Protocol):
    """Recorder of a run: it stands between host and session, to write a journal or to explain."""

    def over(self, session: Session, began: Began, /) -> Callable[[Input], Outcome]:
        """Entrance for the host's inputs instead of ``session.handle``: the same, and it keeps what it wants."""
        ...

    def ended(self, session: Session) -> None:
        """The run came to its end."""
        ...


class NoRecorder:
    """A recorder that keeps nothing."""

    def over(self, session: Session, _began: Began) -> Callable[[Input], Outcome]:
        """See ``RunRecorder.over``."""
        return session.handle

    def ended(self, session: Session) -> None:
        """See ``RunRecorder.ended``."""


class SimulatedHost:
    """Between Session and the simulated exchange: commands there, answers back at once, facts kept."""

    def __init__(
        self, session: Session, exchange: SimulatedExchange, handle: Callable[[Input], Outcome] | None = None
    ) -> None:
        """``handle``: the session's own, or a recorder's over it."""
        self.session = session
        self.exchange = exchange
        self._handle = handle or session.handle
        self.settlements: list[Settlement] = []
        self.notices: list[Notice] = []
        self.ended: dict[int, OrderRecord] = {}
        """Orders that have ended, by id."""
        self.breaker_events: list[BreakerEvent] = []
        self.actions: list[AppliedAction] = []
        self._keep: dict[type, Callable[[Any], None]] = {
            Settlement: self._settle,
            Notice: self.notices.append,
            OrderRecord: self._end,
            BreakerEvent: self.breaker_events.append,
            AppliedAction: self.actions.append,
            Surprise: _refuse_surprise,
        }

    def take(self, event: Input) -> None:
        """Hand an input to Session and carry out what follows; each answer is taken before the next command goes."""
        outcome = self._handle(event)
        if outcome is not NOTHING:
            self.follow(outcome)

    def follow(self, outcome: Outcome) -> None:
        """Keep the facts and carry out the commands of one input."""
        for fact in outcome.facts:
            self._keep[type(fact)](fact)
        for command in outcome.commands:
            told = self._handle(self.exchange.execute(command, self.session.inputs.moment))
            if told is not NOTHING:
                self.follow(told)

    def fill_at_close(self, answers: Iterable[Answer], close: int) -> None:
        """Hand over what fills at a close itself, and have the account valued once more."""
        for told in answers:
            self.take(told)
        self.take(Revalue(close))

    def _settle(self, booked: Settlement) -> None:
        """The exchange reports a fill, which is booked at once; what was paid out for a fraction is no fill of its."""
        known = self.exchange.simulated[-1] if booked.fill.order_id else SimulatedFill(booked.fill.price, at_open=True)
        self.settlements.append(made(Settlement, (*booked[:-1], known)))

    def _end(self, record: OrderRecord) -> None:
        self.ended[record.order.order_id] = record

    def order_records(self) -> tuple[OrderRecord, ...]:
        """Every order so far, refused ones included, by order id."""
        every = [*self.ended.values(), *self.session.open_orders()]
        return tuple(sorted(every, key=lambda record: record.order.order_id))


def _refuse_surprise(surprise: Surprise) -> None:
    """The simulated exchange is ours: what surprises Session there is a mistake of one of the two."""
    msg = f"the simulated exchange surprised the session: {surprise.code}: {surprise.text}"
    raise InvariantError(msg)
