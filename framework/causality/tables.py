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


TIME_NAMES = frozenset({"time", "timestamp", "datetime", "date", "ts"})
"""Columns that hold a bar's time where the index does not."""


def is_table(value: Any) -> bool:
    """A DataFrame or Series with times in any order; pandas is not imported for it.

    Times are the index, one of its levels, or a column beside one called ``close``: a calendar is no table of prices.
    """
    pandas = sys.modules.get("pandas")
    if pandas is None or not isinstance(value, pandas.DataFrame | pandas.Series) or len(value) < 2:  # noqa: PLR2004
        return False
    return _times(value, pandas) is not None


def _times(value: Any, pandas: Any) -> Any:
    """A DatetimeIndex or PeriodIndex with the time of each row; None without times."""
    index = value.index
    if isinstance(index, pandas.DatetimeIndex):
        return None if index.hasnans else index
    names = {str(column).strip().lower(): at for at, column in enumerate(getattr(value, "columns", ()))}
    found: list[Any] = []
    if isinstance(index, pandas.PeriodIndex):
        found = [index]
    elif "close" in names and isinstance(index, pandas.MultiIndex):
        found = [index.get_level_values(level) for level in range(index.nlevels)]
    elif "close" in names:
        columns = [value.iloc[:, at] for name, at in names.items() if name in TIME_NAMES]
        found = [_read(column, pandas) for column in (index, *columns)]
    kinds = pandas.DatetimeIndex | pandas.PeriodIndex
    return next((times for times in found if isinstance(times, kinds) and not times.hasnans), None)


def _read(column: Any, pandas: Any) -> Any:
    """Times of a column or an index, also such as a file has them (``2024-01-31``); None for what is no time."""
    if pandas.api.types.is_datetime64_any_dtype(column.dtype):
        return pandas.DatetimeIndex(column)
    if not isinstance(column.to_numpy()[0], str):
        return None
    try:
        return pandas.DatetimeIndex(pandas.to_datetime(column, format="ISO8601"))
    except (ValueError, TypeError):
        return None


def veiled_table(value: Any, veil: Veil, instrument: Instrument, first_open: int) -> Any:
    """The table with what is not settled by the veil's moment changed.

    A column of a bar is settled at its close, as bars are stamped at their opens. Not so intraday bars whose first one
    comes a bar after ``first_open`` (UTC nanoseconds), the first one that the strategy is given: they are stamped at
    their closes. Other columns and single series are taken to be known from their time on.
    """
    pandas = sys.modules["pandas"]
    times = _times(value, pandas)
    periods = isinstance(times, pandas.PeriodIndex)
    opens = _nanoseconds(times.start_time if periods else times, instrument)
    if isinstance(value, pandas.Series):
        return _changed(value, veil, opens > veil.moment, 0)
    names = {column: str(column).strip().lower() for column in value.columns}
    is_bars = {"open", "close"} <= set(names.values())
    rising = np.unique(opens)
    steps, counts = np.unique(np.diff(rising), return_counts=True)
    step = min(int(steps[np.argmax(counts)]), DAY_NS) if steps.size else DAY_NS
    closes = opens if step < DAY_NS and (rising[0] - first_open) % DAY_NS == step else opens + step
    if periods:
        closes = _nanoseconds((times + 1).start_time, instrument)
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
