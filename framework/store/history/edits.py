"""Edits of stored bars that are no import of a file: counted first, then carried out and recorded like one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from framework.store import bars, reference
from framework.store.examination import touch
from framework.store.history import changes, facts
from framework.store.history.changes import BarChange
from framework.store.history.facts import FactsBefore
from framework.store.history.rename import rename, series_of
from framework.types.intake.records import Columns

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from framework.store.history.facts import Fact
    from framework.types.intake.records import SeriesKey

NO_TIMES = np.empty(0, dtype=np.int64)
NO_BARS = Columns(NO_TIMES, np.empty((5, 0)))


class Edit(NamedTuple):
    """One series' bars to be taken away, and bars to be there afterwards."""

    key: SeriesKey
    remove: NDArray[np.int64] = NO_TIMES
    """UTC seconds, rising."""
    put: Columns = NO_BARS


class Effect(NamedTuple):
    """Bars of one series that an edit moves."""

    key: SeriesKey
    removed: int
    restored: int
    """Bars that get other values."""
    added: int
    left: int
    """Bars that the series has afterwards."""


class Work(NamedTuple):
    """Everything that one command changes."""

    action: str
    """undo, delete, rename or merge."""
    note: str
    """A sentence."""
    edits: Sequence[Edit] = ()
    facts: Sequence[Fact] = ()
    names: tuple[tuple[str, str], tuple[str, str]] | None = None
    """Rename: old and new (symbol, exchange)."""
    undoes: int | None = None
    remarks: tuple[str, ...] = ()
    """Sentences to be told before it is done."""


class _Split(NamedTuple):
    """An edit against the stored bars."""

    gone: NDArray[np.int64]
    changed: Columns
    fresh: Columns
    before: Columns


def effects(connection: sqlite3.Connection, work: Work) -> tuple[Effect, ...]:
    """Bars that the work would move, series by series; nothing is written."""
    found = []
    if work.names is not None:
        found += [Effect(key, 0, 0, 0, bars.count(connection, key)) for key in series_of(connection, work.names[0])]
    for edit in work.edits:
        split = _split(connection, edit)
        gone, fresh = split.gone.shape[0], split.fresh.timestamp.shape[0]
        count = bars.count(connection, edit.key)
        found.append(Effect(edit.key, gone, split.changed.timestamp.shape[0], fresh, count - gone + fresh))
    return tuple(found)


def carry_out(connection: sqlite3.Connection, work: Work, import_id: int) -> None:
    """BarChange bars and facts and record how they were, under an import that there is; call it in a transaction."""
    now = int(time.time())
    if work.names is not None:
        rename(connection, *work.names)
    before = FactsBefore(connection, import_id)
    for fact in work.facts:
        before.note(fact.place, fact.key)
        facts.put(connection, fact)
    for edit in work.edits:
        split = _split(connection, edit)
        if edit.put.timestamp.size:
            before.note("instruments", edit.key[:2])
            connection.execute("INSERT OR IGNORE INTO instruments (symbol, exchange) VALUES (?, ?)", edit.key[:2])
        bars.delete(connection, edit.key, split.gone)
        bars.update(connection, edit.key, split.changed)
        bars.insert(connection, edit.key, split.fresh, now)
        changes.record(connection, import_id, BarChange(edit.key, split.fresh.timestamp, split.before))
        touch(connection, edit.key, import_id)
    for edit in work.edits:
        _forget_empty(connection, edit.key, before)
    before.keep()
    if any(fact.place == "trading_sessions" for fact in work.facts):
        reference.forget_checks(connection)
    acted = {str(fact.key[0]) for fact in work.facts if fact.place == "corporate_actions"}
    if acted:
        reference.forget_checks(connection, acted)


def _forget_empty(connection: sqlite3.Connection, key: SeriesKey, before: FactsBefore) -> None:
    """A series without bars has no issues; an instrument without series has no remembered zone."""
    if bars.exists(connection, key):
        return
    where = "WHERE symbol = ? AND exchange = ? AND timeframe = ?"
    connection.execute(f"DELETE FROM data_issues {where}", key)  # noqa: S608 - a constant
    connection.execute(f"DELETE FROM quality_checks {where}", key)  # noqa: S608 - a constant
    name = key[:2]
    query = "SELECT 1 FROM ohlc_data WHERE symbol = ? AND exchange = ? LIMIT 1"
    if connection.execute(query, name).fetchone() is None:
        before.note("instruments", name)
        connection.execute("DELETE FROM instruments WHERE symbol = ? AND exchange = ?", name)


def _split(connection: sqlite3.Connection, edit: Edit) -> _Split:
    times = np.union1d(edit.remove, edit.put.timestamp)
    if not times.size:
        return _Split(NO_TIMES, NO_BARS, NO_BARS, NO_BARS)
    stored = bars.read(connection, edit.key, int(times[0]), int(times[-1]))
    stored = stored.pick(np.isin(stored.timestamp, times, assume_unique=True))
    merge = bars.split(edit.put, stored)
    changed = edit.put.pick(merge.conflicting)
    stays = np.isin(stored.timestamp, edit.put.timestamp, assume_unique=True)
    altered = ~stays | np.isin(stored.timestamp, changed.timestamp, assume_unique=True)
    return _Split(stored.timestamp[~stays], changed, edit.put.pick(merge.new), stored.pick(altered))
