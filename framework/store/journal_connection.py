"""Connection to an account's journal through apsw: which SQLite, the file's mode, whose file it is.

The file is opened by apsw alone, never by ``sqlite3``: two copies of SQLite in one process release each other's file
locks. apsw brings a SQLite that resets its write-ahead log safely; Python's own may be older.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from framework.errors import ConfigError
from framework.journal.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SAFE_SQLITE = (3, 51, 3)
"""From here on two connections that write and checkpoint at once do not damage a file in WAL mode."""
SCHEMA_VERSION = 1
APPLICATION_ID = 0x54756C79
"""``Tuly``: SQLite's mark of whose file this is."""
BUSY_TIMEOUT_MS = 5_000
WAL_LIMIT_BYTES = 64 << 20


class JournalOwner(NamedTuple):
    """Account and mode of a journal, as its file says."""

    account: str
    mode: str
    """``paper`` or ``live``."""


def driver() -> Any:
    """The module ``apsw``; ``ConfigError`` where it is absent or its SQLite is too old."""
    try:
        import apsw
    except ImportError:
        msg = "an account's journal needs the library apsw, which is not installed; pip install 'tulya[live]' brings it"
        raise ConfigError(msg) from None
    refuse_old_sqlite(apsw.sqlite_lib_version())
    return apsw


def refuse_old_sqlite(version: str) -> None:
    """``ConfigError`` for a SQLite before 3.51.3, such as ``3.40.1``."""
    if tuple(int(part) for part in version.split(".")[:3]) < SAFE_SQLITE:
        safe = ".".join(str(part) for part in SAFE_SQLITE)
        msg = f"apsw brings SQLite {version}, which can damage a journal; install an apsw of {safe} or later"
        raise ConfigError(msg)


def create_file(path: Path) -> None:
    """An empty file for its owner's eyes only (0600, a new folder 0700), whatever the umask."""
    try:
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.parent.chmod(0o700)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        return
    except OSError as error:
        msg = f"{path} cannot be created ({error.strerror}); choose another database"
        raise JournalError(msg) from error
    try:
        os.fchmod(handle, 0o600)
    finally:
        os.close(handle)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the name of the file survives a power cut
    finally:
        os.close(folder)


def writing(path: str, vfs: str | None) -> Any:
    """A connection that writes: WAL, no mmap, waits five seconds for another one.

    ``JournalError`` before anything is changed in a file that is no journal.
    """
    apsw = driver()
    connection = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_NOFOLLOW, vfs=vfs)
    try:
        connection.set_busy_timeout(BUSY_TIMEOUT_MS)
        if vfs is not None:  # a file system of a test has no memory that processes share
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA mmap_size = 0")
        owner_of(connection, path)
        # EXTRA counts while the file is made: else a power cut may bring back the deleted log of its first page.
        connection.execute("PRAGMA synchronous = EXTRA")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA journal_size_limit = {WAL_LIMIT_BYTES}")
    except BaseException:
        let_go(connection)
        raise
    return connection


def reading(path: str) -> Any:
    """A connection that reads only and never checkpoints."""
    apsw = driver()
    connection = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READONLY)
    connection.set_busy_timeout(BUSY_TIMEOUT_MS)
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    connection.execute("PRAGMA mmap_size = 0")
    return connection


def let_go(connection: Any) -> None:
    """Close a connection after an error, whose cause is told already."""
    with contextlib.suppress(driver().Error):
        connection.close()


@contextlib.contextmanager
def atomic(connection: Any) -> Iterator[None]:
    """All or nothing: committed at the end of the block, rolled back when it raises."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has ended it already
            with contextlib.suppress(driver().Error):  # the first error is the one to tell
                connection.execute("ROLLBACK")
        raise


def owner_of(connection: Any, path: object) -> JournalOwner | None:
    """Account and mode that the file is of; None: an empty file. ``JournalError``: no journal, or a newer Tulya's."""
    mark = connection.execute("PRAGMA application_id").get
    version = connection.execute("PRAGMA user_version").get
    if mark != APPLICATION_ID:
        if connection.execute("SELECT count(*) FROM sqlite_schema").get:
            msg = f"{path} is a database, but no account's journal; choose another one"
            raise JournalError(msg)
        return None
    if version > SCHEMA_VERSION:
        msg = f"{path} was written by a newer Tulya (schema {version}, this one knows {SCHEMA_VERSION}); upgrade Tulya"
        raise JournalError(msg)
    return JournalOwner(*connection.execute("SELECT account, mode FROM header").fetchone())
