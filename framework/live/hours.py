"""Hours of a session as moments: its windows of continuous trading, over all classes of instruments that take part."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple

from framework.errors import DataError
from framework.types.timeframe import SECOND_NS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from zoneinfo import ZoneInfo

    from framework.market.calendar import Calendar

    HoursOf = Callable[[int], "SessionHours | None"]
    """Hours of a session (days since 1970-01-01); None where there is none, or where nobody knows them."""

EPOCH_DAY = date(1970, 1, 1).toordinal()
INDIA = "Asia/Kolkata"


class MarketClass(NamedTuple):
    """Class of instruments of one exchange that have the same hours."""

    exchange: str
    klass: str
    """``cas`` (closing auction), ``other`` or ``fno``."""


class SessionHours(NamedTuple):
    """Hours of one session."""

    session: int
    """Days since 1970-01-01."""
    windows: tuple[tuple[int, int], ...]
    """Continuous trading, (first moment, first moment after it) in UTC nanoseconds, rising, with breaks between."""

    @property
    def open_ns(self) -> int:
        """First moment of continuous trading, UTC nanoseconds."""
        return self.windows[0][0]

    @property
    def close_ns(self) -> int:
        """End of continuous trading, UTC nanoseconds."""
        return self.windows[-1][1]

    def trades_at(self, moment: int) -> bool:
        """True within a window, its end not included."""
        for start, end in self.windows:  # noqa: SIM110 - asked for every tick, and a generator takes twice as long
            if start <= moment < end:
                return True
        return False


def hours_of(calendars: Iterable[Calendar], classes: Iterable[MarketClass]) -> HoursOf:
    """Hours by session: together those of every class, so a session lasts as long as the class that closes last."""
    by_name = {calendar.exchange: calendar for calendar in calendars}
    wanted = tuple(dict.fromkeys(classes))
    known: dict[int, SessionHours | None] = {}

    def on(session: int) -> SessionHours | None:
        if session not in known:
            known[session] = _hours(by_name, wanted, session)
        return known[session]

    return on


def day_of(session: int) -> date:
    """Date of a session that is given as days since 1970-01-01."""
    return date.fromordinal(session + EPOCH_DAY)


def session_of(day: date) -> int:
    """Days since 1970-01-01 of a date."""
    return day.toordinal() - EPOCH_DAY


def local_day(moment: int, zone: ZoneInfo) -> int:
    """Date on the exchange's wall clock at a moment (UTC nanoseconds), days since 1970-01-01."""
    return session_of(datetime.fromtimestamp(moment // SECOND_NS, zone).date())


def _hours(calendars: dict[str, Calendar], classes: Iterable[MarketClass], session: int) -> SessionHours | None:
    found: list[tuple[int, int]] = []
    for exchange, klass in classes:
        try:
            day = calendars[exchange].session(day_of(session), klass)
        except DataError:  # no session, or its hours are not known: Schedule says which, a bar then is outside
            continue
        found += [(window.start_ns, window.end_ns) for window in day.windows]
    windows: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if windows and start <= windows[-1][1]:
            windows[-1] = (windows[-1][0], max(end, windows[-1][1]))
        else:
            windows.append((start, end))
    return SessionHours(session, tuple(windows)) if windows else None
