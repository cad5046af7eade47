"""DataFrames in and out of Bars, through the gate of the imports. It needs pandas and Arrow, so it is imported late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import pandas as pd

from framework.errors import ConfigError, DataError
from framework.types.instrument import Instrument
from framework.types.intake.frame_cells import frame_cells
from framework.types.intake.headings import recognise
from framework.types.intake.options import IntakeOptions
from framework.types.intake.prices import notes_of, prices
from framework.types.intake.words import PYTHON
from framework.types.localtime import zone_named
from framework.types.timeframe import SECOND_NS, Timeframe

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from framework.types.intake.headings import Layout
    from framework.types.intake.prices import CheckedPrices
    from framework.types.intake.table import CellTable

WHOSE = frozenset({"symbol", "exchange", "name", "isin", "lot", "segment_type", "contract"})
"""Fields of a file of many instruments: a frame is read as one."""
DayOrder = Literal["dayfirst", "monthfirst"] | None


class FrameColumns(NamedTuple):
    """A DataFrame as checked columns."""

    instrument: Instrument
    timeframe: str
    time: NDArray[np.int64]
    """int64[n], UTC nanoseconds, rising."""
    columns: NDArray[np.float64]
    """open, high, low, close (rupees) and volume (units, NaN without), float64[5, n]."""
    notes: tuple[str, ...]
    """Sentences about what was mended and what was left aside."""


def columns_of(
    frame: pd.DataFrame,
    symbol: str | Instrument = "",
    timeframe: str | None = None,
    timezone: str | None = None,
    order: DayOrder = None,
) -> FrameColumns:
    """See ``Bars.from_frame``. Raises ``DataError`` naming the first row that is no bar, or what the frame lacks."""
    frame = _pandas(frame)
    given = symbol if isinstance(symbol, Instrument) else None
    wanted = given.symbol if given else str(symbol)
    if not frame.shape[0]:
        raise DataError("the frame has no rows; bars need at least one")
    if order not in {None, "dayfirst", "monthfirst"}:
        raise ConfigError(f"order={order!r} is neither 'dayfirst' nor 'monthfirst'")
    table, named = frame_cells(frame, wanted)
    layout = recognise(table.columns, {}, PYTHON)
    if layout.contents != "prices":
        raise DataError(f"the frame holds no prices: it is a {layout.name}; tulya data import reads such lists")
    exchange = given.exchange if given else named_exchange(table, layout)
    zone = timezone or (given.timezone if given and given.timezone != "UTC" else None)
    if zone:
        zone_named(zone)
    name = wanted or named or str(frame.attrs.get("symbol", "BARS"))
    step = Timeframe.parse(timeframe).name if timeframe else None
    options = IntakeOptions(name, exchange, step, zone, {}, order, words=PYTHON, whole=True)
    fields = {field: heading for field, heading in layout.fields.items() if field not in WHOSE}
    found = prices(table, layout._replace(fields=fields), options, _nothing_remembered)
    _refuse(found, name, frame.shape[0])
    ((key, columns),) = found.series
    instrument = (given or Instrument(name, exchange))._replace(timezone=found.zone.name)
    stamps = columns.timestamp * SECOND_NS
    values = columns.values  # noqa: PD011 - an array of numpy
    return FrameColumns(instrument, key.timeframe, stamps, values, notes_of(found, layout, "row"))


def named_exchange(table: CellTable, layout: Layout) -> str:
    """The exchange that every row of a frame names; '' where none does."""
    if "exchange" not in layout.fields:
        return ""
    names = {str(cell).strip() for cell in table.columns[layout.fields["exchange"]].unique().to_pylist() if cell}
    return names.pop() if len(names) == 1 else ""


def _refuse(found: CheckedPrices, name: str, rows: int) -> None:
    """``DataError`` with the first row that is no bar, how many there are, and what to do."""
    wrong = sorted((row.line, row.reason) for row in found.refusals if row.line is not None)
    wrong += [(line, "the row repeats the one before it, value for value") for line in found.repeats.tolist()]
    if not wrong:
        return
    line, reason = min(wrong)
    number = sum(row.rows for row in found.refusals) + found.repeats.shape[0]
    count = "1 row" if number == 1 else f"{number:,} rows"
    which = f"row {line}" if number == 1 else f"the first is row {line}"
    raise DataError(
        f"{count} of {rows:,} in the frame of {name} cannot be taken; {which}: {reason}; mend it or leave it out, "
        f"as in frame.drop(frame.index[{line}])"
    )


def _pandas(frame: Any) -> pd.DataFrame:
    """A frame of polars or Arrow as one of pandas; ``DataError`` for what is no frame."""
    made = frame.to_pandas() if hasattr(frame, "to_pandas") else frame
    if not isinstance(made, pd.DataFrame):
        raise DataError(f"a DataFrame is needed, and this is a {type(frame).__name__}; Bars.from_arrays takes arrays")
    return made


def _nothing_remembered(_name: tuple[str, str]) -> str | None:
    """Zone of a symbol that nobody keeps."""
    return None


def frame_of(
    instrument: Instrument, timeframe: str, time: NDArray[np.int64], columns: Mapping[str, NDArray[np.float64]]
) -> pd.DataFrame:
    """See ``Bars.to_frame``."""
    index = pd.DatetimeIndex(time.astype("datetime64[ns]"), name="time")
    if not Timeframe.parse(timeframe).dated:
        index = index.tz_localize("UTC").tz_convert(instrument.timezone)
    frame = pd.DataFrame(dict(columns), index=index)
    frame.attrs["symbol"] = instrument.symbol
    return frame
