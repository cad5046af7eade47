"""Reconciliation with real sessions and a broker that loses news: a read mends it, and a second one writes nothing."""

from hypothesis import given, settings
from hypothesis import strategies as st

from framework.broker.book import BrokerFill, BrokerOrder, BrokerOrderState, BrokerPosition, BrokerSnapshot
from framework.live.belief import belief_of
from framework.live.reconcile import reconcile
from framework.live.reconcile_memory import FRESH
from framework.types.events import Accepted, Cancelled, Submit, Unknown
from framework.types.orders import CancelRequest, OrderRequest
from framework.types.record import OrderState
from tests.live.account import INFY, SECOND
from tests.live.test_account_book import BookStand

OPEN, FILLED, CANCELLED = BrokerOrderState.OPEN, BrokerOrderState.FILLED, BrokerOrderState.CANCELLED


class LossyBroker(BookStand):
    """A broker with a book of its own; each thing that it does may be told, or lost."""

    def __init__(self):
        super().__init__(("t", "u"))
        self.orders, self.fills, self.net = {}, [], 0
        self.memory = FRESH
        self.at = 0

    def latest(self):
        return max(desk.moment for desk in self.desks.values())

    # ------------------------------------------------------------------ what happens

    def order(self, name, quantity, *, arrives, told):
        for command in self.bar(name, [OrderRequest(0, quantity, limit=100.0)]):
            if not isinstance(command, Submit):
                continue
            working = self.desks[name].session.order(command.approved.order.order_id)
            self.world.note_leaving(self.world.request_of(name, command, working), self.now - 3600 * SECOND)
            order_id, tag = working.order.order_id, working.tag
            if arrives:
                row = BrokerOrder(f"B{len(self.orders)}", tag, INFY, "CNC", quantity, 0, OPEN, 100.0)
                self.orders[tag] = row
            desk = self.desks[name]
            desk.take(Accepted(desk.moment, order_id) if arrives and told else Unknown(desk.moment, order_id, "lost"))

    def bar(self, name, requests):
        """A bar of both strategies, at whose close one of them decides."""
        commands = []
        for other, desk in self.desks.items():
            commands += desk.close(100.0, requests=requests if other == name else [])
        return commands

    def fill(self, pick, units, *, told):
        open_orders = [row for row in self.orders.values() if row.state is OPEN]
        if not open_orders:
            return
        row = open_orders[pick % len(open_orders)]
        rest = row.quantity - row.filled
        quantity = min(units, abs(rest)) * (1 if rest > 0 else -1)
        filled = row.filled + quantity
        self.orders[row.tag] = row._replace(filled=filled, state=FILLED if filled == row.quantity else OPEN)
        self.execute(row.tag, quantity, told=told)

    def by_hand(self, quantity, *, told):
        self.execute("", quantity, told=told)

    def execute(self, tag, quantity, *, told):
        one = BrokerFill(f"x{len(self.fills)}", "", tag, INFY, "CNC", quantity, 100.0, self.latest())
        self.fills.append(one)
        self.net += quantity
        if told:
            self.tell(one)

    def cancel(self, pick, *, told):
        open_orders = [row for row in self.orders.values() if row.state is OPEN]
        if open_orders:
            row = open_orders[pick % len(open_orders)]
            self.orders[row.tag] = row._replace(state=CANCELLED, reason="by the exchange")
            if told:
                desk = self.desks[row.tag[:-8]]
                desk.take(Cancelled(desk.moment, int(row.tag[-8:]), "by the exchange"))

    def asks_back(self, name):
        """The strategy takes its orders back, and the broker hears nothing of it."""
        self.bar(name, [CancelRequest(0)])

    # ------------------------------------------------------------------ reading

    def read(self, *, again=False):
        """One reconciliation, as the runner does it."""
        if not again:
            self.at = max(self.at, self.latest()) + 61 * SECOND
        positions = (BrokerPosition(INFY, "CNC", self.net),) if self.net else ()
        snapshot = BrokerSnapshot(self.at, tuple(self.orders.values()), tuple(self.fills), positions)
        taken = [self.tell(one) for one in snapshot.fills]
        belief = belief_of(self.world._account.members, self.book, self.world.may_be_there)
        outcome = reconcile(belief, snapshot, self.at, names=self.book._names, memory=self.memory)
        self.memory = outcome.memory
        for name, answer in outcome.answers:
            self.desks[name].take(answer)
        booked = any(one.answers or one.external for one in taken)
        return outcome, booked


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("order"), st.sampled_from("tu"), st.sampled_from((10, 30)), st.booleans(), st.booleans()),
        st.tuples(st.just("fill"), st.integers(0, 3), st.integers(1, 30), st.booleans()),
        st.tuples(st.just("cancel"), st.integers(0, 3), st.booleans()),
        st.tuples(st.just("by_hand"), st.sampled_from((-25, -5, 5)), st.booleans()),
        st.tuples(st.just("asks_back"), st.sampled_from("tu")),
        st.tuples(st.just("read")),
    ),
    max_size=14,
)


def play(events):
    broker = LossyBroker()
    for kind, *rest in events:
        if kind == "order":
            name, quantity, arrives, told = rest
            broker.order(name, quantity, arrives=arrives, told=told)
        elif kind == "fill":
            broker.fill(rest[0], rest[1], told=rest[2])
        elif kind == "cancel":
            broker.cancel(rest[0], told=rest[1])
        elif kind == "by_hand":
            broker.by_hand(rest[0], told=rest[1])
        elif kind == "asks_back":
            broker.asks_back(rest[0])
        else:
            broker.read()
    return broker


@settings(max_examples=150)
@given(EVENTS)
def test_after_a_read_the_books_are_the_brokers_and_the_same_snapshot_again_writes_nothing(events):
    broker = play(events)
    broker.read()
    outcome, booked = broker.read(again=True)
    assert outcome.writes_nothing
    assert not booked
    assert ({(INFY, "CNC"): broker.net} if broker.net else {}) == broker.book.positions()
    assert [] == broker.book.differences()


@settings(max_examples=150)
@given(EVENTS)
def test_no_order_that_the_broker_shows_is_forgotten_none_is_invented_and_what_never_arrived_is_absent(events):
    broker = play(events)
    for _ in range(4):
        broker.read()
    for name, desk in broker.desks.items():
        working = {one.tag: one for one in desk.session.known_orders() if desk.session.order(one.order.order_id)}
        shown = {tag for tag, row in broker.orders.items() if row.state is OPEN and tag[:-8] == name}
        there = {tag for tag, one in working.items() if one.state is OrderState.WORKING}
        assert shown <= there  # each that is shown is managed
        doubtful = {tag for tag in working if tag not in shown}
        assert not doubtful & set(broker.orders)  # each that ended there has ended here
        assert all(tag not in broker.orders for tag in doubtful)
    for tag, row in broker.orders.items():
        known = [one for one in broker.desks[tag[:-8]].session.known_orders() if one.tag == tag]
        assert row.filled == known[0].filled if known else True
