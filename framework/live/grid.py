"""Grid of bars: the open and close of the bar that a moment lies in, counted from each session's first moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from framework.errors import ConfigError
from framework.live.hours import INDIA, SessionHours, local_day
from framework.types.timeframe import DAY_NS, Timeframe

if TYPE_CHECKING:
    from framework.live.hours import HoursOf


class BarSpan(NamedTuple):
    """One bar's place on the grid; the clocks are those that ``Bars`` and ``Panel`` give the same bar."""

    open_time: int
    """UTC nanoseconds; so are close_time and over. A daily bar's is 00:00 UTC of its date."""
    close_time: int
    """Its open and its length, also where the session ends before."""
    session: int
    """Days since 1970-01-01."""
    ends_session: bool
    """It is the last one of its session by the clock."""
    over: int
    """Moment at which trading in it has ended: the close, or the end of the session or of the window before it."""


class BarGrid:
    """Grid of one timeframe over the sessions of a calendar."""

    def __init__(self, timeframe: str, hours: HoursOf, timezone: str = INDIA) -> None:
        """``timeframe``: such as ``15m``; ``timezone``: IANA name of the exchange's zone."""
        frame = Timeframe.parse(timeframe)
        if frame.dated and not frame.daily:
            raise ConfigError(f"{frame.name} bars are not built from live prices; trade 1d or shorter and gather them")
        self.timeframe = frame.name
        self.length = frame.nanoseconds
        """Nanoseconds."""
        self.daily = frame.daily
        self._hours = hours
        self._zone = ZoneInfo(timezone)
        self._now: SessionHours | None = None
        """Hours asked for last: nearly every moment lies in them."""
        self._latest: BarSpan | None = None
        """Bar found last: so do nearly all that come within a minute."""

    def session_at(self, moment: int) -> SessionHours | None:
        """The session of a moment's local date; None without one."""
        now = self._now
        if now is None or not now.open_ns <= moment < now.close_ns:
            now = self._hours(local_day(moment, self._zone))
            self._now = now or self._now
        return now

    def trades_at(self, moment: int) -> bool:
        """True within a window of continuous trading, its end not included."""
        hours = self.session_at(moment)
        return hours is not None and hours.trades_at(moment)

    def span_of(self, moment: int) -> BarSpan | None:
        """The bar that a moment of trading lies in; None where no bar is, as at night and in a break."""
        latest = self._latest
        if latest is not None and latest.open_time <= moment < latest.over:
            return latest
        hours = self.session_at(moment)
        if hours is None or (not self.daily and moment < hours.open_ns):
            return None
        self._latest = self._span(hours, moment)
        return self._latest

    def span_opening(self, open_time: int) -> BarSpan | None:
        """The bar that opens exactly then; None where none does. A daily bar opens at 00:00 UTC of its date."""
        if not self.daily:
            span = self.span_of(open_time)
            return span if span is not None and span.open_time == open_time else None
        hours = None if open_time % DAY_NS else self._hours(open_time // DAY_NS)
        return None if hours is None else self._span(hours, open_time)

    def first_of(self, session: int) -> BarSpan | None:
        """The first bar of a session, days since 1970-01-01; None without a session."""
        hours = self._hours(session)
        return None if hours is None else self._span(hours, hours.open_ns)

    def _span(self, hours: SessionHours, moment: int) -> BarSpan | None:
        if self.daily:
            opened = hours.session * DAY_NS
            return BarSpan(opened, opened + DAY_NS, hours.session, ends_session=True, over=hours.close_ns)
        opened = moment - (moment - hours.open_ns) % self.length
        close = opened + self.length
        over = max((min(close, end) for start, end in hours.windows if start < close and opened < end), default=0)
        if not over:
            return None
        return BarSpan(opened, close, hours.session, close >= hours.close_ns, over)
