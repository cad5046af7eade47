"""A journal as rows of the store: appended in one transaction, durable when ``append`` returns; for what is live."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from framework.journal.chain import GENESIS, Sealed
from framework.journal.errors import JournalError
from framework.store.database import transaction

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

AT_A_TIME = 256


class JournalTable:
    """One journal of a store, by its name; see ``framework.journal.storage.JournalStorage``.

    The database itself refuses to change or delete an entry, and a second writer between two of the first.
    """

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        self._connection = connection
        self.name = name

    def append(self, entries: Sequence[Sealed]) -> None:
        """See ``JournalStorage.append``; after it returns, a power cut does not take the entries away."""
        rows = [(self.name, entry.seq, entry.text.decode(), entry.sha256) for entry in entries]
        try:
            with _durable(self._connection), transaction(self._connection):
                self._connection.executemany(
                    "INSERT INTO journal_entries (journal, seq, entry, sha256) VALUES (?, ?, ?, ?)", rows
                )
        except sqlite3.Error as error:
            msg = f"journal {self.name}: nothing was appended ({error})"
            raise JournalError(msg) from error

    def lines(self) -> Iterator[bytes]:
        """See ``JournalStorage.lines``; a row is complete or not there, so none is torn."""
        seq = 0
        while True:
            found = self._connection.execute(
                "SELECT seq, entry, sha256 FROM journal_entries WHERE journal = ? AND seq >= ? ORDER BY seq LIMIT ?",
                (self.name, seq, AT_A_TIME),
            ).fetchall()
            if not found:
                return
            for seq, entry, sha256 in found:
                yield Sealed(seq, entry.encode(), sha256).line()
            seq += 1

    def close(self) -> None:
        """See ``JournalStorage.close``; the connection is the store's."""

    def head(self) -> tuple[int, str]:
        """Number of entries and the latest hash: where a writer goes on after a restart."""
        found = self._connection.execute(
            "SELECT seq + 1, sha256 FROM journal_entries WHERE journal = ? ORDER BY seq DESC LIMIT 1", (self.name,)
        ).fetchone()
        return (0, GENESIS) if found is None else (int(found[0]), str(found[1]))


def journal_names(connection: sqlite3.Connection) -> list[str]:
    """Every journal of the store."""
    return [row[0] for row in connection.execute("SELECT DISTINCT journal FROM journal_entries ORDER BY journal")]


@contextmanager
def _durable(connection: sqlite3.Connection) -> Iterator[None]:
    """Transactions of this block are on the disk when they are committed; prices need no such wait."""
    connection.execute("PRAGMA synchronous = FULL")
    try:
        yield
    finally:
        connection.execute("PRAGMA synchronous = NORMAL")
