"""Watch over a simulated session: what must never happen, looked at after everything that does.

It has its own truth: what the exchange did (as the paper broker wrote it down), what left, what the gate allowed, and
what the journal durably says. Nothing is asked of the code that is watched but what it claims.
"""

import math
from collections import Counter

from framework.broker.book import BrokerFill
from framework.journal.account_entries import RequestName, RunnerState
from framework.journal.entries import written_entry
from framework.pretrade.answers import Allow
from framework.types.events import Cancelled, Filled, Surprise
from framework.types.record import OrderState, Settlement
from tests.simulation.disk import SENDING
from tests.simulation.market import SYMBOLS

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
        self.left_counts: Counter = Counter()
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
        self.booked: Counter = Counter()

    def violation(self, kind: str, text: str) -> None:
        """Note what must not happen."""
        if len(self.found) < 20:
            self.found.append(f"{kind}: {text}")

    # ------------------------------------------------------------------ the broker's truth

    def listen(self, ledger) -> None:
        """Hear of every execution of a book as it happens there, whatever becomes of its news."""
        fill, annul = ledger.fill, ledger.annul

        def filling(*given, **named):
            booked = fill(*given, **named)
            self.fills[booked.fill_id] = booked
            return booked

        def annulling(fill_id):
            annul(fill_id)
            self.annulled[fill_id] = self.fills.pop(fill_id)

        ledger.fill, ledger.annul = filling, annulling

    # ------------------------------------------------------------------ what leaves

    def left(self, tag, request, outgoing, process) -> None:
        """A request leaves: it must be in the journal, allowed, and no second one of its kind."""
        key = (tag, request)
        self.left_counts[key] += 1
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

    def _check_order(self, outgoing, process) -> None:
        order = outgoing.approved.order
        prices = [price for price in (order.limit, order.trigger) if price == price]
        if any(not (math.isfinite(price) and 0.0 < price < 1e6) for price in prices):
            self.violation("gate", f"{outgoing.approved.tag} left with prices {prices}")
        if not 0 < abs(order.quantity) <= 2000:
            self.violation("gate", f"{outgoing.approved.tag} left with {order.quantity} units")
        if process.runner is not None and process.runner.states.state is RunnerState.HALTED and not order.reduces:
            self.violation("halted", f"{outgoing.approved.tag} increases and left while the account is halted")

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
            if state is RunnerState.HALTED and item.request is not RequestName.CANCEL and not item.reduces:
                self.violation("halted", f"the gate let {item.tag} go while the account is halted")

    # ------------------------------------------------------------------ what the sessions do

    def begin(self, sessions) -> None:
        """A process begins: what the journal does not have never was."""
        self.units.clear()
        self.doubts.clear()
        self.bare.clear()
        self._read = min(self._read, len(self._world.journal.entries))
        for one in self._world.journal.entries:
            entry = written_entry(one.text)
            if entry.kind == "input" and entry.body["facts"]:
                handled = entry.entry().body
                self.handled(handled.session, handled.input, handled.facts)
        for name, session in sessions.items():
            self.check_session(name, session)

    def handled(self, name, event, facts) -> None:
        """A session handled an input."""
        for fact in facts:
            if isinstance(fact, Settlement):
                key = (name, fact.fill.instrument)
                self.units[key] = self.units.get(key, 0) + fact.fill.quantity
            elif isinstance(fact, Surprise):
                if fact.code in DOUBTS:
                    self.doubts.add((name, fact.order_id))
                elif fact.code == "unprotected":
                    self.bare.add((name, fact.instrument))
        if isinstance(event, Cancelled | Filled):
            self.booked[type(event).__name__] += 1

    def check_session(self, name, session) -> None:
        """After an input: units are those that were booked, and no doubt is silent."""
        for i in range(len(session.instruments)):
            if session.account.quantity[i] != self.units.get((name, i), 0):
                self.violation(
                    "position", f"{name} holds {session.account.quantity[i]:+d} of {i}, booked {self.units.get((name, i), 0):+d}"
                )
            for working in session.working(i):
                if working.state is OrderState.UNKNOWN and (name, working.order.order_id) not in self.doubts:
                    self.violation("silent_unknown", f"order {working.tag} is unknown, and nobody was told")


SYMBOL_COUNT = len(SYMBOLS)
