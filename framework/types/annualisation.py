"""Annualisation: the number of returns a year that a series has, by which every yearly figure of it is scaled.

It is what the series really has: its returns, counted over calendar time. The convention of its calendar stays (252
sessions, 365 where trading never stops, 52 weeks, 12 months) while the count lies within 4 % of what that would give,
or has 8 returns fewer, in runs of less than seven months also 8 more: holidays come in bunches, and where a run begins
and ends within a week counts for much in a short one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from framework.types.timeframe import MONTH, WEEK

if TYPE_CHECKING:
    from numpy.typing import NDArray

DAYS_PER_YEAR = 365.25
SESSIONS_PER_YEAR = 252
"""Sessions of an exchange that rests at weekends, by convention."""
SESSIONS = (SESSIONS_PER_YEAR, 365)
CONVENTIONS = {WEEK: (52,), MONTH: (12,)}
"""Returns a year by convention, of other timeframes ``SESSIONS``."""
NEAR = 0.04
"""Share of a convention's own number that the count may differ by: 5 sessions a week (261 a year) are 252 …"""
CHANCE = 8
"""… and returns beside: so many have holidays in a bunch taken (NSE, September 2008 to April 2009) …"""
SHORT_YEARS = 213 / DAYS_PER_YEAR
"""… and more than 4 % has no exchange with holidays above its own number over longer spans (NSE, 2000 to 2026)."""
LOOK_BACK_DAYS = 366
"""Calendar days that tell how often an instrument trades now: a suspension years ago is none of them."""
WEEK_DAYS, SUNDAY = 7, 3
"""1970-01-01 was a Thursday, so day numbers of Sundays leave 3."""


def returns_a_year(sessions: NDArray[np.int64], timeframe: str) -> float:
    """Returns a year of a series that is marked at the ends of these sessions (dates, int64[S] days since 1970-01-01).

    A date that is there twice is one session. Source: the count over calendar time, or its convention.
    """
    conventions = CONVENTIONS.get(timeframe, SESSIONS)
    if sessions.shape[0] < 2:  # noqa: PLR2004 - a return needs two
        return float(conventions[0])
    count = int(np.count_nonzero(sessions[1:] != sessions[:-1]))
    years = int(sessions[-1] - sessions[0]) / DAYS_PER_YEAR
    fitting = [one for one in conventions if _fits(count, years, one, short=years < SHORT_YEARS)]
    if not fitting:
        return count / years
    always = len(fitting) > 1 and bool(_on_both_days(sessions).any())
    return float(fitting[-1] if always else fitting[0])


def returns_a_year_so_far(sessions: NDArray[np.int64], timeframe: str) -> NDArray[np.float64]:
    """``returns_a_year`` of the year before each session, float64[S]: no later session changes a number.

    ``sessions``: dates, int64[S] days since 1970-01-01, each once.
    """
    conventions = CONVENTIONS.get(timeframe, SESSIONS)
    begins = _year_before(sessions)
    count = np.arange(sessions.shape[0]) - begins
    years = (sessions - sessions[begins]) / DAYS_PER_YEAR
    found = np.full(sessions.shape[0], float(conventions[0]))
    other = np.flatnonzero(~_fits(count, years, conventions[0], short=True))
    on_both = _on_both_days(sessions)
    if not (other.size or on_both.any()):
        return found
    found[other] = count[other] / years[other]
    both = np.concatenate(([0], np.cumsum(on_both)))
    for one in conventions[1:]:
        always = _fits(count, years, one, short=True) & (both > both[begins])
        always[other] = _fits(count[other], years[other], one, short=True)
        found[always] = one
    return found


def _year_before(sessions: NDArray[np.int64]) -> NDArray[np.int64]:
    """Row of the first session of the year that ends with each, int64[S]."""
    if not sessions.shape[0]:
        return sessions
    days = sessions - sessions[0] + 1
    known = np.zeros(int(days[-1]) + 1, dtype=np.int64)  # by day: a search in each would take ten times as long
    known[days] = 1
    before: NDArray[np.int64] = np.cumsum(known)[np.maximum(days - LOOK_BACK_DAYS - 1, 0)]
    return before


def _fits(count: Any, years: Any, convention: int, *, short: bool) -> Any:
    """True where the count is the convention's, give or take what a calendar does."""
    usual = convention * years
    near = NEAR * usual
    return (count >= usual - near - CHANCE) & (count <= usual + near + (CHANCE if short else 0))


def _on_both_days(sessions: NDArray[np.int64]) -> NDArray[np.bool_]:
    """True for each session but the first that is a Sunday after a Saturday's, bool[S−1]: trading never stops."""
    found: NDArray[np.bool_] = (sessions[1:] - sessions[:-1] == 1) & (sessions[1:] % WEEK_DAYS == SUNDAY)
    return found
