"""Times and zones: every format, nothing guessed, the reason told."""

# ruff: noqa: DTZ001 - readings of a wall clock have no zone, that is the point

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.errors import DataError
from framework.types.intake.times import times
from framework.types.localtime import to_local, to_utc

MOMENTS = st.datetimes(datetime(1975, 1, 1), datetime(2100, 1, 1)).map(lambda moment: moment.replace(microsecond=0))
FORMATS = {
    "%Y-%m-%d": "day", "%Y/%m/%d": "day", "%Y%m%d": "day", "%d-%b-%Y": "day", "%d %B %Y": "day", "%d%b%Y": "day",
    "%b %d, %Y": "day", "%d-%b-%y": "year", "%Y-%m-%d %H:%M": "minute", "%Y-%m-%dT%H:%M:%S": "second",
    "%d-%b-%Y %H:%M:%S": "second", "%Y%m%d %H:%M": "minute", "%Y-%m-%d %H:%M:%S.000": "second",
}  # fmt: skip


def column(*texts):
    return pa.chunked_array([pa.array(texts, pa.string())])


def seconds(moment):
    """The wall clock's reading as seconds since 1970."""
    return int((moment - datetime(1970, 1, 1)).total_seconds())


@given(st.lists(MOMENTS, min_size=1, max_size=20), st.sampled_from(sorted(FORMATS)))
def test_every_format_is_read_as_python_writes_it(moments, form):
    if FORMATS[form] == "year":
        moments = [moment.replace(year=1975 + moment.year % 60, day=min(moment.day, 28)) for moment in moments]
    read = times(column(*(moment.strftime(form) for moment in moments)))
    cut = {"day": 86_400, "year": 86_400, "minute": 60, "second": 1}[FORMATS[form]]
    assert [seconds(moment) // cut * cut for moment in moments] == read.local.tolist()
    assert read.valid.all()
    assert np.isnan(read.offset).all()


@given(st.lists(MOMENTS, min_size=1, max_size=20), st.integers(-14 * 60, 14 * 60))
def test_an_offset_is_kept_beside_the_reading(moments, minutes):
    zone = timezone(timedelta(minutes=minutes))
    read = times(column(*(moment.replace(tzinfo=zone).isoformat() for moment in moments)))
    assert [seconds(moment) for moment in moments] == read.local.tolist()
    assert [minutes * 60] * len(moments) == read.offset.tolist()


@given(st.lists(MOMENTS, min_size=1, max_size=20), st.sampled_from([1, 1_000, 1_000_000, 1_000_000_000]))
def test_epochs_in_any_unit_are_utc(moments, unit):
    stamps = [seconds(moment) for moment in moments]
    read = times(column(*(str(stamp * unit) for stamp in stamps)))
    assert stamps == read.local.tolist()
    assert [0.0] * len(stamps) == read.offset.tolist()
    typed = times(pa.chunked_array([pa.array([stamp * unit for stamp in stamps], pa.int64())]))
    assert stamps == typed.local.tolist()


@pytest.mark.parametrize("text", ["2024-02-30", "2023-02-29", "x",
                                  "2024-13-01", "2024-00-10", "2024-01-01 25:00", "soon", "",
                                  "2024-01-01 10:61", "01-Foo-2024", "12:30", "nan", "2024"])  # fmt: skip
def test_what_is_no_time_is_not_valid(text):
    assert [False, True] == times(column(text, "2024-01-01")).valid.tolist()


def test_formats_may_be_mixed_and_nulls_are_not_valid():
    read = times(column("2024-01-01", None, "01-Jan-2024", "1704067200"))
    assert [True, False, True, True] == read.valid.tolist()
    assert [1_704_067_200] * 3 == [read.local[row] for row in (0, 2, 3)]


def test_day_and_month_are_told_apart_by_the_whole_column():
    assert seconds(datetime(2020, 4, 3)) == times(column("03/04/2020", "13/04/2020")).local[0]
    assert seconds(datetime(2020, 3, 4)) == times(column("03/04/2020", "04/13/2020")).local[0]
    assert seconds(datetime(2020, 3, 3)) == times(column("03-03-2020")).local[0]


def test_day_and_month_that_could_be_either_are_an_error_with_two_examples():
    with pytest.raises(
        DataError, match=r"'03/04/2020' and '05/06/2020' could have the day or the month first.*--dayfirst"
    ):
        times(column("03/04/2020", "05/06/2020"))
    with pytest.raises(DataError, match="'13/04/2020' and '04/13/2020' use both orders"):
        times(column("13/04/2020", "04/13/2020"))


def test_the_order_said_is_taken_and_what_does_not_fit_is_refused():
    read = times(column("03/04/2020", "13/04/2020"), "monthfirst")
    assert seconds(datetime(2020, 3, 4)) == read.local[0]
    assert [True, False] == read.valid.tolist()
    assert seconds(datetime(2020, 4, 3)) == times(column("03/04/2020"), "dayfirst").local[0]


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/New_York", "Europe/London", "UTC"])
@given(st.lists(MOMENTS, min_size=1, max_size=20))
def test_wall_clocks_agree_with_the_zone_database(zone, moments):
    stamps = np.array([seconds(moment) for moment in moments], dtype=np.int64)
    expected = [
        seconds(moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)) for moment in moments
    ]
    local = to_local(stamps, zone)
    assert expected == local.tolist()
    back, sure = to_utc(local, zone)
    assert stamps[sure].tolist() == back[sure].tolist()


def test_an_hour_that_a_clock_change_skips_or_repeats_is_not_sure():
    skipped, repeated, plain = datetime(2024, 3, 10, 2, 30), datetime(2024, 11, 3, 1, 30), datetime(2024, 11, 4, 1, 30)
    local = np.array([seconds(moment) for moment in (skipped, repeated, plain)], dtype=np.int64)
    assert [False, False, True] == to_utc(local, "America/New_York")[1].tolist()


MINUTES = "time,open,high,low,close\n2024-01-01 09:15,1,1,1,1\n2024-01-01 09:16,1,1,1,1\n"
AT_0915_UTC, AT_0915_IST = 1_704_100_500, 1_704_080_700


@pytest.mark.parametrize(
    ("options", "first", "zone", "reason"),
    [
        ({}, AT_0915_UTC, "UTC", "no zone given"),
        ({"exchange": "NSE"}, AT_0915_IST, "Asia/Kolkata", "zone of NSE"),
        ({"exchange": "BSE"}, AT_0915_IST, "Asia/Kolkata", "zone of BSE"),
        ({"timezone": "Asia/Kolkata"}, AT_0915_IST, "Asia/Kolkata", "--timezone"),
        ({"exchange": "NSE", "timezone": "UTC"}, AT_0915_UTC, "UTC", "--timezone"),
    ],
)
def test_the_zone_is_said_inferred_and_its_reason_told(take, rows, options, first, zone, reason):
    summary = take("x.csv", MINUTES, **options)
    assert [(first,)] == rows("SELECT min(timestamp) FROM ohlc_data")
    assert zone == summary.timezone
    assert summary.timezone_reason.startswith(reason)


def test_a_zone_once_said_is_remembered_for_the_symbol(take, rows):
    take("x.csv", MINUTES, timezone="Asia/Kolkata")
    summary = take("x.csv", MINUTES.replace("2024-01-01", "2024-01-02"))
    assert "remembered" in summary.timezone_reason
    assert [(AT_0915_IST + 86_400,)] == rows("SELECT max(timestamp) - 60 FROM ohlc_data")


def test_a_daily_bar_is_its_date_whatever_the_zone(take, rows):
    text = "Date,Open,High,Low,Close\n2024-01-01 00:00:00-05:00,1,1,1,1\n2024-01-02 00:00:00-05:00,1,1,1,1\n"
    take("us.csv", text, timezone="America/New_York")
    take(
        "z.csv",
        "Date,Open,High,Low,Close\n2023-12-31T18:30:00Z,1,1,1,1\n2024-01-01T18:30:00Z,1,1,1,1\n",
        exchange="NSE",
    )
    monday, tuesday = 1_704_067_200, 1_704_153_600
    assert [("US", monday), ("US", tuesday), ("Z", monday), ("Z", tuesday)] == rows(
        "SELECT symbol, timestamp FROM ohlc_data ORDER BY 1, 2"
    )


@pytest.mark.parametrize(("step", "name"), [(1, "1m"), (5, "5m"), (15, "15m"), (60, "1h"), (120, "2h"), (1440, "1d")])
def test_the_timeframe_is_the_usual_step(take, step, name):
    moments = [datetime(2024, 1, 1, 9, 15) + timedelta(minutes=step * index) for index in range(8) if index != 3]
    lines = [f"{moment:%Y-%m-%d %H:%M},1,1,1,1" for moment in moments]
    summary = take("x.csv", "\n".join(["time,open,high,low,close", *lines]))
    assert (name,) == summary.timeframes


def test_a_timeframe_that_cannot_be_right_is_refused(take):
    assert "--timeframe 1d: the bars of X lie 1m apart" in take("x.csv", MINUTES, timeframe="1d").error
    assert "--timeframe 5m: the bars of X lie 1m apart" in take("x.csv", MINUTES, timeframe="5m").error
    one = "time,open,high,low,close\n2024-01-01 09:15,1,1,1,1\n"
    assert "say it, as in --timeframe 5m" in take("x.csv", one).error
    tenth = "\n".join(f"{datetime(2024, 1, 1) + timedelta(days=10 * each):%Y-%m-%d},1,1,1,1" for each in range(9))
    assert "lie 10 days apart, which is neither a" in take("x.csv", f"Date,Open,High,Low,Close\n{tenth}").error
