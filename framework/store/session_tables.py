"""Our own session tables (``framework.market.calendar``) as what stored series are judged against."""

from __future__ import annotations

from datetime import date, time
from functools import cache
from typing import TYPE_CHECKING

from framework.errors import DataError
from framework.store.quality import ExpectedDays, fits
from framework.types.localtime import DAY, HOUR

if TYPE_CHECKING:
    from framework.market.calendar import Calendar as Sessions
    from framework.store.quality import Series

FIT = 0.9
"""A series with a smaller share of its days in the table is in another zone or of another exchange: not judged."""
LOOKED_AT = 60
"""Last sessions of a series that tell its class."""
EPOCH = date(1970, 1, 1).toordinal()
ORDINARY = "other"


class SessionTables:
    """The tables of the exchanges that have one, read at first use."""

    def __init__(self) -> None:
        self._read: dict[str, Sessions | None] = {}

    def calendar_for(self, exchange: str, series: Series) -> ExpectedDays | None:
        """Days and hours of a series by its exchange's table; None without a table that fits."""
        sessions = self._sessions(exchange)
        if sessions is None:
            return None
        calendar = _calendar(sessions, _class_of(sessions, series))
        return calendar if fits(calendar, series.days) >= FIT else None

    def _sessions(self, exchange: str) -> Sessions | None:
        if exchange not in self._read:
            from framework.market.calendar import Calendar as Sessions
            from framework.market.calendar_files import known_exchanges

            there = bool(exchange) and exchange in known_exchanges()
            self._read[exchange] = Sessions.load(exchange) if there else None
        return self._read[exchange]


def _calendar(sessions: Sessions, klass: str) -> ExpectedDays:
    days = sessions.session_days()
    kinds = {day.toordinal() - EPOCH: kind for day, kind in sessions.special_kinds().items()}

    @cache
    def hours(day: int) -> tuple[tuple[int, int], ...]:
        try:
            windows = sessions.session(date.fromordinal(day + EPOCH), klass).windows
        except DataError:  # no session, or a class that did not exist yet: nothing is known
            return ()
        return tuple((_second(window.start), _second(window.end)) for window in windows)

    return ExpectedDays(days, kinds, f"the session table of {sessions.exchange}", hours)


def _class_of(sessions: Sessions, series: Series) -> str:
    """The class whose last bar is most often the series' own; shares in the closing auction end before others."""
    ordinary = ORDINARY if ORDINARY in sessions.classes else sessions.classes[0]
    if series.dated:
        return ordinary
    days, ends = series.days[-LOOKED_AT:], series.ends[-LOOKED_AT:]
    found = dict.fromkeys((ordinary, *sessions.classes), 0)
    for klass in found:
        hours = _calendar(sessions, klass).hours
        for day, stop in zip(days.tolist(), (series.local[ends] % DAY).tolist(), strict=True):
            windows = hours(day) if hours else ()
            found[klass] += bool(windows) and windows[-1][1] - series.step <= stop < windows[-1][1]
    return max(found, key=lambda klass: found[klass])


def _second(moment: time) -> int:
    return moment.hour * HOUR + moment.minute * 60
