"""How uneven the returns were, and what was earned for it.

``returns`` are simple returns of sessions, float64[n]; a NaN among them (ruin) makes every answer NaN.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from framework.report.metrics.growth import NAN, SESSIONS_PER_YEAR, mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

Moments = tuple[float, float, float]
DUST = 1e-14
"""A deviation at or below this is rounding of 64-bit returns, not variance."""


def deviation(values: NDArray[np.float64]) -> float:
    """Sample standard deviation (n − 1); NaN below two values, exactly 0 where only rounding is left."""
    if values.shape[0] < 2:  # noqa: PLR2004 - ddof 1
        return NAN
    spread = standard_deviation(values)
    return 0.0 if spread <= DUST else spread


def standard_deviation(values: NDArray[np.float64]) -> float:
    """The same with its dust, of two values at least: ``np.std(values, ddof=1)`` to the bit."""
    steps = values - mean(values)
    np.multiply(steps, steps, out=steps)
    return math.sqrt(float(np.add.reduce(steps)) / (values.shape[0] - 1))


def ratio(gain: float, cost: float) -> float:
    """A gain over a cost ≥ 0: inf for a gain that cost nothing, NaN for nothing against nothing."""
    if cost > 0:
        return gain / cost
    return math.inf if cost == 0 and gain > 0 else NAN


def volatility(returns: NDArray[np.float64]) -> float:
    """Annualised standard deviation: deviation(r) · √252, with n − 1.

    Source: Bacon (2008), annualised variability.
    """
    return deviation(returns) * math.sqrt(SESSIONS_PER_YEAR)


def sharpe(returns: NDArray[np.float64], risk_free: float = 0.0) -> float:
    """mean(r − rf) / deviation(r − rf) · √252; rf per session. NaN at zero variance.

    Source: Sharpe, The Sharpe Ratio, Journal of Portfolio Management 21 (1994), the ex-post ratio.
    """
    excess = returns - risk_free
    spread = deviation(excess)
    return mean(excess) / spread * math.sqrt(SESSIONS_PER_YEAR) if spread > 0 else NAN


def sortino(returns: NDArray[np.float64], target: float = 0.0) -> float:
    """mean(r − target) / √mean(min(r − target, 0)²) · √252; the downside is a mean over *all* n sessions.

    inf without a session below the target but a gain.
    Source: Sortino & Price, Performance Measurement in a Downside Risk Framework, Journal of Investing 3 (1994).
    """
    if returns.shape[0] == 0:
        return NAN
    excess = returns - target
    downside = math.sqrt(mean(np.minimum(excess, 0.0) ** 2))
    return ratio(mean(excess), 0.0 if downside <= DUST else downside) * math.sqrt(SESSIONS_PER_YEAR)


def omega(returns: NDArray[np.float64], threshold: float = 0.0) -> float:
    """Σ max(r − threshold, 0) / Σ max(threshold − r, 0). inf without a loss but a gain.

    Source: Keating & Shadwick, A Universal Performance Measure (2002).
    """
    if returns.shape[0] == 0:
        return NAN
    excess = returns - threshold
    gains, losses = np.add.reduce(np.maximum(excess, 0.0)), np.add.reduce(np.maximum(-excess, 0.0))
    return ratio(float(gains), float(losses))


def value_at_risk(returns: NDArray[np.float64], tail: float = 0.05) -> float:
    """The return that ``tail`` of the sessions fell below: historical quantile, interpolated linearly; a loss is < 0.

    Source: Hyndman & Fan, Sample Quantiles (1996), type 7; historical simulation as in Jorion, Value at Risk (2006).
    """
    last = int(returns.shape[0]) - 1
    if last < 0:
        return NAN
    rank = last * tail
    below = math.floor(rank)
    above = min(below + 1, last)
    ranked = np.partition(returns, [below, above, last])
    if math.isnan(ranked[last]):  # a NaN comes last
        return NAN
    low, high, weight = float(ranked[below]), float(ranked[above]), rank - below
    step = high - low  # from the nearer end, as np.quantile does, so that rounding never leaves the two
    return low + step * weight if weight < 0.5 else high - step * (1 - weight)  # noqa: PLR2004 - the middle


def conditional_value_at_risk(returns: NDArray[np.float64], tail: float = 0.05, bound: float | None = None) -> float:
    """Mean of the returns at or below the value at risk (``bound``, where it is known already); a loss is < 0.

    Source: Rockafellar & Uryasev, Optimization of Conditional Value-at-Risk (2000), of the historical distribution.
    """
    worst_bound = value_at_risk(returns, tail) if bound is None else bound
    worst = returns[returns <= worst_bound]
    return min(mean(worst), worst_bound) if worst.shape[0] else NAN


def skewness(returns: NDArray[np.float64], moments: Moments | None = None) -> float:
    """Adjusted Fisher–Pearson skewness G1 = √(n(n−1)) / (n−2) · m3 / m2^1.5. NaN below three values.

    ``moments`` are the ``central_moments``, where they are known already.
    Source: Joanes & Gill, Comparing Measures of Sample Skewness and Kurtosis (1998).
    """
    n, known = int(returns.shape[0]), moments or central_moments(returns)
    if n < 3 or known is None:  # noqa: PLR2004 - n − 2 divides
        return NAN
    m2, m3, _ = known
    return math.sqrt(n * (n - 1)) / (n - 2) * m3 / math.pow(m2, 1.5)


def excess_kurtosis(returns: NDArray[np.float64], moments: Moments | None = None) -> float:
    """Excess kurtosis G2 = (n−1) / ((n−2)(n−3)) · ((n+1)(m4 / m2² − 3) + 6); 0 is normal. NaN below four values.

    Source: Joanes & Gill (1998), the unbiased estimator that pandas' ``kurt`` has too.
    """
    n, known = int(returns.shape[0]), moments or central_moments(returns)
    if n < 4 or known is None:  # noqa: PLR2004 - n − 3 divides
        return NAN
    m2, _, m4 = known
    return (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * (m4 / m2**2 - 3) + 6)


def central_moments(returns: NDArray[np.float64]) -> Moments | None:
    """Means of the second, third and fourth power of the steps from the mean; None where these are only rounding.

    In units of the greatest step, for skewness and kurtosis have no scale and powers of tiny returns would underflow.
    The powers are products, which are the same on every machine; ``**3`` is not.
    """
    if not deviation(returns) > 0:
        return None
    steps = returns - mean(returns)
    steps /= float(np.maximum.reduce(np.abs(steps)))
    square = steps * steps
    return mean(square), mean(square * steps), mean(square * square)
