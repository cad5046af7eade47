"""MACD against Appel's definition, written here in plain Python.

MACD = EMA(fast) − EMA(slow), signal = EMA(MACD), histogram = MACD − signal, with EMA's weight 2 ÷ (n + 1). Appel says
nothing of how an average begins. TA-Lib seeds each EMA with the plain mean of its first n values, and begins the fast
one late, so that its first value falls on the same bar (slow − 1) as the slow one's; nothing is shown before the signal
line exists, at bar slow + signal − 2.
"""

import math

import numpy as np
import pytest

from framework.errors import ConfigError
from strategies.macd import MACD
from tests.walks import bars_of_closes, random_walk


def ema(values, period, first):
    """EMA whose first value stands at ``first``: the plain mean of the ``period`` values up to there."""
    result = [math.nan] * len(values)
    for bar in range(first, len(values)):
        if bar == first:
            result[bar] = math.fsum(values[bar - period + 1 : bar + 1]) / period
        else:
            result[bar] = result[bar - 1] + 2 / (period + 1) * (values[bar] - result[bar - 1])
    return result


def appel_histogram(closes, fast, slow, signal):
    if len(closes) < slow + signal - 1:
        return [math.nan] * len(closes)
    fasts, slows = ema(closes, fast, slow - 1), ema(closes, slow, slow - 1)
    macd = [one - other for one, other in zip(fasts, slows, strict=True)]
    line = ema(macd, signal, slow + signal - 2)
    return [one - other for one, other in zip(macd, line, strict=True)]


PARAMETERS = [(12, 26, 9), (3, 6, 2), (5, 35, 5), (2, 3, 2)]


@pytest.mark.parametrize("parameters", PARAMETERS)
@pytest.mark.parametrize("seed", range(3))
def test_the_histogram_equals_appels_definition(parameters, seed):
    bars = random_walk(400, seed)
    fast, slow, signal = parameters
    shown = MACD(fast=fast, slow=slow, signal=signal).signals(bars).columns["histogram"]
    np.testing.assert_allclose(shown, appel_histogram(bars.close.tolist(), *parameters), rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("seed", range(5))
def test_it_enters_where_the_histogram_turns_positive_and_leaves_where_it_turns_negative(seed):
    bars = random_walk(700, seed)
    histogram = appel_histogram(bars.close.tolist(), 12, 26, 9)
    expected = [math.nan] * len(bars)
    for bar in range(1, len(bars)):
        before, now = histogram[bar - 1], histogram[bar]
        if before <= 0 < now:
            expected[bar] = 1.0
        elif before >= 0 > now:
            expected[bar] = 0.0
    np.testing.assert_array_equal(expected, MACD().signals(bars).target)


def test_a_histogram_that_begins_positive_is_no_turn():
    # Prices that rise ever faster: MACD runs ahead of its signal line from the first bar on.
    signals = MACD().signals(bars_of_closes([100 * 1.01 ** (bar**1.2) for bar in range(60)]))
    histogram = signals.columns["histogram"]
    assert (histogram[33:] > 0).all()
    assert not np.isfinite(signals.target).any()


@pytest.mark.parametrize("rows", [0, 1, 33])
def test_it_stays_out_until_the_signal_line_exists(rows):
    signals = MACD().signals(random_walk(rows))
    assert rows == len(signals)
    assert not np.isfinite(signals.target).any()


def test_a_fast_average_that_is_not_faster_is_refused():
    with pytest.raises(ConfigError, match="fast = 26 must be below slow = 26"):
        MACD(fast=26)
    with pytest.raises(ConfigError, match="MACD: fast = 30 must be below slow = 26"):
        MACD.from_settings({"fast": "30"})
