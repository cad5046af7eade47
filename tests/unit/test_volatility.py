"""How much a price moves a year at each close: against pandas, by hand, and never from later bars."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.engines.rows import DecisionArrays
from framework.engines.volatility import annualised, bars_a_year, volatility_of, with_volatility
from framework.types import Bars, Instrument, Panel, Settings
from framework.types.actions import Action
from tests.contract.market import panel_of, still

DAY_NS, HOUR_NS = 86_400 * 10**9, 3_600 * 10**9


def weekdays(numbers):
    """Mondays to Fridays from 1970-01-05 on, int64 ns."""
    return np.busday_offset("1970-01-05", numbers).astype("datetime64[ns]").astype(np.int64)


def bars_of(closes, per_session=0, name="A"):
    rows = np.arange(len(closes))
    time = weekdays(rows) if not per_session else weekdays(rows // per_session) + (4 + rows % per_session) * HOUR_NS
    close = np.asarray(closes, dtype=float)
    return Bars.from_arrays(Instrument(name), "1h" if per_session else "1d", time, close, close, close, close)


def closes_at(days, closes, timeframe="1d"):
    return Bars.from_arrays("A", timeframe, np.asarray(days) * DAY_NS, *[np.asarray(closes, dtype=float)] * 4)


def walk(rows, seed=0):
    return 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.02, rows)))


def test_two_moves_by_hand():
    # ln(110/100) = 0.0953101798, ln(99/110) = −0.1053605157: mean −0.0050251679, deviations ±0.1003353478,
    # variance 2 × 0.1003353478² / 1 = 0.0201343640; √(0.0201343640 × 252) = 2.2525230.
    measured = annualised(bars_of([100, 110, 99]), 2)
    assert np.isnan(measured[:2]).all()
    assert measured[2] == pytest.approx(2.2525230, rel=1e-7)


@pytest.mark.parametrize("bars", [2, 3, 20, 250])
def test_daily_volatility_is_what_pandas_says(bars):
    closes = pd.Series(walk(600))
    expected = np.log(closes).diff().rolling(bars).std(ddof=1) * math.sqrt(252)
    np.testing.assert_allclose(annualised(bars_of(closes), bars), expected, rtol=1e-9)


def test_hourly_volatility_counts_the_bars_of_the_sessions_that_are_over():
    closes = pd.Series(walk(60))
    hourly = bars_of(closes, per_session=6)
    expected = np.log(closes).diff().rolling(5).std(ddof=1) * math.sqrt(252 * 6)
    expected[:6] = np.nan  # the first session is not over
    np.testing.assert_allclose(annualised(hourly, 5), expected, rtol=1e-9)


def test_a_short_first_session_counts_as_what_it_was():
    # Sessions of 2, 4 and 4 bars: nothing is over, then 2 a session, then (2 + 4) / 2 = 3; of each 252 a year.
    time = np.array(
        [d * DAY_NS + h * HOUR_NS for d, hours in enumerate([(8, 9), (6, 7, 8, 9), (6, 7, 8, 9)]) for h in hours]
    )
    close = np.full(10, 100.0)
    series = Bars.from_arrays("A", "1h", time, close, close, close, close)
    np.testing.assert_array_equal(bars_a_year(series), [np.nan] * 2 + [504.0] * 4 + [756.0] * 4)


def test_a_market_that_never_closes_has_365_days_a_year():
    closes = pd.Series(walk(400))
    expected = np.log(closes).diff().rolling(20).std(ddof=1) * math.sqrt(365)
    np.testing.assert_allclose(annualised(closes_at(np.arange(400), closes), 20), expected, rtol=1e-9)


@pytest.mark.parametrize(("timeframe", "frequency", "a_year"), [("1w", "W-FRI", 52), ("1M", "MS", 12)])
def test_weeks_and_months_have_their_own_number(timeframe, frequency, a_year):
    closes = pd.Series(walk(60))
    days = pd.date_range("2015-01-01", periods=60, freq=frequency).to_numpy("datetime64[D]").astype(np.int64)
    expected = np.log(closes).diff().rolling(12).std(ddof=1) * math.sqrt(a_year)
    np.testing.assert_allclose(annualised(closes_at(days, closes, timeframe), 12), expected, rtol=1e-9)


def test_a_share_that_trades_every_fifth_day_has_73_returns_a_year_by_the_year_before():
    measured = annualised(closes_at(np.arange(0, 1000, 5), walk(200)), 20)
    expected = np.log(pd.Series(walk(200))).diff().rolling(20).std(ddof=1) * math.sqrt(365.25 / 5)
    np.testing.assert_allclose(measured[30:], expected[30:], rtol=1e-9)


def test_a_suspension_is_forgotten_after_a_year():
    days = np.concatenate([weekdays(np.arange(300)), weekdays(np.arange(900, 1200))]) // DAY_NS
    measured = annualised(closes_at(days, walk(600)), 20)
    expected = np.log(pd.Series(walk(600))).diff().rolling(20).std(ddof=1) * math.sqrt(252)
    np.testing.assert_allclose(measured[[299, 599]], expected[[299, 599]], rtol=1e-9)


@given(st.integers(1, 60), st.integers(2, 25), st.sampled_from([0, 3, 7]), st.integers(0, 9))
def test_a_later_bar_never_changes_a_volatility(rows, bars, per_session, seed):
    closes = walk(60, seed)
    whole = annualised(bars_of(closes, per_session), bars)
    np.testing.assert_array_equal(annualised(bars_of(closes[:rows], per_session), bars), whole[:rows])


def test_a_split_is_no_move():
    # Two shares for one on Thursday, day 7: 104 becomes 52, and that day nothing moved.
    raw = bars_of([100, 102, 104, 52, 53]).with_actions([Action(7, "split", 2.0), Action(13, "split", 5.0)])
    expected = annualised(bars_of([50, 51, 52, 52, 53]), 2)
    np.testing.assert_allclose(annualised(raw, 2), expected, rtol=1e-9)


def test_a_price_that_stands_still_has_none_of_it():
    assert [0.0, 0.0] == annualised(bars_of([100.0] * 4), 2)[2:].tolist()


def test_too_few_bars_have_no_volatility():
    assert np.isnan(annualised(bars_of(walk(20)), 20)).all()
    assert np.isfinite(annualised(bars_of(walk(21)), 20)).tolist() == [False] * 20 + [True]


def test_on_the_panel_each_instrument_is_measured_over_its_own_bars():
    first, second = walk(30, 1), walk(30, 2)
    missing = np.delete(np.arange(30), [3, 9, 10, 25])
    gappy = Bars.from_arrays("B", "1d", weekdays(missing), *[second[missing]] * 4)
    found = volatility_of(Panel.from_bars([bars_of(first), gappy]), 5)
    np.testing.assert_array_equal(found[:, 0], annualised(bars_of(first), 5))
    np.testing.assert_array_equal(found[missing, 1], annualised(gappy, 5))
    assert np.isnan(found[[3, 9, 10, 25], 1]).all()


@pytest.mark.parametrize(
    ("sizing", "style", "measured"),
    [
        ("volatility:15%", "signals", True),
        ("equal_risk:95%", "signals", True),
        ("equity:95%", "signals", False),
        ("kelly:50%", "signals", False),
        ("volatility:15%", "allocate", False),
    ],
)
def test_it_is_measured_only_where_the_sizing_asks_for_it(sizing, style, measured):
    panel, decisions = panel_of(still(100, 4)), DecisionArrays(np.ones((4, 1)))
    given_ = with_volatility(decisions, panel, Settings.of(sizing=sizing, volatility_bars=2), style)
    assert (given_.volatility is not None) is measured
    assert given_.target is decisions.target
