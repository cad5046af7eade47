"""Where journals lie: a file and a table of the store keep one protocol."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from framework.errors import ConfigError
from framework.journal.chain import Sealer, Walk
from framework.journal.errors import JournalError
from framework.journal.file import JournalFile, read_lines
from framework.store import open_store
from framework.store.journal import JournalTable, journal_names
from tests.journal.test_chain import text_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=["file", "table"])
def place(request, tmp_path):
    if request.param == "file":
        opened = JournalFile(tmp_path / "run.journal")
        yield opened
        opened.close()
    else:
        with open_store(tmp_path / "market.sqlite") as store:
            yield JournalTable(store.connection, "paper")


def test_what_was_appended_is_read_back_in_its_order(place):
    sealer = Sealer()
    place.append([sealer(text_of(0))])
    place.append([sealer(text_of(seq)) for seq in range(1, 600)])
    walk = Walk(place.lines())
    assert [text_of(seq) for seq in range(600)] == list(walk)
    assert sealer.head == walk.head
    place.close()
    assert 600 == len(list(place.lines()))


def test_an_empty_place_has_no_entries(tmp_path):
    with open_store(tmp_path / "market.sqlite") as store:
        assert [] == list(JournalTable(store.connection, "paper").lines())
        assert (0, "0" * 64) == JournalTable(store.connection, "paper").head()


# ---------------------------------------------------------------------- the table


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "market.sqlite") as opened:
        yield opened


def test_entries_are_appended_all_or_none(store):
    table, sealer = JournalTable(store.connection, "paper"), Sealer()
    first, second, third = (sealer(text_of(seq)) for seq in range(3))
    with pytest.raises(JournalError, match="journal paper: nothing was appended"):
        table.append([first, second, second])
    assert [] == list(table.lines())
    table.append([first, second, third])
    assert (3, sealer.head) == table.head()


def test_a_second_writer_does_not_come_between(store):
    sealer = Sealer()
    entries = [sealer(text_of(seq)) for seq in range(3)]
    one, other = JournalTable(store.connection, "paper"), JournalTable(store.connection, "paper")
    one.append(entries[:1])
    other.append(entries[1:2])
    with pytest.raises(JournalError, match="another writer has appended"):
        one.append([Sealer(1, entries[0].sha256)(text_of(1, "mine"))])
    with pytest.raises(JournalError, match="an entry is missing"):
        JournalTable(store.connection, "live").append(entries[2:])


@pytest.mark.parametrize(
    "statement", ["UPDATE journal_entries SET entry = '{\"seq\":0}'", "DELETE FROM journal_entries"]
)
def test_the_database_refuses_to_change_and_to_delete(store, statement):
    JournalTable(store.connection, "paper").append([Sealer()(text_of(0))])
    with pytest.raises(sqlite3.IntegrityError, match="the entries of a journal are never"):
        store.connection.execute(statement)


def test_several_journals_lie_side_by_side(store):
    for name in ("paper", "live"):
        sealer = Sealer()
        JournalTable(store.connection, name).append([sealer(text_of(seq, name)) for seq in range(2)])
    assert ["live", "paper"] == journal_names(store.connection)
    assert [text_of(0, "live"), text_of(1, "live")] == list(Walk(JournalTable(store.connection, "live").lines()))


def test_moment_and_kind_can_be_asked_for_in_sql(store):
    JournalTable(store.connection, "paper").append([Sealer()(text_of(0))])
    assert [(0, "input")] == store.connection.execute("SELECT at_ns, kind FROM journal_entries").fetchall()


def test_an_append_waits_for_the_disk_and_prices_do_not(store):
    seen = []
    store.connection.set_trace_callback(seen.append)
    JournalTable(store.connection, "paper").append([Sealer()(text_of(0))])
    store.connection.set_trace_callback(None)
    order = [word for said in seen for word in ("FULL", "COMMIT", "NORMAL") if word in said]
    assert ["FULL", "COMMIT", "NORMAL"] == order


# ---------------------------------------------------------------------- the file


def test_an_earlier_journal_is_replaced_and_any_other_file_is_not(tmp_path):
    path = tmp_path / "new" / "run.journal"
    for word in ("first", "second"):
        place = JournalFile(path)
        place.append([Sealer()(text_of(0, word))])
        place.close()
    assert [text_of(0, "second")] == list(Walk(read_lines(path)))
    prices = tmp_path / "prices.csv"
    prices.write_text("Date,Close\n")
    with pytest.raises(ConfigError, match=r"prices.csv exists and is no journal; choose another file"):
        JournalFile(prices)
    assert "Date,Close\n" == prices.read_text()
    with pytest.raises(ConfigError, match="is a folder; give the journal a file"):
        JournalFile(tmp_path)


def test_what_is_no_journal_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "prices.csv").write_text("Date,Close\n")
    with pytest.raises(JournalError, match=r"prices.csv is no journal of Tulya"):
        list(read_lines(tmp_path / "prices.csv"))
    with pytest.raises(JournalError, match=r"none.journal cannot be read as a journal \(No such file"):
        list(read_lines(tmp_path / "none.journal"))


WRITES_FOR_EVER = """
import itertools, sys
from pathlib import Path
from framework.journal.chain import Sealer
from framework.journal.file import JournalFile
from tests.journal.test_chain import text_of
place, sealer = JournalFile(Path(sys.argv[1])), Sealer()
for seq in itertools.count():
    place.append([sealer(text_of(seq, "word " * (seq % 50)))])
"""


def test_kill_9_while_writing_leaves_a_prefix_that_verifies(tmp_path):
    path = tmp_path / "run.journal"
    writer = subprocess.Popen([sys.executable, "-c", WRITES_FOR_EVER, str(path)], cwd=ROOT)
    try:
        until = time.monotonic() + 60
        while not (path.is_file() and path.stat().st_size > 3_000_000) and time.monotonic() < until:
            time.sleep(0.01)
    finally:
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
    walk = Walk(read_lines(path))
    numbers = [int(text.rpartition(b":")[2][:-1]) for text in walk]
    assert list(range(walk.entries)) == numbers
    assert walk.entries > 1_000
    assert walk.broken is None
