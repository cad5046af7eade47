"""Stored minutes as longer bars: by hand, and the very rows that a runner gathers from the same minutes."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from framework import backtest
from framework.engines.rows import bar_rows
from framework.errors import DataError
from framework.live.barrier import Barrier
from framework.live.hours import MarketClass, hours_of
from framework.market.calendar import Calendar
from framework.run.gathered_bars import gathered
from framework.run.prices import load
from framework.store import open_store
from framework.types import Bars, Instrument, Panel
from strategies.buy_and_hold import BuyAndHold
from tests.live.rows import MINUTE_NS, feed_bars, ist, plain, told, with_marks

NSE = Calendar.load("NSE")
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "nse"


def minutes_at(*texts, symbol="INFY", exchange="NSE", **facts):
    """Minute bars that open at these moments; the k-th is at k + 1 rupees, and k + 1 shares were traded in it."""
    times = np.array([ist(text) for text in texts])
    price = np.arange(1.0, len(times) + 1)
    instrument = Instrument(symbol, exchange, 0.05, 1, "Asia/Kolkata", **facts)
    return Bars.from_arrays(instrument, "1m", times, price, price + 0.5, price - 0.5, price, price)


def test_bars_are_gathered_from_the_sessions_first_moment_not_from_its_first_bar():
    bars = gathered(
        minutes_at("2015-01-05 09:16", "2015-01-05 09:20", "2015-01-05 09:24", "2015-01-06 09:29"), "5m", NSE
    )
    expected = [(ist("2015-01-05 09:15"), 1.0, 1.5, 0.5, 1.0, 1.0), (ist("2015-01-05 09:20"), 2.0, 3.5, 1.5, 3.0, 5.0)]
    expected.append((ist("2015-01-06 09:25"), 4.0, 4.5, 3.5, 4.0, 4.0))
    columns = (bars.time, bars.open, bars.high, bars.low, bars.close, bars.volume)
    assert expected == list(zip(*(column.tolist() for column in columns), strict=True))
    assert "5m" == bars.timeframe


def test_what_lies_outside_of_trading_is_in_no_bar():
    day = "2024-03-02"  # a Saturday with a break: 09:15–10:00 and 11:30–12:30
    bars = gathered(minutes_at(*(f"{day} {at}" for at in ("09:14", "09:59", "10:00", "11:30", "12:30"))), "1h", NSE)
    assert [(ist(f"{day} 09:15"), 2.0), (ist(f"{day} 11:15"), 4.0)] == list(
        zip(bars.time.tolist(), bars.volume.tolist(), strict=True)
    )
    with pytest.raises(DataError, match="none of its 1m bars lies within a session"):
        gathered(minutes_at(f"{day} 09:14"), "1h", NSE)


def test_the_class_of_an_instrument_has_the_hours():
    texts = ("2026-08-04 15:14", "2026-08-04 15:15", "2026-08-04 15:30")
    counts = {"cas": 1.0, "other": 3.0, "": 3.0}
    assert counts == {hours: gathered(minutes_at(*texts, hours=hours), "1h", NSE).volume.sum() for hours in counts}
    assert 6.0 == gathered(minutes_at(*texts, kind="share_future"), "1h", NSE).volume.sum()


@pytest.fixture
def stored(tmp_path):
    path = tmp_path / "market.sqlite"
    moments = [f"2015-01-0{day} {9 + k // 60:02}:{k % 60:02}" for day in (5, 6) for k in range(15, 175)]
    with open_store(path) as store:
        store.save_bars(minutes_at(*moments))
        store.save_bars(minutes_at(*moments, symbol="SPX", exchange="ELSEWHERE"))
    return path


def test_a_run_reads_a_timeframe_that_is_not_stored_from_a_finer_one_and_says_so(stored):
    series, issues = load(["INFY"], "15m", date(2015, 1, 5), stored)
    assert ("15m", 11) == (series[0].timeframe, len(series[0]))
    assert "15m bars of NSE:INFY were gathered from 1m" in issues
    result = backtest(BuyAndHold(), "INFY", timeframe="15m", start="2015-01-06", db=stored)
    assert result.data_issues[0] == "15m bars of NSE:INFY were gathered from 1m"


def test_stored_bars_come_before_gathered_ones(stored):
    with open_store(stored) as store:
        store.save_bars(gathered(minutes_at("2015-01-05 09:15"), "5m", NSE))
    series, issues = load(["INFY"], "5m", None, stored)
    assert (1, ()) == (len(series[0]), issues)
    assert 6 == len(load(["INFY"], "30m", date(2015, 1, 5), stored)[0][0])


@pytest.mark.parametrize(
    ("symbol", "timeframe", "message"),
    [
        ("INFY", "1d", "INFY has no 1d bars; it has 1m"),  # the exchange's close is not its last minute's
        ("SPX", "5m", "SPX has no 5m bars; it has 1m"),
    ],
)
def test_what_cannot_be_gathered_is_refused_as_before(stored, symbol, timeframe, message):
    with pytest.raises(DataError, match=message):
        load([symbol], timeframe, None, stored)


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared NSE files are not here")
@pytest.mark.parametrize("timeframe", ["5m", "15m", "1h"])
def test_a_runner_that_gathers_the_minutes_has_the_same_rows(timeframe):
    """Five months with a day that begins at 13:12 and days on which a share has no first minute."""
    table = pd.read_parquet(SHARED / "stocks_1min_2014_2015.parquet")
    series = []
    for symbol in ("FSL", "FORTIS"):
        frame = table[(table["symbol"] == symbol) & (table["ts"] < "2015-05-20")].sort_values("ts")
        values = (frame[name].to_numpy(float) for name in ("open", "high", "low", "close", "volume"))
        time = frame["ts"].dt.as_unit("ns").astype("int64").to_numpy()
        series.append(Bars.from_arrays(Instrument(symbol, "NSE", 0.05, 1, "Asia/Kolkata"), "1m", time, *values))
    panel = Panel.from_bars([gathered(bars, timeframe, NSE) for bars in series])
    hours = hours_of([NSE], [MarketClass("NSE", "cas"), MarketClass("NSE", "other")])
    barrier = Barrier([str(one) for one in panel.instruments], timeframe, hours, base="1m")

    rows, strays = told(barrier, with_marks(feed_bars(series)))
    rows += barrier.reach(int(panel.close_time[-1]))

    expected = [row._replace(ends_session=True) if k + 1 == len(panel) else row
                for k, row in enumerate(bar_rows(panel, 0, len(panel)))]  # fmt: skip
    assert [] == strays
    differing = [k for k, (one, other) in enumerate(zip(expected, rows, strict=True)) if plain(one) != plain(other)]
    assert [] == differing
    assert MINUTE_NS < int(panel.close_time[0] - panel.time[0])
