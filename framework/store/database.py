"""One SQLite file: opening it, its numbered migrations, its transactions."""

from __future__ import annotations

import os
import sqlite3
import struct
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from framework.errors import DataError
from framework.store.lock_wait import patiently
from framework.store.trouble import is_read_only, trouble

if TYPE_CHECKING:
    from collections.abc import Iterator

BUSY_TIMEOUT_MS = 1_000
"""SQLite's own wait; ``lock_wait`` goes on from there."""
CACHE_KIB = 65_536
MMAP_BYTES = 1 << 30
PAGE_BYTES = 8_192
BAR_BYTES = 48
"""Time, open, high, low, close and volume as float64: what the SQL function ``packed_bar`` makes of a row."""


class Migration(NamedTuple):
    """One numbered step of the schema."""

    version: int
    name: str
    sql: str


def migrations() -> list[Migration]:
    """The steps this code knows, in order."""
    folder = files("framework.store").joinpath("schema")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [Migration(int(name[:4]), name, folder.joinpath(name).read_text("utf-8")) for name in names]


def connect(path: Path) -> sqlite3.Connection:
    """A writing connection to a file that is created and migrated as needed; a reading one to a file that is read-only.

    Raises ``DataError`` where the file is no database, is newer than this code, or can neither be written nor read.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{path} cannot be opened as a database: {error}; choose another with --db") from error
    try:
        return patiently(path, lambda: _opened(path, f"{path.absolute().as_uri()}?mode=rwc"))
    except sqlite3.Error as error:
        if not (is_read_only(error) and path.is_file()):
            raise trouble(path, error) from error
    try:
        return patiently(path, lambda: _opened(path, f"{path.absolute().as_uri()}?{_as_it_lies(path)}"))
    except sqlite3.Error as error:
        raise trouble(path, error) from error


def _as_it_lies(path: Path) -> str:
    """Words for reading a file that cannot be written: without its log, nothing beside it is needed either."""
    log = path.with_name(path.name + "-wal")
    return "mode=ro" if log.is_file() and log.stat().st_size else "immutable=1"


def _opened(path: Path, uri: str) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_TIMEOUT_MS / 1000)
    try:
        connection.create_function("packed_bar", 6, struct.Struct("=6d").pack, deterministic=True)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        connection.execute(f"PRAGMA mmap_size = {MMAP_BYTES}")
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")  # counts for a new file only
        if "immutable" not in uri:
            _use_wal(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        migrate(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch a new file to WAL."""
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        connection.execute("PRAGMA journal_mode = WAL")


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Apply the steps that the file lacks, each in a transaction of its own."""
    known = migrations()
    have = _version(connection)
    newest = known[-1].version
    if have > newest:
        raise DataError(
            f"{path} was written by a newer Tulya (schema {have}, this one knows {newest}); "
            "upgrade Tulya or choose another file with --db"
        )
    for step in known[have:]:
        with transaction(connection):
            if _version(connection) >= step.version:  # another process was quicker
                continue
            for statement in statements(step.sql):
                connection.execute(statement)
            connection.execute("INSERT INTO schema_migrations (version, name) VALUES (?, ?)", (step.version, step.name))


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing: committed at the end of the block, rolled back when it raises.

    A file that another program is writing to is waited for; see ``lock_wait``.
    """
    try:
        patiently(path_of(connection), lambda: connection.execute("BEGIN IMMEDIATE"))
        yield
        connection.execute("COMMIT")  # raises where a bar lacks its instrument
    except sqlite3.OperationalError as error:
        _rolled_back(connection)
        raise trouble(path_of(connection), error) from error
    except BaseException:
        _rolled_back(connection)
        raise


def _rolled_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:  # Ctrl-C may come when it has just ended
        connection.execute("ROLLBACK")


@contextmanager
def one_state(connection: sqlite3.Connection) -> Iterator[None]:
    """Reads of the block see one state of the file, and a write in it succeeds only while that is the latest state."""
    connection.execute("BEGIN")
    try:
        yield
        if connection.in_transaction:  # a full disk has ended it already
            connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def path_of(connection: sqlite3.Connection) -> Path:
    """The file of a connection."""
    return Path(os.fsdecode(file_of(connection)))


def file_of(connection: sqlite3.Connection) -> bytes:
    """The absolute path of the file, as SQLite names it."""
    named = connection.execute("SELECT CAST(file AS BLOB) FROM pragma_database_list WHERE name = 'main'").fetchone()
    return bytes(named[0])


def statements(sql: str) -> Iterator[str]:
    """The statements of a script one by one; a trigger's body stays whole."""
    gathered = ""
    for line in sql.splitlines(keepends=True):
        gathered += line
        if sqlite3.complete_statement(gathered):
            yield gathered
            gathered = ""
    if gathered.strip():
        yield gathered


def _version(connection: sqlite3.Connection) -> int:
    table = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'"
    if connection.execute(table).fetchone() is None:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations ("
            "version INTEGER PRIMARY KEY, name TEXT NOT NULL, "
            "created_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)))"
        )
    row = connection.execute("SELECT coalesce(max(version), 0) FROM schema_migrations").fetchone()
    return int(row[0])
