"""Excel workbooks (.xlsx) as cells. The library is loaded when such a file comes."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time
from typing import Any

import numpy as np
import pyarrow as pa

from framework.types.intake.table import CellTable

MOST_BYTES = 1 << 30
"""Bytes of a workbook's unpacked parts, in all."""


def is_workbook(content: bytes) -> bool:
    """True for a zip archive with a workbook in it."""
    if not content.startswith(b"PK\x03\x04"):
        return False
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return "xl/workbook.xml" in archive.namelist()


def workbook(content: bytes, digest: str) -> CellTable:
    """The one sheet of a workbook that has cells; its first row is the headings. ``ValueError`` where it has none."""
    try:
        from openpyxl import load_workbook
    except ModuleNotFoundError as error:
        raise ValueError(
            "it is an Excel file, and the package openpyxl, which reads them, is not installed: pip install "
            "'tulya[excel]', or save it as CSV"
        ) from error
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > MOST_BYTES:
            raise ValueError(f"it unpacks to more than {MOST_BYTES >> 30} GiB; split it")
    book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    sheets = {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}
    filled = {title: rows for title, rows in sheets.items() if any(_there(row) for row in rows)}
    if len(filled) != 1:
        names = ", ".join(map(repr, filled))
        raise ValueError(f"{len(filled)} of its sheets have cells{f', {names}' if names else ''}; one is understood")
    (rows,) = filled.values()
    return _table(rows, digest)


def _table(rows: list[tuple[Any, ...]], digest: str) -> CellTable:
    first = next(number for number, row in enumerate(rows) if _there(row))
    headings = [str(cell).strip() if cell is not None else "" for cell in rows[first]]
    body = [(number, row) for number, row in enumerate(rows[first + 1 :], start=first + 2) if _there(row)]
    columns: dict[str, pa.ChunkedArray] = {}
    for position, heading in enumerate(headings):
        cells = [_text(row[position]) if position < len(row) else "" for _, row in body]
        if heading or any(cells):
            columns.setdefault(heading, pa.chunked_array([pa.array(cells, pa.string())]))
    return CellTable(columns, np.array([number for number, _ in body], dtype=np.int64), [], digest, "row")


def _there(row: tuple[Any, ...]) -> bool:
    return any(cell is not None and cell != "" for cell in row)


def _text(cell: Any) -> str:
    """A cell as the text that a CSV file would hold."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    return repr(cell) if isinstance(cell, float) else str(cell)
