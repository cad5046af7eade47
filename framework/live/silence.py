"""Silent strategy: a live day held against the days of the strategy's own backtest (F86).

A strategy whose indicator is NaN, whose symbol was dropped, that is fed another timeframe or forgets its state looks
healthy: nothing fails, it only does something else than it was tested to do. Every count of a day (``activity``) is
compared with the same count on the backtest's days: its distance from their median, on a logarithmic scale and in
units of their spread. The day's *oddness* is the greatest of these distances.

The same figure is taken for each day of the backtest against the others. A live day is outside when it is odder than
all but the allowed share of them. However many counts there are, that is one test: were the live day a day like the
others, it would be outside once in ``sessions + 1`` days, or as often as the share says.
"""

from __future__ import annotations

from math import log1p
from statistics import median, quantiles
from typing import TYPE_CHECKING, NamedTuple

from framework.live.activity import BARS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framework.live.activity import Activity, ActivityCell

FEWEST_SESSIONS = 20
"""Days of a backtest that say what is usual."""
MOST_SESSIONS = 60
SHARE = 0.05
"""Share of usual days that may be called silent."""
SHOWN = 3
SPREADS = {BARS: 0.05}
OTHER_SPREAD = 0.25
"""Least spread of a count on the logarithmic scale; of bars, which depend on no price, it is less."""
USUAL, SILENT, TOO_FEW = "usual", "silent", "too_few_sessions"


class OddCount(NamedTuple):
    """A count that is far from what it usually is."""

    what: str
    counted: int
    usual_low: int
    """Least and greatest of the backtest's days."""
    usual_high: int
    oddness: float

    @property
    def usual(self) -> str:
        """``64 to 182``, or the one count of all days."""
        low, high = f"{self.usual_low:,}", f"{self.usual_high:,}"
        return low if low == high else f"{low} to {high}"


class Silence(NamedTuple):
    """Verdict on a day."""

    verdict: str
    """``usual``, ``silent``, or ``too_few_sessions`` of the backtest to know."""
    sessions: int
    oddness: float
    """Of the day; NaN where it was not compared."""
    bound: float
    """Oddness above which a day is outside."""
    counts: tuple[OddCount, ...]
    """Counts beyond the bound, the oddest first."""

    @property
    def text(self) -> str:
        """The verdict as a sentence."""
        if self.verdict == TOO_FEW:
            return f"not judged: its backtest has {self.sessions} sessions before the day, {FEWEST_SESSIONS} are needed"
        if self.verdict == USUAL:
            return f"as on the {self.sessions} sessions of its backtest"
        told = "; ".join(f"{one.what} {one.counted:,}, usually {one.usual}" for one in self.counts[:SHOWN])
        more = f"; and {len(self.counts) - SHOWN} more counts" if len(self.counts) > SHOWN else ""
        return f"not as on the {self.sessions} sessions of its backtest: {told}{more}"


def judge(day: Activity, usual: Sequence[Activity], share: float = SHARE) -> Silence:
    """Hold a day against the backtest's days; ``share`` of usual days may be called silent, at least one in n + 1."""
    if len(usual) < FEWEST_SESSIONS:
        return Silence(TOO_FEW, len(usual), float("nan"), float("nan"), ())
    cells = sorted({cell for one in (day, *usual) for cell in one})
    scales = [_Scale.of(cell, [one[cell] for one in usual]) for cell in cells]
    others = sorted((max(scale.oddness(one[scale.cell]) for scale in scales) for one in usual), reverse=True)
    bound = others[max(int(share * (len(usual) + 1)) - 1, 0)]
    odd = sorted(((scale.oddness(day[scale.cell]), scale) for scale in scales), key=lambda one: -one[0])
    counts = tuple(
        OddCount(str(scale.cell), day[scale.cell], scale.low, scale.high, oddness)
        for oddness, scale in odd
        if oddness > bound and not scale.low <= day[scale.cell] <= scale.high
    )
    return Silence(SILENT if counts else USUAL, len(usual), odd[0][0] if odd else 0.0, bound, counts)


class _Scale(NamedTuple):
    """Scale of one count, from the backtest's days."""

    cell: ActivityCell
    middle: float
    spread: float
    low: int
    high: int

    @classmethod
    def of(cls, cell: ActivityCell, counts: Sequence[int]) -> _Scale:
        logs = [log1p(count) for count in counts]
        first, _, third = quantiles(logs, n=4)
        spread = max((third - first) / 1.35, SPREADS.get(cell.kind, OTHER_SPREAD))  # of a normal one the deviation
        return cls(cell, median(logs), spread, min(counts), max(counts))

    def oddness(self, count: int) -> float:
        return abs(log1p(count) - self.middle) / self.spread
