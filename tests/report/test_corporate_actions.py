"""The worked example everywhere downstream: 100 shares at 1000, split 5:1, dividend of 4, sold 500 at 210."""

import csv
import io

import numpy as np
import pytest

from framework.backtest import backtest
from framework.report.benchmark import buy_and_hold
from framework.report.payload import chart_data
from framework.report.result import Result
from framework.report.round_trips import round_trips
from framework.strategy import Strategy
from framework.types import Panel, Signals
from framework.types.actions import Action
from tests.contract.market import MONDAY, NAN, panel_of, play, still

SPLIT = Action(MONDAY + 3, "split", 5.0)
DIVIDEND = Action(MONDAY + 5, "dividend", dividend=4.0)
PRICES = [*still(1000, 2), (1000, 1000, 900, 1000), *still(200, 2), (200, 220, 190, 210), *still(210, 2)]


def with_actions(prices, *actions) -> Panel:
    bars = panel_of(prices).bars()
    return Panel.from_bars([bars[0].with_actions(actions), *bars[1:]])


@pytest.fixture
def record():
    targets = [1, NAN, NAN, NAN, NAN, 0]
    return play(with_actions(PRICES, SPLIT, DIVIDEND), targets, sizing="fixed:100", capital=200_000)


def test_the_round_trip_is_told_in_the_shares_of_its_end(record):
    (trip,) = round_trips(record)
    assert (500, 200.0, 210.0, 5.0) == (trip.quantity, trip.entry_price, trip.exit_price, trip.shares_factor)
    # 500 × (210 − 200) = 5,000 and 500 × 4 = 2,000 of dividends on 1,00,000
    assert (5_000_00, 2_000_00, 7_000_00) == (trip.gross_paise, trip.dividends_paise, trip.net_paise)
    assert pytest.approx(7.0) == trip.return_percent
    # the lowest was 900 before the split, which is 180; the highest 220
    assert pytest.approx((10.0, 10.0)) == (trip.mae_percent, trip.mfe_percent)


def test_an_open_round_trip_is_marked_in_the_new_shares(record):
    still_held = play(record.panel, [1], sizing="fixed:100", capital=200_000)
    (trip,) = round_trips(still_held)
    assert (True, 500, 210.0) == (trip.open, trip.quantity, trip.exit_price)
    assert still_held.equity_paise[-1] - 200_000_00 == trip.net_paise == 7_000_00


def test_the_benchmark_is_carried_too(record):
    # bought at the open of row 1 with everything: 200 shares at 1000, 1000 at 200, 4,000 of dividends, 1000 × 210
    expected = [200_000.0] * 5 + [1000 * 210 + 4_000.0] * 3
    assert pytest.approx(expected) == buy_and_hold(record).tolist()
    assert pytest.approx(expected[::3]) == buy_and_hold(record, np.array([0, 3, 6])).tolist()


def test_without_bars_around_the_ex_date_the_benchmark_keeps_its_mark():
    prices = {"A": [*still(1000, 2), None, None, *still(210, 2)], "B": still(10, 6)}
    run = play(with_actions(prices, Action(MONDAY + 3, "split", 5.0)), {"A": [], "B": []}, capital=2_000)
    assert pytest.approx([2000.0, 2000.0, 2000.0, 2000.0, 2050.0, 2050.0]) == buy_and_hold(run).tolist()


def test_a_price_pane_has_its_ex_dates_and_printed_trips(record):
    result = backtest(Watching(), record.panel, sizing="fixed:100", capital=200_000)
    data = chart_data(result)
    assert [[3, "split ×5"], [5, "dividend ₹4"]] == data["instruments"][0]["exDates"]
    assert [1, 8 - 1, 1000.0, 210.0] == data["trips"][0][0][:4]


class Watching(Strategy):
    """Long, with the average of what it sees."""

    def signals(self, bars):
        return Signals.long_flat(enter=bars.close > 0, leave=bars.close < 0, columns={"sma": bars.close})


def test_a_line_over_printed_candles_is_printed_too(record):
    result = backtest(Watching(), record.panel, sizing="fixed:100", capital=200_000)
    (price, *_), (one,) = chart_data(result)["panes"], chart_data(result)["instruments"]
    assert ("sma",) == price["columns"]
    assert one["close"] == one["columns"]["sma"]


def test_a_kept_run_keeps_its_actions(record, tmp_path):
    result = backtest(Watching(), record.panel, sizing="fixed:100", capital=200_000)
    loaded = Result.load(result.save(tmp_path / "run"))
    assert result == loaded
    assert result.record.actions == loaded.record.actions != ()
    assert result.record.panel.actions == loaded.record.panel.actions
    assert result.trips == loaded.trips
    (row,) = csv.DictReader(io.StringIO((tmp_path / "run" / "round_trips.csv").read_text()))
    assert ("500", "200.0", "2000.00") == (row["quantity"], row["entry_price"], row["dividends"])


def test_bars_that_were_adjusted_already_are_named(record):
    adjusted = record.panel.bars()[0].adjusted("splits").with_actions([SPLIT])
    result = backtest(Watching(), adjusted, sizing="fixed:100", capital=200_000)
    (finding,) = [one.text for one in result.findings if "already adjusted" in one.text]
    assert finding.startswith("1 of 1 listed corporate actions does not show in the prices (A 2024-01-04 split ×5;")
    # 100 shares became 500 of 200 rupees each though the price had been 200 all along: 400 × 200 for nothing
    assert "made ₹80,000 of it (40.0 % of the capital)" in finding
    assert "--adjust none" in finding
    printed = [one.text for one in backtest(Watching(), record.panel).findings if "already adjusted" in one.text]
    assert [] == [one for one in printed if "2024-01-04" in one]  # its dividend, which no price shows, is told
