"""RSI against Wilder's own definition, written here in plain Python.

Wilder (New Concepts in Technical Trading Systems, 1978): the first average gain and loss are the plain means of the
first n changes; after that each is (previous × (n − 1) + today's) ÷ n, and RSI = 100 − 100 ÷ (1 + gain ÷ loss). TA-Lib
seeds the same way, so the first value stands at bar n (0-based) and both agree from there on.
"""

import math

import numpy as np
import pytest
import talib

from framework.errors import ConfigError
from strategies.rsi import RSI
from tests.walks import bars_of_closes, random_walk


def wilder_rsi(closes, period):
    rsi = [math.nan] * len(closes)
    gain = loss = 0.0
    for bar in range(1, len(closes)):
        change = closes[bar] - closes[bar - 1]
        up, down = max(change, 0.0), max(-change, 0.0)
        if bar <= period:
            gain, loss = gain + up / period, loss + down / period
        else:
            gain, loss = (gain * (period - 1) + up) / period, (loss * (period - 1) + down) / period
        if bar >= period:
            rsi[bar] = 100.0 if loss == 0 else 100 - 100 / (1 + gain / loss)
    return rsi


def test_the_oracle_itself_gives_the_worked_example_of_stockcharts():
    # ChartSchool, "Relative Strength Index": 14 periods on QQQQ, December 2009 to January 2010.
    closes = [44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433, 46.0826]
    closes += [45.8931, 46.0328, 45.6140, 46.2820, 46.2820, 46.0028, 46.0328, 46.4116, 46.2222, 45.6439]
    published = [70.53, 66.32, 66.55, 69.41, 66.36, 57.97]
    assert published == [round(value, 2) for value in wilder_rsi(closes, 14)[14:]]


@pytest.mark.parametrize("period", [2, 5, 14, 30])
@pytest.mark.parametrize("seed", range(3))
def test_the_indicator_equals_wilders_definition(period, seed):
    bars = random_walk(400, seed)
    np.testing.assert_allclose(
        RSI(period=period).signals(bars).columns["rsi"], wilder_rsi(bars.close.tolist(), period), rtol=1e-9
    )


@pytest.mark.parametrize("seed", range(5))
def test_targets_are_1_below_30_and_0_above_70_and_keep_between(seed):
    bars = random_walk(600, seed)
    expected = [1.0 if x < 30 else 0.0 if x > 70 else math.nan for x in wilder_rsi(bars.close.tolist(), 14)]
    np.testing.assert_array_equal(expected, RSI().signals(bars).target)


@pytest.mark.parametrize(("closes", "level"), [([100, 97, 104], 70.0), ([100, 93, 96], 30.0)])
def test_exactly_30_and_exactly_70_decide_nothing(closes, level):
    # Period 2: 3 down and 7 up are an RSI of 70, 7 down and 3 up one of 30.
    signals = RSI(period=2).signals(bars_of_closes(closes))
    assert signals.columns["rsi"][2] == level
    assert math.isnan(signals.target[2])


@pytest.mark.parametrize("rows", [0, 1, 2, 14])
def test_it_stays_out_until_there_are_period_plus_one_bars(rows):
    signals = RSI().signals(random_walk(rows))
    assert rows == len(signals)
    assert not np.isfinite(signals.target).any()


def test_prices_that_never_move_count_as_oversold():
    # gain ÷ loss is 0 ÷ 0: undefined by Wilder; TA-Lib answers 0 and so the strategy enters. The docstring says so.
    target = RSI().signals(bars_of_closes([100.0] * 20)).target
    assert target[14:].tolist() == [1.0] * 6


def test_a_parameter_outside_its_bounds_is_refused_with_the_bound():
    with pytest.raises(ConfigError, match=r"RSI\.oversold = '55'.*less than 50"):
        RSI.from_settings({"oversold": "55"})
    with pytest.raises(ConfigError):
        RSI(period=1)


def test_a_misspelt_parameter_gets_the_right_name():
    with pytest.raises(ConfigError, match="did you mean 'period'"):
        RSI.from_settings({"perid": 10})


def test_the_column_for_the_plot_is_what_talib_says():
    bars = random_walk(100)
    np.testing.assert_array_equal(talib.RSI(bars.close, 14), RSI().signals(bars).columns["rsi"])
