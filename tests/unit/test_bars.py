"""Bars, Panel, Signals: what they hold, what they refuse, and that a prefix is only a prefix."""

import copy
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework import Bars, Instrument, Panel, Signals
from framework.errors import ConfigError, DataError, StrategyError
from framework.types import Timeframe

DAY = 86_400_000_000_000
MINUTE = 60_000_000_000


def bars(symbol="AAA", days=(0, 1, 2), close=(10.0, 11.0, 12.0), exchange="", timeframe="1d"):
    close = np.array(close)
    return Bars.from_arrays(
        Instrument(symbol, exchange), timeframe, np.array(days) * DAY, close, close + 1, close - 1, close, close * 100
    )


@pytest.mark.parametrize(
    ("change", "row"),
    [
        ({"high": [11, 10, 13]}, 1),  # below the close
        ({"low": [9, 11.5, 11]}, 1),  # above the close
        ({"open": [10, np.nan, 12]}, 1),
        ({"close": [10, 11, np.inf]}, 2),
        ({"low": [0, 10, 11]}, 0),
        ({"volume": [1, -1, 1]}, 1),
        ({"time": [0, DAY, DAY]}, 2),
        ({"time": [0, 2 * DAY, DAY]}, 2),
        ({"time": np.array(["NaT", "2024-01-01", "2024-01-02"], "datetime64[ns]")}, 0),
    ],
    ids=str,
)
def test_what_is_no_bar_is_refused_with_its_row(change, row):
    columns = {
        "time": [0, DAY, 2 * DAY],
        "open": [10, 11, 12],
        "high": [11, 12, 13],
        "low": [9, 10, 11],
        "close": [10, 11, 12],
        "volume": [1, 1, 1],
    } | change
    with pytest.raises(DataError, match=rf"bar {row} at .* is not a bar"):
        Bars.from_arrays("AAA", "1d", *columns.values())


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"high": [11, 10.5, 13]}, "its open is above its high"),
        ({"close": [10, 13, 12]}, "its close is above its high"),
        ({"low": [9, 10, 12.5]}, "its open is below its low"),
        ({"close": [10, np.nan, 12]}, "its close is not a finite price above 0"),
        ({"low": [9, 14, 11]}, "its low is above its high"),
        ({"volume": [1, -1, 1]}, "its volume is below 0"),
        ({"time": [0, DAY, DAY]}, "its time is not after the one before it"),
        ({"time": [-(1 << 63), DAY, 2 * DAY]}, "it has no time"),
    ],
    ids=str,
)
def test_the_broken_rule_is_named(change, rule):
    columns = {
        "time": [0, DAY, 2 * DAY],
        "open": [10, 11, 12],
        "high": [11, 12, 13],
        "low": [9, 10, 11],
        "close": [10, 11, 12],
        "volume": [1, 1, 1],
    } | change
    with pytest.raises(DataError, match=rf"is not a bar: {rule} \("):
        Bars.from_arrays("AAA", "1d", *columns.values())


def test_a_frame_with_the_newest_first_is_read_like_one_with_the_oldest_first():
    frame = bars().to_frame()
    newest_first = frame.iloc[::-1]
    assert np.array_equal(bars().close, Bars.from_frame(newest_first).close)
    with_column = newest_first.reset_index()
    assert np.array_equal(bars().time, Bars.from_frame(with_column).time)


def test_an_empty_frame_is_told():
    with pytest.raises(DataError, match="the frame has no rows"):
        Bars.from_frame(bars().to_frame().iloc[:0])


def test_columns_of_different_length_are_refused():
    with pytest.raises(DataError, match="high has shape"):
        Bars.from_arrays("AAA", "1d", [0, DAY], [1, 1], [1], [1, 1], [1, 1])


def test_arrays_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        bars().close[0] = 1.0


def test_writing_to_what_bars_were_made_from_does_not_change_them():
    """The array itself, a view of it, and a frame's own memory."""
    table = np.array([[10.0, 11.0], [12.0, 13.0], [9.0, 10.0], [11.0, 12.0]])
    close = table[3].copy()
    times = np.array([0, DAY])
    made = Bars.from_arrays("AAA", "1d", times, table[0], table[1], table[2], close)
    table[:], close[:], times[:] = 1.0, 1.0, 7
    assert [[10.0, 11.0], [12.0, 13.0], [9.0, 10.0], [11.0, 12.0]] == [
        getattr(made, name).tolist() for name in ("open", "high", "low", "close")
    ]
    assert [0, DAY] == made.time.tolist()
    frame = bars().to_frame()
    read = Bars.from_frame(frame)
    frame.loc[:, "close"] = 5.0
    frame.iloc[0, 0] = 5.0
    assert [10.0, 11.0, 12.0] == read.open.tolist() == read.close.tolist()


def test_arrays_that_nobody_can_write_to_are_not_copied():
    column = np.frombuffer(np.array([10.0, 11.0]).tobytes())
    owned = np.array([10.0, 11.0])
    owned.setflags(write=False)
    made = Bars.from_arrays("AAA", "1d", [0, DAY], owned, column, column, owned[:])
    assert np.shares_memory(made.high, column)
    assert np.shares_memory(made.close, owned)


def test_the_bars_of_a_panel_of_one_instrument_are_views_of_what_it_was_made_from():
    made = bars()
    panel = Panel.from_bars([made])
    (again,) = panel.bars()
    for name in ("time", "open", "close", "volume", "factor", "session"):
        assert np.shares_memory(getattr(again, name), getattr(made, name))
        assert not getattr(panel.bars_of(0), name).flags.writeable


def test_a_panel_of_one_instrument_is_copied_without_its_bars_and_knows_them_again():
    """Pickling asks the same; a cut panel is no longer a view of the bars it was made from."""
    made = bars()
    panel = copy.copy(Panel.from_bars([made]))
    assert () == panel.series
    assert made.close.tolist() == panel.bars()[0].close.tolist() == panel.close[:, 0].tolist()
    assert [10.0, 11.0] == Panel.from_bars([made])[:2].bars()[0].close.tolist()


def test_a_panel_keeps_the_bars_it_was_made_of_and_those_without_gaps_share_its_clock():
    whole, gappy = bars("AAA", days=(0, 1, 2), close=(10.0, 11, 12)), bars("BBB", days=(0, 2), close=(20.0, 21))
    panel = Panel.from_bars([gappy, whole])
    first, second = panel.bars()
    assert first.close is whole.close
    assert first.time is panel.time
    assert second is gappy is panel.bars_of(1)
    assert [10.0, 11.0, 12.0] == panel.closes_of(0).tolist()
    assert ["20.0", "nan", "21.0"] == [str(close) for close in panel.closes_of(1).tolist()]
    assert ([0, 1, 2], [0, 2]) == (panel.rows_of(0).tolist(), panel.rows_of(1).tolist())


def test_a_changed_panel_has_bars_of_its_own():
    panel = Panel.from_bars([bars("AAA"), bars("BBB")])
    doubled = replace(panel, close=2 * panel.close, high=2 * panel.high)
    assert [20.0, 22.0, 24.0] == doubled.bars()[0].close.tolist() == doubled.bars_of(1).close.tolist()
    assert [10.0] == panel[:1].bars()[1].close.tolist()


def test_bars_whose_days_differ_are_handed_out_on_the_clock_of_the_panel():
    """Two exchanges: the one's bar opens in the evening of a day, the other's in the morning of the next."""
    day = np.datetime64("2020-01-01T20:00", "ns").astype(np.int64)
    made = [
        Bars.from_arrays(Instrument(symbol, timezone=zone), "1h", [day], [1.0], [1.0], [1.0], [1.0])
        for symbol, zone in (("AAA", "UTC"), ("BBB", "Asia/Kolkata"))
    ]
    panel = Panel.from_bars(made)
    assert made[0].session.tolist() != made[1].session.tolist()
    assert [panel.session.tolist()] * 2 == [each.session.tolist() for each in panel.bars()]


def test_the_last_rows_of_sessions_are_found_and_the_open_one_has_none():
    hours = bars("AAA", days=(0, 0.25, 1, 2, 2.25), close=(10.0,) * 5, timeframe="1h")
    assert [1, 2] == Panel.from_bars([hours]).session_ends.tolist()
    assert [False, True, True, False, False] == Panel.from_bars([hours]).ends_session.tolist()
    daily = Panel.from_bars([bars("AAA")])
    assert [0, 1, 2] == daily.session_ends.tolist() == daily[:].session_ends.tolist()
    assert [] == daily[:0].session_ends.tolist() == daily[:0].ends_session.tolist()


@pytest.mark.parametrize("count", [1, 2, 33])
def test_a_panel_hands_out_the_bars_it_was_made_of(count):
    """Across the blocks in which it turns its columns, with and without gaps."""
    series = [bars(f"S{i:02}", days=(0, 1, 2) if i % 3 else (0, 2, 5), close=(10.0 + i, 11, 12)) for i in range(count)]
    panel = Panel.from_bars(series)
    for one, whole, single in zip(series, panel.bars(), map(panel.bars_of, range(count)), strict=True):
        for name in ("time", "open", "high", "low", "close", "volume", "factor", "session", "close_time"):
            assert getattr(one, name).tolist() == getattr(whole, name).tolist() == getattr(single, name).tolist()


def test_a_prefix_does_not_reach_later_bars():
    prefix = bars()[:2]
    assert (2, [10.0, 11.0]) == (len(prefix), prefix.close.tolist())
    assert prefix.close.base is None or prefix.close.base.size <= 2


def test_an_index_is_answered_by_a_hint():
    with pytest.raises(TypeError, match=r"only slices are understood, such as bars\[:100\]"):
        bars()[0]


def test_the_repr_tells_what_it_holds():
    assert "Bars(NSE:AAA 1d, 3 bars, 1970-01-01T00:00 … 1970-01-03T00:00 UTC)" == repr(bars(exchange="NSE"))
    assert "Bars(AAA 1d, empty)" == repr(bars()[:0])
    assert "Panel(3 × 2 1d: AAA, BBB)" == repr(Panel.from_bars([bars("BBB"), bars("AAA")]))


def test_a_frame_with_the_usual_names_becomes_bars_and_back():
    frame = pd.DataFrame(
        {"Open": [10.0, 11.0], "HIGH": [12.0, 12.0], "low": [9.0, 10.0], " Close ": [11.0, 11.5], "Volume": [5, 6]},
        index=pd.DatetimeIndex(["2020-01-01", "2020-01-02"]),
    )
    read = Bars.from_frame(frame, "AAA")
    assert ("1d", [11.0, 11.5]) == (read.timeframe, read.close.tolist())
    assert ["2020-01-01", "2020-01-02"] == [str(day.date()) for day in read.to_frame().index]


def test_a_naive_intraday_frame_is_in_the_instruments_zone():
    index = pd.date_range("2024-01-02 09:15", periods=3, freq="5min")
    frame = pd.DataFrame({"open": 10.0, "high": 11.0, "low": 9.0, "close": 10.0}, index=index)
    read = Bars.from_frame(frame, Instrument("AAA", timezone="Asia/Kolkata"))
    # 09:15 IST is 03:45 UTC.
    assert np.datetime64("2024-01-02T03:45") == np.datetime64(int(read.time[0]), "ns")
    assert "5m" == read.timeframe
    assert "2024-01-02 09:15:00+05:30" == str(read.to_frame().index[0])


def test_the_session_is_the_local_date():
    # 23:30 UTC on 1 January is 05:00 on 2 January in India.
    late = Bars.from_arrays(
        Instrument("AAA", timezone="Asia/Kolkata"), "30m", [DAY - 30 * MINUTE], [1.0], [1.0], [1.0], [1.0]
    )
    assert [1] == late.session.tolist()


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        (["open", "high", "low"], "the frame has no column time, close"),
        (["open", "high", "low", "close"], "DatetimeIndex"),
    ],
)
def test_a_frame_that_lacks_something_says_what(columns, sentence):
    with pytest.raises(DataError, match=sentence):
        Bars.from_frame(pd.DataFrame([[1.0] * len(columns)], columns=columns))


def test_a_panel_leaves_missing_bars_missing():
    panel = Panel.from_bars([bars("BBB", (0, 2), (1.5, 2.5)), bars("AAA")])
    assert ("AAA", "BBB") == panel.symbols
    assert np.isnan(panel.close[1, 1])
    assert [0, 2] == panel.rows_of(1).tolist()
    assert [1.5, 2.5] == panel.bars_of(1).close.tolist()
    assert [2.5] == panel[1:].bars_of(1).close.tolist()


def test_the_same_symbol_of_two_exchanges_is_told_apart():
    assert ("BSE:AAA", "NSE:AAA") == Panel.from_bars([bars(exchange="NSE"), bars(exchange="BSE")]).symbols


def test_a_panel_refuses_nothing_repeats_and_mixed_timeframes():
    with pytest.raises(DataError, match="at least one instrument"):
        Panel.from_bars([])
    with pytest.raises(ConfigError, match="AAA is in the list more than once"):
        Panel.from_bars([bars(), bars()])
    hourly = Bars.from_arrays("CCC", "1h", [0], [1.0], [1.0], [1.0], [1.0])
    with pytest.raises(
        ConfigError, match=r"one run has one timeframe, but these bars have 1d \(.*\), 1h \(.*\); gather the finer"
    ):
        Panel.from_bars([bars(), hourly])


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("1m", "1m"),
        ("15min", "15m"),
        ("60m", "1h"),
        ("day", "1d"),
        ("1D", "1d"),
        ("daily", "1d"),
        ("24h", "1d"),
        ("4h", "4h"),
        ("1M", "1M"),
        ("1mo", "1M"),
        ("monthly", "1M"),
        ("1W", "1w"),
        ("1wk", "1w"),
        ("week", "1w"),
    ],
)
def test_timeframes_are_understood(text, name):
    assert name == Timeframe.parse(text).name


@pytest.mark.parametrize("text", ["", "m", "M", "0m", "2w", "3M", "5M", "2mo", "2d", "soon", "-5m"])
def test_other_timeframes_are_refused(text):
    with pytest.raises(ConfigError, match="timeframe"):
        Timeframe.parse(text)


def test_leave_wins_and_nan_compares_false():
    signals = Signals.long_flat(enter=[True, True, False, False], leave=[False, True, True, False])
    assert [1.0, 0.0, 0.0] == signals.target[:3].tolist()
    assert np.isnan(signals.target[3])


def test_long_short_goes_flat_where_both_are_true():
    signals = Signals.long_short(
        [True, True, False, True], [False, True, True, False], flat=[False, False, False, True]
    )
    assert [1.0, 0.0, -1.0, 0.0] == signals.target.tolist()


@given(st.floats(allow_nan=False).filter(lambda value: abs(value) > 1))
def test_a_target_beyond_one_is_refused_whatever_it_is(value):
    with pytest.raises(StrategyError, match="must lie within"):
        Signals(np.array([0.0, value]))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"target": [[1.0]]}, r"target has shape \(1, 1\)"),
        ({"target": [1.0, 0.0], "stop": [1.0]}, "stop has 1 rows but target has 2"),
        ({"target": [1.0], "stop": [-1.0]}, "stop is -1 at bar 0"),
        ({"target": [1.0], "limit": [np.inf]}, "limit is inf at bar 0"),
        ({"target": [1.0], "columns": {"rsi": [1.0, 2.0]}}, "rsi"),
    ],
    ids=str,
)
def test_signals_of_the_wrong_shape_or_sign_are_refused(fields, sentence):
    with pytest.raises(StrategyError, match=sentence):
        Signals(**fields)


def test_signals_tell_what_they_hold():
    assert "Signals(3 bars, 2 targets, ['stop', 'rsi'])" == repr(
        Signals([1.0, np.nan, 0.0], stop=[1.0, 1.0, 1.0], columns={"rsi": [1.0, 2.0, 3.0]})
    )
