"""DataFrames in and out of Bars. The only file of the types that needs pandas, imported when it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from framework.errors import DataError
from framework.types.clocks import sparse_step
from framework.types.columns import PRICES
from framework.types.instrument import Instrument
from framework.types.timeframe import DAY_NS, SECOND_NS, Timeframe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

WEEK_DAYS, ENOUGH = 5, 5
"""Days between bars from which they are no daily ones, and bars from which that is told."""
TIME_NAMES = ("time", "timestamp", "datetime", "date", "ts")


class FrameColumns(NamedTuple):
    """A DataFrame's columns, as ``Bars.from_arrays`` takes them."""

    instrument: Instrument
    timeframe: str
    time: NDArray[np.int64]
    """int64[n], UTC nanoseconds."""
    open: NDArray[np.float64]
    """Rupees, float64[n]; so are high, low and close."""
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64] | None


def columns_of(
    frame: pd.DataFrame, symbol: str | Instrument = "", timeframe: str | None = None, timezone: str | None = None
) -> FrameColumns:
    """See ``Bars.from_frame``. Raises ``DataError`` naming the missing column and those there are."""
    names = {str(name).strip().lower(): name for name in frame.columns}
    missing = [name for name in PRICES if name not in names]
    if missing:
        msg = f"the frame has no column {', '.join(missing)}; it has {', '.join(map(str, frame.columns))}"
        raise DataError(msg)
    if frame.empty:
        msg = "the frame has no rows; bars need at least one"
        raise DataError(msg)
    frame = _oldest_first(_timed(frame, names), names)
    instrument = symbol if isinstance(symbol, Instrument) else Instrument(symbol or _symbol_in(frame, names))
    zone = timezone or instrument.timezone
    if zone != instrument.timezone:
        instrument = instrument._replace(timezone=zone)
    index = _times(frame, names)
    stamps = _utc_nanoseconds(index, zone)
    step = _said(timeframe, stamps, instrument) if timeframe else usual_step(stamps, instrument)
    if step.daily:
        stamps = _utc_nanoseconds(index.tz_localize(None).normalize(), "UTC")
    open_, high, low, close = (frame[names[name]].to_numpy(dtype=np.float64) for name in PRICES)
    volume = frame[names["volume"]].to_numpy(dtype=np.float64) if "volume" in names else None
    return FrameColumns(instrument, step.name, stamps, open_, high, low, close, volume)


def _said(timeframe: str, stamps: NDArray[np.int64], instrument: Instrument) -> Timeframe:
    """The timeframe that somebody said; ``DataError`` where bars are longer, and would be known before they close."""
    said = Timeframe.parse(timeframe)
    longer = 0 if said.daily else sparse_step(stamps, said.sessions(stamps, instrument.timezone), said.nanoseconds)
    if longer:
        name = Timeframe.of_seconds(longer // SECOND_NS).name
        msg = (
            f"timeframe {said.name}: the bars of {instrument} all lie {name} or more apart, so they are {name} bars; "
            f"say timeframe={name!r}, or nothing"
        )
        raise DataError(msg)
    return said


def frame_of(
    instrument: Instrument, timeframe: str, time: NDArray[np.int64], columns: Mapping[str, NDArray[np.float64]]
) -> pd.DataFrame:
    """See ``Bars.to_frame``."""
    index = pd.DatetimeIndex(time.astype("datetime64[ns]"), name="time")
    if not Timeframe.parse(timeframe).daily:
        index = index.tz_localize("UTC").tz_convert(instrument.timezone)
    frame = pd.DataFrame(dict(columns), index=index)
    frame.attrs["symbol"] = instrument.symbol
    return frame


def usual_step(stamps: NDArray[np.int64], instrument: Instrument) -> Timeframe:
    """The timeframe that the commonest gap between bars suggests (int64 UTC nanoseconds); a day for one bar.

    ``DataError`` for bars of a week or a month: taken for days, they would be known long before they close.
    """
    if stamps.shape[0] < 2:  # noqa: PLR2004 - a gap needs two bars
        return Timeframe.of_seconds(86_400)
    gaps, counts = np.unique(np.diff(stamps), return_counts=True)
    commonest = int(gaps[np.argmax(counts)])
    if commonest >= DAY_NS:
        if commonest > WEEK_DAYS * DAY_NS and stamps.shape[0] > ENOUGH:
            msg = (
                f"the bars of {instrument} lie {commonest // DAY_NS} days apart; bars longer than a day are not "
                "supported (if they are daily with days missing, say timeframe='1d')"
            )
            raise DataError(msg)
        return Timeframe.of_seconds(86_400)
    return Timeframe.of_seconds(commonest // SECOND_NS)


def _symbol_in(frame: pd.DataFrame, names: Mapping[str, object]) -> str:
    if "symbol" in names:
        symbols = frame[names["symbol"]].unique()
        if len(symbols) == 1:
            return str(symbols[0])
        msg = f"the frame holds {len(symbols)} symbols; pass one at a time"
        raise DataError(msg)
    return str(frame.attrs.get("symbol", "BARS"))


def _times(frame: pd.DataFrame, names: Mapping[str, object]) -> pd.DatetimeIndex:
    if isinstance(frame.index, pd.DatetimeIndex):
        return frame.index
    for name in TIME_NAMES:
        if name in names:
            return pd.DatetimeIndex(pd.to_datetime(frame[names[name]]))
    msg = f"the frame needs a DatetimeIndex or one of the columns {', '.join(TIME_NAMES)}"
    raise DataError(msg)


def _timed(frame: pd.DataFrame, names: Mapping[str, object]) -> pd.DataFrame:
    """The frame, if every row has a time: one without (NaT) would sort to the end and decide the result."""
    index = _times(frame, names)
    if index.hasnans:
        row = int(np.flatnonzero(index.isna())[0])
        msg = f"row {row} of the frame has no time (NaT); leave it out, as in frame[frame.index.notna()]"
        raise DataError(msg)
    return frame


def _oldest_first(frame: pd.DataFrame, names: Mapping[str, object]) -> pd.DataFrame:
    """The rows by time; many sources give the newest first. Equal times stay as they are, for the check to name."""
    index = _times(frame, names)
    return frame if index.is_monotonic_increasing else frame.iloc[index.argsort(kind="stable")]


def _utc_nanoseconds(index: pd.DatetimeIndex, zone: str) -> NDArray[np.int64]:
    aware = index if index.tz is not None else index.tz_localize(zone)
    stamps: NDArray[np.int64] = (
        aware.tz_convert("UTC").tz_localize(None).to_numpy(dtype="datetime64[ns]").view(np.int64)
    )
    return stamps
