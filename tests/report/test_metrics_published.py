"""Against numbers that others printed: books, papers, and arithmetic done by hand."""

import math

import numpy as np
import pytest

from framework.report import metrics as m

BACON = np.array(
    [
        *(0.003, 0.026, 0.011, -0.010, 0.015, 0.025, 0.016, 0.067, -0.014, 0.040, -0.005, 0.081),
        *(0.040, -0.037, -0.061, 0.017, -0.049, -0.022, 0.070, 0.058, -0.065, 0.024, -0.005, -0.009),
    ]
)
"""Monthly returns in Bacon, Practical Portfolio Performance Measurement and Attribution (2008), p. 65."""
BENCHMARK = np.array(
    [
        *(0.002, 0.025, 0.018, -0.011, 0.014, 0.018, 0.014, 0.065, -0.015, 0.042, -0.006, 0.083),
        *(0.039, -0.038, -0.062, 0.015, -0.048, 0.021, 0.060, 0.056, -0.067, 0.019, -0.003, 0.000),
    ]
)
"""His benchmark, p. 66."""
YEAR = math.sqrt(m.SESSIONS_PER_YEAR)


def test_bacons_skewness_is_minus_0_09():
    assert m.skewness(BACON) == pytest.approx(-0.09, abs=0.005)


def test_bacons_sample_excess_kurtosis_is_minus_0_41():
    assert m.excess_kurtosis(BACON) == pytest.approx(-0.41, abs=0.005)


def test_bacons_gain_loss_ratio_at_zero_is_1_78():
    assert m.omega(BACON) == pytest.approx(1.78, abs=0.005)


def test_bacons_omega_sharpe_ratio_of_0_29_is_omega_less_one():
    assert m.omega(BACON, 0.005) - 1 == pytest.approx(0.29, abs=0.005)


def test_bacons_downside_risk_of_2_55_percent_is_what_the_sortino_ratio_divides_by():
    excess = float(np.mean(BACON)) - 0.005  # 0.9 % a month less the target of 0.5 %
    assert m.sortino(BACON, 0.005) / YEAR == pytest.approx(excess / 0.0255, rel=0.002)


def test_bacons_beta_is_the_slope_of_the_least_squares_line():
    slope, _ = np.polyfit(BENCHMARK, BACON, 1)
    assert m.beta(BACON, BENCHMARK) == pytest.approx(float(slope), rel=1e-12)


def test_red_rock_capitals_sortino_ratio_is_4_417():
    """Rollinger & Hoffman, Sortino: A Sharper Ratio: eight annual returns, target 0."""
    returns = np.array([0.17, 0.15, 0.23, -0.05, 0.12, 0.09, 0.13, -0.04])
    assert m.sortino(returns) / YEAR == pytest.approx(4.417, abs=0.0005)


def test_sharpe_of_four_returns_worked_by_hand():
    """Mean 0.5 %, squared deviations 0.25 + 6.25 + 2.25 + 0.25 = 9 (‱), n − 1 = 3: deviation √3 %."""
    returns = np.array([0.01, -0.02, 0.02, 0.01])
    assert m.sharpe(returns) == pytest.approx(0.5 / math.sqrt(3) * YEAR, rel=1e-12)


def test_volatility_of_the_same_is_root_three_percent_a_session():
    assert m.volatility(np.array([0.01, -0.02, 0.02, 0.01])) == pytest.approx(math.sqrt(3) / 100 * YEAR, rel=1e-12)


def test_drawdown_of_the_textbook_is_the_fall_from_500_to_350():
    """100 → 500 → 350 → 400 → 600 → 500: 30 %, not the later fall of 16.7 %."""
    values = np.array([100.0, 500.0, 350.0, 400.0, 600.0, 500.0])
    assert m.max_drawdown(values) == pytest.approx(0.30, rel=1e-12)
    assert [0.0, 0.0, 0.3, 0.2, 0.0, 1 / 6] == pytest.approx(m.drawdowns(values).tolist())


def test_drawdown_lasts_from_the_peak_to_the_day_its_value_is_reached_again():
    values = np.array([100.0, 110.0, 90.0, 95.0, 110.0, 120.0, 119.0])
    days = np.array([0.0, 1.0, 4.0, 5.0, 8.0, 9.0, 10.0])
    assert m.longest_drawdown(values, days) == 7.0


def test_drawdown_that_is_not_recovered_lasts_to_the_end():
    assert m.longest_drawdown(np.array([100.0, 90.0, 95.0]), np.array([10.0, 20.0, 45.0])) == 35.0


def test_doubling_in_two_years_is_41_4_percent_a_year():
    assert m.cagr(np.array([100.0, 200.0]), 2.0) == pytest.approx(math.sqrt(2) - 1, rel=1e-12)


def test_calmar_is_growth_over_the_depth():
    assert m.calmar(0.2, 0.25) == pytest.approx(0.8)


def test_value_at_risk_of_one_to_hundred_percent_losses_interpolates_between_ranks():
    """Of −100 % … −1 %, 5 % of 99 steps is rank 4.95: −95.05 %; the five below average −98 %."""
    returns = -np.arange(1.0, 101.0) / 100
    assert m.value_at_risk(returns) == pytest.approx(-0.9505)
    assert m.conditional_value_at_risk(returns) == pytest.approx(-0.98)


def test_kelly_of_a_fair_coin_that_pays_two_to_one_is_a_quarter():
    """Thorp's example: W = 1/2, win 2 for a loss of 1: 1/2 − 1/2 / 2."""
    assert m.kelly(np.array([0.02, -0.01])) == pytest.approx(0.25)


def test_outcomes_of_five_round_trips_worked_by_hand():
    """Net 30, −10, 20, −20, 0: 2 of 5 won, 50 / 30, mean 4; squared deviations 1720, n − 1 = 4."""
    profits = np.array([30.0, -10.0, 20.0, -20.0, 0.0])
    assert m.win_rate(profits) == pytest.approx(0.4)
    assert m.profit_factor(profits) == pytest.approx(5 / 3)
    assert m.expectancy(profits) == pytest.approx(4.0)
    assert m.sqn(profits) == pytest.approx(math.sqrt(5) * 4 / math.sqrt(430))


def test_alpha_and_beta_of_a_line_are_its_intercept_and_slope():
    benchmark = np.array([0.01, -0.02, 0.005, 0.03])
    returns = 0.0004 + 1.5 * benchmark
    assert m.beta(returns, benchmark) == pytest.approx(1.5)
    assert m.alpha(returns, benchmark) == pytest.approx(0.0004 * 252)


def test_alpha_takes_the_risk_free_rate_off_both():
    """With beta 1.5 and rf: intercept − rf + 1.5 · rf."""
    benchmark = np.array([0.01, -0.02, 0.005, 0.03])
    assert m.alpha(0.0004 + 1.5 * benchmark, benchmark, 0.0002) == pytest.approx(252 * (0.0004 + 0.5 * 0.0002))


def test_information_ratio_is_mean_over_deviation_of_the_difference():
    """Differences 0.01, −0.01, 0.02, 0.02: mean 0.01, deviation √2 %."""
    benchmark = np.array([0.01, 0.02, -0.03, 0.0])
    returns = benchmark + np.array([0.01, -0.01, 0.02, 0.02])
    assert m.tracking_error(returns, benchmark) == pytest.approx(math.sqrt(2) / 100 * YEAR)
    assert m.information_ratio(returns, benchmark) == pytest.approx(1 / math.sqrt(2) * YEAR)


def test_six_percent_a_year_compounds_from_its_sessions():
    assert (1 + m.per_session(0.06)) ** 252 == pytest.approx(1.06, rel=1e-12)


def test_turnover_of_buying_and_selling_the_whole_account_once_in_half_a_year_is_two():
    assert m.turnover(100.0, 100.0, 100.0, 0.5) == 2.0


def test_exposure_counts_bars_and_weighs_them():
    exposure, equity = np.array([0.0, 50.0, 100.0, 0.0]), np.array([100.0, 100.0, 100.0, 100.0])
    assert m.time_in_market(exposure) == 0.5
    assert m.invested_share(exposure, equity) == 0.375
