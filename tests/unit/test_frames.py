"""DataFrames through the gate of the imports: understood, or refused in words of ours with the row and the way out."""

# ruff: noqa: DTZ001 - dates of an exchange have no zone

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from framework import Bars, Instrument, Signals, Strategy, backtest
from framework.errors import ConfigError, DataError, TulyaError

ONE = dict.fromkeys(["open", "high", "low", "close"], 1.0)
DAYS = pd.date_range("2024-01-01", periods=3)
MINUTES = pd.date_range("2024-01-02 09:15", periods=3, freq="5min")
NEW_YORK = "America/New_York"


class Hold(Strategy):
    def signals(self, bars):
        return Signals(np.ones(len(bars)))


def frame(index=DAYS, **more):
    return pd.DataFrame({**ONE, **more}, index=index)


def dated(*dates, **more):
    return pd.DataFrame({"date": list(dates), **ONE, **more})


def opens(bars):
    """Opens as pandas shows them."""
    return [str(moment) for moment in pd.DatetimeIndex(bars.time)]


FIRST_DAYS = ["2024-01-01 00:00:00", "2024-01-02 00:00:00", "2024-01-03 00:00:00"]


@pytest.mark.parametrize(
    "given",
    [
        frame(DAYS.tz_localize("Asia/Kolkata")),
        frame(DAYS.tz_localize("Asia/Kolkata").tz_convert("UTC")),  # 18:30 of the day before, which is India alone
        frame(DAYS.tz_localize("UTC")),
        frame(DAYS.tz_localize(NEW_YORK).tz_convert("UTC")),  # 05:00 of the same date
        frame(pd.period_range("2024-01-01", periods=3, freq="D")),
        frame([dt.date(2024, 1, day) for day in (1, 2, 3)]),
        frame(["2024-01-01", "2024-01-02", "2024-01-03"]),
        dated("1-Jan-2024", "02 January 2024", "20240103"),
        dated(20240101, 20240102, 20240103),
        dated(*DAYS),
        dated(*(dt.datetime(2024, 1, day) for day in (1, 2, 3))),
        dated("2024-01-01 00:00:00+01:00", "2024-01-02 00:00:00+02:00", "2024-01-03 00:00:00+01:00"),
        frame(open=["1", "1.0", " 1 "]),
        frame(open=[Decimal(1), "1", 1.0]),
        frame().astype("category"),
        frame().astype("float16"),
        frame().astype("Float64"),
        frame().astype("float64[pyarrow]"),
        frame().astype(pd.SparseDtype(float)),
        frame().iloc[::-1],
    ],
    ids=range(20),
)  # fmt: skip
def test_days_are_understood_however_they_are_written(given):
    bars = Bars.from_frame(given, symbol="X")
    assert ("1d", FIRST_DAYS) == (bars.timeframe, opens(bars))
    assert [1.0, 1.0, 1.0] == bars.close.tolist()


# 2024-01-02 09:15 in India is 03:45 UTC, 1704167100 seconds after 1970.
@pytest.mark.parametrize(
    "given",
    [
        frame(MINUTES.tz_localize("Asia/Kolkata")),
        frame(MINUTES.tz_localize(dt.timezone(dt.timedelta(hours=5, minutes=30)))),
        frame(MINUTES.tz_localize("dateutil/Asia/Kolkata")),
        dated(*(f"2024-01-02T09:{minute}:00+05:30" for minute in (15, 20, 25))),
    ],
    ids=range(4),
)  # fmt: skip
def test_the_zone_of_a_frames_times_is_kept(given):
    bars = Bars.from_frame(given, symbol="X")
    assert ("5m", "Asia/Kolkata") == (bars.timeframe, bars.instrument.timezone)
    assert "2024-01-02 03:45:00" == opens(bars)[0]
    assert [19_724] == sorted(set(bars.session.tolist()))


@pytest.mark.parametrize("unit", [1, 10**3, 10**6, 10**9])
def test_epochs_in_any_unit_are_moments(unit):
    stamps = [(1704167100 + 300 * row) * unit for row in range(3)]
    for given in (dated(*stamps), frame(stamps), dated(*map(str, stamps))):
        assert "2024-01-02 03:45:00" == opens(Bars.from_frame(given, symbol="X"))[0]


def test_sydneys_sessions_are_cut_on_its_own_dates():
    # 10:00 to 16:00 in Sydney's summer is 23:00 UTC of the day before to 05:00: one session, not two.
    days = pd.bdate_range("2024-01-02", periods=4)
    index = pd.DatetimeIndex(
        [each for day in days for each in pd.date_range(f"{day.date()} 10:00", periods=6, freq="h")],
        tz="Australia/Sydney",
    )
    assert 4 == len(set(Bars.from_frame(frame(index), symbol="X").session.tolist()))


def test_an_instruments_exchange_tells_the_zone_as_in_an_import():
    assert "Asia/Kolkata" == Bars.from_frame(frame(MINUTES), Instrument("X", "NSE")).instrument.timezone


def test_day_and_month_are_asked_about_and_told_apart():
    given = dated("01/04/2020", "03/04/2020", "06/04/2020")
    with pytest.raises(DataError, match=r"could have the day or the month first; say which with order='dayfirst' or"):
        Bars.from_frame(given, symbol="X")
    assert "2020-04-03 00:00:00" == opens(Bars.from_frame(given, symbol="X", order="dayfirst"))[1]
    assert "2020-03-04 00:00:00" == opens(Bars.from_frame(given, symbol="X", order="monthfirst"))[1]


def test_a_date_and_a_time_of_day_side_by_side_are_joined():
    for date in (["2024-01-02"] * 3, [pd.Timestamp("2024-01-02")] * 3, [dt.date(2024, 1, 2)] * 3):
        for clock in (["09:15", "09:20", "09:25"], [dt.time(9, 15), dt.time(9, 20), dt.time(9, 25)]):
            bars = Bars.from_frame(dated(*date, time=clock), symbol="X", timezone="Asia/Kolkata")
            assert ("5m", "2024-01-02 03:45:00") == (bars.timeframe, opens(bars)[0])


REFUSED = {
    "a row without a time": (
        frame(pd.DatetimeIndex(["2024-01-01", None, "2024-01-03"])),
        {},
        "row 1: the row has no time",
    ),
    "an hour that a clock change leaves out": (
        frame(pd.DatetimeIndex(["2024-03-10 01:30", "2024-03-10 02:00", "2024-03-10 03:00"])),
        {"timezone": NEW_YORK},
        "row 1: time '2024-03-10 02:00:00' is repeated or skipped by a clock change in America/New_York",
    ),
    "an hour that it repeats": (
        frame(pd.DatetimeIndex(["2024-11-03 00:30", "2024-11-03 01:00", "2024-11-03 02:00"])),
        {"timezone": NEW_YORK},
        "row 1: time '2024-11-03 01:00:00' is repeated or skipped by a clock change",
    ),
    "a zone that is misspelt": (frame(MINUTES), {"timezone": "Asia/Calcuta"}, "time zone 'Asia/Calcuta' is unknown"),
    "times with and without an offset": (
        dated("2024-03-28 09:00:00+01:00", "2024-03-28 09:30:00"),
        {},
        "some times have an offset from UTC and some have none",
    ),
    "midnights of Tokyo in UTC": (
        frame(DAYS.tz_localize("Asia/Tokyo").tz_convert("UTC")),
        {},
        "stamped 15:00, and no time zone is given: that may be midnight of the next day elsewhere",
    ),
    "India's midnights without their zone": (
        frame(pd.bdate_range("2024-01-01", periods=10, tz="Asia/Kolkata").tz_convert("UTC").tz_localize(None)),
        {"timezone": "Asia/Kolkata"},
        "Mondays' on Sundays and none on a Friday: these are midnights of another zone",
    ),
    "times of the last second": (
        frame(pd.date_range("2024-01-02 09:15:59.999", periods=3, freq="min")),
        {},
        "stamped in the last second of a minute, which is their end",
    ),
    "a year beyond 2262": (
        frame(pd.DatetimeIndex(np.array(["2300-01-01", "2300-01-02", "2300-01-03"], "M8[s]"))),
        {},
        "time '2300-01-01 00:00:00' is not a date or time that is understood",
    ),
    "serial numbers of a spreadsheet": (dated(45293, 45294), {}, "time 45293 is not a date or time that is understood"),
    "a candle that was still forming": (
        frame(pd.DatetimeIndex([f"2024-01-02 {clock}" for clock in ("09:15", "09:30", "09:45", "09:52:37", "10:00")])),
        {},
        "row 3: the bar of 2024-01-02 09:52:37 lies across the 15m bar of 2024-01-02 09:45",
    ),
    "a time twice": (frame(DAYS[[0, 1, 1]], high=[1, 1, 2]), {}, "row 2: the time occurs before, in row 1, with other"),
    "a row twice": (frame(DAYS[[0, 1, 1]]), {}, "row 2: the row repeats the one before it, value for value"),
    "truth values": (
        frame(open=[True, True, True]),
        {},
        "3 rows of 3 in the frame of X cannot be taken; the first is row 0",
    ),
    "a sign of money": (frame(open=["₹1", "1", "1"]), {}, "row 0: open '₹1' is not a number"),
    "times for prices": (frame(open=DAYS), {}, "row 0: open "),
    "spans for prices": (frame(open=pd.to_timedelta([1, 2, 3])), {}, "row 0: open "),
    "complex numbers": (frame(open=[1 + 2j, 1, 1]), {}, "is not a number"),
    "lists": (frame(open=[[1], [2], [3]]), {}, "row 0: open [1] is not a number"),
    "infinity": (frame(high=[1, np.inf, 1]), {}, "row 1: high inf is not finite"),
    "a gap": (frame().reindex(pd.date_range("2024-01-01", periods=4)), {}, "row 3: open is empty or NaN"),
    "no price above 0": (frame(low=[1, 0, 1]), {}, "row 1: low 0 is not above 0"),
    "a volume below 0": (frame(volume=[1, -1, 1]), {}, "row 1: volume -1"),
    "a column twice": (
        pd.DataFrame([[1.0] * 5] * 3, columns=["open", "high", "low", "close", "close"], index=DAYS),
        {},
        "the frame has two columns for close, 'close' and 'close'; leave one out",
    ),
    "a column in two spellings": (frame(Close=2.0), {}, "the frame has two columns for close, 'close' and 'Close'"),
    "two symbols": (frame(symbol=["A", "A", "B"]), {"symbol": ""}, "the frame holds 2 symbols: A, B; say which, as in"),
    "a row of nobody": (frame(symbol=["A", None, "A"]), {"symbol": ""}, "row 1 of the frame names no symbol"),
    "three levels": (pd.concat({"Z": pd.concat({"A": frame()}, axis=1)}, axis=1), {}, "columns have 3 levels"),
    "both ways of writing numbers": (
        frame(open=["1,5"] * 3, high=["2.5"] * 3),
        {},
        "open '1,5' has a decimal comma and high",
    ),
    "a list": ([1, 2, 3], {}, "a DataFrame is needed, and this is a list"),
    "a series": (frame()["open"], {}, "a DataFrame is needed, and this is a Series"),
    "an order that is none": (frame(), {"order": "dmy"}, "order='dmy' is neither 'dayfirst' nor 'monthfirst'"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_understood_is_refused_in_words_of_ours(what):
    given, arguments, sentence = REFUSED[what]
    with pytest.raises((DataError, ConfigError)) as told:
        Bars.from_frame(given, **{"symbol": "X", **arguments})
    assert sentence in str(told.value)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("1d", ["2024-01-01", "2024-01-02"], *[[1.0, 1.0]] * 4), "time holds what is no number"),
        (("1d", [0, 86_400 * 10**9], *[["a", "b"]] * 4), "open holds what is no number"),
        (("1d", [np.nan, 1.0], *[[1.0, 1.0]] * 4), "bar 0 has no time"),
        (("1d", [1704186900, 1704273300], *[[1.0, 1.0]] * 4), r"seconds since 1970 are multiplied by 10\*\*9"),
    ],
)
def test_arrays_that_are_no_bars_are_refused_in_words_of_ours(arguments, sentence):
    with pytest.raises(DataError, match=sentence):
        Bars.from_arrays("X", *arguments)


def test_numpys_dates_of_any_unit_are_times():
    for unit in ("D", "s", "ms", "ns"):
        times = np.array(["2024-01-01", "2024-01-02"], f"M8[{unit}]")
        assert FIRST_DAYS[:2] == opens(Bars.from_arrays("X", "1d", times, *[[1.0, 1.0]] * 4))


def test_rounding_noise_is_mended_and_told_by_frames_and_arrays():
    # The open is one bit above 101 and the high is 101; the low is one bit above the close, which is 7.
    rows = [[101.00000000000001, 101.0, 100.0, 100.5], [7.0, 8.0, 7.000000000000001, 7.0], [1.0, 1.0, 1.0, 1.0]]
    prices = np.array(rows)
    given = pd.DataFrame(prices, columns=["open", "high", "low", "close"], index=DAYS)
    for bars in (Bars.from_frame(given, symbol="X"), Bars.from_arrays("X", "1d", DAYS.as_unit("ns").asi8, *prices.T)):
        assert [101.0, 7.0] == [bars.open[0], bars.low[1]]
        assert ("2 bars whose range failed by rounding alone were mended, the first in row 0",) == bars.notes
    with pytest.raises(DataError, match="open 101"):
        Bars.from_frame(given.assign(open=101.0001), symbol="X")


def test_yfinances_columns_are_understood_and_told_when_they_are_left_aside():
    more = {"Adj Close": 0.5, "Dividends": 0.0, "Stock Splits": 0.0, "Volume": 5}
    wide = pd.concat(
        {"INFY": frame(**more).rename(columns=str.title), "TCS": frame().rename(columns=str.title)}, axis=1
    )
    bars = Bars.from_frame(wide, symbol="INFY")
    assert ("INFY", [1.0] * 3, [5.0] * 3) == (bars.symbol, bars.close.tolist(), bars.volume.tolist())
    (note,) = bars.notes
    assert note.startswith("left aside: Adj Close, Dividends, Stock Splits")
    result = backtest(Hold(), wide, causality="off", sizing="fixed:1")
    assert {"INFY", "TCS"} == set(result.fills["symbol"])
    assert [f"Data: INFY: {note}"] == [found.text for found in result.findings if "left aside" in found.text]


def test_levels_of_an_index_are_a_symbol_and_a_time():
    both = pd.concat({"A": frame(), "B": frame(open=1.0)})
    for given in (both, both.swaplevel()):
        assert ("B", FIRST_DAYS) == ((bars := Bars.from_frame(given, symbol="B")).symbol, opens(bars))


def test_a_dict_of_frames_is_a_run_of_several_symbols():
    given = {"AAA": frame(), "BBB": frame(DAYS.tz_localize("UTC"))}
    both = backtest(Hold(), given, causality="off", sizing="fixed:1")
    alike = backtest(
        Hold(), [Bars.from_frame(each, symbol=name) for name, each in given.items()], causality="off", sizing="fixed:1"
    )
    assert alike.final_equity == both.final_equity
    assert {"AAA", "BBB"} == set(both.fills["symbol"])
    with pytest.raises(TulyaError, match="the prices of 'AAA' are a str; a dict of prices holds DataFrames or Bars"):
        backtest(Hold(), {"AAA": "INFY"}, causality="off")


def test_a_frame_of_several_symbols_is_a_run_of_them():
    given = pd.concat([frame(symbol="AAA"), frame(symbol="BBB")])
    assert {"AAA", "BBB"} == set(backtest(Hold(), given, causality="off", sizing="fixed:1").fills["symbol"])
