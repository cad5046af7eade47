"""The plain answers by a few lines of Python that know no engine: every row of the tables is compared with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.workloads import OVERBOUGHT, OVERSOLD, UNITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bench.workloads import Arrays, ParameterSet

SESSIONS_PER_YEAR = 252


def flips(rsi: NDArray[np.float64], low: float, high: float) -> list[int]:
    """Rows whose close decides, entry and exit in turn."""
    below, above = np.flatnonzero(rsi < low), np.flatnonzero(rsi > high)
    found: list[int] = []
    row, wanted, other = -1, below, above
    while True:
        at = int(np.searchsorted(wanted, row, side="right"))
        if at == wanted.shape[0]:
            return found
        row = int(wanted[at])
        found.append(row)
        wanted, other = other, wanted


def one_instrument(
    prices: Arrays, rsi: NDArray[np.float64], low: float, high: float, capital: float
) -> dict[str, float]:
    """Closed round trips, fills and final equity in rupees of one instrument."""
    open_, close = prices["open"], prices["close"]
    filled = [row + 1 for row in flips(rsi, low, high) if row + 1 < open_.shape[0]]
    bought, sold = open_[filled[::2]], open_[filled[1::2]]
    held = UNITS if len(filled) % 2 else 0
    equity = capital - UNITS * bought.sum() + UNITS * sold.sum() + held * close[-1]
    return {"round trips": len(filled) // 2, "fills": len(filled), "final equity": float(equity)}


def answer(prices: Arrays, capital: float) -> dict[str, float]:
    """The plain answer of workload A, B or C."""
    if prices["close"].ndim == 1:
        return one_instrument(prices, prices["rsi"], OVERSOLD, OVERBOUGHT, capital)
    total = {"round trips": 0.0, "fills": 0.0, "final equity": capital}
    for column in range(prices["close"].shape[1]):
        one = {name: array[:, column] for name, array in prices.items() if array.ndim == 2}
        found = one_instrument(one, one["rsi"], OVERSOLD, OVERBOUGHT, 0.0)
        total = {name: value + found[name] for name, value in total.items()}
    return total


def sweep_answer(
    prices: Arrays, sets: Sequence[ParameterSet], periods: Sequence[int], capital: float
) -> dict[str, float]:
    """Workload D: sums over the sets of round trips, final equity, win rate, drawdown and daily Sharpe."""
    open_, close, days = prices["open"], prices["close"], prices["time"] // 86_400_000_000_000
    ends = np.flatnonzero(np.append(np.diff(days) != 0, True))
    total = dict.fromkeys(("round trips", "final equity", "win rate", "drawdown", "sharpe"), 0.0)
    for one in sets:
        rsi = prices["rsi"][:, periods.index(one.period)]
        filled = [row + 1 for row in flips(rsi, one.low, one.high) if row + 1 < open_.shape[0]]
        position, flow = np.zeros(open_.shape[0]), np.zeros(open_.shape[0])
        signs = np.where(np.arange(len(filled)) % 2 == 0, UNITS, -UNITS)
        position[filled] = signs
        flow[filled] = -signs * open_[filled]
        equity = capital + np.cumsum(flow) + np.cumsum(position) * close
        peaks = np.maximum.accumulate(np.append(capital, equity))
        values = np.append(capital, equity[ends])
        returns = values[1:] / values[:-1] - 1
        trips = len(filled) // 2
        wins = int((open_[filled[1::2]] > open_[filled[: 2 * trips : 2]]).sum())
        deviation = returns.std(ddof=1)
        total["round trips"] += trips
        total["final equity"] += float(equity[-1])
        total["win rate"] += wins / trips if trips else 0.0
        total["drawdown"] += float((1 - np.append(capital, equity) / peaks).max())
        total["sharpe"] += float(returns.mean() / deviation * np.sqrt(SESSIONS_PER_YEAR)) if deviation else 0.0
    return total
