"""Numbers as people read them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.report.wording import number, percent
from framework.types.rupees import grouped, in_groups, price_text, rupees


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0.0, "₹0.00"),
        (999.995, "₹1,000.00"),
        (1_234_567.89, "₹12,34,567.89"),
        (-123_456_789.5, "−₹12,34,56,789.50"),
        (-0.001, "₹0.00"),
        (math.nan, "–"),
        (math.inf, "₹∞"),
        (-math.inf, "−₹∞"),
    ],
)
def test_rupees_are_grouped_as_in_india(amount, text):
    assert rupees(amount) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("0", "0"),
        ("999.5", "999.5"),
        ("123456.789", "1,23,456.789"),
        ("-12345678", "-1,23,45,678"),
        ("+100000.25", "+1,00,000.25"),
        ("1e+20", "1e+20"),
        ("nan", "nan"),
    ],
)
def test_numbers_as_text_are_grouped_as_in_india(text, shown):
    assert shown == in_groups(text)


def test_a_price_is_as_exact_as_it_is():
    assert ("1,26,641.3", "0.05", "1,374.790039") == (price_text(126641.30), price_text(0.05), price_text(1374.790039))


@pytest.mark.parametrize(
    ("value", "text"),
    [(1234.5, "1,234.50"), (-0.004, "0.00"), (-1.5, "−1.50"), (math.nan, "–"), (math.inf, "∞"), (-math.inf, "−∞")],
)
def test_numbers_have_a_real_minus_and_a_dash_for_none(value, text):
    assert number(value) == text


def test_percent_of_nothing_is_a_dash_without_a_sign():
    assert percent(math.nan) == "–"
    assert percent(-12.345, 1) == "−12.3 %"


@given(st.integers(0, 10**15))
def test_grouping_keeps_the_digits_and_cuts_pairs_before_three(whole):
    parts = grouped(whole).split(",")
    assert int("".join(parts)) == whole
    assert all(len(part) == 2 for part in parts[1:-1])
    assert len(parts) == 1 or len(parts[-1]) == 3
