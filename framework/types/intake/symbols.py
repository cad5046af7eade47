"""Symbol and exchange of each row, with NSE's series told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from framework.errors import DataError
from framework.types.intake.cells import text_cells
from framework.types.intake.names import LONGEST, checked_symbol, name_fault
from framework.types.visible import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from framework.types.intake.faults import Faults
    from framework.types.intake.options import IntakeOptions
    from framework.types.intake.table import CellTable

EQUITY_SERIES = ("EQ", "BE", "BZ", "SM", "ST", "SZ", "MF", "")
"""NSE series that are one share under one symbol: a share moves between them. Any other becomes part of the symbol."""
SHARE = "STK"
MOST_SYMBOLS = 100_000
"""Instruments of one file."""


class Owners(NamedTuple):
    """Instrument of every row."""

    codes: NDArray[np.int64]
    """Index into names, int64[n]; −1 where the row names no symbol."""
    names: list[tuple[str, str]]
    """(symbol, exchange)."""
    reason: str
    """Source of the symbol; printed."""

    def fault(self, code: int) -> str:
        """Reason why the instrument of a code cannot be called so; empty where it can."""
        symbol, exchange = self.names[code]
        wrong = name_fault(symbol) or name_fault(exchange)
        return f"the symbol {visible(symbol[:LONGEST])!r} is refused: {wrong}" if wrong else ""

    def add_refused(self, faults: Faults) -> NDArray[np.bool_]:
        """Note rows of instruments that cannot be called so; returns the rows that may stay, bool[n]."""
        wrong = np.array([bool(self.fault(code)) for code in range(len(self.names))] or [False])
        rows = wrong[self.codes] & (self.codes >= 0)
        faults.add(rows, "bad_symbol", lambda row: self.fault(int(self.codes[row])))
        return ~rows


def owners(table: CellTable, columns: Mapping[str, pa.ChunkedArray], options: IntakeOptions) -> Owners:
    """Symbol from a column, else the option, else the headings, else the options' fallback (a file's name)."""
    rows = table.lines.shape[0]
    exchange = _texts(columns, "exchange", rows) if options.exchange is None else None
    if "symbol" not in columns:
        symbol, reason = _one_symbol(table, options)
        checked_symbol(symbol)
        named = options.exchange or ""
        if exchange is None:
            return Owners(np.zeros(rows, dtype=np.int64), [(symbol, named)], reason)
        words = pa.chunked_array([pa.array([symbol] * rows, pa.string())])
    else:
        words, reason = _words(columns), "the file's column"
        if options.symbol is not None:
            reason = "the file's column (--symbol is for files without one)"
    words = pc.fill_null(words, "")
    joined = pc.binary_join_element_wise(words, "" if exchange is None else exchange, "\x1f")
    coded = pc.dictionary_encode(joined)
    coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.chunk(0)
    codes = np.array(coded.indices.to_numpy(zero_copy_only=False), dtype=np.int64)
    if len(coded.dictionary) > MOST_SYMBOLS:
        raise DataError(
            f"the column of symbols holds {len(coded.dictionary):,} different ones, and {MOST_SYMBOLS:,} are the most; "
            "it is the wrong column, or the file is to be split"
        )
    names = [_name(word, options.exchange) for word in coded.dictionary.to_pylist()]
    nameless = np.array([not symbol for symbol, _ in names], dtype=bool)
    if nameless.any():
        codes = np.where(nameless[codes], -1, codes)
    return Owners(codes, names, reason)


def _name(joined: str, exchange: str | None) -> tuple[str, str]:
    symbol, _, found = joined.partition("\x1f")
    return symbol, found if exchange is None else exchange


def _one_symbol(table: CellTable, options: IntakeOptions) -> tuple[str, str]:
    if options.symbol is not None:
        return options.symbol, "--symbol"
    if table.symbol:
        return table.symbol, "the file's headings"
    return options.fallback


def _words(columns: Mapping[str, pa.ChunkedArray]) -> pa.ChunkedArray:
    """Symbols, with a series that is no share's appended (``NHAI-N1``), and contracts under their own names."""
    words = text_cells(columns["symbol"])
    if "series" in columns:
        series = pc.fill_null(text_cells(columns["series"]), "")
        share = pc.is_in(series, pa.array(EQUITY_SERIES))
        words = pc.if_else(share, words, pc.binary_join_element_wise(words, series, "-"))
    if "segment_type" in columns and "contract" in columns:
        share = pc.equal(text_cells(columns["segment_type"]), SHARE)
        contract = text_cells(columns["contract"])
        words = pc.if_else(pc.or_(share, pc.equal(contract, "")), words, contract)
    return words


def _texts(columns: Mapping[str, pa.ChunkedArray], name: str, rows: int) -> pa.ChunkedArray | None:
    if name not in columns:
        return None
    return pc.fill_null(text_cells(columns[name]), "") if rows else None
