"""Rows of the small tables (instruments, corporate actions, sessions) as they were before an import changed them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from framework.store.history.changes import name_now

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from framework.store.history.changes import Renaming

COLUMNS = {
    "instruments": (("symbol", "exchange"), ("name", "isin", "tick_size", "lot_size", "timezone")),
    "corporate_actions": (("symbol", "exchange", "timestamp", "kind"), ("factor", "terms", "dividend")),
    "trading_sessions": (("exchange", "timestamp"), ("kind", "windows", "evidence", "note")),
}
"""Table → columns of its key, and the others that an import fills."""
LATER = (
    "SELECT max(f.import_id) FROM import_facts f JOIN data_imports i ON i.import_id = f.import_id WHERE f.place = ? "
    "AND f.key = ? AND f.import_id > ? AND i.undone_by IS NULL AND (i.action <> 'undo' OR i.undoes < ?)"
)
Key = tuple[Any, ...]


class Fact(NamedTuple):
    """One row of a small table."""

    place: str
    key: Key
    row: Key | None
    """Its other columns; None: no such row."""


class FactsBefore:
    """Rows about to be changed by one import; those that did change are kept under it."""

    def __init__(self, connection: sqlite3.Connection, import_id: int) -> None:
        self._connection, self._import_id = connection, import_id
        self._before: dict[tuple[str, Key], Key | None] = {}

    def note(self, place: str, key: Key) -> None:
        """Remember a row as it is now, at its first mention."""
        if (place, key) not in self._before:
            self._before[place, key] = read(self._connection, place, key)

    def keep(self) -> None:
        """Record the rows that are other ones now."""
        changed = [
            (self._import_id, place, json.dumps(key), None if row is None else json.dumps(row))
            for (place, key), row in self._before.items()
            if read(self._connection, place, key) != row
        ]
        self._connection.executemany(
            "INSERT INTO import_facts (import_id, place, key, before) VALUES (?, ?, ?, ?)", changed
        )


def read(connection: sqlite3.Connection, place: str, key: Key) -> Key | None:
    """A row's columns that are not its key; None without such a row."""
    keys, others = COLUMNS[place]
    query = f"SELECT {', '.join(others)} FROM {place} WHERE {_where(keys)}"  # noqa: S608 - names of columns
    found: Key | None = connection.execute(query, key).fetchone()
    return found


def put(connection: sqlite3.Connection, fact: Fact) -> None:
    """Make a row what it is said to be, or take it away."""
    keys, others = COLUMNS[fact.place]
    if fact.row is None:
        connection.execute(f"DELETE FROM {fact.place} WHERE {_where(keys)}", fact.key)  # noqa: S608 - names of columns
        return
    names = (*keys, *others)
    sets = ", ".join(f"{name} = excluded.{name}" for name in others)
    connection.execute(
        f"INSERT INTO {fact.place} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))}) "  # noqa: S608 - names of columns
        f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {sets}",
        (*fact.key, *fact.row),
    )


def of_import(connection: sqlite3.Connection, import_id: int) -> list[Fact]:
    """Rows as they were before an import changed them."""
    query = "SELECT place, key, before FROM import_facts WHERE import_id = ? ORDER BY place, key"
    return [
        Fact(place, tuple(json.loads(key)), None if before is None else tuple(json.loads(before)))
        for place, key, before in connection.execute(query, (import_id,))
    ]


def changed_later(connection: sqlite3.Connection, import_id: int, fact: Fact) -> int | None:
    """The latest import that is not taken back itself and changed the same row after this one; None without one."""
    found: int | None = connection.execute(LATER, (fact.place, json.dumps(fact.key), import_id, import_id)).fetchone()[
        0
    ]
    return found


def called_now(fact: Fact, renamed: list[Renaming]) -> Fact:
    """An instrument's row under its present name; rows of other tables keep the names of their lists."""
    if fact.place != "instruments":
        return fact
    return fact._replace(key=name_now((fact.key[0], fact.key[1]), renamed))


def _where(keys: Sequence[str]) -> str:
    return " AND ".join(f"{name} = ?" for name in keys)
