"""Parameter sets share indicators, and nobody can tell but by the clock."""

import threading

import numpy as np
import pytest
import talib

from framework import Signals, Strategy, backtest, sweep
from framework.sweeps import indicator_cache
from framework.sweeps.indicator_cache import Shared


def frozen(count: int, seed: int = 0) -> np.ndarray:
    array = 100 + np.random.default_rng(seed).normal(size=count).cumsum()
    array.flags.writeable = False
    return array


def test_the_same_question_is_answered_with_the_same_array():
    close, shared = frozen(200), Shared()
    with shared.used():
        first, again = talib.RSI(close, 14), talib.RSI(close, 14)
        others = [talib.RSI(close, 15), talib.RSI(close, timeperiod=14), talib.SMA(close, 14)]
    assert first is again
    assert not first.flags.writeable
    assert all(other is not first for other in others)
    np.testing.assert_array_equal(talib.RSI(close, 14), first)


def test_an_indicator_of_an_indicator_and_one_of_several_arrays_are_shared_too():
    close, shared = frozen(200), Shared()
    with shared.used():
        smooth = talib.EMA(talib.RSI(close, 14), 5)
        assert smooth is talib.EMA(talib.RSI(close, 14), 5)
        assert talib.MACD(close, 12, 26, 9)[2] is talib.MACD(close, 12, 26, 9)[2]


def test_an_array_that_may_change_is_computed_each_time():
    shared, close = Shared(), frozen(200)
    open_to_change = close.copy()
    view = open_to_change[:]
    view.flags.writeable = False
    with shared.used():
        for array in (open_to_change, view):
            before = talib.SMA(array, 3)[-1]
            open_to_change += 1
            assert before + 1 == pytest.approx(talib.SMA(array, 3)[-1])


def test_talib_is_left_as_it_was_even_after_an_error():
    original = talib.RSI
    with pytest.raises(ZeroDivisionError), Shared().used():
        _ = 1 / (talib.RSI is original)
    assert talib.RSI is original


def test_another_thread_is_not_answered_from_memory():
    close, seen = frozen(200), []
    with Shared().used():
        mine = talib.RSI(close, 14)
        thread = threading.Thread(target=lambda: seen.append(talib.RSI(close, 14)))
        thread.start()
        thread.join()
    assert seen[0] is not mine
    assert seen[0].flags.writeable


def test_memory_is_bounded_and_forgets_the_oldest(monkeypatch):
    monkeypatch.setattr(indicator_cache, "MOST_BYTES", 3 * 200 * 8)
    close, shared = frozen(200), Shared()
    with shared.used():
        first = talib.RSI(close, 2)
        for period in (3, 4, 5):
            talib.RSI(close, period)
        assert talib.RSI(close, 5) is talib.RSI(close, 5)
        assert talib.RSI(close, 2) is not first


class Asked(Strategy):
    """Counts how often the indicator is really computed, by the arrays it is handed."""

    period: int = 14
    level: float = 30.0

    def signals(self, bars):
        rsi = talib.RSI(bars.close, self.period)
        SEEN.add(id(rsi))
        KEPT.append(rsi)
        return Signals.long_flat(rsi < self.level, rsi > 100 - self.level)


SEEN: set[int] = set()
KEPT: list[np.ndarray] = []


def test_a_sweep_computes_each_indicator_once(db):
    SEEN.clear()
    KEPT.clear()
    grid = {"period": [7, 14], "level": [20.0, 25.0, 30.0, 35.0]}
    sweep(Asked, "SP500", grid, db=db, workers=1, causality="off")
    assert (2, 8) == (len(SEEN), len(KEPT))


class Writes(Strategy):
    """Changes what TA-Lib gave it, which is its right."""

    level: float = 30.0

    def signals(self, bars):
        rsi = talib.RSI(bars.close, 14)
        rsi[:100] = np.nan
        return Signals.long_flat(rsi < self.level, rsi > 70)


def test_a_strategy_that_writes_into_its_indicator_gets_its_own(db):
    result = sweep(Writes, "SP500", {"level": [20.0, 30.0]}, db=db, workers=1, causality="off")
    expected = {
        level: backtest(Writes(level=level), "SP500", db=db, causality="off").stats["Final equity [₹]"]
        for level in (20.0, 30.0)
    }
    assert expected == {
        result.parameters(row)["level"]: result.stats[row]["Final equity [₹]"] for row in range(result.tried)
    }
