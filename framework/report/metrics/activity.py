"""Activity: share of time in the market, share of money at work, turnover."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from framework.report.metrics.growth import NAN, mean

if TYPE_CHECKING:
    from numpy.typing import NDArray


def time_in_market(exposure: NDArray[Any]) -> float:
    """Share of the bar closes at which anything was held, 0..1; exposure is Σ |value of positions| in any unit, [n]."""
    return float(np.count_nonzero(exposure > 0) / exposure.shape[0]) if exposure.shape[0] else NAN


def invested_share(exposure: NDArray[np.float64], equity: NDArray[np.float64]) -> float:
    """Mean of exposure / equity over the bar closes, ≥ 0; above 1 is leverage. NaN after ruin."""
    if exposure.shape[0] == 0 or not np.minimum.reduce(equity) > 0:
        return NAN
    return mean(exposure / equity)


def turnover(bought: float, sold: float, mean_equity: float, years: float) -> float:
    """One-sided turnover a year: (value bought + value sold) / 2 / mean equity / years.

    2.0 is: the whole account was exchanged twice a year. NaN when no time has passed or the mean equity is not above 0.
    Source: Grinold & Kahn (2000), with the mean of purchases and sales in place of their smaller one, which would
    call a run that only bought idle.
    """
    if not (mean_equity > 0 and years > 0):
        return NAN
    return (bought + sold) / 2 / mean_equity / years
