"""Sessions judged by the hours that a table has for them, instead of by what the series usually does. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from framework.store.issues import SeriesFinding
from framework.types.localtime import DAY, day_text, time_text
from framework.types.timeframe import Timeframe

if TYPE_CHECKING:
    from framework.store.quality.series import ExpectedDays, Series, SeriesContext

SLACK = 15 * 60
FEW_BARS = 0.5
DENSE = 0.9
SHOWN = 5
MOSTLY = 0.75
"""Share of the sessions that begin a bar late and end with the session: the others may lack a bar."""
Windows = tuple[tuple[int, int], ...]


def short_by_hours(series: Series, calendar: ExpectedDays) -> list[SeriesFinding]:
    """``short_session`` and ``early_end`` of the sessions whose hours are known; the others are not judged."""
    rows = np.arange(series.days.shape[0])
    windows = [calendar.hours(day) if calendar.hours else () for day in series.days.tolist()]
    known = rows[[bool(each) for each in windows]]
    if not known.size:
        return []
    counted = {each: _bars_due(each, series.step) for each in set(windows) if each}
    due = np.array([counted[windows[row]] for row in known.tolist()], dtype=np.int64)
    first, last, expected = due.T
    starts = series.local[series.begins[known]] % DAY
    stops = series.local[series.ends[known]] % DAY
    counts = series.ends[known] - series.begins[known] + 1
    density = min(1.0, float(np.median(counts / expected)))  # a share that does not trade in every minute
    odd = (starts > first + SLACK) | (stops < last - SLACK) | (counts < FEW_BARS * density * expected)
    found = []
    for at in np.flatnonzero(odd).tolist():
        day = int(series.days[known[at]])
        kind = calendar.kinds.get(day, "")
        reason = (
            f"{day_text(day)}{f' ({kind})' if kind else ''} has {counts[at]} bars from {time_text(int(starts[at]))} to "
            f"{time_text(int(stops[at]))}, by {calendar.source} it has {expected[at]} from {time_text(int(first[at]))} "
            f"to {time_text(int(last[at]))}"
        )
        found.append(SeriesFinding("short_session", *series.span(int(known[at]), int(known[at])), reason))
    early = np.flatnonzero(~odd & (stops < last))
    if early.size and (stops >= last).mean() >= DENSE:
        shown = ", ".join(day_text(int(day)) for day in series.days[known[early[:SHOWN]]])
        reason = (
            f"{early.size} session{'s' if early.size > 1 else ''} end before the last bar by {calendar.source}: "
            f"{shown}{', …' if early.size > SHOWN else ''}"
        )
        found.append(SeriesFinding("early_end", *series.span(int(known[early[0]]), int(known[early[-1]])), reason))
    return found


def end_stamps(series: Series, context: SeriesContext) -> list[SeriesFinding]:
    """``end_stamps``: every bar is stamped at its end, by the hours of the session table."""
    calendar = context.calendar
    if series.dated or calendar is None or calendar.hours is None:
        return []
    known = shifted = 0
    first, last, due = 0, 0, 0
    for day, begin, end in zip(series.days.tolist(), series.begins.tolist(), series.ends.tolist(), strict=True):
        windows = calendar.hours(day)
        if not windows:
            continue
        known += 1
        start, stop = (int(series.local[row] % DAY) for row in (begin, end))
        # 09:16:00 or 09:15:59 for the minute from 09:15; the last is the moment at which the session ends
        if start - windows[0][0] in {series.step, series.step - 1} and stop >= windows[-1][1] - 1:
            shifted, first, last, due = shifted + 1, start, stop, windows[0][0]
    if not known or shifted < MOSTLY * known:
        return []
    length = Timeframe.of_seconds(series.step).name
    reason = (
        f"the bars are stamped at their end: {shifted:,} of {known:,} sessions run from {time_text(first)} to "
        f"{time_text(last)}, by {calendar.source} they begin at {time_text(due)}; a bar's time is its open: move the "
        f"times back by {length} before the import"
    )
    return [SeriesFinding("end_stamps", int(series.timestamp[0]), int(series.timestamp[-1]), reason)]


def closed_between(windows: Windows, begin: int, end: int) -> int:
    """Seconds from one moment of a day to another in which no bars are made; 0 where the hours are not known."""
    if not windows or begin >= end:
        return 0
    opened = sum(max(0, min(end, stop) - max(begin, start)) for start, stop in windows)
    return end - begin - opened


def _bars_due(windows: Windows, step: int) -> tuple[int, int, int]:
    """Opens of the first and the last bar, local seconds of the day, and how many there are."""
    begin = windows[0][0]
    opens = [
        moment
        for moment in range(begin, windows[-1][1], step)
        if any(moment < stop and moment + step > start for start, stop in windows)
    ]
    return begin, opens[-1], len(opens)
