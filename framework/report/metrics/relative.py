"""Against a benchmark: both series are returns of the same sessions, float64[n]."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from framework.report.metrics.growth import NAN
from framework.report.metrics.risk import sharpe, volatility
from framework.report.metrics.sample import ReturnSample
from framework.types.annualisation import SESSIONS_PER_YEAR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from framework.report.metrics.risk import Values


def beta(returns: Values, benchmark: Values) -> float:
    """cov(r, b) / var(b). NaN when the benchmark never moved.

    Source: Sharpe, Capital Asset Prices, Journal of Finance 19 (1964).
    """
    ours, theirs = ReturnSample.of(returns), ReturnSample.of(benchmark)
    return float(np.add.reduce(ours.steps * theirs.steps)) / theirs.squares if theirs.deviation > 0 else NAN


def alpha(
    returns: Values,
    benchmark: Values,
    risk_free: float = 0.0,
    slope: float | None = None,
    per_year: float = SESSIONS_PER_YEAR,
) -> float:
    """Jensen's alpha a year, arithmetic: n · (mean(r − rf) − beta · mean(b − rf)), n returns a year; rf per session.

    ``slope`` is the beta, where it is known already.
    Source: Jensen, The Performance of Mutual Funds, Journal of Finance 23 (1968).
    """
    ours, theirs = ReturnSample.of(returns), ReturnSample.of(benchmark)
    steep = beta(ours, theirs) if slope is None else slope
    if math.isnan(steep):
        return NAN
    excess = ours.mean - risk_free - steep * (theirs.mean - risk_free)
    return excess * per_year


def tracking_error(
    returns: NDArray[np.float64], benchmark: NDArray[np.float64], per_year: float = SESSIONS_PER_YEAR
) -> float:
    """deviation(r − b) · √(returns a year). Source: Grinold & Kahn, Active Portfolio Management (2000), active risk."""
    return volatility(returns - benchmark, per_year)


def information_ratio(
    returns: NDArray[np.float64], benchmark: NDArray[np.float64], per_year: float = SESSIONS_PER_YEAR
) -> float:
    """mean(r − b) / deviation(r − b) · √(returns a year). NaN when the two never differ.

    Source: Grinold & Kahn (2000).
    """
    return sharpe(returns - benchmark, per_year=per_year)
