"""Against a benchmark: both series are returns of the same sessions, float64[n]."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from framework.report.metrics.growth import NAN, SESSIONS_PER_YEAR
from framework.report.metrics.risk import deviation

if TYPE_CHECKING:
    from numpy.typing import NDArray


def beta(returns: NDArray[np.float64], benchmark: NDArray[np.float64]) -> float:
    """cov(r, b) / var(b). NaN when the benchmark never moved.

    Source: Sharpe, Capital Asset Prices, Journal of Finance 19 (1964).
    """
    if not deviation(benchmark) > 0:
        return NAN
    steps = benchmark - np.mean(benchmark)
    return float(np.sum((returns - np.mean(returns)) * steps) / np.sum(steps**2))


def alpha(returns: NDArray[np.float64], benchmark: NDArray[np.float64], risk_free: float = 0.0) -> float:
    """Jensen's alpha a year, arithmetic: 252 · (mean(r − rf) − beta · mean(b − rf)); rf per session.

    Source: Jensen, The Performance of Mutual Funds, Journal of Finance 23 (1968).
    """
    slope = beta(returns, benchmark)
    if math.isnan(slope):
        return NAN
    excess = float(np.mean(returns)) - risk_free - slope * (float(np.mean(benchmark)) - risk_free)
    return excess * SESSIONS_PER_YEAR


def tracking_error(returns: NDArray[np.float64], benchmark: NDArray[np.float64]) -> float:
    """deviation(r − b) · √252. Source: Grinold & Kahn, Active Portfolio Management (2000), active risk."""
    return deviation(returns - benchmark) * math.sqrt(SESSIONS_PER_YEAR)


def information_ratio(returns: NDArray[np.float64], benchmark: NDArray[np.float64]) -> float:
    """mean(r − b) / deviation(r − b) · √252. NaN when the two never differ. Source: Grinold & Kahn (2000)."""
    active = returns - benchmark
    spread = deviation(active)
    return float(np.mean(active)) / spread * math.sqrt(SESSIONS_PER_YEAR) if spread > 0 else NAN
