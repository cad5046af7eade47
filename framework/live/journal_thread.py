"""Journal of the account beside the loop: one thread writes, in order, what the loop submits; the loop never waits.

Theory of operation
-------------------
The loop seals entries and submits them; the thread takes all that wait and commits them as one transaction, which is
durable when one of them must be. Since the log is synced as a whole, a durable commit makes everything before it
durable too. A submission's future is done after its commit: what must not happen before it is written (a request that
leaves) awaits it.

An error is final: that future and all later ones raise, and ``failed`` is true. The runner looks at it before
everything that it sends, and goes to HALTED. In virtual time ``JournalInline`` does the same at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from threading import Condition, Thread
from typing import TYPE_CHECKING, NamedTuple

from framework.journal.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framework.journal.chain import Sealed
    from framework.store.journal_database import JournalDatabase

MOST_WAITING = 50_000
"""Entries that wait for the disk at most; beyond it the disk is as good as gone."""


class Submission(NamedTuple):
    """Entries on their way."""

    entries: Sequence[Sealed]
    durable: bool
    future: asyncio.Future[None]
    at: float
    """Time of the loop."""


class JournalThread:
    """Thread that owns the journal's one writing connection; an ``EntryWriter`` of the runner's."""

    def __init__(self, database: JournalDatabase, most: int = MOST_WAITING) -> None:
        """Takes the database over: nobody else uses it from here on. Made within the running loop."""
        self._database = database
        self._most = most
        self._loop = asyncio.get_running_loop()
        self._wake = Condition()
        self._queue: list[Submission] = []
        self._open: deque[Submission] = deque()  # the loop's own: what is not settled, oldest first
        self._ending = False
        self._waiting = 0
        self._failure = database.failed
        self._thread = Thread(target=self._work, name="journal", daemon=True)  # dies with the process, as by kill −9
        self._thread.start()

    @property
    def failed(self) -> bool:
        """An entry could not be written: nothing is written and nothing may be sent any more."""
        return bool(self._failure)

    @property
    def failure(self) -> str:
        """Cause of it; empty while all is well."""
        return self._failure

    @property
    def waiting(self) -> int:
        """Entries that are submitted and not yet committed."""
        return self._waiting

    def submit(self, entries: Sequence[Sealed], *, durable: bool) -> asyncio.Future[None]:
        """Append entries after all earlier ones; the future is done after the commit, or raises ``JournalError``.

        It need not be awaited: an error shows in ``failed`` and in every later future. An entry more than the bound
        is an error like any other.
        """
        future: asyncio.Future[None] = self._loop.create_future()
        if not self._failure and self._ending:
            self._failure = "the journal is closed"
        if not self._failure and self._waiting + len(entries) > self._most:
            self._failure = f"{self._waiting:,} entries wait for the disk, {self._most:,} may"
        if self._failure:
            return _refused(future, self._failure)
        submission = Submission(tuple(entries), durable, future, self._loop.time())
        self._waiting += len(entries)
        self._open.append(submission)
        with self._wake:
            self._queue.append(submission)
            self._wake.notify()
        return future

    def waited_s(self) -> float:
        """Seconds that the oldest entry has waited for its commit, by the loop's clock; 0 without one."""
        return self._loop.time() - self._open[0].at if self._open else 0.0

    async def close(self) -> None:
        """Commit what is submitted, durably, and let go of the file. Never raises: ``failed`` tells."""
        if self._ending:
            return
        last = self.submit((), durable=True)
        self._ending = True
        with self._wake:
            self._wake.notify()
        with suppress(JournalError):
            await last
        await asyncio.to_thread(self._thread.join)
        self._database.close()

    def _work(self) -> None:
        """The thread: commits all that waits as one transaction, again and again."""
        while batch := self._taken():
            entries = [entry for one in batch for entry in one.entries]
            failure = ""
            try:
                self._database.append(entries, durable=any(one.durable for one in batch))
            except Exception as error:  # noqa: BLE001 - whatever it was, the loop must hear of it
                failure = str(error) if isinstance(error, JournalError) else f"{type(error).__name__}: {error}"
            with suppress(RuntimeError):  # a loop that is closed needs no answer
                self._loop.call_soon_threadsafe(self._settle, len(batch), failure)

    def _taken(self) -> list[Submission]:
        with self._wake:
            while not self._queue and not self._ending:
                self._wake.wait()
            batch, self._queue = self._queue, []
            return batch

    def _settle(self, count: int, failure: str) -> None:
        """In the loop: the oldest submissions are committed, or none will be."""
        self._failure = self._failure or failure
        for _ in range(count):
            submission = self._open.popleft()
            self._waiting -= len(submission.entries)
            if submission.future.done():  # its waiter was cancelled
                continue
            if failure:
                _refused(submission.future, failure)
            else:
                submission.future.set_result(None)


class JournalInline:
    """Journal that writes at once, within the loop: for virtual time; the same calls as ``JournalThread``."""

    def __init__(self, database: JournalDatabase) -> None:
        self._database = database

    @property
    def failed(self) -> bool:
        """See ``JournalThread``."""
        return bool(self._database.failed)

    @property
    def failure(self) -> str:
        """See ``JournalThread``."""
        return self._database.failed

    @property
    def waiting(self) -> int:
        """See ``JournalThread``; nothing ever waits."""
        return 0

    def submit(self, entries: Sequence[Sealed], *, durable: bool) -> asyncio.Future[None]:
        """See ``JournalThread``."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        try:
            self._database.append(entries, durable=durable)
        except JournalError as error:
            return _refused(future, str(error))
        future.set_result(None)
        return future

    def waited_s(self) -> float:
        """See ``JournalThread``."""
        return 0.0

    async def close(self) -> None:
        """See ``JournalThread``."""
        self._database.close()


def _refused(future: asyncio.Future[None], why: str) -> asyncio.Future[None]:
    future.set_exception(JournalError(why))
    future.exception()  # counts as looked at: ``failed`` tells those who do not await
    return future
