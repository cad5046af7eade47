"""Higher timeframes without a look ahead: bars gathered into longer ones, each known when it was complete."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from framework.errors import ConfigError, StrategyError
from framework.types.periods import ends_of, periods_of
from framework.types.timeframe import DAY_NS, MONTH, WEEK, Timeframe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True, eq=False)
class HigherBars:
    """Completed bars of a higher timeframe, and at which base bar each became known; the one still forming is left out.

    ``known_at`` is int64[m], rising: the first base bar at whose close each of them was complete.
    """

    timeframe: str
    """``1h``, ``1d``, …"""
    time: NDArray[np.int64]
    """Opens, int64[m], UTC nanoseconds, strictly rising."""
    open: NDArray[np.float64]
    """Rupees, float64[m]; so are high, low and close."""
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]
    """Units traded, float64[m] ≥ 0; NaN where one of the base bars has none."""
    known_at: NDArray[np.int64]
    base_rows: int

    @classmethod
    def of(cls, base: str, timeframe: str, columns: Mapping[str, NDArray[Any]]) -> HigherBars:
        """Gather bars of the timeframe ``base`` (their ``ARRAYS`` by name), anchored at each session's first bar.

        A bar completes by the clock: at the first base bar that closes at or after its end, or, for the last one of a
        session and for daily bars, at the first bar of the next session (nobody here knows when a session ends). Weeks
        run from Monday to Sunday; one of daily bars is complete with its Sunday's, else at the first bar of the next.
        """
        low, high = Timeframe.parse(base), Timeframe.parse(timeframe)
        weeks_in_months = low.name == WEEK and high.name == MONTH
        if high.nanoseconds % low.nanoseconds or high.nanoseconds <= low.nanoseconds or weeks_in_months:
            why = "; weeks lie across the ends of months, so gather daily bars" if weeks_in_months else ""
            msg = f"bars.to({timeframe!r}): it must be a whole multiple of the bars' own {base}{why}"
            raise ConfigError(msg)
        groups = _dated_groups(low, high, columns) if high.dated else _groups(high, columns)
        starts, until = groups.starts, int(groups.ends.max(initial=0))
        arrays = {
            "open": columns["open"][starts],
            "high": np.maximum.reduceat(columns["high"][:until], starts),
            "low": np.minimum.reduceat(columns["low"][:until], starts),
            "close": columns["close"][groups.ends - 1],
            "volume": np.add.reduceat(columns["volume"][:until], starts),
        }
        for array in (groups.time, groups.known_at, *arrays.values()):
            array.setflags(write=False)
        rows = columns["time"].shape[0]
        return cls(timeframe=high.name, time=groups.time, known_at=groups.known_at, base_rows=rows, **arrays)

    def align(self, values: ArrayLike) -> NDArray[np.float64]:
        """Values on the higher bars, float64[m] → float64[n]: at each base bar the latest completed one, else NaN."""
        given = np.asarray(values, dtype=np.float64)
        if given.shape != self.known_at.shape:
            msg = f"align() got shape {given.shape}; it needs one value per completed bar, {self.known_at.shape}"
            raise StrategyError(msg)
        latest = np.searchsorted(self.known_at, np.arange(self.base_rows), side="right") - 1
        aligned = np.full(self.base_rows, np.nan)
        aligned[latest >= 0] = given[latest[latest >= 0]]
        return aligned

    def __len__(self) -> int:
        return int(self.time.shape[0])


class Groups(NamedTuple):
    """Base bars that make up one higher bar each, as far as they are complete; each int64[m]."""

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    """Rows behind the last one."""
    time: NDArray[np.int64]
    known_at: NDArray[np.int64]


def _groups(high: Timeframe, columns: Mapping[str, NDArray[Any]]) -> Groups:
    """The complete groups of base bars, from each session's first bar on."""
    time, session = columns["time"], columns["session"]
    length = time.shape[0]
    rows = np.arange(length)
    opens_session = np.append(True, np.diff(session) != 0)[:length]
    session_start = time[np.maximum.accumulate(np.where(opens_session, rows, 0))]
    bucket = (time - session_start) // high.nanoseconds
    starts = np.flatnonzero(opens_session | np.append(True, np.diff(bucket) != 0)[:length])
    ends = np.append(starts[1:], length)[: starts.shape[0]]
    begin = session_start[starts] + bucket[starts] * high.nanoseconds
    by_clock = columns["close_time"][ends - 1] >= begin + high.nanoseconds
    return _complete(starts, ends, begin, np.where(by_clock, ends - 1, ends), length)


def _dated_groups(low: Timeframe, high: Timeframe, columns: Mapping[str, NDArray[Any]]) -> Groups:
    """The complete days, weeks or months, by the dates of their sessions and stamped with the first day."""
    length = columns["time"].shape[0]
    first_day = periods_of(high, columns["session"])
    starts = np.flatnonzero(np.append(True, np.diff(first_day) != 0)[:length])
    ends = np.append(starts[1:], length)[: starts.shape[0]]
    begin = first_day[starts] * DAY_NS
    by_clock = (columns["close_time"][ends - 1] >= ends_of(high, begin)) & low.dated
    return _complete(starts, ends, begin, np.where(by_clock, ends - 1, ends), length)


def _complete(
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    stamps: NDArray[np.int64],
    known_at: NDArray[np.int64],
    rows: int,
) -> Groups:
    """The groups that are complete by the last row."""
    done = known_at < rows
    return Groups(starts[done], ends[done], stamps[done], known_at[done])
