"""DataFrame to a table of cells: index and columns of one symbol by their headings, nothing of it understood yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from framework.errors import DataError
from framework.types.columns import PRICES
from framework.types.intake.headings import GENERIC, plain
from framework.types.intake.table import CellTable

if TYPE_CHECKING:
    from collections.abc import Hashable

TIME_HEADING = "index"
"""Heading under which the index of a frame stands among its cells."""
SHOWN = 5


class FrameCells(NamedTuple):
    """Cells of one symbol of a frame."""

    table: CellTable
    symbol: str
    """Symbol that the frame's column or level names; '' where none does."""


def symbols_in(frame: pd.DataFrame) -> list[str]:
    """Symbols of a frame that holds several: yfinance's second row of headings, a level of the index or a column."""
    labels = _symbol_labels(frame)
    return [] if labels is None else [str(label) for label in labels]


def frame_cells(frame: pd.DataFrame, wanted: str = "") -> FrameCells:
    """Cells of a frame; of several symbols those of ``wanted``. ``DataError`` where a column is there twice."""
    frame, symbol = _of_one_symbol(frame, wanted)
    _check_headings(frame)
    columns = {str(name): _cells(frame.iloc[:, position]) for position, name in enumerate(frame.columns)}
    index = _time_of_index(frame)
    if index is not None:
        columns = {name: cells for name, cells in columns.items() if plain(name) not in GENERIC["time"]}
        columns = {TIME_HEADING: _cells(index), **columns}
    return FrameCells(CellTable(columns, np.arange(frame.shape[0]), [], "", "row"), symbol)


def _of_one_symbol(frame: pd.DataFrame, wanted: str) -> tuple[pd.DataFrame, str]:
    """The rows and columns of one symbol, and its name where the frame says it."""
    labels = _symbol_labels(frame)
    if isinstance(frame.columns, pd.MultiIndex):
        level = _price_level(frame.columns)
        if labels is None or level is None:  # more levels than two, or none that holds the prices
            raise DataError(
                f"the frame's columns have {frame.columns.nlevels} levels and none of two that holds "
                f"{', '.join(PRICES)}; take one symbol's columns, as in frame['INFY']"
            )
        label = _chosen(labels, wanted)
        one: Any = frame.xs(label, axis=1, level=1 - level)
        return one, str(label)
    if isinstance(frame.index, pd.MultiIndex):
        times = [level for level in range(frame.index.nlevels) if _is_time(frame.index.levels[level])]
        if len(times) != 1 or frame.index.nlevels > 2:  # noqa: PLR2004 - a symbol and a time
            raise DataError(
                f"the frame's index has the levels {', '.join(map(repr, frame.index.names))}; two are understood, a "
                "symbol and a time (a DatetimeIndex, see pandas.to_datetime)"
            )
        label = _chosen(labels or [], wanted)
        rows: Any = frame.xs(label, level=1 - times[0])
        return rows, str(label)
    if labels is None:
        return frame, ""
    label = _chosen(labels, wanted)
    nameless = frame[_symbol_column(frame)].isna().to_numpy(dtype=bool)
    if nameless.any():
        raise DataError(f"row {int(np.argmax(nameless))} of the frame names no symbol; name it or leave it out")
    if len(labels) > 1:
        frame = frame.loc[(frame[_symbol_column(frame)] == label).to_numpy(dtype=bool)]
    return frame, str(label)


def _symbol_labels(frame: pd.DataFrame) -> list[Hashable] | None:
    """Distinct symbols as the frame writes them, in its order; None where it names none."""
    if isinstance(frame.columns, pd.MultiIndex):
        level = _price_level(frame.columns)
        if level is None:
            return None
        return list(dict.fromkeys(frame.columns.get_level_values(1 - level)))
    if isinstance(frame.index, pd.MultiIndex):
        others = [level for level in range(frame.index.nlevels) if not _is_time(frame.index.levels[level])]
        return list(dict.fromkeys(frame.index.get_level_values(others[0]))) if len(others) == 1 else None
    column = _symbol_column(frame)
    if column is None:
        return None
    return [label for label in frame[column].dropna().unique().tolist() if str(label).strip()] or None


def _symbol_column(frame: pd.DataFrame) -> Hashable | None:
    """The first column with a heading of symbols; frames of one symbol have none."""
    names = {plain(str(name)): name for name in reversed(frame.columns.tolist())}
    found: Hashable | None = next((names[heading] for heading in GENERIC["symbol"] if heading in names), None)
    return None if found is not None and list[Any](frame.columns).count(found) > 1 else found


def _chosen(labels: list[Hashable], wanted: str) -> Hashable:
    """The label that was asked for, or the only one."""
    if len(labels) == 1:
        return labels[0]
    for label in labels:
        if str(label) == wanted:
            return label
    shown = ", ".join(map(str, labels[:SHOWN])) + (", …" if len(labels) > SHOWN else "")
    asked = f", and no {wanted!r}" if wanted else ""
    example = labels[0] if labels else "INFY"
    raise DataError(f"the frame holds {len(labels)} symbols{asked}: {shown}; say which, as in symbol='{example}'")


def _price_level(columns: pd.MultiIndex) -> int | None:
    """The level of two that holds the words open, high, low and close."""
    if columns.nlevels != 2:  # noqa: PLR2004 - a price and a symbol
        return None
    for level in (0, 1):
        words = {plain(str(word)) for word in columns.get_level_values(level)}
        if words >= set(PRICES):
            return level
    return None


def _check_headings(frame: pd.DataFrame) -> None:
    """``DataError`` where two columns have one heading, upper and lower case being the same, that is to be read."""
    known = {heading for names in GENERIC.values() for heading in names if heading}
    seen: dict[str, Any] = {}
    for name in frame.columns:
        heading = plain(str(name))
        if heading in seen and heading in known:
            raise DataError(
                f"the frame has two columns for {heading}, {seen[heading]!r} and {name!r}; leave one out, as in "
                "frame.loc[:, ~frame.columns.duplicated()]"
            )
        seen[heading] = name


def _is_time(values: pd.Index[Any]) -> bool:
    return isinstance(values, (pd.DatetimeIndex, pd.PeriodIndex))


def _time_of_index(frame: pd.DataFrame) -> pd.Series[Any] | None:
    """The index as the column of times; None where a column is it, as beside the row numbers that pandas makes."""
    index = frame.index
    if isinstance(index, pd.MultiIndex):
        return None
    if not _is_time(index) and {plain(str(name)) for name in frame.columns} & set(GENERIC["time"][:8]):
        return None
    if isinstance(index, pd.RangeIndex):
        return None
    return pd.Series(index)


def _cells(column: pd.Series[Any]) -> pa.ChunkedArray:
    """A column as Arrow cells, whatever it is made of; what no type of Arrow fits is told as text."""
    kind: Any = column.dtype
    if isinstance(kind, pd.CategoricalDtype):
        column = column.astype(kind.categories.dtype)
    elif isinstance(kind, pd.PeriodDtype):
        column = column.dt.to_timestamp()
    elif isinstance(kind, pd.SparseDtype):
        column = column.astype(kind.subtype)
    values: Any = column.to_numpy() if isinstance(column.dtype, np.dtype) else column.array
    if isinstance(values, np.ndarray) and values.dtype.kind in "fiu":
        same = np.asarray(values, np.float64) if values.dtype.kind == "f" else values  # Arrow has no float of 16 bits
        return pa.chunked_array([pa.array(same)])
    try:
        cells = pa.array(values, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        cells = pa.array([_text(cell) for cell in column], pa.string())
    return cells if isinstance(cells, pa.ChunkedArray) else pa.chunked_array([cells])


def _text(cell: Any) -> str | None:
    """One cell as text: times with their offset; None for what is missing."""
    if cell is None or (np.ndim(cell) == 0 and pd.isna(cell)):
        return None
    return str(cell.isoformat()) if hasattr(cell, "isoformat") else str(cell)
