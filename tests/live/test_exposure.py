"""Exposure if the process dies now: worked by hand, and what must hold whatever rests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.live.exposure import OrphanLoss, RestingOrder, exposure_if_orphaned
from framework.types import OrderType

NAN = float("nan")
KEY = ("NSE:INFY", "CNC")
MARKET, LIMIT, STOP, STOP_LIMIT = OrderType


def loss(held, orders=(), last=500.0, shock=10.0):
    """Rupees lost in one symbol at 500, and units without a stop."""
    found = exposure_if_orphaned({KEY: held} if held else {}, orders, {KEY[0]: last}, shock)
    one = found.losses[0] if found.losses else OrphanLoss(*KEY, 0, 0, is_known=True)
    assert found.paise == one.paise
    return one.paise / 100, one.unprotected


def order(units, kind, limit=NAN, trigger=NAN, *, confirmed=True):
    return RestingOrder(*KEY, units, kind, limit, trigger, confirmed)


@pytest.mark.parametrize(
    ("held", "orders", "expected"),
    [
        # 100 at 500 fall by 10 % to 450: 100 × 50
        (100, [], (5_000, 100)),
        (-100, [], (5_000, 100)),
        # a stop at 480 takes all out: 100 × 20; of 60 only: 60 × 20 + 40 × 50
        (100, [order(-100, STOP, trigger=480.0)], (2_000, 0)),
        (100, [order(-60, STOP, trigger=480.0)], (3_200, 40)),
        (-100, [order(60, STOP, trigger=520.0)], (3_200, 40)),
        # two stops: 60 × 20 + 40 × 30
        (100, [order(-40, STOP, trigger=470.0), order(-60, STOP, trigger=480.0)], (2_400, 0)),
        # a stop that the last price has passed already takes its units out there
        (100, [order(-60, STOP, trigger=510.0)], (2_000, 40)),
        # a stop beyond the shock is not reached; one that nobody confirmed is none
        (100, [order(-100, STOP, trigger=449.95)], (5_000, 100)),
        (100, [order(-100, STOP, trigger=450.0)], (5_000, 0)),
        (100, [order(-100, STOP, trigger=480.0, confirmed=False)], (5_000, 100)),
        # a stop-limit at its limit: 100 × 30; with a limit beyond the shock: as without
        (100, [order(-100, STOP_LIMIT, limit=470.0, trigger=480.0)], (3_000, 0)),
        (100, [order(-100, STOP_LIMIT, limit=440.0, trigger=480.0)], (5_000, 0)),
        # a stop larger than the position earns nothing on what it opens
        (100, [order(-250, STOP, trigger=480.0)], (2_000, 0)),
        # a target protects nothing
        (100, [order(-100, LIMIT, limit=520.0)], (5_000, 100)),
        # a resting entry fills at 490 on the way down: 100 × 50 + 50 × 40
        (100, [order(50, LIMIT, limit=490.0)], (7_000, 150)),
        (100, [order(50, LIMIT, limit=490.0, confirmed=False)], (7_000, 150)),
        (100, [order(50, LIMIT, limit=440.0)], (5_000, 100)),
        # an entry alone: 50 × 40; one through the market fills at the last price: 50 × 50
        (0, [order(50, LIMIT, limit=490.0)], (2_000, 0)),
        (0, [order(50, LIMIT, limit=510.0)], (2_500, 0)),
        # a market order in doubt that adds: 150 × 50; one that would reduce counts for nothing
        (100, [order(50, MARKET, confirmed=False)], (7_500, 150)),
        (100, [order(-50, MARKET, confirmed=False)], (5_000, 100)),
        # targets of 500 for a position of 100, up to 550: 500 × 30 less the 100 × 50 that the position wins
        (100, [order(-100, LIMIT, limit=520.0), order(-400, LIMIT, limit=520.0)], (10_000, 100)),
    ],
)
def test_a_position_left_alone_loses_what_a_hand_has_worked_out(held, orders, expected):
    assert expected == loss(held, orders)


def test_the_whole_account_is_hit_at_once_and_by_symbol_and_product():
    positions = {("NSE:INFY", "CNC"): 100, ("NSE:INFY", "MIS"): -100, ("NSE:TCS", "CNC"): 10}
    found = exposure_if_orphaned(positions, [], {"NSE:INFY": 500.0, "NSE:TCS": 1_000.0}, 10.0)
    assert 1_100_000 == found.paise  # 5,000 + 5,000 + 1,000 rupees
    assert found.within(1_100_000)
    assert not found.within(1_099_999)


@pytest.mark.parametrize("last", [NAN, 0.0, -1.0, float("inf")])
def test_without_a_price_nothing_can_be_said_and_no_limit_is_kept(last):
    found = exposure_if_orphaned({KEY: 100}, [], {KEY[0]: last}, 10.0)
    assert (("NSE:INFY",), 0, False) == (found.unknown, found.paise, found.within(10**12))
    assert ("NSE:INFY",) == exposure_if_orphaned({KEY: 100}, [], {}, 10.0).unknown
    assert ("NSE:INFY",) == exposure_if_orphaned({KEY: 100}, [], {KEY[0]: 500.0}, NAN).unknown


def test_an_account_without_positions_and_orders_loses_nothing():
    assert exposure_if_orphaned({}, [], {}, 10.0).within(0)


UNITS = st.integers(-300, 300).filter(bool)
PRICES = st.integers(420, 580).map(float)
ORDERS = st.lists(
    st.one_of(
        st.builds(lambda units, limit: order(units, LIMIT, limit), UNITS, PRICES),
        st.builds(
            lambda units, trigger, sure: order(units, STOP, NAN, trigger, confirmed=sure), UNITS, PRICES, st.booleans()
        ),
    ),
    max_size=4,
)


@given(st.integers(-300, 300), ORDERS)
def test_a_stop_never_makes_it_worse_than_without_and_an_entry_never_better(held, orders):
    whole = loss(held, orders)[0]
    without_stops = loss(held, [one for one in orders if one.type is LIMIT])[0]
    assert whole <= without_stops
    assert whole >= 0
    doubtful = loss(held, [one._replace(confirmed=False) for one in orders])[0]
    assert without_stops == doubtful


@given(st.integers(-300, 300), ORDERS, st.floats(0.0, 40.0), st.floats(0.0, 40.0))
def test_a_position_without_entries_loses_no_less_in_a_larger_shock(held, orders, one, other):
    stops = [each for each in orders if each.type is STOP]
    smaller, larger = sorted((one, other))
    assert loss(held, stops, shock=smaller)[0] <= loss(held, stops, shock=larger)[0] + 0.01
