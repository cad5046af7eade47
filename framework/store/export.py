"""Bars to a CSV or Parquet file that the import reads back as it was."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from framework.draft import drafted
from framework.errors import DataError
from framework.types.csv_cell import harmless
from framework.types.timeframe import DATED

if TYPE_CHECKING:
    from pathlib import Path

    from framework.types import Bars

PRICES = ("open", "high", "low", "close")


def export(bars: Bars, path: Path) -> None:
    """Write bars; the file's ending says the format. Times carry their offset, dates are dates."""
    name = path.name.lower()
    if not name.endswith((".csv", ".csv.gz", ".parquet")):
        raise DataError(f"{path.name}: the ending says no format; use .csv, .csv.gz or .parquet")
    table = _table(bars)
    try:
        with drafted(path) as draft:
            _write(table, draft, name)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}") from error


def _write(table: pa.Table, draft: Path, name: str) -> None:
    if name.endswith(".parquet"):
        pq.write_table(table, draft)
        return
    symbols = pa.array([harmless(symbol) for symbol in table.column("symbol").to_pylist()], pa.string())
    table = table.set_column(0, "symbol", symbols).set_column(1, "time", _written(table.column("time")))
    options = pacsv.WriteOptions(quoting_style="needed")
    if name.endswith(".gz"):
        with gzip.open(draft, "wb") as file:
            pacsv.write_csv(table, file, options)
    else:
        pacsv.write_csv(table, draft, options)


def _table(bars: Bars) -> pa.Table:
    stamps = bars.time.astype("datetime64[ns]")
    if bars.timeframe in DATED:
        times = pa.array(stamps.astype("datetime64[D]"))
    else:
        times = pa.array(stamps.astype("datetime64[us]")).cast(pa.timestamp("us", bars.instrument.timezone))
    whole = np.nan_to_num(bars.volume) % 1 == 0
    volume = pa.array(bars.volume, from_pandas=True)
    columns = {
        "symbol": pa.array([bars.symbol] * len(bars), pa.string()),
        "time": times,
        **{name: pa.array(getattr(bars, name)) for name in PRICES},
        "volume": volume.cast(pa.int64()) if whole.all() else volume,
    }
    return pa.table(columns)


def _written(times: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_date(times.type):
        return pc.strftime(times, format="%Y-%m-%d")
    return pc.strftime(pc.cast(times, pa.timestamp("s", times.type.tz)), format="%Y-%m-%dT%H:%M:%S%z")
