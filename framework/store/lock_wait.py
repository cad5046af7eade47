"""Waiting for a file that another program holds locked: told after a moment, bounded, ended with a name."""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from framework.errors import DataError, StoreError
from framework.store.trouble import is_locked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DEFAULT_S = 60.0
LIMIT_VARIABLE = "TULYA_LOCK_WAIT"
"""Environment variable with another limit, in seconds."""
TOLD_AFTER_S = 2.0
PAUSE_S = 0.05
MOST_NAMED = 3
T = TypeVar("T")


def limit_s() -> float:
    """Longest wait, seconds; ``DataError`` for a variable that is no number of seconds."""
    given = os.environ.get(LIMIT_VARIABLE, "")
    try:
        limit = float(given) if given else DEFAULT_S
    except ValueError:
        limit = -1.0
    if not 0.0 <= limit < float("inf"):
        raise DataError(f"{LIMIT_VARIABLE}={given!r} is no number of seconds, 0 or more; write {DEFAULT_S:g}")
    return limit


def patiently(path: Path, act: Callable[[], T]) -> T:
    """Result of ``act``, tried again while another program holds the file; ``StoreError`` when it holds on too long.

    One sentence goes to stderr when the wait becomes noticeable.
    """
    began, told = time.monotonic(), False
    while True:
        try:
            return act()
        except sqlite3.OperationalError as error:
            if not is_locked(error):
                raise
            waited, limit = time.monotonic() - began, limit_s()
            if waited >= limit:
                raise StoreError(
                    f"{path} has been locked by another program for {waited:.0f} s{_named(path)}. Close it, or let it "
                    f"finish, then run this again ({LIMIT_VARIABLE}={2 * DEFAULT_S:.0f} waits longer)"
                ) from error
            if not told and waited >= TOLD_AFTER_S:
                _to_stderr(f"{path} is locked by another program{_named(path)}; waiting for it, {limit:.0f} s at most")
                told = True
        time.sleep(PAUSE_S)


def _to_stderr(sentence: str) -> None:
    sys.stderr.write(f"tulya: {sentence}\n")
    sys.stderr.flush()


def _named(path: Path) -> str:
    """``: sqlitebrowser (process 4711)``; empty where the system does not tell."""
    names = list(holders(path))
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f": {', '.join(names[:MOST_NAMED])}{more}" if names else ""


def holders(path: Path) -> Iterator[str]:
    """Other programs that have the file open, as Linux tells it in /proc; none elsewhere."""
    wanted = os.path.realpath(path)
    for process in sorted(Path("/proc").glob("[0-9]*")):
        if int(process.name) == os.getpid():
            continue
        try:
            files = {os.path.realpath(entry) for entry in (process / "fd").iterdir()}
            name = (process / "comm").read_text("utf-8").strip()
        except OSError:  # it ended, or is somebody else's
            continue
        if wanted in files:
            yield f"{name} (process {process.name})"
