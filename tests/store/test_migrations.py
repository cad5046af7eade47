"""The file: created, migrated, guarded."""

from __future__ import annotations

import sqlite3
import threading

import pytest

from framework.errors import DataError
from framework.store import database, open_store


def test_a_new_file_and_its_folder_are_created_with_every_migration_recorded(tmp_path):
    path = tmp_path / "new" / "folder" / "market.sqlite"
    with open_store(path) as store:
        recorded = store.connection.execute("SELECT version, name FROM schema_migrations ORDER BY version").fetchall()
    assert [(1, "0001_market_data.sql"), (2, "0002_imports_and_issues.sql"), (3, "0003_backtest_runs.sql")] == recorded[
        :3
    ]
    assert [version for version, _ in recorded] == list(range(1, len(recorded) + 1))


def test_opening_again_changes_nothing(tmp_path):
    path = tmp_path / "market.sqlite"
    with open_store(path) as store:
        before = store.connection.execute("SELECT * FROM schema_migrations").fetchall()
    with open_store(path) as store:
        assert before == store.connection.execute("SELECT * FROM schema_migrations").fetchall()


def test_the_file_is_in_wal_mode_with_foreign_keys_and_a_timeout(store):
    assert "wal" == store.connection.execute("PRAGMA journal_mode").fetchone()[0]
    assert 1 == store.connection.execute("PRAGMA foreign_keys").fetchone()[0]
    assert 1_000 == store.connection.execute("PRAGMA busy_timeout").fetchone()[0]


def test_a_newer_file_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "market.sqlite"
    with open_store(path) as store:
        store.connection.execute("INSERT INTO schema_migrations (version, name) VALUES (99, '0099_later.sql')")
    with pytest.raises(DataError, match=r"newer Tulya \(schema 99, this one knows \d+\); upgrade"):
        open_store(path)


def test_a_file_that_is_no_database_is_refused_in_a_sentence(tmp_path):
    path = tmp_path / "market.sqlite"
    path.write_text("Date,Open,High,Low,Close\n" * 100)
    with pytest.raises(DataError, match=r"damaged or no database.*--db"):
        open_store(path)
    assert path.read_text().startswith("Date,Open")


def test_a_failing_migration_leaves_the_file_at_the_step_before(tmp_path, monkeypatch):
    path = tmp_path / "market.sqlite"
    steps = database.migrations()
    broken = database.Migration(
        len(steps) + 1, "broken.sql", "CREATE TABLE half (a INTEGER);\nCREATE TABLE half (a);\n"
    )
    monkeypatch.setattr(database, "migrations", lambda: [*steps, broken])
    with pytest.raises(DataError, match="half"):
        open_store(path)
    monkeypatch.undo()
    with open_store(path) as store:
        names = {row[0] for row in store.connection.execute("SELECT name FROM sqlite_master")}
    assert "half" not in names
    assert "ohlc_data" in names


def test_two_openers_at_once_both_get_a_whole_schema(tmp_path):
    path, errors = tmp_path / "market.sqlite", []

    def opener():
        try:
            with open_store(path) as store:
                store.series()
        except Exception as error:  # noqa: BLE001 - whatever it is, the test wants to see it
            errors.append(error)

    threads = [threading.Thread(target=opener) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [] == errors


def test_every_table_and_index_is_named_by_the_convention(store):
    objects = store.connection.execute(
        "SELECT type, name, tbl_name FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
    ).fetchall()
    assert objects
    for kind, name, table in objects:
        assert name == name.lower()
        if kind == "index":
            assert name.startswith(f"idx_{table}_")
            column = name.removeprefix(f"idx_{table}_")
            columns = {row[1] for row in store.connection.execute(f"PRAGMA table_info({table})")}
            assert any(column.startswith(known) for known in columns)
        if kind == "table" and table != "schema_migrations":
            columns = {row[1] for row in store.connection.execute(f"PRAGMA table_info({table})")}
            assert {"created_at", "updated_at"} <= columns


@pytest.mark.parametrize(
    ("prices", "what"),
    [
        ((10, 9, 11, 10, 5), "high below low"),
        ((12, 11, 9, 10, 5), "open above high"),
        ((8, 11, 9, 10, 5), "open below low"),
        ((10, 11, 9, 12, 5), "close above high"),
        ((10, 11, 9, 8, 5), "close below low"),
        ((0, 11, 0, 8, 5), "price of zero"),
        ((10, 11, -9, 10, 5), "negative price"),
        ((10, float("inf"), 9, 10, 5), "infinite price"),
        ((10, float("nan"), 9, 10, 5), "price that is not a number"),
        ((10, 11, 9, 10, -1), "negative volume"),
    ],
)
def test_the_database_itself_refuses_what_is_no_bar(store, prices, what):
    store.connection.execute("INSERT INTO instruments (symbol) VALUES ('X')")
    with pytest.raises(sqlite3.IntegrityError):
        store.connection.execute(
            "INSERT INTO ohlc_data (symbol, timeframe, timestamp, open, high, low, close, volume) "
            "VALUES ('X', '1d', 0, ?, ?, ?, ?, ?)",
            prices,
        )


def test_updated_at_follows_an_update_and_created_at_does_not(store):
    store.connection.execute("INSERT INTO instruments (symbol) VALUES ('X')")
    store.connection.execute(
        "INSERT INTO ohlc_data (symbol, timeframe, timestamp, open, high, low, close, created_at, updated_at) "
        "VALUES ('X', '1d', 0, 1, 1, 1, 1, 5, 5)"
    )
    store.connection.execute("UPDATE ohlc_data SET high = 2 WHERE symbol = 'X'")
    created, updated = store.connection.execute("SELECT created_at, updated_at FROM ohlc_data").fetchone()
    assert 5 == created
    assert updated > 1_700_000_000


def test_a_bar_needs_its_instrument(store):
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        store.connection.execute(
            "INSERT INTO ohlc_data (symbol, timeframe, timestamp, open, high, low, close) "
            "VALUES ('NOBODY', '1d', 0, 1, 1, 1, 1)"
        )


def test_ctrl_c_that_comes_after_the_commit_is_told_as_ctrl_c(tmp_path):
    connection = sqlite3.connect(tmp_path / "a.sqlite", isolation_level=None)
    connection.execute("CREATE TABLE kept (number)")

    def interrupted_late():
        with database.transaction(connection):
            connection.execute("INSERT INTO kept VALUES (1)")
            connection.execute("COMMIT")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted_late()
    assert [(1,)] == connection.execute("SELECT number FROM kept").fetchall()
    connection.close()
