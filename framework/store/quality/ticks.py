"""Bad ticks: one bar whose high or low stands far outside everything around it. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from framework.store.issues import SeriesFinding
from framework.types.intake.spikes import spikes
from framework.types.localtime import DAY, day_text, time_text

if TYPE_CHECKING:
    from framework.store.quality.series import Series, SeriesContext

MOST_TOLD = 50


def bad_ticks(series: Series, _context: SeriesContext) -> list[SeriesFinding]:
    """``spike``: see ``framework.types.intake.spikes``; each of the first fifty, the others together."""
    found = spikes(series.open, series.high, series.low, series.close)
    told = []
    for row, size in zip(found.rows[:MOST_TOLD].tolist(), found.size[:MOST_TOLD].tolist(), strict=True):
        moment, second = int(series.local[row]), int(series.timestamp[row])
        when = day_text(moment // DAY) + ("" if series.dated else f" {time_text(moment % DAY)}")
        price, name, side = (series.high[row], "high", "above") if size > 0 else (series.low[row], "low", "below")
        reason = (
            f"the {name} of {when}, {price:g}, is {abs(math.expm1(size)):.1%} {side} its open and close and the bars "
            "around it: a bad tick, or a freak trade, that stops and targets would be filled at"
        )
        told.append(SeriesFinding("spike", second, second, reason))
    if (more := found.rows[MOST_TOLD:]).size:
        first, last = int(series.timestamp[more[0]]), int(series.timestamp[more[-1]])
        told.append(SeriesFinding("spike", first, last, f"{more.size:,} more bars have such a high or low"))
    return told
