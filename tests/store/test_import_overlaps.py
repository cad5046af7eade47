"""Bars of a file that overlap each other, or bars that are stored: the whole ones are kept, the odd ones named."""

from __future__ import annotations

import numpy as np
import pytest

from framework import Bars, Panel
from framework.errors import DataError
from framework.store import open_store
from framework.store.importing import ImportOptions, import_files
from framework.types import Instrument
from framework.types.intake.overlaps import odd_bars

HEADING = "timestamp,open,high,low,close,volume"
QUARTERS = ("09:15:00", "09:30:00", "09:45:00", "10:00:00", "10:15:00")
IST = "Asia/Kolkata"


def csv(*clocks, day="2018-01-04"):
    return "\n".join(
        [
            HEADING,
            *(
                f"{day if ' ' not in clock else ''}{' ' * (' ' not in clock)}{clock},100,101,99,100,10"
                for clock in clocks
            ),
        ]
    )


def kept(store, name="X", timeframe="15m"):
    import pandas as pd

    bars = store.load_bars(name, timeframe)
    return [f"{pd.Timestamp(int(t), tz='UTC').tz_convert(IST):%H:%M:%S}" for t in bars.time]


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        (
            "09:52:37",
            "the bar of 2018-01-04 09:52:37 lies across the 15m bar of 2018-01-04 09:45 in line 4, as a candle does",
        ),
        ("09:46", "lies across the 15m bar of 2018-01-04 09:45 in line 4"),
        ("09:14:59", "lies across the 15m bar of 2018-01-04 09:15 in line 3"),
        ("10:29:59", "lies across the 15m bar of 2018-01-04 10:15 in line 6"),
        ("10:31:07", "the last bar opens at 2018-01-04 10:31:07, off the grid of the others: it was still forming"),
    ],
)
def test_odd_candles_of_a_file_are_kept_apart_and_named(take, rows, store, odd, reason):
    clocks = sorted([*QUARTERS, odd])
    summary = take("X.csv", csv(*clocks), exchange="NSE")
    assert (6, 5, 1) == (summary.rows_read, summary.new, summary.refused)
    assert kept(store) == list(QUARTERS)
    ((kind, line, said),) = rows("SELECT kind, line, reason FROM data_issues WHERE finding = 0")
    assert (kind, line) == ("overlap", 2 + clocks.index(odd))
    assert reason in said


def test_minutes_that_are_called_five_minutes_are_refused_as_a_file(take, rows):
    minutes = [f"09:{minute}:00" for minute in range(15, 60)]
    assert "lie 1m apart" in take("X.csv", csv(*minutes), exchange="NSE", timeframe="5m").error
    # Half of the file has five minutes, so that the usual step alone does not tell.
    fives = [f"{hour}:{minute:02}:00" for hour in range(10, 15) for minute in range(0, 60, 5)]
    error = take("X.csv", csv(*minutes, *fives), exchange="NSE", timeframe="5m").error
    assert error.startswith("the bars of X are no 5m bars: 36 of 105 lie across others, first that of 2018-01-04 09:16")
    assert [(0,)] == rows("SELECT count(*) FROM ohlc_data")


def test_hours_that_are_called_minutes_are_refused_as_a_file(take, rows):
    opens = [f"2018-01-0{day} {hour:02}:15:00" for day in (1, 2, 3) for hour in range(9, 15)]
    told = take("X.csv", csv(*opens), exchange="NSE", timeframe="1m").error
    assert told.startswith("--timeframe 1m: the bars of X all lie 1h or more apart, so they are 1h bars")
    assert [(0,)] == rows("SELECT count(*) FROM ohlc_data")


def test_two_bars_for_one_moment_after_rounding_to_seconds_are_named(take, rows):
    summary = take(
        "X.csv",
        csv(*QUARTERS).replace("10:00:00,100,101", "10:00:00.2,100,101") + "\n2018-01-04 10:00:00.7,100,105,99,100,1",
    )
    assert (6, 5, 1) == (summary.rows_read, summary.new, summary.refused)
    assert [("duplicate",)] == rows("SELECT kind FROM data_issues WHERE finding = 0")


def test_a_session_at_an_hour_of_its_own_is_no_odd_one(take, store):
    """Ten quarters from 09:15, then an evening session from 18:22 on and a Saturday with two windows."""
    days = [f"2018-01-0{day} {clock}" for day in (1, 2, 3) for clock in QUARTERS]
    evening = [f"2018-01-04 18:{minute}:00" for minute in (22, 37, 52)]
    saturday = ["2018-01-06 09:15:00", "2018-01-06 09:30:00", "2018-01-06 11:37:00", "2018-01-06 11:52:00"]
    monday = [f"2018-01-08 {clock}" for clock in QUARTERS]
    summary = take("X.csv", csv(*days, *evening, *saturday, *monday), exchange="NSE")
    assert (summary.refused, summary.new, summary.error) == (0, 27, "")


def test_a_last_bar_that_is_shorter_is_no_odd_one(take, store):
    """Five-hour bars of a market that never closes: the last one of a day has four hours."""
    opens = [f"2018-01-0{day} {hour:02}:00:00" for day in (1, 2, 3) for hour in (0, 5, 10, 15, 20)]
    summary = take("X.csv", csv(*opens), timezone="UTC", timeframe="5h")
    assert (summary.refused, summary.new, summary.error) == (0, 15, "")
    assert (Panel.from_bars([store.load_bars("X", "5h")]).close_time[4] - store.load_bars("X", "5h").time[5]) == 0


def test_bars_across_stored_ones_are_kept_apart_until_they_are_to_replace_them(take, rows, store):
    take("X.csv", csv(*QUARTERS), exchange="NSE")
    other = csv("09:20:00", "09:35:00", "11:15:00", "11:30:00", "11:45:00", "12:00:00", "12:15:00")
    summary = take("X2.csv", other, exchange="NSE", symbol="X")
    assert (7, 5, 2, 0) == (summary.rows_read, summary.new, summary.conflicting, summary.refused)
    assert kept(store) == [*QUARTERS, "11:15:00", "11:30:00", "11:45:00", "12:00:00", "12:15:00"]
    ((reason,),) = rows("SELECT reason FROM data_issues WHERE kind = 'overlap'")
    assert reason == (
        "2 bars lie across stored ones of another grid, which were kept; --replace takes those away; first on "
        "2018-01-04 03:50 UTC"
    )
    # 09:20 lies across 09:15 and 09:30, 09:35 across 09:30 and 09:45.
    summary = take("X2.csv", other, exchange="NSE", symbol="X", replace=True)
    assert (7, 2, 5) == (summary.rows_read, summary.new, summary.unchanged)
    assert kept(store)[:4] == ["09:20:00", "09:35:00", "10:00:00", "10:15:00"]
    ((reason,),) = rows("SELECT reason FROM data_issues WHERE kind = 'overlap'")
    assert reason == "3 stored bars lie across those of the file, and were taken away; first on 2018-01-04 03:45 UTC"


def test_the_rest_of_a_day_takes_the_candle_away_that_was_stored_unfinished(take, store):
    take("X.csv", csv("09:15:00", "09:30:00", "09:45:00"), exchange="NSE")
    take("X.csv", csv("2018-01-05 09:52:37"), exchange="NSE", timeframe="15m")
    whole = csv(*(f"2018-01-05 {clock}" for clock in QUARTERS))
    assert take("X.csv", whole, exchange="NSE").conflicting == 2
    assert take("X.csv", whole, exchange="NSE", replace=True).new == 2
    assert kept(store)[3:] == list(QUARTERS)


def test_bars_from_python_across_stored_ones_are_kept_apart_too(store, rows):
    price = np.full(3, 100.0)
    first = np.array([9, 10, 11]) * 3_600 * 10**9
    save = [Bars.from_arrays(Instrument("X"), "1h", first + shift, *[price] * 4) for shift in (0, 900 * 10**9)]
    assert store.save_bars(save[0]).new == 3
    assert (store.save_bars(save[1]).new, store.save_bars(save[1]).conflicting) == (0, 3)
    assert [("overlap",)] == rows("SELECT kind FROM data_issues WHERE finding = 0")


def test_what_an_earlier_version_stored_across_is_named_and_mended_by_the_file(take, store, rows):
    take("X.csv", csv(*QUARTERS), exchange="NSE")
    (stamp,) = rows("SELECT max(timestamp) FROM ohlc_data")[0]
    store.connection.execute(
        "INSERT INTO ohlc_data (symbol, exchange, timeframe, timestamp, open, high, low, close) "
        "SELECT symbol, exchange, timeframe, ?, 1, 1, 1, 1 FROM ohlc_data LIMIT 1",
        (stamp - 457,),
    )
    store.connection.commit()
    with pytest.raises(
        DataError, match=r"the stored 15m bars 3 and 4 overlap, .* tulya data import FILE --replace puts the file's"
    ):
        store.load_bars("X", "15m")
    take("X.csv", csv(*QUARTERS), exchange="NSE", replace=True)
    assert kept(store) == list(QUARTERS)


def test_odd_bars_by_hand():
    # Steps of 10 on the grid 0, 10, 20, …; 13 and 17 lie across 10, 45 and 48 across each other only.
    stamp = np.array([0, 10, 13, 17, 20, 30, 100_045, 100_048])
    assert odd_bars(stamp, stamp, 10).tolist() == [-1, -1, 1, 1, -1, -1, -1, 6]


def test_a_multi_symbol_file_is_looked_at_symbol_by_symbol(tmp_path):
    lines = [f"{name},2018-01-04 {clock},1,1,1,1" for name in ("A", "B") for clock in QUARTERS]
    lines.append("B,2018-01-04 09:50:00,1,1,1,1")
    (tmp_path / "many.csv").write_text("\n".join(["symbol,timestamp,open,high,low,close", *lines]))
    with open_store(tmp_path / "m.sqlite") as store:
        (summary,) = import_files(store, [tmp_path / "many.csv"], ImportOptions(exchange="NSE"))
        assert (summary.new, summary.refused, dict(summary.issue_kinds)["overlap"]) == (10, 1, 1)
        assert {name: len(store.load_bars(name, "15m")) for name in "AB"} == {"A": 5, "B": 5}
