"""The statistics of a sweep: those of a backtest that need no record, from the account's arrays alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from framework.errors import InvariantError
from framework.report import metrics as m
from framework.report.observations import DAYS_PER_YEAR
from framework.types.timeframe import DAY_NS

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
        self.points = np.concatenate([[0], last[last > 0]]).astype(np.int64)
        days = panel.close_time[first_row:] / DAY_NS
        self.years = float(days[-1] - days[0]) / DAYS_PER_YEAR
        self.capital, self.per_session = capital, m.per_session(risk_free)

    def of(self, tally: Tally) -> dict[str, float]:
        """Statistics by the keys of ``Result.stats``, with the same values."""
        equity = np.empty(tally.equity_paise.shape[0] + 1)
        equity[0] = self.capital
        np.divide(tally.equity_paise, 100, out=equity[1:])
        points = equity[1:][self.points]
        points[0] = self.capital
        returns = m.simple_returns(points)
        profits = closed_profits_paise(tally.settlements) / 100
        ends = equity[[0, -1]]
        growth, depth = m.cagr(ends, self.years), _max_drawdown(equity)
        values = (
            float(equity[-1]),
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


def _max_drawdown(equity: NDArray[np.float64]) -> float:
    """``metrics.max_drawdown`` in half the passes: 1 − x falls as x rises, so the greatest is 1 − the smallest."""
    peaks = np.maximum.accumulate(equity)  # > 0, for the deposit is
    np.divide(equity, peaks, out=peaks)
    return min(1 - float(peaks.min()), 1.0)


def closed_profits_paise(settlements: NDArray[np.void]) -> NDArray[np.int64]:
    """Net profit of every closed round trip, int64[n] paise, in the order of their exits; + is a profit."""
    order = np.argsort(settlements["instrument"], kind="stable")
    instrument, position = settlements["instrument"][order], settlements["position"][order]
    before = np.concatenate([[0], position[:-1]])
    begins = np.concatenate([[True], instrument[1:] != instrument[:-1]])[: instrument.shape[0]]
    held = np.where(begins, 0, before[: position.shape[0]])
    if np.any(np.sign(held) * np.sign(position) < 0):
        msg = "a fill went through zero, which targets never do; please report the strategy that did it"
        raise InvariantError(msg)
    net = settlements["gross_paise"][order] - settlements["charges_paise"][order]
    starts, ends = np.flatnonzero(held == 0), np.flatnonzero(position == 0)
    if not ends.shape[0]:
        return np.empty(0, dtype=np.int64)
    totals = np.concatenate([[0], np.cumsum(net)])
    entries = starts[np.searchsorted(starts, ends, side="right") - 1]
    profits: NDArray[np.int64] = (totals[ends + 1] - totals[entries])[np.argsort(order[ends], kind="stable")]
    return profits


def objective_of(name: str) -> str:
    """The statistic that a name means, with or without its unit."""
    from framework.errors import ConfigError

    plain = {key.partition(" [")[0].lower(): key for key in OBJECTIVES}
    wanted = name.partition(" [")[0].strip().lower()
    if wanted not in plain:
        msg = f"objective {name!r} is not one of {', '.join(key.partition(' [')[0] for key in OBJECTIVES)}"
        raise ConfigError(msg)
    return plain[wanted]
