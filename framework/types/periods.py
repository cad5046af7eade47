"""Periods longer than a day: the weeks and months that bars are of, and when each is over.

A bar of a week may be stamped at its first or its last day, and nobody says which. So it lasts from its stamp to the
same day of the next week, a bar of a month to the same end of the next one: then it is complete in either reading, and
is never known too early. First and last *trading* days move with holidays, so the stamps of a series are put on the day
that most of them have; then several instruments of one source lie on one grid.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from framework.errors import DataError
from framework.types.timeframe import DAY, DAY_NS, MONTH, WEEK, WEEK_DAYS, Timeframe

if TYPE_CHECKING:
    from numpy.typing import NDArray

EPOCH_WEEKDAY, SUNDAY = 3, 6
"""1970-01-01 was a Thursday; Monday is 0."""
WEEKS_APART, MONTHS_APART = range(5, 10), range(26, 36)
"""Days between two bars of weeks and of months: weekends and holidays move first and last trading days."""
SHORTEST_MONTH_DAYS = 28
MOST_SHORT = 0.3
"""Share of gaps shorter than a week can be beyond which bars are days."""
FEWEST = 5
"""Gaps from which a usual one that fits no timeframe is an error; fewer are days with gaps between them."""
EDGE_DAYS = 8
"""First and last days of a month that a bar of it may be stamped at, all holidays included."""
SURE = 0.8
"""Share of the stamps that must lie at the same end of their months."""


def weeks_of(days: NDArray[np.int64], first_weekday: int = 0) -> NDArray[np.int64]:
    """First day of the week each day lies in, int64[n] days since 1970-01-01; weeks begin on Monday, 0."""
    return days - (days + EPOCH_WEEKDAY - first_weekday) % WEEK_DAYS


def months_of(days: NDArray[np.int64], later: int = 0) -> NDArray[np.int64]:
    """First day of the month each day lies in, or of one so many months later, int64[n] days since 1970-01-01."""
    months = days.astype("datetime64[D]").astype("datetime64[M]") + later
    found: NDArray[np.int64] = months.astype("datetime64[D]").astype(np.int64)
    return found


def usual_timeframe(apart_days: int, gaps: NDArray[np.int64], name: object, daily: str) -> Timeframe:
    """The timeframe of bars that usually lie so many whole days (≥ 1) apart; ``DataError`` where there is none.

    ``gaps``: those between all bars, whole days; ``name``: whose, and ``daily``: how to say days, for the error. Taken
    for days, longer bars would be known before they close. A share that seldom trades may have gaps of a week, but
    shorter ones too.
    """
    if apart_days in WEEKS_APART:
        return Timeframe.parse(DAY if (gaps < WEEKS_APART[0] - 1).mean() > MOST_SHORT else WEEK)
    if apart_days in MONTHS_APART:
        return Timeframe.parse(MONTH)
    if apart_days > WEEKS_APART[0] and gaps.shape[0] >= FEWEST:
        raise DataError(
            f"the bars of {name} lie {apart_days} days apart, which is neither a week nor a month; longer bars are not "
            f"supported: gather daily ones (if they are daily with days missing, say {daily})"
        )
    return Timeframe.parse(DAY)


def least_apart(timeframe: Timeframe) -> int:
    """Nanoseconds that the opens of two bars on the grid lie apart at least: a month may have 28 days."""
    return SHORTEST_MONTH_DAYS * DAY_NS if timeframe.name == MONTH else timeframe.nanoseconds


def periods_of(timeframe: Timeframe, days: NDArray[np.int64]) -> NDArray[np.int64]:
    """First day of the day, week or month that each day lies in, int64[n] days since 1970-01-01."""
    return {WEEK: weeks_of, MONTH: months_of}.get(timeframe.name, np.asarray)(days)


def ends_of(timeframe: Timeframe, opens: NDArray[np.int64]) -> NDArray[np.int64]:
    """Moment at which each bar of these opens is over, both int64[n] UTC nanoseconds, if nothing cuts it short."""
    if timeframe.name != MONTH:
        ends: NDArray[np.int64] = opens + timeframe.nanoseconds
        return ends
    days = opens // DAY_NS
    at_the_end = months_of(days + 1) > months_of(days)  # stamped at the last day: to the next month's
    return np.where(at_the_end, months_of(days, 2) - 1, months_of(days, 1)) * DAY_NS


def on_grid(timeframe: Timeframe, opens: NDArray[np.int64]) -> NDArray[np.int64]:
    """Opens (int64[n] UTC nanoseconds, rising) of bars of weeks or months on the day that the series usually has.

    Others come back as they are. ``DataError`` where two bars lie in one week or month, or months are none.
    """
    if timeframe.name not in {WEEK, MONTH} or not opens.shape[0]:
        return opens
    days = opens // DAY_NS
    placed = placed_days(timeframe, days)
    twice = np.flatnonzero(placed[1:] <= placed[:-1])
    if twice.size:
        row = int(twice[0])
        raise DataError(
            f"bars {row} and {row + 1} lie in one {'week' if timeframe.name == WEEK else 'month'}, "
            f"{_date(days[row])} and {_date(days[row + 1])}: one was fetched while it formed, or is of another "
            f"timeframe than {timeframe.name}; leave it out"
        )
    return placed * DAY_NS


def placed_days(timeframe: Timeframe, days: NDArray[np.int64]) -> NDArray[np.int64]:
    """``on_grid`` of days in any order, int64[n] days since 1970-01-01, which may be there twice."""
    if timeframe.name == WEEK:
        return _on_weekday(days)
    return _on_month_end(days) if timeframe.name == MONTH else days


def _on_weekday(days: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each day moved to the commonest weekday of all, within its week; where that is a Sunday, weeks begin with it."""
    usual = int(np.argmax(np.bincount((days + EPOCH_WEEKDAY) % WEEK_DAYS, minlength=WEEK_DAYS)))
    return weeks_of(days, SUNDAY) if usual == SUNDAY else weeks_of(days) + usual


def _on_month_end(days: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each day moved to the first or last day of its month, whichever end the series lies at."""
    first, last = months_of(days), months_of(days, 1) - 1
    at_first, at_last = days - first < EDGE_DAYS, last - days < EDGE_DAYS
    for there, place in ((at_first, first), (at_last, last)):
        if there.mean() >= SURE:
            return place
    row = int(np.flatnonzero(at_first != at_first[0])[0]) if at_first.any() and not at_first.all() else 0
    raise DataError(
        f"bars of months are stamped at the first or at the last days of their months, and these lie elsewhere (bar "
        f"{row} is stamped {_date(days[row])}); gather them from daily bars with bars.to({MONTH!r})"
    )


def _date(day: np.int64) -> str:
    return str(np.datetime64(int(day), "D"))
