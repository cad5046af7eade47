"""Against a benchmark: both series are returns of the same sessions, float64[n]."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from framework.report.metrics.growth import NAN, SESSIONS_PER_YEAR, mean
from framework.report.metrics.risk import deviation

if TYPE_CHECKING:
    from numpy.typing import NDArray


def beta(returns: NDArray[np.float64], benchmark: NDArray[np.float64]) -> float:
    """cov(r, b) / var(b). NaN when the benchmark never moved.

    Source: Sharpe, Capital Asset Prices, Journal of Finance 19 (1964).
    """
    if not deviation(benchmark) > 0:
        return NAN
    steps = benchmark - mean(benchmark)
    return float(np.add.reduce((returns - mean(returns)) * steps) / np.add.reduce(steps**2))


def alpha(
    returns: NDArray[np.float64], benchmark: NDArray[np.float64], risk_free: float = 0.0, slope: float | None = None
) -> float:
    """Jensen's alpha a year, arithmetic: 252 · (mean(r − rf) − beta · mean(b − rf)); rf per session.

    ``slope`` is the beta, where it is known already.
    Source: Jensen, The Performance of Mutual Funds, Journal of Finance 23 (1968).
    """
    steep = beta(returns, benchmark) if slope is None else slope
    if math.isnan(steep):
        return NAN
    excess = mean(returns) - risk_free - steep * (mean(benchmark) - risk_free)
    return excess * SESSIONS_PER_YEAR


def tracking_error(returns: NDArray[np.float64], benchmark: NDArray[np.float64]) -> float:
    """deviation(r − b) · √252. Source: Grinold & Kahn, Active Portfolio Management (2000), active risk."""
    return deviation(returns - benchmark) * math.sqrt(SESSIONS_PER_YEAR)


def information_ratio(returns: NDArray[np.float64], benchmark: NDArray[np.float64]) -> float:
    """mean(r − b) / deviation(r − b) · √252. NaN when the two never differ. Source: Grinold & Kahn (2000)."""
    active = returns - benchmark
    spread = deviation(active)
    return mean(active) / spread * math.sqrt(SESSIONS_PER_YEAR) if spread > 0 else NAN
