"""The journal beside the loop: order, grouping, and an error that nothing follows."""

import asyncio
import threading
import time

import pytest

from framework.journal.chain import Sealer, Walk
from framework.journal.errors import JournalError
from framework.live.journal_thread import JournalInline, JournalThread
from framework.store.journal_database import JournalDatabase
from framework.store.journal_reader import JournalReader
from tests.journal.test_chain import text_of


@pytest.fixture
def path(tmp_path):
    return tmp_path / "market-paper.journal.sqlite"


@pytest.fixture
def database(path):
    opened = JournalDatabase(path, "paper", "paper", free=0)
    opened.begin_run("first")
    return opened


class SlowDisk:
    """A database whose appends wait to be let through, and are remembered."""

    def __init__(self, broken=None):
        self.failed = ""
        self.appended = []
        self.let = threading.Event()
        self.broken = broken
        self.closed = False

    def append(self, entries, *, durable):
        assert self.let.wait(10)
        if self.failed:
            raise JournalError(f"nothing is appended after an error: {self.failed}")
        if self.broken is not None:
            self.failed = str(self.broken)
            raise self.broken
        self.appended.append(([entry.seq for entry in entries], durable))

    def close(self):
        self.closed = True


@pytest.mark.parametrize("kind", [JournalThread, JournalInline])
def test_what_is_awaited_is_committed_and_all_is_in_order(database, path, kind):
    async def work():
        sealer, journal = Sealer(), kind(database)
        for seq in range(500):
            future = journal.submit([sealer(text_of(seq))], durable=seq % 100 == 99)
            if seq % 100 == 99:
                await future
                with JournalReader(path) as reader:
                    assert (seq + 1, sealer.head) == reader.head()
        await journal.close()
        assert (False, "", 0, 0.0) == (journal.failed, journal.failure, journal.waiting, journal.waited_s())

    asyncio.run(work())
    with JournalReader(path) as reader:
        assert [text_of(seq) for seq in range(500)] == list(Walk(reader.lines()))


def test_close_writes_what_was_not_awaited(database, path):
    async def work():
        sealer, journal = Sealer(), JournalThread(database)
        for seq in range(2_000):
            journal.submit([sealer(text_of(seq))], durable=False)
        await journal.close()
        await journal.close()
        with pytest.raises(JournalError, match="the journal is closed"):
            await journal.submit([sealer(text_of(2_000))], durable=False)

    asyncio.run(work())
    with JournalReader(path) as reader:
        assert 2_000 == reader.head()[0]


def test_what_waits_is_one_transaction_that_is_durable_when_one_of_it_is():
    disk, sealer = SlowDisk(), Sealer()

    async def work():
        journal = JournalThread(disk)
        first = journal.submit([sealer(text_of(0))], durable=False)
        while journal._queue:  # noqa: ASYNC110 - until the thread has it
            await asyncio.sleep(0.001)
        rest = [journal.submit([sealer(text_of(seq))], durable=seq == 2) for seq in (1, 2, 3)]
        assert 4 == journal.waiting
        await asyncio.sleep(0.02)
        assert not first.done()
        assert journal.waited_s() > 0.01
        disk.let.set()
        await asyncio.gather(first, *rest)
        assert 0 == journal.waiting
        await journal.close()

    asyncio.run(work())
    assert [([0], False), ([1, 2, 3], True), ([], True)] == disk.appended
    assert disk.closed


@pytest.mark.parametrize("error", [JournalError("disk full"), MemoryError("no room")])
def test_after_an_error_every_future_raises_and_nothing_is_written(error):
    disk, sealer = SlowDisk(error), Sealer()

    async def work():
        journal = JournalThread(disk)
        waiting = [journal.submit([sealer(text_of(seq))], durable=True) for seq in range(3)]
        assert not journal.failed
        disk.let.set()
        for future in waiting:
            with pytest.raises(JournalError, match=r"disk full|no room"):
                await future
        assert journal.failed
        with pytest.raises(JournalError, match=r"disk full|no room"):
            await journal.submit([sealer(text_of(3))], durable=False)
        await journal.close()

    asyncio.run(work())
    assert ([], True) == (disk.appended, disk.closed)


def test_inline_an_error_is_told_in_the_same_way(database, path):
    async def work():
        sealer, journal = Sealer(), JournalInline(database)
        await journal.submit([sealer(text_of(0), "t1")], durable=True)
        refused = journal.submit([sealer(text_of(1), "t1")], durable=True)
        assert journal.failed
        assert "entries.tag" in journal.failure
        with pytest.raises(JournalError, match="nothing was appended"):
            await refused
        await journal.close()

    asyncio.run(work())


def test_a_disk_that_does_not_keep_up_is_an_error_and_not_a_loop_that_waits():
    disk, sealer = SlowDisk(), Sealer()

    async def work():
        journal = JournalThread(disk, most=10)
        kept = [journal.submit([sealer(text_of(seq))], durable=False) for seq in range(10)]
        began = time.monotonic()
        with pytest.raises(JournalError, match="10 entries wait for the disk, 10 may"):
            await journal.submit([sealer(text_of(10))], durable=False)
        assert time.monotonic() - began < 1
        assert journal.failed
        disk.let.set()
        await asyncio.gather(*kept)  # those before it are written
        await journal.close()

    asyncio.run(work())
    assert list(range(10)) == [seq for seqs, _ in disk.appended for seq in seqs]


def test_a_waiter_that_is_cancelled_does_not_take_its_entry_away():
    disk, sealer = SlowDisk(), Sealer()

    async def work():
        journal = JournalThread(disk)
        future = journal.submit([sealer(text_of(0))], durable=True)
        future.cancel()
        disk.let.set()
        await journal.close()
        assert not journal.failed

    asyncio.run(work())
    assert [0] == [seq for seqs, _ in disk.appended for seq in seqs]


def test_the_loop_goes_on_while_the_disk_waits():
    disk, sealer = SlowDisk(), Sealer()

    async def work():
        journal = JournalThread(disk)
        future = journal.submit([sealer(text_of(0))], durable=True)
        turns = 0
        until = time.monotonic() + 0.1
        while time.monotonic() < until:
            await asyncio.sleep(0)
            turns += 1
        assert turns > 100
        assert not future.done()
        disk.let.set()
        await future
        await journal.close()

    asyncio.run(work())
