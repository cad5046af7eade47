"""A broker that answers late: commands and events travel in order, but nobody knows when they arrive.

Session must lose nothing: once everything has arrived it agrees with the exchange on what works and what is held. This
is about entries, exits by target, and cancels. Orders that are modified (protective exits, parts) are left out: what
fills while a Modify travels cannot be told apart as long as Modify has no answer of its own.
"""

from collections import deque
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from framework.engines.rows import bar_closings, bar_openings, decided
from framework.exchange import SimulatedExchange
from framework.session import Session
from framework.types import OrderState
from framework.types.events import Revalue, Surprise
from framework.types.record import OrderRecord
from framework.types.settings import Exits
from tests.property.scenarios import Scenario, changed, scenarios


class SlowHost:
    """The event engine's loop with a mail box either way."""

    def __init__(self, scenario: Scenario, delays: bytes) -> None:
        plain = scenario.settings.model_copy(update={"volume_cap": None, "exits": Exits(), "product": None})
        decisions = scenario.decisions._replace(stop=None, take_profit=None, trail=None)
        panel = replace(scenario.panel, deadlines=None)  # a host that is late at a session's end is no such host
        self.scenario = scenario = changed(scenario, panel=panel, settings=plain, decisions=decisions)
        self.delays = deque(delays)
        self.session = Session(panel.instruments, scenario.settings, style=scenario.style)
        self.exchange = SimulatedExchange(panel.instruments, scenario.settings, self.session.account)
        self.commands: deque = deque()
        self.answers: deque = deque()
        self.surprises: list = []
        self.order_ids: set[int] = set()

    def take(self, event) -> None:
        outcome = self.session.handle(event)
        self.commands.extend(outcome.commands)
        self.surprises += [fact.code for fact in outcome.facts if isinstance(fact, Surprise)]
        self.order_ids |= {fact.order.order_id for fact in outcome.facts if isinstance(fact, OrderRecord)}

    def some(self, box: deque) -> int:
        """How many of a mail box arrive now: none, one or all; all of them when the delays are used up."""
        return min(len(box), (0, 0, 1, len(box))[self.delays.popleft() % 4]) if self.delays else len(box)

    def carry(self) -> None:
        while True:
            for _ in range(self.some(self.commands)):
                self.answers.append(self.exchange.execute(self.commands.popleft(), self.session.moment))
            for _ in range(self.some(self.answers)):
                answer = self.answers.popleft()
                self.take(answer._replace(moment=max(answer.moment, self.session.moment)))
            if self.delays or not (self.commands or self.answers):
                return

    def serve(self, answers) -> None:
        for answer in answers:
            self.answers.append(answer)
            self.carry()
        self.carry()

    def run(self) -> None:
        panel, last = self.scenario.panel, len(self.scenario.panel)
        said = decided(panel, self.scenario.decisions, 0, last)
        for opening, closing, answer in zip(
            bar_openings(panel, 0, last), bar_closings(panel, 0, last), said, strict=True
        ):
            self.carry()
            self.take(opening)
            self.carry()
            self.serve(self.exchange.serve(closing.row))
            self.take(closing)
            self.carry()
            self.take(answer)
            if self.scenario.settings.fill_at == "same_close":
                self.carry()
                self.serve(self.exchange.fill_at_close(closing.row))
                self.take(Revalue(closing.moment))

    def settle_down(self) -> None:
        self.delays.clear()
        self.carry()


@given(scenarios(styles=("signals", "allocate")), st.binary(min_size=240, max_size=240))
def test_a_broker_that_answers_late_leaves_nothing_behind(scenario: Scenario, delays: bytes):
    host = SlowHost(scenario, delays)
    host.run()
    host.settle_down()
    session, exchange = host.session, host.exchange
    account = session.account
    working = [w for i in range(len(session.instruments)) for w in session.working(i)]
    assert {w.order.order_id for w in working if w.state is OrderState.WORKING} == set(exchange._resting)
    assert not [w for w in working if w.cancelling], "a cancel that was answered"
    assert session._orders.reserved_paise == sum(w.reserved_paise for w in working)
    assert account.cash_paise + account.at_cost_paise() == (
        account.deposit_paise + account.gross_paise - account.charges_paise
    )
    for w in working:
        position = account.quantity[w.order.instrument]
        if w.order.reduces:
            assert position * w.remaining < 0, "a reduction of nothing"
            assert abs(w.remaining) <= abs(position)
        if w.state is OrderState.WORKING:
            assert exchange._resting[w.order.order_id].remaining == abs(w.remaining)
    ids = host.order_ids | {o.order.order_id for o in session.open_orders()}
    assert ids == set(range(1, len(ids) + 1))
