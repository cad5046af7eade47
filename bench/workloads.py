"""Workloads A to E: prices, signals and settings, the same for every peer.

Prices are random walks from a fixed seed that return to their level, on a grid of one paisa. Times begin in 2015 (not
at 0: nautilus ends in a double free there). The RSI is TA-Lib's, computed once; a peer that computes none is handed it.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

Arrays: TypeAlias = "dict[str, NDArray[Any]]"

SEED = 20_260_101
PERIOD, OVERSOLD, OVERBOUGHT = 14, 30.0, 70.0
UNITS = 10
"""Bought at the open after a close with RSI < 30 when flat, sold at the open after one with RSI > 70."""
MINUTES_PER_DAY = 375
FIRST_OPEN = np.datetime64("2015-01-01T03:45", "ns")
"""09:15 in Kolkata."""
DAY_NS = 86_400_000_000_000
MORNING_NS = 13_500_000_000_000
"""From midnight UTC to the first open."""
ROWS = {"a": 2_500, "b": 1_000_000, "c": 2_500, "d": 100_000, "e": 1_000_000}
INSTRUMENTS = 500
PERIODS = tuple(range(5, 51, 5))
LOWS = tuple(float(low) for low in range(16, 35, 2))
HIGHS = tuple(float(high) for high in range(66, 85, 2))


class ParameterSet(NamedTuple):
    """One of the thousand sets of workload D."""

    period: int
    low: float
    high: float


SETS = tuple(ParameterSet(*values) for values in product(PERIODS, LOWS, HIGHS))
FEW = (0, 555, 999)
"""Sets of D that the slow peers try; their time is scaled to all of them."""


class Rules(NamedTuple):
    """Settings as numbers, for the C limit; ``choices`` are the same for ``Settings.of``. 0 = none."""

    capital: int = 1_000_000
    """Rupees; so are the two limits."""
    charges_percent: float = 0
    slippage_bps: float = 0
    stop_percent: float = 0
    target_percent: float = 0
    daily_loss_percent: float = 0
    max_order_value: float = 0
    max_position_value: float = 0

    def choices(self) -> dict[str, Any]:
        """Keywords of ``backtest`` and ``sweep``."""
        texts = {
            "charges": ("percent:{:g}", self.charges_percent),
            "slippage": ("bps:{:g}", self.slippage_bps),
            "stop_loss": ("{:g}%", self.stop_percent),
            "take_profit": ("{:g}%", self.target_percent),
            "max_daily_loss": ("{:g}%", self.daily_loss_percent),
        }
        chosen: dict[str, Any] = {"capital": self.capital, "sizing": f"fixed:{UNITS}"}
        chosen |= {name: text.format(value) for name, (text, value) in texts.items() if value}
        limits = {"max_order_value": self.max_order_value, "max_position_value": self.max_position_value}
        return chosen | {name: value for name, value in limits.items() if value}


RULES = {
    ("a", "plain"): Rules(),
    ("a", "rulebook"): Rules(
        charges_percent=0.1,
        slippage_bps=5,
        stop_percent=5,
        target_percent=8,
        daily_loss_percent=0.04,
        max_order_value=9_500,
    ),
    ("b", "plain"): Rules(),
    ("b", "rulebook"): Rules(
        charges_percent=0.03,
        slippage_bps=1,
        stop_percent=0.5,
        target_percent=1,
        daily_loss_percent=0.02,
        max_order_value=10_000,
    ),
    ("c", "plain"): Rules(capital=100_000_000),
    ("c", "guards"): Rules(capital=500_000, charges_percent=0.1, slippage_bps=2, max_position_value=12_000),
    ("d", "plain"): Rules(),
    ("d", "stops"): Rules(stop_percent=0.5),
}


def arrays_of(workload: str, rows: int | None = None, instruments: int = INSTRUMENTS) -> Arrays:
    """Named arrays of a workload: time, open, high, low, close, volume, and rsi.

    float64[rows], in C float64[rows, instruments]; in D rsi is float64[rows, periods].
    """
    import talib

    count = rows or ROWS[workload]
    daily = workload in {"a", "c"}
    columns = instruments if workload == "c" else 1
    made = walk(count, columns, deviation=0.015 if daily else 0.0006)
    made["time"] = days(count) if daily else minutes(count)
    if workload == "d":
        close = np.ascontiguousarray(made["close"][:, 0])
        made["rsi"] = np.column_stack([talib.RSI(close, period) for period in PERIODS])
    else:
        made["rsi"] = np.column_stack([talib.RSI(np.ascontiguousarray(close), PERIOD) for close in made["close"].T])
    if columns == 1:
        made |= {name: np.ascontiguousarray(made[name][:, 0]) for name in ("open", "high", "low", "close", "volume")}
    if workload in {"a", "b", "e"}:
        made["rsi"] = np.ascontiguousarray(made["rsi"][:, 0])
    return made


def walk(rows: int, columns: int, deviation: float) -> Arrays:
    """Log prices that return to their level at 0.2 % a bar; the first instrument's is ₹1,000."""
    rng = np.random.default_rng(SEED)
    levels = np.exp(rng.uniform(np.log(100), np.log(2_500), columns))
    levels[0] = 1_000
    moves = rng.normal(0, deviation, (rows, columns))
    away = np.empty((rows, columns))
    now = np.zeros(columns)
    for row in range(rows):
        now = now * 0.998 + moves[row]
        away[row] = now
    close = np.round(levels * np.exp(away), 2)
    before = np.vstack([np.round(levels, 2), close[:-1]])
    open_ = np.round(before * np.exp(rng.normal(0, deviation / 5, (rows, columns))), 2)
    high = np.round(np.maximum(open_, close) * (1 + rng.uniform(0, deviation, (rows, columns))), 2)
    low = np.round(np.minimum(open_, close) * (1 - rng.uniform(0, deviation, (rows, columns))), 2)
    return {"open": open_, "high": high, "low": low, "close": close, "volume": np.full((rows, columns), 1e6)}


def days(rows: int) -> NDArray[np.int64]:
    """Midnights UTC of successive weekdays, int64[rows] ns: a year has 252 sessions for every peer."""
    weekdays = np.busday_offset(FIRST_OPEN.astype("datetime64[D]"), np.arange(rows, dtype=np.int64))
    midnights: NDArray[np.int64] = weekdays.astype("datetime64[D]").astype(np.int64) * DAY_NS
    return midnights


def minutes(rows: int) -> NDArray[np.int64]:
    """Opens of minute bars in sessions of 375, int64[rows] ns."""
    count = np.arange(rows, dtype=np.int64)
    day, minute = np.divmod(count, MINUTES_PER_DAY)
    opens: NDArray[np.int64] = days(rows // MINUTES_PER_DAY + 1)[day] + MORNING_NS + minute * 60_000_000_000
    return opens


def write(workload: str, folder: Path, rows: int | None = None, instruments: int = INSTRUMENTS) -> Path:
    """The arrays as .npy files in ``folder``, unless they are there."""
    if not (folder / "done").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name, array in arrays_of(workload, rows, instruments).items():
            np.save(folder / f"{name}.npy", array)
        (folder / "done").touch()
    return folder
