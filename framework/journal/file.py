"""A journal as a file: one entry a line (JSON Lines), for backtests and for whoever is handed a journal."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from framework.errors import ConfigError
from framework.journal.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from framework.journal.chain import Sealed

BUFFER_BYTES = 1 << 18
FIRST_BYTES = b'{"at":'
"""How every journal begins."""


class JournalFile:
    """A new journal in a file. What the system has taken survives this process (kill −9); ``close`` makes it durable.

    An earlier journal of that name is replaced; a file that is none is a ``ConfigError``.
    """

    def __init__(self, path: Path) -> None:
        refuse_file(path)
        self.path = path
        self._stream: BinaryIO | None = None

    def append(self, entries: Sequence[Sealed]) -> None:
        """See ``JournalStorage.append``; a crash may cut the last line, which ``chain.Walk`` tells from a change."""
        if self._stream is None:  # not before: a run that never begins leaves an earlier journal as it is
            self._stream = self._opened()
        self._stream.writelines([entry.line() for entry in entries])

    def _opened(self) -> BinaryIO:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return self.path.open("wb", buffering=BUFFER_BYTES)
        except OSError as error:
            msg = f"{self.path} cannot be written ({error.strerror}); choose another file"
            raise ConfigError(msg) from error

    def lines(self) -> Iterator[bytes]:
        """See ``JournalStorage.lines``."""
        if self._stream is not None and not self._stream.closed:
            self._stream.flush()
        return read_lines(self.path)

    def close(self) -> None:
        """See ``JournalStorage.close``."""
        if self._stream is not None and not self._stream.closed:
            self._stream.flush()
            os.fsync(self._stream.fileno())
            self._stream.close()


def refuse_file(path: Path) -> None:
    """``ConfigError`` unless a journal may be written there; a long run asks before it begins."""
    if path.is_dir():
        msg = f"{path} is a folder; give the journal a file, such as {path / 'run.journal'}"
        raise ConfigError(msg)
    if path.is_file() and path.stat().st_size and not is_journal(path):
        msg = f"{path} exists and is no journal; choose another file"
        raise ConfigError(msg)


def is_journal(path: Path) -> bool:
    """True for a file that begins like one."""
    try:
        with path.open("rb") as stream:
            return stream.read(len(FIRST_BYTES)) == FIRST_BYTES
    except OSError:
        return False


def read_lines(path: Path) -> Iterator[bytes]:
    """The lines of a file with their ends; ``JournalError`` where there is no journal."""
    try:
        stream = path.open("rb", buffering=BUFFER_BYTES)
    except OSError as error:
        msg = f"{path} cannot be read as a journal ({error.strerror}); tulya backtest … --journal FILE writes one"
        raise JournalError(msg) from error
    with stream:
        if stream.read(len(FIRST_BYTES)) != FIRST_BYTES:
            msg = f"{path} is no journal of Tulya; tulya backtest … --journal FILE writes one"
            raise JournalError(msg)
        stream.seek(0)
        yield from stream
