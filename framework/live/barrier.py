"""Barrier: the bars of a feed as whole rows in the order of time, for one strategy; what no row took is told apart.

A row is ready when the feed has told everything up to its close, or with the last bar that can be in it.
Between two such marks the order in which bars come does not matter. A row that was let go is never changed: what comes
later is a ``StrayBar``, for the journal. Rows without any bar are not made, as in a ``Panel``.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from framework.errors import ConfigError
from framework.live.bar_checks import fault_of
from framework.live.grid import BarGrid, BarSpan
from framework.live.hours import INDIA
from framework.types.deadlines import NEVER
from framework.types.events import BarOpens
from framework.types.orders import NAN, BarRow
from framework.types.timeframe import SECOND_NS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from framework.broker.feed import FeedBar
    from framework.live.hours import HoursOf
    from framework.types.deadlines import Deadline

    DeadlineOf = Callable[[int], Deadline | None]
    """Deadlines of a session, days since 1970-01-01."""

AHEAD_NS = 2 * SECOND_NS
"""A bar that was complete so far after now, or farther, is one of the future."""
NO_VALUES = (NAN, NAN, NAN, NAN, NAN)


class StrayCause(StrEnum):
    """Cause for which a bar is in no row."""

    LATE = "late"
    """Its row was let go, or the feed had said that nothing of that moment would come."""
    DUPLICATE = "duplicate"
    """The very same bar was there."""
    REVISED = "revised"
    """A bar of the same moment with other values was there; the first one counts."""
    FUTURE = "future"
    """It says that it is complete, and its close has not come."""
    OFF_GRID = "off_grid"
    """It opens between two bars of the session's grid."""
    OUTSIDE = "outside"
    """There is no trading at that time."""
    INSANE = "insane"
    """It is no bar: NaN, a price of 0, a high below its low."""
    HELD = "held"
    """Its prices are out of bounds and not confirmed by others: ``PriceChecks``."""


class StrayBar(NamedTuple):
    """A bar that is in no row, and why."""

    bar: FeedBar
    why: StrayCause
    detail: str = ""
    """One sentence for a person; empty where the cause says all."""


class _Waiting:
    """A row that waits for its bars."""

    __slots__ = ("bars", "last_base", "span", "there")

    def __init__(self, span: BarSpan, last_base: int, instruments: int) -> None:
        self.span = span
        self.last_base = last_base
        """Open of the last base bar that can be in it."""
        self.bars: list[list[FeedBar]] = [[] for _ in range(instruments)]
        self.there = 0
        """Instruments whose last base bar is there."""


class Barrier:
    """Barrier of one strategy; hand it everything that the feed says."""

    def __init__(
        self,
        symbols: Sequence[str],
        timeframe: str,
        hours: HoursOf,
        *,
        base: str = "",
        timezone: str = INDIA,
        deadline: DeadlineOf | None = None,
    ) -> None:
        """``symbols``: ``NSE:INFY`` in the order of a row. ``base``: timeframe of the feed's bars, default the row's.

        Raises ``ConfigError`` where rows of ``timeframe`` cannot be gathered from ``base``.
        """
        self.grid = BarGrid(timeframe, hours, timezone)
        self.base = BarGrid(base, hours, timezone) if base else self.grid
        if self.grid.length % self.base.length:
            msg = f"timeframe {self.grid.timeframe} is no whole multiple of the feed's {self.base.timeframe}; take one"
            raise ConfigError(msg)
        self._columns = {symbol: column for column, symbol in enumerate(symbols)}
        self._deadline = deadline or (lambda _: None)
        self._waiting: dict[int, _Waiting] = {}
        """By the row's open."""
        self._seen: dict[int, dict[tuple[int, int], FeedBar]] = {}
        """Bars taken, by session, then column and open; of the sessions that have not been left."""
        self._told = 0
        """The feed has told everything up to here, UTC nanoseconds."""
        self._passed = 0
        """Close of the last row that was let go."""

    def take(self, bar: FeedBar, now: int = NEVER) -> StrayBar | None:
        """Put a bar into its row; what comes back is in no row, and why.

        ``now``: the runner's clock, UTC nanoseconds, before which a bar is over; the default takes the feed's word.
        Bars of other symbols and timeframes are none of its business, and None.
        """
        column = self._columns.get(bar.symbol)
        if column is None or bar.timeframe != self.base.timeframe:
            return None
        span = self.base.span_opening(bar.open_time)
        why, detail = self._misfit(bar, span, now)
        if span is None or why is not None:
            return StrayBar(bar, why or StrayCause.OUTSIDE, detail)
        seen = self._seen.setdefault(span.session, {})
        before = seen.get((column, bar.open_time))
        if before is not None:
            return StrayBar(bar, StrayCause.DUPLICATE if _values(before) == _values(bar) else StrayCause.REVISED)
        whole = span if self.base is self.grid else self.grid.span_of(bar.open_time)
        if whole is None or whole.close_time <= max(self._told, self._passed):
            return StrayBar(bar, StrayCause.LATE)
        seen[column, bar.open_time] = bar
        row = self._waiting.get(whole.open_time) or self._begin(whole)
        row.bars[column].append(bar)
        row.there += bar.open_time == row.last_base
        return None

    def reach(self, time: int) -> list[BarRow]:
        """Rows that close by then, UTC nanoseconds, in the order of time: the feed has told everything up to there."""
        self._told = max(self._told, time)
        return self._released(lambda row: row.span.close_time <= self._told)

    def complete(self, now: int) -> list[BarRow]:
        """Rows that have closed by the runner's clock and need no mark: every bar that can be in them is there.

        None of them is let go before the feed has told everything before its last bar.
        """
        return self._released(
            lambda row: (
                row.span.close_time <= now
                and row.there == len(row.bars)
                and row.last_base <= max(self._told, self._passed)
            )
        )

    def session_opening(self, session: int) -> BarOpens | None:
        """Times of the first bar of a session (days since 1970-01-01); None where there is no session."""
        span = self.grid.first_of(session)
        if span is None:
            return None
        return BarOpens(span.open_time, span.close_time, session, span.ends_session, self._deadline(session))

    def empty_row(self, opening: BarOpens) -> BarRow:
        """The row of a bar that was opened and of which nobody has a price."""
        return self._row(BarSpan(*opening[:4], over=opening.close_time), [[] for _ in self._columns])

    def is_within_a_bar(self, moment: int) -> bool:
        """True after a bar's open and before its close by the clock, UTC nanoseconds: its row comes later."""
        span = self.grid.span_of(moment)
        return span is not None and span.open_time < moment

    @property
    def waits_for(self) -> dict[int, tuple[str, ...]]:
        """Rows that are not ready, by their open, and the symbols that are not complete in them; for status."""
        names = tuple(self._columns)
        return {
            opens: tuple(
                name
                for name, bars in zip(names, row.bars, strict=True)
                if not any(bar.open_time == row.last_base for bar in bars)
            )
            for opens, row in sorted(self._waiting.items())
        }

    def _misfit(self, bar: FeedBar, span: BarSpan | None, now: int) -> tuple[StrayCause | None, str]:
        """Cause for which a bar can be in no row, whatever came before it, and a sentence; None of a fitting one."""
        if span is None:
            inside = not self.base.daily and self.base.span_of(bar.open_time) is not None
            return (StrayCause.OFF_GRID if inside else StrayCause.OUTSIDE), ""
        if bar.close_time not in {span.close_time, span.over}:
            return StrayCause.OFF_GRID, f"it closes at {bar.close_time} ns, not at {span.close_time} ns"
        if fault := fault_of(bar):
            return StrayCause.INSANE, fault
        if span.over > now + AHEAD_NS:
            return StrayCause.FUTURE, f"it is over {(span.over - now) / SECOND_NS:.1f} s from now"
        return None, ""

    def _begin(self, span: BarSpan) -> _Waiting:
        last = span if self.base is self.grid else self.base.span_of(span.over - 1)
        row = _Waiting(span, span.open_time if last is None else last.open_time, len(self._columns))
        self._waiting[span.open_time] = row
        return row

    def _released(self, is_ready: Callable[[_Waiting], bool]) -> list[BarRow]:
        """Rows in the order of time, up to the first that has to wait."""
        rows = []
        while self._waiting and is_ready(row := self._waiting[min(self._waiting)]):
            del self._waiting[row.span.open_time]
            self._passed = row.span.close_time
            for left in [session for session in self._seen if session < row.span.session]:
                del self._seen[left]
            rows.append(self._row(row.span, row.bars))
        return rows

    def _row(self, span: BarSpan, bars: Sequence[list[FeedBar]]) -> BarRow:
        values = zip(*map(_gathered, bars), strict=True)
        return BarRow(*span[:4], *values, self._deadline(span.session))  # type: ignore[call-arg,arg-type]


def opening_of(row: BarRow) -> BarOpens:
    """The times of a row as the input that comes before it."""
    return BarOpens(row.time, row.close_time, row.session, row.ends_session, row.deadline)


def _gathered(bars: list[FeedBar]) -> tuple[float, float, float, float, float]:
    """Open, high, low, close and volume of the bars together; NaN of none."""
    if not bars:
        return NO_VALUES
    if len(bars) == 1:
        return bars[0][4:9]
    ordered = sorted(bars, key=_opens)
    volume = 0.0
    for bar in ordered:
        volume += bar.volume
    return (ordered[0].open, max(map(_high, bars)), min(map(_low, bars)), ordered[-1].close, volume)


def _opens(bar: FeedBar) -> int:
    return bar.open_time


def _high(bar: FeedBar) -> float:
    return bar.high


def _low(bar: FeedBar) -> float:
    return bar.low


def _values(bar: FeedBar) -> tuple[float, ...]:
    """Its values, such that two bars without a volume are equal."""
    return (*bar[4:8], bar.volume if bar.volume == bar.volume else -1.0)
