"""History of a strategy's instruments as it grows bar by bar: what was stored before, then each row as it came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from framework.types.bars import Bars
from framework.types.columns import CLOCKS, VALUES
from framework.types.panel import Panel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framework.types.orders import BarRow

SPARE = 512
"""Rows that a buffer has to spare when it grows."""
PRICES = ("open", "high", "low", "close", "volume")


class GrowingBars:
    """Bars of one instrument in arrays with room at the end, so that a row more costs no copy."""

    def __init__(self, stored: Bars) -> None:
        """``stored``: the bars up to now; may have none."""
        self._stored = stored
        self.length = len(stored)
        self._arrays: dict[str, Any] = {name: getattr(stored, name) for name in (*CLOCKS, *VALUES)}
        self._room = self.length

    def append(self, row: BarRow, i: int) -> None:
        """Take the bar of instrument ``i`` of a row; it must have one."""
        if self.length == self._room:
            self._grow()
        at, arrays = self.length, self._arrays
        arrays["time"][at], arrays["close_time"][at], arrays["session"][at] = row.time, row.close_time, row.session
        for name in PRICES:
            arrays[name][at] = getattr(row, name)[i]
        arrays["factor"][at] = 1.0
        self.length += 1

    def _grow(self) -> None:
        self._room = self.length + max(SPARE, self.length // 2)
        for name, array in self._arrays.items():
            grown = np.empty(self._room, dtype=array.dtype)
            grown[: self.length] = array[: self.length]
            self._arrays[name] = grown

    def bars(self) -> Bars:
        """Bars up to now: views that nobody can write to, and that never change."""
        views: dict[str, Any] = {}
        for name, array in self._arrays.items():
            views[name] = view = array[: self.length]
            view.setflags(write=False)
        stored = self._stored
        return Bars(instrument=stored.instrument, timeframe=stored.timeframe, actions=stored.actions, **views)


class History:
    """History of every instrument of one strategy, in the order of its rows."""

    def __init__(self, stored: Sequence[Bars]) -> None:
        """``stored``: the bars before the first row, by instrument."""
        self.series = [GrowingBars(bars) for bars in stored]
        self.rows = len(np.unique(np.concatenate([bars.time for bars in stored]))) if stored else 0
        """Rows so far: times at which any instrument has a bar."""

    def append(self, row: BarRow) -> list[int]:
        """Take a row; returns the instruments that have a bar in it."""
        there = [i for i, close in enumerate(row.close) if close == close]  # noqa: PLR0124 - NaN is no bar
        for i in there:
            self.series[i].append(row, i)
        self.rows += 1
        return there

    def bars(self) -> list[Bars]:
        """Bars of every instrument up to now."""
        return [series.bars() for series in self.series]

    def panel(self) -> Panel:
        """The same as one panel; instruments without any bar yet are an error of the caller's."""
        return Panel.from_bars(self.bars())
