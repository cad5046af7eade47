"""Disk of a simulated machine: the account's journal, with slow commits, failures and power cuts."""

import asyncio
from collections import deque

from framework.journal.errors import JournalError, TagTakenError
from framework.live.journal_thread import JournalInline
from tests.simulation.kinds import SECOND, FaultKind, FaultScript

K = FaultKind
WRITTEN_S = 30.0
"""After so long the system has written what nobody asked it to."""
SENDING = b'"kind":"sending"'


class MemoryJournal:
    """What of ``JournalDatabase`` the writers call, over a list."""

    def __init__(self, lines: list):
        self.failed = ""
        self.entries = lines
        self.durable = len(lines)
        """Entries up to the latest durable one."""
        self._written: list = []
        """Times of the other appends, with the entries until then."""
        self._tags = {one.tag for one in lines if one.tag}

    def append(self, entries, *, durable=True):
        if self.failed:
            raise JournalError(self.failed)
        for one in entries:
            if one.tag and one.tag in self._tags:
                self.failed = f"tag {one.tag} is taken"
                raise TagTakenError(self.failed)
            if one.seq != len(self.entries):
                self.failed = f"entry {one.seq} is not chained"
                raise JournalError(self.failed)
            self._tags.add(one.tag)
            self.entries.append(one)
        if durable:
            self.durable = len(self.entries)
        else:
            self._written.append((asyncio.get_running_loop().time(), len(self.entries)))

    def safe(self) -> int:
        """Entries that a power cut leaves: those that were synced, and those that the system has written by itself."""
        old = asyncio.get_running_loop().time() - WRITTEN_S
        return max([self.durable, *(count for moment, count in self._written if moment <= old)])

    def fail(self, why):
        self.failed = why

    def lines(self):
        return (one.line() for one in self.entries)

    def close(self):
        """Nothing to let go of."""


class SimWriter:
    """Writer of one process: commits in order, each after a while; what is not committed dies with the process."""

    def __init__(self, journal, script: FaultScript, world):
        self.journal = journal
        self._inline = JournalInline(journal)
        self._script = script
        self._world = world
        self._random = script.random(f"disk{world.processes}")
        self._busy_until = 0.0
        self._waiting: deque = deque()
        self.dead = False
        self.refused = ""

    @property
    def failed(self) -> bool:
        return bool(self.refused) or self._inline.failed

    def submit(self, entries, *, durable):
        loop = asyncio.get_running_loop()
        if self.dead:
            return loop.create_future()
        world, script = self._world, self._script
        world.appends += 1
        if script.appends and world.appends == script.appends and world.is_faulty():
            kind = K.DISK_FULL if K.DISK_FULL in script.on else K.APPEND_FAILS
            world.seen[kind] += 1
            world.broke_disk = True
            self.journal.fail("the disk is full" if kind is K.DISK_FULL else "disk I/O error")
        commit_ns = script.commit_ns if world.is_faulty() else 0
        wait = self._random.random() * commit_ns / SECOND
        if not wait and not self._waiting:
            future = self._inline.submit(entries, durable=durable)
            self._inform(future)
            return future
        world.seen[K.SLOW_COMMIT] += 1
        future = loop.create_future()
        self._busy_until = max(self._busy_until, loop.time()) + wait
        self._waiting.append((tuple(entries), durable, future))
        loop.call_at(self._busy_until, self._commit)  # of equal times any may be called first
        return future

    def _commit(self):
        entries, durable, future = self._waiting.popleft()
        if self.dead:
            return
        done = self._inline.submit(entries, durable=durable)
        self._inform(done)
        if future.done():
            return
        if done.exception() is not None:
            future.set_exception(done.exception())
            future.exception()
        else:
            future.set_result(None)

    def _inform(self, done):
        if done.exception() is not None and not self._world.broke_disk:
            self._world.watch.violation("journal_failed", str(done.exception()))
