"""Projection tables of an account: what they hold is brought to what its journal says, and nothing else is touched."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any, NamedTuple

from framework.errors import DataError
from framework.store.account_rows import TABLES
from framework.store.database import transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class TableChange(NamedTuple):
    """Change of one table."""

    rows: int
    """Rows that it has now."""
    added: int
    removed: int


def rebuild(
    connection: sqlite3.Connection, account: str, rows: Mapping[str, Iterable[tuple[Any, ...]]]
) -> dict[str, TableChange]:
    """Bring tables to these rows, each given as ``TABLES`` has it; rows that stand already are left as they are.

    All of them or none: ``DataError`` names the table that refused. Rows that no journal tells of (``seq`` is NULL)
    stay.
    """
    table = ""
    try:
        with transaction(connection):
            changes = {}
            for table, wanted in rows.items():
                changes[table] = _bring(connection, table, account, list(wanted))
    except sqlite3.Error as error:
        msg = f"{table} of account {account} cannot be written ({error}); no table of it was changed"
        raise DataError(msg) from error
    return changes


def read(connection: sqlite3.Connection, table: str, account: str) -> list[Any]:
    """Rows of an account in one table, by their entry."""
    kind: Any = TABLES[table]
    return sorted((kind(*row) for row in _stored(connection, table, account)), key=_place)


def _place(row: Any) -> tuple[int, str]:
    return row.seq, repr(row)


def _stored(connection: sqlite3.Connection, table: str, account: str) -> list[tuple[Any, ...]]:
    columns = ", ".join(_columns(table))
    query = f"SELECT {columns} FROM {table} WHERE account = ? AND seq IS NOT NULL"  # noqa: S608 - constants
    return [tuple(row) for row in connection.execute(query, (account,))]


def _bring(connection: sqlite3.Connection, table: str, account: str, wanted: list[tuple[Any, ...]]) -> TableChange:
    columns = _columns(table)
    new, stored = set(map(tuple, wanted)), set(_stored(connection, table, account))
    key = _key(connection, table, columns)
    same = " AND ".join(f"{columns[place]} IS ?" for place in key)
    connection.executemany(
        f"DELETE FROM {table} WHERE account = ? AND seq IS NOT NULL AND {same}",  # noqa: S608 - constants
        ((account, *(row[place] for place in key)) for row in stored - new),
    )
    marks = ", ".join("?" * (len(columns) + 1))
    added = [row for row in wanted if tuple(row) not in stored]
    connection.executemany(
        f"INSERT INTO {table} (account, {', '.join(columns)}) VALUES ({marks})",  # noqa: S608 - constants
        ((account, *row) for row in added),
    )
    return TableChange(len(new), len(added), len(stored - new))


def _key(connection: sqlite3.Connection, table: str, columns: tuple[str, ...]) -> list[int]:
    """Places of the columns that find a row: those of the primary key, or all where a row's number is the key."""
    found = connection.execute("SELECT name FROM pragma_table_info(?) WHERE pk > 0", (table,))
    return [columns.index(name) for (name,) in found if name in columns] or list(range(len(columns)))


def _columns(table: str) -> tuple[str, ...]:
    kind: Any = TABLES[table]
    fields: tuple[str, ...] = kind._fields
    return fields
