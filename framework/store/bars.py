"""Bars in and out of ``ohlc_data``, as arrays. Stored times are UTC seconds."""

from __future__ import annotations

import sqlite3
from itertools import chain, repeat
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from framework.errors import DataError
from framework.store.database import BAR_BYTES
from framework.types.intake.records import Columns

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from framework.types.intake.records import SeriesKey

SECOND_NS = 1_000_000_000
CHUNK_ROWS = 100_000
FIRST_SECOND, LAST_SECOND = -(1 << 60), 1 << 60
SELECT = (
    "SELECT timestamp, open, high, low, close, ifnull(volume, -1.0) FROM ohlc_data "
    "WHERE symbol = ? AND exchange = ? AND timeframe = ? AND timestamp >= ? AND timestamp <= ? ORDER BY timestamp"
)
SELECT_PACKED = (
    "SELECT count(*), CAST(group_concat(packed_bar(timestamp, open, high, low, close, volume), '') AS BLOB) FROM "
    "(SELECT timestamp, open, high, low, close, ifnull(volume, -1.0) AS volume FROM ohlc_data WHERE symbol = ? "
    "AND exchange = ? AND timeframe = ? AND timestamp >= ? AND timestamp <= ? ORDER BY timestamp LIMIT ?)"
)
DELETE = "DELETE FROM ohlc_data WHERE symbol = ? AND exchange = ? AND timeframe = ? AND timestamp = ?"
EDGE = (
    "SELECT timestamp FROM ohlc_data WHERE symbol = ? AND exchange = ? AND timeframe = ? "
    "ORDER BY timestamp {order} LIMIT 1"
)
MORE = (
    "SELECT 1 FROM ohlc_data WHERE symbol = ? AND exchange = ? AND timeframe = ? "
    "AND timestamp >= ? AND timestamp <= ? LIMIT 1 OFFSET ?"
)
INSERT = (  # OR FAIL: see ohlc_data; the transaction around it takes everything back
    "INSERT OR FAIL INTO ohlc_data (symbol, exchange, timeframe, timestamp, open, high, low, close, volume, "
    "created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
UPDATE = (
    "UPDATE ohlc_data SET open = ?, high = ?, low = ?, close = ?, volume = ? "
    "WHERE symbol = ? AND exchange = ? AND timeframe = ? AND timestamp = ?"
)


class Merge(NamedTuple):
    """Comparison of given rows with the stored ones; the three masks, bool[n], cover every row once."""

    new: NDArray[np.bool_]
    unchanged: NDArray[np.bool_]
    conflicting: NDArray[np.bool_]
    stored: Columns
    """The stored rows between the first and the last given time."""

    def among_stored(self, given: Columns, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """The stored rows at the times of given ones where the mask, bool[n], holds."""
        return np.isin(self.stored.timestamp, given.timestamp[mask], assume_unique=True)


def read(connection: sqlite3.Connection, key: SeriesKey, first: int = FIRST_SECOND, last: int = LAST_SECOND) -> Columns:
    """Stored rows of a series from first to last, both included, UTC seconds.

    A row as six Python objects costs three times what SQLite needs to find it. So SQLite glues the packed rows of a
    chunk together and hands over one value.
    """
    parts = []
    begin, count = first, CHUNK_ROWS
    while count == CHUNK_ROWS:
        try:
            count, packed = connection.execute(SELECT_PACKED, (*key, begin, last, CHUNK_ROWS)).fetchone()
        except sqlite3.OperationalError:  # a value that packed_bar refuses, and the plain rows name it
            return _read_plain(connection, key, first, last)
        if count and len(packed) != count * BAR_BYTES:  # a file in UTF-16, which some other program created
            return _read_plain(connection, key, first, last)
        if count:
            parts.append(np.frombuffer(packed).reshape(count, 6))
            begin = int(parts[-1][-1, 0]) + 1
    return _columns(np.concatenate(parts) if parts else np.empty((0, 6)))


def read_at(connection: sqlite3.Connection, key: SeriesKey, timestamps: NDArray[np.int64]) -> Columns:
    """Stored rows at these times, UTC seconds, rising."""
    span = (int(timestamps[0]), int(timestamps[-1])) if timestamps.size else (0, -1)
    rows = read(connection, key, *span)
    return rows.pick(np.isin(rows.timestamp, timestamps, assume_unique=True))


def _read_plain(connection: sqlite3.Connection, key: SeriesKey, first: int, last: int) -> Columns:
    """The same, row by row."""
    found = connection.execute(SELECT, (*key, first, last))
    try:
        return _columns(np.fromiter(chain.from_iterable(found), dtype=np.float64).reshape(-1, 6))
    except (TypeError, ValueError) as error:
        name = f"{key.exchange}:{key.symbol}" if key.exchange else key.symbol
        raise DataError(
            f"{name}: a {key.timeframe} bar in ohlc_data holds what is no number ({error}); mend it"
        ) from None


def _columns(table: NDArray[np.float64]) -> Columns:
    values = np.ascontiguousarray(table.T[1:])
    values[4][values[4] < 0] = np.nan
    return Columns(table[:, 0].astype(np.int64), values)  # seconds fit a float64 exactly


def extent(connection: sqlite3.Connection, key: SeriesKey) -> tuple[int, int] | None:
    """First and last stored second of a series; None where it has no row."""
    found = [connection.execute(EDGE.format(order=order), key).fetchone() for order in ("ASC", "DESC")]
    return None if found[0] is None else (found[0][0], found[1][0])


def exists(connection: sqlite3.Connection, key: SeriesKey) -> bool:
    """True if a series has any row."""
    query = "SELECT 1 FROM ohlc_data WHERE symbol = ? AND exchange = ? AND timeframe = ? LIMIT 1"
    return connection.execute(query, key).fetchone() is not None


def count(connection: sqlite3.Connection, key: SeriesKey) -> int:
    """Number of stored rows of a series."""
    query = "SELECT count(*) FROM ohlc_data WHERE symbol = ? AND exchange = ? AND timeframe = ?"
    return int(connection.execute(query, key).fetchone()[0])


def has_more(connection: sqlite3.Connection, key: SeriesKey, first: int, last: int, count: int) -> bool:
    """True if a series has more rows than so many from first to last, both included, UTC seconds."""
    return connection.execute(MORE, (*key, first, last, count)).fetchone() is not None


def compare(connection: sqlite3.Connection, key: SeriesKey, given: Columns) -> Merge:
    """Given rows split into new ones, ones already stored, and ones stored with other values."""
    span = (int(given.timestamp[0]), int(given.timestamp[-1])) if given.timestamp.size else (0, -1)
    return split(given, read(connection, key, *span))


def split(given: Columns, stored: Columns) -> Merge:
    """The same against stored rows that were read; both with rising times."""
    rows = given.timestamp.shape[0]
    position = np.searchsorted(stored.timestamp, given.timestamp)
    known = np.zeros(rows, dtype=bool)
    inside = position < stored.timestamp.shape[0]
    known[inside] = stored.timestamp[position[inside]] == given.timestamp[inside]
    same = np.zeros(rows, dtype=bool)
    ours, theirs = given.values[:, known], stored.values[:, position[known]]
    same[known] = ((ours == theirs) | (np.isnan(ours) & np.isnan(theirs))).all(axis=0)
    return Merge(~known, same, known & ~same, stored)


def insert(
    connection: sqlite3.Connection,
    key: SeriesKey,
    rows: Columns,
    now: int,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Write rows that are not there yet; ``now`` is UTC seconds. ``progress`` gets the number of rows just written."""
    for start in range(0, rows.timestamp.shape[0], CHUNK_ROWS):
        part = slice(start, start + CHUNK_ROWS)
        stamps = rows.timestamp[part].tolist()
        columns = [column[part].tolist() for column in rows.values]  # SQLite stores a NaN volume as NULL
        connection.executemany(
            INSERT, zip(*(repeat(word) for word in key), stamps, *columns, repeat(now), repeat(now), strict=False)
        )
        if progress:
            progress(len(stamps))


def update(connection: sqlite3.Connection, key: SeriesKey, rows: Columns) -> None:
    """Overwrite rows that are there; the trigger sets ``updated_at``."""
    columns = [column.tolist() for column in rows.values]
    connection.executemany(
        UPDATE, zip(*columns, *(repeat(word) for word in key), rows.timestamp.tolist(), strict=False)
    )


def delete(connection: sqlite3.Connection, key: SeriesKey, timestamps: NDArray[np.int64]) -> None:
    """Take rows away, by their UTC seconds."""
    connection.executemany(DELETE, ((*key, stamp) for stamp in timestamps.tolist()))
