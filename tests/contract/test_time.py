"""docs/execution.md §2, Time: what is decided at a bar's close fills in no bar that opened before that close."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from framework import Bars, Panel, Strategy, backtest
from framework.engines.rows import DecisionArrays
from framework.engines.select import run_engine
from framework.errors import DataError, InvariantError
from framework.types import Fill, Instrument
from framework.types.events import Filled
from tests.contract.desk import Desk, submitted
from tests.contract.market import DAY_NS, NAN, ask, fills_by_symbol, panel_of, play, settings_of, states, still

IST = "Asia/Kolkata"


def bars(name, timeframe, *clocks, zone=IST):
    price = np.full(len(clocks), 100.0)
    opens = [pd.Timestamp(f"2024-01-01 {clock}", tz=zone).value for clock in clocks]
    return Bars.from_arrays(Instrument(name, "NSE", timezone=zone), timeframe, opens, price, price, price, price)


class Noise(Strategy):
    """Trades what it is told at every bar, in each of the three ways."""


class BySignals(Noise):
    def signals(self, bars):
        from framework import Signals

        return Signals(np.where(np.arange(len(bars)) % 2, 1.0, 0.0))


class ByWeights(Noise):
    def allocate(self, panel):
        return np.where(np.arange(len(panel))[:, None] % 2, 0.5, 0.0) * np.ones(panel.close.shape)


class ByOrders(Noise):
    def on_bar(self, ctx):
        for symbol in ctx.symbols:
            ctx.buy(1, symbol)


@pytest.mark.parametrize("strategy", [BySignals, ByWeights, ByOrders])
@pytest.mark.parametrize("engine", ["auto", "event", "compiled", "backtrader"])
def test_a_panel_of_staggered_bars_is_refused_with_both_series_and_the_way_out(strategy, engine):
    hours = [
        bars("A", "1h", *(f"{k:02}:00" for k in range(9, 15))),
        bars("B", "1h", *(f"{k:02}:15" for k in range(9, 15))),
    ]
    with pytest.raises(
        DataError, match=r"the 1h bars of NSE:A and NSE:B overlap: .*All bars of a run lie on one grid: import"
    ):
        backtest(strategy(), hours, engine=engine)


def test_bars_of_one_session_that_overlap_are_refused_with_both_bars():
    with pytest.raises(
        DataError, match=r"bars 2 and 3 overlap, 2024-01-01 09:45 → 10:00 IST .* 09:52:37 → 10:07:37 IST"
    ):
        bars("A", "15m", "09:15", "09:30", "09:45", "09:52:37", "10:00")
    with pytest.raises(DataError, match="bars that lie 1m apart are no 5m bars; say timeframe='1m'"):
        bars("A", "5m", *(f"09:{minute}" for minute in range(15, 30)))


def test_a_sessions_last_bar_closes_when_the_next_session_opens():
    night = Bars.from_arrays(
        "A",
        "5h",
        [pd.Timestamp(text).value for text in ("2024-01-01 20:00", "2024-01-02 00:00")],
        *[[100.0, 101.0]] * 4,
    )
    assert pd.Timestamp(int(night.close_time[0])) == pd.Timestamp("2024-01-02 00:00")
    # Decided at that close, filled at that very open.
    record = play(Panel.from_bars([night]), [1.0, NAN])
    assert record.settlements[0].fill.time == record.orders[0].order.decided_at == int(night.close_time[0])


def framed(index, name="A"):
    frame = pd.DataFrame(dict.fromkeys(["open", "high", "low", "close"], 100.0), index=pd.DatetimeIndex(index))
    return Bars.from_frame(frame, symbol=name)


def dates(moments):
    return [str(day) for day in np.asarray(moments).astype("datetime64[ns]").astype("datetime64[D]")]


@pytest.mark.parametrize(
    ("freq", "name", "closes"),
    [
        ("W-MON", "1w", ["2024-01-08", "2024-01-15"]),  # stamped Mondays, 1 and 8 January
        ("W-FRI", "1w", ["2024-01-12", "2024-01-19"]),  # stamped Fridays, 5 and 12: if they end then, long over
        ("W-SUN", "1w", ["2024-01-14", "2024-01-21"]),  # stamped Sundays, 7 and 14: the first day of some sources
        ("MS", "1M", ["2024-02-01", "2024-03-01"]),  # stamped 1 January and 1 February
        ("ME", "1M", ["2024-02-29", "2024-03-31"]),  # stamped 31 January and 29 February
    ],
)
def test_a_bar_of_a_week_or_a_month_is_over_when_its_period_is_whichever_end_it_is_stamped_at(freq, name, closes):
    bars_ = framed(pd.date_range("2024-01-01", periods=12, freq=freq))
    assert (name, closes) == (bars_.timeframe, dates(bars_.close_time[:2]))
    # Decided when the bar is over, filled in the next one.
    record = play(Panel.from_bars([bars_]), [1.0, *[NAN] * 11])
    assert closes[0] == dates([record.orders[0].order.decided_at])[0]
    assert record.settlements[0].fill.time == int(bars_.time[1])


def test_trading_days_that_holidays_move_are_put_on_the_usual_day():
    # Good Friday, 29 March 2024, closed a week on Thursday; Memorial Day made one begin on a Tuesday.
    fridays = ["2024-03-15", "2024-03-22", "2024-03-28", "2024-04-05", "2024-04-12", "2024-04-19"]
    assert "2024-03-29" == dates(framed(fridays).time)[2]
    mondays = ["2024-05-13", "2024-05-20", "2024-05-28", "2024-06-03", "2024-06-10", "2024-06-17"]
    assert "2024-05-27" == dates(framed(mondays).time)[2]
    # The last trading days of 2024's first months: 31 January, 29 February, 28 March (Good Friday), 30 April.
    months = ["2023-12-29", "2024-01-31", "2024-02-29", "2024-03-28", "2024-04-30", "2024-05-31"]
    assert ["2023-12-31", "2024-03-31"] == dates(framed(months).time)[::3]


def test_two_bars_of_one_week_are_refused_with_both():
    days = ["2024-01-05", "2024-01-12", "2024-01-19", "2024-01-26", "2024-02-02", "2024-02-09", "2024-02-07"]
    opens, price = pd.DatetimeIndex(sorted(days)), 100.0 + np.arange(7)
    with pytest.raises(DataError, match="bars 5 and 6 lie in one week, 2024-02-07 and 2024-02-09: one was fetched wh"):
        Bars.from_arrays("A", "1w", opens.to_numpy("datetime64[ns]").astype(np.int64), *[price] * 4)
    frame = pd.DataFrame(dict.fromkeys(["open", "high", "low", "close"], price), index=opens)
    with pytest.raises(DataError, match="row 6: its week has a bar before, in row 5, with other values; mend it or"):
        Bars.from_frame(frame, symbol="A")


def test_weeks_on_different_days_make_no_panel():
    frames = [framed(pd.date_range("2024-01-01", periods=8, freq=freq), freq) for freq in ("W-MON", "W-FRI")]
    with pytest.raises(DataError, match=r"the 1w bars of W-MON and W-FRI overlap: 2024-01-01 .* is not closed when"):
        Panel.from_bars(frames)
    # The last bar of a series has no later end than the others.
    with pytest.raises(DataError, match="overlap"):
        Panel.from_bars([framed(["2024-01-01", "2024-01-08"]), framed(["2024-01-12", "2024-01-19"], "B")])


def test_months_with_gaps_make_one_panel():
    every = framed(["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30"])
    gappy = framed(["2024-01-31", "2024-02-29", "2024-04-30", "2024-05-31"], "B")
    panel = Panel.from_bars([every, gappy])
    assert ["2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31", "2024-06-30"] == dates(panel.close_time)


@pytest.mark.parametrize(("freq", "apart"), [("2W", 14), ("QS", 92), ("YE", 365)])
def test_frames_longer_than_a_month_are_refused(freq, apart):
    with pytest.raises(DataError, match=f"lie {apart} days apart, which is neither a week nor a month"):
        framed(pd.date_range("2018-01-01", periods=30, freq=freq))


def test_bars_of_thirty_days_are_no_months():
    with pytest.raises(DataError, match="bars of months are stamped at the first or at the last days of their months"):
        framed(pd.date_range("2018-01-01", periods=30, freq="30D"))


def test_a_trading_date_is_one_row_whatever_the_exchange():
    days = [k * DAY_NS for k in (19_723, 19_724)]
    series = [
        Bars.from_arrays(Instrument("A", exchange, timezone=zone), "1d", days, *[[100.0, 101.0]] * 4)
        for exchange, zone in (("NSE", IST), ("NYSE", "America/New_York"))
    ]
    assert Panel.from_bars(series).close_time.tolist() == [days[1], days[1] + DAY_NS]


def test_an_early_fill_is_refused_as_our_bug_and_nothing_changes():
    desk = Desk()
    assert submitted(desk.close(100, 1)) == [(1, 10)]
    opened = DAY_NS  # a fill on bars is told at its bar's open, and that was before the decision
    with pytest.raises(InvariantError, match="inputs come in the order of time"):
        desk.take(Filled(opened, "1", Fill(1, 0, 10, 100.0, opened), at_open=True))
    assert (desk.position, desk.settlements) == (0, [])


@pytest.mark.parametrize("engine", ["event", "compiled"])
def test_weights_at_rows_without_a_bar_are_told(engine):
    hole = None
    panel = panel_of({"A": still(100, 6), "B": [*still(50, 2), hole, hole, *still(50, 2)]})
    weights = np.full((6, 2), NAN)
    weights[0] = 0.5, 0.4
    weights[2] = 0.3, 0.0  # B is to be left, and has no bar
    weights[3] = NAN, 0.2  # nor has it here
    record = run_engine(engine, panel, settings_of(), decisions=DecisionArrays(weights), style="allocate")
    told = [notice for notice in record.notices if notice.code == "no_bar"]
    assert [(notice.time, notice.text) for notice in told] == [
        (
            int(panel.time[2]),
            (
                "2 weights were given at rows in which the instrument has no bar, and not acted on: the first is 0 for "
                "B. Give the weight at its next bar again, or leave NaN where np.isfinite(panel.close) is false"
            ),
        )
    ]
    # Not acted on: B is held to the end.
    assert record.positions[1] > 0


def test_a_weight_that_says_what_is_in_force_is_not_told():
    panel = panel_of({"A": still(100, 6), "B": [None, None, *still(50, 2), None, 50 * np.ones(4)]})
    weights = np.zeros((6, 2))  # a table of zeros before B has its first bar
    weights[:, 0] = 0.5
    weights[2:4, 1] = 0.4
    weights[4:, 1] = NAN
    given = DecisionArrays(weights)
    assert (
        run_engine("event", panel, settings_of(rebalance="on_change"), decisions=given, style="allocate").notices == ()
    )


def test_a_result_says_what_was_asked_for_without_a_bar():
    class Rotates(Strategy):
        def allocate(self, panel):
            weights = np.zeros(panel.close.shape)
            weights[np.arange(len(panel)), np.arange(len(panel)) % 2] = 0.5
            return weights

    series = [Bars.from_arrays(name, "1d", [k * DAY_NS for k in days], *[[100.0] * len(days)] * 4)
              for name, days in (("A", range(8)), ("B", (0, 2, 3, 4, 6)))]  # fmt: skip
    texts = [finding.text for finding in backtest(Rotates(), series, causality="off").findings]
    # Rows 1, 5 and 7 are B's turn, and it has no bar there.
    assert any(text.startswith("1970-01-02: 3 weights were given at rows in which") for text in texts)


def test_an_order_for_an_instrument_without_a_bar_waits_for_its_next_one_and_is_kept_with_its_end():
    prices = {"A": still(100, 6), "B": [(50, 50, 50, 50), None, (55, 55, 55, 55), None, None, (60, 60, 60, 60)]}
    # Asked at row 1, where B has none: filled at B's next bar. Asked at row 2: B has none in the next session.
    record = play(prices, orders={1: [ask(3, instrument=1)], 2: [ask(4, instrument=1)]})
    assert fills_by_symbol(record) == [(2, "B", 3)]
    assert states(record) == [(3, "filled"), (4, "expired")]


def test_a_result_says_which_orders_came_to_nothing_for_want_of_a_bar():
    class Orders(Strategy):
        def on_bar(self, ctx):
            if ctx.row in {0, 1, 2}:
                ctx.buy(3 + ctx.row, "B")

    # B has bars at rows 1 and 5: what is asked at row 0 has no price yet, at row 1 it may wait for a bar of the next
    # session, which has none; at row 2 it has no bar, nor in the session after.
    series = [
        Bars.from_arrays(name, "1d", [k * DAY_NS for k in days], *[[100.0] * len(days)] * 4)
        for name, days in (("A", range(8)), ("B", (1, 5)))
    ]
    result = backtest(Orders(), series)
    assert [(str(o.state), o.why) for o in result.record.orders] == [
        ("refused", "no_price"),
        ("expired", ""),
        ("expired", ""),
    ]
    told = [finding.text for finding in result.findings if "has no bar" in finding.text]
    assert told == [
        (
            "1970-01-01: 2 orders were given at rows in which the instrument has no bar, and came to nothing before "
            "its next one: the first is +3 of B. Give it again at its next bar, or with validity GTC."
        )
    ]


def test_an_order_for_an_instrument_that_had_no_bar_yet_is_refused_with_a_reason():
    record = play({"A": still(100, 3), "B": [None, None, (50, 50, 50, 50)]}, orders={0: [ask(3, instrument=1)]})
    assert [(o.requested, str(o.state), o.why) for o in record.orders] == [(3, "refused", "no_price")]
