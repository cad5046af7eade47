"""The statistics of a sweep: those of a backtest that need no record, from the account's arrays alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from framework.report import metrics as m
from framework.report.observations import DAYS_PER_YEAR
from framework.types.timeframe import DAY_NS

if TYPE_CHECKING:
    from framework.engines.tally import Tally
    from framework.types import Panel

FALLING_IS_BETTER = frozenset({"Max. drawdown [%]"})
OBJECTIVES = (
    "Final equity [₹]",
    "Total return [%]",
    "CAGR [%]",
    "Sharpe",
    "Sortino",
    "Calmar",
    "Max. drawdown [%]",
    "Round trips",
    "Win rate [%]",
    "Profit factor",
)


class Figures:
    """What is the same for every set of a sweep: which rows close a session, how many years there are."""

    def __init__(self, panel: Panel, first_row: int, capital: float, risk_free: float) -> None:
        session = panel.session[first_row:]
        last = np.flatnonzero(np.append(np.diff(session) != 0, True))
        self.closes = (first_row + last[last > 0]).astype(np.int64)
        """Rows of the panel whose equity the statistics need."""
        days = panel.close_time[first_row:] / DAY_NS
        self.years = float(days[-1] - days[0]) / DAYS_PER_YEAR
        self.capital, self.per_session = capital, m.per_session(risk_free)

    def of(self, tally: Tally) -> dict[str, float]:
        """Statistics by the keys of ``Result.stats``, with the same values."""
        points = np.empty(tally.equity_paise.shape[0] + 1)
        points[0] = self.capital
        np.divide(tally.equity_paise, 100, out=points[1:])
        returns = m.simple_returns(points)
        profits = tally.profits_paise / 100
        final = tally.final_paise / 100
        ends = np.array([self.capital, final])
        growth, depth = m.cagr(ends, self.years), min(1 - tally.depth, 1.0)
        values = (
            final,
            100 * m.total_return(ends),
            100 * growth,
            m.sharpe(returns, self.per_session),
            m.sortino(returns, self.per_session),
            m.calmar(growth, depth),
            100 * depth,
            float(profits.shape[0]),
            100 * m.win_rate(profits),
            m.profit_factor(profits),
        )
        return dict(zip(OBJECTIVES, values, strict=True))


def objective_of(name: str) -> str:
    """The statistic that a name means, with or without its unit."""
    from framework.errors import ConfigError

    plain = {key.partition(" [")[0].lower(): key for key in OBJECTIVES}
    wanted = name.partition(" [")[0].strip().lower()
    if wanted not in plain:
        msg = f"objective {name!r} is not one of {', '.join(key.partition(' [')[0] for key in OBJECTIVES)}"
        raise ConfigError(msg)
    return plain[wanted]
