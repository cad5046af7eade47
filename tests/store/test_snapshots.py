"""Snapshots: fast, and never other than what a plain SELECT on the file says."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.errors import DataError
from framework.store import SaveCount, open_store, snapshots
from framework.store import bars as rows
from framework.types import Bars
from framework.types.columns import ARRAYS
from framework.types.intake.records import SeriesKey

DAY = 86_400
DAY_NS = DAY * 10**9
INFY = SeriesKey("INFY", "", "1d")
INSERT = "INSERT INTO ohlc_data (symbol, timeframe, timestamp, open, high, low, close, volume) VALUES "


def daily(symbol="INFY", count=10, first=0, price=10.0):
    close = price + np.arange(count, dtype=float)
    time_ns = (first + np.arange(count)) * DAY_NS
    return Bars.from_arrays(symbol, "1d", time_ns, close, close + 1, close * 0.5, close, close * 100)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "market.sqlite"


@pytest.fixture
def snapshotted(path):
    """A store with INFY and TCS, both loaded once."""
    with open_store(path) as opened:
        for symbol in ("INFY", "TCS"):
            opened.save_bars(daily(symbol))
            opened.load_bars(symbol)
        yield opened


def other_program(path, script, **pragmas):
    """Any program that knows nothing of Tulya: a connection of its own, no pragmas but those asked for."""
    with closing(sqlite3.connect(path)) as connection:
        for name, value in pragmas.items():
            connection.execute(f"PRAGMA {name} = {value}")
        connection.executescript(script)
        connection.commit()


def plain(path, symbol="INFY"):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(
            "SELECT timestamp, open, high, low, close, volume FROM ohlc_data "
            "WHERE symbol = ? AND exchange = '' AND timeframe = '1d' ORDER BY timestamp",
            (symbol,),
        ).fetchall()


def loaded(store, symbol="INFY", **span):
    try:
        bars = store.load_bars(symbol, **span)
    except DataError:
        return []
    columns = [bars.time // 10**9, bars.open, bars.high, bars.low, bars.close]
    volume = [None if np.isnan(value) else value for value in bars.volume.tolist()]
    return list(zip(*(column.tolist() for column in columns), volume, strict=True))


@pytest.fixture
def no_sqlite(monkeypatch):
    """Call it, and from then on no bar can be read from SQLite."""

    def forbid():
        def read(*_):
            raise AssertionError("the bars were read from SQLite")

        monkeypatch.setattr(rows, "read", read)

    return forbid


def test_the_second_load_is_the_first_one_without_a_row_of_sqlite(snapshotted, no_sqlite):
    first = daily()
    no_sqlite()
    second = snapshotted.load_bars("INFY")
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
        assert getattr(first, name).dtype == getattr(second, name).dtype
        assert not getattr(second, name).flags.writeable
    assert first.instrument == second.instrument


def test_a_large_series_that_was_written_whole_has_its_snapshot_at_once(store, path, no_sqlite):
    bars = daily(count=10_000)
    bars.volume.setflags(write=True)
    bars.volume[:3] = (0.0, -0.0, np.nan)
    store.save_bars(bars)
    store.save_bars(daily(count=10_001))
    found = plain(path)
    assert found == loaded(store)
    other_program(path, "DELETE FROM ohlc_data")
    store.save_bars(bars)
    no_sqlite()
    again = store.load_bars("INFY")
    np.testing.assert_array_equal(bars.volume, again.volume)
    assert not np.signbit(again.volume[:2]).any()
    assert found[3:10_000] == loaded(store)[3:]


def test_what_anothers_trigger_makes_of_written_bars_is_seen(store, path):
    other_program(
        path,
        "CREATE TRIGGER rounds AFTER INSERT ON ohlc_data BEGIN UPDATE ohlc_data SET volume = 7 "
        "WHERE symbol = NEW.symbol AND timestamp = NEW.timestamp; END",
    )
    store.save_bars(daily(count=10_000))
    assert {7.0} == {row[5] for row in loaded(store)}


def test_large_snapshots_are_mapped_and_beyond_a_number_of_maps_read(snapshotted, no_sqlite, monkeypatch):
    monkeypatch.setattr(snapshots, "SMALL_BYTES", 0)
    monkeypatch.setattr(snapshots, "MAPS", 1)
    no_sqlite()
    mapped = snapshotted.load_bars("INFY")
    assert 1 == len(snapshots._open_maps)
    read = snapshotted.load_bars("TCS")
    assert 1 == len(snapshots._open_maps)
    assert mapped.close.tolist() == read.close.tolist()
    del mapped
    assert 0 == len(snapshots._open_maps)


CHANGES = {
    "update": "UPDATE ohlc_data SET high = 99 WHERE symbol = 'INFY' AND timestamp = 0",
    "insert": INSERT + "('INFY', '1d', 86400000, 1, 2, 1, 2, NULL)",
    "delete": "DELETE FROM ohlc_data WHERE symbol = 'INFY' AND timestamp = 86400",
    "delete all": "DELETE FROM ohlc_data",
    "replace": INSERT.replace("INSERT", "REPLACE") + "('INFY', '1d', 0, 5, 6, 5, 6, NULL)",
    "upsert": INSERT + "('INFY', '1d', 0, 5, 6, 5, 6, NULL) ON CONFLICT DO UPDATE SET low = 1, volume = 0",
    "insert that is ignored": INSERT.replace("INSERT", "INSERT OR IGNORE") + "('INFY', '1d', 0, 5, 6, 5, 6, NULL)",
    "move over a bar": "UPDATE OR REPLACE ohlc_data SET timestamp = 86400 WHERE symbol = 'INFY' AND timestamp = 0",
    "rename away": "UPDATE ohlc_data SET symbol = 'WIPRO' WHERE symbol = 'INFY'",
    "rename over": "DELETE FROM ohlc_data WHERE symbol = 'INFY'; UPDATE ohlc_data SET symbol = 'INFY', close = low",
    "rename over with replace": "UPDATE OR REPLACE ohlc_data SET symbol = 'INFY', close = low WHERE symbol = 'TCS'",
    "other timeframe": "UPDATE ohlc_data SET timeframe = '1h' WHERE symbol = 'INFY' AND timestamp > 86400",
    "other exchange": "UPDATE ohlc_data SET exchange = 'NSE' WHERE symbol = 'INFY' AND timestamp > 86400",
    "there and back": "UPDATE ohlc_data SET low = 1; UPDATE ohlc_data SET low = 2; UPDATE ohlc_data SET low = open",
    "a table in its place": "CREATE TABLE copy AS SELECT * FROM ohlc_data; DROP TABLE ohlc_data; "
    "CREATE TABLE ohlc_data AS SELECT * FROM copy; UPDATE ohlc_data SET low = 1",
    "triggers away for a while": """
        CREATE TEMP TABLE away AS SELECT sql FROM sqlite_master WHERE name = 'series_revisions_update';
        DROP TRIGGER series_revisions_update;
        UPDATE ohlc_data SET low = 1;
        CREATE TRIGGER series_revisions_update AFTER UPDATE ON ohlc_data
        FOR EACH ROW BEGIN DELETE FROM series_revisions WHERE symbol = OLD.symbol; END;""",
    "rolled back": "BEGIN; UPDATE ohlc_data SET low = 1; DELETE FROM ohlc_data WHERE timestamp > 0; ROLLBACK",
    "partly rolled back": "BEGIN; UPDATE ohlc_data SET low = 1 WHERE timestamp = 0; SAVEPOINT s; "
    "DELETE FROM ohlc_data; ROLLBACK TO s; COMMIT",
    "vacuum": "UPDATE ohlc_data SET low = 1; VACUUM",
    "view's table": "CREATE TRIGGER echo AFTER INSERT ON trading_sessions BEGIN UPDATE ohlc_data SET low = 1; END; "
    "INSERT INTO trading_sessions (timestamp) VALUES (0)",
}  # fmt: skip


@pytest.mark.parametrize("recursive", [0, 1])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_another_program_changes_is_seen(snapshotted, path, change, recursive):
    before = {symbol: plain(path, symbol) for symbol in ("INFY", "TCS")}
    assert 10 == len(before["INFY"])
    other_program(path, change, recursive_triggers=recursive)
    for symbol in ("INFY", "TCS", "WIPRO"):
        for _ in range(3):  # from SQLite, and from the snapshot that may have been left
            found = plain(path, symbol)
            known = snapshotted.connection.execute("SELECT 1 FROM instruments WHERE symbol = ?", (symbol,)).fetchone()
            assert (found if known else []) == loaded(snapshotted, symbol)
    with open_store(path) as anew:
        assert plain(path) == loaded(anew)


def test_a_change_through_an_attached_file_is_seen(snapshotted, path):
    script = f"ATTACH '{path}' AS prices; UPDATE prices.ohlc_data SET high = 99 WHERE symbol = 'INFY'"  # noqa: S608 - our own path
    other_program(path.with_name("other.sqlite"), script)
    assert [99.0] * 10 == [row[2] for row in loaded(snapshotted)]


def test_a_change_of_one_series_leaves_the_snapshots_of_the_others(snapshotted, path, no_sqlite):
    other_program(path, CHANGES["update"])
    no_sqlite()
    assert plain(path, "TCS") == loaded(snapshotted, "TCS")
    with pytest.raises(AssertionError, match="read from SQLite"):
        snapshotted.load_bars("INFY")


def test_a_change_that_is_rolled_back_leaves_the_snapshot(snapshotted, path, no_sqlite):
    other_program(path, CHANGES["rolled back"])
    no_sqlite()
    assert plain(path) == loaded(snapshotted)


def test_what_is_loaded_inside_an_open_transaction_is_never_kept(snapshotted, path):
    before = plain(path)
    snapshotted.connection.execute("BEGIN")
    snapshotted.connection.execute("UPDATE ohlc_data SET high = 99")
    assert [99.0] * 10 == [row[2] for row in loaded(snapshotted)]
    snapshotted.connection.execute("ROLLBACK")
    assert before == loaded(snapshotted)
    other_program(path, CHANGES["update"])
    assert plain(path) == loaded(snapshotted)


def test_a_restored_backup_and_what_is_done_to_it_is_seen(path, tmp_path):
    backup = tmp_path / "backup.sqlite"
    with open_store(path) as store:
        store.save_bars(daily())
        old = loaded(store)
        store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(path, backup)
        other_program(path, "UPDATE ohlc_data SET high = 50")
        assert [50.0] * 10 == [row[2] for row in loaded(store)]
    shutil.copy(backup, path)
    with open_store(path) as store:
        assert old == loaded(store)
        other_program(path, "UPDATE ohlc_data SET high = 60")  # as many changes as above, other values
        assert [60.0] * 10 == [row[2] for row in loaded(store)]


def test_another_file_under_the_same_name_is_seen(path, tmp_path):
    for price, name in ((10.0, "market.sqlite"), (70.0, "other.sqlite")):
        with open_store(tmp_path / name) as store:
            store.save_bars(daily(price=price))
            assert price == store.load_bars("INFY").close[0]
    (tmp_path / "other.sqlite").replace(path)
    with open_store(path) as store:
        assert 70.0 == store.load_bars("INFY").close[0]


def test_a_file_rebuilt_from_an_edited_dump_is_seen(path):
    with open_store(path) as store:
        store.save_bars(daily())
        store.load_bars("INFY")
        schema = store.connection.execute("PRAGMA schema_version").fetchone()[0]
    with closing(sqlite3.connect(path)) as connection:
        dump = "\n".join(connection.iterdump()).replace("19.0,20.0,9.5,19.0", "19.0,99.0,9.5,19.0")
    path.unlink()
    other_program(path, dump)
    other_program(path, f"PRAGMA schema_version = {schema}")  # as chance would have it
    with open_store(path) as store:
        assert 99.0 == store.load_bars("INFY").high[-1]
        assert plain(path) == loaded(store)


def test_without_its_triggers_a_file_is_read_without_snapshots(path):
    with open_store(path) as store:
        store.save_bars(daily())
        other_program(path, "DROP TRIGGER series_revisions_delete")
        shutil.rmtree(store.snapshots, ignore_errors=True)
        assert plain(path) == loaded(store)
        other_program(path, CHANGES["delete"])
        assert plain(path) == loaded(store)
        assert not store.snapshots.exists()


def damage(content, at, value):
    return content[:at] + bytes([content[at] ^ value]) + content[at + 1 :]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: b"",
        lambda content: content[:50],
        lambda content: content[:-8],
        lambda content: content + b"\0" * 72,
        lambda content: content[:5000] + b"\0" * (len(content) - 5000),
        lambda content: damage(content, 0, 1),  # another format
        lambda content: damage(content, 8, 1),  # another number of rows
        lambda content: damage(content, 20, 1),  # another revision
        lambda content: damage(content, len(content) - 3, 64),  # another last value
        lambda content: content[:4096] + content[4176:4256] + content[4096:4176] + content[4256:],  # columns swapped
    ],
)
def test_a_damaged_snapshot_is_read_anew_from_sqlite_and_mended(snapshotted, path, spoil, no_sqlite):
    file = snapshots.path_of(snapshotted.snapshots, INFY)
    content = file.read_bytes()
    file.unlink()
    file.write_bytes(spoil(content))
    assert plain(path) == loaded(snapshotted)
    no_sqlite()
    assert plain(path) == loaded(snapshotted)


def test_snapshots_may_be_removed_at_any_time(snapshotted, path, monkeypatch):
    monkeypatch.setattr(snapshots, "SMALL_BYTES", 0)
    bars = snapshotted.load_bars("INFY")
    shutil.rmtree(snapshotted.snapshots)
    assert daily().close.tolist() == bars.close.tolist()
    assert plain(path) == loaded(snapshotted)
    assert [snapshots.path_of(snapshotted.snapshots, INFY)] == list(snapshotted.snapshots.iterdir())


def test_where_no_snapshot_can_be_written_everything_is_read_from_sqlite(path):
    path.with_name("market.sqlite.snapshots").write_text("a file where the folder would be")
    with open_store(path) as store:
        store.save_bars(daily())
        for _ in range(2):
            assert plain(path) == loaded(store)


def test_a_full_disk_leaves_no_half_snapshot(snapshotted, path, monkeypatch):
    other_program(path, CHANGES["update"])

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    assert plain(path) == loaded(snapshotted)
    assert [] == list(snapshotted.snapshots.glob("*.tmp"))


def test_what_a_killed_process_left_is_removed_after_an_hour(snapshotted, path):
    young, old = snapshotted.snapshots / "young.tmp", snapshotted.snapshots / "old.tmp"
    for file in (young, old):
        file.write_bytes(b"half")
    os.utime(old, (time.time() - 4_000,) * 2)
    other_program(path, CHANGES["update"])
    snapshotted.load_bars("INFY")
    assert (True, False) == (young.exists(), old.exists())


def test_a_reader_does_not_wait_for_a_writer(snapshotted, path):
    snapshotted.connection.execute("PRAGMA busy_timeout = 3600000")  # who waits for the writer waits for an hour
    other_program(path, CHANGES["update"])
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE ohlc_data SET high = 77")
        assert 99.0 == snapshotted.load_bars("INFY").high[0]
        writer.execute("COMMIT")
    assert 77.0 == snapshotted.load_bars("INFY").high[0]
    assert 1_000 == snapshotted.connection.execute("PRAGMA busy_timeout").fetchone()[0]


def test_a_load_in_the_middle_of_a_query_works(snapshotted, path):
    other_program(path, CHANGES["update"])
    found = []
    for (symbol,) in snapshotted.connection.execute("SELECT symbol FROM instruments ORDER BY symbol"):
        found.append((symbol, loaded(snapshotted, symbol)))
    assert [(symbol, plain(path, symbol)) for symbol in ("INFY", "TCS")] == found


def test_a_new_time_zone_cuts_the_sessions_anew(store):
    evening = Bars.from_arrays("GOLD", "1m", np.array([20 * 3600 * 10**9]), [1], [1], [1], [1])
    store.save_bars(evening)
    assert [0] == store.load_bars("GOLD", "1m").session.tolist()
    store.connection.execute("UPDATE instruments SET timezone = 'Asia/Kolkata'")
    for _ in range(2):
        assert [1] == store.load_bars("GOLD", "1m").session.tolist()  # 01:30 on the next day


def test_ranges_are_cut_from_the_snapshot(snapshotted, path, no_sqlite):
    no_sqlite()
    span = {"start": date(1970, 1, 3), "end": date(1970, 1, 5)}
    assert plain(path)[2:5] == loaded(snapshotted, **span)
    assert plain(path)[2:] == loaded(snapshotted, start=date(1970, 1, 3))
    assert plain(path)[:5] == loaded(snapshotted, end=date(1970, 1, 5))
    assert not snapshotted.load_bars("INFY", **span).close.flags.writeable


@pytest.mark.parametrize(("days", "kept"), [(3, False), (7, True)])
def test_a_load_of_at_least_half_of_a_series_leaves_a_snapshot_of_all_of_it(store, path, days, kept, no_sqlite):
    store.save_bars(daily())
    store.connection.execute("UPDATE ohlc_data SET volume = 1")
    assert plain(path)[:days] == loaded(store, end=date(1970, 1, days))
    no_sqlite()
    if kept:
        assert plain(path) == loaded(store)
    else:
        with pytest.raises(AssertionError, match="read from SQLite"):
            store.load_bars("INFY")


def test_a_bar_without_its_instrument_is_refused_at_the_end_of_the_transaction(store):
    from framework.store.database import transaction

    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"), transaction(store.connection):
        store.connection.execute(INSERT + "('NOBODY', '1d', 0, 1, 1, 1, 1, NULL)")
    assert not store.connection.in_transaction
    assert [] == store.series()


@pytest.mark.parametrize("stamp", ["1.5", "'tomorrow'", "'12x'", "x'31'", "NULL", "1e300", "9e999"])
def test_a_time_that_is_no_whole_number_is_refused(store, stamp):
    store.save_bars(daily())
    with pytest.raises(sqlite3.IntegrityError):
        store.connection.execute(INSERT + f"('INFY', '1d', {stamp}, 1, 1, 1, 1, NULL)")


def test_a_value_that_is_no_number_is_told_in_a_sentence(store, path, monkeypatch):
    monkeypatch.setattr(rows, "CHUNK_ROWS", 3)
    store.save_bars(daily())
    other_program(path, "UPDATE ohlc_data SET low = 'low' WHERE timestamp = 432000", ignore_check_constraints=1)
    with pytest.raises(DataError, match="INFY: a 1d bar in ohlc_data holds what is no number"):
        store.load_bars("INFY")


def test_a_file_in_another_encoding_is_read_all_the_same(path):
    other_program(path, "PRAGMA encoding = 'UTF-16'; CREATE TABLE mine (a)")
    with open_store(path) as store:
        store.save_bars(daily())
        store.connection.execute("UPDATE ohlc_data SET volume = NULL WHERE timestamp = 0")
        for _ in range(2):
            assert plain(path) == loaded(store)


def test_a_series_of_more_than_a_chunk_is_read_whole(store, path, monkeypatch):
    monkeypatch.setattr(rows, "CHUNK_ROWS", 5)
    for count in (4, 5, 6, 10, 11):
        store.save_bars(daily(count=count))
        store.connection.execute("UPDATE ohlc_data SET volume = 1")
        assert plain(path) == loaded(store)


WORK = """
import sys
from pathlib import Path
from framework.store import open_store
with open_store(Path(sys.argv[1])) as store:
    for turn in range(60):
        store.connection.execute("UPDATE ohlc_data SET close = low, volume = volume + 1 WHERE symbol = 'INFY'")
        volume = store.load_bars("INFY").volume
        assert (volume == volume[0]).all() and volume[0] >= turn, volume
        store.load_bars("TCS")
"""


def test_two_processes_at_once_see_whole_states_only(snapshotted, path):
    other_program(path, "UPDATE ohlc_data SET volume = 0")
    workers = [subprocess.Popen([sys.executable, "-c", WORK, str(path)], stderr=subprocess.PIPE) for _ in range(2)]
    for worker in workers:
        _, errors = worker.communicate(timeout=120)
        assert (0, b"") == (worker.returncode, errors)
    assert {120.0} == {row[5] for row in loaded(snapshotted)}
    assert plain(path) == loaded(snapshotted)


DAYS = st.integers(0, 7)
SYMBOLS = st.sampled_from(["INFY", "TCS"])
PRICE = st.integers(1, 5).map(float)
STEPS = st.one_of(
    st.tuples(st.just("save"), SYMBOLS, DAYS, st.integers(1, 4), PRICE),
    st.tuples(st.just("load"), SYMBOLS, DAYS, DAYS, PRICE),
    st.tuples(st.sampled_from(["insert", "update", "delete", "rename", "move"]), SYMBOLS, DAYS, DAYS, PRICE),
)
FOREIGN = {
    "insert": "INSERT OR REPLACE INTO ohlc_data (symbol, timeframe, timestamp, open, high, low, close) "
    "VALUES (:symbol, '1d', :first * 86400, :price, :price, :price, :price)",
    "update": "UPDATE ohlc_data SET volume = :price WHERE symbol = :symbol AND timestamp >= :first * 86400",
    "delete": "DELETE FROM ohlc_data WHERE symbol = :symbol AND timestamp >= :first * 86400",
    "rename": "UPDATE OR REPLACE ohlc_data SET symbol = CASE symbol WHEN 'INFY' THEN 'TCS' ELSE 'INFY' END "
    "WHERE symbol = :symbol AND timestamp >= :first * 86400",
    "move": "UPDATE OR IGNORE ohlc_data SET timestamp = :last * 86400 "
    "WHERE symbol = :symbol AND timestamp = :first * 86400",
}


@settings(max_examples=60)
@given(st.lists(st.tuples(STEPS, st.booleans(), st.booleans()), min_size=1, max_size=12))
def test_after_any_changes_by_anybody_a_load_is_what_a_plain_select_says(tmp_path_factory, steps):
    path = tmp_path_factory.mktemp("any") / "market.sqlite"
    with open_store(path) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
        for symbol in ("INFY", "TCS"):
            store.save_bars(daily(symbol, count=3))
        for (what, symbol, first, last, price), by_us, kept in steps:
            if what == "save":
                store.save_bars(daily(symbol, last, first, price), replace=kept)
            elif what == "load":
                loaded(store, symbol, start=date(1970, 1, 1 + min(first, last)))
            else:
                connection = store.connection if by_us else other
                connection.execute("BEGIN IMMEDIATE")
                values = {"symbol": symbol, "first": first, "last": last, "price": price}
                connection.execute(FOREIGN[what], values)
                if by_us:
                    loaded(store, symbol)
                connection.execute("COMMIT" if kept else "ROLLBACK")
            for name in ("INFY", "TCS"):
                assert plain(path, name) == loaded(store, name)


def test_panels_come_block_by_block(store):
    symbols = [f"S{number}" for number in range(5)]
    for number, symbol in enumerate(symbols):
        store.save_bars(daily(symbol, count=4, first=number))
    blocks = list(store.panels(symbols, block=2))
    assert [("S0", "S1"), ("S2", "S3"), ("S4",)] == [panel.symbols for panel in blocks]
    assert [5, 5, 4] == [len(panel) for panel in blocks]
    assert [10.0, 11.0, 12.0, 13.0] == blocks[2].close[:, 0].tolist()
    assert SaveCount(0, unchanged=4) == store.save_bars(blocks[1].bars_of(1))
