"""JSON with named values: rows as objects (NSE, nsepython, pandas), or a list for each column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from framework.types.intake.headings import PRICES_OF, plain
from framework.types.intake.records import Refusal
from framework.types.intake.table import CellTable

if TYPE_CHECKING:
    from collections.abc import Mapping

DEEPEST = 4
"""Levels below the document at which its rows are looked for."""


def named_table(document: Any, digest: str) -> CellTable | None:
    """Cells of rows that are objects, or of columns that are lists; None for other documents."""
    rows = _rows(document, DEEPEST)
    if rows is not None:
        return _of_rows(rows, digest)
    columns = _columns(document, DEEPEST)
    return None if columns is None else _of_columns(columns, digest)


def _rows(document: Any, depth: int) -> list[Any] | None:
    """The first list of objects that has prices."""
    if isinstance(document, list):
        objects = next((row for row in document if isinstance(row, dict)), None)
        return document if objects is not None and _has_prices(objects) else None
    if isinstance(document, dict) and depth:
        return next((found for each in document.values() if (found := _rows(each, depth - 1)) is not None), None)
    return None


def _columns(document: Any, depth: int) -> Mapping[str, list[Any]] | None:
    """The first object whose values are lists of one length, or pandas' objects by row, and that has prices."""
    if not isinstance(document, dict):
        return None
    if _has_prices(document):
        lists = {
            name: list(values.values()) if isinstance(values, dict) else values for name, values in document.items()
        }
        lists = {name: values for name, values in lists.items() if isinstance(values, list)}
        if "" not in lists and all(isinstance(values, dict) for values in document.values()):
            lists["index"] = list(next(iter(document.values())))  # pandas' to_json writes the index as keys
        return lists if len({len(values) for values in lists.values()}) == 1 else None
    if not depth:
        return None
    return next((found for each in document.values() if (found := _columns(each, depth - 1)) is not None), None)


def _has_prices(named: Mapping[Any, Any]) -> bool:
    headings = {plain(str(name)) for name in named}
    return all(any(name in headings for name in names) for names in PRICES_OF)


def _of_rows(rows: list[Any], digest: str) -> CellTable:
    names = dict.fromkeys(str(name) for row in rows if isinstance(row, dict) for name in row)
    lines = [number for number, row in enumerate(rows, start=1) if isinstance(row, dict)]
    broken = [
        Refusal("bad_row", f"row {number} is no object of named values", number)
        for number, row in enumerate(rows, start=1)
        if not isinstance(row, dict)
    ]
    columns = {name: _cells([rows[line - 1].get(name) for line in lines]) for name in names}
    return CellTable(columns, np.array(lines, dtype=np.int64), broken, digest, "row")


def _of_columns(columns: Mapping[str, list[Any]], digest: str) -> CellTable:
    count = len(next(iter(columns.values())))
    cells = {name: _cells(values) for name, values in columns.items()}
    return CellTable(cells, np.arange(1, count + 1), [], digest, "row")


def _cells(values: list[Any]) -> pa.ChunkedArray:
    texts = [None if value is None else repr(value) if isinstance(value, float) else str(value) for value in values]
    return pa.chunked_array([pa.array(texts, pa.string())])
