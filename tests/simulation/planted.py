"""Planted bugs: one-line mistakes in the production code, each of which the simulation must notice.

Several were seen in published code of others. A bug is a patch of one attribute; ``caught_at`` runs seeds until a
violation is found.
"""

import logging
from contextlib import ExitStack
from typing import NamedTuple
from unittest.mock import patch

import framework.live.activity as activity_module
import framework.live.day_report as day_report_module
import framework.live.outbox as outbox_module
import framework.live.runner as runner_module
from framework.broker.book import BrokerFill, BrokerOrderState, BrokerSnapshot
from framework.broker.port import OrderUnknown, OutgoingOrder
from framework.errors import BrokerError
from framework.journal.account_entries import RequestName
from framework.journal.errors import JournalError
from framework.live import bar_checks, barrier
from framework.live.account_book import AccountBook
from framework.live.account_gate import AccountGate
from framework.live.account_orders import AccountOrders
from framework.live.clock_lag import ClockLag
from framework.live.order_names import OrderNames
from framework.live.outbox import Outbox
from framework.live.reconciler import Reconciler
from framework.live.repeats import Repeats
from framework.live.row_trader import RowTrader
from framework.live.runner import Runner
from framework.live.runner_journal import RunnerJournal
from framework.live.runner_state import RunnerStates
from framework.pretrade import gate
from framework.pretrade.answers import ALLOW
from framework.session.answers import BrokerAnswers
from framework.session.orders import Orders
from framework.session.protection import Protection
from framework.session.surprises import Surprises
from framework.types import events
from tests.simulation.line import BrokerLine
from tests.simulation.world import run_seed

MOST_SEEDS = 500
"""Seeds within which a bug must be caught."""


class PlantedBug(NamedTuple):
    """Bug: a patch of one attribute."""

    name: str
    text: str
    """What the code does, as a sentence without its subject."""
    target: object
    attribute: str
    replacement: object


def _resend(original):
    async def leave(self, outgoing):
        outcome = await original(self, outgoing)
        return await original(self, outgoing) if isinstance(outcome, OrderUnknown) else outcome

    return leave


def _resend_at_boot(original):
    def answer_again(self, key, *, sent):
        command = self._folded.sent.get(key) if sent else None
        if command is None:
            original(self, key, sent=sent)
        else:
            self.outbox.put(self.traded[key[0]], [command])

    return answer_again


def _no_signals(original):
    def count(found, kind, symbol, hour):
        if kind != activity_module.SIGNALS:
            original(found, kind, symbol, hour)

    return count


def _written_off(item, outcome, moment, original=outbox_module.answer_of):
    if isinstance(outcome, OrderUnknown) and item.request is RequestName.PLACE:
        return events.Refused(moment, item.order_id, outcome.cause)
    return original(item, outcome, moment)


def _cancelled_at_once(item, outcome, moment, original=outbox_module.answer_of):
    if item.request is RequestName.CANCEL:
        return events.Cancelled(moment, item.order_id)
    return original(item, outcome, moment)


def _changed_at_once(item, outcome, moment, original=outbox_module.answer_of):
    if item.request is RequestName.CHANGE and isinstance(outcome, OrderUnknown):
        return events.Changed(moment, item.order_id)
    return original(item, outcome, moment)


def _accepted_anyway(item, outcome, moment, original=outbox_module.answer_of):
    if item.request is RequestName.PLACE and isinstance(outcome, OrderUnknown):
        return events.Accepted(moment, item.order_id)
    return original(item, outcome, moment)


async def _not_durable(self, *, durable=False):
    if self._noted:
        noted, self._noted = self._noted, []
        self._writer.submit(noted, durable=False)


async def _errors_ignored(self, *, durable=False):
    noted, self._noted = self._noted, []
    written = self._writer.submit(noted, durable=durable)
    try:
        if durable:
            await written
    except JournalError:
        pass


async def _allowed(self, item, working):
    return True


def _no_demands(original):
    def begin(self, note, demands=None):
        original(self, note, None)

    return begin


def _last_order(self, tag):
    name, number = tag[:-8], tag[-8:]
    if name not in self._sessions:
        return None
    self.latest = max(getattr(self, "latest", 0), int(number))
    return name, self.latest


def _first_session(self, tag):
    return (min(self._sessions), int(tag[-8:])) if tag[-8:].isdigit() else None


def _dropped_while_down(original):
    def take(self, news):
        if isinstance(news, BrokerFill) and "broker_down" in self.states.demands:
            return
        original(self, news)

    return take


def _unheard_fills(original):
    def take(self, news):
        if not isinstance(news, BrokerFill):
            original(self, news)

    return take


def _not_compared(self, snapshot):
    """The book is read for its funds alone."""


def _empty_for_failure(original):
    async def snapshot(self):
        try:
            return await original(self)
        except BrokerError:
            return BrokerSnapshot(self._world.clock.now(), None, None, (), None)

    return snapshot


def _cancelled_word(original):
    def answer(order, traded, order_id, moment):
        if order.state is BrokerOrderState.UNKNOWN:
            return events.Cancelled(moment, order_id, order.reason)
        return original(order, traded, order_id, moment)

    return answer


def _intraday(original):
    async def outgoing(self, item, working):
        found = await original(self, item, working)
        return found._replace(product="MIS") if isinstance(found, OutgoingOrder) else found

    return outgoing


def _forgotten_after_refused_cancel(self, answer):
    from framework.session.lifecycle import CANCELLED

    working = self._orders.get(answer.order_id)
    return [] if working is None else self.end(working, CANCELLED, "")


def _sized_by_orders(original):
    def place(self, i, number, kind, reason, price, now):
        coming = sum(one.remaining for one in self._orders.of(i) if not one.order.reduces)
        held = self._account.quantity[i]
        self._account.quantity[i] = held + coming if held * coming > 0 else held
        try:
            return original(self, i, number, kind, reason, price, now)
        finally:
            self._account.quantity[i] = held

    return place


def _not_sent(original):
    def put(self, traded, commands):
        kept = [
            one
            for one in commands
            if not (isinstance(one, events.Submit) and one.approved.order.reduces and not one.approved.order.protective)
        ]
        original(self, traded, kept)

    return put


def _untold(code):
    def make(original):
        def tell(self, told, *given, **words):
            if told != code:
                original(self, told, *given, **words)

        return tell

    return make


def _raised(original):
    async def decide(self, traded, row):
        if traded.stopped:
            await original(self, traded, row)
            return
        at, traded.decider.at = traded.decider.at, _raising(traded.decider.at)
        try:
            await original(self, traded, row)
        finally:
            traded.decider.at = at

    return decide


def _raising(at):
    def decide(row, session):
        try:
            return at(row, session)
        except Exception as error:
            raise ZeroDivisionError from error

    return decide


def _zero_known(original):
    def may_be_there(self, working):
        return str(working.state) != "unknown" and original(self, working)

    return may_be_there


def _twice_taken(original):
    def take(self, fill, moment):
        self.seen.discard(fill.fill_id)
        return original(self, fill, moment)

    return take


def _external_nobody(original):
    def take(self, fill, moment):
        taken = original(self, fill, moment)
        return taken if fill.tag else taken._replace(answers=(), external=None)

    return take


def _halted_passes(original):
    def review(self, item, working, now):
        from framework.types.portfolio import TradingState

        self.world.state = TradingState.ACTIVE
        return original(self, item, working, now)

    return review


def wrapped(name, text, target, attribute, make):
    """A bug that goes through the original."""
    return PlantedBug(name, text, target, attribute, make(getattr(target, attribute)))


BUGS = (
    wrapped(
        "resend_on_unknown", "places again after a timeout or an error of the gateway",
        Outbox, "_leave", _resend,
    ),
    wrapped(
        "resend_at_boot", "sends again what had no outcome before a crash",
        Runner, "_answer_again", _resend_at_boot,
    ),
    PlantedBug("early_write_off", "takes an unknown outcome for refused", outbox_module, "answer_of", _written_off),
    PlantedBug(
        "unknown_is_accepted", "takes an unknown outcome for accepted",
        outbox_module, "answer_of", _accepted_anyway,
    ),
    PlantedBug(
        "cancel_is_done", "takes a cancel for done once it was asked",
        outbox_module, "answer_of", _cancelled_at_once,
    ),
    PlantedBug("change_is_done", "takes an unknown change for made", outbox_module, "answer_of", _changed_at_once),
    PlantedBug(
        "no_durable_flush", "does not wait for the disk before it sends",
        RunnerJournal, "flush", _not_durable,
    ),
    PlantedBug(
        "errors_of_the_disk", "goes on when the journal cannot be written",
        RunnerJournal, "flush", _errors_ignored,
    ),
    PlantedBug("gate_bypass", "does not ask the gate", Outbox, "_may_leave", _allowed),
    PlantedBug("gate_lets_all_go", "allows whatever is asked", gate, "review", lambda *_: ALLOW),
    wrapped(
        "halt_ignored", "judges every request as if the account was active",
        AccountGate, "review", _halted_passes,
    ),
    wrapped("halt_forgotten", "clears a halt by a restart", RunnerStates, "__init__", _no_demands),
    PlantedBug("repeats_forgotten", "sends again what was refused three times", Repeats, "review", lambda *_: ALLOW),
    wrapped(
        "unknown_not_counted", "leaves an unknown order out of the exposure",
        AccountOrders, "may_be_there", _zero_known,
    ),
    PlantedBug(
        "one_tag", "gives every order the same tag",
        Orders, "tag_of", lambda self, _: f"{self._name}00000001",
    ),
    PlantedBug("fill_by_look_back", "gives a fill to the latest order", OrderNames, "owner", _last_order),
    PlantedBug("session_collision", "gives every fill to one strategy", OrderNames, "owner", _first_session),
    wrapped(
        "fill_while_down", "drops a fill while its own flag says down",
        Runner, "take_news", _dropped_while_down,
    ),
    wrapped("fills_of_reads_only", "does not take fills from the news", Runner, "take_news", _unheard_fills),
    PlantedBug("never_compares", "reads the book for its funds only", Reconciler, "_carry_out", _not_compared),
    wrapped("failed_read_is_flat", "takes a failed read for no position", BrokerLine, "snapshot", _empty_for_failure),
    wrapped(
        "unknown_word_is_end", "takes an unknown state for cancelled",
        runner_module, "order_answer", _cancelled_word,
    ),
    wrapped("unknown_product", "sends another product than the strategy's", Outbox, "_outgoing", _intraday),
    PlantedBug(
        "refused_cancel_forgets", "forgets the order whose cancel was refused", BrokerAnswers, "cancel_refused",
        _forgotten_after_refused_cancel,
    ),
    wrapped("stop_by_order", "sizes a stop by what was ordered", Protection, "_place", _sized_by_orders),
    wrapped("exit_not_sent", "records an exit and does not send it", Outbox, "put", _not_sent),
    wrapped("silent_unknown", "tells nobody of an unknown order", Surprises, "tell", _untold("unknown")),
    wrapped(
        "silent_unanswered", "tells nobody of an order without an answer",
        Surprises, "tell", _untold("unanswered"),
    ),
    wrapped("strategy_kills", "dies of an exception in a strategy", RowTrader, "_decide", _raised),
    PlantedBug("insane_bar_taken", "takes whatever the feed calls a bar", barrier, "fault_of", lambda *_: ""),
    wrapped("fill_seen_again", "books a fill as often as it is told", AccountBook, "take", _twice_taken),
    wrapped("hand_trade_ignored", "does not book what somebody else traded", AccountBook, "take", _external_nobody),
    PlantedBug(
        "void_not_told", "does not tell a session what was never sent",
        Runner, "_answer_again", lambda *_, **__: None,
    ),
    PlantedBug("clock_believed", "takes its own clock for right", ClockLag, "hear", lambda *_: None),
    PlantedBug(
        "ratio_untold", "tells nobody of a high order-to-trade ratio",
        day_report_module, "day_findings", lambda *_: [],
    ),
    wrapped("signals_uncounted", "counts bars and orders of a day alone", activity_module, "_count", _no_signals),
)  # fmt: skip
BY_NAME = {bug.name: bug for bug in BUGS}


def run_with(bug: PlantedBug, seed: int):
    """Report of a seed with a bug in the code."""
    with ExitStack() as stack:
        stack.enter_context(patch.object(bug.target, bug.attribute, bug.replacement))
        if bug.name == "insane_bar_taken":
            stack.enter_context(patch.object(bar_checks, "fault_of", bug.replacement))
        return run_seed(seed)


def caught_at(name: str, most: int = MOST_SEEDS) -> tuple[int, str]:
    """The first seed that finds it, with its violation; −1 where none does."""
    logging.getLogger("asyncio").disabled = True
    for seed in range(most):
        try:
            report = run_with(BY_NAME[name], seed)
        except Exception as error:  # noqa: BLE001 - a journal that cannot be folded is a violation too
            return seed, f"{type(error).__name__}: {error}"
        if report.found:
            return seed, report.found[0]
    return -1, ""
