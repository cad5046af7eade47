"""Numbers from cells; a cell that is no number is reported, not guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOTHING = pa.array(["", "-", "nan", "NaN", "null", "NULL", "None", "NA", "N/A", "n/a"])
GROUPED = r"^[-+]?\d{1,3}(,\d{2,3})+(\.\d*)?$"


class Numbers(NamedTuple):
    """A column as numbers."""

    values: NDArray[np.float64]
    """float64[n]; NaN where there is none."""
    empty: NDArray[np.bool_]
    """The cell is empty or marks a gap (NaN, null, -)."""
    broken: NDArray[np.bool_]
    """The cell holds something that is no number."""


def numbers(column: pa.ChunkedArray) -> Numbers:
    """Numbers of a column; ``1,23,456.50`` and spaces around a number are understood."""
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        values = _array(pc.cast(column, pa.float64()))
        return Numbers(values, np.isnan(values), np.zeros(values.shape, dtype=bool))
    try:
        values = _array(pc.cast(column, pa.float64()))
        return Numbers(values, np.isnan(values), np.zeros(values.shape, dtype=bool))
    except pa.ArrowInvalid:
        pass
    text = pc.utf8_trim_whitespace(column)
    text = pc.if_else(pc.match_substring_regex(text, GROUPED), pc.replace_substring(text, ",", ""), text)
    empty = pc.fill_null(pc.is_in(text, NOTHING), fill_value=True)
    text = pc.if_else(empty, pa.scalar(None, text.type), text)
    numeric = pc.match_substring_regex(text, r"^[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d{1,3})?$")
    infinite = pc.match_substring_regex(text, r"(?i)^[-+]?inf(inity)?$")
    bare = pc.utf8_ltrim(text, "+")
    values = _array(pc.cast(pc.if_else(pc.or_(numeric, infinite), bare, pa.scalar(None, text.type)), pa.float64()))
    readable = _flags(pc.or_(numeric, infinite))
    nothing = _flags(empty)
    return Numbers(values, nothing, ~readable & ~nothing)


def _array(column: pa.ChunkedArray) -> NDArray[np.float64]:
    combined = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return np.array(combined.to_numpy(zero_copy_only=False), dtype=np.float64)


def _flags(column: pa.ChunkedArray) -> NDArray[np.bool_]:
    return np.array(pc.fill_null(column, fill_value=False).to_numpy(), dtype=bool)
