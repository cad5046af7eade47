"""Tables of pandas with times, as far as the causality check must know when their values are settled."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from framework.types.timeframe import DAY_NS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from framework.types import Instrument
    from framework.types.veil import Veil

AT_CLOSE = frozenset({"high", "low", "close", "adj close", "adjclose", "adj_close", "volume"})
"""Columns of a bar that are settled at its close; ``open`` is when it opens, any other column at its own time."""


def is_table(value: Any) -> bool:
    """A DataFrame or Series with times; pandas is not imported for it."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, pandas.DataFrame | pandas.Series) and _timed(value, pandas)


def _timed(value: Any, pandas: Any) -> bool:
    return isinstance(value.index, pandas.DatetimeIndex) and len(value) > 1 and value.index.is_monotonic_increasing


def veiled_table(value: Any, veil: Veil, instrument: Instrument, first_open: int) -> Any:
    """The table with what is not settled by the veil's moment changed.

    A column of a bar is settled at its close, as bars are stamped at their opens. Not so intraday bars whose first one
    comes a bar after ``first_open`` (UTC nanoseconds), the first one that the strategy is given: they are stamped at
    their closes. Other columns and single series are taken to be known from their time on.
    """
    opens = _nanoseconds(value.index, instrument)
    pandas = sys.modules["pandas"]
    if isinstance(value, pandas.Series):
        return _changed(value, veil, opens > veil.moment, 0)
    names = {column: str(column).strip().lower() for column in value.columns}
    is_bars = {"open", "close"} <= set(names.values())
    steps, counts = np.unique(np.diff(opens), return_counts=True)
    step = min(int(steps[np.argmax(counts)]), DAY_NS)
    closes = opens if step < DAY_NS and (opens[0] - first_open) % DAY_NS == step else opens + step
    changed = value.copy()
    for position, name in enumerate(names.values()):
        unknown = opens > veil.moment
        if is_bars and name in AT_CLOSE:
            unknown = closes > veil.moment
        elif is_bars and name == "open":
            unknown = (opens if closes is not opens else opens - step) >= veil.moment
        column = value.iloc[:, position]
        changed.isetitem(position, _changed(column, veil, unknown, position))
    return changed


def _changed(column: Any, veil: Veil, unknown: NDArray[np.bool_], number: int) -> Any:
    """Numbers change, truths turn over; what is neither stays."""
    if column.dtype.kind == "b":
        return column.where(~unknown, ~column)
    if column.dtype.kind not in "fiu" or not unknown.any():
        return column
    values = veil.over(column.to_numpy(dtype=np.float64), unknown, number)
    return type(column)(values, index=column.index, name=column.name)


def _nanoseconds(index: Any, instrument: Instrument) -> NDArray[np.int64]:
    """Times as UTC nanoseconds; without a zone, dates are dates and times of day the exchange's own."""
    plain = index
    if plain.tz is None and (plain != plain.normalize()).any():
        plain = plain.tz_localize(instrument.timezone, ambiguous=True, nonexistent="shift_forward")
    if plain.tz is not None:
        plain = plain.tz_convert("UTC").tz_localize(None)
    stamps: NDArray[np.int64] = plain.to_numpy(dtype="datetime64[ns]").view(np.int64)
    return stamps
