"""Bars gathered from stored finer ones on the sessions' own grid: those that a live feed's minutes would give.

The grid begins at each session's first moment by the calendar, not at its first bar, so that all instruments of a run
lie on one grid and a runner, which knows the clock only, makes the same bars (``framework.live.barrier``).
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from framework.errors import DataError
from framework.types import Bars, Timeframe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from framework.market.calendar import Calendar
    from framework.store import Store
    from framework.types import Instrument

EPOCH_DAY = date(1970, 1, 1).toordinal()


def load_or_gather(store: Store, symbol: str, timeframe: str, end: date | None) -> tuple[Bars, str]:
    """Bars of a symbol to ``end`` and the timeframe they are stored in: where it is another one, they were gathered.

    Days are never gathered: an exchange's daily close is not its last minute's. Raises ``DataError`` without either.
    """
    wanted = Timeframe.parse(timeframe)
    try:
        return store.load_bars(symbol, wanted.name, end=end), wanted.name
    except DataError:
        held = [info.timeframe for info in store.series(symbol)]
        finer = [name for name in held if wanted.nanoseconds % Timeframe.parse(name).nanoseconds == 0]
        if wanted.name in held or wanted.dated or not finer:
            raise
        bars = store.load_bars(symbol, finer[0], end=end)
        calendar = _calendar(bars.instrument)
        if calendar is None:
            raise
    return gathered(bars, wanted.name, calendar), finer[0]


def gathered(bars: Bars, timeframe: str, calendar: Calendar) -> Bars:
    """Bars of a longer intraday timeframe; what lies outside of continuous trading is in none of them.

    Raises ``DataError`` where the calendar does not know a session that the bars have.
    """
    frame = Timeframe.parse(timeframe)
    opens = np.full(len(bars), -1, dtype=np.int64)
    klass = _klass(bars.instrument)
    days, starts = np.unique(bars.session, return_index=True)
    bounds = [*starts.tolist(), len(bars)]
    for day, first, last in zip(days.tolist(), bounds, bounds[1:], strict=False):
        session = calendar.session(date.fromordinal(day + EPOCH_DAY), klass)
        grid, times = session.bar_opens(frame.name), bars.time[first:last]
        place = grid.searchsorted(times, side="right") - 1
        within = np.logical_or.reduce([(one.start_ns <= times) & (times < one.end_ns) for one in session.windows])
        opens[first:last] = np.where(within & (place >= 0), grid[place], -1)
    return _gathered(bars, frame.name, opens)


def _gathered(bars: Bars, timeframe: str, opens: NDArray[np.int64]) -> Bars:
    """``opens``: of the longer bar that each bar is in, int64[n]; −1 = in none."""
    rows = np.flatnonzero(opens >= 0)
    if not rows.size:
        raise DataError(f"{bars.instrument}: none of its {bars.timeframe} bars lies within a session of its exchange")
    of = opens[rows]
    starts = np.flatnonzero(np.append(True, of[1:] != of[:-1]))
    ends = np.append(starts[1:], of.shape[0]) - 1
    return Bars.from_arrays(
        bars.instrument,
        timeframe,
        of[starts],
        bars.open[rows][starts],
        np.maximum.reduceat(bars.high[rows], starts),
        np.minimum.reduceat(bars.low[rows], starts),
        bars.close[rows][ends],
        np.add.reduceat(bars.volume[rows], starts),
    )


def _calendar(instrument: Instrument) -> Calendar | None:
    """The calendar of its exchange, if there is one."""
    from framework.market.calendar import Calendar  # tables of an exchange: only where bars are to be gathered
    from framework.market.calendar_files import known_exchanges

    return Calendar.load(instrument.exchange) if instrument.exchange in known_exchanges() else None


def _klass(instrument: Instrument) -> str:
    """Class of hours; of a share of which nobody said it the longer ones, which begin alike."""
    return "fno" if instrument.kind.endswith(("_future", "_option")) else instrument.hours or "other"
