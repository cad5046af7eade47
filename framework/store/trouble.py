"""Trouble with a database file: what SQLite says, as one sentence with the file, the cause and the way out."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from framework.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

PRIMARY = 0xFF
"""Lower byte of SQLite's result codes: the kind; the rest refines it (https://sqlite.org/rescode.html)."""
LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


def kind_of(error: sqlite3.Error) -> int:
    """Primary result code of an error; 0 where Python's module raised it itself."""
    return int(getattr(error, "sqlite_errorcode", 0)) & PRIMARY


def is_locked(error: sqlite3.Error) -> bool:
    """True when another program holds the file."""
    return kind_of(error) in LOCKED


def is_read_only(error: sqlite3.Error) -> bool:
    """True when the file or its folder cannot be written."""
    return kind_of(error) in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}


SENTENCES = {
    **dict.fromkeys(LOCKED, "{path} is locked by another program; close it or let it finish, then run this again"),
    **dict.fromkeys(
        DAMAGED,
        "{path} is damaged or no database ({error}). Keep a copy of it; `sqlite3 {path} .recover | sqlite3 "
        "rescued.sqlite` saves what can be read, or choose another with --db",
    ),
    sqlite3.SQLITE_FULL: ("the disk that holds {path} is full: nothing of this was stored; make room and run it again"),
    sqlite3.SQLITE_READONLY: (
        "{path} is read-only, so nothing can be stored in it; copy it, or choose another with --db"
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "{path}, or a file that SQLite needs beside it, cannot be opened; choose another with --db"
    ),
    sqlite3.SQLITE_IOERR: "{path}: the disk reports an error ({error}); nothing of this was stored",
}
"""Primary result code → sentence."""
OTHER = "{path} cannot be used as a database: {error}; choose another with --db"
INCOMPLETE = (
    "{path} is no whole database of Tulya: {error}. Another program changed it, or it is another program's; restore a "
    "copy, or choose another with --db"
)


def trouble(path: Path, error: sqlite3.Error) -> StoreError:
    """The error as one of ours. The file is as it was before: SQLite undoes what it could not finish."""
    lacks = str(error).startswith(("no such table", "no such column"))
    sentence = INCOMPLETE if lacks else SENTENCES.get(kind_of(error), OTHER)
    return StoreError(sentence.format(path=path, error=error))
