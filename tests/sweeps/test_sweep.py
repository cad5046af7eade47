"""A sweep says of every parameter set what a backtest says of it, and forgets none."""

import math
import sqlite3

import numpy as np
import pandas as pd
import pytest

from framework import Bars, Signals, Strategy, backtest, sweep
from framework.errors import ConfigError, DataError
from framework.sweeps.figures import OBJECTIVES
from framework.sweeps.history import find
from strategies.grid import Grid
from strategies.macd import MACD
from strategies.momentum import Momentum
from strategies.rsi import RSI

GRID = {"period": range(5, 30, 5), "oversold": [20, 25, 30, 35]}


def as_backtests_say(strategy, symbols, result, db, **choices):
    """(parameters, statistic) pairs on which the sweep and the event engine differ."""
    different = []
    for row in range(result.tried):
        parameters = result.parameters(row)
        run = backtest(strategy(**parameters), symbols, db=db, causality="off", engine="event", **choices)
        for name in OBJECTIVES:
            said, expected = result.stats[row][name], run.stats[name]
            if said != expected and not (math.isnan(said) and math.isnan(expected)):
                different.append((parameters, name, expected, said))
    return different


def test_every_statistic_of_twenty_sets_is_the_backtests(db):
    choices = {"charges": "percent:0.1", "slippage": "bps:5", "start": "1995-01-01"}
    result = sweep(RSI, "SP500", GRID, db=db, **choices)
    assert 20 == result.tried
    assert [] == as_backtests_say(RSI, "SP500", result, db, **choices)


def test_the_same_with_two_instruments_exits_and_a_rate_to_beat(db):
    choices = {"stop_loss": "5%", "take_profit": "8%", "sizing": "value:40000", "risk_free": 0.05}
    result = sweep(RSI, ["SP500", "NASDAQ"], {"period": [5, 14], "oversold": [25, 35]}, db=db, **choices)
    assert [] == as_backtests_say(RSI, ["SP500", "NASDAQ"], result, db, **choices)


@pytest.mark.parametrize(("freq", "risk_free"), [("D", 0.05), ("W-FRI", 0.05), ("MS", 0.0), ("3B", 0.05)])
def test_the_same_for_every_calendar(freq, risk_free):
    index = pd.date_range("2014-01-01", periods=260, freq=freq)
    close = 100 * np.exp(np.cumsum(np.random.default_rng(8).normal(0, 0.03, 260)))
    bars = Bars.from_frame(pd.DataFrame(dict.fromkeys(["open", "high", "low", "close"], close), index=index), "X")
    result = sweep(RSI, bars, {"period": [5, 14], "oversold": [30, 40]}, risk_free=risk_free)
    assert [] == as_backtests_say(RSI, bars, result, None, risk_free=risk_free)


class LongShort(Strategy):
    """Long above the average of the last closes, short below it."""

    period: int = 20

    def signals(self, bars):
        average = np.convolve(bars.close, np.ones(self.period) / self.period)[: len(bars)]
        return Signals(target=np.where(bars.close > average, 1.0, -1.0))


def test_the_same_for_a_strategy_that_turns_from_long_to_short(db):
    result = sweep(LongShort, "NASDAQ", {"period": [10, 50]}, db=db, charges="flat:20")
    assert [] == as_backtests_say(LongShort, "NASDAQ", result, db, charges="flat:20")


@pytest.mark.parametrize(
    "sizing",
    [
        {"sizing": "volatility:15%", "volatility_bars": 60},
        {"sizing": "equal_risk:95%", "volatility_bars": 60},
        {"sizing": "kelly:50%", "kelly_after": 3},
        {"sizing": "margin:90%"},
    ],
    ids=lambda chosen: chosen["sizing"],
)
@pytest.mark.parametrize("symbols", [["SP500"], ["SP500", "NASDAQ"]], ids=len)
def test_the_same_for_sizes_that_are_measured(db, sizing, symbols):
    choices = {**sizing, "charges": "percent:0.05"}
    result = sweep(RSI, symbols, {"period": [5, 21]}, db=db, **choices)
    assert [] == as_backtests_say(RSI, symbols, result, db, **choices)


def test_the_same_for_weights(db):
    names = [name for name in Momentum.model_fields if Momentum.model_fields[name].annotation is int]
    grid = {names[0]: [getattr(Momentum(), names[0])]}
    result = sweep(Momentum, ["SP500", "NASDAQ"], grid, db=db)
    assert [] == as_backtests_say(Momentum, ["SP500", "NASDAQ"], result, db)


def test_every_set_is_in_the_store_and_counted_over_all_sweeps(db):
    first = sweep(RSI, "SP500", {"period": [5, 10, 15]}, db=db)
    second = sweep(RSI, "SP500", {"period": [5, 20]}, db=db)
    with sqlite3.connect(db) as connection:
        kept = connection.execute("SELECT sweep_id, count(*) FROM sweep_results GROUP BY 1 ORDER BY 2 DESC").fetchall()
    assert [(first.sweep_id, 3), (second.sweep_id, 2)] == kept
    assert (3, 5) == (first.tried_ever, second.tried_ever)


class Sometimes(Strategy):
    """Long or flat; with a stop of its own when ``stop`` is above 0, so that its bars have to be scanned."""

    period: int = 14
    stop: float = 0.0

    def signals(self, bars):
        enter = np.arange(len(bars)) % self.period == 0
        leave = np.arange(len(bars)) % self.period == self.period - 2
        return Signals.long_flat(enter, leave, **({"stop": np.full(len(bars), self.stop)} if self.stop else {}))


@pytest.mark.parametrize(
    "choices", [{}, {"stop_loss": "3%"}, {"take_profit": "2%", "active_from": "next_bar"}], ids=str
)
def test_sets_that_only_turn_and_sets_that_are_scanned_keep_their_places(db, choices):
    grid = {"period": [5, 12, 19], "stop": [0.0, 20.0]}
    result = sweep(Sometimes, "SP500", grid, db=db, workers=1, causality="off", charges="percent:0.1", **choices)
    assert [] == as_backtests_say(Sometimes, "SP500", result, db, charges="percent:0.1", **choices)


def test_a_sweep_that_was_interrupted_goes_on_where_it_stopped(db, monkeypatch):
    from framework.sweeps.workload import Workload

    asked = []
    run = Workload.run_many

    def stops_at_seven(workload, strategies):
        asked.extend(one.period for one in strategies)
        if len(asked) == 7:
            raise KeyboardInterrupt
        return run(workload, strategies)

    monkeypatch.setattr(Workload, "run_many", stops_at_seven)
    monkeypatch.setattr("framework.sweeps.evaluators.MOST_IN_CHUNK", 1)
    begun = []
    grid = {"period": range(5, 25)}
    with pytest.raises(KeyboardInterrupt):
        sweep(RSI, "SP500", grid, db=db, workers=1, announce=begun.append)
    asked_before = len(asked)
    result = sweep(RSI, "SP500", grid, db=db, workers=1, resume=begun[0])
    assert (begun[0], 20, 20) == (result.sweep_id, result.tried, result.tried_ever)
    assert 20 - result.resumed == len(asked) - asked_before
    assert 6 == result.resumed
    monkeypatch.undo()
    anew = sweep(RSI, "SP500", grid, db=db)
    assert str(anew.stats) == str(result.stats)


def test_a_sweep_of_other_settings_is_not_resumed(db):
    first = sweep(RSI, "SP500", {"period": [5]}, db=db)
    with pytest.raises(ConfigError, match="was of other prices, settings or another version"):
        sweep(RSI, "SP500", {"period": [5]}, db=db, charges="flat:20", resume=first.sweep_id)
    with pytest.raises(DataError, match="no sweep 'nothing'"):
        sweep(RSI, "SP500", {"period": [5]}, db=db, resume="nothing")


def test_prices_of_ones_own_are_swept_without_a_store(db):
    from framework.store import open_store

    with open_store(db) as store:
        bars = store.load_bars("SP500")
    result = sweep(RSI, bars, {"period": [5, 10]})
    assert (2, 2) == (result.tried, result.tried_ever)
    with sqlite3.connect(db) as connection:
        assert (0,) == connection.execute("SELECT count(*) FROM sweeps").fetchone()


def test_a_random_sweep_takes_different_sets_and_the_same_ones_with_the_same_seed(db):
    grid = {"period": range(5, 60), "oversold": range(10, 45)}
    one, again, other = (
        sweep(RSI, "SP500", grid, db=db, mode="random", samples=15, seed=seed, causality="off") for seed in (1, 1, 2)
    )
    assert 15 == len(set(one.positions))
    assert one.positions == again.positions
    assert one.positions != other.positions


def test_sets_that_a_constraint_or_the_strategy_refuses_are_left_out_and_counted(db):
    grid = {"fast": [5, 10, 20], "slow": [10, 20]}
    by_strategy = sweep(MACD, "SP500", grid, db=db)
    by_text = sweep(MACD, "SP500", grid, db=db, constraint="slow - fast >= 10")
    # (5,10) (5,20) (10,20) fit; of these 20−5 and 20−10 are 10 or more.
    assert (3, 3) == (by_strategy.tried, by_strategy.excluded)
    assert [{"fast": 5, "slow": 20}, {"fast": 10, "slow": 20}] == [by_text.parameters(row) for row in range(2)]


def test_the_best_set_has_the_greatest_objective_and_the_smallest_drawdown(db):
    by_sharpe = sweep(RSI, "SP500", GRID, db=db)
    by_depth = sweep(RSI, "SP500", GRID, db=db, objective="Max. drawdown")
    assert by_sharpe.best == by_sharpe.parameters(int(np.nanargmax([one["Sharpe"] for one in by_sharpe.stats])))
    # Who never traded lost nothing, and is no find.
    depths = [one["Max. drawdown [%]"] or np.nan for one in by_depth.stats]
    assert by_depth.best == by_depth.parameters(int(np.nanargmin(depths)))
    falling = by_sharpe.frame["Sharpe"].dropna()
    assert list(falling) == sorted(falling, reverse=True)
    assert "20 parameter sets tried" in repr(by_sharpe)


def test_a_sweep_without_charges_or_slippage_says_so_also_when_it_is_shown_again(db):
    sentences = {
        "no charges are modelled; every real fill has some. Try --charges percent:0.1",
        "no slippage is modelled; real market orders have some. Try --slippage bps:5",
    }
    bare = sweep(RSI, "SP500", {"period": [5, 10]}, db=db)
    assert sentences <= set(bare.warnings)
    assert sentences <= set(find("last", db).result.warnings)
    costly = sweep(RSI, "SP500", {"period": [5, 10]}, db=db, charges="percent:0.1", slippage="bps:5")
    assert set() == sentences & set(costly.warnings)


def test_a_best_set_of_one_round_trip_is_no_find(db):
    class Once(Strategy):
        """Holds the first year and never again."""

        days: int = 250

        def signals(self, bars):
            return Signals(target=np.where(np.arange(len(bars)) < self.days, 1.0, 0.0))

    result = sweep(Once, "SP500", {"days": [250]}, db=db)
    assert any("closed 1 round trip, too few" in sentence for sentence in result.warnings)


def test_a_strategy_that_sees_the_future_is_named(db):
    class Peeks(Strategy):
        ahead: int = 1

        def signals(self, bars):
            after = np.r_[bars.close[self.ahead :], np.full(self.ahead, np.nan)]
            return Signals.long_flat(enter=after > bars.close, leave=after < bars.close)

    result = sweep(Peeks, "SP500", {"ahead": [1, 2]}, db=db)
    assert any("sees the future" in sentence for sentence in result.warnings)


@pytest.mark.parametrize(
    ("grid", "options", "sentence"),
    [
        ({"perid": [5]}, {}, "RSI has no parameter 'perid'; did you mean 'period'"),
        ({"period": [1, 5]}, {}, "RSI.period = 1: "),
        ({"period": []}, {}, "period has no values"),
        ({}, {}, "at least one parameter"),
        ({"period": [5]}, {"objective": "luck"}, "objective 'luck' is not one of Final equity, "),
        ({"period": [5]}, {"mode": "random"}, "mode='random' with samples=500"),
        ({"period": [5]}, {"constraint": "fast < slow"}, "'fast' is no parameter; there are period"),
        ({"period": [5]}, {"constraint": "period <"}, "is not understood"),
        ({"period": [5]}, {"constraint": "period"}, "says neither yes nor no"),
        ({"period": [5]}, {"constraint": "abs(period) < 3"}, "'abs' is no parameter"),
        ({"period": [5]}, {"constraint": "period > 5"}, "none can be tried: the constraint"),
        ({"period": [5]}, {"sizing": "risk:1%"}, "divides by the distance to the stop"),
    ],
)
def test_a_mistake_is_a_sentence(db, grid, options, sentence):
    with pytest.raises(ConfigError) as caught:
        sweep(RSI, "SP500", grid, db=db, **options)
    assert sentence in str(caught.value)


def test_a_strategy_that_acts_bar_by_bar_is_refused(db):
    name = next(iter(Grid.model_fields))
    with pytest.raises(ConfigError, match=r"on_bar\(\) acts bar by bar"):
        sweep(Grid, "SP500", {name: [Grid.model_fields[name].default]}, db=db)
