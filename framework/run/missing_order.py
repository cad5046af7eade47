"""Explanation of a missing order: the obstacle at one bar's close, each link with its journal entry."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from framework.errors import DataError
from framework.journal.wording import Wording, units
from framework.rules.money import LARGEST_QUANTITY
from framework.run.explanation import (
    Explanation,
    Link,
    all_rules,
    bar_link,
    columns_link,
    decided_links,
    rules_text,
    spaced,
)
from framework.run.trail import Trail, follow
from framework.types.events import BarCloses, Decided, Submit
from framework.types.orders import Verdict
from framework.types.record import OrderRecord, OrderState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framework.run.trail import ExplainedRun, Follow, Step, Turn
    from framework.types import Panel, RiskRule


class Question(NamedTuple):
    """Question: an instrument and a bar."""

    instrument: int
    row: int
    """Row of the panel at whose close nothing was ordered."""


def why_not(
    run: ExplainedRun, symbol: str, moment: int, rules: Sequence[RiskRule] = (), through: Follow = follow
) -> Explanation:
    """Explain why a run ordered nothing of an instrument at the bar of a moment (UTC ns, any within the bar).

    ``DataError`` when the run has no such instrument, or no bar then.
    """
    asked = Question(instrument_of(run.record.panel, symbol), row_of(run, moment))
    i, close_time = asked.instrument, int(run.record.panel.close_time[asked.row])
    words = Wording(run.record.panel.instruments, run.record.panel.timeframe)

    def concerns(step: Step) -> bool:
        return step.event.moment == close_time and isinstance(step.event, BarCloses | Decided)

    trail = Trail(i, close_time, concerns, lambda step: isinstance(step.event, Decided))
    source = through(run, trail, rules)
    closes, decided = _the_two(trail.steps)
    turns = [turn for turn in trail.turns if turn.seq < decided.seq]
    answer, links = _because(run, asked, decided, _earlier(turns, words), words)
    found = (
        bar_link(closes, i, words),
        *columns_link(run, i, close_time),
        *decided_links(run, decided, i, words),
        *(Link("rules", decided.seq, rules_text(review)) for review in decided.reviews),
        *links,
        Link("stands", decided.seq, standing_text(decided, words)),
    )
    refused = [one.verdict for one in _ends_of(decided, i) if one.state is OrderState.REFUSED]
    verdict = refused[-1] if refused else Verdict(LARGEST_QUANTITY)
    reviewed = all_rules(decided.reviews[-1] if decided.reviews else None, verdict)
    bar = words.bar(int(run.record.panel.time[asked.row]), close_time)
    return Explanation(run.run_id, f"{words.name(i)}, {bar}", answer, source, found, reviewed)


def instrument_of(panel: Panel, symbol: str) -> int:
    """Index of an instrument by its symbol, or by exchange and symbol."""
    names = panel.instruments
    found = [i for i, one in enumerate(names) if symbol.upper() in {one.symbol.upper(), str(one).upper()}]
    if len(found) == 1:
        return found[0]
    msg = f"the run has {'several' if found else 'no'} {symbol}; it has {', '.join(map(str, names))}"
    raise DataError(msg)


def row_of(run: ExplainedRun, moment: int) -> int:
    """The row whose bar a moment lies in."""
    record, words = run.record, Wording(run.record.panel.instruments, run.record.panel.timeframe)
    panel = record.panel
    row = int(np.searchsorted(panel.time, moment, side="right")) - 1
    if row < 0 or moment > panel.close_time[row] - words.daily:  # a day's close is the next date's first moment
        near = panel.time[max(row, 0) : row + 2]
        shown = " and ".join(words.when(int(time)) for time in near)
        msg = f"run {run.run_id} has no bar at {words.when(moment)}; the nearest open at {shown}"
        raise DataError(msg)
    if row < record.first_row:
        first = words.when(int(panel.time[record.first_row]))
        msg = f"the bar of {words.when(moment)} only fed the indicators: the run decides from {first} on"
        raise DataError(msg)
    return row


def _the_two(steps: Sequence[Step]) -> tuple[Step, Step]:
    closes = next(step for step in steps if isinstance(step.event, BarCloses))
    return closes, next(step for step in steps if isinstance(step.event, Decided))


def _ends_of(step: Step, i: int) -> list[OrderRecord]:
    return [fact for fact in step.outcome.facts if isinstance(fact, OrderRecord) and fact.order.instrument == i]


def standing_text(step: Step, words: Wording) -> str:
    """Position, intent and open orders after an input."""
    after = step.after
    parts = [
        f"{units(after.position)} held",
        f"intent {after.intent:g} ({units(after.desired)} units)",
        spaced(after.state),
    ]
    parts += [f"leaving: {spaced(after.leaving)}"] if after.leaving else []
    return "; ".join([*parts, *map(words.ended, after.working)])


# ---------------------------------------------------------------------- the reasons, the first that holds


def _because(
    run: ExplainedRun, asked: Question, decided: Step, earlier: list[Link], words: Wording
) -> tuple[str, list[Link]]:
    """The reason in a sentence, and those of the earlier entries that it rests on."""
    i = asked.instrument
    ordered = [
        command.approved.order
        for command in decided.outcome.commands
        if isinstance(command, Submit) and command.approved.order.instrument == i
    ]
    if ordered:
        return f"it did: {words.order(ordered[0])}; see tulya why {run.run_id} {ordered[0].order_id}", []
    ended = [one for one in _ends_of(decided, i) if one.state is OrderState.REFUSED]
    if ended:
        why = ended[-1].why
        return f"refused: {REFUSALS.get(why, spaced(why))}", []
    known = {one.order.order_id for one in decided.before.working}
    parked = [one for one in decided.after.working if one.order.order_id not in known]
    if parked:
        return f"an order waits until what it replaces or follows is done: {words.ended(parked[0])}", []
    event = decided.event
    assert isinstance(event, Decided)  # noqa: S101 - for the type checker: _the_two looked
    if event.decisions is None:
        return "on_bar asked for nothing of it", []
    if not run.record.panel.close[asked.row, i] > 0.0:
        return "it has no bar then: a target is only taken in on a bar that is there", []
    return _of_target(event.decisions.target[i], decided, words), earlier


def _of_target(target: float, decided: Step, words: Wording) -> str:
    """The strategy gives targets, and the bar is there."""
    before, after = decided.before, decided.after
    entries = [one for one in before.working if not one.order.protective]
    open_order = words.ended(entries[0]) if entries else ""
    reasons = (
        (math.isnan(target), "the strategy gave no target (NaN), which keeps what there is"),
        (
            bool(before.leaving),
            f"a forced exit ({spaced(before.leaving)}) is under way: targets wait until the position is flat",
        ),
        (
            before.ignored_target == target,
            f"reenter is new_signal: after a forced exit the target {target:g} must first change",
        ),
        (
            target != before.intent and after.desired == before.position,
            f"the target {target:g} means {units(before.position)} units, which are held already",
        ),
        (target != before.intent, "what is wanted is under way already"),
        (bool(open_order), f"the target {target:g} is not new, and an order is still open: {open_order}"),
        (target == 0.0 and not before.position, "the target is 0, and nothing is held"),
        (
            bool(before.position),
            f"the target {target:g} is not new: {before.position:+,} units are held for it, and nothing is topped up",
        ),
        (True, f"the target {target:g} is not new, so it does not ask again: what it asked for came to nothing before"),
    )
    return next(text for holds, text in reasons if holds)


def _earlier(turns: Sequence[Turn], words: Wording) -> list[Link]:
    """Latest change of the intent, and the ends of the orders since."""
    since = max((k for k, turn in enumerate(turns) if turn.before != turn.after), default=0)
    links = []
    for turn in turns[since:]:
        if turn.before != turn.after:
            moment = turn.event.moment
            when = words.closing(moment) if isinstance(turn.event, Decided) else words.when(moment)
            links.append(Link("earlier", turn.seq, f"intent {turn.before:g} → {turn.after:g}, {when}"))
        links += [Link("earlier", turn.seq, words.ended(one)) for one in turn.ended]
    return links


REFUSALS = {
    "size_below_one_lot": "the size is below one lot",
    "size_beyond_limit": "the size is beyond what a rule can hold",
    "no_volatility": "the volatility that the sizing divides by is not known yet",
    "no_edge": "the round trips so far show no edge, so kelly sizing gives nothing",
    "short_in_delivery": "a delivery product holds no shorts",
    "after_square_off": "the square-off time has come: nothing is entered until the next session",
    "expired": "the contract expires with this session",
    "reduce_only": "the circuit breaker has tripped: reduce only until the next session",
    "halted": "the circuit breaker has halted the run",
    "ruin": "the account is ruined: its equity fell to 0 or below at a close, and nothing is entered any more",
    "no_price": "there is no price to measure it by",
    "cash": "cash does not cover one lot",
}
"""Reason code → words."""
