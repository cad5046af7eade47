"""Trading calendar of an exchange: sessions, hours by class of instrument, settlement days. Pure; no clock.

A day outside the dated table is never guessed: ``UnknownSessionError`` names what is missing and how to add it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from framework.errors import ConfigError, DataError
from framework.types import Timeframe
from framework.types.timeframe import SECOND_NS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from framework.market.calendar_files import CalendarTable, Phase
    from framework.market.calendar_rows import LocalHours, SpecialRow

CONTINUOUS = "continuous"
SATURDAY = 5
EPOCH = date(1970, 1, 1).toordinal()


class UnknownSessionError(DataError):
    """The table does not reach so far, or lacks the hours: no answer is better than a guess."""


class NoSessionError(DataError):
    """No session: the exchange does not trade on a day that a caller takes for a session."""


class Window(NamedTuple):
    """One phase of a session, from ``start`` up to but not including ``end``."""

    phase: str
    start: time
    """On the exchange's wall clock."""
    end: time
    start_ns: int
    """UTC nanoseconds."""
    end_ns: int
    note: str = ""

    def __str__(self) -> str:
        return f"{self.start:%H:%M}–{self.end:%H:%M}"


@dataclass(frozen=True, slots=True, repr=False)
class TradingDay:
    """One day on which an exchange trades, as one class of instruments sees it."""

    exchange: str
    date: date
    klass: str
    kind: str
    """``regular``, ``muhurat``, ``budget``, ``special``, ``test``, ``outage`` or ``halt``."""
    windows: tuple[Window, ...]
    """Continuous trading, when bars are made, in order; empty where the table does not know the hours."""
    phases: tuple[Window, ...]
    """Everything else that is known of the day, such as pre-open and closing auction, by start."""
    doubtful: bool = False
    """True when the day is announced but its hours are not confirmed."""
    note: str = ""
    source: str = ""

    @property
    def known(self) -> bool:
        """True if the hours are known."""
        return bool(self.windows)

    @property
    def open_ns(self) -> int:
        """First moment of continuous trading, UTC nanoseconds."""
        return self._sure()[0].start_ns

    @property
    def close_ns(self) -> int:
        """End of continuous trading, UTC nanoseconds."""
        return self._sure()[-1].end_ns

    @property
    def minutes(self) -> int:
        """Length of continuous trading, breaks not counted."""
        return sum(window.end_ns - window.start_ns for window in self._sure()) // (60 * SECOND_NS)

    def bar_opens(self, timeframe: str) -> NDArray[np.int64]:
        """Opens of the bars that a complete series has, int64[n] UTC nanoseconds; a daily bar is stamped by its date.

        Bars are counted from the session's first moment, as ``Bars.to`` does; the last one may be cut short by the
        close, and one that lies wholly in a break is not there.
        """
        frame = Timeframe.parse(timeframe)
        if frame.dated and not frame.daily:
            raise ConfigError(
                f"a session of {self.exchange} has no {frame.name} bars of its own; ask for 1d or shorter"
            )
        if frame.daily:
            return np.array([(self.date.toordinal() - EPOCH) * frame.nanoseconds], dtype=np.int64)
        windows = self._sure()
        opens = np.arange(windows[0].start_ns, windows[-1].end_ns, frame.nanoseconds, dtype=np.int64)
        within = np.zeros(opens.shape, dtype=bool)
        for window in windows:
            within |= (opens < window.end_ns) & (opens + frame.nanoseconds > window.start_ns)
        return opens[within]

    def _sure(self) -> tuple[Window, ...]:
        if not self.windows:
            raise UnknownSessionError(
                f"{self.exchange} {self.date}: there was a session ({self.kind}), but its hours are not in the table; "
                f"a row of special_sessions with windows in config/sessions/{self.exchange}.yaml adds them"
            )
        return self.windows

    def __repr__(self) -> str:
        hours = ", ".join(map(str, self.windows)) or "hours unknown"
        doubt = ", not confirmed" if self.doubtful else ""
        return f"Session({self.exchange} {self.date:%Y-%m-%d %a}, {self.kind}, {self.klass}: {hours}{doubt})"


class Calendar:
    """The sessions of one exchange; made by ``Calendar.load("NSE")``."""

    def __init__(self, table: CalendarTable) -> None:
        self._table = table
        self._zone = ZoneInfo(table.timezone)
        span = range(table.first.toordinal(), table.last.toordinal() + 1)
        self._ordinals = [ordinal for ordinal in span if self._trades(date.fromordinal(ordinal))]

    @classmethod
    def load(cls, exchange: str = "NSE") -> Calendar:
        """The shipped table with the rows of ``./config/sessions/`` over it; ``ConfigError`` where rows contradict."""
        from framework.market.calendar_files import read_tables

        return cls(read_tables(exchange))

    @property
    def exchange(self) -> str:
        """Such as ``NSE``."""
        return self._table.exchange

    @property
    def timezone(self) -> str:
        """IANA name of the exchange's zone."""
        return self._table.timezone

    @property
    def first(self) -> date:
        """First day that is answered."""
        return self._table.first

    @property
    def last(self) -> date:
        """Last day that is answered; a later one is unknown."""
        return self._table.last

    @property
    def classes(self) -> tuple[str, ...]:
        """Classes of instruments whose hours may differ, such as ``cas``, ``other``, ``fno``."""
        return self._table.classes

    def is_session(self, day: date | str) -> bool:
        """True if the exchange trades on a day; a day outside the table raises ``UnknownSessionError``."""
        return self._trades(self._day("date", day))

    def why_closed(self, day: date | str) -> str:
        """Reason for no session: the holiday's name, ``weekend`` or ``holiday``; empty on a session."""
        parsed = self._day("date", day)
        if self._trades(parsed):
            return ""
        row = self._table.days.get(parsed)
        if row is not None:
            return str(getattr(row, "reason", "")) or "closed"
        return self._table.holidays.get(parsed, "weekend") or "holiday"

    def sessions(self, first: date | str, last: date | str) -> tuple[date, ...]:
        """Dates of the sessions from one day to another, both included."""
        begin, end = self._day("first", first), self._day("last", last)
        if begin > end:
            raise ConfigError(f"first {begin} is after last {end}; swap them")
        rows = slice(bisect_left(self._ordinals, begin.toordinal()), bisect_right(self._ordinals, end.toordinal()))
        return tuple(date.fromordinal(ordinal) for ordinal in self._ordinals[rows])

    def session_days(self) -> NDArray[np.int64]:
        """All sessions of the table as days since 1970-01-01, int64[n], rising."""
        return np.array(self._ordinals, dtype=np.int64) - EPOCH

    def special_kinds(self) -> dict[date, str]:
        """Kind of every session that is not ``regular``, by date."""
        found = {day: getattr(row, "kind", "regular") for day, row in self._table.days.items()}
        return {day: kind for day, kind in found.items() if kind != "regular" and self.first <= day <= self.last}

    def next_session(self, day: date | str) -> date:
        """The first session after a day, which need not be one itself."""
        parsed = self._day("date", day)
        at = bisect_right(self._ordinals, parsed.toordinal())
        if at == len(self._ordinals):
            raise UnknownSessionError(f"the session of {self.exchange} after {parsed} is unknown: {self._reach()}")
        return date.fromordinal(self._ordinals[at])

    def previous_session(self, day: date | str) -> date:
        """The last session before a day, which need not be one itself."""
        parsed = self._day("date", day)
        at = bisect_left(self._ordinals, parsed.toordinal())
        if at == 0:
            raise UnknownSessionError(f"the session of {self.exchange} before {parsed} is unknown: {self._reach()}")
        return date.fromordinal(self._ordinals[at - 1])

    def session(self, day: date | str, klass: str = "other") -> TradingDay:
        """A session with its hours; ``NoSessionError`` on a day without one."""
        parsed = self._day("date", day)
        if not self._trades(parsed):
            raise NoSessionError(f"date {parsed} is not a session of {self.exchange} ({self.why_closed(parsed)})")
        if klass not in self.classes:
            raise ConfigError(f"class {klass!r} is unknown to {self.exchange}; it has {', '.join(self.classes)}")
        row: SpecialRow | None = self._table.days.get(parsed)  # type: ignore[assignment]  # closed days are not sessions
        if row is not None and row.windows != "regular":
            windows = tuple(self._window(parsed, CONTINUOUS, hours) for hours in row.windows or ())
            phases: tuple[Window, ...] = ()
        else:
            found = self._phases_on(parsed, klass)
            windows = tuple(window for window in found if window.phase == CONTINUOUS)
            phases = tuple(window for window in found if window.phase != CONTINUOUS)
            if not windows:
                raise UnknownSessionError(f"class {klass!r} has no hours on {parsed}: {self._from_when(klass)}")
        if row is not None:
            return TradingDay(
                self.exchange, parsed, klass, row.kind, windows, phases, row.doubtful, row.note, row.source
            )  # fmt: skip
        announced = self._announced(parsed, klass)
        return TradingDay(self.exchange, parsed, klass, "regular", windows, phases, bool(announced), announced)

    def bars_in(self, day: date | str, timeframe: str, klass: str = "other") -> int:
        """Bars that a complete series has in a session; ``UnknownSessionError`` where its hours are not known."""
        return int(self.bar_opens(day, timeframe, klass).shape[0])

    def bar_opens(self, day: date | str, timeframe: str, klass: str = "other") -> NDArray[np.int64]:
        """Opens of those bars, int64[n] UTC nanoseconds; see ``Session.bar_opens``."""
        return self.session(day, klass).bar_opens(timeframe)

    def settlement_date(self, day: date | str) -> date:
        """Settlement day of a session's shares and money, for example T+1."""
        parsed = self._day("date", day)
        if not self._trades(parsed):
            raise NoSessionError(f"date {parsed} is not a session of {self.exchange} ({self.why_closed(parsed)})")
        rule = next(
            (row for rows in self._table.settlement for row in rows
             if row.valid_from <= parsed and (row.valid_to is None or parsed <= row.valid_to)),
            None,
        )  # fmt: skip
        if rule is None:
            raise UnknownSessionError(
                f"settlement of {self.exchange} on {parsed} is unknown: no row of settlement covers it"
            )
        left, at = rule.days, parsed
        while left:
            at += timedelta(days=1)
            left -= self._settles(parsed, at)
        return at

    def _settles(self, parsed: date, day: date) -> bool:
        years = self._table.settlement_holidays
        if day.year not in years or day > self.last:
            raise UnknownSessionError(
                f"settlement of {self.exchange} {parsed} is unknown: the table has settlement holidays for "
                f"{', '.join(map(str, sorted(years))) or 'no year'} only; a row settlement_holidays of {day.year} in "
                f"config/sessions/{self.exchange}.yaml adds them"
            )
        row = self._table.days.get(day)
        muhurat = row is not None and getattr(row, "kind", "") == "muhurat"
        return day.weekday() < SATURDAY and self._trades(day) and not muhurat and day not in years[day.year]

    def _trades(self, day: date) -> bool:
        row = self._table.days.get(day)
        if row is not None:
            return hasattr(row, "kind")  # a session of its own kind, else a closed day
        return day.weekday() < SATURDAY and day not in self._table.holidays

    def _phases_on(self, day: date, klass: str) -> list[Window]:
        found: dict[str, Phase] = {}
        for layer in self._table.phases:
            for phase in layer:
                holds = phase.valid_from <= day and (phase.valid_to is None or day <= phase.valid_to)
                if phase.klass == klass and holds:
                    found.setdefault(phase.name, phase)
        held = [self._window(day, phase.name, phase.hours, phase.note) for phase in found.values() if phase.hours]
        return sorted(held, key=lambda window: window.start)

    def _announced(self, day: date, klass: str) -> str:
        """Note that a revision which would hold on this day is switched off."""
        for one in self._table.announced:
            if one.valid_from and one.valid_from <= day and any(klass in row.classes for row in one.hours):
                return f"the announced revision {one.name} is switched off (not confirmed)"
        return ""

    def _window(self, day: date, phase: str, hours: LocalHours, note: str = "") -> Window:
        start, end = (
            round(datetime.combine(day, moment, self._zone).timestamp()) * SECOND_NS
            for moment in (hours.start, hours.end)
        )
        return Window(phase, hours.start, hours.end, start, end, note)

    def _day(self, parameter: str, value: date | str) -> date:
        if isinstance(value, str):
            try:
                parsed = date.fromisoformat(value)
            except ValueError as error:
                raise ConfigError(f"{parameter} {value!r} is not a date; write YYYY-MM-DD") from error
        elif isinstance(value, datetime) or not isinstance(value, date):
            raise ConfigError(f"{parameter} {value!r} is no date without a time; hand in its local date")
        else:
            parsed = value
        if not self.first <= parsed <= self.last:
            raise UnknownSessionError(
                f"{parameter} {parsed} is unknown to the calendar of {self.exchange}: {self._reach()}"
            )
        return parsed

    def _reach(self) -> str:
        return (
            f"its table goes from {self.first} to {self.last}; a row of holidays for {self.last.year + 1} in "
            f"config/sessions/{self.exchange}.yaml makes it longer"
        )

    def _from_when(self, klass: str) -> str:
        rows = [p for layer in self._table.phases for p in layer if (p.klass, p.name) == (klass, CONTINUOUS)]
        return f"they begin on {min(row.valid_from for row in rows)}"

    def __len__(self) -> int:
        return len(self._ordinals)

    def __repr__(self) -> str:
        return (
            f"Calendar({self.exchange}, {self.first} … {self.last}, {len(self):,} sessions, {', '.join(self.classes)})"
        )
