"""Against empyrical and quantstats on real prices (S&P 500 and NASDAQ, 1999–2018); every difference is explained.

empyrical's numbers were computed once by empyrical-reloaded 0.7.1 and are kept here: it is not a dependency.
quantstats is asked when the test runs.
"""

import math

import numpy as np
import pytest

from framework.report import metrics as m

arch = pytest.importorskip("arch.data")

EMPYRICAL = {
    "cum_final": 1.0412426895121283,
    "annual_volatility": 0.19098207141371265,
    "sharpe": 0.2827392290446074,
    "sharpe_rf": 0.15078967056793943,
    "sortino": 0.39861402985639793,
    "omega": 1.0544888207136145,
    "max_drawdown": -0.5677538775030555,
    "var": -0.018643329744495285,
    "cvar": -0.028609270423168704,
    "annual_return": 0.03639554326851813,
    "calmar": 0.06410443805083878,
    "beta": 0.6693987025321273,
    "alpha": -0.004306838862742857,
    "excess_sharpe": -0.017162823065849722,
}


@pytest.fixture(scope="module")
def series():
    """Returns of both as pandas Series on the same days."""
    from arch.data import nasdaq, sp500

    one = sp500.load()["Adj Close"].pct_change().dropna()
    other = nasdaq.load()["Adj Close"].pct_change().dropna()
    return one.align(other, join="inner")


@pytest.fixture(scope="module")
def returns(series):
    return series[0].to_numpy()


@pytest.fixture(scope="module")
def benchmark(series):
    return series[1].to_numpy()


@pytest.fixture(scope="module")
def wealth(returns):
    return np.concatenate([[1.0], np.cumprod(1 + returns)])


@pytest.fixture(scope="module")
def quantstats():
    import quantstats.stats

    return quantstats.stats


def test_empyrical_agrees_where_definitions_are_the_same(returns, benchmark, wealth):
    ours = {
        "cum_final": m.total_return(wealth),
        "annual_volatility": m.volatility(returns),
        "sharpe": m.sharpe(returns),
        "sharpe_rf": m.sharpe(returns, 0.0001),
        "sortino": m.sortino(returns),
        "omega": m.omega(returns),
        "max_drawdown": -m.max_drawdown(wealth),
        "var": m.value_at_risk(returns),
        "beta": m.beta(returns, benchmark),
    }
    assert {name: pytest.approx(EMPYRICAL[name], rel=1e-9) for name in ours} == ours


def test_empyricals_tail_mean_takes_one_rank_more(returns):
    """It averages the first ⌊(n − 1) · 5 %⌋ + 1 ranks; we average what lies at or below the interpolated quantile."""
    ranks = math.floor((returns.shape[0] - 1) * 0.05) + 1
    assert float(np.mean(np.sort(returns)[:ranks])) == pytest.approx(EMPYRICAL["cvar"], rel=1e-9)
    assert m.conditional_value_at_risk(returns) == pytest.approx(EMPYRICAL["cvar"], rel=1e-3)


def test_empyricals_year_has_252_sessions_and_ours_365_25_days(returns, wealth, series):
    """Its growth is (1 + total) ^ (252 / n) − 1; ours takes calendar time, so holidays do not stretch the year."""
    assert m.cagr(wealth, returns.shape[0] / 252) == pytest.approx(EMPYRICAL["annual_return"], rel=1e-9)
    days = (series[0].index[-1] - series[0].index[0]).days + 1  # the first return covers the day before it
    assert m.cagr(wealth, days / 365.25) == pytest.approx(EMPYRICAL["annual_return"], rel=2e-3)
    assert m.calmar(EMPYRICAL["annual_return"], m.max_drawdown(wealth)) == pytest.approx(EMPYRICAL["calmar"])


def test_empyricals_alpha_is_ours_compounded(returns, benchmark):
    """Its alpha is (1 + alpha per session) ^ 252 − 1; ours, as Jensen's regression, is 252 · alpha."""
    per_session = m.alpha(returns, benchmark) / 252
    assert (1 + per_session) ** 252 - 1 == pytest.approx(EMPYRICAL["alpha"], rel=1e-9)


def test_empyricals_excess_sharpe_is_our_information_ratio_of_a_session(returns, benchmark):
    assert m.information_ratio(returns, benchmark) / math.sqrt(252) == pytest.approx(EMPYRICAL["excess_sharpe"])


def test_quantstats_agrees_where_definitions_are_the_same(series, returns, benchmark, wealth, quantstats):
    one, other = series
    assert m.total_return(wealth) == pytest.approx(float(quantstats.comp(one)))
    assert m.volatility(returns) == pytest.approx(float(quantstats.volatility(one)))
    assert m.sharpe(returns) == pytest.approx(float(quantstats.sharpe(one)))
    assert m.sortino(returns) == pytest.approx(float(quantstats.sortino(one)))
    assert m.omega(returns) == pytest.approx(float(quantstats.omega(one)))
    assert m.skewness(returns) == pytest.approx(float(quantstats.skew(one)))
    assert m.excess_kurtosis(returns) == pytest.approx(float(quantstats.kurtosis(one)))
    greeks = quantstats.greeks(one, other)
    assert m.beta(returns, benchmark) == pytest.approx(float(greeks["beta"]))
    assert m.alpha(returns, benchmark) == pytest.approx(float(greeks["alpha"]))


def test_quantstats_value_at_risk_is_of_a_normal_distribution(series, returns, quantstats):
    """It is mean − 1.645 deviations, where ours is the quantile that happened."""
    normal = float(np.mean(returns)) - 1.6448536269514722 * float(np.std(returns, ddof=1))
    assert float(quantstats.value_at_risk(series[0])) == pytest.approx(normal)
    assert m.value_at_risk(returns) != pytest.approx(normal, rel=1e-3)


def test_quantstats_year_has_252_sessions_too(series, returns, wealth, quantstats):
    assert float(quantstats.cagr(series[0])) == pytest.approx(m.cagr(wealth, returns.shape[0] / 252))


def test_quantstats_information_ratio_is_not_annualised(series, returns, benchmark, quantstats):
    assert m.information_ratio(returns, benchmark) / math.sqrt(252) == pytest.approx(
        float(quantstats.information_ratio(*series))
    )


def test_quantstats_drawdown_is_negative_and_its_win_rate_counts_days(series, returns, wealth, quantstats):
    """Its win rate is of sessions that were not flat; ours is of round trips."""
    assert -m.max_drawdown(wealth) == pytest.approx(float(quantstats.max_drawdown(series[0])))
    assert m.win_rate(returns[returns != 0]) == pytest.approx(float(quantstats.win_rate(series[0])))
    assert m.profit_factor(returns) == pytest.approx(float(quantstats.profit_factor(series[0])))
    assert m.kelly(returns) == pytest.approx(float(quantstats.kelly_criterion(series[0])))
