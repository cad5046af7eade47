"""Leaks through clocks: what closes later than the bar that decides is found wherever a strategy gets it from.

Every strategy here is one that a user could write, on five-minute bars from 09:15 to 15:30.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from framework import Bars, Panel, Signals, Strategy, backtest
from framework.backtest import execute
from framework.causality.check import check_allocate, check_signals
from framework.causality.moments import early_fill, untimely
from framework.engines import compiled, event
from framework.engines.rows import DecisionArrays
from framework.errors import DataError, InvariantError
from framework.run.preparation import Prepared
from framework.session.sequence import Sequence
from framework.store import open_store
from framework.types import Causality, CausalityVerdict, Instrument, Settings
from framework.types.events import BarOpens

IST = "Asia/Kolkata"
DAYS = pd.bdate_range("2024-01-01", periods=12)
OHLC = {"open": "first", "high": "max", "low": "min", "close": "last"}


def walk(symbol: str, seed: int, step: int = 5) -> Bars:
    """A random walk in bars of ``step`` minutes, 09:15 to 15:30."""
    minutes = range(0, 375, step)
    index = pd.DatetimeIndex([day + pd.Timedelta(minutes=555 + minute) for day in DAYS for minute in minutes], tz=IST)
    noise = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(noise.normal(0, 0.004, len(index))))
    start = np.r_[100.0, close[:-1]]
    frame = pd.DataFrame(
        {
            "open": start,
            "high": np.maximum(start, close) * 1.001,
            "low": np.minimum(start, close) * 0.999,
            "close": close,
            "volume": noise.integers(10, 1000, len(index)),
        },
        index=index,
    )
    return Bars.from_frame(frame, Instrument(symbol, "NSE", timezone=IST), f"{step}m")


STOCK, OTHER, INDEX = walk("STOCK", 1), walk("OTHER", 2), walk("INDEX", 3)
FRAME = INDEX.to_frame()
HOURLY = FRAME.resample("1h", offset="15min").agg(OHLC).dropna()
HOURS = Bars.from_frame(HOURLY, Instrument("INDEX", "NSE", timezone=IST), "1h")
DAILY = FRAME.groupby(FRAME.index.tz_localize(None).normalize()).agg(OHLC)
TABLES = {"daily": DAILY, "hours": HOURS}
MARKET = Panel.from_bars([OTHER, INDEX])


def rising(up) -> Signals:
    return Signals.long_flat(np.asarray(up, dtype=bool), ~np.asarray(up, dtype=bool))


def dates_of(bars):
    return pd.to_datetime(bars.session, unit="D")


# ------------------------------------------------------------------ signals


class HourOfTheIndexByItsOpen(Strategy):
    def signals(self, bars):
        at = np.searchsorted(HOURS.time, bars.time, side="right") - 1
        return rising(HOURS.close[at] > HOURS.open[at])


class CloseOfTheSameDay(Strategy):
    def signals(self, bars):
        today = DAILY.reindex(dates_of(bars))
        return rising(today["close"].to_numpy() > today["open"].to_numpy())


class NextBarOfTheIndex(Strategy):
    index: ClassVar[Bars] = INDEX

    def signals(self, bars):
        at = np.minimum(np.searchsorted(self.index.time, bars.time, side="right"), len(self.index) - 1)
        return rising(self.index.close[at] > self.index.open[at])


class TableInADict(Strategy):
    def signals(self, bars):
        hours = TABLES["hours"]
        at = np.searchsorted(hours.time, bars.time, side="right") - 1
        return rising(hours.high[at] > 1.003 * hours.open[at])


class NearestHour(Strategy):
    def signals(self, bars):
        times = pd.DatetimeIndex(bars.time, tz="UTC").tz_convert(IST)
        near = HOURLY["close"].iloc[HOURLY.index.get_indexer(times, method="nearest")].to_numpy()
        hours = HOURLY.reindex(times, method="nearest")
        return rising(near > hours["open"].to_numpy())


class HourFilledForward(Strategy):
    """The hour, stamped at its open, is known for all of it."""

    def signals(self, bars):
        times = pd.DatetimeIndex(bars.time, tz="UTC").tz_convert(IST)
        hours = HOURLY.reindex(times, method="ffill")
        return rising(hours["close"].to_numpy() > hours["open"].to_numpy())


@lru_cache
def index_from(path):
    with open_store(path, create=False) as store:
        return store.load_bars("INDEX", "1h")


class LoadsFromTheStore(Strategy):
    path: str

    def signals(self, bars):
        from pathlib import Path

        with open_store(Path(self.path), create=False) as store:
            hours = store.load_bars("INDEX", "1h")
        at = np.searchsorted(hours.time, bars.time, side="right") - 1
        return rising(hours.close[at] > hours.open[at])


class LoadsOnce(LoadsFromTheStore):
    def signals(self, bars):
        from pathlib import Path

        hours = index_from(Path(self.path))
        at = np.searchsorted(hours.time, bars.time, side="right") - 1
        return rising(hours.close[at] > hours.open[at])


class ReadsAFile(Strategy):
    path: str

    def signals(self, bars):
        frame = pd.read_csv(self.path, index_col=0, parse_dates=True)
        hours = Bars.from_frame(frame, Instrument("INDEX", "NSE", timezone=IST), "1h")
        at = np.searchsorted(hours.time, bars.time, side="right") - 1
        return rising(hours.close[at] > hours.open[at])


class HigherBarsByTheirOpen(Strategy):
    """``align`` is there for this."""

    def signals(self, bars):
        hours = bars.to("1h")
        if not len(hours):
            return Signals(np.full(len(bars), np.nan))
        at = np.searchsorted(hours.time, bars.time, side="right") - 1
        return rising(hours.close[at] > hours.open[at])


class HigherBarsOneBarEarly(Strategy):
    def signals(self, bars):
        hours = bars.to("1h")
        if not len(hours):
            return Signals(np.full(len(bars), np.nan))
        at = np.searchsorted(hours.known_at, np.arange(len(bars)) + 1, side="right") - 1
        return rising((at >= 0) & (hours.close[at] > hours.open[at]))


class ResampledFrame(Strategy):
    def signals(self, bars):
        frame = bars.to_frame()
        hours = frame.resample("1h", offset="15min").agg(OHLC).reindex(frame.index, method="ffill")
        return rising(hours["close"].to_numpy() > hours["open"].to_numpy())


class HighOfTheDay(Strategy):
    def signals(self, bars):
        high = pd.Series(bars.high).groupby(bars.session).transform("max").to_numpy()
        return rising(bars.close < 0.99 * high)


def closed_over():
    table = {"INDEX": INDEX}

    class ClosedOver(Strategy):
        def signals(self, bars):
            index = table["INDEX"]
            at = np.minimum(np.searchsorted(index.time, bars.time, side="right"), len(index) - 1)
            return rising(index.close[at] > index.open[at])

    return ClosedOver


NEWEST_FIRST = HOURLY[::-1]
LONG = pd.concat({"INDEX": HOURLY, "OTHER": HOURLY * 2}, names=["symbol", "time"])
WITH_A_TIME_COLUMN = HOURLY.rename_axis("time").reset_index()
TWO_SYMBOLS = pd.concat([HOURLY.assign(symbol="INDEX"), (HOURLY * 2).assign(symbol="OTHER")]).sort_index(kind="stable")
BY_PERIODS = DAILY.to_period("D")
BY_DATES = DAILY.set_axis(DAILY.index.strftime("%Y-%m-%d"))


def hour_filled_forward(hours, bars):
    times = pd.DatetimeIndex(bars.time, tz="UTC").tz_convert(IST)
    return hours.sort_index().reindex(times, method="ffill")


class HourOfATableNewestFirst(Strategy):
    """Many vendors hand out the newest row first."""

    def signals(self, bars):
        hours = hour_filled_forward(NEWEST_FIRST, bars)
        return rising(hours["close"].to_numpy() > hours["open"].to_numpy())


class HourOfALongTable(Strategy):
    def signals(self, bars):
        hours = hour_filled_forward(LONG.loc["INDEX"], bars)
        return rising(hours["close"].to_numpy() > hours["open"].to_numpy())


class HourOfATableOfTwoSymbols(Strategy):
    def signals(self, bars):
        hours = hour_filled_forward(TWO_SYMBOLS[TWO_SYMBOLS["symbol"] == "INDEX"], bars)
        return rising(hours["close"].to_numpy() > hours["open"].to_numpy())


class HourOfATableWithATimeColumn(Strategy):
    def signals(self, bars):
        hours = hour_filled_forward(WITH_A_TIME_COLUMN.set_index("time"), bars)
        return rising(hours["close"].to_numpy() > hours["open"].to_numpy())


class CloseOfTheSamePeriod(Strategy):
    def signals(self, bars):
        today = BY_PERIODS.reindex(dates_of(bars).to_period("D"))
        return rising(today["close"].to_numpy() > today["open"].to_numpy())


class CloseOfTheSameDateAsText(Strategy):
    """Read from a file, and the dates left as they were there."""

    def signals(self, bars):
        today = BY_DATES.reindex(dates_of(bars).strftime("%Y-%m-%d"))
        return rising(today["close"].to_numpy() > today["open"].to_numpy())


class Feed:
    """Prices behind an object of the user's own."""

    def __init__(self, hours):
        self.hours = hours

    def up(self, bars):
        hours = hour_filled_forward(self.hours, bars)
        return hours["close"].to_numpy() > hours["open"].to_numpy()


FEED = Feed(HOURLY)
HOURS_OF = partial(hour_filled_forward, HOURLY)


class HourOfAnObject(Strategy):
    def signals(self, bars):
        return rising(FEED.up(bars))


class HourOfAPartial(Strategy):
    def signals(self, bars):
        hours = HOURS_OF(bars)
        return rising(hours["close"].to_numpy() > hours["open"].to_numpy())


LEAKING = [
    HourOfATableNewestFirst,
    HourOfALongTable,
    HourOfATableOfTwoSymbols,
    HourOfATableWithATimeColumn,
    CloseOfTheSamePeriod,
    CloseOfTheSameDateAsText,
    HourOfAnObject,
    HourOfAPartial,
    HourOfTheIndexByItsOpen,
    CloseOfTheSameDay,
    NextBarOfTheIndex,
    TableInADict,
    NearestHour,
    HourFilledForward,
    HigherBarsByTheirOpen,
    HigherBarsOneBarEarly,
    ResampledFrame,
    HighOfTheDay,
    closed_over(),
]


def causality_of(strategy, bars=STOCK, **choices) -> Causality:
    return backtest(strategy, bars, **choices).causality


@pytest.mark.parametrize("leaking", LEAKING, ids=lambda each: each.__name__)
def test_signals_that_need_what_closes_later_are_found(leaking):
    found = causality_of(leaking())
    assert found.verdict is CausalityVerdict.LEAK
    assert found.finding.startswith("bar 2024-01-")


def test_the_finding_says_that_the_prices_lie_beside_those_it_is_given():
    assert "those it reaches beside them (HOURS)" in causality_of(HourOfTheIndexByItsOpen()).finding
    assert "beside them" not in causality_of(ResampledFrame()).finding


@pytest.mark.parametrize("leaking", [LoadsFromTheStore, LoadsOnce])
def test_bars_that_a_strategy_loads_from_the_store_are_cut_in_time_too(leaking, tmp_path):
    with open_store(tmp_path / "m.sqlite") as store:
        store.save_bars(HOURS)
    found = causality_of(leaking(path=str(tmp_path / "m.sqlite")))
    assert found.verdict is CausalityVerdict.LEAK
    with open_store(tmp_path / "m.sqlite") as store:  # nothing of it stays
        np.testing.assert_array_equal(store.load_bars("INDEX", "1h").close, HOURS.close)


def test_bars_that_a_strategy_makes_of_a_file_are_cut_in_time_too(tmp_path):
    HOURLY.to_csv(tmp_path / "hours.csv")
    assert causality_of(ReadsAFile(path=str(tmp_path / "hours.csv"))).verdict is CausalityVerdict.LEAK


# ------------------------------------------------------------------ allocate and on_bar


class WeighsByTheHourOfTheIndex(Strategy):
    def allocate(self, panel):
        at = np.searchsorted(HOURS.time, panel.time, side="right") - 1
        return np.where((HOURS.close[at] > HOURS.open[at])[:, None], 0.5, 0.0) * np.ones(panel.close.shape)


class WeighsByTheNextRow(Strategy):
    def allocate(self, panel):
        at = np.minimum(np.searchsorted(MARKET.time, panel.time, side="right"), len(MARKET) - 1)
        up = MARKET.close[at] > MARKET.open[at]
        return np.where(up, 0.5, 0.0)


@pytest.mark.parametrize("leaking", [WeighsByTheHourOfTheIndex, WeighsByTheNextRow])
def test_weights_that_need_what_closes_later_are_found(leaking):
    assert causality_of(leaking(), [STOCK, OTHER]).verdict is CausalityVerdict.LEAK


class OrdersByTheHourOfTheIndex(Strategy):
    def on_bar(self, ctx):
        bars = ctx.bars("STOCK")
        at = int(np.searchsorted(HOURS.time, bars.time[-1], side="right")) - 1
        wanted = 10 if HOURS.close[at] > HOURS.open[at] else 0
        if wanted > ctx.position("STOCK"):
            ctx.buy(wanted, "STOCK")
        elif wanted < ctx.position("STOCK"):
            ctx.sell(ctx.position("STOCK"), "STOCK")


class LooksBehindTheView(Strategy):
    """The history that ``ctx.bars`` shows is a view of all of it."""

    def on_bar(self, ctx):
        whole = ctx.bars("STOCK").close
        whole = whole if whole.base is None else whole.base
        if ctx.row + 1 < len(whole) and whole.ravel()[ctx.row + 1] > whole.ravel()[ctx.row]:
            ctx.buy(1, "STOCK")


class FailsWithoutTheFuture(Strategy):
    def on_bar(self, ctx):
        whole = ctx.bars("STOCK").close
        whole = whole if whole.base is None else whole.base
        if ctx.row == 40 and whole.ravel()[100] > 0:
            ctx.buy(1, "STOCK")


@pytest.mark.parametrize("leaking", [OrdersByTheHourOfTheIndex, LooksBehindTheView, FailsWithoutTheFuture])
def test_orders_that_need_what_closes_later_are_found(leaking):
    found = causality_of(leaking())
    assert found.verdict is CausalityVerdict.LEAK
    assert found.finding.startswith("bar 2024-01-")


# ------------------------------------------------------------------ panels that no door makes any more


def staggered() -> Panel:
    """Hours from 09:00 beside hours from 09:15, as panels could be: each row closes after the next one opens."""
    hour, quarter = 3_600 * 10**9, 900 * 10**9
    noise = np.random.default_rng(5)
    length = 120
    moments = [DAYS[0].value + (k // 6) * 24 * hour + (k % 6) * hour + 3 * hour + hour // 2 for k in range(length)]
    series = []
    for name in "AB":
        close = 100 + np.cumsum(noise.normal(0, 1, length))
        series.append(Bars.from_arrays(name, "1h", moments, close, close + 1, close - 1, close))
    panel = Panel.from_bars(series)
    one, other = panel.time, panel.time + quarter
    both = np.sort(np.concatenate([one, other]))
    tables = {}
    for name in ("open", "high", "low", "close", "volume", "factor"):
        tables[name] = np.full((2 * length, 2), np.nan)
        tables[name][0::2, 0], tables[name][1::2, 1] = getattr(panel, name)[:, 0], getattr(panel, name)[:, 1]
    return replace(panel, time=both, close_time=both + hour, session=np.repeat(panel.session, 2), **tables)


class FollowsTheOther(Strategy):
    def allocate(self, panel):
        close = pd.DataFrame(panel.close).ffill().to_numpy()
        up = np.zeros(close.shape)
        up[2:] = (close[2:] - close[:-2])[:, ::-1] > 0
        return 0.4 * up


class TradesTheOther(Strategy):
    def on_bar(self, ctx):
        ctx.buy(1, "B" if np.isfinite(ctx.bars("A").close).all() and ctx.row % 2 == 0 else "A")


def test_a_staggered_panel_made_by_hand_is_refused():
    with pytest.raises(
        DataError, match=r"the panel's clocks are out of order, what the row of .* decides fills in one that"
    ):
        backtest(FollowsTheOther(), staggered())


def test_weights_on_a_staggered_panel_are_a_leak_to_the_check_itself():
    found = check_allocate(FollowsTheOther(), staggered())
    assert found.verdict is CausalityVerdict.LEAK
    assert found.finding.endswith("decides fills in one that opens 2700 s before that: bars overlap")


def prepared(strategy: Strategy, panel: Panel) -> Prepared:
    """A run that no door prepared."""
    return Prepared(strategy, panel, Settings(), 0, ())


def test_session_stops_a_run_over_a_staggered_panel():
    with pytest.raises(InvariantError, match=r"BarOpens .* came after one at .*; inputs come in the order of time"):
        execute(prepared(TradesTheOther(), staggered()))


def take_bars_in_any_order(monkeypatch) -> None:
    """Let a Session take a bar that opens before the last one has closed."""

    def let_in(inputs: Sequence, bar: BarOpens) -> None:
        inputs.moment = bar.moment

    monkeypatch.setattr(Sequence, "refuse_opening", let_in)


def test_a_fill_before_its_decision_stops_the_event_engine_too(monkeypatch):
    take_bars_in_any_order(monkeypatch)
    with pytest.raises(InvariantError, match=r"before_decision: order 2 \(A\) filled 900 s before it was decided"):
        execute(prepared(TradesTheOther(), staggered()))


def test_an_engine_that_booked_early_fills_would_be_found_by_the_check(monkeypatch):
    take_bars_in_any_order(monkeypatch)
    monkeypatch.setattr("framework.engines.event._refuse_surprise", lambda _surprise: None)
    monkeypatch.setitem(execute.__globals__, "untimely", lambda _panel: "")
    record, found = execute(prepared(TradesTheOther(), staggered()))
    # Decided at 04:45 UTC, the close of B's first hour; A's second one had opened at 04:30.
    assert early_fill(record) == "A filled at 2024-01-01T04:30 UTC, 900 s before it was decided"
    assert (found.verdict, found.finding) == (CausalityVerdict.LEAK, early_fill(record))


def test_neither_engine_books_an_early_fill_of_weights_even_there(monkeypatch):
    """A weight is acted on at its own instrument's bar, and that one's next bar opens after it closed."""
    take_bars_in_any_order(monkeypatch)
    panel = staggered()
    decisions = DecisionArrays(FollowsTheOther().allocate(panel))
    for record in (
        event.run(panel, Settings(), decisions=decisions, style="allocate"),
        compiled.run(panel, Settings(), decisions=decisions, style="allocate", compiled=False),
    ):
        assert len(record.settlements) > 50
        assert early_fill(record) == ""


def test_a_panel_that_is_decided_on_before_its_bars_close_is_a_leak():
    early = replace(MARKET, close_time=MARKET.time + 60 * 10**9)
    assert "is decided on 240 s before it closes" in check_allocate(WeighsByTheNextRow(), early).finding
    bars = replace(STOCK, close_time=STOCK.time)
    assert "is decided on 300 s before it closes" in check_signals(HighOfTheDay(), [bars]).finding


def test_half_hours_beside_hours_that_are_called_so_are_a_leak():
    half = 1_800 * 10**9
    time = DAYS[0].value + np.arange(20) * half
    panel = replace(MARKET[:20], timeframe="1h", time=time, close_time=time + 2 * half, session=np.repeat(19_723, 20))
    assert "decides fills in one that opens 1800 s before that" in untimely(panel)


# ------------------------------------------------------------------ honest strategies beside other prices


class HourBefore(Strategy):
    def signals(self, bars):
        at = np.searchsorted(HOURS.close_time, bars.close_time, side="right") - 1
        return rising((at >= 0) & (HOURS.close[at] > HOURS.open[at]))


class DayBefore(Strategy):
    def signals(self, bars):
        before = DAILY.shift(1).reindex(dates_of(bars))
        return rising(before["close"].to_numpy() > before["open"].to_numpy())


class OpenOfTheHour(Strategy):
    def signals(self, bars):
        at = np.searchsorted(HOURS.time, bars.time, side="right") - 1
        return rising(bars.close > STOCK.open[0] * HOURS.open[at] / HOURS.open[0])


class SameBarOfTheIndex(Strategy):
    def signals(self, bars):
        at = np.searchsorted(INDEX.time, bars.time)
        return rising(INDEX.close[at] > INDEX.open[at])


STAMPED_AT_THE_END = FRAME.resample("1h", offset="15min", label="right").agg(OHLC).dropna()
EVENTS = pd.Series([0.0, 1.0, 0.0], index=pd.DatetimeIndex(["2024-01-01", "2024-01-03 11:00", "2024-01-08"], tz=IST))


class HoursStampedAtTheirEnd(Strategy):
    def signals(self, bars):
        times = pd.DatetimeIndex(bars.close_time, tz="UTC").tz_convert(IST)
        hours = STAMPED_AT_THE_END.reindex(times, method="ffill")
        return rising(hours["close"].to_numpy() > hours["open"].to_numpy())


class KnownFromItsTime(Strategy):
    def signals(self, bars):
        times = pd.DatetimeIndex(bars.close_time, tz="UTC").tz_convert(IST)
        return rising(EVENTS.reindex(times, method="ffill").to_numpy() > 0)


class HigherBarsAligned(Strategy):
    def signals(self, bars):
        hours = bars.to("1h")
        return rising(hours.align(hours.close) > hours.align(hours.open))


class OrdersByTheHourBefore(Strategy):
    def on_bar(self, ctx):
        at = int(np.searchsorted(HOURS.close_time, ctx.bars("STOCK").close_time[-1], side="right")) - 1
        if at >= 0 and HOURS.close[at] > HOURS.open[at] and not ctx.position("STOCK"):
            ctx.buy(10, "STOCK")
        elif ctx.position("STOCK") and ctx.row % 7 == 0:
            ctx.sell(10, "STOCK")


def closed_hours(hours, bars):
    """Hours that are over, by the stamp of their end."""
    times = pd.DatetimeIndex(bars.close_time, tz="UTC").tz_convert(IST)
    ended = hours.set_axis(hours.index + pd.Timedelta(hours=1)).sort_index()
    return ended.reindex(times, method="ffill")


class HourBeforeOfOtherTables(Strategy):
    """Each of them is looked at behind the end of its hours or days."""

    def signals(self, bars):
        tables = [
            NEWEST_FIRST,
            LONG.loc["INDEX"],
            TWO_SYMBOLS[TWO_SYMBOLS["symbol"] == "INDEX"],
            WITH_A_TIME_COLUMN.set_index("time"),
            FEED.hours,
        ]
        up = [closed_hours(table, bars).eval("close > open").to_numpy() for table in tables]
        day = BY_PERIODS.shift(1).reindex(dates_of(bars).to_period("D"))
        return rising(np.all(up, axis=0) & (day["close"] > day["open"]).to_numpy())


class HolidaysAhead(Strategy):
    """A calendar is known beforehand; a table without prices may be looked at ahead of its dates."""

    def signals(self, bars):
        tomorrow = np.isin(dates_of(bars) + pd.Timedelta(days=1), CALENDAR.loc[CALENDAR["lots"] > 1, "date"])
        return rising(~tomorrow & (np.arange(len(bars)) % 7 > 0))


CALENDAR = pd.DataFrame({"date": DAYS, "lots": np.arange(len(DAYS)) % 3})

HONEST = [
    HourBeforeOfOtherTables,
    HolidaysAhead,
    HourBefore,
    DayBefore,
    OpenOfTheHour,
    SameBarOfTheIndex,
    HoursStampedAtTheirEnd,
    KnownFromItsTime,
    HigherBarsAligned,
    OrdersByTheHourBefore,
]


@pytest.mark.parametrize("honest", HONEST, ids=lambda each: each.__name__)
def test_an_honest_strategy_beside_other_prices_is_left_alone(honest):
    found = causality_of(honest())
    assert found.verdict is CausalityVerdict.PASSED, found.finding
    assert found.decisions > 1


def test_an_honest_allocation_beside_other_prices_is_left_alone():
    class WeighsByTheHourBefore(Strategy):
        def allocate(self, panel):
            at = np.searchsorted(HOURS.close_time, panel.close_time, side="right") - 1
            up = (at >= 0) & (HOURS.close[at] > HOURS.open[at])
            return np.where(up[:, None], 0.5, 0.0) * np.ones(panel.close.shape)

    found = causality_of(WeighsByTheHourBefore(), [STOCK, OTHER])
    assert found.verdict is CausalityVerdict.PASSED, found.finding


def test_what_is_veiled_is_what_it_was_when_the_check_is_over():
    before = [HOURS.close.copy(), DAILY.copy(), MARKET.close.copy()]
    for leaking in (HourOfTheIndexByItsOpen, CloseOfTheSameDay, TableInADict, NextBarOfTheIndex):
        causality_of(leaking())
    np.testing.assert_array_equal(HOURS.close, before[0])
    pd.testing.assert_frame_equal(DAILY, before[1])
    assert TABLES["hours"] is HOURS
    assert NextBarOfTheIndex.index is INDEX
