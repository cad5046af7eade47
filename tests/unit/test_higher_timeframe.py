"""``bars.to(...)`` shows at each bar only what was complete by then; every table is worked by hand."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import talib
from hypothesis import given
from hypothesis import strategies as st

from framework import Bars, Instrument, Signals, Strategy
from framework.causality.check import check_signals
from framework.errors import ConfigError, StrategyError
from tests.walks import random_walk

NAN = float("nan")
INDIA = Instrument("NIFTY", "NSE", timezone="Asia/Kolkata")


def bars_at(stamps, timeframe, closes=None, instrument=INDIA):
    """Bars at local times such as ``2024-01-01 09:15``; the closes count 1, 2, 3, … if not given."""
    zone = ZoneInfo(instrument.timezone)
    nanoseconds = [
        int(datetime.fromisoformat(stamp).replace(tzinfo=zone).astimezone(UTC).timestamp()) * 10**9 for stamp in stamps
    ]
    close = np.arange(1.0, len(stamps) + 1) if closes is None else np.asarray(closes, dtype=float)
    return Bars.from_arrays(
        instrument, timeframe, nanoseconds, close, close + 0.5, close - 0.5, close, np.ones(len(stamps))
    )


def local(nanoseconds):
    zone = ZoneInfo("Asia/Kolkata")
    return [
        datetime.fromtimestamp(int(each) // 10**9, UTC).astimezone(zone).strftime("%d %H:%M") for each in nanoseconds
    ]


HALF_HOURS = ["09:15", "09:45", "10:15", "10:45", "11:15", "11:45", "12:15"]


def test_an_hour_is_known_at_the_half_hour_that_closes_it():
    bars = bars_at([f"2024-01-01 {time}" for time in HALF_HOURS], "30m")
    hours = bars.to("1h")
    # 9:15–10:15 holds 1 and 2, is complete at the close of the 9:45 bar; 12:15–13:15 has only just begun.
    assert local(hours.time) == ["01 09:15", "01 10:15", "01 11:15"]
    assert hours.open.tolist() == [1, 3, 5]
    assert hours.high.tolist() == [2.5, 4.5, 6.5]
    assert hours.low.tolist() == [0.5, 2.5, 4.5]
    assert hours.close.tolist() == [2, 4, 6]
    assert hours.volume.tolist() == [2, 2, 2]
    np.testing.assert_array_equal([NAN, 2, 2, 4, 4, 6, 6], hours.align(hours.close))


def test_hours_begin_with_the_session_and_the_last_short_one_is_known_in_the_next_session():
    days = [f"2024-01-0{day} {time}" for day in (1, 2) for time in ("14:15", "14:45", "15:15")]
    hours = bars_at(days, "30m").to("1h")
    # A session of 90 minutes: 14:15–15:15, and 15:15–16:15 of which only half an hour trades. By the clock nobody
    # knows at 15:45 that no more will come, so it is known at the close of the next session's first bar.
    assert local(hours.time) == ["01 14:15", "01 15:15", "02 14:15"]
    assert hours.close.tolist() == [2, 3, 5]
    np.testing.assert_array_equal([NAN, 2, 2, 3, 5, 5], hours.align(hours.close))


def test_a_gap_within_an_hour_delays_it_to_the_first_bar_after_its_end():
    bars = bars_at([f"2024-01-01 {time}" for time in ("09:15", "10:45", "11:15", "11:45")], "30m")
    hours = bars.to("1h")
    # 9:45 is missing: the first hour holds bar 1 alone and ends at 10:15; the 10:45 bar is the first to see that.
    # 10:15 is missing: the second hour holds bar 2, whose own close 11:15 completes it.
    assert local(hours.time) == ["01 09:15", "01 10:15", "01 11:15"]
    assert hours.close.tolist() == [1, 2, 4]
    np.testing.assert_array_equal([NAN, 2, 2, 4], hours.align(hours.close))


def test_an_hour_in_which_nothing_traded_is_absent():
    bars = bars_at([f"2024-01-01 {time}" for time in ("09:15", "09:45", "11:15", "11:45")], "30m")
    hours = bars.to("1h")
    assert local(hours.time) == ["01 09:15", "01 11:15"]
    np.testing.assert_array_equal([NAN, 2, 2, 4], hours.align(hours.close))


def test_a_day_is_known_at_the_first_bar_of_the_next_session():
    stamps = [f"2024-01-0{day} {time}" for day in (1, 2, 5) for time in ("09:15", "12:15", "15:15")]
    days = bars_at(stamps, "15m").to("1d")
    assert [str(np.datetime64(int(each), "ns"))[:10] for each in days.time] == ["2024-01-01", "2024-01-02"]
    assert days.close.tolist() == [3, 6]
    assert days.high.tolist() == [3.5, 6.5]
    np.testing.assert_array_equal([NAN] * 3 + [3] * 3 + [6] * 3, days.align(days.close))


def test_the_session_is_the_local_date_not_the_date_in_greenwich():
    # 1 January, 23:30 in Greenwich is 2 January, 5:00 in India: one session with the bar of 5:30.
    bars = bars_at(["2024-01-02 05:00", "2024-01-02 05:30", "2024-01-03 05:00"], "30m")
    days = bars.to("1d")
    assert days.close.tolist() == [2]
    np.testing.assert_array_equal([NAN, NAN, 2], days.align(days.close))


def test_a_late_first_bar_moves_the_hours_of_that_session():
    days = [f"2024-01-0{day} {time}" for day, times in ((1, HALF_HOURS), (2, HALF_HOURS[1:])) for time in times]
    hours = bars_at(days, "30m").to("1h")
    assert local(hours.time) == ["01 09:15", "01 10:15", "01 11:15", "01 12:15", "02 09:45", "02 10:45", "02 11:45"]


def test_no_bars_and_no_complete_bar_align_to_nothing_known():
    assert bars_at([], "30m").to("1h").align([]).tolist() == []
    only_one = bars_at(["2024-01-01 09:15"], "30m").to("1h")
    assert len(only_one) == 0
    np.testing.assert_array_equal([NAN], only_one.align(only_one.close))


@pytest.mark.parametrize("timeframe", ["5m", "15m", "20m"])
def test_a_timeframe_that_is_no_whole_multiple_is_refused(timeframe):
    with pytest.raises(ConfigError, match="whole multiple of the bars' own 15m"):
        bars_at(["2024-01-01 09:15"], "15m").to(timeframe)


def test_aligning_values_of_the_wrong_length_is_an_error():
    hours = bars_at([f"2024-01-01 {time}" for time in HALF_HOURS], "30m").to("1h")
    with pytest.raises(StrategyError, match=r"got shape \(7,\); it needs one value per completed bar, \(3,\)"):
        hours.align(np.ones(7))


sessions = st.lists(st.lists(st.integers(0, 74), min_size=1, unique=True).map(sorted), min_size=1, max_size=4)


@given(sessions, st.sampled_from(["15m", "1h", "1d"]))
def test_a_prefix_knows_exactly_the_beginning_of_what_the_whole_knows(days, timeframe):
    """Random five-minute sessions with gaps: no higher bar is seen before it is complete, none changes afterwards."""
    start = int(datetime(2024, 1, 1, 3, 45, tzinfo=UTC).timestamp())
    stamps = [(start + day * 86_400 + minute * 300) * 10**9 for day, rows in enumerate(days) for minute in rows]
    close = np.arange(1.0, len(stamps) + 1)
    bars = Bars.from_arrays(INDIA, "5m", stamps, close, close, close, close, close)
    higher = bars.to(timeframe)
    whole = higher.align(higher.close)
    for cut in range(len(bars) + 1):
        part = bars[:cut].to(timeframe)
        np.testing.assert_array_equal(whole[:cut], part.align(part.close))
    # Independently: the last complete bar's close is a base close, and its end lies at or before this bar's close.
    for row, value in enumerate(whole):
        if np.isfinite(value):
            assert value <= close[row]


class HourlyTrend(Strategy):
    """Minute bars, hourly trend."""

    def signals(self, bars):
        hours = bars.to("1h")
        trend = hours.align(hours.close - talib.SMA(hours.close, 5))
        return Signals.long_flat(trend > 0, trend < 0)


class HourlyTrendThatPeeks(Strategy):
    """The same, but each minute sees the close of the hour it lies in."""

    def signals(self, bars):
        hour = bars.time // (3600 * 10**9)
        last = np.r_[np.flatnonzero(np.diff(hour)), len(bars) - 1] if len(bars) else np.empty(0, dtype=int)
        close = bars.close[last][np.searchsorted(hour[last], hour)]
        return Signals.long_flat(close > bars.close, close < bars.close)


def test_a_strategy_on_a_higher_timeframe_passes_the_check_and_one_that_peeks_does_not():
    bars = random_walk(3000, timeframe="1m")
    assert check_signals(HourlyTrend(), [bars], mode="all-decisions").verdict == "passed"
    assert check_signals(HourlyTrend(), [bars]).decisions > 5
    assert check_signals(HourlyTrendThatPeeks(), [bars]).verdict == "leak"


# ------------------------------------------------------------------ weeks and months

UTC_DAYS = Instrument("BTC")


def days_from(first, count, step="1D"):
    import pandas as pd

    return [f"{day:%Y-%m-%d} 00:00" for day in pd.date_range(first, periods=count, freq=step)]


def dates(moments):
    return [str(day) for day in moments.astype("datetime64[ns]").astype("datetime64[D]")]


def test_a_week_of_trading_days_is_known_with_the_first_bar_of_the_next_one():
    # Monday 1 to Friday 5 January 2024 are the closes 1 to 5, the next week's 6 to 10, Monday 15 is 11.
    bars = bars_at(days_from("2024-01-01", 11, "B"), "1d", instrument=UTC_DAYS)
    weeks = bars.to("1w")
    assert dates(weeks.time) == ["2024-01-01", "2024-01-08"]
    assert (weeks.open.tolist(), weeks.close.tolist(), weeks.high.tolist()) == ([1, 6], [5, 10], [5.5, 10.5])
    assert weeks.volume.tolist() == [5, 5]
    assert weeks.known_at.tolist() == [5, 10]
    np.testing.assert_array_equal([NAN] * 5 + [5] * 5 + [10], weeks.align(weeks.close))


def test_a_week_of_seven_days_is_known_with_its_sunday():
    weeks = bars_at(days_from("2024-01-01", 8), "1d", instrument=UTC_DAYS).to("1w")
    assert (weeks.known_at.tolist(), weeks.close.tolist()) == ([6], [7])


def test_a_month_of_days_is_known_with_its_last_day_or_the_first_bar_of_the_next():
    every = bars_at(days_from("2024-01-01", 60), "1d", instrument=UTC_DAYS).to("1M")
    assert (dates(every.time), every.known_at.tolist()) == (["2024-01-01", "2024-02-01"], [30, 59])
    assert every.close.tolist() == [31, 60]
    trading = bars_at(days_from("2024-03-25", 7, "B"), "1d", instrument=UTC_DAYS).to("1M")  # to Tuesday 2 April
    assert (trading.known_at.tolist(), trading.close.tolist()) == ([5], [5])


def test_weeks_and_months_of_intraday_bars_go_by_the_exchanges_dates():
    # 00:30 on Monday in Kolkata is the next week, though in UTC it is still Sunday.
    stamps = ["2024-01-05 10:00", "2024-01-07 23:30", "2024-01-08 00:30", "2024-02-01 00:30", "2024-02-01 10:00"]
    bars = bars_at(stamps, "30m")
    assert bars.to("1w").close.tolist() == [2, 3]
    assert bars.to("1w").known_at.tolist() == [2, 3]
    assert (bars.to("1M").close.tolist(), bars.to("1M").known_at.tolist()) == ([3], [3])


def test_weeks_do_not_make_months():
    weeks = bars_at(days_from("2024-01-01", 8, "7D"), "1w", instrument=UTC_DAYS)
    with pytest.raises(ConfigError, match="weeks lie across the ends of months, so gather daily bars"):
        weeks.to("1M")
    with pytest.raises(ConfigError, match="whole multiple of the bars' own 1w"):
        weeks.to("1d")


@given(st.integers(0, 5), st.sampled_from(["1w", "1M"]), st.integers(1, 99))
def test_what_a_prefix_knows_of_weeks_and_months_is_what_the_whole_series_knew(seed, timeframe, cut):
    bars = random_walk(100, seed=seed)
    whole, part = bars.to(timeframe), bars[:cut].to(timeframe)
    np.testing.assert_array_equal(part.align(part.close), whole.align(whole.close)[:cut])
