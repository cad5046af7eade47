"""Watch over a simulated session: what must never happen, looked at after everything that does.

It has its own truth: what the exchange did (as the paper broker wrote it down), what left, what the gate allowed, and
what the journal durably says. Nothing is asked of the code that is watched but what it claims.
"""

import math
from collections import Counter

from framework.broker.book import BrokerFill, BrokerOrderState
from framework.broker.port import OrderAccepted, OrderRefused
from framework.journal.account_entries import (
    CLEARED,
    LIFTED,
    AccountFinding,
    Denied,
    OrderDropped,
    RequestDeferred,
    RequestName,
    RunnerState,
    Sending,
    StateChanged,
    StrayArrived,
)
from framework.journal.account_fold import key_of
from framework.journal.entries import Handled, written_entry
from framework.pretrade.answers import Allow
from framework.session.lifecycle import ENDED
from framework.types.events import (
    Accepted,
    BarCloses,
    Cancelled,
    CancelRefused,
    Change,
    Changed,
    ChangeRefused,
    Expired,
    Filled,
    Found,
    Refused,
    Submit,
    Surprise,
)
from framework.types.record import OrderState, Settlement
from tests.simulation.disk import SENDING
from tests.simulation.kinds import SECOND, FaultKind
from tests.simulation.market import SYMBOLS

MEMORY = 300 * SECOND
"""A difference is told after three reads; a stale one may show what was so a while ago."""
ENDS = (Cancelled, Expired, Refused)
EVIDENCE = frozenset({Accepted, Found, Changed, CancelRefused, ChangeRefused, *ENDS})
"""Answers that say where an order stands."""
AHEAD_NS = 2 * SECOND
"""A bar that is over so much later than now is in no row (F54)."""
HEARD_NS = 20 * SECOND
"""An execution that was told is heard of by then: what came before it may wait for commits of 2 s each (seed 1371)."""
STARVED = 3
"""Bars of the future without a row between them, after which a person must have been told."""
ENOUGH = 3
"""Refusals in a row, after which a request is not sent again for a minute."""
DOUBTS = frozenset({"unknown", "unanswered"})


class Watch:
    """Watch of one seed; ``found`` are the violations, in the order in which they were seen."""

    def __init__(self, world):
        self._world = world
        self.found: list[str] = []
        self.fills: dict[str, BrokerFill] = {}
        """What the exchange executed, by id; annulled ones are out of it."""
        self.annulled: dict[str, BrokerFill] = {}
        self.placed: Counter = Counter()
        """Requests to place that left, by tag."""
        self.net = {symbol: [(0, 0)] for symbol in SYMBOLS}
        """Signed units that the broker holds, from each moment on."""
        self.at_exchange: Counter = Counter()
        """Orders that the exchange took, by tag."""
        self.left_counts: Counter = Counter()
        self.left_at: list = []
        """Moment and request of everything that has left."""
        self.allowed: Counter = Counter()
        self.sendings: Counter = Counter()
        """Durable ``sending`` entries, by tag and request."""
        self._read = 0
        self.units: dict[tuple[str, int], int] = {}
        """Signed units that the sessions booked, by session and instrument: the sum of their settlements."""
        self.doubts: set = set()
        """Orders of which the journal says that nobody knows."""
        self.bare: set = set()
        """Session and instrument of which the journal says that units are unprotected."""
        self.voids: dict = {}
        """Commands of a process before that were never sent, of which the session has not heard, with the time."""
        self.changes: dict = {}
        """Form that each order was last asked to take, by session and number."""
        self.pending: dict = {}
        """Commands of which nothing has become yet, by session, number and request, with the clock's time."""
        self.delivered: dict[str, int] = {}
        """Executions that were told to the runner, with the time."""
        self.heard: set[str] = set()
        """Ids of executions that a session heard of."""
        self.starved: set = set()
        """Bars that were taken for bars of the future since the last row."""
        self.demands: dict[str, str] = {}
        """What the journal demands of the runner's state, by cause."""
        self.refusals: dict = {}
        """Refusals in a row, by the terms of a request: code, count, time of the latest."""

    def violation(self, kind: str, text: str) -> None:
        """Note what must not happen."""
        if len(self.found) < 20:
            self.found.append(f"{kind}: {text}")

    # ------------------------------------------------------------------ the broker's truth

    def listen(self, ledger) -> None:
        """Hear of every execution of a book as it happens there, whatever becomes of its news."""
        fill, annul, place = ledger.fill, ledger.annul, ledger.place

        def placing(placed):
            self.at_exchange[placed.tag] += 1
            return place(placed)

        def filling(*given, **named):
            booked = fill(*given, **named)
            self.fills[booked.fill_id] = booked
            self.traded()
            return booked

        def annulling(fill_id):
            annul(fill_id)
            self.annulled[fill_id] = self.fills.pop(fill_id)
            self.traded()

        ledger.fill, ledger.annul, ledger.place = filling, annulling, placing

    # ------------------------------------------------------------------ what leaves

    def left(self, tag, request, outgoing, process) -> None:
        """A request leaves: it must be in the journal, allowed, and no second one of its kind."""
        key = (tag, request)
        self.left_counts[key] += 1
        self.left_at.append((process.clock.now(), request))
        self._read_sendings()
        if process.writer.failed:
            self.violation("sent_after_failure", f"{request} of {tag} left although the journal cannot be written")
        if self.left_counts[key] > self.sendings[key]:
            self.violation("not_durable", f"{request} of {tag} left without a durable sending before it")
        if self.left_counts[key] > self.allowed[key]:
            self.violation("past_the_gate", f"{request} of {tag} left without the gate's word")
        if request is RequestName.PLACE:
            self.placed[tag] += 1
            if self.placed[tag] > 1:
                self.violation("duplicate_order", f"tag {tag} was placed {self.placed[tag]} times")
            self._check_order(outgoing, process)
            self._check_repeats(outgoing)

    def _check_repeats(self, outgoing) -> None:
        code, times, last = self.refusals.get(terms_of(outgoing), ("", 0, 0))
        if times > ENOUGH and self._world.process.clock.now() - last < 59 * SECOND:
            self.violation("repeated", f"{terms_of(outgoing)} was refused {times} times with {code}, and left again")

    def came_back(self, outgoing, outcome) -> None:
        """An order's outcome is here."""
        terms = terms_of(outgoing)
        if isinstance(outcome, OrderAccepted):
            self.refusals.pop(terms, None)
        elif isinstance(outcome, OrderRefused):
            code, times, _ = self.refusals.get(terms, ("", 0, 0))
            now = self._world.process.clock.now()
            self.refusals[terms] = (outcome.code, times + 1 if code == outcome.code else 1, now)

    def _check_order(self, outgoing, process) -> None:
        order = outgoing.approved.order
        if outgoing.product != "CNC":
            self.violation("product", f"{outgoing.approved.tag} left as {outgoing.product}")
        prices = [price for price in (order.limit, order.trigger) if not math.isnan(price)]
        if any(not (math.isfinite(price) and 0.0 < price < 1e6) for price in prices):
            self.violation("gate", f"{outgoing.approved.tag} left with prices {prices}")
        if not 0 < abs(order.quantity) <= 2000:
            self.violation("gate", f"{outgoing.approved.tag} left with {order.quantity} units")

    def _read_sendings(self) -> None:
        entries = self._world.journal.entries
        for one in entries[self._read : self._world.journal.durable]:
            if SENDING in one.text:
                body = written_entry(one.text).body
                self.sendings[body["tag"], RequestName(body["request"])] += 1
        self._read = self._world.journal.durable

    def reviewed(self, item, working, verdict, state) -> None:
        """The gate has answered."""
        if isinstance(verdict, Allow):
            self.allowed[item.tag, item.request] += 1
            wanted = working.order.quantity
            held = item.traded.session.account.quantity[working.order.instrument]
            reduces = item.reduces or (held * wanted < 0 and abs(wanted) <= abs(held))
            if state is RunnerState.HALTED and item.request is not RequestName.CANCEL and not reduces:
                self.violation("halted", f"{item.tag} {wanted:+d} may go, held {held:+d}, and the account is halted")
            if state is RunnerState.REDUCE_ONLY and item.request is RequestName.PLACE and not reduces:
                self.violation("new_risk", f"{item.tag} {wanted:+d} may go, held {held:+d}, while only reducing")

    def counts_unknown(self, process) -> None:
        """What is in doubt counts in full."""
        counted = {one.tag for one in process.world_of_gate.open_orders()}
        for session in process.sessions.values():
            for i in range(len(SYMBOLS)):
                for working in session.working(i):
                    if working.state is OrderState.UNKNOWN and working.tag not in counted:
                        self.violation("not_counted", f"order {working.tag} is unknown, and the gate does not count it")

    # ------------------------------------------------------------------ what the runner notes

    def noted(self, body, now) -> None:
        """The runner notes something."""
        if isinstance(body, Sending | Denied | RequestDeferred):
            self.pending.pop((body.session, body.order_id, body.request), None)
        elif isinstance(body, OrderDropped):
            about = body.session, body.order_id
            self.pending = {key: since for key, since in self.pending.items() if key[:2] != about}
        elif isinstance(body, StateChanged):
            if body.demand == CLEARED:
                self.demands.clear()
            elif body.demand == LIFTED:
                self.demands.pop(body.cause, None)
            elif body.demand:
                self.demands[body.cause] = body.demand
        elif isinstance(body, StrayArrived) and body.why.startswith("future"):
            self._check_starved(body, now)
        elif isinstance(body, AccountFinding):
            self._check_finding(body, now)

    def _check_finding(self, body, now) -> None:
        if body.code == "invariant":
            self.violation("invariant", body.text)
        elif body.code == "clock_behind" and not self._is_clock_behind():
            self.violation("false_alarm", f"{body.text}, and this machine's clock is right")
        elif body.code == "position":
            self._check_alarm(body, now)

    def _is_clock_behind(self) -> bool:
        return self._world.clock.now() - self._world.process.clock.now() > AHEAD_NS

    def _check_starved(self, body, now) -> None:
        """Bars of which none is taken are told: nothing new is risked until some are."""
        self.starved.add((body.symbol, body.open_time))
        if len(self.starved) > STARVED and "clock_behind" not in self._world.process.runner.states.demands:
            self.violation("starved", f"{len(self.starved)} bars were of the future at {now}, and nobody was told")

    def _check_alarm(self, body, now) -> None:
        """A difference that is told was there: within the last minutes the broker held so many."""
        old = [units for moment, units in self.net[body.symbol] if moment <= now - MEMORY]
        lately = {*old[-1:], *(units for moment, units in self.net[body.symbol] if moment > now - MEMORY)}
        if FaultKind.EMPTY_BOOK in self._world.script.on:
            lately.add(0)  # a broker that begins anew shows nothing, and nobody can tell that from flat
        if int(body.theirs) not in lately:
            self.violation("false_alarm", f"{body.text}: lately it held {sorted(lately)}")

    def traded(self) -> None:
        """Note what the broker holds now."""
        net = self._world.paper.books.net()
        for symbol in SYMBOLS:
            units = sum(held for (one, _), held in net.items() if one == symbol)
            if units != self.net[symbol][-1][1]:
                self.net[symbol].append((self._world.clock.now(), units))

    def late(self, now) -> None:
        """What should have followed by now."""
        if self._world.process.writer.failed:
            return  # nothing can be noted any more
        for key, since in list(self.voids.items()):
            if now - since > 60 * SECOND:
                self.violation("void_untold", f"{key} was never sent, and its session has not heard so")
                del self.voids[key]
        for key, since in list(self.pending.items()):
            if now - since > 60 * SECOND:
                self.violation("command_lost", f"{key} was commanded {(now - since) / 1e9:g} s ago, nothing came of it")
                del self.pending[key]
        for fill_id, since in list(self.delivered.items()):
            if fill_id in self.heard:
                del self.delivered[fill_id]
            elif now - since > HEARD_NS:
                self.violation("dropped_fill", f"{fill_id} was told, and no session heard of it")
                del self.delivered[fill_id]

    # ------------------------------------------------------------------ what the sessions do

    def begin(self, sessions, states, folded) -> None:
        """A process begins: what the journal does not have never was."""
        for kept in (
            self.units,
            self.doubts,
            self.bare,
            self.pending,
            self.delivered,
            self.heard,
            self.demands,
            self.refusals,
            self.starved,
        ):
            kept.clear()
        now = self._world.clock.now()
        self.heard.update(*(one.fill_ids for one in folded.sessions.values()), folded.external_ids)
        self.voids = {key[:2]: now for key in folded.commanded if key not in folded.deferred}
        self._read = min(self._read, len(self._world.journal.entries))
        for one in self._world.journal.entries:
            if b'"Settlement"' in one.text or b'"Surprise"' in one.text:
                handled = written_entry(one.text).entry().body
                if isinstance(handled, Handled):
                    self._keep(handled.session, handled.facts)
            elif b'"kind":"state"' in one.text:
                self.noted(written_entry(one.text).entry().body, 0)
        for name, session in sessions.items():
            self.check_session(name, session)
        if {cause: str(state) for cause, state in states.demands.items()} != self.demands:
            self.violation("halt_forgotten", f"the journal demands {self.demands}, the runner {states.demands}")

    def handled(self, name, session, event, commands, facts) -> None:
        """A session handled an input."""
        now = self._world.clock.now()
        if isinstance(event, Filled):
            self.heard.add(event.fill_id)
        elif type(event) in EVIDENCE and getattr(event, "proof", True):
            self._check_evidence(name, session, event)
        elif isinstance(event, BarCloses):
            self.starved.clear()
            self._check_row(event.row)
        for command in commands:
            self.pending[key_of(name, command)] = now
            if isinstance(command, Change):
                self.changes[name, command.order_id] = command
            elif isinstance(command, Submit) and command.approved.order.protective:
                self._check_size(name, session, command.approved.order)
        if hasattr(event, "order_id"):
            self.voids.pop((name, event.order_id), None)
        self._keep(name, facts)

    def _keep(self, name, facts) -> None:
        for fact in facts:
            if isinstance(fact, Settlement):
                key = (name, fact.fill.instrument)
                self.units[key] = self.units.get(key, 0) + fact.fill.quantity
            elif isinstance(fact, Surprise):
                if fact.code in DOUBTS:
                    self.doubts.add((name, fact.order_id))
                elif fact.code in {"unprotected", "lost"}:
                    self.bare.add((name, fact.instrument))

    def _check_size(self, name, session, order) -> None:
        """What protects a position is of its size."""
        held = session.account.quantity[order.instrument]
        if abs(order.quantity) > abs(held):
            self.violation("stop_too_large", f"{name} holds {held:+d}, and protects them by {order.quantity:+d}")

    def _check_evidence(self, name, session, event) -> None:
        """What an answer says of an order was so at the exchange: no acceptance, change or end without it."""
        tag, kind = f"{name}{event.order_id:08d}", type(event)
        if kind is Accepted and not self.at_exchange[tag]:
            self.violation("false_acceptance", f"order {tag} was taken for accepted, and the exchange never had it")
        ends = kind in ENDS or (kind is Found and event.state in ENDED and session.order(event.order_id) is None)
        ends = ends or (kind in {CancelRefused, ChangeRefused} and session.order(event.order_id) is None)
        if self.at_exchange[tag] != 1 or not (ends or kind is Changed):
            return
        for order in self._world.paper.books.orders(self._world.clock.now()):
            if kind is Changed:
                overtaken = (
                    FaultKind.LATE_ARRIVAL in self._world.script.on
                )  # by an older change that was long under way
                asked = None if overtaken else self.changes.get((name, event.order_id))
                if order.tag == tag and not order.state.is_final and asked and asked.quantity != order.quantity:
                    self.violation("false_change", f"{tag} was taken for changed to {asked}, and is {order.shown()}")
                continue
            refused = kind is Refused and order.state is not BrokerOrderState.REFUSED
            if order.tag == tag and (refused or not order.state.is_final):
                self.violation("false_end", f"{kind.__name__} of order {tag}, and at the exchange it is {order.state}")

    def _check_row(self, row) -> None:
        """What a strategy sees was there."""
        for i, symbol in enumerate(SYMBOLS):
            if row.close[i] == row.close[i]:
                bar = self._world.tape.bars.get((symbol, row.time))
                seen = (row.open[i], row.high[i], row.low[i])
                if bar is None or seen != bar[4:7] or row.close[i] not in {bar.close, bar.high}:
                    self.violation("untrue_bar", f"{symbol} closed at {row.close[i]} in a row, and never did")

    def check_session(self, name, session) -> None:
        """After an input: units are those that were booked, and no doubt is silent."""
        for i in range(len(session.instruments)):
            if session.account.quantity[i] != self.units.get((name, i), 0):
                booked = self.units.get((name, i), 0)
                self.violation("position", f"{name} holds {session.account.quantity[i]:+d} of {i}, booked {booked:+d}")
            if not session.account.quantity[i]:
                self.bare.discard((name, i))
            for working in session.working(i):
                if working.state is OrderState.UNKNOWN and (name, working.order.order_id) not in self.doubts:
                    self.violation("silent_unknown", f"order {working.tag} is unknown, and nobody was told")


def terms_of(outgoing):
    """Terms by which two new orders are the same."""
    order = outgoing.approved.order
    prices = [None if math.isnan(price) else price for price in (order.limit, order.trigger)]
    return (outgoing.strategy, order.instrument, order.quantity, order.type, *prices)
