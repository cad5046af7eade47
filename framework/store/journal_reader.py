"""Reader of an account's journal, beside a runner that writes it: reads only, never checkpoints, follows."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from framework.journal.chain import GENESIS, seal
from framework.journal.errors import JournalBrokenError, JournalError
from framework.store.journal_connection import create_file, driver, owner_of, reading
from framework.store.journal_rows import AT_A_TIME, all_lines, head_of, rows_after

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from framework.journal.chain import Sealed


class JournalReader:
    """Entries of an account's journal; ``JournalError`` where there is none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            msg = f"there is no journal {path}; tulya run DEPLOYMENT writes one"
            raise JournalError(msg)
        self._apsw = driver()
        with self._told():
            self._connection: Any = reading(str(path))
            owner = owner_of(self._connection, path)
        if owner is None:
            msg = f"{path} is empty: the runner died before its first entry"
            raise JournalError(msg)
        self.account, self.mode = owner

    @contextmanager
    def _told(self) -> Iterator[None]:
        """SQLite's errors as sentences."""
        try:
            yield
        except (self._apsw.CorruptError, self._apsw.NotADBError) as error:
            msg = f"{self.path} is damaged ({error}); keep it as it is and restore the latest backup"
            raise JournalBrokenError(msg) from error
        except self._apsw.Error as error:
            msg = f"{self.path} cannot be read ({error})"
            raise JournalError(msg) from error

    def lines(self) -> Iterator[bytes]:
        """Every entry as a line, oldest first, unchecked; see ``framework.journal.chain.Walk``."""
        with self._told():
            yield from all_lines(self._connection)

    def after(self, seq: int, limit: int = AT_A_TIME) -> list[Sealed]:
        """Entries with a number above ``seq`` (−1: from the first), at most ``limit``, unchecked."""
        with self._told():
            return rows_after(self._connection, seq, limit)

    def head(self) -> tuple[int, str]:
        """Number of entries and the latest hash."""
        with self._told():
            return head_of(self._connection)

    def follow(self, entries: int = 0, head: str = GENESIS) -> JournalFollower:
        """A follower from a place on: number of the entries that are known, and the latest hash of them."""
        return JournalFollower(self, entries, head)

    def backup(self, to: Path) -> tuple[int, str]:
        """Copy the journal as it is now into a new file, also while it is written; number of entries and head.

        The file appears whole or not at all. ``JournalError`` when it exists or cannot be written.
        """
        if to.exists():
            msg = f"{to} exists; a backup replaces nothing, choose another name"
            raise JournalError(msg)
        part = to.with_name(to.name + ".part")
        part.unlink(missing_ok=True)
        create_file(part)
        try:
            with self._told():
                found = self._copied(str(part))
            part.replace(to)
        finally:
            part.unlink(missing_ok=True)
        return found

    def _copied(self, part: str) -> tuple[int, str]:
        copy = self._apsw.Connection(part, flags=self._apsw.SQLITE_OPEN_READWRITE)
        try:
            with copy.backup("main", self._connection, "main") as work:
                while not work.done:
                    work.step(-1)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
            if (said := copy.execute("PRAGMA quick_check(1)").get) != "ok":
                msg = f"the copy of {self.path} is damaged ({said}); run tulya journal verify"
                raise JournalBrokenError(msg)
            found = head_of(copy)
        finally:
            copy.close(True)
        handle = os.open(part, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        return found

    def close(self) -> None:
        """Let go of the file; safe to call twice."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class JournalFollower:
    """Entries as they come: each is returned once, in its order, and checked against the one before."""

    def __init__(self, reader: JournalReader, entries: int, head: str) -> None:
        self._reader = reader
        self.entries = entries
        """Entries so far."""
        self.head = head
        """Hash of the latest of them."""

    def new(self, limit: int = AT_A_TIME) -> list[Sealed]:
        """Entries since the last call, at most ``limit``; ``JournalBrokenError`` names the first that does not fit."""
        found = self._reader.after(self.entries - 1, limit)
        for entry in found:
            if entry.seq != self.entries or entry.sha256 != seal(self.head, entry.text):
                msg = f"{self._reader.path}: entry {entry.seq} is not chained to entry {self.entries - 1}"
                raise JournalBrokenError(msg)
            self.entries, self.head = entry.seq + 1, entry.sha256
        return found
