"""vectorbt: ``Portfolio.from_signals``, its equity curve and the counts of its trades.

Signals are shifted by a bar, so that they fill at the next open. ``variant`` is the engine, numba or rust, or
``stats``: numba, and what ``Portfolio.stats()`` says.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import vectorbt as vbt

from bench.peers.measuring import Answer, Job, Work, measure
from bench.workloads import OVERBOUGHT, OVERSOLD, PERIODS, SETS, UNITS, ParameterSet

if TYPE_CHECKING:
    from collections.abc import Sequence

CHUNK = 20
"""Parameter sets at once: all of them at once take several times the memory and longer."""


def shifted(signals: np.ndarray) -> np.ndarray:
    """A bar later."""
    later = np.empty_like(signals)
    later[0] = False
    later[1:] = signals[:-1]
    return later


def prepare(job: Job) -> Work:
    """The work of a job."""
    if job.variant in {"numba", "rust"}:
        vbt.settings["engine"] = job.variant
    index = pd.to_datetime(job.array("time"))  # naive: with a time zone it takes ten times as long
    open_, close, rsi = job.array("open"), job.array("close"), job.array("rsi")
    if job.workload == "d":
        sets = [SETS[at] for at in job.sets] or list(SETS)
        return lambda: sweep(pd.Series(open_, index), pd.Series(close, index), rsi, sets, job.capital)
    boxed = pd.Series if close.ndim == 1 else pd.DataFrame
    opens, closes = boxed(open_, index), boxed(close, index)
    shared = {} if close.ndim == 1 else {"cash_sharing": True, "group_by": True}

    def work() -> Answer:
        portfolio = vbt.Portfolio.from_signals(
            closes,
            entries=shifted(rsi < OVERSOLD),
            exits=shifted(rsi > OVERBOUGHT),
            price=opens,
            size=UNITS,
            init_cash=job.capital,
            freq="1D" if job.workload in {"a", "c"} else "1min",
            **shared,
        )
        if job.variant == "stats":
            portfolio.stats(silence_warnings=True)
        sides = portfolio.order_records["side"]
        return {
            "round trips": int(np.count_nonzero(sides)),  # 1 is a sale, and every sale is an exit
            "fills": sides.shape[0],
            "final equity": float(portfolio.value().iloc[-1]),
        }

    return work


def sweep(opens: pd.Series, closes: pd.Series, rsi: np.ndarray, sets: Sequence[ParameterSet], capital: float) -> Answer:
    """Every set in chunks: return, drawdown, daily Sharpe, win rate and round trips of each."""
    days = pd.DatetimeIndex(closes.index).normalize()
    ends = np.flatnonzero(np.append(days[1:] != days[:-1], True))
    total = dict.fromkeys(("round trips", "final equity", "win rate", "drawdown", "sharpe"), 0.0)
    for begin in range(0, len(sets), CHUNK):
        chunk = sets[begin : begin + CHUNK]
        values = rsi[:, [PERIODS.index(one.period) for one in chunk]]
        portfolio = vbt.Portfolio.from_signals(
            closes,
            entries=shifted(values < np.array([one.low for one in chunk])),
            exits=shifted(values > np.array([one.high for one in chunk])),
            price=opens,
            size=UNITS,
            init_cash=capital,
            freq="1min",
        )
        value = portfolio.value()
        daily = pd.concat([pd.DataFrame(capital, closes.index[:1], value.columns), value.iloc[ends]])
        returns = daily.pct_change().iloc[1:]
        trades = portfolio.trades.closed
        total["round trips"] += float(np.sum(trades.count()))
        total["final equity"] += float(np.sum(value.iloc[-1]))
        total["win rate"] += float(np.nansum(trades.win_rate()))
        total["drawdown"] -= float(np.nansum(portfolio.max_drawdown()))
        sharpe = np.asarray(returns.vbt.returns(freq="1D", year_freq="252D").sharpe_ratio())
        total["sharpe"] += float(sharpe[np.isfinite(sharpe)].sum())  # infinite where nothing was ever bought
        del portfolio, value, trades
        gc.collect()  # its cached properties refer to each other: 8 GB pile up otherwise
    return total


if __name__ == "__main__":
    measure(prepare, vbt.__version__)
