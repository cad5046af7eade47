"""Bars that lie across stored ones of their series: another grid, or a candle that was stored unfinished."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from framework.store import bars, instruments
from framework.types import Timeframe
from framework.types.intake.records import Refusal
from framework.types.localtime import DAY, day_text, second_text, to_local
from framework.types.periods import least_apart

if TYPE_CHECKING:
    import sqlite3

    from numpy.typing import NDArray

    from framework.types.intake.records import Columns, SeriesKey


class Across(NamedTuple):
    """Rows of a series that lie across stored ones."""

    given: NDArray[np.bool_]
    """Rows that are given and not stored, bool[n]."""
    stored: NDArray[np.int64]
    """UTC seconds of the stored bars that given rows lie across."""

    @property
    def number(self) -> int:
        """Rows that are given."""
        return int(self.given.sum())


def across(connection: sqlite3.Connection, key: SeriesKey, given: Columns) -> Across:
    """Given rows across stored bars of the same date: two bars open less than a bar apart, at different times."""
    nothing = Across(np.zeros(given.timestamp.shape[0], dtype=bool), np.empty(0, dtype=np.int64))
    frame = Timeframe.parse(key.timeframe)
    step = least_apart(frame) // bars.SECOND_NS
    if step == DAY or not given.timestamp.size:
        return nothing
    begin, end = int(given.timestamp[0]) - step, int(given.timestamp[-1]) + step
    stored = bars.read(connection, key, begin, end).timestamp
    merged = np.union1d(stored, given.timestamp)
    if not (np.diff(merged) < step).any():
        return nothing
    zone = instruments.timezone(connection, key) or "UTC"
    near = partial(_near, step=step, zone="" if frame.dated else zone)
    crosses = near(given.timestamp, stored) & ~np.isin(given.timestamp, stored)
    crossed = near(stored, given.timestamp) & ~np.isin(stored, given.timestamp)
    return Across(crosses, stored[crossed])


def _near(stamps: NDArray[np.int64], others: NDArray[np.int64], step: int, zone: str) -> NDArray[np.bool_]:
    """Stamps less than a bar from one of the others, at another time, bool[n]; with a zone only of the same date."""
    near = np.zeros(stamps.shape[0], dtype=bool)
    if not others.size:
        return near
    days, their_days = (
        np.floor_divide(to_local(each, zone), DAY) if zone else np.zeros_like(each) for each in (stamps, others)
    )
    for side, shift in (("left", -1), ("right", 0)):
        at = np.searchsorted(others, stamps, side=side) + shift  # type: ignore[call-overload]  # a literal, in a loop
        one = np.clip(at, 0, others.shape[0] - 1)
        near |= (at == one) & (np.abs(stamps - others[one]) < step) & (days == their_days[one])
    return near


def told(key: SeriesKey, given: Columns, found: Across, *, replace: bool) -> list[Refusal]:
    """One entry for all the bars of a series that are kept apart, or with ``replace`` for those that are taken away."""
    apart = found.stored if replace else given.timestamp[found.given]
    if not apart.size:
        return []
    first, last, count = int(apart[0]), int(apart[-1]), apart.shape[0]
    what = f"{count:,} {'stored ' if replace else ''}bar{' lies' if count == 1 else 's lie'} across"
    then = (
        "those of the file, and {} taken away".format("was" if count == 1 else "were")
        if replace
        else "stored ones of another grid, which were kept; --replace takes those away"
    )
    when = f"{day_text(first // DAY)} {second_text(first % DAY)} UTC"
    return [Refusal("overlap", f"{what} {then}; first on {when}", None, *key, first, last)]
