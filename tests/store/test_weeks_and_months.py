"""Bars of weeks and months in the store: read from files, listed, examined, loaded, exported and backtested."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from framework import backtest, sweep
from framework.store import open_store
from framework.store.export import export
from framework.store.importing import ImportOptions, import_files
from framework.types import Bars, Instrument
from framework.types.timeframe import DAY_NS
from strategies.rsi import RSI

HEADING = "Date,Open,High,Low,Close,Volume"


def csv(index, seed=3, stamp="%Y-%m-%d"):
    close = np.round(100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0.002, 0.03, len(index)))), 2)
    return "\n".join(
        [HEADING, *(f"{day:{stamp}},{c},{c + 1},{c - 1},{c},10" for day, c in zip(index, close, strict=True))]
    )


def days(moments):
    return [str(day) for day in np.asarray(moments).astype("datetime64[ns]").astype("datetime64[D]")]


@pytest.mark.parametrize(
    ("freq", "name", "a_year"), [("W-FRI", "1w", 52), ("W-MON", "1w", 52), ("MS", "1M", 12), ("BME", "1M", 12)]
)
def test_a_file_of_weeks_or_months_is_stored_listed_examined_and_backtested(store, take, tmp_path, freq, name, a_year):
    index = pd.date_range("2008-01-01", periods=150, freq=freq)
    summary = take("X.csv", csv(index))
    assert ([name], 150, 0, "") == (list(summary.timeframes), summary.new, summary.refused, summary.error)
    assert [("X", name, 150)] == [(one.symbol, one.timeframe, one.bars) for one in store.series()]
    assert [] == store.issues()
    bars = store.load_bars("X", name)
    assert days(bars.close_time[:-1]) == days(bars.time[1:])
    db = tmp_path / "market.sqlite"
    run = backtest(RSI(period=3), "X", timeframe=name, db=db)
    assert run.causality.verdict == "passed"
    assert (a_year, name) == (run.stats["Returns per year"], run.record.panel.timeframe)
    swept = sweep(RSI, "X", {"period": [3, 5]}, timeframe=name, db=db)
    assert swept.stats[0]["Sharpe"] == run.stats["Sharpe"]


def test_a_file_and_a_frame_of_the_same_weeks_are_the_same_bars(store, take):
    # Last trading days: Good Friday 2024 is a Thursday.
    index = pd.DatetimeIndex(["2024-03-15", "2024-03-22", "2024-03-28", "2024-04-05", "2024-04-12", "2024-04-19"])
    take("X.csv", csv(index))
    frame = pd.DataFrame(dict.fromkeys(["open", "high", "low", "close"], 100.0), index=index)
    assert days(store.load_bars("X", "1w").time) == days(Bars.from_frame(frame, "X").time)
    assert "2024-03-29" == days(store.load_bars("X", "1w").time)[2]


def test_a_second_row_of_a_week_is_refused_and_the_others_kept(take, store, rows):
    index = [*pd.date_range("2024-01-01", periods=8, freq="7D"), pd.Timestamp("2024-02-21")]
    summary = take("X.csv", csv(index))
    assert (8, 1) == (summary.new, summary.refused)
    assert [("duplicate", 10)] == rows("SELECT kind, line FROM data_issues WHERE finding = 0")
    assert 8 == len(store.load_bars("X", "1w"))


def test_weeks_on_another_day_than_the_stored_ones_are_refused(take, store):
    take("X.csv", csv(pd.date_range("2024-01-01", periods=8, freq="W-MON")))
    summary = take("again.csv", csv(pd.date_range("2024-01-01", periods=8, freq="W-FRI")), symbol="X")
    assert 0 == summary.new
    assert {"overlap"} == {issue.kind for issue in store.issues()}
    assert 8 == len(store.load_bars("X", "1w"))


def test_a_month_stored_by_its_last_day_and_one_given_by_its_first_are_refused(take, store):
    take("X.csv", csv(pd.date_range("2024-01-31", periods=8, freq="ME")))
    assert 0 == take("again.csv", csv(pd.date_range("2024-02-01", periods=7, freq="MS")), symbol="X").new
    assert 1 == take("later.csv", csv([pd.Timestamp("2024-09-30")]), symbol="X", timeframe="1M").new


def test_the_same_weeks_again_are_nothing_new_and_later_ones_are(take):
    index = pd.date_range("2024-01-05", periods=20, freq="W-FRI")
    take("X.csv", csv(index[:12]))
    assert 8 == take("again.csv", csv(index), symbol="X").new


def test_months_and_minutes_of_one_symbol_are_two_series(take, store):
    take("X.csv", csv(pd.date_range("2024-01-01", periods=8, freq="MS")))
    take(
        "minutes.csv", csv(pd.date_range("2024-01-01 09:15", periods=8, freq="min"), stamp="%Y-%m-%d %H:%M"), symbol="X"
    )
    assert ["1m", "1M"] == [one.timeframe for one in store.series("X")]
    assert (8, 8) == (len(store.load_bars("X", "1m")), len(store.load_bars("X", "1M")))


def test_a_missing_month_and_three_missing_weeks_are_gaps_by_name(take, store):
    months, weeks = (
        pd.date_range("2020-01-01", periods=30, freq="MS"),
        pd.date_range("2020-01-06", periods=60, freq="7D"),
    )
    take("M.csv", csv(months.delete(7)))
    take("W.csv", csv(weeks.delete([20, 21, 22])))
    assert [("M", "gap"), ("W", "gap")] == [(issue.symbol, issue.kind) for issue in store.issues()]


def test_what_is_exported_comes_back_as_it_was(store, tmp_path):
    opens = days_of(pd.date_range("2020-01-31", periods=20, freq="ME"))
    bars = Bars.from_arrays(Instrument("X"), "1M", opens, *[100.0 + np.arange(20)] * 4)
    store.save_bars(bars)
    path = tmp_path / "out.csv"
    export(store.load_bars("X", "1M"), path)
    assert "2020-02-29" in path.read_text()
    with open_store(tmp_path / "other.sqlite") as other:
        import_files(other, [path], ImportOptions())
        np.testing.assert_array_equal(other.load_bars("X", "1M").time, bars.time)


def days_of(index):
    return index.to_numpy("datetime64[D]").astype(np.int64) * DAY_NS
