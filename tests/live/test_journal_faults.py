"""Power cuts, failing disks, kill −9 and damaged bytes: what was acknowledged is there, and nothing false passes."""

import asyncio
import random
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from framework.journal.chain import Sealer, Walk
from framework.journal.errors import JournalBrokenError, JournalError
from framework.live.journal_thread import JournalThread
from framework.store import journal_database
from framework.store.journal_database import JournalDatabase
from framework.store.journal_reader import JournalReader
from tests.journal.test_chain import text_of
from tests.support import power_loss
from tests.support.memory_disk import MemoryDisk

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    """Errors while SQLite handles the first one are not the point."""
    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)


# ---------------------------------------------------------------------- power


def test_a_power_cut_takes_no_acknowledged_entry_and_damages_nothing():
    outcomes = [power_loss.cut(seed) for seed in range(200)]
    assert [] == [(seed, one) for seed, one in enumerate(outcomes) if one.damaged or one.lost]
    assert sum(one.cut for one in outcomes) > 150  # the cut came while something was under way
    assert sum(one.kept for one in outcomes) > 2_000


def test_the_model_of_a_disk_has_teeth_without_the_sync_entries_are_lost(monkeypatch):
    monkeypatch.setattr(journal_database, "DURABLE", "NORMAL")
    outcomes = [power_loss.cut(seed) for seed in range(100)]
    assert sum(one.lost > 0 for one in outcomes) > 25


def test_a_durable_append_without_entries_syncs_those_before_it():
    for seed in range(30):
        disk = MemoryDisk(dict(power_loss.MADE))
        database = JournalDatabase(power_loss.PATH, "paper", "paper", vfs=disk.name)
        database.begin_run("first")
        sealer = Sealer()
        for seq in range(5):
            database.append([sealer(text_of(seq))], durable=False)
        if seed >= 10:
            database.append([], durable=True)
        left = MemoryDisk(disk.after_power_cut(random.Random(seed)))
        again = JournalDatabase(power_loss.PATH, "paper", "paper", vfs=left.name)
        assert seed < 10 or 5 == again.head()[0]
        again.close()
        database.close()


# ---------------------------------------------------------------------- a disk that fails


def written(disk):
    """(entries that were acknowledged, all that were submitted, the error): appends until one does not succeed."""
    submitted, acknowledged, sealer = [], 0, Sealer()
    try:
        database = JournalDatabase(power_loss.PATH, "paper", "paper", vfs=disk.name)
    except JournalError as error:
        return 0, [], error
    with closing(database):
        try:
            database.begin_run("first")
            database._connection.wal_autocheckpoint(3)
            for number in range(60):
                batch = [text_of(sealer.entries + place, "word " * 100) for place in range(number % 3 + 1)]
                submitted += batch
                database.append([sealer(text) for text in batch], durable=number % 4 != 0)
                acknowledged = len(submitted)
        except JournalError as error:
            for durable in (True, False):
                with pytest.raises(JournalError, match="nothing is appended after an error"):
                    database.append([sealer(text_of(sealer.entries))], durable=durable)
            return acknowledged, submitted, error
    return acknowledged, submitted, None


FAULTS = [("write", "io"), ("write", "full"), ("sync", "io"), ("truncate", "io"), ("open", "open"), ("any", "full")]


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize(("call", "kind"), FAULTS)
def test_a_disk_that_fails_at_any_call_is_an_error_that_nothing_follows(call, kind, lasting):
    stopped = 0
    for number in range(1, 201):
        disk = MemoryDisk(dict(power_loss.MADE))
        disk.fail = (call, number, kind, lasting)
        acknowledged, submitted, error = written(disk)
        stopped += error is not None
        healthy = MemoryDisk(disk.content())  # the process ends and starts again
        again = JournalDatabase(power_loss.PATH, "paper", "paper", vfs=healthy.name)
        texts = list(Walk(again.lines()))
        assert texts == submitted[: len(texts)], number
        assert acknowledged <= len(texts), number
        again.begin_run("second")
        again.append([Sealer(*again.head())(text_of(len(texts)))])
        again.close()
        if call != "any" and disk.calls[call] < number:
            break  # there are no more such calls
    # A checkpoint that fails once is tried again at the next commit, and no entry is at stake: that stops nobody.
    least = {"write": 200, "any": 200, "sync": 100, "truncate": 20, "open": 1}[call]
    assert stopped >= (least if lasting else least // 2)


FILLS = """
import resource, signal, sys
from pathlib import Path
from framework.journal.chain import Sealer
from framework.journal.errors import JournalError
from framework.store.journal_database import JournalDatabase
from tests.journal.test_chain import text_of
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
database, sealer = JournalDatabase(Path(sys.argv[1]), "paper", "paper", free=0), Sealer()
database.begin_run("fills")
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
try:
    while True:
        database.append([sealer(text_of(sealer.entries, "word " * 200))])
except JournalError as error:
    print(sealer.entries - 1)
    print(error)
"""


def test_a_real_file_that_may_not_grow_stops_the_writer_and_stays_whole(tmp_path):
    path = tmp_path / "market-paper.journal.sqlite"
    done = subprocess.run(
        [sys.executable, "-c", FILLS, str(path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    acknowledged, error = done.stdout.splitlines()
    assert "nothing was appended" in error
    with JournalReader(path) as reader:
        assert int(acknowledged) == len(list(Walk(reader.lines()))) > 20


# ---------------------------------------------------------------------- kill −9


WRITES_FOR_EVER = """
import sys
from pathlib import Path
from framework.journal.chain import Sealer
from framework.store.journal_database import JournalDatabase
from tests.journal.test_chain import text_of
database = JournalDatabase(Path(sys.argv[1]), "paper", "paper", free=0)
sealer = Sealer(*database.begin_run(sys.argv[2]))
print(sealer.entries, flush=True)
while True:
    batch = [sealer(text_of(sealer.entries, "word " * (sealer.entries % 50))) for _ in range(sealer.entries % 3 + 1)]
    database.append(batch, durable=sealer.entries % 5 == 0)
    sys.stdout.write(f"{sealer.entries}\\n")
    sys.stdout.flush()
"""


def test_kill_9_at_any_moment_leaves_all_that_was_acknowledged_and_the_next_start_goes_on(tmp_path):
    path, moment, acknowledged = tmp_path / "market-paper.journal.sqlite", random.Random(7), 0
    for run in range(10):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITES_FOR_EVER, str(path), f"run-{run}"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert int(writer.stdout.readline()) >= acknowledged
        time.sleep(moment.random() * 0.1)
        writer.kill()
        told = writer.stdout.read().splitlines()
        writer.wait()
        acknowledged = max([acknowledged, *(int(line) for line in told[:-1])])
        with JournalReader(path) as reader:
            walk = Walk(reader.lines())
            assert all(text.endswith(b'"seq":%d}' % seq) for seq, text in enumerate(walk))
            assert walk.entries >= acknowledged
    assert acknowledged > 100


def test_backups_of_a_journal_that_is_being_written_are_whole_and_each_goes_on(tmp_path):
    path, heads = tmp_path / "market-paper.journal.sqlite", []
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITES_FOR_EVER, str(path), "run-1"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        writer.stdout.readline()
        with JournalReader(path) as reader:
            heads += [reader.backup(tmp_path / f"copy-{number}.sqlite") for number in range(5)]
    finally:
        writer.kill()
        writer.communicate()
    assert sorted(heads) == heads
    with JournalReader(path) as reader:
        whole = list(Walk(reader.lines()))
    for number, (entries, head) in enumerate(heads):
        with JournalReader(tmp_path / f"copy-{number}.sqlite") as copy:
            walk = Walk(copy.lines())
            assert whole[:entries] == list(walk)
            assert head == walk.head


# ---------------------------------------------------------------------- the thread


@pytest.mark.parametrize("kind", ["io", "full"])
@pytest.mark.parametrize("number", [3, 30, 60, 90])
def test_what_the_thread_acknowledged_is_there_after_the_disk_failed_and_nothing_after_it(kind, number):
    disk = MemoryDisk(dict(power_loss.MADE))
    database = JournalDatabase(power_loss.PATH, "paper", "paper", vfs=disk.name)
    database.begin_run("first")
    done = sum(disk.calls.values())
    disk.fail = ("any", done + number, kind, True)

    async def work():
        journal, sealer, acknowledged = JournalThread(database), Sealer(), 0
        for _ in range(200):
            future = journal.submit([sealer(text_of(sealer.entries, "word " * 200))], durable=True)
            try:
                await future
            except JournalError:
                break
            acknowledged = sealer.entries
        assert journal.failed
        refused = journal.submit([sealer(text_of(sealer.entries))], durable=False)
        with pytest.raises(JournalError):
            await refused
        await journal.close()
        return acknowledged

    acknowledged = asyncio.run(work())
    healthy = MemoryDisk(disk.content())
    again = JournalDatabase(power_loss.PATH, "paper", "paper", vfs=healthy.name)
    assert acknowledged <= again.head()[0] <= acknowledged + 1  # the last one may have been on the disk already
    assert again.head()[0] == len(list(Walk(again.lines())))
    again.close()


# ---------------------------------------------------------------------- damaged bytes


def live(path, whole, word):
    """Where a text lies in the file; SQLite leaves old copies behind when it divides a page."""
    start = -1
    while (start := whole.find(word, start + 1)) >= 0:
        damaged = bytearray(whole)
        damaged[start] ^= 1
        path.write_bytes(damaged)
        with JournalReader(path) as reader:
            if word not in b"".join(reader.lines()):
                return range(start, start + len(word))
    raise AssertionError(word)


def test_a_thousand_flipped_bits_in_entries_and_hashes_are_all_found(tmp_path):
    path, sealer, bits = tmp_path / "market-paper.journal.sqlite", Sealer(), random.Random(11)
    with closing(JournalDatabase(path, "paper", "paper", free=0)) as database:
        database.begin_run("first")
        entries = [sealer(text_of(seq, f"entry number {seq} " * 9)) for seq in range(40)]
        database.append(entries)
    whole = path.read_bytes()
    places = [live(path, whole, word) for one in entries for word in (one.text[:-1], one.sha256.encode())]
    found = 0
    for _ in range(1_000):
        damaged = bytearray(whole)
        damaged[bits.choice(bits.choice(places))] ^= 1 << bits.randrange(8)
        path.write_bytes(damaged)
        with JournalReader(path) as reader:
            try:
                list(Walk(reader.lines()))
            except JournalBrokenError:
                found += 1
    assert 1_000 == found
    path.write_bytes(whole)
    with JournalReader(path) as reader:
        assert 40 == len(list(Walk(reader.lines())))
