"""A large first load through SQLite's C functions: the same bits as a plain SELECT, of one state, and nobody's harm."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.errors import DataError
from framework.store import bars as rows
from framework.store import open_store, revisions, series, stepping
from framework.store.database import file_of
from framework.types import Bars
from framework.types.columns import ARRAYS
from framework.types.intake.records import SeriesKey

DAY = 86_400
KEY = SeriesKey("INFY", "NSE", "1m")
SELECT = "SELECT timestamp, open, high, low, close, volume FROM ohlc_data WHERE symbol = 'INFY' ORDER BY timestamp"
INSERT = "INSERT INTO ohlc_data (symbol, exchange, timeframe, timestamp, open, high, low, close, volume) VALUES "


def minutes(count, symbol="INFY"):
    close = 100 + np.arange(count) % 1_000 * 0.05
    volume = np.where(np.arange(count) % 7, np.arange(count, dtype=float), np.nan)
    time_ns = (np.arange(count) + 1_000) * 60 * 10**9
    return Bars.from_arrays(symbol, "1m", time_ns, close, close + 1, close * 0.5, close, volume)


def plain(path):
    """What a program that knows nothing of Tulya reads, as arrays."""
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute(SELECT).fetchall()
    time, *values = zip(*found, strict=True)
    return np.array(time) * 10**9, np.array(values, dtype=float)


def assert_same(path, bars):
    time, values = plain(path)
    np.testing.assert_array_equal(time, bars.time)
    np.testing.assert_array_equal(values, [bars.open, bars.high, bars.low, bars.close, bars.volume])


def other_program(path, script):
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
        connection.commit()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "market.sqlite"


@pytest.fixture
def always(monkeypatch):
    """Even the smallest series is large."""
    monkeypatch.setattr(stepping, "worthwhile", lambda *_: True)


@pytest.fixture
def no_plain(monkeypatch):
    """Call it, and no bar can be read row by row any more."""

    def forbid():
        def read(*_):
            raise AssertionError("the bars were read row by row")

        monkeypatch.setattr(rows, "read", read)

    return forbid


def test_a_large_series_is_stepped_and_is_what_a_plain_select_says(store, path, no_plain):
    count = 2 * rows.CHUNK_ROWS + 1  # one half is a whole chunk to the row
    store.save_bars(minutes(count))
    other_program(path, "UPDATE ohlc_data SET high = high + 1 WHERE timestamp < 61000")
    no_plain()
    bars = store.load_bars("INFY", "1m")
    assert_same(path, bars)
    again = store.load_bars("INFY", "1m")
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(bars, name), getattr(again, name))
        assert getattr(bars, name).dtype == getattr(again, name).dtype
        assert not getattr(bars, name).flags.writeable


@pytest.mark.parametrize(("loaded", "large"), [(False, 50_001), (True, 10_001)])
def test_only_what_repays_the_start_of_llvm_is_stepped(store, monkeypatch, loaded, large):
    monkeypatch.setitem(sys.modules, "llvmlite.binding", sys)
    if not loaded:
        monkeypatch.delitem(sys.modules, "llvmlite.binding")
    store.save_bars(minutes(large))
    span = (0, 10**9)
    key = SeriesKey("INFY", "", "1m")
    assert stepping.worthwhile(store.connection, key, *span)
    assert not stepping.worthwhile(store.connection, key, 1_001 * 60, 10**9)
    daily = SeriesKey("INFY", "", "1d")  # so many days there cannot be, and SQLite is not asked
    assert not stepping.worthwhile(None, daily, 0, 10**8)


PRICES = st.one_of(
    st.floats(allow_nan=False, width=64),
    st.integers(-(1 << 63), (1 << 63) - 1),
    st.integers(-5, 5),
    st.sampled_from([-0.0, 5e-324, 2.0**53 + 2, 1.7976931348623157e308, (1 << 53) + 1]),
)
NUMBERS = st.tuples(PRICES, PRICES, PRICES, PRICES, st.one_of(st.none(), PRICES))
ODD = st.sampled_from(["abc", "", "12", "1e3", b"12", b"", "0x10"])
TIMES = st.lists(st.integers(-(1 << 50), 1 << 50), min_size=2, max_size=9, unique=True)


def both_ways(connection):
    key, (first, last) = KEY, rows.extent(connection, KEY)
    revision = revisions.held(connection, key) or revisions.give(connection, key)
    everything = (rows.FIRST_SECOND, (first + last) // 2, rows.LAST_SECOND)
    stepped = stepping.read(file_of(connection), key, revision, *everything)
    try:
        return stepped, rows.read(connection, key)
    except DataError:
        return stepped, None


def written(connection, times, values):
    connection.execute("DELETE FROM ohlc_data")
    connection.executemany(
        f"{INSERT} ('INFY', 'NSE', '1m', ?, ?, ?, ?, ?, ?)",
        [(time, *row) for time, row in zip(times, values, strict=False)],
    )


@pytest.fixture(scope="module")
def unchecked(tmp_path_factory):
    """A connection to a store that takes whatever a program without manners writes."""
    with open_store(tmp_path_factory.mktemp("unchecked") / "market.sqlite") as store:
        store.connection.execute("PRAGMA ignore_check_constraints = 1")
        store.connection.execute("PRAGMA foreign_keys = 0")
        yield store.connection


@settings(max_examples=150, deadline=None)
@given(TIMES, st.lists(NUMBERS, min_size=9, max_size=9))
def test_any_numbers_are_the_same_bits_either_way(unchecked, times, values):
    written(unchecked, times, values)
    stepped, by_rows = both_ways(unchecked)
    assert by_rows.timestamp.tobytes() == stepped.timestamp.tobytes()
    assert by_rows.values.tobytes() == stepped.values.tobytes()
    assert (np.int64, np.float64) == (stepped.timestamp.dtype, stepped.values.dtype)
    found = unchecked.execute("SELECT timestamp, close, volume FROM ohlc_data ORDER BY timestamp").fetchall()
    assert [row[0] for row in found] == stepped.timestamp.tolist()
    assert [row[1] for row in found] == stepped.values[3].tolist()
    expected = [np.nan if row[2] is None or row[2] < 0 else row[2] for row in found]
    np.testing.assert_array_equal(expected, stepped.values[4])


@settings(max_examples=60, deadline=None)
@given(TIMES, st.lists(NUMBERS, min_size=9, max_size=9), st.integers(0, 8), st.integers(0, 4), ODD)
def test_what_is_no_number_is_left_to_the_plain_way(unchecked, times, values, row, column, odd):
    values[row % len(times)] = (*values[row % len(times)][:column], odd, *values[row % len(times)][column + 1 :])
    written(unchecked, times, values)
    stored = unchecked.execute("SELECT open, high, low, close, volume FROM ohlc_data").fetchall()
    stepped, by_rows = both_ways(unchecked)
    if any(isinstance(value, str | bytes) for line in stored for value in line):
        assert stepped is None
    else:  # the column has made a number of it
        assert by_rows.values.tobytes() == stepped.values.tobytes()


def test_text_in_a_price_is_the_same_error_as_ever(store, path, always):
    store.save_bars(minutes(10))
    other_program(
        path, "PRAGMA ignore_check_constraints = 1; UPDATE ohlc_data SET high = 'abc' WHERE timestamp = 60060"
    )
    with pytest.raises(DataError, match=r"INFY: a 1m bar in ohlc_data holds what is no number .*'abc'"):
        store.load_bars("INFY", "1m")


CHANGES = {
    "update": "UPDATE ohlc_data SET high = high + 5",
    "delete": "DELETE FROM ohlc_data WHERE timestamp > 60300",
    "append": "INSERT INTO ohlc_data (symbol, timeframe, timestamp, open, high, low, close) "
    "VALUES ('INFY', '1m', 90000, 1, 1, 1, 1)",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_after_the_state_was_named_is_in_the_bars_whole(store, path, always, monkeypatch, change):
    store.save_bars(minutes(10))

    def interrupted(connection):
        other_program(path, change)
        return file_of(connection)

    monkeypatch.setattr(series, "file_of", interrupted)
    assert_same(path, store.load_bars("INFY", "1m"))
    monkeypatch.setattr(series, "file_of", file_of)
    assert_same(path, store.load_bars("INFY", "1m"))


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_between_the_two_halves_is_in_the_bars_whole(store, path, always, monkeypatch, change):
    store.save_bars(minutes(10))
    untouched, done = stepping._chunks, []

    def interrupted(*given):
        chunks = untouched(*given)
        done.append(len(done))
        if len(done) == 1:
            other_program(path, change)
        return chunks

    monkeypatch.setattr(stepping, "_chunks", interrupted)
    monkeypatch.setattr("concurrent.futures.ThreadPoolExecutor.map", lambda _pool, work, spans: map(work, spans))
    assert_same(path, store.load_bars("INFY", "1m"))
    assert [0, 1] == done
    assert_same(path, store.load_bars("INFY", "1m"))


def test_a_state_that_cannot_be_named_is_read_row_by_row(store, path, always):
    store.save_bars(minutes(10))
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE ohlc_data SET high = 777")
        bars = store.load_bars("INFY", "1m")
        assert_same(path, bars)
        assert 777 != bars.high[0]
        writer.execute("COMMIT")
    assert {777.0} == set(store.load_bars("INFY", "1m").high.tolist())


def test_half_of_a_series_is_stepped_too_and_is_a_cut_of_the_whole(store, always, no_plain):
    store.save_bars(minutes(10_000))
    whole = store.load_bars("INFY", "1m")
    for file in store.snapshots.iterdir():
        file.unlink()
    no_plain()
    day = np.datetime64("1970-01-07").item()
    part = store.load_bars("INFY", "1m", start=day)
    rest = whole.session >= 6
    assert 0 < len(part) == rest.sum() < len(whole) / 2
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(whole, name)[rest], getattr(part, name))
    assert [] == list(store.snapshots.iterdir())


def test_without_the_library_the_plain_way_gives_the_same(store, path, always, monkeypatch):
    store.save_bars(minutes(10))
    monkeypatch.setattr(stepping, "_library", lambda: None)
    assert_same(path, store.load_bars("INFY", "1m"))


def test_a_library_that_sqlite3_does_not_use_is_not_taken(monkeypatch):
    class Another:
        def __init__(self, _):
            self.sqlite3_memory_used = lambda: 0

    monkeypatch.setattr("ctypes.CDLL", Another)
    assert stepping._library.__wrapped__() is None


@pytest.mark.parametrize("broken", ["ctypes.CDLL", "llvmlite.binding.parse_assembly"])
@pytest.mark.parametrize("error", [OSError, AttributeError, RuntimeError])
def test_where_library_or_compiler_fail_there_is_none(monkeypatch, broken, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(broken, fail)
    assert stepping._library.__wrapped__() is None


def test_a_file_that_is_not_there_gives_none(tmp_path):
    assert stepping.read(bytes(tmp_path / "no.sqlite"), KEY, b"0" * 16, 0, 5, 10) is None


def test_what_other_programs_write_after_a_stepped_load_is_kept(store, path, always, no_plain):
    # A second copy of SQLite in our process fails here: its close() takes our locks away, the next program to close the
    # file removes the log, and what we write later goes into a log that is no more.
    store.save_bars(minutes(10))
    no_plain()
    store.load_bars("INFY", "1m")
    script = (
        "import sqlite3, sys; connection = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "connection.execute(sys.argv[2]); connection.close()"
    )
    for statement in ("SELECT count(*) FROM ohlc_data", "UPDATE ohlc_data SET low = 1 WHERE timestamp = 60060"):
        subprocess.run([sys.executable, "-c", script, path, statement], check=True, timeout=60)
        assert path.with_name(f"{path.name}-wal").exists()
        store.connection.execute("UPDATE ohlc_data SET high = high + 1")
    store.close()
    time, values = plain(path)
    assert 10 == len(time)
    assert [1.0] == values[2][values[2] == 1].tolist()
    np.testing.assert_array_equal(minutes(10).high + 2, values[1])
