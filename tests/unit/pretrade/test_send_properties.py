"""What holds for any order in any world: the gate answers, a cancel passes, less is never refused where more may go."""

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from framework.config.settings_file import LiveLimits
from framework.pretrade import exposure, facts, gate, rate
from framework.pretrade.answers import ALLOW, Allow, Deny, Wait
from framework.pretrade.wording import sentence
from framework.types import OrderType, TradingState
from tests.unit.pretrade.ordinary import BUY, DAY, INFY, LIMITS, NAN, NOW, SECOND, TCS, WORLD, but

ANY_NUMBER = st.one_of(st.floats(), st.integers(-(10**30), 10**30), st.sampled_from([0, 0.0, 1, 1500.0]))
UNITS = st.integers(-(10**20), 10**20)
TIMES = st.one_of(st.integers(NOW - 100 * SECOND, NOW + 100 * SECOND), st.integers(-(10**20), 10**20))
SYMBOLS = st.sampled_from([INFY, TCS, ""])
TEXTS = st.sampled_from(["", "a", "b"])


def some(kind, **parts):
    """Any value of a named tuple: each field as said, else any number."""
    return st.builds(kind, **{name: parts.get(name, ANY_NUMBER) for name in kind._fields})


REQUESTS = some(
    facts.Request,
    action=st.sampled_from(facts.RequestKind),
    tag=TEXTS,
    strategy=TEXTS,
    symbol=SYMBOLS,
    quantity=st.one_of(UNITS, ANY_NUMBER),
    type=st.sampled_from(OrderType),
    expires_ns=TIMES,
    group=TEXTS,
)
ORDERS = some(
    facts.OpenOrder,
    tag=TEXTS,
    symbol=SYMBOLS,
    quantity=UNITS,
    limit=st.none() | ANY_NUMBER,
    confirmed=st.booleans(),
    counted=st.booleans(),
    group=TEXTS,
)
SENDS = some(
    facts.Send, time_ns=TIMES, action=st.sampled_from(facts.RequestKind), strategy=TEXTS, symbol=SYMBOLS, quantity=UNITS
)
WORLDS = some(
    facts.PretradeContext,
    limits=some(facts.SendLimits),
    ceilings=some(facts.Ceilings),
    instrument=st.none() | some(facts.Tradable),
    restricted=TEXTS,
    quote=some(facts.Quote, time_ns=TIMES, bid=st.none() | ANY_NUMBER, ask=st.none() | ANY_NUMBER),
    holdings=st.dictionaries(SYMBOLS, some(facts.Holding, quantity=UNITS), max_size=2),
    open_orders=st.lists(ORDERS, max_size=3).map(tuple),
    funds=some(facts.Funds),
    sends=st.builds(
        facts.Sends,
        st.lists(SENDS, max_size=8).map(tuple),
        st.sampled_from([0, DAY]),
        st.dictionaries(SYMBOLS, ANY_NUMBER, max_size=2),
    ),
    hours=some(facts.TradingHours, broker_open=st.booleans()),
    state=st.sampled_from(TradingState),
    own=st.none() | some(facts.OwnPosition, quantity=UNITS, open_orders=st.lists(ORDERS, max_size=2).map(tuple)),
    configured=some(facts.Authority, account=TEXTS, app=TEXTS, algo=TEXTS, ip=TEXTS),
    found=some(facts.Authority, account=TEXTS, app=TEXTS, algo=TEXTS, ip=TEXTS),
)


@given(REQUESTS, WORLDS, TIMES)
def test_the_gate_is_total_and_a_cancel_is_never_denied(request, world, now_ns):
    answer = gate.review(request, world, now_ns)
    assert isinstance(answer, Allow | Wait | Deny)
    if isinstance(answer, Wait):
        assert answer.wait_ns > 0
    for _, told in gate.verdicts(request, world, now_ns):
        assert not isinstance(told, Deny) or sentence(told)
    if request.action is facts.RequestKind.CANCEL:
        assert not isinstance(answer, Deny)


LIKELY = st.builds(
    lambda quantity, price, held, resting, unconfirmed, sends: (
        BUY._replace(quantity=quantity, limit=price / 20),
        WORLD._replace(
            holdings={INFY: facts.Holding(held, 1500.0)} if held else {},
            open_orders=(facts.OpenOrder("R1", INFY, resting, 0, 1500.0, 100, None, confirmed=not unconfirmed),)
            if resting
            else (),
            sends=facts.Sends(
                tuple(facts.Send(NOW - SECOND, facts.RequestKind.PLACE, "rsi", INFY, 7) for _ in range(sends))
            ),
        ),
    ),
    st.integers(-90, 90),
    st.integers(28_400, 31_600),
    st.integers(-150, 150),
    st.integers(-100, 100),
    st.booleans(),
    st.integers(0, 11),
)


@given(LIKELY)
def test_what_passes_is_within_every_bound(likely):
    # An oracle of its own for one symbol at 1500: every way in which the open order may fill, or not.
    request, world = likely
    if gate.review(request, world, NOW) != ALLOW:
        return
    held = exposure.held(world, INFY)
    open_units = sum(order.quantity for order in world.open_orders)
    after = [held + request.quantity + part for part in (0, open_units)]
    assert request.quantity != 0
    if not all(min(0, held) <= position <= max(0, held) for position in after):  # it is no mere reduction
        assert abs(request.quantity) * request.limit <= LIMITS.max_order_value
        assert all(abs(position) * 1425.0 <= LIMITS.max_position_value for position in after)
        assert len(world.sends.recent) < LIMITS.orders_per_minute


@given(LIKELY, st.integers(1, 89))
def test_where_more_may_go_less_may_go_too(likely, fewer):
    request, world = likely
    side = 1 if request.quantity > 0 else -1
    less = request._replace(quantity=side * min(fewer, abs(request.quantity)))
    if request.quantity and gate.review(request, world, NOW) == ALLOW:
        assert ALLOW == gate.review(less, world, NOW)


@given(LIKELY, st.sampled_from([name for name in facts.SendLimits._fields if name != "duplicate_s"]))
def test_a_narrower_limit_never_lets_more_through(likely, name):
    request, world = likely
    narrower = but(world, **{f"limits__{name}": getattr(LIMITS, name) / 2})
    if gate.review(request, world, NOW) != ALLOW:
        assert ALLOW != gate.review(request, narrower, NOW) or name == "cancels_per_second"


@given(LIKELY)
def test_an_unconfirmed_order_never_allows_more_than_a_confirmed_one(likely):
    request, world = likely
    doubted = world._replace(open_orders=tuple(order._replace(confirmed=False) for order in world.open_orders))
    if gate.review(request, doubted, NOW) == ALLOW:
        assert ALLOW == gate.review(request, world, NOW)


@given(st.lists(st.integers(0, 50), max_size=30), st.integers(1, 6), st.integers(1, 20), st.integers(0, 60))
def test_the_wait_is_the_least_one(taken, tokens, window, now):
    wait = rate.wait_ns(taken, tokens, window, now)

    def out(moment):
        return sum(moment < time + window for time in taken)

    assert wait >= 0
    assert out(now + wait) < tokens
    assert wait == 0 or out(now + wait - 1) >= tokens


def test_no_tokens_never_let_anything_go():
    assert SECOND == rate.wait_ns([], 0, SECOND, NOW)
    assert SECOND == rate.wait_ns([], NAN, SECOND, NOW)


def test_the_limits_of_the_configuration_are_those_of_the_gate():
    assert list(facts.SendLimits._fields) == list(LiveLimits.model_fields)


class Gate(RuleBasedStateMachine):
    """A runner that sends whatever the gate lets go, as fast as it can, and keeps the gate's counts."""

    def __init__(self):
        super().__init__()
        self.now = NOW
        self.sends = facts.Sends()
        self.log = []

    @rule(step=st.integers(0, 700_000_000))
    def wait(self, step):
        self.now += step

    @rule(action=st.sampled_from(facts.RequestKind), count=st.integers(1, 9))
    def burst(self, action, count):
        for number in range(count):
            request = BUY._replace(
                action=action, tag=f"{len(self.log)}", quantity=number + 1, expires_ns=self.now + 60 * SECOND
            )
            stands = facts.OpenOrder(request.tag, INFY, 1, 0, 1500.0, 0)
            world = but(
                WORLD,
                open_orders=(stands,) if action is facts.RequestKind.MODIFY else (),
                sends=self.sends,
                quote__time_ns=self.now,
                funds__time_ns=self.now,
                limits__orders_per_minute=1000,
                limits__orders_per_day=1000,
            )
            answer = gate.review(request, world, self.now)
            if answer == ALLOW:
                self.log.append((self.now, action))
                self.sends = rate.noted(self.sends, request, self.now, DAY)
            elif isinstance(answer, Wait):
                self.now += answer.wait_ns if number % 2 else 0

    def teardown(self):
        """Looked at once, over everything that went out."""
        for begin, _ in self.log:
            inside = [action for time, action in self.log if begin <= time < begin + SECOND]
            cancels = inside.count(facts.RequestKind.CANCEL)
            assert cancels <= LIMITS.cancels_per_second
            assert len(inside) - cancels <= LIMITS.orders_per_second
        orders = [time for time, action in self.log if action is not facts.RequestKind.CANCEL]
        assert len(orders) == rate.on_day(self.sends, INFY, DAY)
        assert sum(time > self.now - 60 * SECOND for time in orders) == rate.in_last_minute(self.sends, INFY, self.now)
        assert 0 == rate.on_day(self.sends, INFY, DAY + 1)


test_no_window_lets_more_than_its_tokens_through = Gate.TestCase


def test_the_counts_begin_anew_with_the_day():
    first = rate.noted(facts.Sends(), BUY, NOW, DAY)
    second = rate.noted(first, BUY, NOW + 1, DAY)
    assert {INFY: 2} == dict(second.today)
    third = rate.noted(second, BUY._replace(symbol=TCS), NOW + 61 * SECOND, DAY + 1)
    assert ({TCS: 1}, DAY + 1, 1) == (dict(third.today), third.day, len(third.recent))
    assert {} == dict(rate.noted(facts.Sends(), BUY._replace(action=facts.RequestKind.CANCEL), NOW, DAY).today)
