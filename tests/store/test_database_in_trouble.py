"""A database that another program holds, that cannot be written, is damaged or full: a sentence, and nothing lost."""

import sqlite3
import threading
import time

import numpy as np
import pytest

from framework import backtest
from framework.errors import DataError
from framework.run.history import bundle_folder, find, keep, kept_or_why
from framework.store import open_store
from framework.store.database import transaction
from framework.store.lock_wait import holders, limit_s, patiently
from framework.store.trouble import trouble
from framework.strategy import Strategy
from framework.types import Bars, Signals

DAY = 86_400_000_000_000


class Long(Strategy):
    """Long from the first close on."""

    def signals(self, bars):
        return Signals(target=np.ones(len(bars)))


@pytest.fixture
def db(tmp_path):
    price = np.linspace(100, 110, 50)
    path = tmp_path / "m.sqlite"
    with open_store(path) as store:
        store.save_bars(Bars.from_arrays("X", "1d", (19_723 + np.arange(50)) * DAY, price, price, price, price))
    return path


@pytest.fixture
def result(db):
    return backtest(Long(), "X", db=db, causality="off")


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setenv("TULYA_LOCK_WAIT", "0.3")


def held(db):
    other = sqlite3.connect(db, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    return other


@pytest.mark.usefixtures("impatient")
def test_a_lock_that_does_not_end_is_a_sentence_after_the_limit(db, result):
    with held(db), pytest.raises(DataError, match=r"m\.sqlite has been locked by another program for \d+ s"):
        keep(result, db)


def test_a_lock_that_ends_is_waited_for_and_told_of(db, result, monkeypatch, capsys):
    monkeypatch.setattr("framework.store.lock_wait.TOLD_AFTER_S", 0.0)
    other = held(db)
    threading.Timer(1.5, other.execute, ("ROLLBACK",)).start()
    began = time.monotonic()
    keep(result, db)
    assert 1.0 < time.monotonic() - began
    assert "m.sqlite is locked by another program" in capsys.readouterr().err
    with open_store(db) as store:
        assert [result.run_id] == [run.run_id for run in store.runs()]


@pytest.mark.usefixtures("impatient")
def test_a_finished_run_that_could_not_be_listed_is_listed_by_the_next_one_in_the_order_they_were_made(db, result):
    with held(db):
        why = kept_or_why(result, db)
    assert why.startswith("not listed: ")
    assert (bundle_folder(db, result.run_id) / "result.json").is_file()
    later = backtest(Long(), "X", db=db, causality="off")
    assert "" == kept_or_why(later, db)
    with open_store(db) as store:
        assert {result.run_id, later.run_id} == store.run_ids()
        assert result.final_equity == store.run(result.run_id).final_equity_paise / 100
    assert find(result.run_id, db) == result


def test_a_bundle_that_cannot_be_read_keeps_no_other_from_being_listed(db, result):
    broken = bundle_folder(db, "20200101-000000-broken-0000")
    broken.mkdir(parents=True)
    (broken / "result.json").write_text("{}")
    assert "" == kept_or_why(result, db)
    with open_store(db) as store:
        assert {result.run_id} == store.run_ids()


def test_an_exclusive_lock_is_waited_for_at_opening_too(db, monkeypatch):
    monkeypatch.setenv("TULYA_LOCK_WAIT", "0.2")
    other = sqlite3.connect(db, isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(DataError, match="has been locked by another program"), open_store(db):
        pass


def test_a_damaged_file_is_called_damaged(db):
    content = bytearray(db.read_bytes())
    for page in range(3 * 8_192, len(content), 2 * 8_192):
        content[page : page + 4_096] = bytes(range(256)) * 16
    db.write_bytes(content)
    with pytest.raises(DataError, match=r"m\.sqlite is damaged or no database"):
        backtest(Long(), "X", db=db, causality="off")


def test_a_file_that_is_no_database_is_called_so(tmp_path):
    path = tmp_path / "m.sqlite"
    path.write_text("Date,Open,High,Low,Close\n" * 400)
    with pytest.raises(DataError, match="damaged or no database"), open_store(path):
        pass


def test_a_table_that_is_missing_is_named(db, result):
    with sqlite3.connect(db) as other:
        other.execute("DROP TABLE backtest_runs")
    assert "no such table: backtest_runs" in kept_or_why(result, db)


def test_a_full_disk_undoes_what_was_begun_and_names_the_file(db):
    def filled():
        with open_store(db) as store:
            pages = store.connection.execute("PRAGMA page_count").fetchone()[0]
            store.connection.execute(f"PRAGMA max_page_count = {pages}")
            with transaction(store.connection):
                store.connection.execute("CREATE TABLE big (x)")
                store.connection.executemany("INSERT INTO big VALUES (zeroblob(9000))", [()] * 100)

    with pytest.raises(DataError, match=r"the disk that holds .*m\.sqlite is full"):
        filled()
    with open_store(db) as store:
        assert not store.connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'big'").fetchall()


def test_a_database_that_cannot_be_written_is_read_as_it_lies(db, monkeypatch):
    """The file system refuses to write: as root nothing else does, so the opening for writing fails here."""
    from framework.store import database

    opened = database._opened

    def refused(path, uri):
        if uri.endswith("mode=rwc"):
            error = sqlite3.OperationalError("unable to open database file")
            error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
            raise error
        return opened(path, uri)

    monkeypatch.setattr(database, "_opened", refused)
    result = backtest(Long(), "X", db=db, causality="off")
    assert "is read-only" in kept_or_why(result, db)
    with open_store(db) as store:
        assert 50 == len(store.load_bars("X"))


@pytest.mark.parametrize("text", ["-1", "soon", "nan", "inf"])
def test_a_limit_that_is_no_number_of_seconds_is_refused(monkeypatch, text):
    monkeypatch.setenv("TULYA_LOCK_WAIT", text)
    with pytest.raises(DataError, match="TULYA_LOCK_WAIT"):
        limit_s()


def test_the_limit_is_a_minute_where_nothing_is_said(monkeypatch):
    monkeypatch.delenv("TULYA_LOCK_WAIT", raising=False)
    assert 60.0 == limit_s()


def test_an_error_that_is_no_lock_is_not_waited_for(tmp_path):
    def broken():
        raise sqlite3.OperationalError("syntax")

    with pytest.raises(sqlite3.OperationalError):
        patiently(tmp_path, broken)


def test_this_process_does_not_name_itself_as_the_one_to_look_for(db):
    with open_store(db):
        assert [] == list(holders(db))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (sqlite3.SQLITE_IOERR, "the disk reports an error"),
        (sqlite3.SQLITE_IOERR_WRITE, "the disk reports an error"),
        (sqlite3.SQLITE_CANTOPEN, "cannot be opened"),
        (sqlite3.SQLITE_MISMATCH, "cannot be used as a database"),
    ],
)
def test_every_code_of_sqlite_is_a_sentence_with_the_file(tmp_path, code, words):
    error = sqlite3.OperationalError("x")
    error.sqlite_errorcode = code
    told = str(trouble(tmp_path / "m.sqlite", error))
    assert words in told
    assert "m.sqlite" in told
