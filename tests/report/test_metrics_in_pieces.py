"""What is computed in few looks and in pieces equals numpy's own functions, to the bit, and a loop over every value."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from framework.report import metrics as m
from framework.report.metrics import drawdown, growth

RETURNS = arrays(np.float64, st.integers(2, 60), elements=st.floats(-0.2, 0.2))


@given(RETURNS, st.floats(0.001, 0.999))
def test_means_deviations_and_quantiles_are_numpys_to_the_bit(returns, tail):
    assert float(np.mean(returns)) == m.mean(returns)
    assert float(np.std(returns, ddof=1)) == math.sqrt(m.ReturnSample(returns).squares / (len(returns) - 1))
    assert float(np.quantile(returns, tail)) == m.value_at_risk(returns, tail)


def test_a_quantile_among_missing_values_is_missing():
    assert math.isnan(m.value_at_risk(np.array([0.1, math.nan, 0.2, 0.3])))


@pytest.mark.parametrize("rows", [1, 100, growth.PIECE, growth.PIECE + 1, 3 * growth.PIECE + 12_345])
def test_the_mean_of_pieces_is_the_mean_of_the_whole_to_the_bit(rows):
    values = np.random.default_rng(rows).normal(1e7, 1e6, rows)
    assert (float(np.mean(values)), float(np.mean(values / 3))) == m.means_of(
        rows, lambda piece: (values[piece], values[piece] / 3)
    )


def below(values, start):
    """(row of the peak, row where it is reached again or the last, peak, lowest) by going through all values."""
    found, peak, at, low = [], start, -1, None
    for row, value in enumerate(values):
        if value < peak:
            low = value if low is None else min(low, value)
            continue
        if low is not None:
            found.append((at, row, peak, low))
        peak, at, low = value, row, None
    return found if low is None else [*found, (at, len(values) - 1, peak, low)]


@given(st.lists(st.integers(-5, 5), max_size=80), st.integers(-3, 3))
def test_descents_are_found_among_ties_and_at_both_ends(values, start):
    found = m.descents(np.array(values, dtype=np.int64), start)
    assert below(values, start) == list(zip(*(part.tolist() for part in found), strict=True))


@pytest.mark.parametrize("drift", [-0.2, 0.0, 0.05, 2.0])
@pytest.mark.parametrize("rows", [drawdown.SHORT, drawdown.SHORT + 1, 40_000])
def test_descents_of_a_long_series_are_found_block_by_block(rows, drift):
    noise = np.random.default_rng(rows)
    values = 1_000 + np.cumsum(np.round(noise.normal(drift, 1.5, rows))).astype(np.int64)
    found = m.descents(values, 1_000)
    assert below(values.tolist(), 1_000) == list(zip(*(part.tolist() for part in found), strict=True))


def test_descents_of_a_flat_series_are_none():
    assert 0 == m.descents(np.full(20_000, 5), 5).begins.shape[0]
    assert 0 == m.descents(np.empty(0), 5.0).begins.shape[0]
