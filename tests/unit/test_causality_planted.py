"""Planted looks into the future are caught by the default check; honest strategies are left alone."""

import numpy as np
import pandas as pd
import pytest
import talib

from framework import Signals
from framework.causality.check import check_signals
from framework.indicators import crossed_above
from framework.types import CausalityVerdict
from strategies.buy_and_hold import BuyAndHold
from strategies.macd import MACD
from strategies.rsi import RSI
from tests.walks import random_walk, strategy_of

ROWS = 2500


def close_of(bars):
    return pd.Series(bars.close)


def long_flat(enter, leave, **others):
    return Signals.long_flat(np.asarray(enter), np.asarray(leave), **others)


def shifted_by_minus_one(bars):
    close = close_of(bars)
    return long_flat(close.shift(-1) > close * 1.01, close.shift(-1) < close * 0.99)


def normalised_with_the_whole_sample(bars):
    score = (bars.close - bars.close.mean()) / bars.close.std() if len(bars) > 1 else bars.close
    return long_flat(score < -0.5, score > 0.5)


def centred_rolling_mean(bars):
    mean = close_of(bars).rolling(11, center=True).mean()
    return long_flat(bars.close < mean * 0.98, bars.close > mean * 1.02)


def maximum_of_the_whole_history(bars):
    highest = bars.close.max() if len(bars) else np.nan
    return long_flat(bars.close < 0.8 * highest, bars.close > 0.95 * highest)


def backfilled_warm_up(bars):
    mean = close_of(bars).rolling(200).mean().bfill()
    return long_flat(bars.close > mean, bars.close < mean)


def backfilled_signal(bars):
    rsi = pd.Series(talib.RSI(bars.close, 14))
    state = pd.Series(np.where(rsi < 30, 1.0, np.where(rsi > 70, 0.0, np.nan))).bfill()
    return Signals(state.to_numpy())


def week_that_is_not_over(bars):
    dates = pd.DatetimeIndex(bars.time.astype("datetime64[ns]"))
    week = pd.Series(bars.close, index=dates).groupby(dates.to_period("W")).transform("last")
    return long_flat(week.to_numpy() > bars.close * 1.01, week.to_numpy() < bars.close * 0.99)


def stop_distance_from_the_whole_sample(bars):
    rsi = talib.RSI(bars.close, 14)
    distance = np.std(np.diff(bars.close)) if len(bars) > 2 else 1.0
    return long_flat(rsi < 30, rsi > 70, stop=np.full(len(bars), 3 * distance))


def limit_price_from_tomorrow(bars):
    rsi = talib.RSI(bars.close, 14)
    return long_flat(rsi < 30, rsi > 70, limit=pd.Series(bars.low).shift(-1).ffill().to_numpy())


def sorted_over_the_whole_sample(bars):
    rank = close_of(bars).rank(pct=True)
    return long_flat(rank < 0.2, rank > 0.8)


def zero_phase_filter(bars):
    smooth = close_of(bars).ewm(span=10).mean()[::-1].ewm(span=10).mean()[::-1].to_numpy()
    return long_flat(crossed_above(bars.close, smooth), crossed_above(smooth, bars.close))


def swing_lows_known_at_once(bars):
    lows = close_of(bars)
    pivot = (lows < lows.shift(1)) & (lows < lows.shift(-1))
    return long_flat(pivot, bars.close > talib.MAX(bars.close, 20) * 0.999)


def interpolated(bars):
    sparse = close_of(bars).where(np.arange(len(bars)) % 10 == 0).interpolate()
    return long_flat(bars.close < sparse * 0.99, bars.close > sparse * 1.01)


def looks_at_the_last_price(bars):
    last = bars.close[-1] if len(bars) else np.nan
    return long_flat(bars.close < last * 0.9, bars.close > last)


PLANTED = [
    shifted_by_minus_one,
    normalised_with_the_whole_sample,
    centred_rolling_mean,
    maximum_of_the_whole_history,
    backfilled_warm_up,
    backfilled_signal,
    week_that_is_not_over,
    stop_distance_from_the_whole_sample,
    limit_price_from_tomorrow,
    sorted_over_the_whole_sample,
    zero_phase_filter,
    swing_lows_known_at_once,
    interpolated,
    looks_at_the_last_price,
]


# On seed 1 the highest close comes so early that the whole-sample maximum changes no decision at any bar.
@pytest.mark.parametrize("seed", [0, 2, 3])
@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.__name__)
def test_every_planted_look_ahead_is_caught_by_the_default_check(planted, seed):
    outcome = check_signals(strategy_of(planted), [random_walk(ROWS, seed)])
    assert outcome.verdict is CausalityVerdict.LEAK
    assert "bar 20" in outcome.finding
    assert " of WALK: " in outcome.finding


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.__name__)
def test_one_leaking_instrument_among_many_bars_is_enough_within_the_budget(planted):
    series = [random_walk(ROWS, seed, f"S{seed}") for seed in range(8)]
    assert check_signals(strategy_of(planted), series).verdict is CausalityVerdict.LEAK


def rolling_mean(bars):
    mean = close_of(bars).rolling(50).mean()
    return long_flat(bars.close > mean, bars.close < mean)


def expanding_score(bars):
    close = close_of(bars)
    score = (close - close.expanding(20).mean()) / close.expanding(20).std()
    return long_flat(score < -1, score > 1)


def exponential_mean_with_stops(bars):
    mean = close_of(bars).ewm(span=20).mean()
    atr = talib.ATR(bars.high, bars.low, bars.close, 14)
    return long_flat(bars.close > mean, bars.close < mean, stop=2 * atr, take_profit=4 * atr, trail=3 * atr)


def volatility_target(bars):
    volatility = close_of(bars).pct_change().rolling(20).std().to_numpy() * np.sqrt(252)
    return Signals(np.minimum(0.15 / volatility, 1.0))


def raises_until_there_is_history_enough(bars):
    if len(bars) < 100:
        msg = "needs 100 bars"
        raise ValueError(msg)
    mean = close_of(bars).rolling(100).mean()
    return long_flat(bars.close > mean, bars.close < mean)


def long_and_short(bars):
    fast, slow = talib.SMA(bars.close, 5), talib.SMA(bars.close, 20)
    return Signals.long_short(long=fast > slow, short=fast < slow)


def never_decides(bars):
    return Signals(np.full(len(bars), np.nan))


HONEST = [
    *(lambda bars, each=each: each.signals(bars) for each in (RSI(), MACD(), BuyAndHold(), RSI(period=2))),
    rolling_mean,
    expanding_score,
    exponential_mean_with_stops,
    volatility_target,
    raises_until_there_is_history_enough,
    long_and_short,
    never_decides,
]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("honest", HONEST)
def test_an_honest_strategy_is_never_flagged(honest, seed):
    outcome = check_signals(strategy_of(honest), [random_walk(ROWS, seed)])
    assert outcome.verdict is CausalityVerdict.PASSED, outcome.finding
    assert outcome.scale_changes == 0


@pytest.mark.parametrize("honest", HONEST)
def test_an_honest_strategy_passes_at_every_bar_too(honest):
    bars = random_walk(400)
    outcome = check_signals(strategy_of(honest), [bars], mode="every-bar")
    assert outcome.verdict is CausalityVerdict.PASSED, outcome.finding
    assert outcome.cuts == 400
    assert outcome.checked_decisions == outcome.decisions
