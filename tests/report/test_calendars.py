"""Yearly figures of every calendar: 24/5, seven days, weeks, months, a share that seldom trades, minutes.

The right values come from pandas and quantstats with the count of returns over calendar time.
"""

import math
import re

import numpy as np
import pandas as pd
import pytest

from framework import Bars, Signals, Strategy, backtest
from framework.report.quantstats_page import write_page

SEVEN = pd.date_range("2018-01-01", periods=900)
SELDOM = pd.date_range("2016-01-04", "2020-12-31", freq="B")
SELDOM = SELDOM[np.sort(np.random.default_rng(4).choice(len(SELDOM), 5 * 107, replace=False))]
CALENDARS = {
    "24/5": (pd.date_range("2016-01-04", periods=1500, freq="B"), 252),
    "seven days": (SEVEN, 365),
    "weeks, Fridays": (pd.date_range("2015-01-02", periods=300, freq="W-FRI"), 52),
    "weeks, Mondays": (pd.date_range("2015-01-05", periods=300, freq="W-MON"), 52),
    "months, first days": (pd.date_range("2008-01-01", periods=140, freq="MS"), 12),
    "months, last days": (pd.date_range("2008-01-31", periods=140, freq="ME"), 12),
    "months, last trading days": (pd.date_range("2008-01-31", periods=140, freq="BME"), 12),
    "107 days a year": (SELDOM, 107),
}


class Hold(Strategy):
    """Buys and holds."""

    def signals(self, bars):
        return Signals(np.ones(len(bars)))


def frame_at(index, seed=2):
    close = 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0.003, 0.012, len(index))))
    open_ = np.concatenate(([100.0], close[:-1]))
    return pd.DataFrame(
        {"open": open_, "high": np.maximum(open_, close), "low": np.minimum(open_, close), "close": close}, index=index
    )


def returns_of(equity):
    return pd.Series(np.asarray(equity)).pct_change().dropna()


@pytest.mark.parametrize("name", CALENDARS)
def test_yearly_figures_are_those_of_the_count_within_two_percent(name):
    index, near = CALENDARS[name]
    risk_free = 0.0 if near == 252 else 0.04  # 252 for 261 is 1.7 %; what a session of it yields comes on top
    result = backtest(Hold(), Bars.from_frame(frame_at(index), "X"), risk_free=risk_free, causality="off")
    r = returns_of(result.equity)
    counted = len(r) * 365.25 / (index[-1] - index[0]).days
    a_year = result.stats["Returns per year"]
    assert a_year == pytest.approx(counted, rel=0.04)
    assert a_year == pytest.approx(near, rel=0.01)

    over = r - ((1 + risk_free) ** (1 / counted) - 1)
    expected = {
        "Volatility [% p.a.]": 100 * r.std() * math.sqrt(counted),
        "Sharpe": over.mean() / over.std() * math.sqrt(counted),
        "Sortino": over.mean() / math.sqrt((over.clip(upper=0) ** 2).mean()) * math.sqrt(counted),
    }
    assert expected == pytest.approx({key: result.stats[key] for key in expected}, rel=0.02)


@pytest.mark.parametrize("name", ["seven days", "weeks, Fridays", "107 days a year"])
def test_figures_against_the_benchmark_are_scaled_alike(name):
    bars = [Bars.from_frame(frame_at(CALENDARS[name][0], seed), f"X{seed}") for seed in (2, 3)]

    class First(Strategy):
        def allocate(self, panel):
            return np.tile([0.9, 0.0], (len(panel), 1))

    stats = (result := backtest(First(), bars, causality="off")).stats
    r, b = result.observations.returns, result.observations.benchmark_returns
    a_year = len(r) * 365.25 / (CALENDARS[name][0][-1] - CALENDARS[name][0][0]).days
    assert stats["Tracking error [% p.a.]"] == pytest.approx(100 * (r - b).std(ddof=1) * a_year**0.5, rel=0.02)
    assert stats["Information ratio"] == pytest.approx((r - b).mean() / (r - b).std(ddof=1) * a_year**0.5, rel=0.02)
    beta = np.cov(r, b)[0, 1] / b.var(ddof=1)
    assert stats["Alpha [% p.a.]"] == pytest.approx(100 * a_year * (r.mean() - beta * b.mean()), rel=0.02)


def test_minutes_of_seven_days_have_365_sessions_a_year():
    index = pd.DatetimeIndex([day + pd.Timedelta(hours=hour) for day in SEVEN[:60] for hour in (0, 6, 12, 18)])
    result = backtest(Hold(), Bars.from_frame(frame_at(index), "X"), causality="off")
    assert ("6h", 365.0) == (result.record.panel.timeframe, result.stats["Returns per year"])


@pytest.mark.parametrize("name", ["seven days", "weeks, Fridays", "months, last days", "107 days a year"])
def test_quantstats_comes_to_the_same_with_this_number(name):
    quantstats = pytest.importorskip("quantstats")
    result = backtest(Hold(), Bars.from_frame(frame_at(CALENDARS[name][0]), "X"), causality="off")
    returns = pd.Series(result.observations.returns, index=CALENDARS[name][0][1:])
    a_year = result.stats["Returns per year"]
    assert result.stats["Sharpe"] == pytest.approx(float(quantstats.stats.sharpe(returns, periods=a_year)))
    assert result.stats["Sortino"] == pytest.approx(float(quantstats.stats.sortino(returns, periods=a_year)))


@pytest.mark.slow
def test_quantstats_page_is_given_this_number(tmp_path):
    result = backtest(Hold(), Bars.from_frame(frame_at(CALENDARS["weeks, Fridays"][0]), "X"), causality="off")
    assert write_page(result, tmp_path / "page.html") is None
    assert re.search(r"Periods/Year: 52\b", (tmp_path / "page.html").read_text("utf-8"))
