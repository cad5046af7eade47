"""The account's journal on disk: who may write, what is refused, what a reader sees."""

import os
import re
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from framework.errors import ConfigError
from framework.journal.chain import Sealer, Walk
from framework.journal.errors import JournalBrokenError, JournalError, JournalFencedError, TagTakenError
from framework.store import journal_database
from framework.store.account_files import accounts, journal_path, run_folder
from framework.store.journal_connection import refuse_old_sqlite
from framework.store.journal_database import JournalDatabase
from framework.store.journal_reader import JournalReader
from tests.journal.test_chain import text_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "new" / "market-paper.journal.sqlite"


@pytest.fixture
def database(path):
    opened = JournalDatabase(path, "paper", "paper", free=0)
    opened.begin_run("first")
    yield opened
    opened.close()


def reopened(path, run="second"):
    opened = JournalDatabase(path, "paper", "paper", free=0)
    opened.begin_run(run)
    return opened


# ---------------------------------------------------------------------- entries


@pytest.mark.parametrize("durable", [True, False])
def test_what_was_appended_is_read_back_in_its_order(database, path, durable):
    sealer = Sealer()
    database.append([sealer(text_of(0))], durable=durable)
    database.append([sealer(text_of(seq)) for seq in range(1, 1_200)], durable=durable)
    walk = Walk(database.lines())
    assert [text_of(seq) for seq in range(1_200)] == list(walk)
    assert (1_200, sealer.head) == database.head()
    with JournalReader(path) as reader:
        assert [text_of(seq) for seq in range(1_200)] == list(Walk(reader.lines()))
        assert (1_200, sealer.head) == reader.head()


def test_a_restart_goes_on_where_the_last_process_ended(database, path):
    sealer = Sealer()
    database.append([sealer(text_of(0))])
    database.close()
    again = JournalDatabase(path, "paper", "paper", free=0)
    assert (1, sealer.head) == again.begin_run("second")
    again.append([sealer(text_of(1))])
    assert [text_of(0), text_of(1)] == list(Walk(again.lines()))
    again.close()


def test_an_empty_append_writes_nothing(database):
    database.append([])
    assert (0, "0" * 64) == database.head()


def test_entries_are_appended_all_or_none_and_an_error_is_final(database, path):
    sealer = Sealer()
    first, second = sealer(text_of(0), "t1"), sealer(text_of(1), "t1")
    with pytest.raises(TagTakenError, match="nothing was appended"):
        database.append([first, second])
    with pytest.raises(JournalError, match="nothing is appended after an error"):
        database.append([first])
    with pytest.raises(JournalError, match="nothing is appended after an error"):
        database.begin_run("other")
    assert "UNIQUE" in database.failed
    database.close()
    with JournalReader(path) as reader:
        assert [] == reader.after(-1)


def test_a_tag_is_unique_over_restarts_and_entries_without_one_are_many(database, path):
    sealer = Sealer()
    database.append([sealer(text_of(0)), sealer(text_of(1)), sealer(text_of(2), "t1")])
    database.close()
    again = reopened(path)
    with pytest.raises(TagTakenError):
        again.append([sealer(text_of(3), "t1")])
    again.close()
    with JournalReader(path) as reader:
        assert ["", "", "t1"] == [entry.tag for entry in reader.after(-1)]


@pytest.mark.parametrize("start", [(0, "0" * 64), (2, "0" * 64), (1, "f" * 64)])
def test_an_entry_that_is_not_chained_to_the_latest_is_refused(database, start):
    database.append([Sealer()(text_of(0))])
    with pytest.raises(JournalBrokenError, match="is not chained to entry 0"):
        database.append([Sealer(*start)(text_of(start[0]))])
    assert [text_of(0)] == list(Walk(database.lines()))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET entry = '{}'",
        "DELETE FROM entries",
        "UPDATE runs SET run_id = 'x'",
        "DELETE FROM runs",
        "INSERT INTO entries SELECT 2, entry, sha256, NULL, run FROM entries",
        "INSERT OR REPLACE INTO entries SELECT 0, '{}', sha256, NULL, run FROM entries",
    ],
)
def test_the_file_itself_refuses_to_change_to_delete_and_to_leave_a_gap(database, path, statement):
    database.append([Sealer()(text_of(0))])
    other = apsw.Connection(str(path))
    with pytest.raises(apsw.ConstraintError):
        other.execute(statement)
    other.close()
    assert [text_of(0)] == list(Walk(database.lines()))


def test_an_append_syncs_when_it_is_durable_only(database):
    seen = []
    database._connection.trace_v2(apsw.SQLITE_TRACE_STMT, lambda event: seen.append(event["sql"]))
    sealer = Sealer()
    database.append([sealer(text_of(0))])
    database.append([sealer(text_of(1))], durable=False)
    told = [word for said in seen for word in ("FULL", "NORMAL", "COMMIT") if word in said]
    assert ["FULL", "COMMIT", "NORMAL", "COMMIT"] == told


# ---------------------------------------------------------------------- who may write


def test_an_old_process_that_wakes_up_writes_nothing(database, path):
    sealer = Sealer()
    database.append([sealer(text_of(0))])
    later = reopened(path)
    with pytest.raises(JournalFencedError, match=r"another process has begun to write here \(run second\)"):
        database.append([sealer(text_of(1))])
    later.append([Sealer(1, later.head()[1])(text_of(1, "later"))])
    assert [text_of(0), text_of(1, "later")] == list(Walk(later.lines()))
    later.close()


def test_an_append_before_the_run_has_begun_is_refused(path):
    database = JournalDatabase(path, "paper", "paper", free=0)
    with pytest.raises(JournalError, match="no run has begun; call begin_run first"):
        database.append([Sealer()(text_of(0))])
    database.close()


def test_a_run_begins_once(database, path):
    other = JournalDatabase(path, "paper", "paper", free=0)
    with pytest.raises(JournalError, match="run 'first' has begun before"):
        other.begin_run("first")
    other.close()


def test_a_writer_that_finds_the_file_locked_gives_up_after_its_wait_and_stays_refused(database, path, monkeypatch):
    database._connection.set_busy_timeout(50)
    other = apsw.Connection(str(path))
    other.execute("BEGIN IMMEDIATE")
    sealer = Sealer()
    with pytest.raises(JournalError, match="database is locked"):
        database.append([sealer(text_of(0))])
    other.execute("ROLLBACK")
    other.close()
    with pytest.raises(JournalError, match="nothing is appended after an error"):
        database.append([sealer(text_of(1))])


# ---------------------------------------------------------------------- which file


def test_paper_and_live_and_two_accounts_do_not_share_a_journal(database, path):
    with pytest.raises(ConfigError, match="is a journal of paper trading and this is live"):
        JournalDatabase(path, "paper", "live", free=0)
    with pytest.raises(ConfigError, match="is the journal of account paper, not of other"):
        JournalDatabase(path, "other", "paper", free=0)


def test_a_newer_schema_is_refused_by_writer_and_reader(database, path):
    database.close()
    other = apsw.Connection(str(path))
    other.execute("PRAGMA user_version = 2")
    other.close()
    for opening in (lambda: JournalDatabase(path, "paper", "paper", free=0), lambda: JournalReader(path)):
        with pytest.raises(JournalError, match=r"written by a newer Tulya \(schema 2, this one knows 1\)"):
            opening()


def test_another_database_and_another_file_are_refused_and_left_as_they_are(tmp_path):
    market, text = tmp_path / "market.sqlite", tmp_path / "notes.sqlite"
    connection = sqlite3.connect(market)
    connection.execute("CREATE TABLE mine (x)")
    connection.commit()
    connection.close()
    text.write_text("mine, and long enough to be looked at\n" * 40)
    for path, why in ((market, "no account's journal"), (text, "not a database|cannot be used")):
        before = path.read_bytes()
        with pytest.raises(JournalError, match=why):
            JournalDatabase(path, "paper", "paper", free=0)
        with pytest.raises(JournalError, match=why.replace("cannot be used", "is damaged")):
            JournalReader(path)
        assert before == path.read_bytes()


def test_a_start_finds_a_damaged_file(database, path):
    sealer = Sealer()
    database.append([sealer(text_of(seq, "word " * 100)) for seq in range(500)])
    database.close()
    damaged = bytearray(path.read_bytes())
    for page in range(3, len(damaged) // 4096):
        damaged[page * 4096 : page * 4096 + 16] = bytes(16)
    path.write_bytes(damaged)
    with pytest.raises(JournalBrokenError, match="restore the latest backup"):
        JournalDatabase(path, "paper", "paper", free=0)
    with JournalReader(path) as reader, pytest.raises(JournalBrokenError):
        list(Walk(reader.lines()))


def test_a_disk_that_is_nearly_full_is_refused_at_the_start(path, monkeypatch):
    monkeypatch.setattr(journal_database.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 400_000_000}))
    with pytest.raises(JournalError, match="has 400 MB free, a journal needs 500 MB"):
        JournalDatabase(path, "paper", "paper")


@pytest.mark.parametrize("version", ["3.51.2", "3.40.1", "3.7.0"])
def test_a_sqlite_that_can_damage_a_journal_is_refused(version):
    with pytest.raises(ConfigError, match=f"SQLite {re.escape(version)}, which can damage a journal; install an apsw"):
        refuse_old_sqlite(version)


@pytest.mark.parametrize("version", ["3.51.3", "3.52.0", "4.0.0", "3.54.1.1"])
def test_a_sqlite_from_the_mended_one_on_is_taken(version):
    refuse_old_sqlite(version)


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o277])
def test_only_the_owner_can_read_what_is_written_whatever_the_umask(path, mask):
    before = os.umask(mask)
    try:
        database = JournalDatabase(path, "paper", "paper", free=0)
        database.begin_run("first")
        database.append([Sealer()(text_of(0))])
        modes = {file.name[len(path.stem) :]: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
        assert {".sqlite": 0o600, ".sqlite-wal": 0o600, ".sqlite-shm": 0o600} == modes
        assert 0o700 == stat.S_IMODE(path.parent.stat().st_mode)
        database.close()
    finally:
        os.umask(before)


# ---------------------------------------------------------------------- readers


def test_a_follower_returns_each_entry_once_while_another_process_writes(database, path):
    sealer = Sealer()
    with JournalReader(path) as reader:
        follower = reader.follow()
        assert [] == follower.new()
        database.append([sealer(text_of(0)), sealer(text_of(1))])
        assert [0, 1] == [entry.seq for entry in follower.new()]
        database.append([sealer(text_of(2))], durable=False)
        database.append([sealer(text_of(3))])
        assert [2] == [entry.seq for entry in follower.new(1)]
        assert [3] == [entry.seq for entry in follower.new()]
        assert [] == follower.new()
        assert (4, sealer.head) == (follower.entries, follower.head)
        assert [] == reader.follow(4, sealer.head).new()


def test_a_follower_stops_at_an_entry_of_another_chain(database, path):
    database.append([Sealer()(text_of(0))])
    with JournalReader(path) as reader, pytest.raises(JournalBrokenError, match="entry 0 is not chained to entry -1"):
        reader.follow(0, "f" * 64).new()


def test_a_reader_of_a_process_that_was_killed_sees_all_that_was_committed(path):
    program = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from framework.journal.chain import Sealer\n"
        "from framework.store.journal_database import JournalDatabase\n"
        "from tests.journal.test_chain import text_of\n"
        "database, sealer = JournalDatabase(Path(sys.argv[1]), 'paper', 'paper', free=0), Sealer()\n"
        "database.begin_run('killed')\n"
        "database.append([sealer(text_of(seq)) for seq in range(50)], durable=False)\n"
        "os._exit(9)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], cwd=ROOT, check=False)
    assert 9 == done.returncode
    with JournalReader(path) as reader:
        assert ("paper", "paper") == (reader.account, reader.mode)
        assert [text_of(seq) for seq in range(50)] == list(Walk(reader.lines()))


def test_a_reader_does_not_checkpoint_or_remove_the_log(database, path):
    database.append([Sealer()(text_of(0))])
    size = database.wal_bytes()
    for _ in range(3):
        JournalReader(path).close()
    assert size == database.wal_bytes() > 0


def test_a_reader_cannot_write(database, path):
    with JournalReader(path) as reader, pytest.raises(apsw.ReadOnlyError):
        reader._connection.execute("INSERT INTO runs (run_id) VALUES ('x')")


def test_a_journal_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(JournalError, match=r"there is no journal .*none.sqlite; tulya run DEPLOYMENT writes one"):
        JournalReader(tmp_path / "none.sqlite")


def test_a_backup_under_way_is_the_same_chain_and_replaces_nothing(database, path, tmp_path):
    sealer, copy = Sealer(), tmp_path / "backup.sqlite"
    database.append([sealer(text_of(seq)) for seq in range(700)])
    with JournalReader(path) as reader:
        assert (700, sealer.head) == reader.backup(copy)
        database.append([sealer(text_of(700))])
        with pytest.raises(JournalError, match="exists; a backup replaces nothing"):
            reader.backup(copy)
    assert 0o600 == stat.S_IMODE(copy.stat().st_mode)
    assert ["backup.sqlite"] == [file.name for file in tmp_path.glob("backup*")]
    restored = reopened(copy, "restored")
    assert [text_of(seq) for seq in range(700)] == list(Walk(restored.lines()))
    restored.append([Sealer(*restored.head())(text_of(700, "other"))])
    restored.close()


# ---------------------------------------------------------------------- names


def test_files_of_an_account_lie_beside_the_database(tmp_path):
    database = tmp_path / "market.sqlite"
    assert tmp_path / "market-paper.journal.sqlite" == journal_path(database, "paper")
    assert tmp_path / "market-paper.run" == run_folder(database, "paper")
    for name in ("paper", "B-2", "other"):
        journal_path(database, name).touch()
    (tmp_path / "second-x.journal.sqlite").touch()
    (tmp_path / "market-paper.journal.sqlite-wal").touch()
    assert ["B-2", "other", "paper"] == accounts(database)


@pytest.mark.parametrize("name", ["", "..", "a/b", "-x", "a b", "x" * 41, "a\n", "ü"])
def test_a_name_that_is_no_file_name_everywhere_is_refused(tmp_path, name):
    with pytest.raises(ConfigError, match="is no name"):
        journal_path(tmp_path / "market.sqlite", name)
