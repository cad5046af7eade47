"""Examination of every stored series that changed since its last one; keeps the issues it finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from framework.store import bars, instruments, issues, reference
from framework.store.database import transaction
from framework.store.like_names import LikeNames, doubtful_names, stored_names
from framework.store.quality import ExpectedDays, Series, SeriesContext, cut, examine, fits
from framework.store.quality.volume import is_index
from framework.store.session_tables import SessionTables
from framework.types import Timeframe
from framework.types.intake.records import Columns, SeriesKey
from framework.types.intake.zones import ZONES
from framework.types.localtime import DAY, zone_named
from framework.types.timeframe import DATED

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping

FIT, SURE_DAYS = 0.995, 250
"""A session list nobody assigned is used when it has this share of at least so many days of the series."""
NEIGHBOURS = 3


def touch(connection: sqlite3.Connection, key: SeriesKey, import_id: int) -> None:
    """Note that a series changed: it is to be examined."""
    connection.execute(
        "INSERT INTO quality_checks (symbol, exchange, timeframe, import_id) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (symbol, exchange, timeframe) DO UPDATE SET import_id = excluded.import_id, checked = 0",
        (*key, import_id),
    )


def examine_changed(
    connection: sqlite3.Connection,
    in_memory: Mapping[SeriesKey, Columns],
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Examine what changed; progress gets (done, total). Returns the number of findings kept.

    Series that are whole in memory are not read again.
    """
    query = "SELECT symbol, exchange, timeframe FROM quality_checks WHERE checked = 0 ORDER BY 1, 2, 3"
    changed = [SeriesKey(*row) for row in connection.execute(query)]
    lists, tables = reference.calendars(connection), SessionTables()
    held = stored_names(connection) if changed else LikeNames([])
    groups: dict[tuple[str, str], tuple[ExpectedDays | None, int | None]] = {}
    total = 0
    for done, key in enumerate(changed, start=1):
        rows = in_memory.get(key) or bars.read(connection, key)
        if rows.timestamp.size:
            timezone = instruments.timezone(connection, key)
            series = cut(rows, Timeframe.parse(key.timeframe).nanoseconds // bars.SECOND_NS, timezone or "UTC")
            group = (key.exchange, key.timeframe)
            if group not in groups:
                groups[group] = _neighbours(connection, key, timezone or "UTC")
            common, first_day = groups[group]
            calendar = _list_for(lists, key, timezone, series) or tables.calendar_for(key.exchange, series) or common
            if calendar is common and common is not None and fits(common, series.days) < FIT:
                calendar = None
            actions = tuple(reference.actions(connection, key.symbol, key.exchange))
            index = is_index(key.symbol, instruments.load(connection, key.symbol, key.exchange).kind)
            context = SeriesContext(calendar, actions, first_day, index)
            findings = [*doubtful_names(key, series, held), *examine(series, context)]
        else:
            findings = []
        with transaction(connection):
            issues.renew_findings(connection, key, findings)
        total += len(findings)
        if progress:
            progress(done, len(changed))
    return total


def _list_for(
    lists: dict[str, ExpectedDays], key: SeriesKey, timezone: str | None, series: Series
) -> ExpectedDays | None:
    """The session list of the series' exchange; else one of its time zone, or of no known one, that fits it well."""
    if key.exchange in lists and fits(lists[key.exchange], series.days) >= FIT:
        return lists[key.exchange]
    for exchange, calendar in lists.items():
        same_zone = timezone is not None and ZONES.get(exchange) == timezone
        if (same_zone or series.days.shape[0] >= SURE_DAYS) and fits(calendar, series.days) >= FIT:
            return calendar
    return None


def _neighbours(
    connection: sqlite3.Connection, key: SeriesKey, timezone: str
) -> tuple[ExpectedDays | None, int | None]:
    """Days on which at least half of the series of one exchange and timeframe that were alive have bars."""
    offset = 0 if key.timeframe in DATED else _usual_offset(timezone)
    rows = connection.execute(
        "SELECT symbol, min(timestamp), max(timestamp) FROM ohlc_data WHERE exchange = ? AND timeframe = ? "
        "GROUP BY symbol",
        (key.exchange, key.timeframe),
    ).fetchall()
    if len(rows) < NEIGHBOURS:
        return None, None
    first = np.sort(np.array([(row[1] + offset) // DAY for row in rows], dtype=np.int64))
    last = np.sort(np.array([(row[2] + offset) // DAY for row in rows], dtype=np.int64))
    counted = connection.execute(
        "SELECT (timestamp + ?) / 86400 AS day, count(DISTINCT symbol) FROM ohlc_data "
        "WHERE exchange = ? AND timeframe = ? GROUP BY day ORDER BY day",
        (offset, key.exchange, key.timeframe),
    ).fetchall()
    days, present = (np.array(column, dtype=np.int64) for column in zip(*counted, strict=True))
    alive = np.searchsorted(first, days, side="right") - np.searchsorted(last, days, side="left")
    usual = (2 * present >= alive) & (alive > 1)
    source = f"the {len(rows)} series of the same exchange and timeframe"
    calendar = ExpectedDays(days[usual], {}, source) if usual.any() else None
    return calendar, int(first[0])


def _usual_offset(timezone: str) -> int:
    """Seconds east of UTC outside summer time; exact for India, good enough to tell dates apart elsewhere."""
    from datetime import datetime

    offset = datetime(2020, 1, 15, tzinfo=zone_named(timezone)).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())
