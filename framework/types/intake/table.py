"""Cells by their headings: a file or a frame before anything of it is understood."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from framework.types.intake.records import Refusal


class CellTable(NamedTuple):
    """Cells of a file or a frame before they are parsed."""

    columns: dict[str, pa.ChunkedArray]
    """Heading → cells; text in a CSV, typed in Parquet."""
    lines: NDArray[np.int64]
    """Line (CSV; the heading is line 1) or row (else, from 1) of each row, int64[n]."""
    broken: list[Refusal]
    """Lines that have too many or too few cells."""
    sha256: str
    unit: str
    """``line`` or ``row``."""
    symbol: str = ""
    """Symbol that the headings name, if they do."""
