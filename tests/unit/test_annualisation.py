"""Returns a year of every calendar: the convention where it holds, else what the series has, counted by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.market.calendar import Calendar
from framework.types.annualisation import returns_a_year, returns_a_year_so_far


def days(index):
    return pd.DatetimeIndex(index).to_numpy("datetime64[D]").astype(np.int64)


@pytest.mark.parametrize(
    ("freq", "periods", "timeframe", "a_year"),
    [
        ("B", 2500, "1d", 252),  # 5 sessions a week are 260.9 a year, 3.5 % above
        ("D", 1000, "1d", 365),
        ("D", 10, "1d", 365),  # a Saturday and a Sunday lie in it
        ("D", 45, "1m", 365),
        ("W-FRI", 200, "1w", 52),
        ("W-FRI", 3, "1w", 52),
        ("MS", 120, "1M", 12),
        ("ME", 2, "1M", 12),
    ],
)
def test_the_convention_of_each_calendar_stays(freq, periods, timeframe, a_year):
    assert a_year == returns_a_year(days(pd.date_range("2018-01-01", periods=periods, freq=freq)), timeframe)


def test_six_sessions_a_week_are_313():
    index = pd.date_range("2018-01-01", "2021-12-31")
    assert returns_a_year(days(index[index.dayofweek < 6]), "1d") == pytest.approx(365.25 * 6 / 7, rel=0.002)


def test_a_share_that_trades_on_107_days_a_year_has_107_returns():
    index = pd.date_range("2015-01-01", "2020-12-31", freq="B")
    picked = np.sort(np.random.default_rng(1).choice(len(index), 6 * 107, replace=False))
    counted = (6 * 107 - 1) / ((index[picked[-1]] - index[picked[0]]).days / 365.25)
    assert returns_a_year(days(index[picked]), "1d") == pytest.approx(counted, rel=1e-12)
    assert counted == pytest.approx(107, rel=0.01)


@pytest.mark.parametrize("first", ["2024-01-01", "2024-01-03", "2024-01-05"])
@pytest.mark.parametrize("periods", [1, 2, 5, 9, 20])
def test_a_run_of_days_or_weeks_keeps_252_wherever_it_begins(first, periods):
    assert 252 == returns_a_year(days(pd.date_range(first, periods=periods, freq="B")), "1d")


def test_a_date_that_is_there_twice_is_one_session():
    # An intraday run's deposit stands within its first session: 1 to 5 January 2024, four returns between dates.
    week = days(pd.date_range("2024-01-01", periods=5))
    assert returns_a_year(np.concatenate(([week[0]], week)), "1m") == returns_a_year(week, "1m") == 252


@pytest.mark.parametrize("exchange", ["NSE", "BSE"])
def test_every_span_of_an_indian_exchange_has_252(exchange):
    sessions = np.asarray(Calendar.load(exchange).session_days())
    starts = range(0, len(sessions), 23)
    spans = [sessions[first : first + length] for first in starts for length in (2, 15, 42, 139, 250, 406, 466, 1500)]
    assert {252.0} == {returns_a_year(span, "1d") for span in spans if len(span) > 1}
    assert (returns_a_year_so_far(sessions, "1d") == 252).all()


def test_every_span_of_new_york_has_252():
    from pandas.tseries.holiday import (
        AbstractHolidayCalendar,
        GoodFriday,
        USLaborDay,
        USMartinLutherKingJr,
        USMemorialDay,
        USPresidentsDay,
        USThanksgivingDay,
    )

    class NewYork(AbstractHolidayCalendar):
        rules = [USMartinLutherKingJr, USPresidentsDay, GoodFriday, USMemorialDay, USLaborDay, USThanksgivingDay]  # noqa: RUF012

    index = pd.bdate_range("1999-01-04", "2018-12-31")
    fixed = index.strftime("%m-%d").isin(["01-01", "07-04", "12-25"])
    closed = index.isin(NewYork().holidays(index[0], index[-1])) | index.isin(pd.date_range("2001-09-11", "2001-09-14"))
    sessions = days(index[~fixed & ~closed])
    spans = [sessions[first : first + length] for first in range(0, len(sessions), 23) for length in (5, 60, 130, 500)]
    assert {252.0} == {returns_a_year(span, "1d") for span in spans if len(span) > 1}
    assert (returns_a_year_so_far(sessions, "1d") == 252).all()


@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=150),
    st.sampled_from(["1d", "1w", "1M"]),
    st.integers(0, 10),
)
def test_no_later_session_changes_what_was_known(steps, timeframe, more):
    sessions = 17_000 + np.cumsum(steps)
    later = np.concatenate((sessions, sessions[-1] + np.arange(1, more + 1)))
    np.testing.assert_array_equal(
        returns_a_year_so_far(later, timeframe)[: len(sessions)], returns_a_year_so_far(sessions, timeframe)
    )


@given(st.lists(st.integers(1, 4), min_size=1, max_size=60), st.sampled_from(["1d", "1w", "1M"]))
def test_at_the_end_of_seven_months_both_say_the_same(steps, timeframe):
    sessions = 17_000 + np.concatenate(([0], np.cumsum(steps)))
    sessions = sessions[sessions - sessions[0] < 213]
    assert returns_a_year_so_far(sessions, timeframe)[-1] == returns_a_year(sessions, timeframe)
