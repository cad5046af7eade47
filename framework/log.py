"""Log of the program: one place that says where lines go, what stands in each, and what never does.

Theory of operation
-------------------
Everything logs under ``tulya`` with the standard library. A line carries the ids of what it is about (``run``,
``deployment``, ``account``, ``order`` …), bound by ``log_context`` and so the same in everything that is called within.
The caller only puts a record into a bounded queue: a thread writes files and console, so that a disk that is full, a
stderr that is closed or a rotation that fails costs the loop nothing and raises nothing there. Lines that could not be
written are counted (``lost``). Secrets are taken out of the finished line, whatever they came in by: a message, an
argument, a traceback of somebody's HTTP library.
"""

from __future__ import annotations

import base64
import copy
import fcntl
import json
import logging
import os
import queue
import re
import sys
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from logging.handlers import QueueHandler, QueueListener, RotatingFileHandler
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

from framework.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAME = "tulya"
FILE = "application.log"
FOLDER, FOLDER_VARIABLE = Path("logs"), "TULYA_LOGS"
LARGEST_BYTES, KEPT_FILES = 10_000_000, 5
MOST_WAITING = 20_000
CLOSE_S = 5.0
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
HIDDEN = "[hidden]"
SHORTEST_SECRET = 6
"""Characters; a shorter one would hide parts of ordinary words."""
_NAMES = (
    r"(?:access_?|refresh_?|api_?|auth_?|client_?|bot_?)?(?:token|secret|key|password|passwd|passphrase|pin|totp|code)"
)
PATTERNS = (
    re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?"),  # a JSON Web Token
    re.compile(r"(?i)\b(?:bearer|basic)\s+[\w.~+/=-]{8,}"),
    re.compile(r"(?<!\d)\d{6,12}:[A-Za-z0-9_-]{30,}"),  # a Telegram bot's
    re.compile(rf"""(?ix)(?<=[?&\s"'{{,(;])(?:{_NAMES})["']?\s*[=:]\s*["']?(?P<value>[^\s"'&,;)}}]{{4,}})"""),
    re.compile(rf"""(?ix)^(?:{_NAMES})["']?\s*[=:]\s*["']?(?P<value>[^\s"'&,;)}}]{{4,}})"""),
    re.compile(r"(?i)(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"),  # user and password in an address
)
"""Texts that are secrets by their look."""
_ids: ContextVar[Mapping[str, str]] = ContextVar("log_ids", default=MappingProxyType({}))
_secrets: set[str] = set()


def logger(name: str = "") -> logging.Logger:
    """Logger of a part of the program."""
    return logging.getLogger(f"{NAME}.{name}" if name else NAME)


@contextmanager
def log_context(**ids: str) -> Iterator[None]:
    """Ids that every line within carries: ``run``, ``deployment``, ``account``, ``order``, …."""
    before = _ids.set({**_ids.get(), **ids})
    try:
        yield
    finally:
        _ids.reset(before)


def hide(secret: str) -> None:
    """Never print this text again, also in base64 and as part of an address."""
    if len(secret) < SHORTEST_SECRET:
        return
    raw = secret.encode()
    _secrets.update((secret, quote(secret, safe=""), base64.b64encode(raw).decode().rstrip("=")))
    _secrets.add(base64.urlsafe_b64encode(raw).decode().rstrip("="))


def redacted(text: str) -> str:
    """The text without what is known to be secret, and without what looks so."""
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    for pattern in PATTERNS:
        text = pattern.sub(_hidden, text)
    return text


def _hidden(found: re.Match[str]) -> str:
    value = found.groupdict().get("value")
    return HIDDEN if value is None else found[0][: found.start("value") - found.start()] + HIDDEN


class JsonLine(logging.Formatter):
    """Line as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """See ``logging.Formatter.format``; the values are redacted one by one, so that the line stays JSON."""
        values: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "text": redacted(record.getMessage()),
            **{name: redacted(str(value)) for name, value in getattr(record, "ids", {}).items()},
        }
        if record.exc_text:
            values["error"] = redacted(record.exc_text)
        return json.dumps(values, ensure_ascii=False)


class TextLine(logging.Formatter):
    """Line for people."""

    def format(self, record: logging.LogRecord) -> str:
        """See ``logging.Formatter.format``."""
        ids = "".join(f" {name}={value}" for name, value in getattr(record, "ids", {}).items())
        when = datetime.fromtimestamp(record.created, UTC)
        line = f"{when:%Y-%m-%d %H:%M:%S}Z {record.levelname:<8} {record.getMessage()}{ids}"
        return redacted(f"{line}\n{record.exc_text}" if record.exc_text else line)


class _Counts:
    """Count of lines that are lost."""

    lost = 0


class _QuietFile(RotatingFileHandler):
    """Rotating file, for its owner alone, whose errors are counted and never raised.

    Several processes may write one log: whoever finds it full rotates it under a lock, the others notice and reopen.
    """

    def __init__(self, path: Path, counts: _Counts) -> None:
        self._counts = counts
        super().__init__(path, maxBytes=LARGEST_BYTES, backupCount=KEPT_FILES, encoding="utf-8", delay=True)

    def _open(self) -> Any:
        handle = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        os.fchmod(handle, 0o600)
        return os.fdopen(handle, "a", encoding="utf-8", errors="backslashreplace")

    def shouldRollover(self, record: logging.LogRecord) -> bool:  # noqa: N802 - the library's name
        """See the library's; a file that another process has rotated is reopened first."""
        if self.stream is not None and not self._is_current():
            self.stream.close()
            self.stream = self._open()
        return bool(super().shouldRollover(record))

    def doRollover(self) -> None:  # noqa: N802 - the library's name
        """Rotate, unless another process was quicker."""
        lock = os.open(f"{self.baseFilename}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self._is_current():
                super().doRollover()
        finally:
            os.close(lock)

    def _is_current(self) -> bool:
        """True while the open file is the one of that name."""
        stream: Any = self.stream
        with suppress(FileNotFoundError):
            return os.path.samestat(os.fstat(stream.fileno()), os.stat(self.baseFilename))  # noqa: PTH116
        return False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - the library's name
        """Count it. The next line tries again."""
        self._counts.lost += 1


class _QuietConsole(logging.StreamHandler[Any]):
    """Console whose errors are counted: a stderr that is closed ends nothing."""

    def __init__(self, counts: _Counts) -> None:
        self._counts = counts
        super().__init__(sys.stderr)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - the library's name
        """Count it."""
        self._counts.lost += 1


class _Gate(QueueHandler):
    """The caller's end of the queue: it takes the ids of its context along, and never waits."""

    def __init__(self, waiting: queue.Queue[Any], counts: _Counts) -> None:
        self._counts = counts
        super().__init__(waiting)

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Make message and traceback here, where arguments are what they were and the ids are the caller's."""
        prepared = copy.copy(record)
        prepared.msg, prepared.args = record.getMessage(), None
        if record.exc_info and not record.exc_text:
            prepared.exc_text = logging.Formatter().formatException(record.exc_info)
        prepared.exc_info = None
        prepared.ids = {**_ids.get(), **getattr(record, "ids", {})}
        return prepared

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - the library's name
        """Count it: the queue is full, or an argument cannot be made a text."""
        self._counts.lost += 1


class _Listener(QueueListener):
    """Thread that writes what waits."""

    def stop(self) -> None:
        """Write what waits, for a few seconds at most: a disk that hangs does not keep the process."""
        with suppress(queue.Full):
            self.queue.put(self._sentinel, timeout=CLOSE_S)  # type: ignore[attr-defined]  # the library's own mark
        if self._thread is not None:
            self._thread.join(CLOSE_S)
            self._thread = None


class ProgramLog:
    """Log of this process, until ``close``; use it in a with block."""

    def __init__(
        self, folder: Path | None = None, *, level: str = "INFO", json_lines: bool = True, console: bool | None = None
    ) -> None:
        """``folder``: of the file; default $TULYA_LOGS, then ``logs``. ``console``: by default where somebody reads it.

        ``ConfigError`` for a level that there is not, and where the folder cannot be made.
        """
        if level.upper() not in LEVELS:
            msg = f"there is no log level {level!r}; there are {', '.join(LEVELS)}"
            raise ConfigError(msg)
        self.path = (folder or log_folder()) / FILE
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            msg = f"{self.path.parent} cannot be made ({error.strerror}); $TULYA_LOGS names another folder for the log"
            raise ConfigError(msg) from error
        self._counts = _Counts()
        file = _QuietFile(self.path, self._counts)
        file.setFormatter(JsonLine() if json_lines else TextLine())
        handlers: list[logging.Handler] = [file]
        if has_stderr() and (console or (console is None and is_watched())):
            shown = _QuietConsole(self._counts)
            shown.setFormatter(TextLine())
            handlers.append(shown)
        waiting: queue.Queue[Any] = queue.Queue(MOST_WAITING)
        self._gate = _Gate(waiting, self._counts)
        self._listener = _Listener(waiting, *handlers)
        self._handlers = handlers
        self._closed = False
        self._root = logging.getLogger(NAME)
        self._root.setLevel(level.upper())
        self._root.propagate = False
        self._root.addHandler(self._gate)
        self._listener.start()

    @property
    def lost(self) -> int:
        """Lines that could not be written."""
        return self._counts.lost

    def close(self) -> None:
        """Write what waits, and let go of the file; safe to call twice."""
        self._root.removeHandler(self._gate)
        if not self._closed:
            self._closed = True
            self._listener.stop()
        for handler in self._handlers:
            handler.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def log_folder() -> Path:
    """Folder of the log: $TULYA_LOGS, else ``logs``."""
    return Path(os.environ.get(FOLDER_VARIABLE) or FOLDER)


def has_stderr() -> bool:
    """False where stderr was closed: the next file that is opened gets its number, and would get its lines."""
    try:
        os.fstat(2)
    except OSError:
        return False
    return sys.stderr is not None


def is_watched() -> bool:
    """True where somebody reads stderr: a terminal, or systemd's journal."""
    return bool(os.environ.get("JOURNAL_STREAM")) or sys.stderr.isatty()
