"""Bars outside the hours of their exchange, and bars off the grid of their sessions. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from framework.store.issues import SeriesFinding
from framework.store.quality.hours import end_stamps
from framework.types.localtime import DAY, day_text, time_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from framework.store.quality.series import Series, SeriesContext

ON_GRID = 0.9
"""Share of the bars that shows a grid where no hours are known."""


def outside_hours(series: Series, context: SeriesContext) -> list[SeriesFinding]:
    """``outside_hours``: bars of which no second lies in the exchange's hours of their day."""
    if series.dated or context.calendar is None or context.calendar.hours is None or end_stamps(series, context):
        return []  # the last bar of each session is outside, stamped at the end of its minute
    outside = np.zeros(series.local.shape[0], dtype=bool)
    for day, begin, end in zip(series.days.tolist(), series.begins.tolist(), series.ends.tolist(), strict=True):
        windows = context.calendar.hours(day)
        if windows:
            clock = series.local[begin : end + 1] - day * DAY
            inside = [(clock < stop) & (clock + series.step > start) for start, stop in windows]
            outside[begin : end + 1] = ~np.logical_or.reduce(inside)
    return _told(series, outside, "outside_hours", f"outside the hours of {context.calendar.source}")


def off_grid(series: Series, context: SeriesContext) -> list[SeriesFinding]:
    """``off_grid``: bars whose opens are not on the grid that begins with their session, or that most others are on."""
    if series.dated:
        return []
    clock = np.mod(series.local, DAY)
    rest = np.mod(clock, series.step)
    values, counts = np.unique(rest, return_counts=True)
    usual = int(values[np.argmax(counts)])
    hours = None if context.calendar is None else context.calendar.hours
    if hours is None:
        if counts.max() < ON_GRID * rest.shape[0]:
            return []
        return _told(series, rest != usual, "off_grid", f"off the grid of the others ({time_text(usual)} and so on)")
    off = np.zeros(rest.shape[0], dtype=bool)
    for day, begin, end in zip(series.days.tolist(), series.begins.tolist(), series.ends.tolist(), strict=True):
        starts = [start % series.step for start, _ in hours(day)]
        off[begin : end + 1] = ~np.isin(rest[begin : end + 1], starts) if starts else False
    return _told(series, off, "off_grid", "off the grid that begins with their session")


def _told(series: Series, odd: NDArray[np.bool_], kind: str, what: str) -> list[SeriesFinding]:
    rows = np.flatnonzero(odd)
    if not rows.size:
        return []
    first, last = int(rows[0]), int(rows[-1])
    begin = int(series.local[first])
    days = np.unique(np.floor_divide(series.local[rows], DAY)).shape[0]
    some = "1 bar opens" if rows.size == 1 else f"{rows.size:,} of {odd.shape[0]:,} bars open"
    on = "" if days == 1 else f", on {days:,} days"
    reason = f"{some} {what}; the first on {day_text(begin // DAY)} at {_clock(begin % DAY)}{on}"
    return [SeriesFinding(kind, int(series.timestamp[first]), int(series.timestamp[last]), reason)]


def _clock(second: int) -> str:
    return time_text(second) if second % 60 == 0 else f"{time_text(second)}:{second % 60:02d}"
