"""Lag of this machine's clock behind the feed's (F54), as the bars show it that are over later than now.

Such a bar is in no row (``StrayCause.FUTURE``), so that strategies starve while the feed is heard. Two bars in a row
say that the clock lags, and two that fit say that it does no more: one of either kind may be the feed's mistake, and
near the bound bars are of both kinds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.live.barrier import StrayCause

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framework.live.barrier import StrayBar

IN_A_ROW = 2
QUESTION = "is this machine's clock right? Set it (chronyc makestep); new risk is taken again with the bars"


class ClockLag:
    """Lag of the clock, by the feed's bars in the order in which they come."""

    def __init__(self) -> None:
        self.is_there = False
        """Bars are taken for bars of the future."""
        self.text = "bars were told before they were over by this machine's clock, when it was looked at last"
        """The latest such bar, as a sentence."""
        self._against = 0
        """Bars in a row that contradict ``is_there``."""

    def hear(self, judged: Sequence[StrayBar | None]) -> None:
        """Hear how the barriers judged one bar: each None, or why it is in no row of theirs.

        A bar that is late, insane or doubled says nothing about the clock.
        """
        ahead = next((one for one in judged if one is not None and one.why is StrayCause.FUTURE), None)
        if ahead is not None:
            self.text = f"a bar of {ahead.bar.symbol} is told too early for this machine's clock: {ahead.detail}"
        elif None not in judged:
            return
        self._against = self._against + 1 if (ahead is not None) is not self.is_there else 0
        if self._against == IN_A_ROW:
            self.is_there, self._against = not self.is_there, 0
