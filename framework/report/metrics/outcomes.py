"""Over closed round trips: ``profits`` are net profits (after charges), float64[n]; a loss is negative.

A round trip that ended at exactly 0 is neither won nor lost, but counts among n.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from framework.report.metrics.growth import NAN, mean
from framework.report.metrics.risk import ratio
from framework.report.metrics.sample import ReturnSample

if TYPE_CHECKING:
    from numpy.typing import NDArray


def win_rate(profits: NDArray[np.float64]) -> float:
    """Share of round trips with a profit > 0, 0..1. NaN without any."""
    return float(np.count_nonzero(profits > 0) / profits.shape[0]) if profits.shape[0] else NAN


def profit_factor(profits: NDArray[Any]) -> float:
    """Sum of profits / sum of losses, in any unit; of whole paise both sums are exact. inf without a loss but a profit.

    Source: Schwager, Schwager on Futures: Technical Analysis (1996).
    """
    return ratio(float(np.add.reduce(profits[profits > 0])), -float(np.add.reduce(profits[profits < 0])))


def expectancy(profits: NDArray[np.float64]) -> float:
    """Mean profit of a round trip, in the unit of ``profits``. Source: Tharp, Trade Your Way (2nd ed., 2007)."""
    return mean(profits)


def sqn(profits: NDArray[np.float64]) -> float:
    """System quality number √n · mean(profit) / deviation(profit), with n − 1; n is not capped at 100.

    Source: Tharp, Definitive Guide to Position Sizing (2008), with rupees where he has multiples of the first risk.
    """
    if profits.shape[0] < 2:  # noqa: PLR2004 - ddof 1
        return NAN
    sample = ReturnSample(profits)
    spread = math.sqrt(sample.squares / (sample.size - 1))
    level = float(np.maximum.reduce(np.abs(profits)))
    if spread <= level * 1e-14:  # rounding, not variance
        return NAN
    return math.sqrt(sample.size) * sample.mean / spread


def kelly(returns: NDArray[np.float64]) -> float:
    """Kelly fraction W − (1 − W) / (mean win / mean loss) of the returns of round trips; below 0: do not play.

    W is the share of wins among wins and losses. NaN unless there are both: one side cannot be estimated.
    Source: Kelly, A New Interpretation of Information Rate (1956), in the two-outcome form of Thorp.
    """
    wins, losses = returns[returns > 0], returns[returns < 0]
    if not (wins.shape[0] and losses.shape[0]):
        return NAN
    share = int(wins.shape[0]) / int(wins.shape[0] + losses.shape[0])
    return share - (1 - share) * -mean(losses) / mean(wins)
