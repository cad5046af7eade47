"""framework/rules/sizing.py and targets.py: how many units, and what a decision changes."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.rules import sizing, targets
from framework.rules.money import LARGEST_QUANTITY

NAN, INF = math.nan, math.inf
LOTS = st.sampled_from([1, 5, 25, 75, 1000])
NEARLY = Fraction(1, 10**8)
"""Whole lots are told from a division of floats; a hundred-millionth of a lot is taken for rounding."""


def is_the_floor(units: int, exact: Fraction, lot: int) -> bool:
    """``units`` is ``exact`` rounded down to whole lots, or up where that is nearer than NEARLY."""
    lots = exact / lot
    return units % lot == 0 and lots - 1 - NEARLY <= units // lot <= lots + NEARLY


@pytest.mark.parametrize(
    ("units", "lot", "expected"),
    [
        (10.0, 1, 10),
        (10.999, 1, 10),
        (0.999, 1, 0),
        (1.0, 1, 1),
        (74.0, 75, 0),
        (75.0, 75, 75),
        (149.9, 75, 75),
        (6.999999999999999, 1, 7),  # 0.7 / 0.1
        (28.999999999999996, 1, 29),  # 0.29 × 100
        (NAN, 1, 0),
        (INF, 1, 0),
        (-INF, 1, 0),
        (-5.0, 1, 0),
        (0.0, 1, 0),
        (float(LARGEST_QUANTITY), 1, LARGEST_QUANTITY),
        (LARGEST_QUANTITY + 1.0, 1, 0),
    ],
)
def test_whole_lots_by_hand(units, lot, expected):
    assert sizing.whole_lots(units, lot) == expected
    assert sizing.fixed_units(units, lot) == expected


@given(st.floats(1, 1e9), LOTS)
def test_whole_lots_are_the_floor(units, lot):
    assert is_the_floor(sizing.whole_lots(units, lot), Fraction(units), lot) or units < lot


@given(st.floats(1, 1e8), st.floats(0.05, 1e5), LOTS)
def test_a_value_buys_what_it_pays_for(rupees, price, lot):
    units, exact = sizing.value_units(rupees, price, lot), Fraction(rupees) / Fraction(price)
    assert is_the_floor(units, exact, lot) if lot <= exact * (1 + NEARLY) and exact <= LARGEST_QUANTITY else units == 0


@given(st.integers(100, 10**13), st.floats(0.001, 1), st.floats(0.01, 1), st.floats(0.05, 1e5), LOTS)
def test_a_share_of_equity_and_a_weight_buy_their_part(equity, fraction, allotment, price, lot):
    exact = Fraction(fraction) * Fraction(allotment) * equity / 100 / Fraction(price)
    units = sizing.equity_units(fraction, equity, allotment, price, lot)
    within = lot * (1 + NEARLY) <= exact <= LARGEST_QUANTITY * (1 - NEARLY)
    assert not within or is_the_floor(units, exact, lot)
    weighted = sizing.weight_units(-fraction, equity, price, lot)
    exact = Fraction(fraction) * equity / 100 / Fraction(price)
    within = lot * (1 + NEARLY) <= exact <= LARGEST_QUANTITY * (1 - NEARLY)
    assert not within or is_the_floor(-weighted, exact, lot)
    assert sizing.weight_units(fraction, equity, price, lot) == -weighted


@given(st.integers(100, 10**13), st.floats(0.0001, 0.5), st.floats(0.05, 1e4), LOTS)
def test_sizing_by_risk_loses_its_fraction_at_the_stop(equity, fraction, distance, lot):
    units = sizing.risk_units(fraction, equity, distance, lot)
    assert units * Fraction(distance) <= Fraction(fraction) * equity / 100 * (1 + NEARLY)
    assert units % lot == 0


@pytest.mark.parametrize("distance", [NAN, 0.0, -1.0])
def test_sizing_by_risk_without_a_stop_buys_nothing(distance):
    assert sizing.risk_units(0.01, 10_000_000, distance, 1) == 0


@pytest.mark.parametrize("equity", [0, -1, -10_000_000])
def test_no_equity_buys_nothing(equity):
    assert sizing.equity_units(0.95, equity, 1.0, 100.0, 1) == 0
    assert sizing.weight_units(0.5, equity, 100.0, 1) == 0
    assert sizing.risk_units(0.01, equity, 5.0, 1) == 0


@pytest.mark.parametrize(
    ("full", "target", "lot", "expected"),
    [
        (10, 1.0, 1, 10),
        (10, -1.0, 1, -10),
        (10, 0.5, 1, 5),
        (10, -0.55, 1, -5),
        (10, 0.05, 1, 0),
        (10, 0.0, 1, 0),
        (100, 0.29, 1, 29),
        (3, 2 / 3, 1, 2),
        (150, 0.5, 75, 75),
        (150, 0.49, 75, 0),
        (0, 1.0, 1, 0),
        (10, NAN, 1, 0),
    ],
)
def test_a_partial_target_is_its_share(full, target, lot, expected):
    assert sizing.scaled(full, target, lot) == expected


@pytest.mark.parametrize(
    ("target", "intent", "expected"),
    [
        (1.0, 0.0, True),
        (1.0, 1.0, False),
        (0.0, 0.0, False),
        (-1.0, 1.0, True),
        (NAN, 1.0, False),
        (0.5, 0.5000001, True),
    ],
)
def test_a_finite_other_target_is_new(target, intent, expected):
    assert targets.is_new(target, intent) is expected


@pytest.mark.parametrize(
    ("position", "desired", "towards_zero", "expected"),
    [
        (0, 10, False, 10),
        (4, 10, False, 6),
        (-4, -10, False, -6),
        (10, 4, True, -6),
        (-10, -4, True, 6),
        (3, 5, True, 0),  # clipped before: a lower target does not buy
        (-3, -5, True, 0),
        (0, 5, True, 0),
        (10, 0, True, -10),
        (5, 5, True, 0),
    ],
)
def test_what_a_target_changes(position, desired, towards_zero, expected):
    assert targets.change(position, desired, towards_zero) == expected


@given(st.integers(-1000, 1000), st.integers(-1000, 1000))
def test_what_is_to_be_given_back_reduces_and_never_crosses_zero(position, desired):
    back = targets.outstanding_reduction(position, desired)
    after = position + back
    assert abs(after) <= abs(position)
    assert after * position >= 0
    kept = desired if desired * position > 0 else 0
    assert abs(after) == min(abs(position), abs(kept))


@pytest.mark.parametrize(
    ("weight", "position_paise", "equity_paise", "band", "expected"),
    [
        (0.5, 5_000, 10_000, 2.0, False),
        (0.5, 5_201, 10_000, 2.0, True),
        (0.5, 5_199, 10_000, 2.0, False),
        (0.5, 4_799, 10_000, 2.0, True),
        (-0.5, -5_300, 10_000, 2.0, True),
        (0.5, 9_000, 10_000, NAN, False),
        (0.5, 0, 0, 2.0, False),
        (0.5, 0, -5, 2.0, False),
    ],
)
def test_a_weight_drifts_beyond_its_band(weight, position_paise, equity_paise, band, expected):
    assert targets.drifted(weight, position_paise, equity_paise, band) is expected
