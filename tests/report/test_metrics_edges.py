"""Questions without an answer have an answer all the same, and nothing warns."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from framework.report import metrics as m

pytestmark = pytest.mark.filterwarnings("error")
NOTHING = np.empty(0)
ONE = np.array([0.01])
FLAT = np.full(10, 0.01)
ON_RETURNS = (m.volatility, m.sharpe, m.sortino, m.omega, m.value_at_risk, m.conditional_value_at_risk, m.skewness)
ON_PROFITS = (m.win_rate, m.profit_factor, m.expectancy, m.sqn, m.kelly)


@pytest.mark.parametrize("measure", [*ON_RETURNS, m.excess_kurtosis, *ON_PROFITS, m.total_return, m.max_drawdown])
def test_of_nothing_there_is_no_number(measure):
    assert math.isnan(measure(NOTHING))


@pytest.mark.parametrize("measure", [m.volatility, m.sharpe, m.skewness, m.excess_kurtosis, m.sqn])
def test_one_value_has_no_spread(measure):
    assert math.isnan(measure(ONE))


def test_one_value_is_its_own_quantile():
    assert m.value_at_risk(ONE) == m.conditional_value_at_risk(ONE) == 0.01


@pytest.mark.parametrize("measure", [m.sharpe, m.skewness, m.excess_kurtosis, m.sqn])
def test_zero_variance_divides_nothing(measure):
    assert math.isnan(measure(FLAT))


def test_zero_variance_is_zero_volatility():
    assert m.volatility(FLAT) == 0.0


def test_rounding_is_not_variance():
    values = 100 * 1.01 ** np.arange(50)
    assert math.isnan(m.sharpe(m.simple_returns(values)))


@pytest.mark.parametrize("measure", [m.sortino, m.omega])
def test_gains_without_a_loss_are_beyond_measure(measure):
    assert measure(FLAT) == math.inf


@pytest.mark.parametrize("measure", [m.sortino, m.omega])
def test_neither_gain_nor_loss_has_no_ratio(measure):
    assert math.isnan(measure(np.zeros(5)))


def test_profits_without_a_loss_have_an_infinite_factor_and_no_kelly():
    assert m.profit_factor(np.array([1.0, 2.0])) == math.inf
    assert math.isnan(m.kelly(np.array([1.0, 2.0])))


def test_losses_without_a_profit_have_a_factor_of_zero_and_no_kelly():
    assert m.profit_factor(np.array([-1.0, -2.0])) == 0.0
    assert math.isnan(m.kelly(np.array([-1.0, -2.0])))


def test_calmar_without_a_drawdown_is_infinite_or_nothing():
    assert m.calmar(0.1, 0.0) == math.inf
    assert math.isnan(m.calmar(0.0, 0.0))


def test_a_benchmark_that_never_moves_has_no_beta_and_no_alpha():
    still, moving = np.zeros(4), np.array([0.01, -0.01, 0.02, 0.0])
    assert math.isnan(m.beta(moving, still))
    assert math.isnan(m.alpha(moving, still))


def test_a_run_that_equals_its_benchmark_has_no_information_ratio():
    moving = np.array([0.01, -0.01, 0.02, 0.0])
    assert m.tracking_error(moving, moving) == 0.0
    assert math.isnan(m.information_ratio(moving, moving))


def test_ruin_keeps_the_step_into_it_and_nothing_after():
    returns = m.simple_returns(np.array([100.0, 50.0, -10.0, 20.0, 30.0]))
    assert [-0.5, -1.2] == pytest.approx(returns[:2].tolist())
    assert np.isnan(returns[2:]).all()


def test_ruin_is_a_growth_of_minus_one_and_a_drawdown_of_one():
    values = np.array([100.0, 120.0, -5.0])
    assert m.cagr(values, 1.0) == -1.0
    assert m.max_drawdown(values) == 1.0
    assert math.isnan(m.sharpe(m.simple_returns(np.array([100.0, 50.0, -10.0, 20.0]))))
    assert math.isnan(m.invested_share(np.array([1.0]), np.array([0.0])))


def test_an_account_that_starts_at_zero_has_no_return():
    assert math.isnan(m.total_return(np.array([0.0, 1.0])))
    assert m.max_drawdown(np.array([0.0, 0.0])) == 1.0


def test_no_time_has_no_growth_rate():
    assert math.isnan(m.cagr(np.array([100.0, 101.0]), 0.0))


def test_a_minute_extrapolated_to_a_year_may_be_infinite():
    assert m.cagr(np.array([100.0, 200.0]), 1e-6) == math.inf


def test_turnover_needs_time_and_money():
    assert math.isnan(m.turnover(1.0, 1.0, 0.0, 1.0))
    assert math.isnan(m.turnover(1.0, 1.0, 1.0, 0.0))


def test_no_bars_have_no_exposure():
    assert math.isnan(m.time_in_market(NOTHING))
    assert math.isnan(m.invested_share(NOTHING, NOTHING))
    assert math.isnan(m.longest_drawdown(NOTHING, NOTHING))
    assert m.drawdowns(NOTHING).shape == (0,)


VALUES = arrays(np.float64, st.integers(1, 60), elements=st.floats(1.0, 1e5))
RETURNS = arrays(np.float64, st.integers(1, 60), elements=st.floats(-0.99, 3.0))


@given(VALUES)
def test_a_drawdown_lies_between_nothing_and_everything(values):
    falls = m.drawdowns(values)
    assert ((falls >= 0) & (falls <= 1)).all()


@given(VALUES, st.floats(0.001, 1000))
def test_a_drawdown_does_not_depend_on_the_currency(values, scale):
    assert m.max_drawdown(values * scale) == pytest.approx(m.max_drawdown(values), abs=1e-9)


@given(VALUES)
def test_a_drawdown_is_no_longer_than_the_run(values):
    days = np.arange(values.shape[0], dtype=np.float64)
    assert 0 <= m.longest_drawdown(values, days) <= days[-1]


@given(VALUES)
def test_a_drawdown_lasts_no_time_exactly_when_there_is_none(values):
    days = np.arange(values.shape[0], dtype=np.float64)
    assert (m.longest_drawdown(values, days) == 0) == bool((np.diff(values) >= 0).all())


@given(VALUES)
def test_returns_compound_to_the_total_return(values):
    product = float(np.prod(1 + m.simple_returns(values)))
    assert product - 1 == pytest.approx(m.total_return(values), rel=1e-6, abs=1e-6)


@given(RETURNS)
def test_the_tail_is_at_least_as_bad_as_its_edge(returns):
    assert returns.min() - 1e-12 <= m.conditional_value_at_risk(returns) <= m.value_at_risk(returns)


@given(RETURNS)
def test_omega_above_one_is_a_mean_above_zero(returns):
    omega, mean = m.omega(returns), float(np.mean(returns))
    if abs(mean) > 1e-9 and not math.isnan(omega):
        assert (omega > 1) == (mean > 0)


@given(RETURNS, st.floats(0.01, 1))
def test_sharpe_does_not_depend_on_leverage(returns, leverage):
    if m.volatility(returns) > 1e-6:
        assert m.sharpe(returns * leverage) == pytest.approx(m.sharpe(returns), rel=1e-6, abs=1e-6)


@given(RETURNS, st.floats(0.01, 1))
def test_skewness_and_kurtosis_have_no_scale(returns, scale):
    if returns.shape[0] > 3 and m.volatility(returns) > 1e-3:
        assert m.skewness(returns * scale) == pytest.approx(m.skewness(returns), rel=1e-6, abs=1e-6)
        assert m.excess_kurtosis(returns * scale) == pytest.approx(m.excess_kurtosis(returns), rel=1e-6, abs=1e-6)


@given(RETURNS)
def test_sortino_is_positive_when_sharpe_is(returns):
    sharpe, sortino = m.sharpe(returns), m.sortino(returns)
    if abs(sharpe) > 1e-6 and not math.isnan(sortino):
        assert (sortino > 0) == (sharpe > 0)


@given(RETURNS)
def test_a_series_against_itself_has_beta_one(returns):
    beta = m.beta(returns, returns)
    assert math.isnan(beta) or beta == pytest.approx(1.0)


@given(arrays(np.float64, st.integers(1, 40), elements=st.floats(-1e6, 1e6)), st.floats(0.01, 100))
def test_outcomes_do_not_depend_on_the_currency(profits, scale):
    assert m.win_rate(profits * scale) == m.win_rate(profits) or (np.abs(profits) < 1e-300).any()
    for measure in (m.profit_factor, m.sqn):
        one, other = measure(profits), measure(profits * scale)
        assert (math.isnan(one) and math.isnan(other)) or one == pytest.approx(other, rel=1e-6, abs=1e-9)
