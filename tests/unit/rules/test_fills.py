"""framework/rules/fills.py: where an order fills within a bar."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.rules.fills import (
    capped_quantity,
    is_first_touch,
    limit_fill,
    precedence,
    price_at_open,
    price_in_range,
    slips,
    stop_fill,
    stop_limit_fill,
    target_after_entry,
)
from framework.rules.orders import LIMIT, MARKET, STOP, STOP_LIMIT

NAN = math.nan
SIDES = st.sampled_from([1, -1])
PRICES = st.integers(1, 40).map(float)


@st.composite
def bars(draw):
    """(open, high, low, close) of whole rupees, with many ties."""
    four = draw(st.lists(PRICES, min_size=4, max_size=4))
    return four[0], max(four), min(four), four[3]


def path(side: int, price: float, bar) -> float:
    """Oracle of a price reached: the open when it is there already, else itself when the range holds it."""
    opens, high, low, _ = bar
    if side * (opens - price) >= 0:
        return opens
    return price if low <= price <= high else NAN


def same(expected: float, got: float) -> bool:
    return expected == got or (math.isnan(expected) and math.isnan(got))


@given(SIDES, PRICES, bars())
def test_a_limit_fills_where_the_price_first_is_as_good(side, limit, bar):
    # As good for a buy is at or below: the price moves down to it.
    got = limit_fill(side, limit, *bar[:3])
    assert same(path(-side, limit, bar), got)
    if not math.isnan(got):
        assert bar[2] <= got <= bar[1]
        assert side * (limit - got) >= 0


@given(SIDES, PRICES, bars())
def test_a_stop_fills_where_the_price_first_is_through(side, trigger, bar):
    got = stop_fill(side, trigger, *bar[:3])
    assert same(path(side, trigger, bar), got)
    if not math.isnan(got):
        assert bar[2] <= got <= bar[1]
        assert side * (got - trigger) >= 0


@given(SIDES, PRICES, PRICES, bars())
def test_a_stop_limit_fills_where_prices_pass_its_trigger_and_never_beyond_its_limit(side, trigger, limit, bar):
    got = stop_limit_fill(side, trigger, limit, *bar)
    reached = path(side, trigger, bar)
    if math.isnan(reached):
        assert math.isnan(got)
    elif side * (limit - trigger) < 0:  # row 7b
        assert same(limit if side * (limit - bar[3]) >= 0 else NAN, got)
    elif side * (limit - reached) >= 0:
        assert got == reached
    else:  # the open is beyond the limit: from there on a limit, as row 4 has it
        assert reached == bar[0]
        assert same(path(-side, limit, bar), got)
    if not math.isnan(got):
        assert bar[2] <= got <= bar[1]
        assert side * (limit - got) >= 0


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize(
    ("entry", "trigger", "opens", "expected"),
    [
        (102.0, 102.0, 100.0, True),
        (102.0, NAN, 104.0, False),  # a limit
        (102.0, NAN, 100.0, False),
        (102.0, 102.0, 104.0, False),  # gapped, and back to a limit at the trigger
        (101.0, 102.0, 100.0, False),  # back at a limit short of the trigger
        (102.0, 102.0, NAN, False),
    ],
)
def test_only_a_trigger_that_prices_come_to_from_its_own_side_is_touched_first(side, entry, trigger, opens, expected):
    mirrored = [price if side > 0 else 200 - price for price in (entry, trigger, opens)]
    assert is_first_touch(side, *mirrored) is expected


@given(SIDES, PRICES, PRICES, st.booleans(), bars())
def test_a_target_of_an_entry_within_the_bar_asks_the_close_or_after_a_first_touch_the_range(
    side, limit, entry, first_touch, bar
):
    got = target_after_entry(side, limit, entry, first_touch, *bar[1:])
    after = bar[1:] if first_touch else (bar[3],) * 3
    assert same(path(-side, limit, (entry, max(*after, entry), min(*after, entry), 0)), got)
    if not first_touch:  # of several entries
        of_several = target_after_entry(side, limit, NAN, False, *bar[1:])
        assert same(limit if side * (limit - bar[3]) >= 0 else NAN, of_several)


@pytest.mark.parametrize("side", [1, -1])
def test_without_a_price_nothing_fills(side):
    bar = (100.0, 101.0, 99.0, 100.0)
    assert math.isnan(limit_fill(side, NAN, *bar[:3]))
    assert math.isnan(stop_fill(side, NAN, *bar[:3]))
    assert math.isnan(stop_limit_fill(side, NAN, 100.0, *bar))
    assert math.isnan(stop_limit_fill(side, 100.0, NAN, *bar))
    assert math.isnan(target_after_entry(side, NAN, 100.0, True, *bar[1:]))
    assert math.isnan(target_after_entry(side, 100.0, NAN, False, NAN, NAN, NAN))
    # And without a bar neither.
    assert math.isnan(limit_fill(side, 100.0, NAN, NAN, NAN))
    assert math.isnan(stop_fill(side, 100.0, NAN, NAN, NAN))
    assert math.isnan(stop_limit_fill(side, 100.0, 100.0, NAN, NAN, NAN, NAN))


@pytest.mark.parametrize(
    ("quantity", "volume", "cap", "lot", "expected"),
    [
        (10, 100.0, 0.1, 1, 10),
        (10, 99.0, 0.1, 1, 9),
        (10, 1e9, 0.1, 1, 10),
        (10, 9.99, 0.1, 1, 0),
        (10, 10.0, 0.1, 1, 1),
        (10, 0.0, 1.0, 1, 0),
        (10, NAN, 0.5, 1, 0),
        (30, 199.0, 0.1, 5, 15),  # 19.9
        (30, 49.0, 0.1, 5, 0),
        (30, 50.0, 0.1, 5, 5),
        (7, math.inf, 1.0, 1, 7),
    ],
)
def test_the_volume_cap_by_hand(quantity, volume, cap, lot, expected):
    assert capped_quantity(quantity, volume, cap, lot) == expected


@given(st.integers(1, 10**6), st.floats(0, 1e12), st.floats(0.0001, 1.0), st.sampled_from([1, 5, 75]))
def test_the_volume_cap_never_gives_more_than_its_share(lots, volume, cap, lot):
    quantity = lots * lot
    got = capped_quantity(quantity, volume, cap, lot)
    assert 0 <= got <= quantity
    assert got <= volume * cap
    assert got % lot == 0


BAR = (100.0, 104.0, 97.0, 103.0)


@pytest.mark.parametrize(
    ("kind", "triggered", "limit", "trigger", "at_open", "in_range"),
    [
        (MARKET, False, NAN, NAN, 100.0, NAN),
        (LIMIT, False, 98.0, NAN, NAN, 98.0),
        (LIMIT, False, 101.0, NAN, 100.0, 100.0),
        (STOP, False, NAN, 102.0, NAN, 102.0),
        (STOP, False, NAN, 99.0, 100.0, 100.0),
        (STOP, True, NAN, 102.0, 100.0, NAN),  # what volume left of it
        (STOP_LIMIT, False, 103.0, 102.0, NAN, 102.0),
        (STOP_LIMIT, False, 101.0, 99.0, 100.0, 100.0),
        (STOP_LIMIT, False, 98.0, 97.0, NAN, 100.0),  # it triggers at the open, beyond its limit
        (STOP_LIMIT, True, 98.0, 97.0, NAN, 98.0),
        (STOP_LIMIT, True, 101.0, 97.0, 100.0, 100.0),
    ],
)
@pytest.mark.parametrize("side", [1, -1])
def test_where_each_type_fills(side, kind, triggered, limit, trigger, at_open, in_range):
    mirror = lambda price: price if side > 0 else 200 - price  # noqa: E731 - it is said four times
    opens, high, low, _ = map(mirror, BAR)
    high, low = max(high, low), min(high, low)
    prices_ = mirror(limit), mirror(trigger), opens
    assert same(mirror(at_open), price_at_open(kind, triggered, side, *prices_))
    assert same(mirror(in_range), price_in_range(kind, triggered, side, *prices_, high, low))


def test_what_slips_and_in_which_rank_orders_are_served():
    assert [slips(kind, False) for kind in (MARKET, LIMIT, STOP, STOP_LIMIT)] == [True, False, True, True]
    assert [slips(kind, True) for kind in (MARKET, LIMIT, STOP, STOP_LIMIT)] == [True, False, True, False]
    stop, target, entry = (STOP, True), (LIMIT, True), (LIMIT, False)
    ranks = {first: [precedence(*o, first) for o in ((MARKET, False), stop, target, entry)] for first in (False, True)}
    assert ranks == {False: [0, 2, 3, 3], True: [0, 2, 1, 3]}
    assert precedence(STOP_LIMIT, False, True) == 2
