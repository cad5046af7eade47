"""Risk of the returns: volatility, tails, and the reward per unit of risk (Sharpe, Sortino, …).

``returns`` are simple returns of sessions, float64[n]; a NaN among them (ruin) makes every answer NaN. ``per_year`` is
how many of them a year has (``types.annualisation``).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from framework.report.metrics.growth import NAN, mean
from framework.report.metrics.sample import DUST, ReturnSample
from framework.types.annualisation import SESSIONS_PER_YEAR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = NDArray[np.float64] | ReturnSample


def deviation(values: Values) -> float:
    """Sample standard deviation (n − 1); NaN below two values, exactly 0 where only rounding is left."""
    return ReturnSample.of(values).deviation


def ratio(gain: float, cost: float) -> float:
    """A gain over a cost ≥ 0: inf for a gain that cost nothing, NaN for nothing against nothing."""
    if cost > 0:
        return gain / cost
    return math.inf if cost == 0 and gain > 0 else NAN


def volatility(returns: Values, per_year: float = SESSIONS_PER_YEAR) -> float:
    """Annualised standard deviation: deviation(r) · √(returns a year), with n − 1.

    Source: Bacon (2008), annualised variability.
    """
    return deviation(returns) * math.sqrt(per_year)


def sharpe(returns: Values, risk_free: float = 0.0, per_year: float = SESSIONS_PER_YEAR) -> float:
    """mean(r − rf) / deviation(r − rf) · √(returns a year); rf per session. NaN at zero variance.

    Source: Sharpe, The Sharpe Ratio, Journal of Portfolio Management 21 (1994), the ex-post ratio.
    """
    excess = ReturnSample.of(returns).less(risk_free)
    return excess.mean / excess.deviation * math.sqrt(per_year) if excess.deviation > 0 else NAN


def sortino(returns: NDArray[np.float64], target: float = 0.0, per_year: float = SESSIONS_PER_YEAR) -> float:
    """mean(r − target) / √mean(min(r − target, 0)²) · √(returns a year); the downside is a mean over *all* n sessions.

    inf without a session below the target but a gain.
    Source: Sortino & Price, Performance Measurement in a Downside Risk Framework, Journal of Investing 3 (1994).
    """
    if returns.shape[0] == 0:
        return NAN
    excess = returns - target if target else returns
    downside = math.sqrt(mean(np.minimum(excess, 0.0) ** 2))
    return ratio(mean(excess), 0.0 if downside <= DUST else downside) * math.sqrt(per_year)


def omega(returns: NDArray[np.float64], threshold: float = 0.0) -> float:
    """Σ max(r − threshold, 0) / Σ max(threshold − r, 0). inf without a loss but a gain.

    Source: Keating & Shadwick, A Universal Performance Measure (2002).
    """
    if returns.shape[0] == 0:
        return NAN
    excess = returns - threshold if threshold else returns
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


def skewness(returns: Values) -> float:
    """Adjusted Fisher–Pearson skewness G1 = √(n(n−1)) / (n−2) · m3 / m2^1.5. NaN below three values.

    Source: Joanes & Gill, Comparing Measures of Sample Skewness and Kurtosis (1998).
    """
    sample = ReturnSample.of(returns)
    n = sample.size
    if n < 3 or not sample.deviation > 0:  # noqa: PLR2004 - n − 2 divides
        return NAN
    m2, m3, _ = sample.moments
    return math.sqrt(n * (n - 1)) / (n - 2) * m3 / math.pow(m2, 1.5)


def excess_kurtosis(returns: Values) -> float:
    """Excess kurtosis G2 = (n−1) / ((n−2)(n−3)) · ((n+1)(m4 / m2² − 3) + 6); 0 is normal. NaN below four values.

    Source: Joanes & Gill (1998), the unbiased estimator that pandas' ``kurt`` has too.
    """
    sample = ReturnSample.of(returns)
    n = sample.size
    if n < 4 or not sample.deviation > 0:  # noqa: PLR2004 - n − 3 divides
        return NAN
    m2, _, m4 = sample.moments
    return (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * (m4 / m2**2 - 3) + 6)
