"""framework/rules/actions.py: what an ex-date makes of shares, money and prices, by hand."""

import math

import pytest

from framework.rules.actions import dividend_paise, exact_shares, fraction_paise, resting_price, shares_after

NAN = math.nan


@pytest.mark.parametrize(
    ("quantity", "factor", "exact", "whole"),
    [
        (10, 1.5, 15.0, 15),  # a bonus of 1:2
        (-10, 1.5, 15.0, -15),
        (7, 0.5, 3.5, 3),  # a consolidation leaves half a share
        (-7, 0.5, 3.5, -3),
        (1, 2.0, 2.0, 2),
        (-1, 2.0, 2.0, -2),
        (6, 0.6, 3.6, 3),
        (0, 2.0, 0.0, 0),
        (3, 0.333_333_333_3, 1.0, 1),  # a third with ten digits
        (3_000_000, 0.333_333_333_3, 1_000_000.0, 1_000_000),  # a ten-thousandth of a share away
        (1_000_001, 0.5, 500_000.5, 500_000),
        (1, 1.000_000_5, 1.0, 1),  # half a millionth is a rounding
        (1, 1.000_002, 1.000_002, 1),  # two are a fraction
        (1, 0.999_998, 0.999_998, 0),
    ],
)
def test_the_shares_after_an_action(quantity, factor, exact, whole):
    assert exact == pytest.approx(exact_shares(quantity, factor), rel=1e-15)
    assert whole == shares_after(quantity, factor)


@pytest.mark.parametrize(
    ("mark", "quantity", "factor", "expected"),
    [
        (70_000, 7, 0.5, 10_000),  # half of three and a half shares: a seventh
        (-70_000, -7, 0.5, 10_000),
        (12_345, 5, 0.5, 2_469),  # a fifth
        (12_347, 5, 0.5, 2_469),  # 2,469.4
        (12_348, 5, 0.5, 2_470),  # 2,469.6
        (500, 1, 0.5, 500),  # nothing but a fraction
        (70_000, 7, 2.0, 0),
    ],
)
def test_what_a_fraction_of_a_share_is_worth(mark, quantity, factor, expected):
    assert expected == fraction_paise(mark, quantity, factor)


@pytest.mark.parametrize(
    ("quantity", "dividend", "expected"),
    [
        (10, 2.5, 2_500),
        (-10, 2.5, -2_500),  # a short pays it
        (1, 0.125, 13),  # 12.5, half up
        (-1, 0.125, -13),
        (0, 2.5, 0),
        (10, 0.0, 0),
    ],
)
def test_a_dividend_is_received_by_a_long_and_paid_by_a_short(quantity, dividend, expected):
    assert expected == dividend_paise(quantity, dividend)


@pytest.mark.parametrize(
    ("price", "factor", "tick", "side", "expected"),
    [
        (100.0, 2.0, 0.05, 1, 50.0),
        (100.05, 2.0, 0.05, 1, 50.05),  # 50.025: a buy up
        (100.05, 2.0, 0.05, -1, 50.0),  # a sell down
        (100.0, 0.5, 0.05, 1, 200.0),
        (0.5, 2.0, 0.0, 1, 0.25),  # below a rupee there is a price too
        (NAN, 2.0, 0.05, 1, NAN),
        (0.0, 2.0, 0.05, 1, 0.0),
    ],
)
def test_a_resting_price_is_one_of_the_shares_after(price, factor, tick, side, expected):
    assert resting_price(price, factor, tick, side) == pytest.approx(expected, rel=1e-15, nan_ok=True)
