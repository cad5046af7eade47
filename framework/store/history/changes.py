"""Changes that one import made to one series: bars that it brought, and bars that it changed, as they were before."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from framework.types.intake.records import Columns, SeriesKey

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from numpy.typing import NDArray

LEVEL = 1
"""zlib's fastest: steps between bars are nearly all the same."""
COLUMNS = 6
INSERT = (
    "INSERT INTO import_changes (import_id, symbol, exchange, timeframe, first_timestamp, last_timestamp, brought, "
    "changed, times, before) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
SELECT = "SELECT symbol, exchange, timeframe, times, before FROM import_changes WHERE import_id = ? ORDER BY 1, 2, 3"
LATER = (
    "SELECT c.import_id, c.times, c.before FROM import_changes c JOIN data_imports i ON i.import_id = c.import_id "
    "WHERE c.symbol = ? AND c.exchange = ? AND c.timeframe = ? AND c.import_id > ? AND c.import_id < ? "
    "AND c.first_timestamp <= ? AND c.last_timestamp >= ? AND i.undone_by IS NULL "
    "AND (i.action <> 'undo' OR i.undoes < ?) ORDER BY c.import_id DESC"
)
"""Later changes of a series, but for those taken back, and for undos of imports as late as they."""
RENAMES = "SELECT import_id, names FROM data_imports WHERE names <> '[]' AND import_id > ? ORDER BY import_id"
LAST_ID = 1 << 62


class BarChange(NamedTuple):
    """One import's changes of one series."""

    key: SeriesKey
    """As the series was called then."""
    times: NDArray[np.int64]
    """UTC seconds of bars that were not there before, rising."""
    before: Columns
    """Bars that were changed or taken away, as they were."""

    def touched(self) -> NDArray[np.int64]:
        """UTC seconds of every bar that came, changed or went, rising."""
        return np.union1d(self.times, self.before.timestamp)


class Renaming(NamedTuple):
    """One renaming of an instrument."""

    import_id: int
    old: tuple[str, str]
    """(symbol, exchange)."""
    new: tuple[str, str]


def record(connection: sqlite3.Connection, import_id: int, change: BarChange) -> None:
    """Keep a change; one of nothing is none."""
    touched = change.touched()
    if not touched.size:
        return
    steps = np.diff(change.times, prepend=np.int64(0))
    rows = np.vstack([change.before.timestamp.astype(np.float64), change.before.values])
    values = (
        int(touched[0]),
        int(touched[-1]),
        change.times.shape[0],
        change.before.timestamp.shape[0],
        zlib.compress(steps.astype("<i8").tobytes(), LEVEL) if steps.size else b"",
        zlib.compress(rows.astype("<f8").tobytes(), LEVEL) if rows.size else b"",
    )
    connection.execute(INSERT, (import_id, *change.key, *values))


def of_import(connection: sqlite3.Connection, import_id: int) -> Iterator[BarChange]:
    """Changes of an import, a series at a time."""
    for symbol, exchange, timeframe, times, before in connection.execute(SELECT, (import_id,)).fetchall():
        yield BarChange(SeriesKey(symbol, exchange, timeframe), _times(times), _rows(before))


def renamings(connection: sqlite3.Connection, after: int) -> list[Renaming]:
    """Renamings after an import, the oldest first."""
    found = []
    for import_id, text in connection.execute(RENAMES, (after,)):
        names = json.loads(text)
        found.append(Renaming(import_id, (names[0], names[1]), (names[2], names[3])))
    return found


def renaming_of(connection: sqlite3.Connection, import_id: int) -> Renaming | None:
    """The renaming that an import is, or takes back; None for any other."""
    return next((step for step in renamings(connection, import_id - 1) if step.import_id == import_id), None)


def called_now(key: SeriesKey, renamed: list[Renaming]) -> SeriesKey:
    """A series' present key, through renamings that came after the given one."""
    return SeriesKey(*name_now((key.symbol, key.exchange), renamed), key.timeframe)


def name_now(name: tuple[str, str], renamed: list[Renaming]) -> tuple[str, str]:
    """The same of an instrument, (symbol, exchange)."""
    for step in renamed:
        name = step.new if name == step.old else name
    return name


def touched_later(
    connection: sqlite3.Connection, import_id: int, change: BarChange, renamed: list[Renaming]
) -> int | None:
    """The latest import that is not taken back itself and touched the same bars after this one; None without one."""
    touched = change.touched()
    ends = (int(touched[-1]), int(touched[0]))
    found, key, begin = None, change.key, import_id
    for end, name in [*((step.import_id, step) for step in renamed), (LAST_ID, None)]:
        if name is not None and key[:2] != name.old:
            continue
        for later, times, before in connection.execute(LATER, (*key, begin, end, *ends, import_id)):
            if np.isin(np.union1d(_times(times), _rows(before).timestamp), touched, assume_unique=True).any():
                found = max(later, found or later)
                break
        if name is not None:
            key, begin = SeriesKey(*name.new, key.timeframe), end
    return found


def _times(packed: bytes) -> NDArray[np.int64]:
    steps = np.frombuffer(zlib.decompress(packed) if packed else b"", dtype="<i8")
    return np.cumsum(steps, dtype=np.int64)


def _rows(packed: bytes) -> Columns:
    table = np.frombuffer(zlib.decompress(packed) if packed else b"", dtype="<f8").reshape(COLUMNS, -1)
    return Columns(table[0].astype(np.int64), np.ascontiguousarray(table[1:]))
