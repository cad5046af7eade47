"""A stored series cut into sessions, and what it is judged against. Pure: arrays in, arrays out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from framework.types.localtime import DAY, to_local

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from framework.store.records import CorporateAction
    from framework.types.intake.records import Columns


class ExpectedDays(NamedTuple):
    """Days on which there should be bars, and their source."""

    days: NDArray[np.int64]
    """Days since 1970-01-01, rising."""
    kinds: Mapping[int, str]
    """Kind of the days that are not ordinary."""
    source: str
    """Ends a sentence: "… by the imported session list"."""
    hours: Callable[[int], tuple[tuple[int, int], ...]] | None = None
    """Day → when bars are made, local seconds of the day, ends not included; empty where unknown. None: no day's is."""


class SeriesContext(NamedTuple):
    """Context of a series under examination: its calendar, its actions, its neighbours."""

    calendar: ExpectedDays | None = None
    actions: tuple[CorporateAction, ...] = ()
    neighbours_from: int | None = None
    """First day of the earliest series of the same exchange and timeframe; None with fewer than three series."""
    of_index: bool = False
    """True where it is an index, which has no volume of its own."""


class Series(NamedTuple):
    """One series with its sessions; times UTC seconds, days since 1970-01-01."""

    dated: bool
    """Bars of a day or longer: each is a session of its own."""
    step: int
    """Length of a bar, seconds."""
    timestamp: NDArray[np.int64]
    local: NDArray[np.int64]
    """Wall-clock seconds since 1970 of each bar's open."""
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]
    days: NDArray[np.int64]
    """The sessions' dates, int64[m], rising."""
    begins: NDArray[np.int64]
    """Row of each session's first bar, int64[m]."""
    ends: NDArray[np.int64]
    """Row of each session's last bar, int64[m]."""

    def span(self, first_session: int, last_session: int) -> tuple[int, int]:
        """UTC seconds of the first bar of one session and the last bar of another."""
        return int(self.timestamp[self.begins[first_session]]), int(self.timestamp[self.ends[last_session]])


def cut(rows: Columns, step: int, timezone: str) -> Series:
    """Sessions are the dates on the exchange's wall clock; rows must not be empty."""
    dated = step >= DAY
    local = rows.timestamp if dated else to_local(rows.timestamp, timezone)
    day = np.floor_divide(local, DAY)
    begins = np.concatenate(([0], np.flatnonzero(np.diff(day)) + 1)).astype(np.int64)
    ends = np.concatenate((begins[1:] - 1, [day.shape[0] - 1])).astype(np.int64)
    opened, high, low, close, volume = rows.values
    return Series(dated, step, rows.timestamp, local, opened, high, low, close, volume, day[begins], begins, ends)
