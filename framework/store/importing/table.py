"""A file as a table of Arrow columns: CSV (plain, gzip, zip), Parquet or Upstox candle JSON."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import stat
import zipfile
import zlib
from array import array
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from framework.errors import DataError
from framework.store.importing.archive import MOST_BYTES, check_sizes, unpacked
from framework.store.importing.containers import plain_text
from framework.store.importing.excel import is_workbook, workbook
from framework.store.importing.json_tables import named_table
from framework.types.intake.faults import EXAMPLES, others_text
from framework.types.intake.records import Refusal
from framework.types.intake.table import CellTable

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SUFFIXES = (".csv", ".csv.gz", ".csv.zip", ".txt", ".txt.gz", ".parquet", ".json", ".json.gz", ".xlsx", ".tsv")
DELIMITERS = ",;\t|"
BLOCK_BYTES = 1 << 24
UNREADABLE = (
    OSError, EOFError, ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, RuntimeError,
    NotImplementedError, zipfile.BadZipFile, zlib.error, pa.ArrowException,
)  # fmt: skip
"""Whatever the readers of others raise for a file that is not what its name says."""
CANDLE = ("timestamp", "open", "high", "low", "close", "volume", "open_interest")


def read(path: Path) -> CellTable:
    """Read a file whole; ``DataError`` with a sentence where it cannot be, whatever it is."""
    try:
        content = _content(path)
        digest = hashlib.sha256(content).hexdigest()
        name = path.name.lower()
        if name.endswith(".parquet"):
            return _parquet(content, digest)
        if is_workbook(content):
            check_sizes(content)
            return workbook(content, digest)
        content, name = unpacked(content, name)
        content = plain_text(content)
        return _json(content, digest) if name.endswith(".json") else _csv(content, digest)
    except RecursionError as error:
        raise DataError(f"{path.name} cannot be read: it is nested too deep for prices") from error
    except MemoryError as error:
        raise DataError(f"{path.name} cannot be read: it does not fit in memory; split it") from error
    except (DataError, *UNREADABLE) as error:
        raise DataError(f"{path.name} cannot be read: {_first_line(error)}") from error


def _content(path: Path) -> bytes:
    """Bytes of a regular file: a pipe, say, would be waited for without end."""
    kind = path.stat().st_mode
    if stat.S_ISDIR(kind):
        raise ValueError("it is a folder, in spite of its name")
    if not stat.S_ISREG(kind):
        raise ValueError("it is no regular file but a pipe, a socket or a device")
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"it has more than {MOST_BYTES >> 30} GiB; split it")
    return path.read_bytes()


def is_price_file(path: Path) -> bool:
    """True if ``read`` understands a file of this name."""
    return path.name.lower().endswith(SUFFIXES)


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _parquet(content: bytes, digest: str) -> CellTable:
    facts = pq.ParquetFile(pa.BufferReader(content)).metadata
    size = sum(facts.row_group(index).total_byte_size for index in range(facts.num_row_groups))
    if max(size, 8 * facts.num_rows * facts.num_columns) > MOST_BYTES:
        raise ValueError(f"it unpacks to more than {MOST_BYTES >> 30} GiB; split it")
    table = pq.read_table(pa.BufferReader(content))
    columns = {name: table.column(index) for index, name in enumerate(table.column_names)}
    return CellTable(columns, np.arange(1, table.num_rows + 1), [], digest, "row")


def _json(content: bytes, digest: str) -> CellTable:
    """Rows as objects, columns as lists, or candles."""
    return named_table(json.loads(content), digest) or _candles(content, digest)


def _candles(content: bytes, digest: str) -> CellTable:
    """``{"status": "success", "data": {"candles": [[time, o, h, l, c, volume, open interest], …]}}``."""
    document = json.loads(content)
    data = document.get("data") if isinstance(document, dict) else None
    candles = data.get("candles") if isinstance(data, dict) else document
    if not isinstance(candles, list):
        raise ValueError("no list of candles under data.candles")  # noqa: TRY004 - the caller's word for unreadable
    broken, rows, lines, others = list[Refusal](), list[list[Any]](), list[int](), list[int]()
    for number, candle in enumerate(candles, start=1):
        if isinstance(candle, list) and 5 <= len(candle) <= len(CANDLE):  # noqa: PLR2004 - time and four prices
            rows.append([*candle, *[None] * (len(CANDLE) - len(candle))])
            lines.append(number)
        elif len(broken) < EXAMPLES:
            broken.append(Refusal("bad_row", f"row {number} is not a list of time, open, high, low, close", number))
        else:
            others.append(number)
    if others:
        broken.append(Refusal("bad_row", others_text(len(others), "row", others[0], others[-1]), rows=len(others)))
    cells = zip(*rows, strict=True) if rows else [()] * len(CANDLE)
    columns = {
        name: pa.chunked_array([pa.array([None if cell is None else str(cell) for cell in column], pa.string())])
        for name, column in zip(CANDLE, cells, strict=True)
    }
    return CellTable(columns, np.array(lines, dtype=np.int64), broken, digest, "row")


def _csv(content: bytes, digest: str) -> CellTable:
    try:
        content.decode("utf-8-sig")
        encoding = "utf-8"
        content = content.removeprefix(b"\xef\xbb\xbf")
    except UnicodeDecodeError:
        encoding = "latin-1"
    first = content[:65_536].decode(encoding, "replace").splitlines()
    if not first or not first[0].strip():
        raise ValueError("the first line, which should hold the headings, is empty")
    delimiter = max(DELIMITERS, key=first[0].count)
    headings = [heading.strip() for heading in next(csv.reader([first[0]], delimiter=delimiter))]
    skip, symbol = 1, ""
    if headings[0] == "Price" and len(first) > 2 and first[1].startswith("Ticker"):  # noqa: PLR2004 - three heading lines
        tickers = set(next(csv.reader([first[1]], delimiter=delimiter))[1:])
        if len(tickers) != 1:
            raise ValueError(f"{len(tickers)} tickers side by side; save one file per ticker")
        skip, symbol = 3, tickers.pop()
        headings[0] = next(csv.reader([first[2]], delimiter=delimiter))[0]
    names = _distinct(headings)
    misses = Misses()

    table = pacsv.read_csv(
        io.BytesIO(content),
        read_options=pacsv.ReadOptions(
            use_threads=False, column_names=names, skip_rows=skip, encoding=encoding, block_size=BLOCK_BYTES
        ),
        parse_options=pacsv.ParseOptions(
            delimiter=delimiter, invalid_row_handler=misses.unfit, ignore_empty_lines=False
        ),
        convert_options=pacsv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
    )
    columns = {name: table.column(name) for name in names}
    lines, broken = _lines(table.num_rows, skip, misses.lines()), misses.refusals()
    if b'"' in content:
        lines, broken = _shifted(columns, lines, misses, broken)
    blank = _blank(columns)
    if blank.any():
        keep = pa.array(~blank)
        columns, lines = {name: column.filter(keep) for name, column in columns.items()}, lines[~blank]
    return CellTable(columns, lines, broken, digest, "line", symbol)


class Misses:
    """Lines with too many or too few cells: their numbers, and the first of them with a reason."""

    def __init__(self) -> None:
        self._lines = array("q")
        self._breaks: dict[int, int] = {}
        self._told: list[Refusal] = []
        self._others = array("q")

    def unfit(self, row: Any) -> str:
        """Leave out a line that Arrow cannot take; a blank one is no row."""
        self._lines.append(row.number)
        if breaks := row.text.count("\n"):
            self._breaks[row.number] = breaks
        if row.text.strip():
            if len(self._told) < EXAMPLES:
                reason = f"{row.actual_columns} cells where the heading has {row.expected_columns}"
                self._told.append(Refusal("bad_row", reason, row.number))
            else:
                self._others.append(row.number)
        return "skip"

    def lines(self) -> NDArray[np.int64]:
        """Numbers of all of them, blank ones too, int64[n]."""
        return np.array(self._lines, dtype=np.int64)

    def breaks(self) -> NDArray[np.int64]:
        """Line breaks inside each of them, int64[n]."""
        return np.array([self._breaks.get(number, 0) for number in self._lines], dtype=np.int64)

    def refusals(self) -> list[Refusal]:
        """A sentence for each of the first, and one for the others."""
        if not self._others:
            return self._told
        text = others_text(len(self._others), "line", self._others[0], self._others[-1])
        return [*self._told, Refusal("bad_row", text, rows=len(self._others))]


def _distinct(headings: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    names = []
    for heading in headings:
        seen[heading] = seen.get(heading, 0) + 1
        names.append(heading if seen[heading] == 1 else f"{heading}.{seen[heading]}")
    return names


def _lines(rows: int, skip: int, misses: NDArray[np.int64]) -> NDArray[np.int64]:
    """Line of each row that was read, where every line but the headings and the misses gave one."""
    lines = np.arange(skip + 1, skip + 1 + rows + len(misses), dtype=np.int64)
    return np.setdiff1d(lines, misses, assume_unique=True)[:rows]


def _shifted(
    columns: dict[str, pa.ChunkedArray], lines: NDArray[np.int64], misses: Misses, broken: list[Refusal]
) -> tuple[NDArray[np.int64], list[Refusal]]:
    """Lines pushed down by the line breaks inside quoted cells above them."""
    extra = sum(pc.count_substring(column, "\n").to_numpy().astype(np.int64) for column in columns.values())
    numbers = np.concatenate((lines, misses.lines()))
    breaks = np.concatenate((extra, misses.breaks()))
    order = np.argsort(numbers)
    pushed = np.concatenate(([0], np.cumsum(breaks[order])[:-1])) if numbers.size else breaks
    by_number = dict(zip(numbers[order].tolist(), pushed.tolist(), strict=True)) if breaks.any() else {}
    if not by_number:
        return lines, broken
    moved = np.array([number + by_number[number] for number in lines.tolist()], dtype=np.int64)
    return moved, [row._replace(line=(row.line or 0) + by_number.get(row.line or 0, 0)) for row in broken]


def _blank(columns: dict[str, pa.ChunkedArray]) -> NDArray[np.bool_]:
    """Rows whose every cell is empty: blank lines, which are no rows."""
    first, *others = columns.values()
    blank = pc.equal(first, "")
    for column in others:
        if not pc.any(blank).as_py():
            break
        blank = pc.and_(blank, pc.equal(column, ""))
    flags: NDArray[np.bool_] = blank.to_numpy()
    return flags
