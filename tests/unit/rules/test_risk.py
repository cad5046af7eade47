"""framework/rules/risk.py: limits shrink to whole lots, at the exact bound, and NaN allows nothing."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.rules import risk
from framework.rules.money import LARGEST_QUANTITY
from framework.types.tariff import Tariff

NAN, INF = math.nan, math.inf
LOTS = st.sampled_from([1, 1, 5, 75])
PRICES = st.floats(0.05, 1e5)
NEARLY = Fraction(1, 10**8)


@pytest.mark.parametrize(
    ("quantity", "price", "limit", "lot", "expected"),
    [
        (10, 100.0, 1000.0, 1, 10),
        (10, 100.0, 999.99, 1, 9),
        (10, 100.0, 99.99, 1, 0),
        (10, 100.0, 0.0, 1, 0),
        (10, 100.0, -5.0, 1, 0),
        (10, 100.0, INF, 1, 10),
        (10, 100.0, NAN, 1, 0),
        (10, NAN, 1000.0, 1, 0),
        (10, NAN, INF, 1, 0),
        (10, 0.0, 1000.0, 1, 0),
        (10, -1.0, 1000.0, 1, 0),
        (10, INF, 1000.0, 1, 0),
        (150, 10.0, 1499.0, 75, 75),
        (0, 100.0, 1000.0, 1, 0),
        (0, 100.0, -1000.0, 1, 0),
        (7, 0.1, 0.7, 1, 7),  # 7 × 0.1 is 0.7000000000000001 in binary
        (LARGEST_QUANTITY, 0.05, 1e7, 1, 200_000_000),
        (10, 0.5, 4.0, 1, 8),  # below a rupee there is a price too
        (30_000_000, 0.07, 2_100_000.0, 1, 30_000_000),  # exactly, though 2,100,000 / 0.07 is 29,999,999.99… in binary
    ],
)
def test_the_value_of_an_order_by_hand(quantity, price, limit, lot, expected):
    assert risk.within_order_value(quantity, price, limit, lot) == expected
    assert risk.within_position_value(quantity, 0, price, limit, lot) == expected


@pytest.mark.parametrize(
    ("quantity", "held", "limit", "expected"),
    [
        (10, 5, 1500.0, 10),
        (10, 5, 1499.0, 9),
        (10, -5, 1499.0, 9),
        (10, 15, 1500.0, 0),
        (10, 20, 1500.0, 0),
        (10, 20, INF, 10),
    ],
)
def test_what_is_held_counts_towards_the_position(quantity, held, limit, expected):
    assert risk.within_position_value(quantity, held, 100.0, limit, 1) == expected


@given(st.integers(0, 10**6), st.integers(0, 10**6), PRICES, st.floats(0, 1e9), LOTS)
def test_a_limit_never_enlarges_and_is_not_exceeded(lots, held, price, limit, lot):
    quantity = lots * lot
    for got, room in (
        (risk.within_order_value(quantity, price, limit, lot), Fraction(limit)),
        (risk.within_position_value(quantity, held, price, limit, lot), Fraction(limit) - held * Fraction(price)),
    ):
        assert 0 <= got <= quantity
        assert got % lot == 0
        slack = (Fraction(limit) + held * Fraction(price) + got * Fraction(price)) * NEARLY
        assert got == 0 or got * Fraction(price) <= room + slack
        if got < quantity:
            assert (got + lot) * Fraction(price) > room - slack


@pytest.mark.parametrize(
    ("quantity", "price", "blocked", "rate", "flat", "expected"),
    [
        (10, 100.0, 1.0, 0, 0, 100_000),
        (10, 100.0, 0.5, 0, 0, 50_000),
        (10, 100.0, 0.0, 0, 0, 0),
        (10, 100.0, 1.0, 100_000, 2000, 102_100),  # ₹1 and ₹20
        (10, 100.0, 0.2, 100_000, 0, 20_100),
        (1, 0.01, 0.5, 0, 0, 0),  # half a paisa, rounded down
    ],
)
def test_what_an_increase_takes(quantity, price, blocked, rate, flat, expected):
    assert risk.needed(quantity, price, blocked, 1, Tariff(rate, flat_paise=flat)) == expected


def test_the_charge_of_the_depository_is_none_of_an_increases():
    assert 100_000 == risk.needed(10, 100.0, 1.0, -1, Tariff(dp_paise=1_350))


@given(
    st.integers(0, 5000), PRICES, st.sampled_from([1.0, 0.2, 1.5, 0.0]), st.integers(-(10**6), 10**10),
    st.sampled_from([0, 3_333, 100_000, 5_000_000]), st.sampled_from([0, 1, 2000]), LOTS,
)  # fmt: skip
def test_buying_power_covers_what_it_allows_and_not_a_lot_more(lots, price, blocked, power, rate, flat, lot):
    quantity = lots * lot
    got = risk.within_buying_power(quantity, price, blocked, power, 1, Tariff(rate, flat_paise=flat), lot)
    assert 0 <= got <= quantity
    assert got % lot == 0
    if got:
        assert risk.needed(got, price, blocked, 1, Tariff(rate, flat_paise=flat)) <= power
    if got < quantity and price * (blocked + rate / 1e8) * lot > 0.02:  # two paise a lot: beyond rounding
        assert risk.needed(got + lot, price, blocked, 1, Tariff(rate, flat_paise=flat)) > power


@pytest.mark.parametrize(
    ("quantity", "price", "blocked", "power", "rate", "flat", "expected"),
    [
        (10, 100.0, 1.0, 100_000, 0, 0, 10),
        (10, 100.0, 1.0, 99_999, 0, 0, 9),
        (10, 100.0, 1.0, 0, 0, 0, 0),
        (10, 100.0, 1.0, -1, 0, 0, 0),
        (10, NAN, 1.0, 100_000, 0, 0, 0),
        (10, 0.0, 1.0, 100_000, 0, 0, 0),
        (10, 100.0, 0.0, 0, 0, 0, 10),  # no margin, nothing needed
        (10, 100.0, 0.0, 0, 0, 1, 0),  # but a flat charge that is not there
        (10, 100.0, 1.0, 1_999, 0, 2000, 0),
        (10, 100.0, 1.0, 2_000, 0, 2000, 0),
        (10, 100.0, 1.0, 42_000, 0, 2000, 4),  # ₹20 of ₹420 is the flat charge's
        (20_000, 100.0, 1.0, 100_000_000, 0, 0, 10_000),  # ₹10 lakh
        (1_000_000_000, 1.0, 1.0, 1_000, 0, 0, 10),  # computed, not counted down lot by lot
        (30_000_000, 0.05, 1.0, 100_000_000, 0, 0, 20_000_000),  # two crore at five paise
        (10, 0.5, 1.0, 400, 0, 0, 8),  # below a rupee there is a price too
        (10, 2.0, 0.2, 120, 0, 0, 3),  # ₹0.40 of margin each
        (1, 1.125, 1.0, 113, 444_444, 0, 0),  # 112.5 → 113 and 0.502 → 1, though 112.9999995 would be enough
        (9, 94.47, 1.0, 85_108, 100_000, 0, 9),  # 85,023 + 85.023 round down to exactly what there is
    ],
)
def test_buying_power_by_hand(quantity, price, blocked, power, rate, flat, expected):
    assert risk.within_buying_power(quantity, price, blocked, power, 1, Tariff(rate, flat_paise=flat), 1) == expected
    more = risk.within_buying_power(quantity + 100, price, blocked, power, 1, Tariff(rate, flat_paise=flat), 1)
    assert more == (expected if blocked or flat else quantity + 100)


@pytest.mark.parametrize(
    ("released", "following", "reuse", "reverses", "expected"),
    [
        (900, 400, False, False, 400),
        (900, 1_400, False, False, 900),
        (900, 0, True, False, 900),
        (900, 0, False, True, 900),
    ],
)
def test_what_an_exit_lends_to_an_entry(released, following, reuse, reverses, expected):
    assert risk.lends(released, following, reuse, reverses) == expected
