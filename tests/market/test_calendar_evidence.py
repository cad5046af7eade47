"""The session table against evidence that is not ours: the shared session lists, prices, and two calendar packages."""

from __future__ import annotations

import csv
import warnings
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from framework.market.calendar import Calendar

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "nse"
shared = pytest.mark.shared
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared NSE files are not here")
NSE, BSE = Calendar.load("NSE"), Calendar.load("BSE")
OURS = set(NSE.sessions(NSE.first, NSE.last))
WEEKEND = 5


def listed(name):
    with (SHARED / name).open(encoding="utf-8", newline="") as file:
        return {date.fromisoformat(row["date"]): row for row in csv.DictReader(file)}


def dates(*texts):
    return {date.fromisoformat(text) for text in texts}


def observed(name):
    """(symbol, day) → (first open, last open, bars), in minutes of the day in India."""
    frame = pd.read_parquet(SHARED / f"{name}.parquet", columns=["symbol", "ts"])
    clock = frame.ts.dt.hour * 60 + frame.ts.dt.minute
    days = frame.ts.dt.tz_localize(None).dt.normalize()
    found = clock.groupby([frame.symbol, days]).agg(["min", "max", "size"])
    return {
        (index[0], index[1].date()): (int(low), int(high), int(size)) for index, low, high, size in found.itertuples()
    }


def minute(text):
    return int(text[:2]) * 60 + int(text[3:])


def due(day, step):
    """First open, last open and number of bars by the table, counted here from the windows alone."""
    windows = [(w.start.hour * 60 + w.start.minute, w.end.hour * 60 + w.end.minute) for w in NSE.session(day).windows]
    opens = [
        at for at in range(windows[0][0], windows[-1][1], step) if any(at < b and at + step > a for a, b in windows)
    ]
    return opens[0], opens[-1], len(opens)


@shared
@needs_shared
def test_every_session_of_the_shared_list_and_no_other_is_one():
    theirs = listed("nse_trading_sessions_2000_2026.csv")
    assert 6_713 == len(theirs)
    assert (set(), set()) == (set(theirs) - OURS, OURS - set(theirs))


@shared
@needs_shared
def test_the_windows_of_the_special_sessions_are_those_of_the_shared_list():
    theirs = {day: row["windows_ist"].replace("-", "–") for day, row in listed("nse_special_sessions.csv").items()}
    ours = {day: ";".join(map(str, NSE.session(day).windows)) for day in theirs}
    assert theirs == ours
    kinds = {
        "muhurat": "muhurat", "budget_full_day": "budget", "outage_extended": "outage",
        "special_saturday": "test", "special_saturday_full_day": "special",
    }  # fmt: skip
    assert {day: kinds[row["kind"]] for day, row in listed("nse_special_sessions.csv").items()} == {
        day: NSE.session(day).kind for day in theirs
    }


@shared
@needs_shared
def test_the_five_minute_bars_begin_end_and_count_as_the_table_says():
    bars = observed("stocks_5min_2016_2020")
    listing = {"EQUITAS": "2016-04-21", "MGL": "2016-07-01", "ICICIPRULI": "2016-09-29", "HDFCLIFE": "2017-11-17",
               "BANDHANBNK": "2018-03-27"}  # fmt: skip
    odd = {key: value for key, value in bars.items() if value != due(key[1], 5)}
    expected = {
        (symbol, date.fromisoformat(day)): (minute("09:40"), minute("15:25"), 70) for symbol, day in listing.items()
    }
    for symbol in listing:
        expected[symbol, date(2020, 3, 13)] = (minute("09:15"), minute("15:25"), 75)  # the halt is filled forward
        expected[symbol, date(2020, 3, 23)] = (minute("09:15"), minute("15:25"), 75)
    cut_off = {key for key in odd if key[1] == date(2020, 4, 15)}  # the download's last day
    assert expected == {key: value for key, value in odd.items() if key not in cut_off}
    assert 5 == len(cut_off)
    assert 3_889 == len(bars)


@shared
@needs_shared
def test_within_the_halts_of_march_2020_the_five_minute_bars_have_no_volume():
    frame = pd.read_parquet(SHARED / "stocks_5min_2016_2020.parquet", columns=["ts", "volume"])
    for day in (date(2020, 3, 13), date(2020, 3, 23)):
        stamp = pd.Timestamp(day, tz="Asia/Kolkata")
        rows = frame[(frame.ts >= stamp) & (frame.ts < stamp + pd.Timedelta(days=1))]
        volume = rows.groupby("ts").volume.sum()
        traded = {moment.value for moment in volume.index[volume > 0].as_unit("ns")}
        assert traded == set(NSE.bar_opens(day, "5m").tolist())


@shared
@needs_shared
@pytest.mark.parametrize("name", ["index_1min_2012_2016", "stocks_1min_2014_2015"])
def test_the_minute_bars_begin_and_end_as_the_table_says(name):
    bars = observed(name)
    odd = {(symbol, str(day)) for (symbol, day), (low, high, _) in bars.items() if (low, high) != due(day, 1)[:2]}
    more = {(symbol, str(day)) for (symbol, day), (_, _, size) in bars.items() if size > due(day, 1)[2]}
    if name == "stocks_1min_2014_2015":
        # the source begins at 13:12 … 13:20 on one day, and three times no share of a symbol changed hands at 09:15
        assert {"2015-09-14"} == {day for _, day in odd if sum(1 for _, other in odd if other == day) == 10}
        assert (13, set()) == (len(odd), more)
        return
    tests = {"2013-05-11", "2014-03-22"}  # 11:07 … 12:49: the feed was on before and after 11:15–12:45
    evening = {"2014-10-23"}  # 18:22 … 19:29: the index is computed from the pre-open on
    late = {"2014-11-05"}  # begins at 09:34 in both indices
    last_minute = {day for symbol, day in odd if symbol == "NIFTY BANK"} - tests - evening - late
    assert tests | evening | late <= {day for _, day in odd}
    assert {day for symbol, day in odd if symbol == "NIFTY 50"} - tests - evening - late <= {"2016-08-31"} | last_minute
    assert ("NIFTY 50", "2016-08-31") in odd  # ends at 13:58
    assert len({day for day in last_minute if day.startswith("2015-08")}) >= 10  # no 15:29 bar, by the files' README
    assert {day for _, day in more} <= tests | evening


@shared
@needs_shared
def test_sessions_with_unknown_hours_are_named():
    unknown = {str(day) for day in OURS if not NSE.session(day).known}
    weekends = {str(day) for day in OURS if day.weekday() >= WEEKEND and day < date(2012, 12, 31)}
    halts = {"2004-05-17", "2006-05-22", "2007-10-17", "2008-01-22", "2009-05-18", "2012-10-05"}
    assert weekends | halts == unknown


NOT_IN_THEIRS = dates(
    "2001-03-08", "2001-03-21", "2001-06-20", "2001-08-23", "2001-09-10", "2001-11-29", "2002-01-18", "2002-01-28",
    "2002-08-16", "2003-04-10", "2003-10-16", "2004-10-12", "2004-10-15", "2005-07-27",
)  # fmt: skip
"""Weekdays that pandas_market_calendars 5.5.0 has closed; shares traded on each, see the test below."""


@pytest.fixture(scope="module")
def second_opinion():
    """pandas_market_calendars' NSE: day → (first open, last close), local."""
    calendars = pytest.importorskip("pandas_market_calendars")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own use of pandas
        schedule = calendars.get_calendar("NSE").schedule("2000-01-01", "2026-12-31", tz="Asia/Kolkata")
    return {row.Index.date(): (row.market_open.time(), row.market_close.time()) for row in schedule.itertuples()}


def test_every_session_of_pandas_market_calendars_is_ours(second_opinion):
    assert set() == set(second_opinion) - OURS


def test_what_pandas_market_calendars_lacks_are_weekends_and_days_on_which_shares_traded(second_opinion):
    lacking = OURS - set(second_opinion)
    weekends = {day for day in lacking if day.weekday() >= WEEKEND}
    assert {day for day in OURS if day.weekday() >= WEEKEND} == weekends  # it cannot represent a weekend session
    assert 31 == len(weekends)
    assert lacking - weekends == NOT_IN_THEIRS


@shared
@needs_shared
def test_on_the_days_that_only_we_have_most_shares_traded():
    frame = pd.read_parquet(SHARED / "daily_raw_2000_2021.parquet", columns=["symbol", "date", "volume"])
    frame["date"] = frame["date"].astype(str)
    traded = frame[frame.volume > 0].groupby("date").symbol.nunique()
    assert {str(day): True for day in NOT_IN_THEIRS} == {
        str(day): bool(traded.get(str(day), 0) >= 20) for day in NOT_IN_THEIRS
    }


def test_hours_differ_from_pandas_market_calendars_for_known_reasons_only(second_opinion):
    differ = {}
    for day in sorted(OURS & set(second_opinion)):
        session = NSE.session(day)
        ours = (session.windows[0].start, session.windows[-1].end) if session.known else None
        if ours != second_opinion[day]:
            differ[str(day)] = session.kind
    assert {
        # market-wide breakers and an exchange stop whose times we do not know; it has ordinary days
        "2004-05-17": "halt", "2006-05-22": "halt", "2007-10-17": "halt", "2008-01-22": "halt", "2009-05-18": "halt",
        "2012-10-05": "halt",
        # no share traded before 12:30 by the five-minute prices; it has 09:15
        "2017-07-10": "outage",
    } == differ  # fmt: skip


def test_bse_agrees_with_exchange_calendars_but_for_muhurat_and_weekends():
    calendars = pytest.importorskip("exchange_calendars")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own use of pandas
        theirs = {day.date() for day in calendars.get_calendar("XBOM", start="2015-01-01", end="2026-12-31").sessions}
    ours = set(BSE.sessions(BSE.first, BSE.last))
    lacking = ours - theirs
    assert set() == theirs - ours
    assert {day for day in ours if day.weekday() >= WEEKEND} <= lacking
    assert {"muhurat"} == {BSE.session(day).kind for day in lacking if day.weekday() < WEEKEND}  # it shows them closed
