"""Sessions that are missing, short, or not where they should be. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from framework.store.issues import SeriesFinding
from framework.store.quality.hours import closed_between, short_by_hours
from framework.types.localtime import DAY, day_text, time_text

if TYPE_CHECKING:
    from framework.store.quality.series import ExpectedDays, Series, SeriesContext

GAP_SESSIONS = 10
GAP_DAYS = 10
LATE_DAYS = 30
WINDOW_SLACK = 15 * 60
FEW_BARS = 0.5
INNER_GAP = 30 * 60
DENSE = 0.9
USUAL_BREAK = 0.5
"""Share of the sessions that have the same silence, from which it is the market's lunch."""
SHOWN = 5


def missing(series: Series, context: SeriesContext) -> list[SeriesFinding]:
    """``gap`` and ``missing_session``: days with no bar between the first and the last bar."""
    if context.calendar is None or series.step > DAY:
        return _long_silences(series)
    calendar = context.calendar
    expected = calendar.days[(calendar.days >= series.days[0]) & (calendar.days <= series.days[-1])]
    absent = np.flatnonzero(~np.isin(expected, series.days))
    if not absent.size:
        return []
    found = []
    for stretch in np.split(absent, np.flatnonzero(np.diff(absent) > 1) + 1):
        first, last = int(expected[stretch[0]]), int(expected[stretch[-1]])
        count = stretch.shape[0]
        days = day_text(first) if first == last else f"{day_text(first)} … {day_text(last)}"
        kind = calendar.kinds.get(first, "") if count == 1 else ""
        what = f"no bars on {days}{f' ({kind})' if kind else ''}: {count} session{'s' if count > 1 else ''}"
        name = "gap" if count >= GAP_SESSIONS else "missing_session"
        found.append(SeriesFinding(name, first * DAY, last * DAY, f"{what} by {calendar.source}"))
    return found


def unlisted(series: Series, context: SeriesContext) -> list[SeriesFinding]:
    """``unlisted_session``: bars on days that the calendar does not have."""
    if context.calendar is None or series.step > DAY:
        return []
    calendar = context.calendar
    within = (series.days >= calendar.days[0]) & (series.days <= calendar.days[-1])
    return [
        SeriesFinding(
            "unlisted_session",
            *series.span(index, index),
            f"bars on {day_text(int(series.days[index]))}, which is no session by {calendar.source}",
        )
        for index in np.flatnonzero(within & ~np.isin(series.days, calendar.days)).tolist()
    ]


def late_start(series: Series, context: SeriesContext) -> list[SeriesFinding]:
    """``late_start``: the series begins long after its neighbours."""
    if context.neighbours_from is None or series.days[0] - context.neighbours_from <= LATE_DAYS:
        return []
    first = int(series.timestamp[0])
    begins, others = day_text(int(series.days[0])), day_text(context.neighbours_from)
    reason = f"begins on {begins}; the earliest series of the same exchange and timeframe on {others}"
    return [SeriesFinding("late_start", first, first, reason)]


def short(series: Series, context: SeriesContext) -> list[SeriesFinding]:
    """``short_session`` (far from the usual hours or bars) and ``early_end`` (only the last bars lacking)."""
    if series.dated or series.days.shape[0] < SHOWN:
        return []
    if context.calendar is not None and context.calendar.hours is not None:
        return short_by_hours(series, context.calendar)
    starts = series.local[series.begins] % DAY
    stops = series.local[series.ends] % DAY
    counts = series.ends - series.begins + 1
    usual_start, usual_stop, usual_count = _mode(starts), _mode(stops), float(np.median(counts))
    odd = (starts > usual_start + WINDOW_SLACK) | (stops < usual_stop - WINDOW_SLACK) | (starts > usual_stop)
    odd |= counts < FEW_BARS * usual_count
    usual = f"usually {usual_count:g} from {time_text(usual_start)} to {time_text(usual_stop)}"
    found = []
    for index in np.flatnonzero(odd).tolist():
        day = int(series.days[index])
        kind = "" if context.calendar is None else context.calendar.kinds.get(day, "")
        reason = (
            f"{day_text(day)} has {counts[index]} bars from {time_text(int(starts[index]))} to "
            f"{time_text(int(stops[index]))}, {usual}{f'; the session list calls the day {kind}' if kind else ''}"
        )
        found.append(SeriesFinding("short_session", *series.span(index, index), reason))
    early = np.flatnonzero(~odd & (stops < usual_stop))
    if early.size and (stops == usual_stop).mean() >= DENSE:
        shown = ", ".join(day_text(int(day)) for day in series.days[early[:SHOWN]])
        reason = (
            f"{early.size} session{'s' if early.size > 1 else ''} end before the usual {time_text(usual_stop)} bar: "
            f"{shown}{', …' if early.size > SHOWN else ''}"
        )
        found.append(SeriesFinding("early_end", *series.span(int(early[0]), int(early[-1])), reason))
    return found


def inner_gaps(series: Series, context: SeriesContext) -> list[SeriesFinding]:
    """``gap`` inside a session of a series that otherwise has nearly every bar: half an hour and more without any.

    Where no hours are known, a break that most sessions have is the market's own.
    """
    if series.dated:
        return []
    windows = (series.local[series.ends] - series.local[series.begins]) // series.step + 1
    if np.median((series.ends - series.begins + 1) / windows) < DENSE:
        return []
    jumps = np.diff(series.timestamp)
    inside = np.floor_divide(series.local[1:], DAY) == np.floor_divide(series.local[:-1], DAY)
    rows = np.flatnonzero(inside & (jumps - series.step >= INNER_GAP))
    hours = None if context.calendar is None else context.calendar.hours
    if hours is None:
        rows = rows[~_breaks(series, rows)]
    found = []
    for row in rows.tolist():
        before, after = (int(series.local[row + offset]) for offset in (0, 1))
        if hours is not None:
            closed = closed_between(hours(before // DAY), before % DAY + series.step, after % DAY)
            if after - before - series.step - closed < INNER_GAP:
                continue  # a break between two windows, or a halt
        reason = f"no bars on {day_text(before // DAY)} between {time_text(before % DAY)} and {time_text(after % DAY)}"
        found.append(SeriesFinding("gap", int(series.timestamp[row]), int(series.timestamp[row + 1]), reason))
    return found


def _breaks(
    series: Series, rows: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Silences after these rows that lie at the same hours in most sessions, bool[k]."""
    hours = np.mod(series.local[rows], DAY) * DAY + np.mod(series.local[rows + 1], DAY)
    _, position, counts = np.unique(hours, return_inverse=True, return_counts=True)
    usual: np.ndarray[tuple[int], np.dtype[np.bool_]] = counts[position] > USUAL_BREAK * series.days.shape[0]
    return usual


def fits(calendar: ExpectedDays, days: np.ndarray[tuple[int], np.dtype[np.int64]]) -> float:
    """Share of a series' days, within the calendar's span, that the calendar has; 0..1, 0 when none lie within."""
    within = days[(days >= calendar.days[0]) & (days <= calendar.days[-1])]
    return float(np.isin(within, calendar.days).mean()) if within.size else 0.0


def _long_silences(series: Series) -> list[SeriesFinding]:
    usual = max(series.step // DAY, 1) - 1
    found = []
    for index in np.flatnonzero(np.diff(series.days) > GAP_DAYS + usual).tolist():
        first, last = int(series.days[index]), int(series.days[index + 1])
        reason = f"no bars between {day_text(first)} and {day_text(last)}: {last - first - 1} calendar days"
        found.append(SeriesFinding("gap", first * DAY, last * DAY, reason))
    return found


def _mode(values: np.ndarray[tuple[int], np.dtype[np.int64]]) -> int:
    distinct, counts = np.unique(values, return_counts=True)
    return int(distinct[np.argmax(counts)])
