"""Cells of odd Arrow types in a plain one."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc


def plain_cells(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column without dictionary and views; its values stay what they are."""
    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    if pa.types.is_string_view(column.type) or pa.types.is_large_string(column.type):
        column = pc.cast(column, pa.string())
    return column


def text_cells(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column as texts without spaces around them."""
    cells = plain_cells(column)
    return pc.utf8_trim_whitespace(cells if pa.types.is_string(cells.type) else pc.cast(cells, pa.string()))
