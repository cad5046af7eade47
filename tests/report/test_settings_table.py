"""What was run is printed with the result, in plain words."""

import numpy as np
import pytest

from framework import Bars, Settings, Signals, Strategy, backtest
from framework.report.settings_table import every_setting
from framework.report.tearsheet import render

DAY = 86_400_000_000_000


class Long(Strategy):
    def signals(self, bars):
        return Signals(np.ones(len(bars)))


class Halves(Strategy):
    def allocate(self, panel):
        return np.full(panel.close.shape, 0.5)


class Nothing(Strategy):
    def on_bar(self, ctx):
        pass


def series(symbol="AAA", count=40):
    close = np.full(count, 100.0)
    return Bars.from_arrays(symbol, "1d", np.arange(count) * DAY, close, close + 1, close - 1, close)


def printed(strategy, bars=None, **choices):
    """The settings of the printed result on one line."""
    text = str(backtest(strategy, bars or series(), **choices))
    block = text[text.index("\nSettings") : text.index("\nCausality")]
    return " ".join(block.removeprefix("\nSettings").split())


def test_capital_and_sizing_are_always_told():
    assert "capital ₹1,00,000; sizing 95 % of equity" == printed(Long())


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"capital": 250_000.5}, "capital ₹2,50,000.50; sizing 95 % of equity"),
        ({"sizing": "fixed:10"}, "sizing 10 units"),
        ({"sizing": "fixed:1"}, "sizing 1 unit"),
        ({"sizing": "value:50000"}, "sizing ₹50,000 a position"),
        ({"sizing": "risk:1%", "stop_loss": "5%"}, "sizing by risk, 1 % of equity lost at the stop; stop-loss 5 %"),
        ({"allotment": 0.5}, "sizing 95 % of an instrument's part (50 % of equity)"),
        ({"sizing": "fixed:2", "allotment": 0.5}, "sizing 2 units; the allotment of 50 % plays no part in this sizing"),
        ({"sizing": "volatility:15%"}, "sizing 15 % volatility a year of equity; volatility of 20 bars"),
        ({"sizing": "equal_risk:95%", "volatility_bars": 5}, "95 % of equity, divided by volatility; volatility of 5"),
        ({"sizing": "kelly:50%"}, "sizing 50 % of the Kelly fraction of equity; Kelly at most 25 %, before 20 round"),
        ({"sizing": "kelly:0.5", "kelly_after": 1, "kelly_start": "5%"}, "before 1 round trip 5 %"),
        ({"sizing": "margin:90%", "allotment": 0.5}, "sizing 90 % of an instrument's part (50 % of equity) as margin"),
        ({"take_profit": "10%", "trail": "rs:12.5"}, "take-profit 10 %; trail ₹12.50"),
        ({"time_exit": 5}, "time exit after 5 bars"),
        ({"reenter": "new_signal"}, "re-entry after an exit only on a new signal"),
        ({"reuse_proceeds": True}, "unfilled sales may fund buys"),
        ({"short_margin": 0.5}, "short margin 50 %"),
        ({"long_margin": 0.2}, "long margin 20 %"),
        ({"product": "CNC"}, "product CNC"),
        ({"validity": "GTC", "limit_follow": True}, "entries rest until cancelled (GTC); resting entries follow"),
        ({"volume_cap": 0.1}, "at most 10 % of a bar's volume"),
        (
            {"max_order_value": 5e5, "max_position_value": 1e6},
            "at most ₹5,00,000 per order; at most ₹10,00,000 per ins",
        ),
        ({"max_daily_loss": "2%"}, "reduce only after a daily loss of 2 %"),
        ({"risk_free": 0.065}, "risk-free rate 6.50 % a year"),
        ({"start": "1970-01-11"}, "decisions from 1970-01-11 on (10 bars before it only feed the indicators)"),
    ],
)
def test_what_is_not_the_default_is_told_in_plain_words(choices, words):
    assert words in printed(Long(), **choices)


def test_several_instruments_share_equity():
    both = [series("AAA"), series("BBB")]
    assert "capital ₹1,00,000; sizing 95 % of an instrument's part (1/2 of equity each)" == printed(Long(), both)


def test_each_style_tells_only_what_it_uses():
    weights = printed(Halves(), rebalance="band:5", leverage=2)
    assert "capital ₹1,00,000; weights by allocate(), rebalanced beyond 5 percentage points; leverage 2" == weights
    assert "capital ₹1,00,000" == printed(Nothing())


def test_no_line_of_the_settings_is_longer_than_a_terminal():
    many = {"stop_loss": "5%", "take_profit": "10%", "trail": "3%", "time_exit": 20, "max_order_value": 5e5}
    text = str(backtest(Long(), series(), reenter="new_signal", validity="GTC", limit_follow=True, **many))
    lines = text[text.index("Settings") : text.index("Causality")].splitlines()
    assert len(lines) > 1
    assert max(map(len, lines)) <= 110


def test_the_tearsheets_box_holds_every_setting_as_people_write_it():
    rows = dict(every_setting(Settings.of(max_order_value=500_000, stop_loss="5%")))
    assert ("₹1,00,000", "equity:95%", "no", "–") == (
        rows["capital"], rows["sizing"], rows["limit follow"], rows["exits: trail"],
    )  # fmt: skip
    assert ("5%", "₹5,00,000", "next open", "1") == (
        rows["exits: stop loss"], rows["limits: max order value"], rows["fill at"], rows["leverage"],
    )  # fmt: skip


def test_the_tearsheet_tells_near_its_headline_what_was_run():
    page = render(backtest(Long(), series(), stop_loss="5%"))
    line = page.index("capital ₹1,00,000; sizing 95 % of equity; stop-loss 5 %")
    assert page.index("Fill rule:") > line
