"""Drawdown: depth and duration of an account's falls below its highest value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from framework.report.metrics.growth import NAN
from framework.report.metrics.risk import ratio

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK = 256
"""Values of which only the highest is looked at first …"""
SHORT = 8_192
"""… in a series longer than this."""


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


class Descents(NamedTuple):
    """Every time below a peak, float64[k] or int64[k] each; of a series that never fell there is none."""

    begins: NDArray[np.int64]
    """Rows of the last peak before it; −1 is the start."""
    ends: NDArray[np.int64]
    """Rows at which the peak was reached again, or the last row if it never was."""
    peaks: NDArray[Any]
    lows: NDArray[Any]


def descents(values: NDArray[Any], start: float) -> Descents:
    """Descents of a series below its highest value so far, ``start`` included."""
    at_peak = _at_peak(values, start)
    turns = (at_peak[1:] != at_peak[:-1]).nonzero()[0] + 1
    if not at_peak[:1].all():
        turns = np.concatenate(((0,), turns))
    begins, ends = turns[0::2] - 1, turns[1::2]
    if not turns.shape[0]:
        return Descents(begins, ends, values[:0], values[:0])
    lows = np.minimum.reduceat(values, turns)[::2]
    if ends.shape[0] < begins.shape[0]:
        ends = np.concatenate((ends, (values.shape[0] - 1,)))
    return Descents(begins, ends, np.where(begins < 0, start, values[begins]), lows)


def _at_peak(values: NDArray[Any], start: float) -> NDArray[np.bool_]:
    """Peaks: True for each value that is the highest so far. Long series are scanned only in blocks with a new peak."""
    at_peak = np.empty(values.shape, dtype=np.bool_)
    whole = values.shape[0] // BLOCK * BLOCK if values.shape[0] > SHORT else 0
    highest: Any = start
    if whole:
        blocks, flags = values[:whole].reshape(-1, BLOCK), at_peak[:whole].reshape(-1, BLOCK)
        highs = np.maximum.reduce(blocks, axis=1)
        tops = np.maximum(np.maximum.accumulate(highs), start)
        before = np.concatenate(((start,), tops[:-1]))[:, None]
        flags.fill(False)
        reached = (highs >= before[:, 0]).nonzero()[0]
        so_far = np.maximum(np.maximum.accumulate(blocks[reached], axis=1), before[reached])
        flags[reached] = blocks[reached] >= so_far
        highest = tops[-1]
    rest = values[whole:]
    np.greater_equal(rest, np.maximum(np.maximum.accumulate(rest), highest), out=at_peak[whole:])
    return at_peak


def deepest(peaks: NDArray[np.float64], lows: NDArray[np.float64]) -> float:
    """Greatest of 1 − low / peak; 0 of none. 1 − x falls as x rises, so that it is 1 − the smallest quotient."""
    return min(1 - float(np.minimum.reduce(lows / peaks)), 1.0) if peaks.shape[0] else 0.0


def max_drawdown(values: NDArray[np.float64]) -> float:
    """Greatest share below an earlier peak, 0..1."""
    if values.shape[0] == 0:
        return NAN
    if not values[0] > 0:  # it began with nothing to lose
        return float(np.max(drawdowns(values)))
    found = descents(values[1:], float(values[0]))
    return deepest(found.peaks, found.lows)


def longest_drawdown(values: NDArray[np.float64], days: NDArray[np.float64]) -> float:
    """Longest time from a peak until its value is reached again, in calendar days; to the end if it never is.

    ``days`` are the times of the values, rising. 0 when the account never fell. Source: as ``drawdowns``.
    """
    if values.shape[0] == 0:
        return NAN
    found = descents(values[1:], float(values[0]))
    return float(np.max(days[found.ends + 1] - days[found.begins + 1])) if found.ends.shape[0] else 0.0


def calmar(annual_growth: float, depth: float) -> float:
    """CAGR / greatest drawdown. inf when the account grew without ever falling, NaN when it did neither.

    Over the whole run, not the last 36 months. Source: Young, Calmar Ratio: A Smoother Tool, Futures (1991).
    """
    return ratio(annual_growth, depth)
