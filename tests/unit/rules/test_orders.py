"""framework/rules/orders.py: type and prices of an entry, what waits for what, what goes with a position."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.rules import orders, prices
from framework.types import OrderType

NAN = math.nan
SIDES = st.sampled_from([1, -1])
PRICES = st.none() | st.integers(1, 400).map(lambda steps: steps * 0.13)


def test_the_codes_are_those_of_the_types():
    assert [orders.MARKET, orders.LIMIT, orders.STOP, orders.STOP_LIMIT] == [int(kind) for kind in OrderType]


@pytest.mark.parametrize(
    ("side", "limit", "trigger", "expected"),
    [
        # A close of 100, a grid of 0.5, a tick of slippage. Worst: slipped for a buy, the reference itself for a sell.
        (1, NAN, NAN, (OrderType.MARKET, NAN, NAN, 100.5)),
        (-1, NAN, NAN, (OrderType.MARKET, NAN, NAN, 100.0)),
        (1, 98.2, NAN, (OrderType.LIMIT, 98.5, NAN, 98.5)),
        (-1, 101.8, NAN, (OrderType.LIMIT, 101.5, NAN, 101.5)),
        (1, NAN, 102.2, (OrderType.STOP, NAN, 102.5, 103.0)),
        (-1, NAN, 97.8, (OrderType.STOP, NAN, 97.5, 97.5)),
        (1, 103.0, 102.2, (OrderType.STOP_LIMIT, 103.0, 102.5, 103.0)),
        (-1, 97.0, 97.8, (OrderType.STOP_LIMIT, 97.0, 97.5, 97.0)),
        (1, 0.0, -1.0, (OrderType.MARKET, NAN, NAN, 100.5)),
    ],
)
def test_an_entry_by_hand(side, limit, trigger, expected):
    assert repr((int(expected[0]), *expected[1:])) == repr(
        orders.entry(side, 100.0, limit, trigger, 0.5, 0.0, 1.0, 0.0)
    )


def test_protection_bounds_a_market_entry_and_no_other():
    assert orders.entry(1, 100.0, NAN, NAN, 0.0, 50.0, 0.0, 20.0)[3] == pytest.approx(100.2)
    assert orders.entry(1, 100.0, NAN, 102.0, 0.0, 50.0, 0.0, 20.0)[3] == pytest.approx(102.51)


@given(SIDES, PRICES, PRICES, st.sampled_from([0.0, 0.05, 0.5]))
def test_an_entrys_own_prices_are_on_the_grid_and_not_for_us(side, limit, trigger, tick):
    kind, at, through, worst = orders.entry(side, 50.0, limit or NAN, trigger or NAN, tick, 5.0, 0.0, 0.0)
    assert kind == (limit is not None) + 2 * (trigger is not None)
    for given_, got in ((limit, at), (trigger, through)):
        assert math.isnan(got) if given_ is None else got == prices.on_tick(given_, tick, side)
    assert side * (worst - (at if limit else through if trigger else 50.0)) >= 0


@pytest.mark.parametrize(
    ("order", "before", "expected"),
    [
        ("entry", "entry", True),
        ("entry", "exit", False),
        ("entry", "protective", False),
        ("opening leg", "entry", True),
        ("opening leg", "exit", True),
        ("opening leg", "protective", False),
        ("exit", "entry", False),
        ("exit", "exit", True),
        ("exit", "protective", False),
    ],
)
def test_what_waits_for_what(order, before, expected):
    assert expected is orders.waits_for(
        order == "exit", order == "opening leg", before in {"exit", "protective"}, before == "protective"
    )


@pytest.mark.parametrize(("needs_flat", "position", "expected"), [(True, 5, True), (True, 0, False), (False, 5, False)])
def test_an_opening_leg_whose_close_did_not_fill_is_dropped(needs_flat, position, expected):
    assert orders.is_dropped(needs_flat, position) is expected
    assert orders.is_dropped(needs_flat, -position) is expected


@pytest.mark.parametrize(
    ("reduces", "forced", "by_target", "expected"),
    [
        (True, False, False, True),
        (True, True, True, True),
        (False, True, True, True),
        (False, True, False, False),
        (False, False, True, False),
    ],
)
def test_what_goes_with_a_position(reduces, forced, by_target, expected):
    assert orders.goes_with_position(reduces, forced, by_target) is expected


@pytest.mark.parametrize(
    ("reserved", "left", "asked", "expected"),
    [(1_000, 3, 10, 300), (1_001, 1, 3, 333), (1_000, 0, 10, 0), (7, 5, 5, 7)],
)
def test_a_reserve_shrinks_with_what_is_left(reserved, left, asked, expected):
    assert orders.reserve_left(reserved, left, asked) == expected


def test_below_a_rupee_there_are_prices_too():
    assert orders.entry(1, 0.9, 0.5, NAN, 0.05, 0.0, 0.0, 0.0)[:2] == (orders.LIMIT, 0.5)
    assert orders.entry(1, 0.9, 0.75, 0.5, 0.05, 0.0, 0.0, 0.0)[:3] == (orders.STOP_LIMIT, 0.75, 0.5)
    kind, _, trigger, worst = orders.entry(1, 0.4, NAN, 0.5, 0.05, 0.0, 0.0, 0.0)
    assert (kind, trigger, worst) == (orders.STOP, 0.5, 0.5)


def test_a_tick_of_another_size_does_not_make_a_price_of_none():
    assert orders.entry(-1, 100.0, 0.0, 0.0, 0.05, 0.0, 0.0, 0.0)[0] == orders.MARKET
