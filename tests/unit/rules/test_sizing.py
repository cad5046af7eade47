"""framework/rules/sizing.py: how many units."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.rules import reasons, risk, sizing
from framework.rules.money import LARGEST_QUANTITY
from framework.rules.sizing import BEYOND
from framework.types.tariff import Tariff

NAN, INF = math.nan, math.inf
LOTS = st.sampled_from([1, 5, 25, 75, 1000])
NEARLY = Fraction(1, 10**8)
"""Whole lots are told from a division of floats; a hundred-millionth of a lot is taken for rounding."""


def is_the_floor(units: int, exact: Fraction, lot: int) -> bool:
    """``units`` is ``exact`` rounded down to whole lots, or up where that is nearer than NEARLY."""
    lots = exact / lot
    room = max(NEARLY, lots / 2**52)  # the quotient of two floats is one float: half a bit away at most
    return units % lot == 0 and lots - 1 - room <= units // lot <= lots + room


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
    assert sizing.fixed_units(units, lot) == (BEYOND if units > LARGEST_QUANTITY else expected)


@pytest.mark.parametrize(
    ("units", "lot", "expected"),
    [(2e9, 1, 2_000_000_000), (2e9 + 0.5, 1, BEYOND), (3e9, 75, BEYOND), (INF, 1, BEYOND), (NAN, 1, 0), (-3e9, 1, 0)],
)
def test_a_size_that_no_rule_can_hold_is_told_apart_from_none(units, lot, expected):
    assert sizing.sized(units, lot) == expected
    assert sizing.can_hold(expected) == (expected != BEYOND) == sizing.can_hold(-expected)
    assert 0 == sizing.scaled(BEYOND, 0.5, lot) == sizing.scaled(BEYOND, -1.0, lot)


@pytest.mark.parametrize(
    ("quantity", "held", "price", "expected"),
    [
        (2_000_000_000, 0, 1.0, True),
        (2_000_000_001, 0, 1.0, False),
        (1_000_000_000, 1_000_000_001, 1.0, False),
        (2_000_000_000, 0, 20_000.0, True),  # ₹40 lakh crore
        (2_000_000_000, 0, 20_000.01, False),
        (1_000_000_000, 1_000_000_000, 20_000.01, False),
        (1, 0, NAN, False),
        (1, 0, INF, False),
    ],
)
def test_an_order_is_for_what_can_be_held_and_told_in_paise(quantity, held, price, expected):
    assert sizing.can_order(quantity, held, price) is expected


@given(st.floats(1, 1e9), LOTS)
def test_whole_lots_are_the_floor(units, lot):
    assert is_the_floor(sizing.whole_lots(units, lot), Fraction(units), lot) or units < lot


@given(st.floats(1, 1e8), st.floats(0.05, 1e5), LOTS)
def test_a_value_buys_what_it_pays_for(rupees, price, lot):
    units, exact = sizing.value_units(rupees, price, lot), Fraction(rupees) / Fraction(price)
    if exact > LARGEST_QUANTITY:
        assert units == BEYOND
        return
    assert is_the_floor(units, exact, lot) if lot <= exact * (1 + NEARLY) else units == 0


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
    if units == BEYOND:
        assert LARGEST_QUANTITY * Fraction(distance) < Fraction(fraction) * equity / 100 * (1 + NEARLY)
        return
    assert units * Fraction(distance) <= Fraction(fraction) * equity / 100 * (1 + NEARLY)
    assert units % lot == 0


@pytest.mark.parametrize(
    ("distance", "lot", "expected"), [(0.5, 1, 2000), (5.0, 1, 200), (1000.0, 1, 1), (1000.1, 1, 0), (5.0, 75, 150)]
)
def test_risk_units_by_hand(distance, lot, expected):
    # 1 % of ₹1,00,000 is ₹1,000.
    assert sizing.risk_units(0.01, 10_000_000, distance, lot) == expected


@pytest.mark.parametrize("distance", [NAN, 0.0, -1.0])
def test_sizing_by_risk_without_a_stop_buys_nothing(distance):
    assert sizing.risk_units(0.01, 10_000_000, distance, 1) == 0


EQUITY = 10_000_000
"""₹1,00,000 in paise."""


@pytest.mark.parametrize(
    ("fraction", "allotment", "price", "volatility", "lot", "expected"),
    [
        (0.15, 1.0, 100.0, 0.30, 1, 500),  # half of ₹1,00,000 at twice the volatility wanted
        (0.15, 0.5, 100.0, 0.30, 1, 250),
        (0.15, 1.0, 100.0, 0.15, 1, 1000),  # the wanted volatility itself: all of it
        (0.15, 1.0, 100.0, 0.075, 1, 2000),  # a calm one: more than cash, which the review cuts
        (0.15, 1.0, 100.0, 0.30, 75, 450),
        (0.15, 1.0, 100.0, 150.0, 1, 1),  # the last unit
        (0.15, 1.0, 100.0, 150.1, 1, 0),
        (0.15, 1.0, 100.0, 0.0, 1, 0),
        (0.15, 1.0, 100.0, -0.3, 1, 0),
        (0.15, 1.0, 100.0, NAN, 1, 0),
        (0.15, 1.0, 100.0, INF, 1, 0),
        (0.15, 1.0, NAN, 0.3, 1, 0),
        (0.15, 1.0, INF, 0.3, 1, 0),
        (NAN, 1.0, 100.0, 0.3, 1, 0),
        (INF, 1.0, 100.0, 0.3, 1, BEYOND),
        (0.15, 1.0, 100.0, 1e-300, 1, BEYOND),
    ],
)
def test_volatility_units_by_hand(fraction, allotment, price, volatility, lot, expected):
    assert sizing.volatility_units(fraction, EQUITY, allotment, price, volatility, lot) == expected
    given_ = (sizing.VOLATILITY, fraction, allotment, EQUITY, price, NAN, volatility, 1.0, lot)
    assert sizing.full_units(*given_) == expected


@pytest.mark.parametrize(
    ("fraction", "allotment", "price", "margin", "lot", "expected"),
    [
        (0.9, 1.0, 100.0, 1.0, 1, 900),
        (0.9, 0.5, 100.0, 0.2, 1, 2250),  # ₹45,000 of margin at ₹20 a unit
        (0.9, 1.0, 100.0, 0.2, 75, 4500),
        (0.9, 1.0, 90_000.0, 1.0, 1, 1),
        (0.9, 1.0, 90_001.0, 1.0, 1, 0),
        (0.9, 1.0, 100.0, 0.0, 1, 0),
        (0.9, 1.0, 100.0, -0.1, 1, 0),
        (0.9, 1.0, 100.0, NAN, 1, 0),
        (0.9, 1.0, 100.0, INF, 1, 0),
        (0.9, 1.0, NAN, 1.0, 1, 0),
        (NAN, 1.0, 100.0, 1.0, 1, 0),
        (INF, 1.0, 100.0, 1.0, 1, BEYOND),
    ],
)
def test_margin_units_by_hand(fraction, allotment, price, margin, lot, expected):
    assert sizing.margin_units(fraction, EQUITY, allotment, price, margin, lot) == expected
    assert sizing.full_units(sizing.MARGIN, fraction, allotment, EQUITY, price, NAN, NAN, margin, lot) == expected


@pytest.mark.parametrize(
    ("kind", "amount", "expected"),
    [
        (sizing.FIXED, 7.0, 7),
        (sizing.VALUE, 5_000.0, 50),
        (sizing.EQUITY, 0.95, 475),
        (sizing.RISK, 0.01, 200),  # ₹1,000 over a stop of ₹5: not of the allotment
        (sizing.VOLATILITY, 0.15, 250),
        (sizing.KELLY, 0.2, 100),
        (sizing.EQUAL_RISK, 0.9, 450),
        (sizing.MARGIN, 0.9, 900),
    ],
)
def test_each_kind_of_sizing_is_asked_for_what_it_is(kind, amount, expected):
    # Half of ₹1,00,000 at 100, a stop of ₹5, a volatility of 30 %, half a margin.
    assert sizing.full_units(kind, amount, 0.5, EQUITY, 100.0, 5.0, 0.3, 0.5, 1) == expected


@pytest.mark.parametrize(
    ("volatility", "measured", "inverse"),
    [(0.25, True, 4.0), (0.0, False, 0.0), (-0.25, False, 0.0), (NAN, False, 0.0), (INF, False, 0.0), (2.0, True, 0.5)],
)
def test_only_a_finite_volatility_above_zero_is_measured(volatility, measured, inverse):
    assert sizing.is_measured(volatility) is measured
    assert sizing.inverse(volatility) == inverse


@pytest.mark.parametrize(
    ("volatility", "inverses", "expected"),
    [
        (0.25, 4.0, 1.0),  # alone
        (2.0, 0.5, 1.0),
        (0.25, 4.0 + 2.0, 4 / 6),  # beside one of 50 %
        (0.0, 4.0, 0.0),
        (NAN, 4.0, 0.0),
        (0.25, 0.0, 0.0),
        (0.25, NAN, 0.0),
        (0.25, INF, 0.0),
    ],
)
def test_equal_risk_takes_its_part_of_the_inverses(volatility, inverses, expected):
    assert sizing.equal_risk_allotment(volatility, inverses) == expected


@given(st.lists(st.floats(0.001, 10) | st.sampled_from([0.0, NAN, INF]), min_size=1, max_size=20))
def test_equal_risk_gives_everything_away_and_every_part_the_same_risk(volatilities):
    inverses = sum(map(sizing.inverse, volatilities))
    shares = [sizing.equal_risk_allotment(volatility, inverses) for volatility in volatilities]
    risks = {round(share * v, 12) for share, v in zip(shares, volatilities, strict=True) if share > 0}
    assert sum(shares) == pytest.approx(1.0 if risks else 0.0)
    assert max(risks, default=0.0) == pytest.approx(min(risks, default=0.0), rel=1e-6, abs=1e-11)


@pytest.mark.parametrize(
    ("closed", "won", "won_paise", "lost_paise", "expected"),
    [
        # Thorp's table of even odds, f* = p − q: 50, 51, 52, 55, 60, 75 and 100 of a hundred won.
        (100, 50, 5_000, 5_000, Fraction(0)),
        (100, 51, 5_100, 4_900, Fraction(2, 100)),
        (100, 52, 5_200, 4_800, Fraction(4, 100)),
        (100, 55, 5_500, 4_500, Fraction(10, 100)),
        (100, 60, 6_000, 4_000, Fraction(20, 100)),
        (100, 75, 7_500, 2_500, Fraction(50, 100)),
        (100, 100, 10_000, 0, Fraction(1)),
        # Odds b to 1, f* = (b p − q) / b.
        (100, 40, 40 * 200, 60 * 100, Fraction(10, 100)),  # b = 2: (0.8 − 0.6) / 2
        (100, 30, 30 * 300, 70 * 100, Fraction(20, 300)),  # b = 3: (0.9 − 0.7) / 3
        (100, 90, 90 * 10, 10 * 100, Fraction(0)),  # b = 0.1: 0.9 − 0.1 / 0.1 < 0
        (3, 2, 600, 100, Fraction(5, 9)),
        (10, 0, 0, 500, Fraction(0)),
        (0, 0, 0, 0, Fraction(0)),
        (10, 4, 400, 0, Fraction(4, 10)),  # the others broke even: nothing lost, R is infinite
    ],
)
def test_the_kelly_fraction_of_a_table(closed, won, won_paise, lost_paise, expected):
    assert sizing.kelly_fraction(closed, won, won_paise, lost_paise) == pytest.approx(float(expected), abs=1e-15)


@given(st.integers(1, 500), st.integers(0, 500), st.integers(1, 10**9), st.integers(1, 10**9))
def test_the_kelly_fraction_maximises_the_growth_of_a_bet(won, lost, average_won, average_lost):
    """d/df of p ln(1 + b f) + q ln(1 − f) is 0 at f* when that is inside (0, 1), and below 0 everywhere when f* = 0."""
    found = sizing.kelly_fraction(won + lost, won, won * average_won, lost * average_lost)
    p, b = Fraction(won, won + lost), Fraction(average_won, average_lost)
    exact = max(p - (1 - p) / b, Fraction(0)) if lost else Fraction(1)
    assert found == pytest.approx(float(exact), abs=1e-9)
    if 0 < exact < 1:
        assert p * b / (1 + b * exact) == (1 - p) / (1 - exact)


@pytest.mark.parametrize(
    ("fraction", "cap", "after", "expected"),
    [
        (0.5, 1.0, 11, 0.05),  # ten trips are not yet eleven: the start
        (0.5, 1.0, 10, 0.1),
        (1.0, 1.0, 10, 0.2),
        (1.0, 0.2, 10, 0.2),  # at the cap
        (1.0, 0.19, 10, 0.19),
        (INF, 0.25, 10, 0.25),
    ],
)
def test_the_amount_of_kelly_is_its_part_under_a_cap(fraction, cap, after, expected):
    # Six of ten won at even odds: f* = 20 %.
    found = sizing.kelly_amount(fraction, cap, after, 0.05, 10, 6, 600, 400)
    assert found == pytest.approx(expected, abs=1e-15)


def test_a_kelly_fraction_that_is_no_number_buys_nothing():
    amount = sizing.kelly_amount(NAN, 0.25, 10, 0.05, 10, 6, 600, 400)
    assert sizing.full_units(sizing.KELLY, amount, 1.0, EQUITY, 100.0, NAN, NAN, 1.0, 1) == 0


@pytest.mark.parametrize(
    ("kind", "amount", "volatility", "units", "expected"),
    [
        (sizing.VOLATILITY, 0.15, 0.3, 0, reasons.SIZE_BELOW_ONE_LOT),
        (sizing.VOLATILITY, 0.15, NAN, 0, reasons.NO_VOLATILITY),
        (sizing.VOLATILITY, 0.15, NAN, 9, reasons.SIZE_BELOW_ONE_LOT),  # a part of what was measured is too small
        (sizing.VOLATILITY, 0.15, 1e-300, BEYOND, reasons.SIZE_BEYOND_LIMIT),
        (sizing.EQUAL_RISK, 0.95, 0.0, 0, reasons.NO_VOLATILITY),
        (sizing.EQUAL_RISK, 0.95, 0.3, 0, reasons.SIZE_BELOW_ONE_LOT),
        (sizing.EQUITY, 0.95, NAN, 0, reasons.SIZE_BELOW_ONE_LOT),
        (sizing.KELLY, 0.0, NAN, 0, reasons.NO_EDGE),
        (sizing.KELLY, NAN, NAN, 0, reasons.NO_EDGE),
        (sizing.KELLY, 0.01, NAN, 0, reasons.SIZE_BELOW_ONE_LOT),
        (sizing.KELLY, 0.01, NAN, BEYOND, reasons.SIZE_BEYOND_LIMIT),
        (sizing.MARGIN, 0.0, NAN, 0, reasons.SIZE_BELOW_ONE_LOT),
        (sizing.WEIGHT, 0.95, NAN, 0, reasons.SIZE_BELOW_ONE_LOT),
        (sizing.WEIGHT, 0.95, NAN, BEYOND, reasons.SIZE_BEYOND_LIMIT),
    ],
)
def test_why_a_target_means_no_unit(kind, amount, volatility, units, expected):
    assert sizing.why_none(kind, amount, volatility, 1, units) == expected
    assert sizing.why_none(kind, amount, volatility, 0, units) == reasons.RUIN


KINDS = st.sampled_from([
    sizing.EQUITY, sizing.RISK, sizing.VOLATILITY, sizing.KELLY, sizing.EQUAL_RISK, sizing.MARGIN
])  # fmt: skip


@given(KINDS, st.floats(0.01, 2), st.floats(0.05, 1), st.integers(0, 10**11), st.integers(0, 10**11), LOTS)
def test_more_equity_never_means_fewer_units(kind, amount, allotment, one, other, lot):
    lower, higher = sorted([one, other])
    fewer, more = (
        sizing.full_units(kind, amount, allotment, equity, 123.45, 3.2, 0.27, 0.6, lot) for equity in (lower, higher)
    )
    assert 0 <= fewer <= more


@given(KINDS, st.floats(0.01, 10), st.floats(0.05, 5e3), st.floats(0.001, 3), st.integers(0, 10**11), LOTS)
def test_no_size_is_more_than_cash_allows_once_it_is_reviewed(kind, amount, price, volatility, cash, lot):
    tariff = Tariff(brokerage_e8=30_000, flat_paise=2_000)
    asked = sizing.full_units(kind, amount, 1.0, cash, price, 0.01 * price, volatility, 0.2, lot)
    left = risk.within_buying_power(asked, price, 1.0, cash, 1, tariff, lot)
    assert 0 <= left <= asked
    assert left == 0 or risk.needed(left, price, 1.0, 1, tariff) <= cash


@given(KINDS, st.floats(), st.floats(), st.integers(-(10**12), 10**15), st.floats(), st.floats(), st.floats(), LOTS)
def test_whatever_it_is_given_a_size_is_whole_lots_and_no_exception(kind, amount, share, equity, stop, sigma, m, lot):
    units = sizing.full_units(kind, amount, share, equity, 100.0, stop, sigma, m, lot)
    assert units == BEYOND or (0 <= units <= LARGEST_QUANTITY and units % lot == 0)


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
    ("why", "lot", "expected"),
    [
        (reasons.SIZE_BELOW_ONE_LOT, 5, 5),
        (reasons.NO_EDGE, 1, 1),
        (reasons.SIZE_BEYOND_LIMIT, 1, 2_000_000_000),
        (reasons.SIZE_BEYOND_LIMIT, 75, 1_999_999_950),
    ],
)
def test_what_the_record_of_a_refused_size_shows(why, lot, expected):
    assert sizing.refused_units(why, lot) == expected
