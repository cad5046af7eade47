"""Numbers from cells; a cell that is no number is reported, not guessed.

Whether a comma groups digits or begins the decimals is one convention for all columns of a table: ``100,25`` and
``1.234,56`` prove the one, ``100.25`` and ``1,23,456`` the other, ``1,234`` alone neither. Both proofs in one table
are an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from framework.errors import DataError
from framework.types.intake.cells import plain_cells

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

NOTHING = pa.array(["", "-", "–", "nan", "NaN", "null", "NULL", "None", "NA", "N/A", "n/a", "<NA>", "NaT", "#N/A"])
GROUPED = r"^[-+]?\d{1,3}(,\d{2,3})*,\d{3}(\.\d*)?$"
"""Western and Indian groups of digits: the last one has three."""
GROUPED_BY_POINTS = r"^[-+]?\d{1,3}(\.\d{3})*(,\d*)?$|^[-+]?\d+,\d*$"
PROVES_COMMA = r"^[-+]?(\d{1,3}(\.\d{3})+,\d+|\d{4,},\d+|0,\d+|\d+,(\d{1,2}|\d{4,})|\d{1,3}(\.\d{3}){2,})$"
"""Numbers that a decimal comma alone explains."""
PROVES_POINT = (
    r"^[-+]?(\d{1,3}(,\d{2,3})*,\d{3}\.\d*|\d+\.(\d{1,2}|\d{4,})|\d{4,}\.\d+|0?\.\d+|\d{1,3}(,\d{2,3})+,\d{3})$"
)
NUMBER = r"^[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d{1,3})?$"
INFINITE = r"(?i)^[-+]?inf(inity)?$"


class Numbers(NamedTuple):
    """A column as numbers."""

    values: NDArray[np.float64]
    """float64[n]; NaN where there is none."""
    empty: NDArray[np.bool_]
    """The cell is empty or marks a gap (NaN, null, -)."""
    broken: NDArray[np.bool_]
    """The cell holds something that is no number."""


def decimal_comma(columns: Iterable[tuple[str, pa.ChunkedArray]]) -> bool:
    """True if these columns of texts write decimals behind a comma; ``DataError`` where they mix both conventions."""
    proofs: dict[str, tuple[str, str]] = {}
    texts = [
        (name, cells) for name, cells in ((n, plain_cells(c)) for n, c in columns) if pa.types.is_string(cells.type)
    ]
    if not any(pc.any(pc.match_substring(column, ",")).as_py() for _, column in texts):
        return False
    for name, column in texts:
        words = pc.utf8_trim_whitespace(column)
        for kind, pattern in (("comma", PROVES_COMMA), ("point", PROVES_POINT)):
            if kind not in proofs:
                first = pc.index(pc.fill_null(pc.match_substring_regex(words, pattern), fill_value=False), True).as_py()
                if first >= 0:
                    proofs[kind] = (name, words[first].as_py())
    if len(proofs) == 2:  # noqa: PLR2004 - one of each
        (one, comma), (other, point) = proofs["comma"], proofs["point"]
        raise DataError(
            f"{one} {comma!r} has a decimal comma and {other} {point!r} a decimal point: the columns mix two ways of "
            "writing numbers; write them in one, such as 1234.50"
        )
    return "comma" in proofs


def numbers(column: pa.ChunkedArray, *, comma: bool = False) -> Numbers:
    """Numbers of a column; ``1,23,456.50`` and spaces around a number are understood, with ``comma`` ``1.234,56``."""
    column = plain_cells(column)
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        values = _array(column if kind == pa.float64() else pc.cast(column, pa.float64(), safe=False))
        return Numbers(values, np.isnan(values), np.zeros(values.shape, dtype=bool))
    if not pa.types.is_string(kind):  # truth values, times, lists: none is a number
        there = _flags(pc.is_valid(column))
        return Numbers(np.full(there.shape, np.nan), ~there, there)
    if not comma:
        try:
            values = _array(pc.cast(column, pa.float64()))
            return Numbers(values, np.isnan(values), np.zeros(values.shape, dtype=bool))
        except pa.ArrowInvalid:
            pass
    return _texts(column, comma=comma)


def _texts(column: pa.ChunkedArray, *, comma: bool) -> Numbers:
    text = pc.utf8_trim_whitespace(column)
    if comma:
        plain = pc.replace_substring(pc.replace_substring(text, ".", ""), ",", ".")
        text = pc.if_else(pc.match_substring_regex(text, GROUPED_BY_POINTS), plain, text)
    else:
        text = pc.if_else(pc.match_substring_regex(text, GROUPED), pc.replace_substring(text, ",", ""), text)
    empty = pc.fill_null(pc.is_in(text, NOTHING), fill_value=True)
    text = pc.if_else(empty, pa.scalar(None, text.type), text)
    numeric = pc.match_substring_regex(text, NUMBER)
    infinite = pc.match_substring_regex(text, INFINITE)
    bare = pc.utf8_ltrim(text, "+")
    values = _array(pc.cast(pc.if_else(pc.or_(numeric, infinite), bare, pa.scalar(None, text.type)), pa.float64()))
    readable = _flags(pc.or_(numeric, infinite))
    nothing = _flags(empty)
    return Numbers(values, nothing, ~readable & ~nothing)


def _array(column: pa.ChunkedArray) -> NDArray[np.float64]:
    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)


def _flags(column: pa.ChunkedArray) -> NDArray[np.bool_]:
    return np.array(pc.fill_null(column, fill_value=False).to_numpy(), dtype=bool)
