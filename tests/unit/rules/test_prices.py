"""framework/rules/prices.py against decimal arithmetic."""

import math
from decimal import Decimal, localcontext

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from framework.rules.prices import (
    ON_GRID,
    bound_reached,
    grid_price,
    on_tick,
    protected,
    slipped,
    within_limit,
    worst_entry,
)

TICKS = st.sampled_from([0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 0.0025, 0.15, 0.35, 12.5])
SIDES = st.sampled_from([1, -1])
PRICES = st.floats(0.05, 200_000)


def printed(steps: int, tick: float) -> float:
    """What a data file prints for a grid price: the decimal number, read back."""
    return float(Decimal(steps) * Decimal(repr(tick)))


def grid_by_decimals(price: float, tick: float, side: int) -> float:
    steps = Decimal(price) / Decimal(repr(tick))
    nearest = int((steps + Decimal("0.5")).to_integral_value(rounding="ROUND_FLOOR"))
    away = abs(steps - nearest)
    assume(not Decimal("0.99e-6") < away < Decimal("1.01e-6"))  # what is at the tolerance itself may fall either way
    if away <= Decimal(repr(ON_GRID)):
        return printed(nearest, tick)
    if side > 0:
        return printed(math.ceil(steps), tick)
    return printed(max(math.floor(steps), 1), tick)


@given(PRICES, TICKS, SIDES)
def test_the_grid_is_the_decimal_grid(price, tick, side):
    with localcontext() as context:
        context.prec = 60
        assert on_tick(price, tick, side) == grid_by_decimals(price, tick, side)


@given(st.integers(1, 4_000_000), TICKS, SIDES)
def test_a_price_on_the_grid_stays_the_number_it_is(steps, tick, side):
    price = printed(steps, tick)
    assert on_tick(price, tick, side) == price == grid_price(steps, tick)
    # So does one that a computation left a millionth of a millionth beside it.
    assert on_tick(price * (1 + 1e-13), tick, side) == price
    assert on_tick(price * (1 - 1e-13), tick, side) == price


@given(PRICES, TICKS)
def test_the_grid_is_against_us_by_less_than_a_tick(price, tick):
    up, down = on_tick(price, tick, 1), on_tick(price, tick, -1)
    slack = ON_GRID * tick * 1.01 + price * 1e-15
    assert price - slack <= up < price + tick * 1.000001 + slack
    if price >= tick:
        assert price - tick * 1.000001 - slack < down <= price + slack
    assert down <= up or price < tick


@pytest.mark.parametrize("tick", [0.0, -0.05, math.nan])
@pytest.mark.parametrize("price", [100.003, 0.001, math.nan])
@pytest.mark.parametrize("side", [1, -1])
def test_without_a_stated_tick_nothing_is_rounded(tick, price, side):
    assert repr(on_tick(price, tick, side)) == repr(price)


@pytest.mark.parametrize("price", [math.nan, math.inf])
@pytest.mark.parametrize("side", [1, -1])
def test_no_price_has_no_place_on_the_grid(price, side):
    assert repr(on_tick(price, 0.05, side)) == repr(price)


@pytest.mark.parametrize(
    ("price", "tick", "side", "expected"),
    [
        (100.01, 0.05, 1, 100.05),
        (100.04, 0.05, -1, 100.0),
        (0.02, 0.05, -1, 0.05),  # a sell keeps at least one tick
        (0.02, 0.05, 1, 0.05),
        (99.99999999, 0.05, -1, 100.0),  # on the line but for rounding
        (100.00000001, 0.05, 1, 100.0),
        (7.0, 5.0, 1, 10.0),
        (7.0, 5.0, -1, 5.0),
        (2.2, 0.7, -1, 2.1),  # 3 × 0.7 is 2.0999999999999996 in binary
    ],
)
def test_the_grid_by_hand(price, tick, side, expected):
    assert on_tick(price, tick, side) == expected


def test_a_tick_of_more_than_six_decimals_is_multiplied():
    assert grid_price(3, 1e-7) == 3 * 1e-7
    assert on_tick(3.4e-7, 1e-7, 1) == 4 * 1e-7


@given(PRICES, SIDES, st.floats(0, 9_999), st.sampled_from([0.0, 1.0, 2.5]), st.one_of(st.just(0.0), TICKS))
def test_slippage_is_never_for_us_and_no_more_than_stated(price, side, bps, ticks, tick):
    got = slipped(price, side, bps, ticks, tick)
    assert side * (got - price) >= 0
    wanted = price * (1 + side * bps / 10_000) + side * ticks * tick
    least = tick or 0.01
    room = tick * 1.000001 + 1e-9 * price
    assert abs(got - min(max(wanted, least), price) if side < 0 else got - wanted) <= room
    assert got > 0


@pytest.mark.parametrize(
    ("price", "side", "bps", "ticks", "tick", "expected"),
    [
        (100.03, 1, 0.0, 0.0, 0.05, 100.03),  # none: the printed price, on the grid or not
        (100.0, 1, 5.0, 0.0, 0.0, 100.05),
        (100.0, -1, 5.0, 0.0, 0.0, 99.95),
        (100.0, 1, 1.0, 0.0, 0.05, 100.05),  # 100.01, up
        (100.0, -1, 1.0, 0.0, 0.05, 99.95),
        (100.0, 1, 0.0, 2.0, 0.05, 100.1),
        (100.0, 1, 0.0, 2.0, 0.0, 100.0),  # ticks of an instrument that states none are nothing
        (100.03, 1, 0.0, 1.0, 0.05, 100.1),  # 100.08, up
        (100.03, -1, 0.0, 1.0, 0.05, 99.95),  # 99.98, down
        (0.1, -1, 0.0, 5.0, 0.05, 0.05),  # no lower than a tick
        (0.02, -1, 5_000.0, 0.0, 0.0, 0.01),  # or a paisa
        (0.005, -1, 100.0, 0.0, 0.0, 0.005),  # but never better than printed
        (0.03, -1, 10.0, 0.0, 0.05, 0.03),
        (0.005, 1, 100.0, 0.0, 0.0, 0.005 * 1.01),
        (0.02, -1, 7_500.0, 0.0, 0.0025, 0.005),  # two ticks: below a paisa where the tick is
    ],
)
def test_slippage_by_hand(price, side, bps, ticks, tick, expected):
    assert slipped(price, side, bps, ticks, tick) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize(
    ("price", "limit", "side", "expected"),
    [
        (100.5, 101.0, 1, 100.5),
        (101.0, 101.0, 1, 101.0),
        (101.5, 101.0, 1, 101.0),
        (99.5, 99.0, -1, 99.5),
        (98.5, 99.0, -1, 99.0),
        (101.5, math.nan, 1, 101.5),
        (98.5, math.nan, -1, 98.5),
    ],
)
def test_a_slipped_price_ends_at_the_limit_if_there_is_one(price, limit, side, expected):
    assert within_limit(price, limit, side) == expected


@pytest.mark.parametrize(
    ("side", "bps", "tick", "expected"),
    [
        (1, 20.0, 0.0, 100.2),
        (-1, 20.0, 0.0, 99.8),
        (1, 1.0, 0.05, 100.05),
        (-1, 1.0, 0.05, 99.95),
        (1, 0.0, 0.05, 100.0),
    ],
)
def test_protection_is_a_bound_on_the_grid(side, bps, tick, expected):
    assert protected(100.0, side, bps, tick) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize(
    ("side", "ticks", "protection", "at_market", "expected"),
    [
        (1, 2.0, 0.0, True, 100.1),
        (1, 2.0, 20.0, True, 100.2),  # market protection bounds what slippage would make of it
        (1, 2.0, 0.5, True, 100.05),  # 100.005, up; half a basis point is a protection too
        (1, 2.0, 20.0, False, 100.1),  # of market orders only
        (-1, 2.0, 0.0, True, 100.0),  # a short's is the reference itself
        (-1, 2.0, 20.0, True, 100.0),
        (-1, 2.0, 20.0, False, 100.0),
    ],
)
def test_the_worst_price_of_an_entry_by_hand(side, ticks, protection, at_market, expected):
    assert expected == pytest.approx(worst_entry(100.0, side, 0.0, ticks, protection, at_market, 0.05), rel=1e-15)


def test_the_worst_price_of_an_entry_counts_basis_points_of_slippage():
    assert 100.5 == pytest.approx(worst_entry(100.0, 1, 50.0, 0.0, 0.0, True, 0.05), rel=1e-15)


@pytest.mark.parametrize(
    ("side", "protection", "bps", "expected"),
    [
        (1, 20.0, 50.0, 100.2),
        (-1, 20.0, 50.0, 99.8),
        (1, 20.0, 10.0, None),
        (1, 20.0, 20.0, None),
        (1, 0.0, 50.0, None),
    ],
)
def test_protection_holds_what_slippage_takes_beyond_its_bound(side, protection, bps, expected):
    got = bound_reached(100.0, side, protection, bps, 0.0, 0.0)
    assert math.isnan(got) if expected is None else got == pytest.approx(expected)
