"""Clocks: bars of a series that overlap and staggered panels are refused in words; what is only short is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from framework import Bars, Panel
from framework.errors import ConfigError, DataError
from framework.types import Instrument

MINUTE_NS = 60 * 10**9
IST = "Asia/Kolkata"


def at(text: str, zone: str = IST) -> int:
    return pd.Timestamp(text, tz=zone).value


def bars(name, timeframe, *opens, zone=IST, exchange="NSE"):
    """Still bars that open at these local times."""
    price = np.full(len(opens), 100.0)
    instrument = Instrument(name, exchange, timezone=zone)
    return Bars.from_arrays(instrument, timeframe, [at(text, zone) for text in opens], price, price, price, price)


def hours(day, first, count, minute):
    return [f"{day} {first + k:02}:{minute:02}" for k in range(count)]


# ------------------------------------------------------------------ one series


def refused(*given, **named) -> str:
    with pytest.raises(DataError) as told:
        bars(*given, **named)
    return str(told.value)


def test_a_candle_that_was_fetched_while_it_formed_is_named_with_the_bar_it_lies_in():
    opens = ["2018-01-04 09:15", "2018-01-04 09:30", "2018-01-04 09:45", "2018-01-04 09:52:37", "2018-01-04 10:00"]
    assert refused("X", "15m", *opens) == (
        "bars 2 and 3 overlap, 2018-01-04 09:45 → 10:00 IST of NSE:X and 2018-01-04 09:52:37 → 10:07:37 IST of NSE:X: "
        "one was fetched while it formed, or is of another timeframe than 15m; leave it out"
    )


@pytest.mark.parametrize("odd", ["09:10:05", "09:31:12", "10:14:59", "10:20:01"])
def test_an_odd_candle_is_found_wherever_it_lies(odd):
    opens = sorted(f"2018-01-04 {clock}" for clock in ("09:15", "09:30", "09:45", "10:00", "10:15", odd))
    assert f"{odd} → " in refused("X", "15m", *opens)


def test_minutes_that_are_called_five_minutes_are_told_their_timeframe():
    opens = [f"2018-01-04 09:{minute}" for minute in range(15, 40)]
    assert refused("X", "5m", *opens).endswith(
        "bars that lie 1m apart are no 5m bars; say timeframe='1m', and bars.to('5m') gathers them"
    )


def test_bars_that_lie_no_whole_minute_apart_are_told_so():
    opens = [f"2018-01-04 09:15:{second:02}" for second in range(0, 60, 10)]
    assert "bars that lie 10 s apart are no 1m bars" in refused("X", "1m", *opens)


def test_two_daily_bars_of_one_date_overlap():
    price = np.full(3, 100.0)
    opens = [at("2018-01-04", "UTC"), at("2018-01-05", "UTC"), at("2018-01-05 03:45", "UTC")]
    with pytest.raises(DataError, match=r"bars 1 and 2 overlap, 2018-01-05 of X and 2018-01-05 03:45 of X: "):
        Bars.from_arrays("X", "1d", opens, price, price, price, price)


def test_a_frame_of_days_with_todays_quote_beside_the_day_is_refused():
    index = pd.DatetimeIndex([*pd.date_range("2024-01-01", periods=5), pd.Timestamp("2024-01-05 15:29:31")], tz=IST)
    frame = pd.DataFrame(dict.fromkeys(["open", "high", "low", "close"], 100.0), index=index)
    with pytest.raises(DataError, match="row 5: the row repeats the one before it"):
        Bars.from_frame(frame, symbol="X", timezone=IST)


def test_a_sessions_last_bar_may_be_shorter_and_is_closed_when_the_next_session_opens():
    # Five-hour bars from midnight on: the last one of a day has four hours.
    given = bars("X", "5h", "2024-01-01 15:00", "2024-01-01 20:00", "2024-01-02 00:00", "2024-01-02 05:00", zone="UTC")
    ends = [pd.Timestamp(int(moment)).strftime("%d %H:%M") for moment in given.close_time]
    assert ends == ["01 20:00", "02 00:00", "02 05:00", "02 10:00"]


def test_bars_that_leave_room_keep_their_nominal_close():
    # An hour from 15:15 of a session that ends at 15:30, the next session, and a Muhurat evening on the same date.
    given = bars("X", "1h", "2024-01-01 15:15", "2024-01-02 09:15", "2024-01-02 18:15")
    assert [(int(end) - int(begin)) // MINUTE_NS for begin, end in zip(given.time, given.close_time, strict=True)] == [
        60,
        60,
        60,
    ]


def test_a_share_that_trades_every_third_weekday_has_daily_bars():
    # 3, 5 and 5 days lie between them: five is the commonest, but no two bars of weeks lie three days apart.
    index = pd.date_range("2018-01-01", periods=60, freq="3B")
    frame = pd.DataFrame(dict.fromkeys(["open", "high", "low", "close"], 100.0), index=index)
    assert "1d" == Bars.from_frame(frame, symbol="X").timeframe


@pytest.mark.parametrize(("freq", "days"), [("10D", 10), ("2W", 14), ("QS", 92), ("YE", 365)])
def test_frames_of_other_periods_than_weeks_and_months_are_refused(freq, days):
    index = pd.date_range("2018-01-01", periods=60, freq=freq)
    frame = pd.DataFrame(dict.fromkeys(["open", "high", "low", "close"], 100.0), index=index)
    with pytest.raises(DataError, match=rf"the bars of X lie {days} days apart, which is neither a week nor a month"):
        Bars.from_frame(frame, symbol="X")
    assert Bars.from_frame(frame, symbol="X", timeframe="1d").timeframe == "1d"


def test_a_row_of_a_frame_without_a_time_is_refused():
    index = pd.DatetimeIndex(["2024-01-01", "2024-01-02", None, "2024-01-03"])
    frame = pd.DataFrame(dict.fromkeys(["open", "high", "low", "close"], 100.0), index=index)
    with pytest.raises(DataError, match="1 row of 4 in the frame of X cannot be taken; row 2: the row has no time"):
        Bars.from_frame(frame, symbol="X")


def test_an_odd_candle_before_midnight_is_not_taken_for_a_shorter_last_bar():
    opens = ["2024-01-01 23:15", "2024-01-01 23:30", "2024-01-01 23:52:37", "2024-01-02 00:00", "2024-01-02 00:15"]
    assert "bars 2 and 3 overlap, 2024-01-01 23:52:37 → 00:07:37 UTC" in refused("X", "15m", *opens, zone="UTC")


@pytest.mark.parametrize("said", ["1m", "15m", "30m"])
def test_hours_that_are_called_minutes_would_be_known_before_they_close(said):
    index = pd.DatetimeIndex([*hours("2024-01-01", 9, 6, 15), *hours("2024-01-02", 9, 7, 15)], tz=IST)
    frame = pd.DataFrame(dict.fromkeys(["open", "high", "low", "close"], 100.0), index=index)
    told = rf"timeframe='{said}': the bars of X all lie 1h or more apart, so they are 1h bars; say timeframe='1h'"
    with pytest.raises(DataError, match=told):
        Bars.from_frame(frame, "X", said, IST)
    assert Bars.from_frame(frame, "X", "1h", IST).timeframe == "1h"


def test_minutes_of_a_share_that_seldom_trades_are_minutes():
    index = pd.DatetimeIndex([f"2024-01-01 {9 + k // 12}:{5 * (k % 12):02}" for k in range(30)], tz=IST)
    index = index.delete(7).insert(7, pd.Timestamp("2024-01-01 09:36", tz=IST))
    frame = pd.DataFrame(dict.fromkeys(["open", "high", "low", "close"], 100.0), index=index)
    assert Bars.from_frame(frame, "X", "1m", IST).timeframe == "1m"


# ------------------------------------------------------------------ several series


def staggered(*series) -> str:
    with pytest.raises(DataError) as told:
        Panel.from_bars(series)
    return str(told.value)


def test_hours_from_nine_beside_hours_from_a_quarter_past_are_refused_with_both_bars_and_the_way_out():
    one = bars("A", "1h", *hours("2024-01-01", 9, 6, 0))
    other = bars("B", "1h", *hours("2024-01-01", 9, 6, 15))
    assert staggered(one, other) == (
        "the 1h bars of NSE:A and NSE:B overlap: 2024-01-01 09:00 → 10:00 IST of NSE:A is not closed when 2024-01-01 "
        "09:15 → 10:15 IST of NSE:B opens, and what is decided at a bar's close cannot fill before it. All bars of a "
        "run lie on one grid: import both from the same one, gather both from finer bars with bars.to(), or run them "
        "apart"
    )
    assert staggered(other, one) == staggered(one, other)


def test_one_bar_off_the_others_grid_is_enough():
    one = bars("A", "15m", "2024-01-01 09:15", "2024-01-01 09:30", "2024-01-01 10:00")
    other = bars("B", "15m", "2024-01-01 09:15", "2024-01-01 09:30", "2024-01-01 09:47")
    told = staggered(one, other)
    assert "09:47 → 10:02 IST of NSE:B is not closed when 2024-01-01 10:00 → 10:15 IST of NSE:A opens" in told


def test_half_hours_beside_hours_are_two_timeframes_whatever_they_are_called():
    one = bars("A", "1h", *hours("2024-01-01", 9, 3, 15))
    halves = [f"2024-01-01 {clock}" for clock in ("09:15", "09:45", "10:15", "10:45")]
    with pytest.raises(
        ConfigError,
        match=r"one run has one timeframe, but these bars have 1h \(\S+\), 30m \(\S+\); gather the finer ones",
    ):
        Panel.from_bars([one, bars("B", "30m", *halves)])
    assert "bars that lie 30m apart are no 1h bars" in refused("B", "1h", *halves)


def test_days_that_are_stamped_at_another_hour_are_refused_beside_days():
    price = np.full(2, 100.0)
    days = [at("2024-01-01", "UTC"), at("2024-01-02", "UTC")]
    one, other = (
        Bars.from_arrays(name, "1d", [day + shift for day in days], price, price, price, price)
        for name, shift in (("A", 0), ("B", 225 * MINUTE_NS))
    )
    told = staggered(one, other)
    assert "2024-01-01 of A is not closed when 2024-01-01 03:45 of B opens" in told


def test_a_series_that_begins_late_ends_early_or_has_holes_is_no_stagger():
    one = bars("A", "1h", *hours("2024-01-01", 9, 6, 15), *hours("2024-01-02", 9, 6, 15))
    other = bars("B", "1h", *hours("2024-01-01", 11, 2, 15), "2024-01-01 14:15", *hours("2024-01-02", 9, 2, 15))
    panel = Panel.from_bars([one, other])
    assert (panel.close_time[:-1] <= panel.time[1:]).all()
    assert np.isfinite(panel.close).sum() == 12 + 5


def test_a_shortened_last_bar_is_no_overlap_with_the_next_session():
    # B has no bar at midnight, so nothing of its own says that its bar of 20:00 has only four hours; A's bars do.
    one = bars("A", "5h", "2024-01-01 15:00", "2024-01-01 20:00", "2024-01-02 00:00", "2024-01-02 05:00", zone="UTC")
    other = bars("B", "5h", "2024-01-01 15:00", "2024-01-01 20:00", "2024-01-02 05:00", zone="UTC")
    panel = Panel.from_bars([one, other])
    ends = [pd.Timestamp(int(moment)).strftime("%d %H:%M") for moment in panel.close_time]
    assert ends == ["01 20:00", "02 00:00", "02 05:00", "02 10:00"]


def test_a_bar_that_goes_on_across_midnight_is_not_taken_for_a_shortened_one():
    one = bars("A", "1h", "2024-01-01 23:30", "2024-01-02 00:30", zone="UTC")
    other = bars("B", "1h", "2024-01-02 00:00", zone="UTC")
    assert "23:30 → 00:30 UTC of NSE:A is not closed when 2024-01-02 00:00 → 01:00 UTC of NSE:B opens" in staggered(
        one, other
    )


def test_exchanges_whose_quarters_of_an_hour_fall_together_are_one_grid():
    # 13:15 in Mumbai is 07:45 in London: quarters are on one grid, hours are not.
    mumbai, london = hours("2024-01-01", 13, 2, 15), hours("2024-01-01", 8, 2, 0)
    panel = Panel.from_bars(
        [bars("A", "15m", *mumbai), bars("B", "15m", *london, zone="Europe/London", exchange="LSE")]
    )
    assert len(panel) == 4
    told = staggered(bars("A", "1h", *mumbai), bars("B", "1h", *london, zone="Europe/London", exchange="LSE"))
    assert "13:15 → 14:15 IST of NSE:A is not closed when 2024-01-01 08:00 → 09:00 GMT of LSE:B opens" in told


def test_daily_bars_of_two_exchanges_are_one_row_a_date():
    price = np.full(3, 100.0)
    one, other = (
        Bars.from_arrays(
            Instrument(name, exchange, timezone=zone), "1d", [at(day, "UTC") for day in days], *[price] * 4
        )
        for name, exchange, zone, days in (
            ("A", "NSE", IST, ["2024-01-01", "2024-01-02", "2024-01-03"]),
            ("B", "NYSE", "America/New_York", ["2024-01-02", "2024-01-03", "2024-01-04"]),
        )
    )
    assert [pd.Timestamp(int(t)).day for t in Panel.from_bars([one, other]).time] == [1, 2, 3, 4]
