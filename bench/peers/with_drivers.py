"""Drivers of SQLite: the same rows of our own file, as arrays. ``variant`` names the driver."""

from __future__ import annotations

import sqlite3
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.peers.measuring import Answer, Job, Work, measure

if TYPE_CHECKING:
    from collections.abc import Callable

QUERY = (
    "SELECT timestamp, open, high, low, close, volume FROM ohlc_data "
    "WHERE symbol = 'WALK' AND exchange = '' AND timeframe = '1m' ORDER BY timestamp"
)
COLUMNS = ("timestamp", "open", "high", "low", "close", "volume")
Arrays = dict[str, np.ndarray]


def columns_of(table: Any) -> Arrays:
    """Columns of an Arrow table as arrays."""
    return {name: table.column(name).to_numpy() for name in COLUMNS}


def flat(rows: Any) -> Arrays:
    """Rows of Python objects as columns."""
    table = np.fromiter(chain.from_iterable(rows), dtype=np.float64).reshape(-1, len(COLUMNS))
    return {name: np.ascontiguousarray(column) for name, column in zip(COLUMNS, table.T, strict=True)}


def connectorx(path: Path) -> Arrays:
    """By way of Arrow, one query, one thread."""
    import connectorx as cx

    return columns_of(cx.read_sql(f"sqlite://{path}", QUERY, return_type="arrow"))


def adbc(path: Path) -> Arrays:
    """By way of Arrow."""
    from adbc_driver_sqlite import dbapi

    with dbapi.connect(str(path)) as connection, connection.cursor() as cursor:
        cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": "65536"})
        cursor.execute(QUERY)
        return columns_of(cursor.fetch_arrow_table())


def apsw(path: Path) -> Arrays:
    """By way of Python objects."""
    import apsw as driver

    return flat(driver.Connection(str(path)).execute(QUERY))


def plain(path: Path) -> Arrays:
    """The standard library, by way of Python objects."""
    connection = sqlite3.connect(path)
    try:
        return flat(connection.execute(QUERY))
    finally:
        connection.close()


def pandas(path: Path) -> Arrays:
    """``read_sql``."""
    import pandas as pd

    connection = sqlite3.connect(path)
    try:
        frame = pd.read_sql(QUERY, connection)
    finally:
        connection.close()
    return {name: frame[name].to_numpy() for name in COLUMNS}


DRIVERS: dict[str, tuple[Callable[[Path], Arrays], str]] = {
    "connectorx": (connectorx, "connectorx"),
    "adbc": (adbc, "adbc-driver-sqlite"),
    "apsw": (apsw, "apsw"),
    "sqlite3": (plain, ""),
    "pandas": (pandas, "pandas"),
}


def prepare(job: Job) -> Work:
    """The work of a job."""
    load, path = DRIVERS[job.variant][0], Path(job.folder, "market.sqlite")

    def work() -> Answer:
        arrays = load(path)
        return {"rows": arrays["close"].shape[0], "last close": float(arrays["close"][-1])}

    return work


def said(variant: str) -> str:
    """The driver's version; of sqlite3 the library's."""
    package = DRIVERS[variant][1]
    return version(package) if package else sqlite3.sqlite_version


if __name__ == "__main__":
    import json
    import sys

    measure(prepare, said(json.loads(sys.argv[1])["variant"]))
