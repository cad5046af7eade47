"""What tests of strategies run on: random walks, the same for the same seed, bars of plain closes, strategies."""

import numpy as np

from framework import Bars, Strategy

DAY_NS = 86_400 * 10**9
STEPS = {"1d": DAY_NS, "1m": 60 * 10**9, "5m": 300 * 10**9}


def random_walk(rows: int = 500, seed: int = 1, symbol: str = "WALK", timeframe: str = "1d") -> Bars:
    noise = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(noise.normal(0, 0.012, rows)))
    open_ = close * np.exp(noise.normal(0, 0.004, rows))
    high, low = np.maximum(open_, close) * 1.003, np.minimum(open_, close) * 0.997
    time = (np.arange(rows) + 12_000) * STEPS[timeframe]
    return Bars.from_arrays(symbol, timeframe, time, open_, high, low, close, noise.integers(1, 10_000, rows))


def bars_of_closes(closes, symbol: str = "TEST", days=None) -> Bars:
    """Daily bars whose four prices are the close; ``days`` are days since 1970-01-01."""
    close = np.asarray(closes, dtype=float)
    numbers = np.arange(close.shape[0]) + 12_000 if days is None else np.asarray(days)
    return Bars.from_arrays(symbol, "1d", numbers * DAY_NS, close, close, close, close)


def strategy_of(signals) -> Strategy:
    """A strategy around a function of bars."""
    return type("Planted", (Strategy,), {"signals": lambda self, bars: signals(bars), "__module__": __name__})()
