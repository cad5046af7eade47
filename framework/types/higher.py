"""Higher timeframes without a look ahead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from framework.errors import ConfigError, StrategyError
from framework.types.bars import Bars
from framework.types.timeframe import Timeframe

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True, eq=False)
class HigherBars:
    """Completed bars of a higher timeframe, and at which base bar each became known."""

    bars: Bars
    """Only bars that were complete; the one still forming at the end is left out."""
    known_at: NDArray[np.int64]
    """int64[m]: first base bar at whose close each of them was complete, rising."""
    base_rows: int

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

    def __getattr__(self, name: str) -> NDArray[np.float64]:
        if name in {"open", "high", "low", "close", "volume", "time"}:
            values: NDArray[np.float64] = getattr(self.bars, name)
            return values
        raise AttributeError(name)

    def __len__(self) -> int:
        return len(self.bars)


def higher_bars(base: Bars, timeframe: str) -> HigherBars:
    """Gather base bars into a higher timeframe, anchored at each session's first bar.

    A bar completes by the clock: at the first base bar that closes at or after its end, or, for the last one of a
    session and for daily bars, at the first bar of the next session (nobody here knows when a session ends).
    """
    low, high = Timeframe.parse(base.timeframe), Timeframe.parse(timeframe)
    if high.nanoseconds % low.nanoseconds or high.nanoseconds <= low.nanoseconds:
        msg = f"bars.to({timeframe!r}): it must be a whole multiple of the bars' own {base.timeframe}"
        raise ConfigError(msg)
    if not len(base):
        return HigherBars(base, np.empty(0, dtype=np.int64), 0)
    rows = np.arange(len(base))
    opens_session = np.r_[True, np.diff(base.session) != 0]
    session_start = base.time[np.maximum.accumulate(np.where(opens_session, rows, 0))]
    bucket = np.zeros(len(base), dtype=np.int64) if high.daily else (base.time - session_start) // high.nanoseconds
    starts = np.flatnonzero(opens_session | np.r_[True, np.diff(bucket) != 0])
    ends = np.r_[starts[1:], len(base)]
    begin = session_start[starts] + bucket[starts] * high.nanoseconds
    by_clock = base.close_time[ends - 1] >= begin + high.nanoseconds
    known_at = np.where(by_clock & (not high.daily), ends - 1, ends)
    done = known_at < len(base)
    starts, ends, known_at, begin = starts[done], ends[done], known_at[done], begin[done]
    time = base.session[starts] * high.nanoseconds if high.daily else begin
    if not starts.size:
        return HigherBars(base[:0], known_at, len(base))
    span = slice(0, int(ends[-1]))
    gathered = Bars.from_arrays(
        base.instrument,
        high.name,
        time,
        base.open[starts],
        np.maximum.reduceat(base.high[span], starts),
        np.minimum.reduceat(base.low[span], starts),
        base.close[ends - 1],
        np.add.reduceat(base.volume[span], starts),
    )
    return HigherBars(gathered, known_at, len(base))
