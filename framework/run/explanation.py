"""Explanation of an order: from the bar that decided it to its charges, each link with its journal entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from framework.engines.rows import PRICE_NAMES
from framework.errors import DataError
from framework.journal.wording import Wording
from framework.report.charge_breakdown import NAMES, charged
from framework.run.sizes import size_text
from framework.run.trail import Trail, follow
from framework.session.explain import RuleReport
from framework.types.currency import money_text
from framework.types.events import BarCloses, Cancel, Change, Decided, Filled, Submit
from framework.types.orders import Reason
from framework.types.record import OrderRecord, OrderState, Settlement
from framework.types.rupees import in_groups, price_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from framework.market.contract_note import Components
    from framework.run.trail import ExplainedRun, Follow, ReviewedOrder, Step
    from framework.types import RiskRule, Verdict
    from framework.types.events import Command


class Link(NamedTuple):
    """One step of an explanation."""

    what: str
    """``bar``, ``columns``, ``target``, ``size``, ``rules``, ``order``, ``fill``, ``charges``, ``end``, …."""
    entry: int | None
    """Number of the journal's entry; None where it is of no entry."""
    text: str


class Explanation(NamedTuple):
    """Explanation of an order, or of there being none."""

    run_id: str
    subject: str
    """The order, or the instrument and the bar."""
    answer: str
    """One sentence."""
    source: str
    """Where the inputs came from: a journal, or the event engine."""
    links: tuple[Link, ...]
    rules: tuple[RuleReport, ...] = ()
    """What each rule said of the order, in the order in which they are asked."""


def why(run: ExplainedRun, order_id: int, rules: Sequence[RiskRule] = (), through: Follow = follow) -> Explanation:
    """Explain an order of a kept run: how it came about and what became of it; ``DataError`` when there is none."""
    record = _order_of(run, order_id)
    order = record.order

    def concerns(step: Step) -> bool:
        decides = step.event.moment == order.decided_at and isinstance(step.event, BarCloses | Decided)
        return decides or mentions(step, order_id)

    def is_over(step: Step) -> bool:
        return any(_ends(fact, order_id) for fact in step.outcome.facts)

    trail = Trail(order.instrument, order.decided_at, concerns, is_over)
    source = through(run, trail, rules)
    words = Wording(run.record.panel.instruments, run.record.panel.timeframe)
    review = _review_of(trail.steps, record)
    links = (
        *_decision(run, trail.steps, record, words),
        *_with_levies(_life(trail.steps, record, words), run, order_id),
    )
    return Explanation(
        run.run_id, words.order(order), _answer(record), source, links, all_rules(review, record.verdict)
    )


def spaced(code: str) -> str:
    """A reason code as words."""
    return str(code).replace("_", " ")


def _order_of(run: ExplainedRun, order_id: int) -> OrderRecord:
    found = next((one for one in run.record.orders if one.order.order_id == order_id), None)
    if found is None:
        last = max((one.order.order_id for one in run.record.orders), default=0)
        known = f"it has 1 to {last}, listed in orders.csv of its bundle" if last else "it has none"
        msg = f"run {run.run_id} has no order {order_id}; {known}"
        raise DataError(msg)
    return found


def _answer(record: OrderRecord) -> str:
    order, verdict = record.order, record.verdict
    because = REASONS.get(order.reason, spaced(order.reason))
    shrunk = ""
    if record.requested != verdict.quantity:
        shrunk = (
            f"; {verdict.reason.replace('_', ' ')} left {abs(verdict.quantity):,} of {abs(record.requested):,} units"
        )
    ended = f" ({record.why.replace('_', ' ')})" if record.why else ""
    return f"{because}{shrunk}; it ended {record.state.value}{ended}" if record.ended_at else f"{because}{shrunk}"


REASONS = {
    Reason.SIGNAL: "a new target asked for it",
    Reason.REBALANCE: "the weight was brought back to its size",
    Reason.ORDER: "on_bar asked for it",
    Reason.STOP_LOSS: "it protects the position: the stop",
    Reason.TAKE_PROFIT: "it protects the position: the target",
    Reason.TRAILING_STOP: "it protects the position: the trailing stop",
    Reason.TIME_EXIT: "the position was held as long as it may be",
    Reason.SQUARE_OFF: "the square-off time had come",
    Reason.EXPIRY: "the contract expired",
    Reason.RISK: "the circuit breaker tripped, and on_trip is flatten",
}


def mentions(step: Step, order_id: int) -> bool:
    """True when an input, a command or a fact is of this order."""
    return any(_id_of(one) == order_id for one in (step.event, *step.outcome.commands, *step.outcome.facts))


def _id_of(one: Any) -> int:
    if isinstance(one, Submit):
        return one.approved.order.order_id
    if isinstance(one, Filled | Settlement):
        return one.fill.order_id
    return one.order.order_id if isinstance(one, OrderRecord) else getattr(one, "order_id", 0)


def _ends(fact: Any, order_id: int) -> bool:
    return isinstance(fact, OrderRecord) and fact.order.order_id == order_id


def _review_of(steps: Sequence[Step], record: OrderRecord) -> ReviewedOrder | None:
    """The review that the order came from, or was refused in."""
    decided = [step for step in steps if step.event.moment == record.order.decided_at]
    same = (review for step in decided for review in step.reviews if review.quantity == record.requested)
    return next(same, None)


def all_rules(review: ReviewedOrder | None, verdict: Verdict) -> tuple[RuleReport, ...]:
    """Verdicts of every rule, one of the user's own too where it left less than the built-in ones."""
    if review is None:
        return ()
    left = min(one.units for one in review.rules)
    if abs(verdict.quantity) < left:
        units, reason = abs(verdict.quantity), verdict.reason
        return (*review.rules, RuleReport(reason, left, units, "", "", "words", reason))
    return review.rules


# ---------------------------------------------------------------------- bar → columns → target → size → rules


def _decision(run: ExplainedRun, steps: Sequence[Step], record: OrderRecord, words: Wording) -> Iterator[Link]:
    order = record.order
    i, decides = order.instrument, order.reason in {Reason.SIGNAL, Reason.REBALANCE, Reason.ORDER}
    for step in steps:
        if step.event.moment != order.decided_at:
            continue
        if isinstance(step.event, BarCloses) and (decides or mentions(step, order.order_id)):
            yield bar_link(step, i, words)
            if decides:
                yield from columns_link(run, i, order.decided_at)
        elif isinstance(step.event, Decided) and decides:
            yield from decided_links(run, step, i, words)
            review = _review_of([step], record)
            if review is not None:
                yield Link("rules", step.seq, rules_text(review))


def bar_link(step: Step, i: int, words: Wording) -> Link:
    """The bar of an instrument that closed."""
    event = step.event
    assert isinstance(event, BarCloses)  # noqa: S101 - for the type checker: callers looked
    row = event.row
    when = words.bar(row.time, row.close_time)
    if not row.close[i] > 0.0:
        return Link("bar", step.seq, f"none of {words.name(i)} in the {when}")
    prices = ", ".join(f"{name} {price_text(getattr(row, name)[i])}" for name in ("open", "high", "low", "close"))
    return Link("bar", step.seq, f"{words.name(i)}, {when}: {prices}")


def columns_link(run: ExplainedRun, i: int, close_time: int) -> Iterator[Link]:
    """The strategy's own columns at a row."""
    panel = run.record.panel
    row = int(np.searchsorted(panel.close_time, close_time))
    columns = run.record.columns.get(panel.symbols[i], {})
    said = ", ".join(f"{name} {values[row]:,.6g}" for name, values in columns.items())
    if said:
        yield Link("columns", None, said)


def decided_links(run: ExplainedRun, step: Step, i: int, words: Wording) -> Iterator[Link]:
    """Target or request of the strategy for an instrument, and the size that it means."""
    event, before, after = step.event, step.before, step.after
    assert isinstance(event, Decided)  # noqa: S101 - for the type checker: callers looked
    for request in event.requests:
        if request.instrument == i:
            yield Link("request", step.seq, words.say(request))
    if event.decisions is None:
        return
    given = {name: getattr(event.decisions, name) for name in PRICE_NAMES}
    beside = [(name, values[i]) for name, values in given.items() if values is not None and values[i] > 0.0]
    extra = "".join(f", {spaced(name)} {price_text(value)}" for name, value in beside)
    target = event.decisions.target[i]
    said = f"{target:g} (before {before.intent:g})" if target == target else f"none (keeps {before.intent:g})"  # noqa: PLR0124 - NaN
    yield Link("target", step.seq, said + extra)
    if after.desired != before.desired or after.desired != before.position:
        yield Link("size", step.seq, size_text(run, event.decisions, step, i))


def rules_text(review: ReviewedOrder) -> str:
    """The verdict of all rules in one line."""
    held = [one for one in review.rules if one.units < one.asked]
    said = f"{len(review.rules)} rules were asked about {abs(review.quantity):,} units"
    if not held:
        return f"{said}: all pass"
    return f"{said}: {', '.join(f'{one.rule} leaves {one.units:,}' for one in held)}"


# ---------------------------------------------------------------------- order → changes → fills → charges → end


def _life(steps: Sequence[Step], record: OrderRecord, words: Wording) -> Iterator[Link]:
    order_id = record.order.order_id
    for step in steps:
        if mentions(step, order_id):
            yield from _told(step, order_id, words)
            yield from _followed(step, order_id, words)


def _with_levies(links: Iterator[Link], run: ExplainedRun, order_id: int) -> Iterator[Link]:
    """The same links; under a broker's plan each sum of charges is followed by its parts."""
    parts: Iterator[Components] = iter(())
    if run.settings.charges.plan:
        parts = (levies for booked, levies in charged(run.record) if booked.fill.order_id == order_id)
    for link in links:
        yield link
        levies = next(parts, None) if link.what == "charges" else None
        if levies is not None:
            paid = [(NAMES[name], paise) for name, paise in levies._asdict().items() if paise]
            said = [f"{name} {money_text(paise / 100, run.record.panel.currency)}" for name, paise in paid]
            yield Link("levies", link.entry, ", ".join(said) or "none")


def _told(step: Step, order_id: int, words: Wording) -> Iterator[Link]:
    """The input itself, unless it is a bar or a decision, which the first half of the explanation shows."""
    event = step.event
    if isinstance(event, BarCloses | Decided):
        return
    if _id_of(event) != order_id:
        yield Link("cause", step.seq, f"{type(event).__name__} {words.say(event)}".strip())
    elif isinstance(event, Filled):
        yield Link("fill", step.seq, words.filled(event))
    else:
        yield Link("answer", step.seq, f"{type(event).__name__.lower()} {words.say(event)}")


def _followed(step: Step, order_id: int, words: Wording) -> Iterator[Link]:
    """Commands and facts of the order."""
    for command in step.outcome.commands:
        if _id_of(command) == order_id:
            what = "order" if isinstance(command, Submit) else "change" if isinstance(command, Change) else "cancel"
            yield Link(what, step.seq, words.say(command))
            yield from _level(step, command)
    for fact in step.outcome.facts:
        if _id_of(fact) == order_id:
            what = {Settlement: "charges", OrderRecord: "end"}.get(type(fact), "fact")
            yield Link(what, step.seq, _end_text(fact) if isinstance(fact, OrderRecord) else words.say(fact))


def _level(step: Step, command: Command) -> Iterator[Link]:
    """Distance of a protective price from the average fill."""
    protects = isinstance(command, Change) or (isinstance(command, Submit) and command.approved.order.protective)
    if isinstance(command, Cancel) or not protects:
        return
    order = command.approved.order if isinstance(command, Submit) else command
    price, average = order.trigger if order.trigger > 0.0 else order.limit, step.after.average
    if price > 0.0 and average > 0.0:
        away = f"{in_groups(f'{price - average:+.10g}')} ({(price - average) / average:+.2%})"
        text = f"{price_text(price)}: {away} from the average fill of {price_text(average)}"
        yield Link("level", step.seq, text)


def _end_text(record: OrderRecord) -> str:
    filled = f", {record.filled:+,} filled" if record.state is not OrderState.FILLED and record.filled else ""
    why = f": {spaced(record.why)}" if record.why else ""
    return f"{record.state.value}{filled}{why}"
