"""An intraday run on the shared minute and 5-minute files is flat in time in every session, ordinary or not."""

import csv
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from framework import Result, backtest
from framework.strategy import Strategy
from framework.types import Bars, Instrument, Signals

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "nse"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the shared NSE files are not here"),
]
INDIA = ZoneInfo("Asia/Kolkata")
AHEAD = timedelta(minutes=20)
"""Before the close, as config/market/products.yaml has it for these years."""
MOMENTS = {
    date(2015, 2, 28): time(15, 10),  # budget, a Saturday
    date(2016, 10, 30): time(19, 10),  # Muhurat
    date(2017, 7, 10): time(15, 10),  # open from 12:30 only
    date(2017, 10, 19): time(19, 10),
    date(2018, 11, 7): time(18, 10),
    date(2019, 10, 27): time(18, 55),
    date(2020, 2, 1): time(15, 10),
    date(2020, 3, 13): time(15, 10),  # halted in the morning
    date(2020, 3, 23): time(15, 10),
}
"""By hand: each session of these files that is not like the others, and its close less twenty minutes."""


class AlwaysIn(Strategy):
    """Long whenever it may be: every session has something to close."""

    def signals(self, bars: Bars) -> Signals:
        return Signals(target=np.full(len(bars), 1.0))


@cache
def closes() -> dict[date, time]:
    """End of the last window of each session that is not ordinary, by the shared list."""
    with (SHARED / "nse_special_sessions.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["windows_ist"]]
    return {date.fromisoformat(row["date"]): time.fromisoformat(row["windows_ist"][-5:]) for row in rows}


def due(day: date) -> datetime:
    return datetime.combine(day, closes().get(day, time(15, 30)), INDIA) - AHEAD


@cache
def series(name: str, timeframe: str, symbols: tuple[str, ...]) -> list[Bars]:
    frame = pd.read_parquet(SHARED / f"{name}.parquet", filters=[("symbol", "in", symbols)])
    found = []
    for symbol, rows in frame.groupby("symbol"):
        stamps = rows["ts"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy(dtype="datetime64[ns]").astype(np.int64)
        columns = [rows[column].to_numpy(dtype=float) for column in ("open", "high", "low", "close")]
        instrument = Instrument(str(symbol), "NSE", tick=0.05, timezone="Asia/Kolkata")
        found.append(Bars.from_arrays(instrument, timeframe, stamps, *columns))
    return found


def moment(ns: int) -> datetime:
    return datetime.fromtimestamp(ns / 1e9, INDIA)


def check(result: Result) -> set[date]:
    """Assert that every session was flat in time; returns the days on which something was squared off."""
    panel, fills = result.record.panel, result.record.settlements
    squared, last_fill = set(), {}
    for booked in fills:
        at = moment(booked.fill.time)
        last_fill[booked.fill.instrument, at.date()] = (at, booked.position)
        if str(booked.reason) == "square_off":
            stamps = panel.time[panel.rows_of(booked.fill.instrument)]
            first = stamps[np.searchsorted(stamps, round(due(at.date()).timestamp()) * 10**9)]
            assert moment(int(first)) == at
            assert booked.simulated.at_open
            squared.add(at.date())
    final = moment(int(panel.time[-1])).date()
    for (_, day), (at, position) in last_fill.items():
        if day != final:  # the last day of a file may end in the middle
            assert position == 0
        assert at <= due(day) + timedelta(minutes=5)
    return squared


@pytest.mark.parametrize("strategy", ["rsi", "macd", AlwaysIn()], ids=["rsi", "macd", "always in"])
@pytest.mark.parametrize(
    ("name", "timeframe", "symbols"),
    [
        ("stocks_5min_2016_2020", "5m", ("EQUITAS", "MGL")),
        ("stocks_1min_2014_2015", "1m", ("WIPRO",)),
    ],
)
def test_an_intraday_run_is_flat_in_time_in_every_session(strategy, name, timeframe, symbols):
    bars = series(name, timeframe, symbols)
    result = backtest(strategy, bars, charges="upstox:MIS", engine="compiled", causality="off", sizing="equity:90%")
    squared = check(result)
    assert result.record.notices == ()
    days = {date(1970, 1, 1) + timedelta(days=int(day)) for day in np.unique(result.record.panel.session)}
    special = {day: at for day, at in MOMENTS.items() if day in days}
    assert special == {day: due(day).time() for day in special}
    if not isinstance(strategy, str):
        assert days - {max(days)} <= squared
    else:
        assert len(squared) > 0.2 * len(days)
