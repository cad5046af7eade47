"""Trail: a run handled again, input by input, and what of it concerns one instrument: the ground of why and why not.

The inputs come from the run's journal where there is one, else the event engine makes them again from the bundle. Both
count alike: entry 0 is the header, each input the next one.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from framework.engines import event
from framework.engines.context import BarContext
from framework.engines.rows import DecisionArrays
from framework.errors import DataError
from framework.journal.file import read_lines
from framework.journal.fold import fold
from framework.session.explain import RuleReport, explain_review
from framework.types.events import Decided

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from framework.report.result import Result
    from framework.session import Session
    from framework.session.review import ReviewRequest
    from framework.types import Panel, RiskRule, Settings, Verdict
    from framework.types.events import Input, Outcome
    from framework.types.orders import OrderRequest, CancelRequest

    Wanted = Callable[["Step"], bool]


class Standing(NamedTuple):
    """One instrument as the session holds it at a moment."""

    position: int
    """Signed units."""
    intent: float
    desired: int
    full_units: int
    ignored_target: float
    leaving: str
    """Why a forced exit is under way; empty when none is."""
    state: str
    """The trading state."""
    equity_paise: int
    buying_power_paise: int
    working: tuple[str, ...]
    """Open orders in words."""


class Review(NamedTuple):
    """One order under review."""

    quantity: int
    """Signed units asked for."""
    verdict: Verdict
    rules: tuple[RuleReport, ...]


class Step(NamedTuple):
    """One input, and what came of it."""

    seq: int
    """Number of its entry."""
    event: Input
    outcome: Outcome
    before: Standing
    after: Standing
    reviews: tuple[Review, ...]


class _EnoughError(Exception):
    """Everything that was wanted has been seen."""


class Trail:
    """Steps of one instrument, kept as they pass; handed to the event engine or to a fold as the way to the session."""

    def __init__(self, i: int, keep: Wanted, enough: Wanted) -> None:
        """``keep`` chooses steps; the run ends after the one that is ``enough``."""
        self.steps: list[Step] = []
        self._i = i
        self._keep = keep
        self._enough = enough
        self._reviews: list[Review] = []
        self._seq = 0

    def over(self, session: Session, _panel: Panel) -> Callable[[Input], Outcome]:
        """See ``framework.engines.event.Recorder``: entries are counted as a journal counts them."""

        def handle(one: Input) -> Outcome:
            self._seq += 1
            return self.take(self._seq, session, one)

        return handle

    def take(self, seq: int, session: Session, one: Input) -> Outcome:
        """Hand an input to the session and keep what is wanted of it."""
        before = standing(session, self._i)
        self._reviews = []
        if isinstance(one, Decided):
            session.review.listener = lambda asked, verdict: self._reviewed(session, asked, verdict)
        outcome = session.handle(one)
        session.review.listener = None
        step = Step(seq, one, outcome, before, standing(session, self._i), tuple(self._reviews))
        if self._keep(step):
            self.steps.append(step)
        if self._enough(step):
            raise _EnoughError
        return outcome

    def _reviewed(self, session: Session, asked: ReviewRequest, verdict: Verdict) -> None:
        if asked.order.instrument == self._i:
            self._reviews.append(Review(asked.order.quantity, verdict, explain_review(session, asked, verdict)))


def follow(result: Result, trail: Trail, rules: Sequence[RiskRule] = ()) -> str:
    """Run a kept run through a trail; returns where its inputs came from."""
    path = result.provenance.get("journal", "")
    if path and Path(path).is_file():
        try:
            fold(read_lines(Path(path)), rules, through=trail.take)
        except _EnoughError:
            pass
        return f"journal {path}"
    _run_again(result, trail, rules)
    return "the event engine, run again from the bundle"
