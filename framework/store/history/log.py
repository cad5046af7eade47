"""Log of the imports: each with what it brought, and what took it back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from framework.errors import DataError
from framework.store.history import changes
from framework.types.intake.records import SeriesKey

if TYPE_CHECKING:
    import sqlite3

    from framework.store.history.edits import Work

COLUMNS = (
    "import_id, action, file, note, format, exchange, timezone, rows_read, rows_kept, rows_unchanged, "
    "rows_conflicting, rows_refused, undoes, undone_by, recorded, created_at"
)
SERIES = "SELECT symbol, exchange, timeframe, brought, changed FROM import_changes WHERE import_id = ? ORDER BY 1, 2, 3"
FACTS = "SELECT place, count(*) FROM import_facts WHERE import_id = ? AND place <> 'instruments' GROUP BY place"
SHOWN_IDS = 5


class SeriesChange(NamedTuple):
    """Bars of one series that an import moved."""

    key: SeriesKey
    """As it is called now."""
    brought: int
    """Bars that were not there before."""
    changed: int
    """Bars that had other values before, or were taken away."""


class ImportRow(NamedTuple):
    """One import, or one edit of the stored bars, as the store remembers it."""

    import_id: int
    action: str
    """import, undo, delete, rename or merge."""
    file: str
    """'' for bars saved from Python, and for edits."""
    note: str
    """A sentence about an edit."""
    format: str
    exchange: str
    timezone: str
    rows_read: int
    rows_kept: int
    rows_unchanged: int
    rows_conflicting: int
    rows_refused: int
    undoes: int | None
    undone_by: int | None
    recorded: bool
    """False for one older than the record of changes: it cannot be taken back as such."""
    created_at: int
    """UTC seconds."""
    series: tuple[SeriesChange, ...] = ()
    actions: int = 0
    """Corporate actions that came or changed."""
    sessions: int = 0


def read(connection: sqlite3.Connection, name: tuple[str, str] | None = None) -> list[ImportRow]:
    """Every import, the newest first; of one instrument (symbol, exchange) those that moved its bars."""
    found = [_row(connection, row) for row in connection.execute(f"SELECT {COLUMNS} FROM data_imports ORDER BY 1 DESC")]  # noqa: S608 - a constant
    if name is None:
        return found
    return [row for row in found if any(change.key[:2] == name for change in row.series)]


def find(connection: sqlite3.Connection, text: str) -> ImportRow:
    """An import by its number, or ``last``: the latest that was not taken back; ``DataError`` names the latest ones."""
    if text == "last":
        where = "WHERE undone_by IS NULL AND action <> 'undo' ORDER BY 1 DESC LIMIT 1"
        row = connection.execute(f"SELECT {COLUMNS} FROM data_imports {where}").fetchone()  # noqa: S608 - constants
    else:
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0  # noqa: PLR2004 - an int64
        row = connection.execute(f"SELECT {COLUMNS} FROM data_imports WHERE import_id = ?", (number,)).fetchone()  # noqa: S608 - a constant
    if row is None and text == "last":
        raise DataError("there is no import that could be taken back (tulya data imports lists them)")
    if row is None:
        query = "SELECT import_id FROM data_imports ORDER BY 1 DESC LIMIT ?"
        ids = [str(one) for (one,) in connection.execute(query, (SHOWN_IDS,))]
        latest = f"the latest: {', '.join(ids)}" if ids else "nothing was imported yet"
        raise DataError(f"there is no import {text!r}; {latest} (tulya data imports lists them)")
    return _row(connection, row)


def _row(connection: sqlite3.Connection, row: tuple[object, ...]) -> ImportRow:
    found = ImportRow(*row)  # type: ignore[arg-type]  # as the table has them
    renamed = changes.renamings(connection, found.import_id)
    series = tuple(
        SeriesChange(changes.called_now(SeriesKey(symbol, exchange, frame), renamed), brought, changed)
        for symbol, exchange, frame, brought, changed in connection.execute(SERIES, (found.import_id,))
    )
    facts = dict(connection.execute(FACTS, (found.import_id,)).fetchall())
    return found._replace(
        recorded=bool(found.recorded),
        series=series,
        actions=facts.get("corporate_actions", 0),
        sessions=facts.get("trading_sessions", 0),
    )


def begin(connection: sqlite3.Connection, work: Work, moved: int) -> int:
    """The row of an edit that moves so many bars; returns its number."""
    names = [] if work.names is None else [word for name in work.names for word in name]
    cursor = connection.execute(
        "INSERT INTO data_imports (file, action, note, rows_read, rows_kept, names, undoes, recorded) "
        "VALUES ('', ?, ?, ?, ?, ?, ?, 1)",
        (work.action, work.note, moved, moved, json.dumps(names), work.undoes),
    )
    return int(cursor.lastrowid or 0)


def mark_undone(connection: sqlite3.Connection, undoes: int, by: int) -> None:
    """Note that an import was taken back; taking back that puts the first one into force again."""
    connection.execute("UPDATE data_imports SET undone_by = ? WHERE import_id = ?", (by, undoes))
    first = "SELECT undoes FROM data_imports WHERE import_id = ? AND action = 'undo'"
    connection.execute(f"UPDATE data_imports SET undone_by = NULL WHERE import_id = ({first})", (undoes,))  # noqa: S608 - a constant
