"""Quality findings in one series: pure, and none of them changes a bar."""

from __future__ import annotations

from framework.store.issues import SeriesFinding
from framework.store.quality.grid import off_grid, outside_hours
from framework.store.quality.hours import end_stamps
from framework.store.quality.jumps import jumps
from framework.store.quality.series import ExpectedDays, Series, SeriesContext, cut
from framework.store.quality.sessions import fits, inner_gaps, late_start, missing, short, unlisted
from framework.store.quality.ticks import bad_ticks
from framework.store.quality.volume import filled_forward, no_volume

__all__ = ["ExpectedDays", "Series", "SeriesContext", "SeriesFinding", "cut", "examine", "fits"]

CHECKS = (
    late_start,
    missing,
    unlisted,
    short,
    end_stamps,
    inner_gaps,
    outside_hours,
    off_grid,
    jumps,
    bad_ticks,
    filled_forward,
    no_volume,
)


def examine(series: Series, context: SeriesContext) -> list[SeriesFinding]:
    """All findings in a series, in the order of the checks."""
    return [finding for check in CHECKS for finding in check(series, context)]
