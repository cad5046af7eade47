"""framework/rules/money.py and charges.py against exact arithmetic."""

import math
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from framework.rules.charges import charges
from framework.rules.money import LARGEST_PAISE, LARGEST_QUANTITY, RATE_SCALE, by_rate, fits, share, to_paise, value
from framework.types import setting_values
from framework.types.tariff import Tariff

HALF = Fraction(1, 2)
RUPEES = st.floats(-4e13, 4e13, allow_nan=False)
PAISE = st.integers(0, LARGEST_PAISE)
RATES = st.integers(0, RATE_SCALE)


class Int64(int):
    """An int that refuses to leave int64: what the compiled engine cannot hold, these functions must not need."""

    def _checked(self, other, operation):
        result = operation(int(self), int(other))
        if not -(2**63) <= result < 2**63:
            raise OverflowError(result)
        return Int64(result)

    def __add__(self, other):
        return self._checked(other, int.__add__)

    def __sub__(self, other):
        return self._checked(other, int.__sub__)

    def __mul__(self, other):
        return self._checked(other, int.__mul__)

    def __floordiv__(self, other):
        return self._checked(other, int.__floordiv__)

    def __mod__(self, other):
        return self._checked(other, int.__mod__)

    __radd__, __rmul__ = __add__, __mul__


@given(RUPEES)
def test_paise_are_the_nearest_whole_number(rupees):
    exact = Fraction(rupees) * 100
    # float64 holds rupees × 100 to half a paisa's millionth up to 10⁹ rupees, and to a sixteenth at the very end.
    assert abs(to_paise(rupees) - exact) <= HALF + abs(exact) / 2**52


@given(st.integers(-4_000_000_000_000_00, 4_000_000_000_000_00))
def test_whole_paise_stay_what_they_are(paise):
    assert to_paise(paise / 100) == paise


@given(st.integers(-(2**40), 2**40))
def test_halves_go_up(number):
    rupees = (number + 0.5) / 4 / 25  # only the halves that binary holds exactly
    assume(Fraction(rupees) * 100 == number + HALF)
    assert to_paise(rupees) == number + 1


@pytest.mark.parametrize(
    ("rupees", "paise"), [(0.0, 0), (-0.0, 0), (0.005, 1), (-0.004, 0), (4e13, LARGEST_PAISE), (-4e13, -LARGEST_PAISE)]
)
def test_paise_at_the_edges(rupees, paise):
    assert to_paise(rupees) == paise


@pytest.mark.parametrize("rupees", [math.nan, math.inf, -math.inf, 4e13 + 0.01, -4e13 - 0.01, 1e300])
def test_beyond_forty_lakh_crore_is_an_error(rupees):
    with pytest.raises(OverflowError, match="40 lakh crore"):
        to_paise(rupees)
    with pytest.raises(OverflowError, match="40 lakh crore"):
        value(rupees, 1)


@pytest.mark.parametrize(
    ("rupees", "expected"),
    [
        (0.0, True),
        (LARGEST_PAISE / 100, True),
        (-LARGEST_PAISE / 100, True),
        (math.nextafter(LARGEST_PAISE / 100, math.inf), False),
        (math.nan, False),
        (math.inf, False),
        (-math.inf, False),
    ],
)
def test_what_fits_into_paise(rupees, expected):
    assert fits(rupees) is expected


@given(st.floats(0.01, 1e6), st.integers(-10_000, 10_000))
def test_a_value_has_no_sign(price, quantity):
    assert abs(value(price, quantity) - Fraction(price) * abs(quantity) * 100) <= HALF + Fraction(1, 1000)
    assert value(price, quantity) == value(price, -quantity) >= 0


@given(PAISE, RATES)
def test_a_rate_is_rounded_half_up_once(amount, rate):
    exact = Fraction(amount * rate, RATE_SCALE)
    assert by_rate(amount, rate) == math.floor(exact + HALF)
    assert by_rate(Int64(amount), Int64(rate)) == by_rate(amount, rate)


@given(PAISE, RATES, st.integers(0, 10**7), st.booleans())
def test_charges_are_a_share_and_a_flat_sum_once(amount, rate, flat, first_fill):
    expected = math.floor(Fraction(amount * rate, RATE_SCALE) + HALF) + (flat if first_fill else 0)
    tariff = Tariff(brokerage_e8=rate, flat_paise=flat)
    assert charges(amount, 1, 0 if first_fill else 7, False, tariff) == expected >= 0
    assert charges(amount, -1, 0 if first_fill else 7, True, tariff) == expected


@given(PAISE, st.integers(1, LARGEST_QUANTITY), st.data())
def test_a_share_is_the_exact_floor_and_the_rest_is_whole(total, whole, data):
    part = data.draw(st.integers(0, whole))
    assert share(total, part, whole) == total * part // whole
    assert share(Int64(total), Int64(part), Int64(whole)) == total * part // whole
    assert share(total, whole, whole) == total
    assert 0 <= total - share(total, part, whole) <= total


@given(PAISE, st.lists(st.integers(1, 1000), min_size=1, max_size=20))
def test_shares_taken_one_after_the_other_add_up(total, parts):
    left, units, taken = total, sum(parts), 0
    for part in parts:
        out = share(left, part, units)
        left, units, taken = left - out, units - part, taken + out
    assert (left, units, taken) == (0, 0, total)


def test_settings_read_rates_on_the_scale_of_the_rulebook():
    assert setting_values.RATE_SCALE == RATE_SCALE
    assert LARGEST_PAISE / 2 == float(LARGEST_PAISE // 2)
    assert LARGEST_PAISE < 2**52 <= LARGEST_PAISE * 2, "half a paisa is still a float64"
