"""framework/rules/limits.py: at the bound it passes, beyond it is refused or shrunk, and NaN allows nothing."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.rules import limits

NAN, INF = math.nan, math.inf
UNITS = st.integers(0, 10**6)
NUMBERS = st.one_of(st.floats(0.05, 1e5), st.sampled_from([0.0, -1.0, NAN, INF, -INF]))


def test_what_is_restricted_is_refused():
    assert [7, 0, 0] == [limits.if_allowed(7, False), limits.if_allowed(7, True), limits.if_allowed(0, False)]


@pytest.mark.parametrize(
    ("sessions", "most", "expected"), [(0, 0, 9), (1, 0, 0), (3, 3, 9), (4, 3, 0), (-1, 3, 0), (-1, 0, 0)]
)
def test_a_last_bar_may_be_so_many_sessions_old(sessions, most, expected):
    assert expected == limits.within_age(9, sessions, most)
    assert 0 == limits.within_age(0, sessions, most)


@pytest.mark.parametrize(
    ("price", "reference", "limit", "expected"),
    [
        (105.0, 100.0, 5.0, 9),
        (95.0, 100.0, 5.0, 9),
        (105.01, 100.0, 5.0, 0),
        (94.99, 100.0, 5.0, 0),
        (100.0, 100.0, 0.0, 9),
        (100.01, 100.0, 0.0, 0),
        (100.0, 100.0, -1.0, 0),
        (1e6, 100.0, INF, 9),
        (100.0, 100.0, NAN, 0),
        (NAN, 100.0, 5.0, 0),
        (NAN, 100.0, INF, 0),
        (100.0, NAN, INF, 0),
        (INF, 100.0, INF, 0),
        (100.0, INF, INF, 9),  # no limit is no limit; an infinite close is no bar, and the store lets none in
        (0.0, 4.0, 5.0, 0),
        (-1.0, 4.0, 5.0, 0),
        (4.0, 0.0, 5.0, 0),
        (4.0, -1.0, 5.0, 0),
        (0.5, 0.75, 0.25, 9),  # below a rupee there are prices too
        (0.75, 0.5, 0.25, 9),
        (0.5, 0.8, 0.25, 0),
    ],
)
def test_a_price_may_lie_so_far_from_its_reference(price, reference, limit, expected):
    of_order = 9 if math.isnan(price) else expected  # a market order has no price of its own
    assert of_order == limits.within_price_band(9, price, NAN, reference, limit)
    assert of_order == limits.within_price_band(9, NAN, price, reference, limit)
    assert of_order == limits.within_price_band(9, price, price, reference, limit)
    assert (9 if math.isnan(reference) else expected) == limits.within_jump(9, price, reference, limit)  # a first bar
    assert 0 == limits.within_price_band(0, price, price, reference, limit)
    assert 0 == limits.within_jump(0, price, reference, limit)


@pytest.mark.parametrize(("limit", "trigger", "expected"), [(105.0, 95.0, 9), (105.1, 95.0, 0), (105.0, 94.9, 0)])
def test_both_prices_of_an_order_lie_within_the_band(limit, trigger, expected):
    assert expected == limits.within_price_band(9, limit, trigger, 100.0, 5.0)


@pytest.mark.parametrize(
    ("amount", "percent", "expected"),
    [(NAN, False, 100), (NAN, True, 100), (600.0, False, 40), (0.5, True, 30), (1.0, True, 80), (2.0, True, 100)],
)
def test_a_limit_is_rupees_or_a_share_of_equity(amount, percent, expected):
    # 100 units at 10.00 asked, 200.00 used of an equity of 1,000.00.
    assert expected == limits.within_share(100, 10.0, 20_000, amount, percent, 100_000, 5)


@pytest.mark.parametrize(("count", "most", "expected"), [(0, 1, 9), (1, 1, 0), (2, 1, 0), (2, 3, 9), (0, 0, 0)])
def test_with_this_one_the_count_stays_within_its_limit(count, most, expected):
    assert expected == limits.within_orders(9, count, most) == limits.within_positions(9, count, most)
    assert 0 == limits.within_orders(0, count, most) == limits.within_positions(0, count, most)


@pytest.mark.parametrize(
    ("quantity", "most", "lot", "expected"),
    [(10, 10, 1, 10), (10, 9, 1, 9), (150, 149, 75, 75), (75, 74, 75, 0), (10, 0, 1, 0), (0, 5, 1, 0)],
)
def test_units_of_an_order(quantity, most, lot, expected):
    assert expected == limits.within_quantity(quantity, most, lot)


@pytest.mark.parametrize(
    ("quantity", "price", "used_paise", "limit", "lot", "expected"),
    [
        (10, 100.0, 0, 1000.0, 1, 10),
        (10, 100.0, 1, 1000.0, 1, 9),
        (10, 100.0, 50_000, 1500.0, 1, 10),
        (10, 100.0, 50_000, 1499.99, 1, 9),
        (10, 100.0, 50_000, 500.0, 1, 0),
        (10, 100.0, 60_000, 500.0, 1, 0),
        (150, 10.0, 0, 1499.0, 75, 75),
        (10, 100.0, 0, INF, 1, 10),
        (10, 100.0, 0, NAN, 1, 0),
        (10, 100.0, 0, 0.0, 1, 0),
        (10, NAN, 0, INF, 1, 0),
        (10, INF, 0, INF, 1, 0),
        (10, 0.0, 0, 1000.0, 1, 0),
        (10, -1.0, 0, 1000.0, 1, 0),
        (0, 100.0, 0, 1000.0, 1, 0),
        (0, 100.0, 200_000, 1000.0, 1, 0),
        (10, 0.5, 100, 5.0, 1, 8),  # below a rupee there is a price too
        (20_000, 1.0, 5_000_000, 60_000.0, 1, 10_000),
        (30_000_000, 0.07, 0, 2_100_000.0, 1, 30_000_000),  # exactly: 2,100,000 / 0.07 is 29,999,999.99… in binary
    ],
)
def test_an_order_and_what_is_used_by_hand(quantity, price, used_paise, limit, lot, expected):
    assert expected == limits.within_total(quantity, price, used_paise, limit, lot)


@pytest.mark.parametrize(
    ("held", "entries", "follows", "expected"),
    [(500, 300, False, 800), (500, 300, True, 500), (300, 500, True, 500), (0, 0, False, 0), (0, 0, True, 0)],
)
def test_the_worst_case_of_a_reversal_is_its_larger_half(held, entries, follows, expected):
    assert expected == limits.worst_case(held, entries, follows)


@given(UNITS, NUMBERS, NUMBERS, NUMBERS, st.integers(-5, 10), st.integers(0, 10), st.sampled_from([1, 5, 75]))
def test_no_limit_enlarges_or_leaves_a_part_of_a_lot(lots, price, reference, limit, count, most, lot):
    quantity = lots // lot * lot
    answers = [
        limits.if_allowed(quantity, count > most),
        limits.within_age(quantity, count, most),
        limits.within_jump(quantity, price, reference, limit),
        limits.within_price_band(quantity, price, limit, reference, limit),
        limits.within_orders(quantity, count, most),
        limits.within_positions(quantity, count, most),
        limits.within_quantity(quantity, most * 100, lot),
        limits.within_total(quantity, price, abs(count) * 1_000, limit, lot),
    ]
    assert all(0 <= answer <= quantity and answer % lot == 0 for answer in answers)


@given(UNITS, st.floats(0.05, 1e5), st.integers(0, 10**11), st.floats(0, 1e9), st.sampled_from([1, 5, 75]))
def test_a_total_is_not_exceeded_and_used_to_the_last_lot(lots, price, used, limit, lot):
    quantity = lots // lot * lot
    got = limits.within_total(quantity, price, used, limit, lot)
    room, slack = Fraction(limit) - Fraction(used, 100), (Fraction(limit) + Fraction(used, 100)) / 10**8
    assert got == 0 or got * Fraction(price) <= room + slack
    if got < quantity:
        assert (got + lot) * Fraction(price) > room - slack


@pytest.mark.parametrize(
    ("held", "leaving", "reuse", "expected"),
    [(10, 4, True, 6), (-10, 4, True, 6), (10, 4, False, 10), (-10, 0, False, 10), (10, 12, True, 0), (0, 0, True, 0)],
)
def test_what_counts_as_held_while_it_leaves(held, leaving, reuse, expected):
    assert limits.stays(held, leaving, reuse) == expected


@pytest.mark.parametrize(
    ("units", "why", "allowed", "expected"),
    [(10, 0, 5, (5, 7)), (10, 0, 10, (10, 0)), (5, 3, 5, (5, 3)), (5, 3, 8, (5, 3)), (5, 3, 0, (0, 7))],
)
def test_the_strictest_limit_is_named_and_of_equals_the_first(units, why, allowed, expected):
    assert limits.stricter(units, why, allowed, 7) == expected
