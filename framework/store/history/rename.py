"""Renaming of an instrument: its bars, issues and facts under another symbol or exchange."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from framework.errors import DataError
from framework.store.names import written
from framework.types.intake.records import SeriesKey

if TYPE_CHECKING:
    import sqlite3

TABLES = ("data_issues", "quality_checks")
Name = tuple[str, str]
"""(symbol, exchange)."""


def series_of(connection: sqlite3.Connection, name: Name) -> list[SeriesKey]:
    """Stored series of an instrument."""
    query = "SELECT DISTINCT timeframe FROM ohlc_data WHERE symbol = ? AND exchange = ? ORDER BY 1"
    return [SeriesKey(*name, frame) for (frame,) in connection.execute(query, name)]


def renaming_names(connection: sqlite3.Connection, old: Name, new: Name) -> tuple[Name, Name]:
    """The two names, checked; ``DataError`` where the old one has no bars, or the new one has some."""
    if not series_of(connection, old):
        raise DataError(f"{written(*old)} has no bars, so there is nothing to rename (tulya data list)")
    if series_of(connection, new):
        raise DataError(
            f"{written(*new)} has bars of its own; tulya data merge {merge_name(old, new)} {merge_name(new, old)} "
            "puts the two together"
        )
    return old, new


def merge_name(name: Name, other: Name) -> str:
    """A name as it can be told from the other one: ``:INFY`` beside ``NSE:INFY``."""
    return f":{name[0]}" if not name[1] and name[0] == other[0] else written(*name)


def rename(connection: sqlite3.Connection, old: Name, new: Name) -> None:
    """Move everything that an instrument's bars carry to another name; call it in a transaction."""
    connection.execute("DELETE FROM instruments WHERE symbol = ? AND exchange = ?", new)
    connection.execute(
        "INSERT INTO instruments (symbol, exchange, name, isin, tick_size, lot_size, timezone, currency) "
        "SELECT ?, ?, name, isin, tick_size, lot_size, timezone, currency FROM instruments "
        "WHERE symbol = ? AND exchange = ?",
        (*new, *old),
    )
    now = int(time.time())  # so that the trigger need not set it, row by row
    connection.execute(
        "UPDATE ohlc_data SET symbol = ?, exchange = ?, updated_at = ? WHERE symbol = ? AND exchange = ?",
        (*new, now, *old),
    )
    for table in TABLES:
        connection.execute(f"DELETE FROM {table} WHERE symbol = ? AND exchange = ?", new)  # noqa: S608 - constants
        connection.execute(
            f"UPDATE {table} SET symbol = ?, exchange = ? WHERE symbol = ? AND exchange = ?",  # noqa: S608 - constants
            (*new, *old),
        )
    connection.execute("UPDATE quality_checks SET checked = 0 WHERE symbol = ? AND exchange = ?", new)
    connection.execute("DELETE FROM instruments WHERE symbol = ? AND exchange = ?", old)
