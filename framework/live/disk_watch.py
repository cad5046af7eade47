"""Disk of the journal, looked at each minute: room that runs out (F48), a write-ahead log that grows (F52).

Little room left: told, and nothing new is risked until there is enough again; a disk that is full halts, by the
journal's own failure. A log that a long reader keeps from being taken back is told once, until it is small again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from framework.journal.account_entries import RunnerState

if TYPE_CHECKING:
    from collections.abc import Callable

    from framework.live.runner_state import RunnerStates

LEAST_FREE_BYTES = 500_000_000
"""The same that a start asks for."""
LARGEST_WAL_BYTES = 64 * 1024 * 1024
EVERY_NS = 60_000_000_000
DISK_LOW, WAL_LARGE = "disk_low", "wal_large"


class JournalDisk(Protocol):
    """Disk of a journal; ``store.journal_database.JournalDatabase`` is the real one."""

    def free_bytes(self) -> int:
        """Bytes that the disk has left; ``OSError`` where it cannot be asked."""
        ...

    def wal_bytes(self) -> int:
        """Size of the write-ahead log; ``OSError`` where it cannot be asked."""
        ...


class DiskWatch:
    """Watch over one journal's disk."""

    def __init__(self, disk: JournalDisk | None, states: RunnerStates, report: Callable[[str, str], None]) -> None:
        """``disk`` None: nobody looks. ``report`` takes a finding: its code and its text."""
        self._disk = disk
        self._states = states
        self._report = report
        self._looked_at = -EVERY_NS
        self._told: set[str] = set()

    def look(self, now: int) -> None:
        """Look, once a minute at most; ``now``: the clock, UTC nanoseconds."""
        if self._disk is None or now - self._looked_at < EVERY_NS:
            return
        self._looked_at = now
        try:
            free, log = self._disk.free_bytes(), self._disk.wal_bytes()
        except OSError as error:
            self._low(f"the journal's disk cannot be asked for its room: {error}")
            return
        if free < LEAST_FREE_BYTES:
            self._low(f"the journal's disk has {free / 1e6:,.0f} MB free, {LEAST_FREE_BYTES / 1e6:,.0f} are wanted")
        else:
            self._told.discard(DISK_LOW)
            self._states.lift(DISK_LOW, f"the journal's disk has {free / 1e6:,.0f} MB free")
        if log <= LARGEST_WAL_BYTES:
            self._told.discard(WAL_LARGE)
        elif WAL_LARGE not in self._told:
            self._told.add(WAL_LARGE)
            size, bound = (f"{one / 2**20:,.0f} MiB" for one in (log, LARGEST_WAL_BYTES))
            text = (
                f"the journal's write-ahead log has {size}, {bound} is the bound; "
                "some reader (a notebook, a status that hangs) keeps an old state of the file open: end it"
            )
            self._report(WAL_LARGE, text)

    def _low(self, text: str) -> None:
        self._states.demand(DISK_LOW, RunnerState.REDUCE_ONLY, text)
        if DISK_LOW not in self._told:
            self._told.add(DISK_LOW)
            self._report(DISK_LOW, text)
