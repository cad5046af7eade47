"""Schedule of an exchange's days as moments: what is due by the clock, whether a price comes or not.

A day is read from the calendar, class by class of instruments (a share of the closing auction ends its continuous
trading before the others). Nights, weekends and holidays have one moment, ``NEW_DAY``, so that a process lives on.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime, time
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from framework.errors import DataError
from framework.live.agreement import DayOpinion
from framework.live.hours import INDIA, day_of, local_day
from framework.types.deadlines import NEVER
from framework.types.timeframe import DAY_NS, SECOND_NS, Timeframe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from framework.live.hours import MarketClass
    from framework.market.calendar import Calendar, TradingDay

    SquareOffs = Iterable[tuple[str, int]]
    """Symbol and the moment at which its intraday positions are due, UTC nanoseconds; ``NEVER`` = not on that day."""

MINUTE_NS = 60 * SECOND_NS
PRE_OPEN_NS = 15 * MINUTE_NS
"""Before the open, on days whose pre-open is not in the table, such as Muhurat."""
KEPT_DAYS = 8
END_OF_DAY_NS = 5 * MINUTE_NS
"""After the last bar and the last auction: by then the broker has answered."""


class MomentKind(StrEnum):
    """Kind of a moment, in the order in which those of one time come."""

    NEW_DAY = "new_day"
    """Midnight on the exchange's clock, of every day."""
    PRE_OPEN = "pre_open"
    OPEN = "open"
    """Continuous trading begins."""
    RESUMES = "resumes"
    """It goes on after a break."""
    MINUTE = "minute"
    """A whole minute from the pre-open to the end of the last auction."""
    CUT_OFF = "cut_off"
    """No new intraday positions from here on."""
    SQUARE_OFF = "square_off"
    """Intraday positions are due."""
    BREAK = "break"
    CLOSE = "close"
    """Continuous trading is over, and resting stops with it."""
    AUCTION = "auction"
    """Orders of the closing auction begin."""
    AUCTION_MATCHES = "auction_matches"
    """It comes to its one price: the first after the close."""
    AUCTION_ENDS = "auction_ends"
    END_OF_DAY = "end_of_day"
    """Everything of the session has been told that will be."""


ORDER = {kind: place for place, kind in enumerate(MomentKind)}


class ScheduleMoment(NamedTuple):
    """One moment of a schedule."""

    time: int
    """UTC nanoseconds."""
    kind: MomentKind
    session: int
    """Its local date, days since 1970-01-01."""
    symbols: tuple[str, ...] = ()
    """Instruments whose moment it is, such as ``NSE:INFY``; empty of NEW_DAY, MINUTE and END_OF_DAY: everything's."""
    note: str = ""
    """Doubt about the day: hours that are not confirmed, a day that the table does not know."""


class DayPlan(NamedTuple):
    """Plan by which a day's moments are made: the instruments, and what their strategies need."""

    classes: Mapping[str, tuple[MarketClass, ...]]
    """Classes of hours by symbol; several where nobody said which: then the first close of them counts."""
    timeframes: tuple[str, ...] = ("1m",)
    """Of the strategies: a day does not end before the last bar of each."""
    cut_off_ns: int = 0
    """Time before its square-off from which an instrument takes no new intraday position."""


def day_moments(
    calendars: Mapping[str, Calendar], session: int, plan: DayPlan, square_offs: SquareOffs = ()
) -> tuple[ScheduleMoment, ...]:
    """Moments of one local day (days since 1970-01-01), in order. A day without a session has ``NEW_DAY`` alone."""
    zone = _zone_of(calendars)
    found = _DayMoments(session)
    notes, ends = [], []
    of_classes = {classes: _days(calendars, session, classes) for classes in dict.fromkeys(plan.classes.values())}
    for symbol, classes in plan.classes.items():
        days, note = of_classes[classes]
        notes.append(note)
        if days:
            ends.append(found.add_day(symbol, days))
    found.add(_midnight(session, zone), MomentKind.NEW_DAY)
    if ends:
        found.add_square_offs(square_offs, plan.cut_off_ns)
        found.add_minutes(max(ends))
        hours = found.first(MomentKind.OPEN), found.last(MomentKind.CLOSE)
        bars = [_last_bar_closes(*hours, session, timeframe) for timeframe in plan.timeframes]
        found.add(max(*ends, *bars) + END_OF_DAY_NS, MomentKind.END_OF_DAY)
    return found.in_order(next(filter(None, notes), ""))


class _DayMoments:
    """Moments of a day while they are gathered: symbols by time and kind."""

    def __init__(self, session: int) -> None:
        self._session = session
        self._symbols: dict[tuple[int, MomentKind], list[str]] = {}

    def add(self, moment: int, kind: MomentKind, symbol: str = "") -> None:
        symbols = self._symbols.setdefault((moment, kind), [])
        if symbol:
            symbols.append(symbol)

    def add_day(self, symbol: str, days: Sequence[TradingDay]) -> int:
        """Phases of one instrument: of several possible days the one that closes first; returns its very end."""
        day = min(days, key=lambda one: one.close_ns)
        pre = [phase.start_ns for phase in day.phases if phase.phase.startswith("pre-open")]
        self.add(min(pre, default=day.open_ns - PRE_OPEN_NS), MomentKind.PRE_OPEN, symbol)
        for at, window in enumerate(day.windows):
            self.add(window.start_ns, MomentKind.RESUMES if at else MomentKind.OPEN, symbol)
            self.add(window.end_ns, MomentKind.CLOSE if window is day.windows[-1] else MomentKind.BREAK, symbol)
        auction = [phase for phase in day.phases if phase.phase.startswith("auction")]
        if auction:
            self.add(min(phase.start_ns for phase in auction), MomentKind.AUCTION, symbol)
            for phase in auction:
                if phase.phase == "auction matching":
                    self.add(phase.start_ns, MomentKind.AUCTION_MATCHES, symbol)
            self.add(max(phase.end_ns for phase in auction), MomentKind.AUCTION_ENDS, symbol)
        return max([one.close_ns for one in days] + [phase.end_ns for phase in auction])

    def add_square_offs(self, square_offs: SquareOffs, cut_off_ns: int) -> None:
        for symbol, moment in sorted(set(square_offs)):  # several strategies trade one instrument
            if moment < NEVER:
                self.add(moment - cut_off_ns, MomentKind.CUT_OFF, symbol)
                self.add(moment, MomentKind.SQUARE_OFF, symbol)

    def add_minutes(self, end: int) -> None:
        start = self.first(MomentKind.PRE_OPEN)
        for moment in range(start - start % MINUTE_NS, end + 1, MINUTE_NS):
            self.add(moment, MomentKind.MINUTE)

    def first(self, kind: MomentKind) -> int:
        return min(moment for moment, one in self._symbols if one is kind)

    def last(self, kind: MomentKind) -> int:
        return max(moment for moment, one in self._symbols if one is kind)

    def in_order(self, note: str) -> tuple[ScheduleMoment, ...]:
        keys = sorted(self._symbols, key=lambda key: (key[0], ORDER[key[1]]))
        return tuple(
            ScheduleMoment(moment, kind, self._session, tuple(self._symbols[moment, kind]), note)
            for moment, kind in keys
        )


class Schedule:
    """Schedule over days without end, for one runner."""

    def __init__(
        self, calendars: Iterable[Calendar], plan: DayPlan, square_offs: Callable[[int], SquareOffs] | None = None
    ) -> None:
        """``square_offs``: those of a session (days since 1970-01-01), of all strategies together."""
        self._calendars = {calendar.exchange: calendar for calendar in calendars}
        self._plan = plan
        self._square_offs: Callable[[int], SquareOffs] = square_offs or (lambda _: ())
        self._zone = _zone_of(self._calendars)
        self._made: dict[int, tuple[ScheduleMoment, ...]] = {}
        """Moments between two midnights, of the days asked for last."""

    def moments_on(self, day: int) -> tuple[ScheduleMoment, ...]:
        """Moments from one local midnight to the next, in order; the end of the day before may be among them."""
        if day not in self._made:
            if len(self._made) > KEPT_DAYS:
                self._made.clear()
            begin, end = _midnight(day, self._zone), _midnight(day + 1, self._zone)
            both = (
                moment
                for session in (day - 1, day)
                for moment in day_moments(self._calendars, session, self._plan, self._square_offs(session))
                if begin <= moment.time < end
            )
            self._made[day] = tuple(sorted(both, key=_place))
        return self._made[day]

    def between(self, after: int, until: int) -> Iterator[ScheduleMoment]:
        """Moments later than ``after`` and not later than ``until``, UTC nanoseconds, in order."""
        first, last = (local_day(moment, self._zone) for moment in (after, until))
        for day in range(first, last + 1):
            moments = self.moments_on(day)
            yield from moments[bisect_right(moments, after, key=_time) : bisect_right(moments, until, key=_time)]

    def day_at(self, moment: int) -> int:
        """Local day of a moment, days since 1970-01-01."""
        return local_day(moment, self._zone)

    def wall_clock(self, moment: int) -> str:
        """``15:15`` of a moment, UTC nanoseconds, on the exchange's clock."""
        return f"{datetime.fromtimestamp(moment // SECOND_NS, self._zone):%H:%M}"

    def next_after(self, moment: int) -> ScheduleMoment:
        """The first moment later than this one, UTC nanoseconds; midnight at the latest."""
        return next(self.between(moment, moment + 2 * DAY_NS))

    def opinion_on(self, session: int) -> DayOpinion:
        """The table's opinion of a day, days since 1970-01-01: does anything of the plan trade on it."""
        unknown = False
        for classes in dict.fromkeys(self._plan.classes.values()):
            days, note = _days(self._calendars, session, classes)
            if days:
                return DayOpinion.TRADES
            unknown = unknown or bool(note)
        return DayOpinion.UNKNOWN if unknown else DayOpinion.CLOSED


def _days(
    calendars: Mapping[str, Calendar], session: int, classes: Iterable[MarketClass]
) -> tuple[list[TradingDay], str]:
    """The day as each class has it, and what is doubtful about it."""
    days, note = [], ""
    for exchange, klass in classes:
        calendar, day = calendars[exchange], day_of(session)
        try:
            found = calendar.session(day, klass) if calendar.is_session(day) else None
            if found is not None and found.close_ns:  # raises where the hours are not known
                days.append(found)
                note = note or (found.note if found.doubtful else "")
        except DataError as error:  # never a guess: no session, and the runner asks a person
            note = note or str(error)
    return days, note


def _last_bar_closes(opened: int, closed: int, session: int, timeframe: str) -> int:
    """Close of a session's last bar: on the grid from its open; of a daily one the next midnight UTC."""
    frame = Timeframe.parse(timeframe)
    if frame.daily:
        return (session + 1) * DAY_NS
    return opened - (opened - closed) // frame.nanoseconds * frame.nanoseconds


def _midnight(session: int, zone: ZoneInfo) -> int:
    return round(datetime.combine(day_of(session), time(0), zone).timestamp()) * SECOND_NS


def _zone_of(calendars: Mapping[str, Calendar]) -> ZoneInfo:
    return ZoneInfo(next((calendar.timezone for calendar in calendars.values()), INDIA))


def _place(moment: ScheduleMoment) -> tuple[int, int]:
    return (moment.time, ORDER[moment.kind])


def _time(moment: ScheduleMoment) -> int:
    return moment.time
