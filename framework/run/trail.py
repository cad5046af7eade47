"""Trail: a run handled again, input by input, and what of it concerns one instrument: the ground of why and why not.

The inputs come from the run's journal where there is one, else the event engine makes them again from the bundle. Both
count alike: entry 0 is the header, each input the next one.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from framework.engines import event
from framework.engines.context import BarContext
from framework.engines.rows import DecisionArrays
from framework.errors import DataError
from framework.journal.chain import Walk
from framework.journal.errors import JournalError
from framework.journal.file import read_lines
from framework.journal.fold import fold
from framework.session.explain import RuleReport, explain_review
from framework.types.record import OrderRecord
from framework.usercode.find import find_strategy, source_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from framework.journal.writer import Began
    from framework.report.result import Result
    from framework.session import Session
    from framework.session.review import ReviewRequest
    from framework.strategy import Strategy
    from framework.types import Record, RiskRule, Settings
    from framework.types.events import Input, Outcome
    from framework.types.orders import CancelRequest, OrderRequest

    Wanted = Callable[["Step"], bool]
    Follow = Callable[[Any, "Trail", Sequence[RiskRule]], str]
    """Way to run a run through a trail: ``follow`` is that of a kept one; the answer is the source of its inputs."""


KEPT_TURNS = 20


class ExplainedRun(Protocol):
    """Run whose orders are explained: a kept backtest, or a strategy in the journal of an account."""

    @property
    def run_id(self) -> str:
        """Name of it in sentences."""
        ...

    @property
    def record(self) -> Record:
        """Prices, orders and fills."""
        ...

    @property
    def settings(self) -> Settings:
        """Settings of it."""
        ...


class Standing(NamedTuple):
    """One instrument as the session holds it at a moment."""

    position: int
    """Signed units."""
    average: float
    """Average fill price of the position, rupees; NaN when flat."""
    close: float
    """Last close, rupees; NaN before the first bar."""
    intent: float
    """The last finite target that was taken in."""
    desired: int
    """Signed units that it means."""
    full_units: int
    """Units of a full target, fixed at the opening decision."""
    ignored_target: float
    """``reenter: new_signal``: the target that must first leave; NaN = none."""
    leaving: str
    """Why a forced exit is under way; empty when none is."""
    state: str
    """The trading state."""
    equity_paise: int
    working: tuple[OrderRecord, ...]
    """Open orders, oldest first."""


def standing(session: Session, i: int) -> Standing:
    """Standing of an instrument now."""
    account, book = session.account, session.book(i)
    return Standing(
        position=account.quantity[i],
        average=account.average[i],
        close=account.close[i],
        intent=book.intent,
        desired=book.desired,
        full_units=book.full_units,
        ignored_target=book.ignored_target,
        leaving=str(book.leaving_reason) if book.leaving else "",
        state=str(session.state),
        equity_paise=session.equity_paise,
        working=tuple(working.record() for working in session.working(i)),
    )


class ReviewedOrder(NamedTuple):
    """One order under review."""

    quantity: int
    """Signed units asked for."""
    rules: tuple[RuleReport, ...]
    """What each built-in rule said of it."""


class Step(NamedTuple):
    """One input, and what came of it."""

    seq: int
    """Number of its entry."""
    event: Input
    outcome: Outcome
    before: Standing
    after: Standing
    reviews: tuple[ReviewedOrder, ...]


class Turn(NamedTuple):
    """An input that changed the intent of the instrument, or ended an order of it."""

    seq: int
    event: Input
    before: float
    """The intent; so is ``after``."""
    after: float
    ended: tuple[OrderRecord, ...]


class EnoughError(Exception):
    """Everything that was wanted has been seen."""


class Trail:
    """Steps of one instrument, kept as they pass; handed to the event engine or to a fold as the way to the session."""

    def __init__(self, i: int, since: int, keep: Wanted, enough: Wanted) -> None:
        """``keep`` chooses steps from the moment ``since`` on; the run ends after the one that is ``enough``."""
        self.steps: list[Step] = []
        self.turns: deque[Turn] = deque(maxlen=KEPT_TURNS)
        """The latest ones, from the beginning of the run."""
        self._i = i
        self._since = since
        self._keep = keep
        self._enough = enough
        self._reviews: list[ReviewedOrder] = []
        self._seq = 0

    def over(self, session: Session, _began: Began) -> Callable[[Input], Outcome]:
        """See ``framework.engines.event.RunRecorder``: entries are counted as a journal counts them."""

        def handle(one: Input) -> Outcome:
            self._seq += 1
            return self.take(self._seq, session, one)

        return handle

    def ended(self, session: Session) -> None:
        """See ``framework.engines.event.RunRecorder``."""

    def take(self, seq: int, session: Session, one: Input) -> Outcome:
        """Hand an input to the session and keep what is wanted of it."""
        book = session.book(self._i)
        intent = book.intent
        outcome = session.handle(one) if one.moment < self._since else self._look_at(seq, session, one)
        facts = outcome.facts
        ended = tuple(one for one in facts if isinstance(one, OrderRecord) and one.order.instrument == self._i)
        if ended or intent != book.intent:
            self.turns.append(Turn(seq, one, intent, book.intent, ended))
        if self.steps and self._enough(self.steps[-1]):
            raise EnoughError
        return outcome

    def _look_at(self, seq: int, session: Session, one: Input) -> Outcome:
        before = standing(session, self._i)
        self._reviews = []
        session.review.listener = partial(self._reviewed, session)
        outcome = session.handle(one)
        session.review.listener = None
        step = Step(seq, one, outcome, before, standing(session, self._i), tuple(self._reviews))
        if self._keep(step):
            self.steps.append(step)
        return outcome

    def _reviewed(self, session: Session, asked: ReviewRequest) -> None:
        if asked.order.instrument == self._i:
            self._reviews.append(ReviewedOrder(asked.order.quantity, explain_review(session, asked)))


def follow(result: Result, trail: Trail, rules: Sequence[RiskRule] = ()) -> str:
    """Run a kept run through a trail; returns where its inputs came from.

    ``rules``: the user's own that it was run under. ``DataError`` where it cannot be run again.
    """
    path, head = result.provenance.get("journal", ""), result.provenance.get("journal_head", "")
    is_there = bool(path) and _head_of(Path(path)) == head
    with suppress(EnoughError):
        if is_there:
            fold(read_lines(Path(path)), rules, through=trail.take)
        else:
            _run_again(result, trail, rules)
    if is_there:
        return f"journal {path}"
    return AGAIN if not path else f"{AGAIN}: {path} is gone, or the journal of another run by now"


AGAIN = "the event engine, which ran the kept run again"


def _head_of(path: Path) -> str:
    """The last hash of a journal that is sound; empty where there is none."""
    if not path.is_file():
        return ""
    walk = Walk(read_lines(path))
    with suppress(JournalError):
        for _ in walk:
            pass
    return walk.head if walk.broken is None else ""


def _run_again(result: Result, trail: Trail, rules: Sequence[RiskRule]) -> None:
    record, given = result.record, tuple(type(rule).__name__ for rule in rules)
    if given != record.rules:
        msg = (
            f"run {result.run_id} was run under risk rules of your own: {', '.join(record.rules) or 'none'}; hand over "
            f"the same, not {', '.join(given) or 'none'} (--risk-rule FILE.py:NAME)"
        )
        raise DataError(msg)
    if not record.style:
        msg = f"run {result.run_id} was kept by an earlier version without all its decisions; run the backtest again"
        raise DataError(msg)
    on_bar = None
    if record.targets is None:
        context, strategy = BarContext(record.panel, record.settings.adjust), _strategy_of(result)
        on_bar = partial(_ask, context, strategy)
    event.run(
        record.panel,
        record.settings,
        decisions=None if record.targets is None else DecisionArrays(record.targets, **record.prices),
        on_bar=on_bar,
        style=record.style,
        first_row=record.first_row,
        rules=rules,
        recorder=trail,
    )


def _ask(context: BarContext, strategy: Strategy, session: Session, row: int) -> list[OrderRequest | CancelRequest]:
    return context.ask(strategy, session, row)


def _strategy_of(result: Result) -> Strategy:
    """The strategy that acted bar by bar, as it was."""
    strategy = find_strategy(result.strategy).from_settings(result.parameters)
    if source_hash(type(strategy)) != result.provenance.get("strategy_sha256"):
        msg = (
            f"{result.strategy} has changed since run {result.run_id}, so on_bar() would not ask for the same again; "
            "run the backtest again, with --journal to keep what it asked for"
        )
        raise DataError(msg)
    return strategy
