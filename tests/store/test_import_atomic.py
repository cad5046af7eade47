"""A file is imported whole or not at all, and twice is once."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from framework.errors import StoreError
from framework.store import open_store
from framework.store.importing import ImportOptions, import_files

ROOT = Path(__file__).resolve().parents[2]
ROWS = 250_000
CHILD = """
import sys, time
from pathlib import Path
from framework.store import open_store
from framework.store.importing import ImportOptions, import_files

def progress(what, done, total):
    if what.startswith("writing"):
        print(done, flush=True)
        time.sleep(30)

with open_store(Path(sys.argv[1])) as store:
    import_files(store, [Path(sys.argv[2])], ImportOptions(exchange="NSE"), progress)
"""
TEXT = "Symbol,Date,Open,High,Low,Close\nA,2024-01-01,1,2,1,2\nA,2024-01-02,x,2,1,2\nB,2024-01-01,1,2,1,2\n"


@pytest.fixture
def minutes(tmp_path):
    """A Parquet file of 250,000 minute bars."""
    stamps = (1_600_000_000 // 60 + np.arange(ROWS)) * 60
    close = 100 + np.arange(ROWS) % 50 / 10
    columns = {"open": close, "high": close + 1, "low": close - 1, "close": close, "volume": np.ones(ROWS)}
    path = tmp_path / "minutes.parquet"
    times = pa.array(stamps.astype("datetime64[s]")).cast(pa.timestamp("us", "UTC"))
    pq.write_table(pa.table({"timestamp": times, **columns}), path)
    return path


def test_a_kill_in_the_middle_leaves_nothing_half_written(tmp_path, minutes, take):
    take("before.csv", TEXT)
    database = tmp_path / "market.sqlite"
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, database, minutes], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    written = int(child.stdout.readline())
    os.kill(child.pid, signal.SIGKILL)
    assert -signal.SIGKILL == child.wait()
    assert 0 < written < ROWS
    with open_store(database) as store:
        assert ["A", "B"] == [info.symbol for info in store.series()]
        assert [(1,)] == store.connection.execute("SELECT count(*) FROM data_imports").fetchall()
        assert [("ok",)] == store.connection.execute("PRAGMA integrity_check").fetchall()
        assert [] == store.connection.execute("PRAGMA foreign_key_check").fetchall()
        (summary,) = import_files(store, [minutes], ImportOptions(exchange="NSE"))
        assert ROWS == summary.new == store.series("MINUTES")[0].bars


def test_a_series_that_was_written_but_not_examined_is_examined_by_the_next_import(store, take, monkeypatch, rows):
    monkeypatch.setattr(store, "examine", lambda progress=None: 0)
    take("a.csv", TEXT)
    assert [(0,), (0,)] == rows("SELECT checked FROM quality_checks")
    monkeypatch.undo()
    take("c.csv", "Date,Open,High,Low,Close\n2024-01-01,1,2,1,2\n")
    assert [(1,), (1,), (1,)] == rows("SELECT checked FROM quality_checks")
    assert [("A",), ("B",), ("C",)] == rows("SELECT symbol FROM data_issues WHERE kind = 'no_volume' ORDER BY 1")


def test_an_error_while_writing_leaves_nothing_half_written(store, take, monkeypatch, rows):
    def fail(*_arguments):
        raise RuntimeError("nobody thought of this")

    monkeypatch.setattr("framework.store.writer.touch", fail)
    assert "a.csv cannot be imported: RuntimeError: nobody thought of this" == take("a.csv", TEXT).error
    assert [(0, 0, 0)] == rows(
        "SELECT (SELECT count(*) FROM ohlc_data), (SELECT count(*) FROM data_imports), "
        "(SELECT count(*) FROM data_issues)"
    )


def test_the_store_s_own_trouble_ends_the_import_and_leaves_nothing_either(store, take, monkeypatch, rows):
    def fail(*_arguments):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("framework.store.writer.touch", fail)
    with pytest.raises(StoreError, match="cannot be used as a database: database or disk is full"):
        take("a.csv", TEXT)
    assert [(0,)] == rows("SELECT count(*) FROM ohlc_data")


def test_importing_twice_changes_nothing_but_the_record_of_imports(store, take, rows):
    first = take("a.csv", TEXT)
    before = (
        rows("SELECT * FROM ohlc_data"),
        rows("SELECT symbol, line, kind, reason FROM data_issues ORDER BY 1, 2, 3"),
    )
    second = take("a.csv", TEXT)
    assert before == (
        rows("SELECT * FROM ohlc_data"), rows("SELECT symbol, line, kind, reason FROM data_issues ORDER BY 1, 2, 3")
    )  # fmt: skip
    assert (2, 0, 1) == (first.new, first.unchanged, first.refused)
    assert (0, 2, 1) == (second.new, second.unchanged, second.refused)
    assert [(2, 0), (0, 2)] == rows("SELECT rows_kept, rows_unchanged FROM data_imports")


def test_files_named_by_an_exchange_column_say_their_issues_once_too(take, rows):
    text = "Symbol,Exchange,Date,Open,High,Low,Close\nA,BSE,2024-01-01,x,2,1,2\nA,BSE,2024-01-02,1,2,1,2\n"
    for _ in range(2):
        take("a.csv", text)
    assert [("BSE", 2)] == rows("SELECT exchange, line FROM data_issues WHERE finding = 0")


def test_a_bar_that_differs_is_named_once_per_symbol_and_kept_until_replace(take, rows):
    take("a.csv", "Date,Open,High,Low,Close\n2024-01-01,1,2,1,2\n2024-01-02,1,2,1,2\n2024-01-03,1,2,1,2\n", symbol="A")
    other = "Date,Open,High,Low,Close\n2024-01-01,1,2,1,2\n2024-01-02,1,3,1,2\n2024-01-03,1,3,1,2\n2024-01-04,1,2,1,2\n"
    summary = take("other.csv", other, symbol="A")
    assert (1, 1, 2, 0) == (summary.new, summary.unchanged, summary.conflicting, summary.refused)
    ((file, reason),) = rows("SELECT file, reason FROM data_issues WHERE kind = 'conflict'")
    assert "other.csv" == file
    assert reason.startswith(
        "2 bars differ from the stored ones, which were kept; first on 2024-01-02: high 3 (stored 2)"
    )
    assert [(2.0,)] * 4 == rows("SELECT high FROM ohlc_data")
    summary = take("other.csv", other, symbol="A", replace=True)
    assert (0, 2, 0, 2) == (summary.new, summary.unchanged, summary.conflicting, summary.replaced)
    assert [(2.0,), (3.0,), (3.0,), (2.0,)] == rows("SELECT high FROM ohlc_data ORDER BY timestamp")
    assert [] == rows("SELECT * FROM data_issues WHERE kind = 'conflict'")


def test_the_same_file_for_another_exchange_is_another_series(take, rows):
    take("a.csv", "Date,Open,High,Low,Close\n2024-01-01,1,2,1,2\n", exchange="NSE")
    assert 1 == take("a.csv", "Date,Open,High,Low,Close\n2024-01-01,1,2,1,2\n", exchange="BSE").new
    assert [("BSE",), ("NSE",)] == rows("SELECT exchange FROM ohlc_data ORDER BY 1")


def test_a_reader_is_served_while_an_import_writes(tmp_path, minutes, take):
    take("before.csv", TEXT)
    seen = []

    def progress(what, done, total):
        if what.startswith("writing"):
            with open_store(tmp_path / "market.sqlite") as reader:
                seen.append([info.symbol for info in reader.series()])
                assert 1 == len(reader.load_bars("A"))

    with open_store(tmp_path / "market.sqlite") as store:
        import_files(store, [minutes], ImportOptions(), progress)
    assert [["A", "B"]] * 3 == seen


def test_a_folder_takes_lists_first_and_one_bad_file_stops_no_other(store, tmp_path):
    folder = tmp_path / "prices"
    folder.mkdir()
    (folder / "a.csv").write_text(
        "Symbol,Date,Open,High,Low,Close\nA,2024-01-01,100,100,100,100\nA,2024-01-02,50,50,50,50\n"
    )
    (folder / "b.csv").write_text("Nothing,here\n1,2\n")
    (folder / "c.csv").write_text("symbol,ex_date,factor,kind\nA,2024-01-02,2,split\n")
    (folder / "readme.md").write_text("no data")
    summaries = import_files(store, [folder], ImportOptions())
    assert ["c.csv", "a.csv", "b.csv"] == [summary.path.name for summary in summaries]
    assert ["", ""] == [summary.error for summary in summaries[:2]]
    assert summaries[2].error
    (jump,) = [issue for issue in store.issues(["A"]) if issue.kind == "jump"]
    assert jump.reason.endswith("the split of factor 2 listed for the day is not adjusted for")
