"""Three engines on printed NSE prices: event and compiled equal to the bit, backtrader to half a paisa per movement.

The prices are as the exchange printed them, without corporate actions, so that nothing but orders and fills is at
stake: gaps, halts, days without a bar, limit-locked bars, prices on the exchange's own tick.
"""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("backtrader", reason="backtrader, the independent check, is an extra that is not installed")

import pandas as pd

from framework import Bars, Instrument, backtest
from tests.oracle.test_engine_backtrader import FollowRSI, Priced, assert_same
from tests.parity.test_compiled_equals_event import assert_identical

pytestmark = pytest.mark.shared

COLUMNS = ("open", "high", "low", "close", "volume")
EXITS = {"stop_loss": "3%", "take_profit": "5%", "active_from": "next_bar"}
COSTS = {"charges": "percent:0.03+flat:20", "slippage": "ticks:1"}
WAYS = {
    "market, long and short": (FollowRSI(), {"sizing": "equity:45%"}),
    "market, stops and targets": (FollowRSI(), {"sizing": "equity:45%", **EXITS, **COSTS}),
    "market, the target first": (FollowRSI(), {"sizing": "equity:45%", **EXITS, "both": "target"}),
    "limit": (Priced(entry="limit"), {**COSTS, "active_from": "next_bar", "validity": "GTC"}),
    "stop": (Priced(entry="trigger"), {**COSTS, "active_from": "next_bar", "sizing": "equity:80%"}),
}


def read(path, symbols, stamp, timeframe, begin, end):
    """Bars of each symbol from one day to another, as printed."""
    frame = pd.read_parquet(path, filters=[("symbol", "in", symbols)], columns=["symbol", stamp, *COLUMNS])
    frame["time"] = pd.to_datetime(frame[stamp], utc=True)
    frame = frame[(frame["time"] >= pd.Timestamp(begin, tz="UTC")) & (frame["time"] < pd.Timestamp(end, tz="UTC"))]
    found = []
    for symbol, rows in frame.sort_values("time").groupby("symbol"):
        time = rows["time"].dt.tz_localize(None).to_numpy("datetime64[ns]").astype(np.int64)
        prices = [rows[name].to_numpy(np.float64) for name in COLUMNS]
        found.append(Bars.from_arrays(Instrument(symbol, tick=0.05), timeframe, time, *prices))
    return found


@pytest.fixture(scope="module")
def daily(shared_folder):
    path, symbols = shared_folder / "daily_raw_2000_2021.parquet", ["ICICIBANK", "ITC", "SBIN"]
    return read(path, symbols, "date", "1d", "2006-01-01", "2009-12-31")


@pytest.fixture(scope="module")
def five_minutes(shared_folder):
    path, symbols = shared_folder / "stocks_5min_2016_2020.parquet", ["BANDHANBNK", "HDFCLIFE"]
    return read(path, symbols, "ts", "5m", "2019-01-01", "2019-02-01")


@pytest.mark.parametrize("prices", ["daily", "five_minutes"])
@pytest.mark.parametrize("way", WAYS)
def test_on_nse_prices_all_engines_come_to_the_same(request, prices, way):
    strategy, choices = WAYS[way]
    event, compiled, backtrader = (
        backtest(
            strategy, request.getfixturevalue(prices), causality="off", engine=engine, capital=1_000_000, **choices
        ).record
        for engine in ("event", "compiled", "backtrader")
    )
    assert len(event.settlements) >= 20
    assert_identical(event, replace(compiled, engine="event"))
    assert_same(event, backtrader)
