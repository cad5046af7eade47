"""Every statistic in one place: its name with the unit, its formula in words, its source, and what computes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from framework.report import metrics as m
from framework.report.observations import Observations
from framework.types.timeframe import DAY_NS

Compute = Callable[[Observations], float]


class Stat(NamedTuple):
    """One number of a result. ``key`` is the name under which it stands in ``Result.stats``."""

    name: str
    unit: str
    """``%``, ``₹``, ``days`` … or empty for a plain ratio."""
    group: str
    formula: str
    source: str
    compute: Compute

    @property
    def key(self) -> str:
        """Name and unit, such as ``CAGR [%]``."""
        return f"{self.name} [{self.unit}]" if self.unit else self.name


def _longest_drawdown(o: Observations) -> float:
    """``metrics.longest_drawdown`` of the account; the deposit stands at the first close."""
    closes = o.record.panel.close_time[o.record.first_row :]
    if not closes.shape[0]:
        return float("nan")
    begins, ends = (closes[np.maximum(rows, 0)] / DAY_NS for rows in o.descents[:2])
    return float(np.maximum.reduce(ends - begins, initial=0.0))


def _extreme(by: np.ufunc, values: np.ndarray) -> float:
    return float(by.reduce(values)) if values.shape[0] else float("nan")


BACON = "Bacon 2008"
STATS: tuple[Stat, ...] = (
    Stat(
        "Final equity", "₹", "growth", "cash + positions marked at the last close", "ledger", lambda o: float(o.ends[1])
    ),
    Stat(
        "Net profit",
        "₹",
        "growth",
        "final equity − capital",
        "ledger",
        lambda o: round(float(o.ends[1]) - o.capital, 2),
    ),
    Stat(
        "Total return",
        "%",
        "growth",
        "final equity / capital − 1; −100 after ruin",
        BACON,
        lambda o: 100 * m.total_return(o.grown),
    ),
    Stat(
        "CAGR",
        "%",
        "growth",
        "(final equity / capital) ^ (1 / years) − 1, years of 365.25 calendar days from the first to the last close; "
        "−100 after ruin",
        BACON,
        lambda o: 100 * o.cagr,
    ),
    Stat(
        "Returns per year",
        "",
        "risk",
        "n: sessions of the run after its first / calendar time between them; 252, 365, 52 or 12 by convention where "
        "the number of returns lies within 4 % and 8 returns of it",
        "own",
        lambda o: o.per_year,
    ),
    Stat(
        "Volatility",
        "% p.a.",
        "risk",
        "deviation(r) · √n, with n − 1",
        BACON,
        lambda o: 100 * m.volatility(o.sample, o.per_year),
    ),
    Stat(
        "Sharpe",
        "",
        "risk",
        "mean(r − rf) / deviation(r − rf) · √n",
        "Sharpe 1994",
        lambda o: m.sharpe(o.sample, o.risk_free_rate, o.per_year),
    ),
    Stat(
        "Sortino",
        "",
        "risk",
        "mean(r − rf) / √mean(min(r − rf, 0)²) · √n, the mean over all sessions",
        "Sortino & Price 1994",
        lambda o: m.sortino(o.returns, o.risk_free_rate, o.per_year),
    ),
    Stat(
        "Calmar",
        "",
        "risk",
        "CAGR / max. drawdown, whole run",
        "Young 1991",
        lambda o: m.calmar(o.cagr, o.max_drawdown),
    ),
    Stat("Omega", "", "risk", "Σ max(r, 0) / Σ max(−r, 0)", "Keating & Shadwick 2002", lambda o: m.omega(o.returns)),
    Stat(
        "Max. drawdown",
        "%",
        "risk",
        "greatest 1 − equity / highest equity so far, at every bar's close; 0..100",
        "Magdon-Ismail & Atiya 2004",
        lambda o: 100 * o.max_drawdown,
    ),
    Stat(
        "Max. drawdown duration",
        "days",
        "risk",
        "longest time from a peak until it is reached again (or the end), calendar days",
        "Magdon-Ismail & Atiya 2004",
        _longest_drawdown,
    ),
    Stat(
        "VaR 95 %",
        "% per session",
        "risk",
        "5 % quantile of r, linear between ranks; a loss is negative",
        "Jorion 2006",
        lambda o: 100 * o.value_at_risk,
    ),
    Stat(
        "CVaR 95 %",
        "% per session",
        "risk",
        "mean of the r at or below VaR",
        "Rockafellar & Uryasev 2000",
        lambda o: 100 * m.conditional_value_at_risk(o.returns, bound=o.value_at_risk),
    ),
    Stat("Best session", "%", "risk", "max(r)", BACON, lambda o: 100 * _extreme(np.maximum, o.returns)),
    Stat("Worst session", "%", "risk", "min(r)", BACON, lambda o: 100 * _extreme(np.minimum, o.returns)),
    Stat(
        "Skew",
        "",
        "risk",
        "adjusted Fisher–Pearson G1 of r; below 0: the long tail is of losses",
        "Joanes & Gill 1998",
        lambda o: m.skewness(o.sample),
    ),
    Stat(
        "Excess kurtosis",
        "",
        "risk",
        "unbiased G2 of r; 0 is normal",
        "Joanes & Gill 1998",
        lambda o: m.excess_kurtosis(o.sample),
    ),
    Stat(
        "Time in market",
        "%",
        "activity",
        "share of bar closes at which anything is held",
        "own",
        lambda o: 100 * m.time_in_market(o.record.exposure_paise),
    ),
    Stat(
        "Exposure",
        "% of equity",
        "activity",
        "mean of Σ |position value| / equity over bar closes",
        "own",
        lambda o: 100 * o.means[1],
    ),
    Stat(
        "Turnover",
        "× per year",
        "activity",
        "(value bought + value sold) / 2 / mean equity / years",
        "Grinold & Kahn 2000",
        lambda o: m.turnover(o.bought, o.sold, o.means[0], o.years),
    ),
    Stat("Charges", "₹", "activity", "Σ charges of all fills", "ledger", lambda o: o.charges),
    Stat(
        "Slippage",
        "₹",
        "activity",
        "Σ (fill price − the bar's price) · signed quantity; + is a cost",
        "own",
        lambda o: round(o.slippage, 2),
    ),
    Stat(
        "Round trips",
        "",
        "round trips",
        "closed ones: flat to flat in one instrument",
        "own",
        lambda o: float(o.spans.closed),
    ),
    Stat(
        "Open round trips",
        "",
        "round trips",
        "still held at the end; not in the numbers below",
        "own",
        lambda o: float(len(o.spans) - o.spans.closed),
    ),
    Stat(
        "Win rate",
        "%",
        "round trips",
        "round trips with net profit > 0 / all",
        "own",
        lambda o: 100 * m.win_rate(o.profits),
    ),
    Stat(
        "Profit factor",
        "",
        "round trips",
        "Σ net profits / Σ net losses",
        "Schwager 1996",
        lambda o: m.profit_factor(o.spans.nets_paise),
    ),
    Stat("Expectancy", "₹", "round trips", "mean net profit", "Tharp 2007", lambda o: m.expectancy(o.profits)),
    Stat(
        "Average round trip",
        "%",
        "round trips",
        "mean of net profit / entry value",
        "Tharp 2007",
        lambda o: 100 * m.expectancy(o.profit_returns),
    ),
    Stat(
        "Best round trip",
        "%",
        "round trips",
        "max of the same",
        "own",
        lambda o: 100 * _extreme(np.maximum, o.profit_returns),
    ),
    Stat(
        "Worst round trip",
        "%",
        "round trips",
        "min of the same",
        "own",
        lambda o: 100 * _extreme(np.minimum, o.profit_returns),
    ),
    Stat(
        "Average holding",
        "days",
        "round trips",
        "mean time from the entry's to the exit's bar, calendar days",
        "own",
        lambda o: m.mean(o.spans.days),
    ),
    Stat(
        "SQN",
        "",
        "round trips",
        "√n · mean / deviation of net profits, n − 1, n not capped",
        "Tharp 2008",
        lambda o: m.sqn(o.profits),
    ),
    Stat(
        "Kelly",
        "%",
        "round trips",
        "W − (1 − W) / (mean win / mean loss) of round-trip returns",
        "Kelly 1956, Thorp",
        lambda o: 100 * m.kelly(o.profit_returns),
    ),
    Stat(
        "Benchmark return",
        "%",
        "benchmark",
        "equal parts of all instruments, bought at the first open, held, no costs",
        "own",
        lambda o: 100 * m.total_return(o.benchmark_ends),
    ),
    Stat("Benchmark CAGR", "%", "benchmark", "as CAGR", BACON, lambda o: 100 * m.cagr(o.benchmark_ends, o.years)),
    Stat("Beta", "", "benchmark", "cov(r, b) / var(b)", "Sharpe 1964", lambda o: o.beta),
    Stat(
        "Alpha",
        "% p.a.",
        "benchmark",
        "n · (mean(r − rf) − beta · mean(b − rf)), arithmetic",
        "Jensen 1968",
        lambda o: 100 * m.alpha(o.sample, o.benchmark_sample, o.risk_free_rate, o.beta, o.per_year),
    ),
    Stat(
        "Information ratio",
        "",
        "benchmark",
        "mean(r − b) / deviation(r − b) · √n",
        "Grinold & Kahn 2000",
        lambda o: m.sharpe(o.active, per_year=o.per_year),
    ),
    Stat(
        "Tracking error",
        "% p.a.",
        "benchmark",
        "deviation(r − b) · √n",
        "Grinold & Kahn 2000",
        lambda o: 100 * m.volatility(o.active, o.per_year),
    ),
)


COMPUTED = tuple((stat.key, stat.compute) for stat in STATS)


def statistics(o: Observations) -> dict[str, float]:
    """Every statistic by its key, in the registry's order; NaN where there is no answer."""
    return {key: float(compute(o)) for key, compute in COMPUTED}


def markdown() -> str:
    """The registry as the table of ``docs/metrics.md``; a test keeps the two equal."""
    lines = ["| statistic | formula | source |", "|---|---|---|"]
    lines += [f"| `{stat.key}` | {stat.formula.replace('|', chr(92) + '|')} | {stat.source} |" for stat in STATS]
    return "\n".join(lines)
