"""Storage of the paper broker's entries: a file that only grows, or none."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Protocol

from framework.errors import BrokerError, ConfigError, DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FORMAT = 1


class PaperStorage(Protocol):
    """Storage of entries, in their order."""

    def append(self, text: str, *, durable: bool) -> None:
        """Keep one more entry; ``durable``: through a loss of power too, else through the process's death only.

        ``BrokerError`` when it cannot be kept.
        """
        ...

    def entries(self) -> Iterator[str]:
        """Every entry so far, oldest first."""
        ...

    def close(self) -> None:
        """Let go of the file; safe to call twice."""
        ...


class PaperFile:
    """SQLite file of entries, one to a row. Only apsw ever opens it, and one process at a time."""

    def __init__(self, path: Path) -> None:
        """``path`` is made when it is not there. ``DataError`` when it is no file of a paper broker, or is in use.

        ``ConfigError`` where the library is absent.
        """
        try:
            import apsw
        except ImportError as error:
            raise ConfigError("a paper account's file needs apsw: pip install 'tulya[live]'") from error
        self._path = path
        self._full = True
        self._error = apsw.Error
        try:
            path.touch(mode=0o600)  # what SQLite makes beside it has the same mode
            path.chmod(0o600)
            self._connection = apsw.Connection(str(path))
            self._open()
        except (apsw.Error, OSError) as error:
            raise DataError(f"the paper broker's file {path} cannot be opened ({error}); is it in use?") from error

    def _open(self) -> None:
        run = self._connection.execute
        run("PRAGMA locking_mode = EXCLUSIVE")  # no shared memory, and no second broker on the same books
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = FULL")
        (version,) = run("PRAGMA user_version").fetchone() or (0,)
        if version not in {0, FORMAT}:
            raise DataError(f"the paper broker's file {self._path} has format {version}, this program knows {FORMAT}")
        run("CREATE TABLE IF NOT EXISTS entry (seq INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT")
        run(f"PRAGMA user_version = {FORMAT}")

    def append(self, text: str, *, durable: bool) -> None:
        """See ``PaperStorage.append``."""
        try:
            if durable != self._full:
                self._connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
                self._full = durable
            self._connection.execute("INSERT INTO entry (text) VALUES (?)", (text,))
        except self._error as error:
            raise BrokerError(f"the paper broker's file {self._path} cannot be written: {error}") from error

    def entries(self) -> Iterator[str]:
        """See ``PaperStorage.entries``."""
        with closing(self._connection.cursor()) as cursor:
            for (text,) in cursor.execute("SELECT text FROM entry ORDER BY seq"):
                yield str(text)

    def close(self) -> None:
        """See ``PaperStorage.close``."""
        self._connection.close()
