"""Where journals lie: a file and the database of an account keep one protocol."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from framework.errors import ConfigError
from framework.journal.chain import Sealer, Walk
from framework.journal.errors import JournalError
from framework.journal.file import JournalFile, read_lines
from framework.store.journal_database import JournalDatabase
from tests.journal.test_chain import text_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=["file", "database"])
def place(request, tmp_path):
    if request.param == "file":
        opened = JournalFile(tmp_path / "run.journal")
        yield opened
        opened.close()
    else:
        database = JournalDatabase(tmp_path / "market-paper.journal.sqlite", "paper", "paper", free=0)
        database.begin_run("first")
        yield database
        database.close()


def test_what_was_appended_is_read_back_in_its_order(place):
    sealer = Sealer()
    place.append([sealer(text_of(0))])
    place.append([sealer(text_of(seq)) for seq in range(1, 600)])
    walk = Walk(place.lines())
    assert [text_of(seq) for seq in range(600)] == list(walk)
    assert sealer.head == walk.head
    assert 600 == len(list(place.lines()))


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
