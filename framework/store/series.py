"""One series from the file to Bars: mapped from its snapshot where that holds, else read from SQLite."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.errors import DataError
from framework.store import bars as rows
from framework.store import revisions, snapshots, stepping
from framework.store.database import file_of, one_state
from framework.types import Bars

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from framework.types import Instrument
    from framework.types.intake.records import Columns, SeriesKey

NOTHING = (0, -1)


def load(
    connection: sqlite3.Connection,
    folder: Path,
    key: SeriesKey,
    instrument: Instrument,
    span: tuple[int, int],
    *,
    may_step: bool = True,
) -> Bars:
    """Bars with times in the span, both ends included, UTC seconds; maybe none.

    A load of at least half of the series leaves a snapshot of all of it.
    """
    if connection.in_transaction:  # what is not committed yet may be taken back
        return _bars(key, instrument, rows.read(connection, key, *span))
    path = snapshots.path_of(folder, key)
    with one_state(connection):
        revision = revisions.held(connection, key)
        kept = snapshots.load(path, revision, instrument, key.timeframe) if revision else None
        if kept is not None:
            return _cut(kept, span)
        extent = rows.extent(connection, key) or NOTHING
        whole = _most(extent, span)
        first, last = (rows.FIRST_SECOND, rows.LAST_SECOND) if whole else span
        ends = (max(first, extent[0]), min(last, extent[1]))
        step = may_step and stepping.worthwhile(connection, key, *ends)
        columns = None if step else rows.read(connection, key, first, last)
        if step or whole:
            revision = revision or revisions.give(connection, key)
    if columns is None and revision:
        columns = stepping.read(file_of(connection), key, revision, first, int(sum(ends) // 2), last)
    if columns is None:
        return load(connection, folder, key, instrument, span, may_step=False)
    bars = _bars(key, instrument, columns)
    if whole and revision:
        snapshots.keep(path, revision, bars)
    return _cut(bars, span)


def keep_written(folder: Path, key: SeriesKey, instrument: Instrument, revision: bytes, written: Columns) -> None:
    """The snapshot of a series that was just written whole, without reading it back."""
    values = written.values + 0.0  # SQLite has no -0.0
    bars = Bars.from_arrays(instrument, key.timeframe, written.timestamp * rows.SECOND_NS, *values)
    snapshots.keep(snapshots.path_of(folder, key), revision, bars)


def _bars(key: SeriesKey, instrument: Instrument, columns: Columns) -> Bars:
    try:
        return Bars.from_arrays(instrument, key.timeframe, columns.timestamp * rows.SECOND_NS, *columns.values)
    except DataError as error:  # an earlier version, or another program, stored what is no series
        hint = "tulya data import FILE --replace puts the file's own bars in its place"
        raise DataError(f"the stored {key.timeframe} {error}; {hint}") from error


def _cut(bars: Bars, span: tuple[int, int]) -> Bars:
    """In whole seconds times cannot leave int64: the outermost ones stand for no limit."""
    first, last = (max(-(1 << 63), min(end * rows.SECOND_NS, (1 << 63) - 1)) for end in span)
    return snapshots.cut(bars, first, last)


def _most(extent: tuple[int, int], span: tuple[int, int]) -> bool:
    """True if the span covers at least half of the time from the first bar to the last."""
    covered = min(extent[1], span[1]) - max(extent[0], span[0])
    return covered >= 0 and 2 * covered >= extent[1] - extent[0]
