"""Journal of an account as a SQLite file: appended by one process, durable before a request leaves, never changed.

Theory of operation
-------------------
*Durable or not.* A durable append is a transaction under ``synchronous=FULL``: its commit has synced the write-ahead
log when it returns. Any other append is a commit under ``NORMAL``, which a power cut may take away; the next durable
one syncs the whole log, so what survives is always a prefix of what was appended. The death of the process (kill −9)
takes nothing that was committed.

*Two writers.* The runner's lock file lets one process in. Should an old process wake that was paused, or the lock be
deleted, its appends find a later row in ``runs`` and write nothing (``JournalFencedError``).

*An error is final.* After an append that did not succeed (disk full, I/O error, a tag that was used) the object
refuses all later ones, for the caller has chained entries that are not there. A restart reads the file and goes on.
"""

from __future__ import annotations

import shutil
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NoReturn

from framework.errors import ConfigError
from framework.journal.chain import GENESIS, seal
from framework.journal.errors import JournalBrokenError, JournalError, JournalFencedError, TagTakenError
from framework.store.journal_connection import (
    APPLICATION_ID,
    SCHEMA_VERSION,
    JournalOwner,
    atomic,
    create_file,
    driver,
    let_go,
    owner_of,
    writing,
)
from framework.store.journal_rows import all_lines, head_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from framework.journal.chain import Sealed

FREE_BYTES = 500_000_000
"""Free space that a start asks for: weeks of entries."""
DURABLE, BATCHED = "FULL", "NORMAL"
NO_RUN = 0
SYNC = "UPDATE header SET syncs = syncs + 1 WHERE ?1 = (SELECT max(run) FROM runs)"
APPEND = (
    "INSERT INTO entries (seq, entry, sha256, tag, run) "
    "SELECT ?1, ?2, ?3, ?4, ?5 WHERE ?5 = (SELECT max(run) FROM runs)"
)


class JournalDatabase:
    """The one writer of an account's journal; see ``framework.journal.storage.JournalStorage``.

    Not for two threads at once; one may hand it to another. ``JournalError``: no journal, another account's or
    mode's, damaged, of a newer Tulya, or too little space.
    """

    def __init__(self, path: Path, account: str, mode: str, *, free: int = FREE_BYTES, vfs: str | None = None) -> None:
        """``free``: bytes that must be free on the disk; ``vfs``: a file system of SQLite's, for tests of faults."""
        self.path = path
        self.failed = ""
        """Cause of the append that did not succeed; empty while all did."""
        self._run = NO_RUN
        self._batched = False  # the latest commit may not be on the disk
        self._entries, self._head = 0, GENESIS
        self._apsw = driver()
        if vfs is None:
            create_file(path)
            self._refuse_full_disk(free)
        try:
            self._connection: Any = writing(str(path), vfs)
            try:
                self._begin(JournalOwner(account, mode))
            except BaseException:
                let_go(self._connection)
                raise
        except self._apsw.Error as error:
            msg = f"{path} cannot be used as an account's journal ({error})"
            raise JournalError(msg) from error

    def _begin(self, owner: JournalOwner) -> None:
        found = owner_of(self._connection, self.path)
        if found is None:
            with atomic(self._connection):
                self._create(owner)
            found = owner
        if found.account != owner.account:
            msg = f"{self.path} is the journal of account {found.account}, not of {owner.account}; name that account"
            raise ConfigError(msg)
        if found.mode != owner.mode:
            msg = f"{self.path} is a journal of {found.mode} trading and this is {owner.mode}; give it another account"
            raise ConfigError(msg)
        if (said := self._connection.execute("PRAGMA quick_check(1)").get) != "ok":
            msg = f"{self.path} is damaged ({said}); keep it as it is and restore the latest backup"
            raise JournalBrokenError(msg)
        self._entries, self._head = head_of(self._connection)

    def _create(self, owner: JournalOwner) -> None:
        if owner_of(self._connection, self.path) is not None:  # another process was quicker
            return
        self._connection.execute(files("framework.store").joinpath("journal_schema.sql").read_text("utf-8"))
        self._connection.execute("INSERT INTO header (one, account, mode) VALUES (1, ?, ?)", owner)
        self._connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        self._connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _refuse_full_disk(self, free: int) -> None:
        if (left := self.free_bytes()) < free:
            msg = (
                f"the disk of {self.path} has {left / 1e6:,.0f} MB free, a journal needs {free / 1e6:,.0f} MB; "
                "free some or choose another database"
            )
            raise JournalError(msg)

    def begin_run(self, run_id: str) -> tuple[int, str]:
        """This process writes from now on, and none that began before it; number of entries and latest hash."""
        self._refuse_after_failure()
        try:
            with atomic(self._connection):
                self._connection.execute("INSERT INTO runs (run_id) VALUES (?)", (run_id,))
                run = self._connection.last_insert_rowid()
                self._entries, self._head = head_of(self._connection)
        except self._apsw.ConstraintError as error:
            msg = f"{self.path}: run {run_id!r} has begun before ({error}); each start needs a name of its own"
            raise JournalError(msg) from error
        except self._apsw.Error as error:
            self._fail(f"{self.path}: the run could not begin ({error})", error)
        self._run = run
        return self._entries, self._head

    def runs(self) -> int:
        """Runs that have begun here."""
        return int(self._connection.execute("SELECT count(*) FROM runs").get)

    def append(self, entries: Sequence[Sealed], *, durable: bool = True) -> None:
        """Entries in one transaction; durable ones outlive a power cut when this returns, others a kill −9.

        What was appended before a durable append is durable too, also when that has no entries.
        ``JournalFencedError`` when another run has begun, ``TagTakenError`` for a tag that an earlier entry has,
        ``JournalError`` when the disk does not take them. Nothing was appended then, and nothing will be.
        """
        self._refuse_after_failure()
        self.failed = f"{self.path}: an append was broken off"  # until it has succeeded
        self._refuse_unchained(entries)
        rows = [(entry.seq, entry.text.decode(), entry.sha256, entry.tag or None, self._run) for entry in entries]
        try:
            self._connection.execute(f"PRAGMA synchronous = {DURABLE if durable else BATCHED}")
            with atomic(self._connection):
                before, expected = self._connection.total_changes(), len(rows)
                if rows:
                    self._connection.executemany(APPEND, rows)
                elif durable and self._batched:
                    self._connection.execute(SYNC, (self._run,))
                    expected = 1
                if self._connection.total_changes() - before != expected:
                    self._fail(self._fenced(), kind=JournalFencedError)
        except self._apsw.ConstraintError as error:
            taken = "entries.tag" in str(error)
            self._fail(f"{self.path}: nothing was appended ({error})", error, TagTakenError if taken else JournalError)
        except self._apsw.Error as error:
            self._fail(f"{self.path}: nothing was appended ({error})", error)
        if rows:
            self._entries, self._head = entries[-1].seq + 1, entries[-1].sha256
        self._batched = not durable and (self._batched or bool(rows))
        self.failed = ""

    def _refuse_after_failure(self) -> None:
        if self.failed:
            msg = f"nothing is appended after an error: {self.failed}"
            raise JournalError(msg)

    def _refuse_unchained(self, entries: Sequence[Sealed]) -> None:
        """A chain that breaks here would stay broken for good."""
        if self._run == NO_RUN:
            self._fail(f"{self.path}: no run has begun; call begin_run first")
        head = self._head
        for seq, entry in enumerate(entries, self._entries):
            if entry.seq != seq or entry.sha256 != seal(head, entry.text):
                self._fail(f"{self.path}: entry {entry.seq} is not chained to entry {seq - 1}", kind=JournalBrokenError)
            head = entry.sha256

    def _fenced(self) -> str:
        other = self._connection.execute("SELECT run_id FROM runs ORDER BY run DESC LIMIT 1").get
        return f"{self.path}: another process has begun to write here (run {other}); this one writes nothing more"

    def _fail(self, msg: str, cause: Exception | None = None, kind: type[JournalError] = JournalError) -> NoReturn:
        self.failed = msg
        raise kind(msg) from cause

    def lines(self) -> Iterator[bytes]:
        """See ``JournalStorage.lines``."""
        return all_lines(self._connection)

    def head(self) -> tuple[int, str]:
        """Number of entries and the latest hash: where a writer goes on after a restart."""
        return self._entries, self._head

    def free_bytes(self) -> int:
        """Bytes that the disk has left for this user."""
        return shutil.disk_usage(self.path.parent).free

    def wal_bytes(self) -> int:
        """Size of the write-ahead log; it grows while a reader keeps an old state of the file."""
        wal = self.path.with_name(self.path.name + "-wal")
        return wal.stat().st_size if wal.exists() else 0

    def close(self) -> None:
        """Make what was appended durable and let go of the file; safe to call twice. An error shows in ``failed``."""
        try:
            self._connection.close()
        except self._apsw.Error as error:
            self.failed = self.failed or f"{self.path}: it could not be closed ({error})"
