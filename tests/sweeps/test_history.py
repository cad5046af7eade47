"""A sweep is found again in the store as it was: what it printed, what speaks against it, and how far it came."""

import json
import sqlite3

import numpy as np
import pytest

from framework import Bars, Settings, Signals, Strategy, sweep
from framework.errors import DataError
from framework.store import open_store
from framework.sweeps.history import axes_of, find
from framework.sweeps.workload import Workload
from framework.types import Panel
from strategies.macd import MACD
from strategies.rsi import RSI

DAY = 86_400_000_000_000


@pytest.mark.parametrize(
    ("strategy", "symbols", "grid", "options"),
    [
        (RSI, "SP500", {"period": [20, 5, 10], "oversold": [20, 25.5, 30]}, {}),
        (MACD, ["SP500", "NASDAQ"], {"fast": [5, 10, 20], "slow": [10, 20]}, {"charges": "percent:0.1"}),
        (RSI, "SP500", {"period": range(2, 60)}, {"mode": "random", "samples": 12, "seed": 3, "causality": "off"}),
        (RSI, "NASDAQ", {"period": [5, 14, 30]}, {"objective": ["Max. drawdown", "CAGR"]}),
        (RSI, "SP500", {"period": [14], "oversold": [0.5, 1.0, 1.5]}, {}),  # hardly a round trip: NaN and infinity
    ],
)
def test_it_says_again_what_it_said(db, strategy, symbols, grid, options):
    said = sweep(strategy, symbols, grid, db=db, **options)
    again = find(said.sweep_id, db).result
    assert repr(said) == repr(again)
    assert said.to_json() == again.to_json()
    assert said.frame.equals(again.frame)


class Peeks(Strategy):
    """Knows tomorrow's close."""

    ahead: int = 1

    def signals(self, bars):
        after = np.r_[bars.close[self.ahead :], np.full(self.ahead, np.nan)]
        return Signals.long_flat(enter=after > bars.close, leave=after < bars.close)


def test_a_leak_is_not_forgotten(db):
    sweep(Peeks, "SP500", {"ahead": [1, 2]}, db=db)
    assert any("sees the future" in sentence for sentence in find("last", db).result.warnings)


def test_values_that_were_added_when_it_went_on_are_in_the_grid(db):
    first = sweep(RSI, "SP500", {"period": [10, 20], "oversold": [30]}, db=db)
    sweep(RSI, "SP500", {"period": [5, 20, 30], "oversold": [30]}, db=db, resume=first.sweep_id)
    kept = find(first.sweep_id, db)
    assert [5, 10, 20, 30] == kept.result.axes["period"]
    assert (4, 4) == (kept.result.tried, kept.row.wanted)


def test_axes_take_what_the_strategy_made_of_a_value_for_the_value():
    assert {"x": [20, 30], "kind": ["ema", "sma"]} == axes_of(
        {"x": [20, 30], "kind": ["ema"]}, [{"x": 20.0, "kind": "ema"}, {"x": 30.0, "kind": "sma"}]
    )


def test_the_list_tells_how_far_each_came_and_the_best_of_its_objective(db):
    by_sharpe = sweep(RSI, "SP500", {"period": [5, 10, 15]}, db=db)
    by_depth = sweep(RSI, "SP500", {"period": [5, 20]}, db=db, objective="Max. drawdown")
    factor = sweep(RSI, "SP500", {"period": [14], "oversold": [0.5, 30]}, db=db, objective="Profit factor")
    with sqlite3.connect(db) as connection:
        connection.execute(
            "UPDATE sweep_results SET stats = json_set(stats, '$.\"Profit factor\"', 'inf') WHERE sweep_id = ? "
            "AND json_extract(parameters, '$.oversold') = 30",
            (factor.sweep_id,),
        )
    with open_store(db) as store:
        newest, middle, oldest = store.sweeps()
        assert [newest] == store.sweeps(1)
    assert [2, 2, 3] == [one.tried for one in (newest, middle, oldest)]
    assert [2, 2, 3] == [one.sweep.wanted for one in (newest, middle, oldest)]
    assert float("inf") == newest.greatest
    assert min(one["Max. drawdown [%]"] for one in by_depth.stats) == middle.least
    assert max(one["Sharpe"] for one in by_sharpe.stats) == oldest.greatest


class Holds(Strategy):
    """Holds for so many bars."""

    count: int = 1

    def signals(self, bars):
        return Signals(target=np.where(np.arange(len(bars)) < self.count, 1.0, 0.0))


def test_an_account_beyond_whole_paise_names_the_set_and_loses_nothing_that_was_recorded(db, monkeypatch):
    monkeypatch.setattr("framework.sweeps.evaluators.MOST_IN_CHUNK", 1)
    close = np.repeat([1e9, 1e12], 6)  # 900 units at 10¹² rupees are more than whole paise hold
    bars = Bars.from_arrays("AAA", "1d", np.arange(12) * DAY, close, close, close, close)
    account = {"capital": 1e12, "sizing": "fixed:900", "db": db, "workers": 1, "causality": "off"}
    with pytest.raises(DataError, match=r"^Holds\(count=9\) left the range of whole paise: .*; use less capital"):
        sweep(Holds, bars, {"count": [1, 2, 3, 9]}, **account)
    kept = find("last", db)
    assert (3, 4) == (kept.result.tried, kept.row.wanted)
    assert [1, 2, 3] == [json.loads(key)["count"] for key in _keys(db)]
    went_on = sweep(Holds, bars, {"count": [1, 2, 3]}, resume=kept.row.sweep_id, **account)
    assert (3, 3) == (went_on.tried, went_on.resumed)


def test_of_sets_that_run_together_the_one_beyond_whole_paise_is_named():
    close = np.repeat([1e9, 1e12], 6)
    panel = Panel.from_bars([Bars.from_arrays("AAA", "1d", np.arange(12) * DAY, close, close, close, close)])
    workload = Workload(panel, Settings.of(capital=1e12, sizing="fixed:900"), "signals", 0, 0.0)
    with pytest.raises(DataError, match=r"^Holds\(count=9\) left the range"):
        workload.run_many([Holds(count=1), Holds(count=9), Holds(count=2)])


def _keys(db):
    with sqlite3.connect(db) as connection:
        return [row[0] for row in connection.execute("SELECT parameters FROM sweep_results ORDER BY 1")]


def test_one_that_tried_nothing_is_a_sentence(db):
    with open_store(db) as store, pytest.raises(DataError, match="the store holds none yet"):
        store.sweep("last")
    result = sweep(RSI, "SP500", {"period": [5]}, db=db)
    with sqlite3.connect(db) as connection:
        connection.execute("DELETE FROM sweep_results")
    with pytest.raises(DataError, match=f"sweep {result.sweep_id} was interrupted before it had tried a set"):
        find("last", db)
