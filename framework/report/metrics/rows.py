"""Speed only: metrics of many series at once, a series in each row; equal to the bit to the function for one.

numpy adds a row that lies in one piece as it adds a single series (in halves of halves), so nothing is rounded
differently; a test holds both to it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from framework.report.metrics import growth
from framework.report.metrics.growth import NAN
from framework.report.metrics.sample import DUST
from framework.types.annualisation import SESSIONS_PER_YEAR

if TYPE_CHECKING:
    from numpy.typing import NDArray


def simple_returns(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """``growth.simple_returns`` of each row, float64[S, n−1]."""
    before = values[:, :-1]
    if before.shape[1] and np.minimum.reduce(before, axis=None) > 0:
        returns: NDArray[np.float64] = values[:, 1:] / before
        returns -= 1
        return returns
    return np.array([growth.simple_returns(row) for row in values]).reshape(before.shape)


def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """``growth.mean`` of each row, float64[S]."""
    sets, count = values.shape
    means: NDArray[np.float64] = np.add.reduce(values, axis=1) / count if count else np.full(sets, NAN)
    return means


def sharpe(
    returns: NDArray[np.float64], risk_free: float = 0.0, per_year: float = SESSIONS_PER_YEAR
) -> NDArray[np.float64]:
    """``risk.sharpe`` of each row, float64[S]."""
    sets, count = returns.shape
    if count < 2:  # noqa: PLR2004 - a deviation needs two
        return np.full(sets, NAN)
    excess = returns - risk_free if risk_free else returns
    level = mean(excess)
    steps = excess - level[:, None]
    steps *= steps
    spread = np.sqrt(np.add.reduce(steps, axis=1) / (count - 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(spread > DUST, level / spread * math.sqrt(per_year), NAN)


def sortino(
    returns: NDArray[np.float64], target: float = 0.0, per_year: float = SESSIONS_PER_YEAR
) -> NDArray[np.float64]:
    """``risk.sortino`` of each row, float64[S]."""
    excess = returns - target if target else returns
    gain = mean(excess)
    downside = np.sqrt(mean(np.minimum(excess, 0.0) ** 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        without = np.where((downside <= DUST) & (gain > 0), math.inf, NAN)
        return np.where(downside > DUST, gain / downside, without) * math.sqrt(per_year)
