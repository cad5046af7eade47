"""Performance measures as pure functions over float64 arrays: our own formulas, each with its source.

Fractions, not percent (0.05 is 5 %); a loss is negative, a drawdown positive. A question without an answer
(no rows, zero variance, ruin) is NaN, a quotient that grows without bound is inf; nothing here warns.
"""

from framework.report.metrics import rows
from framework.report.metrics.activity import invested_share, time_in_market, turnover
from framework.report.metrics.drawdown import (
    Descents,
    calmar,
    deepest,
    descents,
    drawdowns,
    longest_drawdown,
    max_drawdown,
)
from framework.report.metrics.growth import (
    NAN,
    cagr,
    compounded,
    mean,
    means_of,
    per_session,
    simple_returns,
    total_return,
)
from framework.report.metrics.outcomes import expectancy, kelly, profit_factor, sqn, win_rate
from framework.report.metrics.relative import alpha, beta, information_ratio, tracking_error
from framework.report.metrics.risk import (
    conditional_value_at_risk,
    excess_kurtosis,
    omega,
    ratio,
    sharpe,
    skewness,
    sortino,
    value_at_risk,
    volatility,
)
from framework.report.metrics.sample import ReturnSample
from framework.types.annualisation import SESSIONS_PER_YEAR

__all__ = [
    "NAN",
    "SESSIONS_PER_YEAR",
    "Descents",
    "ReturnSample",
    "alpha",
    "beta",
    "cagr",
    "calmar",
    "compounded",
    "conditional_value_at_risk",
    "deepest",
    "descents",
    "drawdowns",
    "excess_kurtosis",
    "expectancy",
    "information_ratio",
    "invested_share",
    "kelly",
    "longest_drawdown",
    "max_drawdown",
    "mean",
    "means_of",
    "omega",
    "per_session",
    "profit_factor",
    "ratio",
    "rows",
    "sharpe",
    "simple_returns",
    "skewness",
    "sortino",
    "sqn",
    "time_in_market",
    "total_return",
    "tracking_error",
    "turnover",
    "value_at_risk",
    "volatility",
    "win_rate",
]
