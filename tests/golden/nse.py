"""The shipped strategies over all 47 NSE shares, 2000 to 2021: prices that are not part of this project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from framework import backtest
from framework.types import Bars, Instrument
from strategies.macd import MACD
from strategies.momentum import Momentum
from strategies.rsi import RSI

if TYPE_CHECKING:
    from pathlib import Path

    from framework.types import Record

PRICES = "daily_adjusted_2000_2021.parquet"
COLUMNS = ("open", "high", "low", "close", "volume")
COSTS: dict[str, Any] = {"capital": 10_000_000, "charges": "percent:0.1", "slippage": "bps:5"}
NSE_RUNS: dict[str, tuple[Any, dict[str, Any]]] = {
    "nse rsi": (RSI, {**COSTS, "stop_loss": "8%", "take_profit": "20%"}),
    "nse macd": (MACD, {**COSTS, "trail": "10%", "max_drawdown": "30%", "breaker_reset": 60}),
    "nse momentum": (Momentum, COSTS),
}


def nse_bars(folder: Path) -> list[Bars]:
    """All 47, adjusted for splits and bonuses."""
    frame = pd.read_parquet(folder / PRICES).sort_values(["symbol", "date"], kind="stable")
    found = []
    for symbol, rows in frame.groupby("symbol", sort=True):
        time = pd.to_datetime(rows["date"]).to_numpy("datetime64[ns]").astype(np.int64)
        prices = [rows[name].to_numpy(np.float64) for name in COLUMNS]
        found.append(Bars.from_arrays(Instrument(str(symbol), tick=0.05), "1d", time, *prices))
    return found


def nse_record(name: str, bars: list[Bars], engine: str) -> Record:
    """One of NSE_RUNS."""
    strategy, choices = NSE_RUNS[name]
    return backtest(strategy(), bars, engine=engine, causality="off", **choices).record
