"""How deep and how long an account lay below its highest value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from framework.report.metrics.growth import NAN
from framework.report.metrics.risk import ratio

if TYPE_CHECKING:
    from numpy.typing import NDArray


def drawdowns(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share below the highest value so far, float64[n] in 0..1; an account at or below 0 has lost all of it, 1.

    Source: Magdon-Ismail & Atiya, Maximum Drawdown, Risk 17 (2004).
    """
    if values.shape[0] == 0:
        return np.empty(0)
    peaks = np.maximum.accumulate(values)
    result = np.ones(values.shape)
    standing = peaks > 0
    result[standing] = np.minimum(1 - values[standing] / peaks[standing], 1.0)
    return result


def max_drawdown(values: NDArray[np.float64]) -> float:
    """Greatest share below an earlier peak, 0..1."""
    return float(np.max(drawdowns(values))) if values.shape[0] else NAN


def longest_drawdown(values: NDArray[np.float64], days: NDArray[np.float64]) -> float:
    """Longest time from a peak until its value is reached again, in calendar days; to the end if it never is.

    ``days`` are the times of the values, rising. 0 when the account never fell. Source: as ``drawdowns``.
    """
    if values.shape[0] == 0:
        return NAN
    peaks = np.maximum.accumulate(values)
    at_peak = values >= peaks
    peak_rows = np.maximum.accumulate(np.where(at_peak, np.arange(values.shape[0]), 0))
    below = ~at_peak
    if not below.any():
        return 0.0
    last = values.shape[0] - 1
    recovery = np.where(below, np.arange(values.shape[0]) + 1, 0)  # the row after a low one is the recovery, if any
    ends = np.minimum(recovery, last)
    return float(np.max((days[ends] - days[peak_rows])[below]))


def calmar(annual_growth: float, depth: float) -> float:
    """CAGR / greatest drawdown. inf when the account grew without ever falling, NaN when it did neither.

    Over the whole run, not the last 36 months. Source: Young, Calmar Ratio: A Smoother Tool, Futures (1991).
    """
    return ratio(annual_growth, depth)
