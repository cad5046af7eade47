"""Speed only: statistics of a sweep, those of a backtest that need no record, from the account's arrays alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from framework.report import metrics as m
from framework.types.annualisation import DAYS_PER_YEAR, returns_a_year
from framework.types.timeframe import DAY_NS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from framework.engines.summary import RunSummaries
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


IN_CACHE = 32_768
"""Values of a table that is worked on at a time: a quarter of a megabyte."""


class Figures:
    """Figures common to every set of a sweep: rows that close a session, number of years."""

    def __init__(self, panel: Panel, first_row: int, capital: float, risk_free: float) -> None:
        session = panel.session[first_row:]
        last = np.flatnonzero(np.append(np.diff(session) != 0, True))
        self.closes = (first_row + last[last > 0]).astype(np.int64)
        """Rows of the panel whose equity the statistics need."""
        days = panel.close_time[first_row:] / DAY_NS
        self.years = float(days[-1] - days[0]) / DAYS_PER_YEAR
        self.per_year = returns_a_year(session, panel.timeframe)
        """Returns a year: the same for every set."""
        self.capital, self.per_session = capital, m.per_session(risk_free, self.per_year)

    def of(self, tallies: RunSummaries) -> list[dict[str, float]]:
        """Statistics of each set by the keys of ``Result.stats``, with the same values."""
        ratios = self._ratios(tallies.equity_paise)
        depth = np.minimum(1 - tallies.depth, 1.0).tolist()
        series = ((tallies.final_paise / 100).tolist(), depth, ratios, _outcomes(tallies))
        return [self._of_one(*one) for one in zip(*series, strict=True)]

    def _ratios(self, equity_paise: NDArray[np.int64]) -> Iterator[tuple[float, float]]:
        """(Sharpe, Sortino) of each row: of so many rows at a time that their tables stay in the cache."""
        sets, closes = equity_paise.shape
        step = max(IN_CACHE // (closes + 1), 1)
        for begin in range(0, sets, step):
            paise = equity_paise[begin : begin + step]
            points = np.empty((paise.shape[0], closes + 1))
            points[:, 0] = self.capital
            np.divide(paise, 100, out=points[:, 1:])
            returns = m.rows.simple_returns(points)
            sharpe = m.rows.sharpe(returns, self.per_session, self.per_year)
            sortino = m.rows.sortino(returns, self.per_session, self.per_year)
            yield from zip(sharpe.tolist(), sortino.tolist(), strict=True)

    def _of_one(
        self, final: float, depth: float, ratios: tuple[float, float], outcomes: tuple[int, float, float]
    ) -> dict[str, float]:
        (sharpe, sortino), (closed, win_rate, profit_factor) = ratios, outcomes
        times = 0.0 if depth >= 1 else final / self.capital
        growth = m.compounded(times, self.years)
        return {
            "Final equity [₹]": final,
            "Total return [%]": 100 * (times - 1),
            "CAGR [%]": 100 * growth,
            "Sharpe": sharpe,
            "Sortino": sortino,
            "Calmar": m.calmar(growth, depth),
            "Max. drawdown [%]": 100 * depth,
            "Round trips": float(closed),
            "Win rate [%]": 100 * win_rate,
            "Profit factor": profit_factor,
        }


def _outcomes(tallies: RunSummaries) -> Iterator[tuple[int, float, float]]:
    """(closed round trips, ``win_rate``, ``profit_factor``) of each set."""
    profits, trips = tallies.profits_paise, tallies.trips
    ends = np.cumsum(trips)

    def of_each(values: NDArray[Any]) -> list[int]:
        """Sums of paise are exact, however they are made: each set's is a difference of two running ones."""
        running = np.concatenate(([0], np.cumsum(values)))
        sums: list[int] = (running[ends] - running[ends - trips]).tolist()
        return sums

    sums = (of_each(profits > 0), of_each(np.maximum(profits, 0)), of_each(np.minimum(profits, 0)))
    for closed, wins, gained, lost in zip(trips.tolist(), *sums, strict=True):
        yield closed, wins / closed if closed else m.NAN, m.ratio(float(gained), -float(lost))


def objective_of(name: str) -> str:
    """The statistic that a name means, with or without its unit."""
    from framework.errors import ConfigError

    plain = {key.partition(" [")[0].lower(): key for key in OBJECTIVES}
    wanted = name.partition(" [")[0].strip().lower()
    if wanted not in plain:
        msg = f"objective {name!r} is not one of {', '.join(key.partition(' [')[0] for key in OBJECTIVES)}"
        raise ConfigError(msg)
    return plain[wanted]
