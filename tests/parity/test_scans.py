"""Many bars asked at once give what asking one after the other gives, wherever a block begins and ends."""

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.engines.kernel import scan
from framework.rules.ledger import marked

NAN = float("nan")
PRICES = (NAN, 0.0, 99.0, 100.0, 101.0, 5e13)
TARGETS = (NAN, NAN, NAN, NAN, 0.0, 1.0, -0.5)
BLOCKS = (1, 2, 7, 32)


@st.composite
def asked(draw, values):
    """(column, row, last) with the rows within the column; mostly of its first value."""
    length = draw(st.integers(1, 80))
    cells = draw(st.lists(st.sampled_from(values), min_size=length, max_size=length))
    last = draw(st.integers(0, length))
    return np.array(cells), draw(st.integers(0, last)), last


def first(flags, row: int, last: int) -> int:
    return next((k for k in range(row, last) if flags[k]), last)


@pytest.mark.parametrize("block", BLOCKS)
@given(asked((False, False, False, False, True)))
def test_the_first_session_end(block, given_):
    ends, row, last = given_
    with patch.object(scan, "BLOCK", block):
        assert scan.first_end(ends, row, last) == first(ends, row, last)


@pytest.mark.parametrize("block", BLOCKS)
@given(asked(TARGETS), st.sampled_from((0.0, 1.0, np.nan)))
def test_the_first_target_that_asks(block, given_, intent):
    target, row, last = given_
    with patch.object(scan, "BLOCK", block):
        expected = first(np.isfinite(target) & (target != intent), row, last)
        assert scan.first_asked(target, row, last, intent) == expected


@pytest.mark.parametrize("block", BLOCKS)
@given(asked((100.0, 100.0, 100.0, 100.0, *PRICES)), st.sampled_from((1, -1, 10)))
def test_the_first_close_that_cannot_be_marked(block, given_, quantity):
    close, row, last = given_
    marks = (close > 0.0) & (close * abs(quantity) <= 4e13)
    with patch.object(scan, "BLOCK", block):
        assert scan.first_unpriced(close, row, last, quantity) == first(~marks, row, last)


@pytest.mark.parametrize("block", BLOCKS)
@given(asked((100.0, 100.0, 100.0, *PRICES)), st.sampled_from((-np.inf, 99.0, 98.9)), st.sampled_from((101.0, np.inf)))
def test_the_first_bar_that_reaches_a_resting_price(block, given_, floor, ceiling):
    low, row, last = given_
    high = low + 1.0
    with patch.object(scan, "BLOCK", block):
        expected = first((low <= floor) | (high >= ceiling), row, last)
        assert scan.first_touched(low, high, row, last, floor, ceiling) == expected


@given(st.lists(st.sampled_from((0.05, 99.0, 100.335)), min_size=1, max_size=40), st.integers(1, 9), st.booleans())
def test_a_stretch_is_worth_what_its_bars_are(closes, units, short):
    quantity = -units if short else units
    equity, cash, exposure = (np.zeros(len(closes), np.int64) for _ in range(3))
    marks = [marked(quantity, close) for close in closes]
    assert scan.value_held(np.array(closes), equity, cash, exposure, quantity, 777) == 777 + min(marks)
    assert equity.tolist() == [777 + mark for mark in marks]
    assert cash.tolist() == [777] * len(closes)
    assert exposure.tolist() == [abs(mark) for mark in marks]


@pytest.mark.parametrize("block", BLOCKS)
@given(asked(TARGETS), st.integers(0, 2**32 - 1), st.booleans())
def test_the_first_instrument_of_a_row_with_a_target_that_asks(block, given_, seed, repeats):
    target, i, _ = given_
    intents = np.random.default_rng(seed).choice((0.0, 1.0, -0.5), size=target.shape[0])
    with patch.object(scan, "BLOCK", block):
        asks = np.isfinite(target) & ((target != intents) | repeats)
        assert scan.next_asked(target, intents, i, repeats) == first(asks, i, target.shape[0])
