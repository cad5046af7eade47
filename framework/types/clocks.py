"""Clocks of bars: when each closes, and which bars lie across one another.

A bar holds what is known at its close, so the next thing that can be traded at must open no earlier. Within a series
two bars may not overlap; within a panel no bar of a row may close after the next row opens (docs/execution.md, T1–T4).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol
from zoneinfo import ZoneInfo

import numpy as np

from framework.errors import DataError
from framework.types.periods import ends_of
from framework.types.timeframe import DAY_NS, SECOND_NS, Timeframe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from framework.types.instrument import Instrument

MINUTE_NS = 60 * SECOND_NS
ENOUGH = 10
"""Steps within sessions that tell a timeframe which somebody said from the one that bars have."""
EVER, NEVER = -(1 << 63), (1 << 63) - 1


class TimedBars(Protocol):
    """Bars, as far as their clocks are concerned."""

    @property
    def instrument(self) -> Instrument:
        """Instrument of the bars."""
        ...

    @property
    def timeframe(self) -> str:
        """Name of a bar's length, such as ``15m``."""
        ...

    @property
    def time(self) -> NDArray[np.int64]:
        """Opens, int64[n], UTC nanoseconds."""
        ...

    @property
    def session(self) -> NDArray[np.int64]:
        """Trading dates, int64[n], days since 1970-01-01."""
        ...

    @property
    def close_time(self) -> NDArray[np.int64]:
        """Closes, int64[n], UTC nanoseconds."""
        ...

    def __len__(self) -> int: ...


class Span(NamedTuple):
    """One bar in the words of an error: its instrument, open and close, UTC nanoseconds."""

    instrument: Instrument
    open: int
    close: int

    def __str__(self) -> str:
        begin, end = (self._local(moment) for moment in (self.open, self.close))
        if begin.time() == end.time() and (self.close - self.open) % DAY_NS == 0:
            return f"{begin:%Y-%m-%d}{'' if not self.open % DAY_NS else f' {_clock(begin)}'} of {self.instrument}"
        zone = begin.strftime("%Z")
        return f"{begin:%Y-%m-%d} {_clock(begin)} → {_clock(end)} {zone} of {self.instrument}"

    def _local(self, moment: int) -> datetime:
        days = self.close - self.open >= DAY_NS  # a daily or longer bar's stamp is its date
        zone = UTC if days else ZoneInfo(self.instrument.timezone)
        return datetime.fromtimestamp(moment // SECOND_NS, UTC).astimezone(zone)


def closes(
    instrument: Instrument, timeframe: Timeframe, opens: NDArray[np.int64], session: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Closing time of each bar, int64[n]: its open and its length; ``DataError`` where two bars of a session overlap.

    Bars of weeks and months lie on the grid of ``periods.on_grid``.

    A session's last bar may be shorter than the others: it is closed when the next session opens. It lies on the grid
    that begins with the session's first bar; one that does not was fetched while it formed.
    """
    close = ends_of(timeframe, opens)
    late = np.flatnonzero(close[:-1] > opens[1:])
    if late.size:
        begins = opens[np.searchsorted(session, session[late])]
        inside = late[(session[late] == session[late + 1]) | ((opens[late] - begins) % timeframe.nanoseconds != 0)]
        if inside.size:
            raise DataError(_overlap(instrument, timeframe, opens, int(inside[0])))
        close[late] = opens[late + 1]
    return close


def sparse_step(opens: NDArray[np.int64], session: NDArray[np.int64], length: int) -> int:
    """The longer step that all bars lie apart within their sessions, so that they are bars of it; 0 without one.

    Bars that did not trade are missing, and then what is there lies any number of bars apart. ``opens`` and ``length``
    have one unit.
    """
    steps = np.diff(opens)[session[1:] == session[:-1]]
    if steps.shape[0] < ENOUGH:
        return 0
    common = int(np.gcd.reduce(steps))
    return common if common > length and common % length == 0 else 0


def _overlap(instrument: Instrument, timeframe: Timeframe, opens: NDArray[np.int64], row: int) -> str:
    """The two bars, and what to do: another timeframe where most bars are shorter, else one bar is to be left out."""
    length = timeframe.nanoseconds
    one, other = (Span(instrument, moment, moment + length) for moment in opens[row : row + 2].tolist())
    what = f"bars {row} and {row + 1} overlap, {one} and {other}"
    steps = np.diff(opens)
    usual, counts = np.unique(steps, return_counts=True)
    apart = int(usual[np.argmax(counts)])
    if apart >= length:
        return (
            f"{what}: one was fetched while it formed, or is of another timeframe than {timeframe.name}; leave it out"
        )
    if apart < SECOND_NS:
        return (
            f"{what}: bars that lie {apart:,} ns apart are no {timeframe.name} bars; times are UTC nanoseconds, so "
            "seconds since 1970 are multiplied by 10**9, milliseconds by 10**6"
        )
    if apart % MINUTE_NS:
        why = f"bars that lie {apart / SECOND_NS:g} s apart are no {timeframe.name} bars"
        return f"{what}: {why}; gather them into whole minutes"
    usual_name = Timeframe.of_seconds(apart // SECOND_NS).name
    return (
        f"{what}: bars that lie {usual_name} apart are no {timeframe.name} bars; say timeframe={usual_name!r}, and "
        f"bars.to({timeframe.name!r}) gathers them"
    )


def row_closes(
    series: Sequence[TimedBars], rows: Sequence[NDArray[np.int64] | slice], time: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Decision moment of each row of a panel, int64[T]: the close of its last bar.

    ``DataError`` where a bar of a row closes after the next row opens: what is decided then would fill before it. A
    session's last bar may be shorter than the others, and is closed when the next session opens.
    """
    close = np.zeros(time.shape[0], dtype=np.int64)
    for bars, at in zip(series, rows, strict=True):
        close[at] = np.maximum(close[at], bars.close_time)
    late = np.flatnonzero(close[:-1] > time[1:])
    if late.size:
        frame = Timeframe.parse(series[0].timeframe)
        if frame.dated and not frame.daily:  # no session ends a week: its bar is over when the week is
            raise DataError(_staggered(series, time, int(late[0])))
        length = frame.nanoseconds
        latest, earliest = np.full(time.shape[0], EVER), np.full(time.shape[0], NEVER)
        for bars, at in zip(series, rows, strict=True):
            goes_on = np.append(np.diff(bars.time) == length, False)  # it has its length: no session ended it
            latest[at] = np.maximum(latest[at], np.where(goes_on, NEVER, bars.session))
            earliest[at] = np.minimum(earliest[at], bars.session)
        inside = late[earliest[late + 1] <= latest[late]]
        if inside.size:
            raise DataError(_staggered(series, time, int(inside[0])))
        close[late] = time[late + 1]
    return close


def _staggered(series: Sequence[TimedBars], time: NDArray[np.int64], row: int) -> str:
    """The first bar that is still open as another one opens, and the way out."""
    begin, end = int(time[row]), int(time[row + 1])
    before = [span for span in _bars_at(series, begin) if span.close > end]
    one = before[0]
    after = _bars_at(series, end)
    other = next((span for span in after if span.instrument != one.instrument), after[0])
    return (
        f"the {series[0].timeframe} bars of {one.instrument} and {other.instrument} overlap: {one} is not closed "
        f"when {other} opens, and what is decided at a bar's close cannot fill before it. All bars of a run lie on "
        "one grid: import both from the same one, gather both from finer bars with bars.to(), or run them apart"
    )


def _bars_at(series: Sequence[TimedBars], moment: int) -> list[Span]:
    """The bars that open at a moment."""
    found = []
    for bars in series:
        at = int(bars.time.searchsorted(moment))
        if at < len(bars) and int(bars.time[at]) == moment:
            found.append(Span(bars.instrument, moment, int(bars.close_time[at])))
    return found


def _clock(moment: datetime) -> str:
    return f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"
