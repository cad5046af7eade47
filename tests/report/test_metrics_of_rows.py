"""Measures of many series at once are, row by row and to the last bit, those of each series alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.report import metrics as m


@st.composite
def tables(draw):
    """Account values [S, n], long enough for sums in several halves; some rows flat, ruined or without a value."""
    rows, columns = draw(st.integers(1, 40)), draw(st.integers(1, 1_200))
    rng = np.random.default_rng(draw(st.integers(0, 1 << 30)))
    spread = draw(st.sampled_from([1e-9, 0.01, 0.3]))
    values = np.round(1e5 * np.exp(np.cumsum(rng.normal(0, spread, (rows, columns)), axis=1)), 2)
    for kind in draw(st.lists(st.sampled_from(["flat", "ruined", "zero", "rising"]), max_size=3)):
        row, column = rng.integers(rows), rng.integers(columns)
        if kind == "flat":
            values[row] = 1e5
        elif kind == "ruined":
            values[row, column:] -= 1e7
        elif kind == "zero":
            values[row, column] = 0.0
        else:
            values[row] = np.sort(values[row])
    return values


def bits(values):
    """Every bit, so that NaN equals NaN and −0 is not 0."""
    return np.asarray(values, dtype=np.float64).view(np.int64).tolist()


@given(tables(), st.sampled_from([0.0, 0.0001]))
def test_returns_sharpe_and_sortino_of_rows_are_those_of_each_row(values, level):
    returns = m.rows.simple_returns(values)
    alone = [m.simple_returns(row) for row in values]
    assert returns.shape == (values.shape[0], values.shape[1] - 1)
    assert [bits(one) for one in alone] == bits(returns)
    assert bits([m.sharpe(one, level) for one in alone]) == bits(m.rows.sharpe(returns, level))
    assert bits([m.sortino(one, level) for one in alone]) == bits(m.rows.sortino(returns, level))


@pytest.mark.parametrize("columns", [0, 1, 2, 3])
def test_the_shortest_series_have_the_same_answers_too(columns):
    returns = np.array([[0.01, -0.02, 0.01], [0.0, 0.0, 0.0], [0.01, 0.01, 0.01]])[:, :columns]
    assert bits([m.sharpe(one) for one in returns]) == bits(m.rows.sharpe(returns))
    assert bits([m.sortino(one) for one in returns]) == bits(m.rows.sortino(returns))


@given(st.floats(1e3, 1e6), st.floats(-1e6, 1e9), st.sampled_from([-1.0, 0.0, 1e-3, 1.0, 20.0]))
def test_a_growth_known_as_a_factor_is_that_of_the_two_values(first, last, years):
    assert bits([m.cagr(np.array([first, last]), years)]) == bits([m.compounded(last / first, years)])
