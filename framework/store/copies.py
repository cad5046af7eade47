"""Second copies of a stored series, refused: the same bars in another time zone, shifted, or on another grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from framework.errors import DataError
from framework.store import bars, instruments
from framework.store.names import written
from framework.types import Timeframe
from framework.types.intake.zones import NOT_GIVEN
from framework.types.localtime import DAY, HOUR, second_text, to_local

if TYPE_CHECKING:
    import sqlite3

    from numpy.typing import NDArray

    from framework.types.intake.records import Columns, SeriesKey

AROUND = 30 * DAY
"""Seconds of stored bars before and after the given ones that are looked at."""
FARTHEST = 36 * HOUR
"""Greatest shift that is looked for: the zones of the world lie 26 hours apart, and a date may be one off."""
LOOKED_AT = 5_000
"""Given bars that are compared."""
FEWEST = 5
"""Bars that must be found again at one shift."""
MOST_OF = 0.8
"""Share of the bars that are found again which must lie at that one shift."""
SOME_OF = 0.3
"""Share of the bars that can be told apart which must be found again."""
ON_GRID = 0.9
"""Share of bars that shows a grid."""
GUESSED = (
    "SELECT 1 FROM import_changes c JOIN data_imports i ON i.import_id = c.import_id WHERE c.symbol = ? "
    "AND c.exchange = ? AND c.timeframe = ? AND i.undone_by IS NULL AND i.timezone_reason LIKE ? LIMIT 1"
)


def refuse_copy(connection: sqlite3.Connection, key: SeriesKey, given: Columns, zone: str, *, known: bool) -> None:
    """``DataError`` where given bars are in another zone or on another grid than the stored ones of their series.

    ``zone`` is the one that they were read in, ``known`` is False where that was a guess.
    """
    if not given.timestamp.size:
        return
    begin, end = int(given.timestamp[0]), int(given.timestamp[-1])
    stored = bars.read(connection, key, begin - AROUND, end + AROUND)
    _refuse_shifted(key, given, stored)
    if Timeframe.parse(key.timeframe).dated:
        return
    held = instruments.zone(connection, key.symbol, key.exchange)
    guessed = held is None and connection.execute(GUESSED, (*key, f"{NOT_GIVEN}%")).fetchone() is not None
    if known and (held is not None or guessed):
        _refuse_zone(key, given, held or "UTC", zone)
    _refuse_grid(key, given, stored, zone)


def _refuse_zone(key: SeriesKey, given: Columns, held: str, zone: str) -> None:
    ends = given.timestamp[[0, -1]]
    if (to_local(ends, held) != to_local(ends, zone)).any():
        raise DataError(
            f"the stored {key.timeframe} bars of {written(*key[:2])} are in {held}, and these were read in {zone}: two "
            f"copies would lie beside each other. Import with --timezone {held}, or {_way_out(key)}"
        )


def _refuse_shifted(key: SeriesKey, given: Columns, stored: Columns) -> None:
    """Two series with the same values at a constant distance in time are one series, stamped in two ways."""
    near = given.timestamp[: LOOKED_AT + 1]
    ours = DistinctRows.told_apart(given, int(near[0]), int(near[-1]))
    theirs = DistinctRows.told_apart(stored, int(near[0]) - FARTHEST, int(near[-1]) + FARTHEST)
    enough = max(FEWEST, SOME_OF * min(ours.times.size, theirs.times.size))
    _, here, there = np.intersect1d(ours.values, theirs.values, assume_unique=True, return_indices=True)
    if here.size < enough:
        return
    shifts, counts = np.unique(ours.times[here] - theirs.times[there], return_counts=True)
    shift = int(shifts[np.argmax(counts)])
    if shift and abs(shift) <= FARTHEST and counts.max() >= MOST_OF * here.size:
        size = second_text(abs(shift)) if abs(shift) < DAY else f"{abs(shift) / DAY:g} days"
        sign = "+" if shift > 0 else "−"
        raise DataError(
            f"{int(counts.max()):,} of these {key.timeframe} bars of {written(*key[:2])} are stored already, at times "
            f"that differ by {sign}{size}: one of the two was read in a wrong time zone, or stamps the ends of its "
            f"bars. Import with the other --timezone, or {_way_out(key)}"
        )


def _refuse_grid(key: SeriesKey, given: Columns, stored: Columns, zone: str) -> None:
    step = Timeframe.parse(key.timeframe).nanoseconds // bars.SECOND_NS
    phases = [_phase(rows.timestamp, step, zone) for rows in (given, stored)]
    if None not in phases and phases[0] != phases[1]:
        opens = [second_text(int(to_local(rows.timestamp[:1], zone)[0] % DAY)) for rows in (given, stored)]
        raise DataError(
            f"the {key.timeframe} bars of {written(*key[:2])} here open at {opens[0]} and so on, the stored ones at "
            f"{opens[1]} and so on: two grids are not mixed; {_way_out(key)}"
        )


class DistinctRows:
    """DistinctRows whose prices occur once: what they are called by, and when they are."""

    def __init__(self, values: NDArray[np.void], times: NDArray[np.int64]) -> None:
        self.values, self.times = values, times

    @classmethod
    def told_apart(cls, rows: Columns, first: int, last: int) -> DistinctRows:
        """DistinctRows from first to last, both included, whose open, high, low and close no other of them has."""
        within = (rows.timestamp >= first) & (rows.timestamp <= last)
        table = np.ascontiguousarray(rows.values[:4, within].T)
        names = table.view([("prices", "V32")]).reshape(-1)["prices"]
        _, places, counts = np.unique(names, return_index=True, return_counts=True)
        once = places[counts == 1]
        return cls(names[once], rows.timestamp[within][once])


def _phase(stamps: NDArray[np.int64], step: int, zone: str) -> int | None:
    """Seconds into the grid at which nearly all bars open; None where few do, or there are few."""
    if stamps.shape[0] < FEWEST:
        return None
    rest, counts = np.unique(np.mod(np.mod(to_local(stamps, zone), DAY), step), return_counts=True)
    return int(rest[np.argmax(counts)]) if counts.max() >= ON_GRID * stamps.shape[0] else None


def _way_out(key: SeriesKey) -> str:
    name = written(*key[:2])
    return (
        f"take the stored ones back first: tulya data imports {name} says where they are from, tulya data delete "
        f"{name} --timeframe {key.timeframe} takes them away"
    )
