"""framework/rules/ledger.py: what a fill closes, costs and leaves."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.rules import ledger
from framework.types.tariff import Tariff

UNITS = st.integers(-10_000, 10_000)
PAISE = st.integers(0, 10**15)


@given(UNITS, UNITS.filter(bool))
def test_a_fill_closes_only_the_other_side_and_only_what_there_is(held, fill):
    closed = ledger.closed_part(held, fill)
    assert closed == (min(abs(held), abs(fill)) if held * fill < 0 else 0)


@pytest.mark.parametrize(
    ("held", "fill", "expected"),
    [
        (0, 5, 0),
        (0, -5, 0),
        (1, -1, 1),
        (1, -5, 1),
        (5, -1, 1),
        (-1, 1, 1),
        (-5, 1, 1),
        (-1, 5, 1),
        (1, 1, 0),
        (-1, -1, 0),
    ],
)
def test_one_unit_is_closed_by_one(held, fill, expected):
    assert ledger.closed_part(held, fill) == expected


@pytest.mark.parametrize(
    ("quantity", "price", "expected"),
    [(0, 100.0, 0), (1, 100.0, 10_000), (-1, 100.0, -10_000), (3, 0.335, 101), (-3, 0.335, -101)],  # 100.5 paise
)
def test_a_position_is_worth_its_price_with_its_sign(quantity, price, expected):
    assert ledger.marked(quantity, price) == expected


@pytest.mark.parametrize(
    ("quantity", "price"), [(1, 100.0), (-1, 100.0), (3, 0.335), (-3, 0.335), (1, 4e13), (-4, 1e13)]
)
def test_marking_what_fits_without_the_question_gives_the_same(quantity, price):
    assert ledger.marked_within(quantity, price) == ledger.marked(quantity, price)


@pytest.mark.parametrize(
    ("cost", "held", "closed", "expected"),
    [(10_001, 3, 1, 3333), (6_668, 2, 1, 3334), (3_334, 1, 1, 3334), (10_001, -3, 2, 6667), (0, 5, 2, 0), (7, 5, 5, 7)],
)
def test_the_cost_that_a_close_takes(cost, held, closed, expected):
    assert ledger.cost_closed(cost, held, closed) == expected


@pytest.mark.parametrize(
    ("side", "value", "cost", "expected"),
    [(1, 1100, 1000, 100), (1, 900, 1000, -100), (-1, 1100, 1000, -100), (-1, 900, 1000, 100)],
)
def test_gross_profit_has_the_side_of_the_position(side, value, cost, expected):
    assert ledger.gross_realised(side, value, cost) == expected


@given(st.integers(-(10**15), 10**15), PAISE, PAISE)
def test_cash_pays_for_buys_and_charges_and_receives_for_sells(cash, value, charges):
    assert ledger.cash_after(cash, 1, value, charges) == cash - value - charges
    assert ledger.cash_after(cash, -1, value, charges) == cash + value - charges


@pytest.mark.parametrize(
    ("cash", "shorts", "margin", "reserved", "expected"),
    [
        (1000, 0, 1.0, 0, 1000),
        (1000, 0, 1.0, 300, 700),
        (2000, 1000, 1.0, 0, 0),
        (2000, 1000, 0.5, 0, 500),
        (2000, 1000, 0.0, 100, 900),
        (100, 1000, 1.0, 0, -1900),
    ],
)
def test_shorts_and_reserves_take_buying_power(cash, shorts, margin, reserved, expected):
    assert expected == ledger.buying_power(cash, 0, shorts, 1.0, margin, reserved)
    # With a margin of 1 what is held long neither gives nor takes.
    assert expected == ledger.buying_power(cash, 123_456, shorts, 1.0, margin, reserved)


@pytest.mark.parametrize(
    ("cash", "longs", "margin", "expected"),
    [
        (1000, 4000, 1.0, 1000),
        (-3000, 4000, 0.2, 200),  # 1,000 of equity carry 4,000: a fifth of it, 800, is taken
        (-4000, 5000, 0.2, 0),  # all of it
        (-4001, 5000, 0.2, -1),
        (-4500, 4500, 0.2, -900),  # after a loss of 500: equity 0, and a margin of 900 is asked for
        (0, 0, 0.2, 0),
        (1000, 1, 0.5, 1000),  # half a paisa is not lent
    ],
)
def test_a_broker_lends_on_longs_what_their_margin_leaves(cash, longs, margin, expected):
    assert expected == ledger.spendable(cash, longs, margin)
    assert expected == ledger.buying_power(cash, longs, 0, margin, 1.0, 0)


@given(st.lists(st.tuples(UNITS.filter(bool), st.floats(0.05, 1e5)), min_size=1, max_size=20))
def test_the_average_is_that_of_what_is_still_open(fills):
    held, average = 0, math.nan
    exact = None
    for units, price in fills:
        average = ledger.average_after(average, held, price, units)
        after = held + units
        if after == 0:
            exact = None
        elif held == 0 or held * after < 0:
            exact = Fraction(price)
        elif abs(after) > abs(held):
            exact = (exact * held + Fraction(price) * units) / after
        held = after
        if exact is None:
            assert math.isnan(average)
        else:
            assert average == pytest.approx(float(exact), rel=1e-12)


def test_the_first_fill_is_the_average_to_the_bit():
    assert ledger.average_after(math.nan, 0, 100.1, 7) == 100.1
    assert ledger.average_after(100.1, 7, 120.3, -7) != ledger.average_after(100.1, 7, 120.3, -7)
    assert ledger.average_after(100.1, 7, 120.3, -3) == 100.1
    assert ledger.average_after(100.1, 7, 120.3, -10) == 120.3


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (5, 0, ledger.FLAT),
        (-5, 0, ledger.FLAT),
        (5, -1, ledger.CROSSED),
        (-5, 9, ledger.CROSSED),
        (0, 5, ledger.OPENED),
        (0, -5, ledger.OPENED),
        (5, 6, ledger.GREW),
        (-5, -6, ledger.GREW),
        (5, 4, ledger.SHRANK),
        (-5, -4, ledger.SHRANK),
    ],
)
def test_what_a_fill_made_of_a_position(before, after, expected):
    assert ledger.change_of(before, after) == expected


FREE, FLAT_FEE = Tariff(), Tariff(flat_paise=300)


@pytest.mark.parametrize(
    ("held", "quantity", "expected"),
    [
        # Held at a cost of 1,000.00 with 9.00 of entry charges, 10 units; now units at 110.00, 3.00 a fill.
        # value, charges, closed, cost out, gross, net, charges of the opening part, cost and entry charges after
        (0, 10, (110_000, 300, 0, 0, 0, 0, 300, 110_000, 300)),
        (10, 5, (55_000, 300, 0, 0, 0, 0, 300, 155_000, 1_200)),
        (10, -4, (44_000, 300, 4, 40_000, 4_000, 3_700, 0, 60_000, 540)),
        (10, -10, (110_000, 300, 10, 100_000, 10_000, 9_700, 0, 0, 0)),
        (10, -15, (165_000, 300, 10, 100_000, 10_000, 9_800, 100, 55_000, 100)),
        (-10, 15, (165_000, 300, 10, 100_000, -10_000, -10_200, 100, 55_000, 100)),
    ],
)
def test_what_a_fill_moves_by_hand(held, quantity, expected):
    cost, entry_charges = (100_000, 900) if held else (0, 0)
    assert ledger.booked(held, cost, entry_charges, quantity, 110.0, 0, True, FLAT_FEE) == expected


@pytest.mark.parametrize(
    ("held", "quantity", "dp_due", "paid"),
    [(10, -5, True, 1_350), (10, -5, False, 0), (0, -5, True, 0), (10, 5, True, 0)],
)
def test_the_depository_is_paid_when_held_shares_are_sold(held, quantity, dp_due, paid):
    assert ledger.booked(held, 100_000, 0, quantity, 110.0, 0, dp_due, Tariff(dp_paise=1_350)).charges == paid
    assert ledger.is_delivered(held, 1 if quantity > 0 else -1) is (held > 0 > quantity)


@given(UNITS, UNITS.filter(bool), st.integers(0, 10**9), st.floats(0.05, 5_000))
def test_what_a_fill_moves_adds_up(held, quantity, cost, price):
    got = ledger.booked(held, cost if held else 0, 0, quantity, price, 0, True, FLAT_FEE)
    closed_worth = got.gross * (1 if held > 0 else -1) + got.cost_out
    assert got.cost - (cost if held else 0) + got.cost_out + closed_worth == got.value
    assert got.net - got.gross - got.opening_charges == -got.charges
    assert got.closed == ledger.closed_part(held, quantity)


@pytest.mark.parametrize(
    ("mark", "held", "units", "margin", "expected"),
    [
        (100_000, 10, 10, 1.0, 99_700),
        (100_000, 10, 4, 1.0, 39_700),
        (100_000, 10, 99, 1.0, 99_700),
        (-100_000, -10, 4, 0.5, 19_700),
    ],
)
def test_what_closing_releases_by_hand(mark, held, units, margin, expected):
    assert ledger.released(mark, held, units, margin, FLAT_FEE) == expected
