"""Bars in and out, and the questions people ask with plain SQL."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.errors import DataError
from framework.store import SaveCount, open_store
from framework.types import Bars, Instrument

DAY_NS = 86_400_000_000_000
SECOND_NS = 1_000_000_000
MONDAY = 18_400  # days since 1970: 2020-05-18


def daily(symbol="INFY", days=(0, 1, 2), close=(10.0, 11.0, 12.0), exchange="", volume=None):
    close = np.array(close)
    instrument = Instrument(symbol, exchange, tick=0.05, lot=1, timezone="Asia/Kolkata")
    time = (MONDAY + np.array(days)) * DAY_NS
    return Bars.from_arrays(instrument, "1d", time, close, close + 1, close - 1, close, volume)


def minutes(symbol="INFY", day=MONDAY, closes=(10.0, 11.0, 12.0)):
    """Bars from 09:15 IST, which is 03:45 UTC."""
    close = np.array(closes)
    time = day * DAY_NS + (3 * 3600 + 45 * 60 + 60 * np.arange(close.size)) * SECOND_NS
    instrument = Instrument(symbol, "", timezone="Asia/Kolkata")
    return Bars.from_arrays(instrument, "1m", time, close, close + 1, close - 1, close)


def test_the_latest_row_of_a_symbol_is_the_query_a_person_would_guess(store):
    store.save_bars(daily("SP500", close=(10.0, 11.0, 12.5)))
    cursor = store.connection.execute("SELECT * FROM ohlc_data WHERE symbol = 'SP500' ORDER BY timestamp DESC LIMIT 1")
    row = dict(zip([column[0] for column in cursor.description], cursor.fetchone(), strict=True))
    expected = {
        "symbol": "SP500", "exchange": "", "timeframe": "1d", "timestamp": 1_589_932_800,
        "open": 12.5, "high": 13.5, "low": 11.5, "close": 12.5, "volume": None,
    }  # fmt: skip
    assert expected == {name: row[name] for name in expected}


def test_the_guessed_query_uses_an_index_and_no_scan_or_sort(store):
    plan = store.connection.execute(
        "EXPLAIN QUERY PLAN SELECT * FROM ohlc_data WHERE symbol = 'SP500' ORDER BY timestamp DESC LIMIT 1"
    ).fetchall()
    assert 1 == len(plan)
    assert "idx_ohlc_data_symbol_timestamp" in plan[0][3]


def test_the_view_shows_indian_time_and_plain_dates(store):
    store.save_bars(minutes())
    store.save_bars(daily())
    shown = store.connection.execute(
        "SELECT timeframe, time_ist FROM ohlc_data_ist ORDER BY timeframe, timestamp"
    ).fetchall()
    assert [
        ("1d", "2020-05-18"), ("1d", "2020-05-19"), ("1d", "2020-05-20"),
        ("1m", "2020-05-18 09:15:00"), ("1m", "2020-05-18 09:16:00"), ("1m", "2020-05-18 09:17:00"),
    ] == shown  # fmt: skip


@pytest.mark.parametrize("symbol", ["M&M", "BAJAJ-AUTO", "NIFTY 50", "A'B", 'Q"; DROP TABLE ohlc_data', "ÆØÅ", "X:Y"])
def test_symbols_are_taken_as_they_are(store, symbol):
    bars = daily(symbol)
    store.save_bars(bars)
    loaded = store.load_bars(symbol)
    assert symbol == loaded.symbol
    assert bars.close.tolist() == loaded.close.tolist()
    assert [symbol] == [info.symbol for info in store.series(symbol)]


def test_what_was_saved_comes_back_with_its_instrument(store):
    bars = daily(volume=np.array([5.0, np.nan, 0.0]))
    store.save_bars(bars)
    loaded = store.load_bars("INFY", "day")
    assert bars.instrument == loaded.instrument
    for name in ("time", "open", "high", "low", "close", "session", "close_time", "factor"):
        assert getattr(bars, name).tolist() == getattr(loaded, name).tolist()
    np.testing.assert_array_equal(bars.volume, loaded.volume)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 40_000),
            st.floats(1e-6, 1e9, allow_subnormal=False),
            st.floats(0, 1),
            st.floats(0, 1),
            st.one_of(st.just(float("nan")), st.floats(0, 1e15)),
        ),
        min_size=1,
        max_size=30,
        unique_by=lambda row: row[0],
    )
)
def test_any_bars_come_back_bit_for_bit(tmp_path_factory, given_rows):
    days, low, up, part, volume = (
        np.array(column, dtype=np.float64) for column in zip(*sorted(given_rows), strict=True)
    )
    high = low * (1 + up)
    close = np.clip(low + (high - low) * part, low, high)
    bars = Bars.from_arrays("ANY", "1d", days.astype(np.int64) * DAY_NS, close, high, low, close, volume)
    with open_store(tmp_path_factory.mktemp("any") / "market.sqlite") as store:
        assert SaveCount(len(bars)) == store.save_bars(bars)
        loaded = store.load_bars("ANY")
        assert SaveCount(0, unchanged=len(bars)) == store.save_bars(loaded)
    for name in ("time", "open", "high", "low", "close", "volume"):
        np.testing.assert_array_equal(getattr(bars, name), getattr(loaded, name))


def test_bars_that_differ_stay_unless_replace_is_asked_for(store):
    store.save_bars(daily(close=(10.0, 11.0, 12.0)))
    other = daily(days=(1, 2, 3), close=(11.0, 99.0, 13.0))
    assert SaveCount(new=1, unchanged=1, conflicting=1) == store.save_bars(other)
    assert [10.0, 11.0, 12.0, 13.0] == store.load_bars("INFY").close.tolist()
    (conflict,) = [issue for issue in store.issues(["INFY"]) if issue.kind == "conflict"]
    assert (MONDAY + 2) * DAY_NS == conflict.first_ns
    assert "open 99 (stored 12)" in conflict.reason
    assert SaveCount(new=0, unchanged=2, replaced=1) == store.save_bars(other, replace=True)
    assert [10.0, 11.0, 99.0, 13.0] == store.load_bars("INFY").close.tolist()


def test_ranges_hold_both_ends(store):
    store.save_bars(daily(days=(0, 1, 2, 3), close=(10.0, 11.0, 12.0, 13.0)))
    loaded = store.load_bars("INFY", start=date(2020, 5, 19), end=date(2020, 5, 20))
    assert [11.0, 12.0] == loaded.close.tolist()
    assert [13.0] == store.load_bars("INFY", start=date(2020, 5, 21)).close.tolist()
    assert [10.0] == store.load_bars("INFY", end=date(2020, 5, 18)).close.tolist()


def test_intraday_ranges_are_sessions_on_the_exchanges_wall_clock(store):
    evening = MONDAY * DAY_NS + (18 * 3600 + 29 * 60) * SECOND_NS  # 23:59 IST on Monday, 00:01 two minutes later
    time = evening + np.array([0, 2 * 60 * SECOND_NS])
    bars = Bars.from_arrays(Instrument("GOLD", "", timezone="Asia/Kolkata"), "1m", time, [1, 2], [1, 2], [1, 2], [1, 2])
    store.save_bars(bars)
    assert [1.0] == store.load_bars("GOLD", "1m", end=date(2020, 5, 18)).close.tolist()
    assert [2.0] == store.load_bars("GOLD", "1m", start=date(2020, 5, 19)).close.tolist()


def test_one_symbol_may_lie_on_two_exchanges(store):
    store.save_bars(daily(exchange="NSE", close=(10.0, 11.0, 12.0)))
    assert 10.0 == store.load_bars("INFY").close[0]
    store.save_bars(daily(exchange="BSE", close=(20.0, 21.0, 22.0)))
    assert 10.0 == store.load_bars("NSE:INFY").close[0]
    assert 20.0 == store.load_bars("BSE:INFY").close[0]
    with pytest.raises(DataError, match="INFY is stored for 2 exchanges; write BSE:INFY or NSE:INFY"):
        store.load_bars("INFY")


def test_case_does_not_matter_where_one_stored_symbol_is_meant(store):
    store.save_bars(daily("RELIANCE", exchange="NSE"))
    assert ["RELIANCE"] * 3 == [store.load_bars(name).symbol for name in ("reliance", "nse:Reliance", "NSE:RELIANCE")]
    store.save_bars(daily("RELIANCE", exchange="BSE"))
    with pytest.raises(DataError, match="reliance could be BSE:RELIANCE or NSE:RELIANCE; write one of them"):
        store.load_bars("reliance")
    store.save_bars(daily("abc"))
    store.save_bars(daily("ABC"))
    assert "abc" == store.load_bars("abc").symbol
    with pytest.raises(DataError, match="Abc could be ABC or abc"):
        store.load_bars("Abc")


def test_a_misspelt_symbol_is_answered_with_the_nearest(store):
    for symbol in ("RELIANCE", "INFY", "TCS"):
        store.save_bars(daily(symbol))
    with pytest.raises(DataError, match="no symbol 'RELIANC' in the store; the nearest: RELIANCE"):
        store.load_bars("RELIANC")
    with pytest.raises(DataError, match="the nearest: INFY"):
        store.load_bars("infi")
    with pytest.raises(DataError, match="it holds INFY, RELIANCE, TCS"):
        store.load_bars("ZZZZZZ")


def test_an_empty_store_says_how_to_fill_it(store):
    with pytest.raises(DataError, match=r"holds no prices yet.*tulya data sample"):
        store.load_bars("SP500")


def test_a_timeframe_that_is_not_there_is_answered_with_those_there_are(store):
    store.save_bars(daily())
    store.save_bars(minutes())
    with pytest.raises(DataError, match="INFY has no 5m bars; it has 1m, 1d"):
        store.load_bars("INFY", "5m")


def test_an_empty_range_is_answered_with_the_range_there_is(store):
    store.save_bars(daily())
    expected = "INFY has no 1d bars from 2021-01-01; it has them from 2020-05-18 to 2020-05-20"
    with pytest.raises(DataError, match=expected):
        store.load_bars("INFY", start=date(2021, 1, 1))
    with pytest.raises(DataError, match="swap the two dates"):
        store.load_bars("INFY", start=date(2021, 1, 1), end=date(2020, 1, 1))


def test_series_tell_their_extent(store):
    store.save_bars(daily())
    store.save_bars(minutes())
    first, last = MONDAY * DAY_NS, (MONDAY + 2) * DAY_NS
    assert [("INFY", "", "1m", 3), ("INFY", "", "1d", 3)] == [tuple(info[:4]) for info in store.series()]
    assert (first, last) == store.series("INFY", "1d")[0][4:]


def test_a_reader_sees_the_old_state_until_a_writer_is_done(tmp_path):
    path = tmp_path / "market.sqlite"
    with open_store(path) as writer, open_store(path) as reader:
        writer.save_bars(daily())
        writer.connection.execute("BEGIN IMMEDIATE")
        writer.connection.execute("DELETE FROM ohlc_data")
        assert 3 == len(reader.load_bars("INFY"))
        writer.connection.execute("ROLLBACK")
        assert 3 == len(reader.load_bars("INFY"))
