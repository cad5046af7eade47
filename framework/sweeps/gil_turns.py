"""Speed only: turns at Python's lock; one thread at a time calls strategies while a call is short.

numpy lets go of the interpreter's lock around every comparison, however short: two threads that compare 100,000 prices
at the same time hand it to and fro, and are slower than one. So one of them asks its strategies while the other is in
the compiled loop, which needs no lock. Where asking takes longer (a million bars, say) all of them ask at once.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

BRIEFLY = 0.000_3
"""Processor seconds a set: from there on, asking in every thread gains more than it loses."""


class Gate:
    """Lets one thread through at a time, until a chunk of sets took too long in there: from then on, all of them."""

    def __init__(self) -> None:
        self._one = threading.Lock()
        self.is_open = False

    def open(self) -> None:
        """Let every thread through from now on."""
        self.is_open = True

    @contextmanager
    def passed(self, sets: int) -> Iterator[None]:
        """Within this block, do what so many sets need of the interpreter."""
        if self.is_open:
            yield
            return
        with self._one:
            begin = _spent()
            yield
            if _spent() - begin > BRIEFLY * sets:
                self.open()


def _spent() -> float:
    """Processor seconds of this thread: they decide how sets are run, never their results."""
    return time.thread_time()
