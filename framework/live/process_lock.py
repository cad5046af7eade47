"""Lock of an account's runner: one process at a time, by a file that the kernel unlocks when its process dies."""

from __future__ import annotations

import fcntl
import json
import os
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from framework.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "lock"
SOCKET = "broker.sock"
LONGEST_SOCKET_PATH = 100
"""Bytes; the system's own limit is 107."""
MOST_BYTES = 200
TRIES, PAUSE_S = 5, 0.04


class ProcessLock:
    """The lock of a run folder, held until ``release`` or the end of the process.

    The folder is made for its owner alone (0700), the file too (0600). A process that was killed leaves the file and no
    lock. A child made by ``os.fork`` alone would share the lock; a started program does not.
    """

    def __init__(self, folder: Path, now: int) -> None:
        """``now``: UTC nanoseconds. ``ConfigError`` where another process holds it, with its id and since when."""
        self.path = folder / NAME
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            msg = f"{self.path} cannot be opened ({error.strerror}); the runner's folder must be writable"
            raise ConfigError(msg) from error
        if not _locked(handle):
            holder = holder_of(os.pread(handle, MOST_BYTES, 0))
            os.close(handle)
            msg = f"{holder} runs this account already ({self.path}); stop it first, or follow it with tulya status"
            raise ConfigError(msg)
        os.fchmod(handle, 0o600)
        since = datetime.fromtimestamp(now // 1_000_000_000, UTC)
        os.ftruncate(handle, 0)
        os.pwrite(handle, json.dumps({"pid": os.getpid(), "since": f"{since:%Y-%m-%d %H:%M:%S} UTC"}).encode(), 0)
        self._handle: int | None = handle

    def release(self) -> None:
        """Let the next process in; safe to call twice. The file stays: removing it would let two in."""
        if self._handle is not None:
            os.ftruncate(self._handle, 0)
            os.close(self._handle)
            self._handle = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


@contextmanager
def socket_in(folder: Path) -> Iterator[Path]:
    """Path of the broker's socket in a run folder, by a short name where its own is too long for a socket."""
    path = folder / SOCKET
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        yield path
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield type(folder)(f"/proc/self/fd/{handle}/{SOCKET}")
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    """True once the lock is ours. A look by ``held_by`` takes it for microseconds, so one refusal is not the answer."""
    for _ in range(TRIES):
        with suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(PAUSE_S)
    return False


def holder_of(written: bytes) -> str:
    """Holder of a lock in words; it may not have written itself down yet."""
    with suppress(ValueError, KeyError, TypeError):
        told = json.loads(written)
        return f"process {told['pid']} (since {told['since']})"
    return "another process"


def held_by(folder: Path) -> str:
    """Process that holds the lock of a run folder, in words; empty without one."""
    try:
        handle = os.open(folder / NAME, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return holder_of(os.pread(handle, MOST_BYTES, 0))
    else:
        return ""
    finally:
        os.close(handle)
