"""Volatility of each instrument a year, measured at each close: sizing ``volatility`` and ``equal_risk`` divide by it.

The rulebook has no logarithm, so every host measures here and hands the numbers over beside the decisions.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from framework.types.annualisation import returns_a_year_so_far
from framework.types.panel import rows_in, table
from framework.types.timeframe import DATED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from framework.engines.rows import DecisionArrays
    from framework.types import Bars, Panel, Settings

MEASURED = frozenset({"volatility", "equal_risk"})
"""Kinds of sizing that ask for it."""


def with_volatility(decisions: DecisionArrays, panel: Panel, settings: Settings, style: str) -> DecisionArrays:
    """The decisions with the volatility of every instrument beside them, if the sizing asks for it."""
    if style != "signals" or settings.sizing.kind not in MEASURED:
        return decisions
    measured = volatility_of(panel, settings.volatility_bars, across_splits=settings.adjust != "none")
    return decisions._replace(volatility=measured)


def volatility_of(panel: Panel, bars: int, *, across_splits: bool = True) -> NDArray[np.float64]:
    """``annualised`` of every instrument on the panel's grid, float64[T, N]; NaN where it has no bar."""
    series = panel.bars()
    if not across_splits:
        series = [replace(one, actions=()) for one in series]
    measured = [panel.space.keep(annualised(one, bars)) for one in series]
    rows = [rows_in(panel.time, one.time, panel.space) for one in series]
    return table(measured, rows, len(panel), panel.space)


def annualised(series: Bars, bars: int) -> NDArray[np.float64]:
    """Standard deviation (ddof 1) of the last ``bars`` log returns of the closes × √(bars a year), float64[n].

    A year has the sessions of ``types.annualisation``, by those of the year before, of as many bars as the sessions
    that were complete by then had on average: 1 for daily and longer bars.
    NaN at the first ``bars`` bars, and within the first session. A number never changes when later bars come.
    """
    length = len(series)
    found = np.full(length, math.nan)
    count = length - bars  # windows
    if count < 1:
        return found
    moves = log_returns(series)
    # Sums by position in the window, not running ones: no rounding is handed on from bar to bar.
    mean = sum(moves[offset : offset + count] for offset in range(bars)) / bars
    squares = sum(np.square(moves[offset : offset + count] - mean) for offset in range(bars))
    found[bars:] = np.sqrt(squares / (bars - 1) * bars_a_year(series)[bars:])
    return found


def log_returns(series: Bars) -> NDArray[np.float64]:
    """Log returns of the closes, float64[n − 1], across a split or a bonus those of the shares that were held."""
    moves: NDArray[np.float64] = np.diff(np.log(series.close))
    for action in series.actions:
        row = int(np.searchsorted(series.session, action.ex_day))
        if 0 < row < len(series):
            moves[row - 1] += math.log(action.factor)
    return moves


def bars_a_year(series: Bars) -> NDArray[np.float64]:
    """Bars of a year as far as it was known at each bar, float64[n]; NaN within the first session of intraday bars."""
    if series.timeframe in DATED:
        return returns_a_year_so_far(series.session, series.timeframe)
    begins = np.concatenate(([True], series.session[1:] != series.session[:-1]))
    sessions_before = np.cumsum(begins) - 1
    bars_before = np.maximum.accumulate(np.where(begins, np.arange(len(series)), 0))
    with np.errstate(invalid="ignore"):  # 0 / 0 within the first session: not known yet
        average: NDArray[np.float64] = bars_before / sessions_before
    sessions_a_year = returns_a_year_so_far(series.session[begins], series.timeframe)[sessions_before]
    found: NDArray[np.float64] = sessions_a_year * average
    return found
