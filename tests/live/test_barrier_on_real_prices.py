"""Rows of the barrier are the rows of a panel, to the bit, on the shared minute prices: 1m, and gathered ones."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from framework.broker.feed import FeedBar, FeedReaches
from framework.engines.rows import bar_rows
from framework.live.bar_builder import BarBuilder
from framework.live.barrier import Barrier
from framework.live.clock import ReplayClock
from framework.live.hours import MarketClass, hours_of
from framework.live.replay_feed import ReplayFeed
from framework.live.tick_bars import TickBars
from framework.live.virtual_loop import run_virtual
from framework.market.calendar import Calendar
from framework.types import Bars, Instrument, Panel
from tests.live.rows import feed_bars, plain, told, with_marks

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "nse"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the shared NSE files are not here"),
]
SYMBOLS = ("FSL", "WIPRO", "YESBANK")
"""Three of the ten that the file has; FSL does not trade in every minute."""


@pytest.fixture(scope="module")
def minutes():
    """Six weeks of minutes, with the budget's Saturday, 2015-02-28, among them."""
    table = pd.read_parquet(SHARED / "stocks_1min_2014_2015.parquet")
    assert set(SYMBOLS) <= set(table["symbol"])
    series = []
    for symbol in SYMBOLS:
        frame = table[table["symbol"] == symbol].sort_values("ts")
        frame = frame[(frame["ts"] >= "2015-02-02") & (frame["ts"] < "2015-03-14")]
        series.append(
            Bars.from_arrays(
                Instrument(symbol, "NSE", 0.05, 1, "Asia/Kolkata"),
                "1m",
                frame["ts"].dt.as_unit("ns").astype("int64").to_numpy(),
                *(frame[name].to_numpy(float) for name in ("open", "high", "low", "close", "volume")),
            )
        )
    return series


@pytest.fixture(scope="module")
def hours():
    return hours_of([Calendar.load("NSE")], [MarketClass("NSE", "cas"), MarketClass("NSE", "other")])


def gathered(bars, timeframe):
    """``Bars.to`` as bars, with the last group of all sessions: a bar of the next day completes it."""
    higher = bars.to(timeframe)
    names = ("open", "high", "low", "close", "volume")
    return Bars.from_arrays(bars.instrument, timeframe, higher.time, *(getattr(higher, name) for name in names))


def test_minutes_come_out_as_the_rows_of_their_panel(minutes, hours):
    panel = Panel.from_bars(minutes)
    barrier = Barrier([str(bars.instrument) for bars in minutes], "1m", hours)

    rows, strays = told(barrier, with_marks(feed_bars(minutes)))

    expected = list(bar_rows(panel, 0, len(panel)))
    expected[-1] = expected[-1]._replace(ends_session=True)  # the panel cannot know that nothing follows
    assert [] == strays
    assert [plain(row) for row in expected] == [plain(row) for row in rows]


@pytest.mark.parametrize("timeframe", ["5m", "15m", "1h", "1d"])
def test_gathered_rows_are_those_of_a_panel_of_gathered_bars(minutes, hours, timeframe):
    panel = Panel.from_bars([gathered(bars, timeframe) for bars in minutes])
    barrier = Barrier([str(bars.instrument) for bars in minutes], timeframe, hours, base="1m")

    rows, strays = told(barrier, with_marks(feed_bars(minutes)))

    expected = list(bar_rows(panel, 0, len(panel)))
    assert [] == strays
    assert len(expected) > 15
    same = rows[: len(expected)]  # Bars.to keeps back the group in which the prices end
    differing = [k for k in range(len(expected) - 1) if plain(expected[k]) != plain(same[k])]
    assert [] == differing
    assert np.array_equal(expected[-1].close, same[-1].close)


@pytest.mark.parametrize("timeframe", ["5m", "1h", "1d"])
def test_stored_bars_of_the_rows_own_timeframe_pass_as_they_are(minutes, hours, timeframe):
    series = [gathered(bars, timeframe) for bars in minutes]
    panel = Panel.from_bars(series)
    barrier = Barrier([str(bars.instrument) for bars in minutes], timeframe, hours)

    rows, strays = told(barrier, with_marks(feed_bars(series)))

    assert [] == strays
    assert [plain(row) for row in bar_rows(panel, 0, len(panel) - 1)] == [plain(row) for row in rows[:-1]]


def test_whole_days_replayed_as_ticks_give_the_same_rows(minutes, hours):
    """Stored bars → ticks within them → bars → rows, in virtual time."""
    days = [bars[-750:] for bars in minutes]
    begins = max(int(bars.session[0]) for bars in days) + 1  # whole days of all three
    days = [bars[int(np.searchsorted(bars.session, begins)) :] for bars in days]
    panel = Panel.from_bars(days)
    symbols = [str(bars.instrument) for bars in days]
    barrier, builder = Barrier(symbols, "1m", hours), BarBuilder(symbols, "1m", hours)

    async def rows_of(seed):
        stored = feed_bars(days)
        clock = ReplayClock(stored[0].open_time - 60 * 10**9)
        feed = TickBars(ReplayFeed(stored, clock, ticks_seed=seed), builder, clock)
        rows = []
        async for event in feed.events():
            if isinstance(event, FeedBar):
                assert barrier.take(event, clock.now()) is None
            if isinstance(event, FeedReaches):
                rows += barrier.reach(event.time)
        return rows

    rows = run_virtual(rows_of(7))

    assert len(panel) >= 375
    expected = list(bar_rows(panel, 0, len(panel)))
    assert [plain(row) for row in expected[:-1]] == [plain(row) for row in rows[:-1]]
    assert not builder.volume_fell
