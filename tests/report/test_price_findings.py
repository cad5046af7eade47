"""Prices that nobody could have traded at, or that are not what they look like: each is told, and no sound one is."""

import numpy as np
import pytest

from framework import Signals, Strategy, backtest
from framework.report.finding import Severity
from framework.types import Bars, Instrument
from framework.types.actions import Action

DAY = 86_400_000_000_000
FIRST = 19_723
"""2024-01-01."""


def shares(opens, closes=None, *, symbol="ABC", volume=None, first=FIRST, spread=1.0, **facts) -> Bars:
    """Daily bars on consecutive days, high and low ``spread`` beyond the body."""
    opened = np.asarray(opens, dtype=float)
    close = opened if closes is None else np.asarray(closes, dtype=float)
    high, low = np.maximum(opened, close) + spread, np.minimum(opened, close) - spread
    time = (first + np.arange(opened.shape[0])) * DAY
    return Bars.from_arrays(Instrument(symbol, **facts), "1d", time, opened, high, low, close, volume)


def run(bars, targets, **given):
    class Said(Strategy):
        """By a table."""

        def signals(self, bars):
            return Signals(target=np.array([*targets, *[np.nan] * len(bars)][: len(bars)], dtype=float))

    return backtest(Said(), bars, **{"causality": "off", "sizing": "fixed:10", "capital": 1e5} | given)


def told(result, words):
    return [one for one in result.findings if words in one.text]


def test_a_share_whose_bars_end_a_week_before_the_run_is_told_with_its_worth():
    result = run([shares([100] * 12), shares([50] * 6, symbol="GONE")], [1], capital=5_000)
    (found,) = told(result, "has no bar after")
    assert found.severity is Severity.WARNING
    # 10 of 50 rupees are 500 of 5,000
    assert "GONE has no bar after 2024-01-06, 6 sessions before the end, and +10 are held" in found.text
    assert "₹50.00, in all ₹500.00, 10 % of the equity" in found.text


@pytest.mark.parametrize("bars", [12, 8])
def test_a_share_that_trades_to_the_end_or_nearly_is_not(bars):
    assert [] == told(run([shares([100] * 12), shares([50] * bars, symbol="B")], [1]), "has no bar after")


def test_one_that_is_not_held_any_more_is_not_told():
    assert [] == told(run([shares([100] * 12), shares([50] * 6, symbol="B")], [1, 0]), "has no bar after")


def test_fills_on_bars_without_a_trade_are_counted():
    result = run(shares([100, 100, 100, 120, 120], volume=[1e3, 0, 1e3, 0, 1e3]), [1, np.nan, 0])
    (found,) = told(result, "volume of 0")
    assert found.text.startswith("2 of 2 fills are on bars with a volume of 0, the first in ABC on 2024-01-02")


def test_an_index_without_any_volume_is_not_told_of_it():
    assert [] == told(run(shares([100] * 5, volume=[0.0] * 5), [1, np.nan, 0]), "volume of 0")
    assert [] == told(run(shares([100] * 5), [1, np.nan, 0]), "volume of 0")


def spiked(at, factor):
    """Thirty quiet bars of 100 with one high that is so many times as high."""
    opened = np.full(30, 100.0)
    high = np.full(30, 101.0)
    high[at] = 100.0 * factor
    time = (FIRST + np.arange(30)) * DAY
    return Bars.from_arrays("ABC", "1d", time, opened, high, np.full(30, 99.0), opened)


def test_a_target_that_one_bad_tick_reached_is_a_warning_and_a_spike_without_a_fill_a_note():
    (warning,) = told(run(spiked(15, 1.4), [1], take_profit="30%"), "bad tick")
    (note,) = told(run(spiked(15, 1.4), [1]), "bad tick")
    assert (Severity.WARNING, Severity.NOTE) == (warning.severity, note.severity)
    # 140 above the neighbours' 101 is 38.6 %
    assert "the high of ABC on 2024-01-16 by 39 %; 1 fill is within it" in warning.text
    assert "0 fills are within it" in note.text
    assert [] == told(run(spiked(15, 1.03), [1]), "bad tick")


def test_closes_only_are_a_warning_with_a_stop_and_a_note_without():
    flat = shares(np.linspace(100, 120, 20), spread=0.0)
    (note,) = told(run(flat, [1]), "one price each")
    (warning,) = told(run(flat, [1], stop_loss="5%"), "one price each")
    assert (Severity.NOTE, Severity.WARNING) == (note.severity, warning.severity)
    assert [] == told(run(shares(np.linspace(100, 120, 20)), [1], stop_loss="5%"), "one price each")


def test_a_short_over_night_without_a_product_is_told_and_one_of_an_index_is_not():
    (found,) = told(run(shares([100] * 6), [np.nan, -1, np.nan, 0]), "short over night")
    assert "1 time (ABC; first 2024-01-03), and no fee for borrowing" in found.text
    assert [] == told(run(shares([100] * 6, kind="index"), [np.nan, -1, np.nan, 0]), "short over night")
    assert [] == told(run(shares([100] * 6), [1, np.nan, 0]), "short over night")


def test_bars_later_than_the_run_are_an_error():
    (found,) = told(run(shares([100] * 5, first=40_000), [1]), "later than the run was made")
    assert (Severity.ERROR, "5 bars open later") == (found.severity, found.text[:17])


def test_bars_at_the_epoch_before_a_gap_of_years_are_an_error_and_old_series_are_not():
    time = np.array([0, *range(FIRST, FIRST + 5)]) * DAY
    price = np.full(6, 100.0)
    (found,) = told(run(Bars.from_arrays("ABC", "1d", time, price, price, price, price), [1]), "1970-01-01")
    assert (Severity.ERROR, "1 bar is stamped") == (found.severity, found.text[:16])
    assert [] == told(run(shares([100] * 30, first=-10), [1]), "1970-01-01")


def walk(seed, count=600, night=0.008):
    """Opens and closes of a share: nights and days of a normal distribution."""
    rng = np.random.default_rng(seed)
    nights, days = rng.normal(0, night, count), rng.normal(0, 0.01, count)
    steps = np.cumsum(np.stack([nights, days], axis=1).ravel())
    return np.exp(steps[0::2]) * 500, np.exp(steps[1::2]) * 500


DIVIDENDS = [Action(FIRST + 40 * k + 20, "dividend", dividend=6.0) for k in range(14)]


def printed(opens, closes, actions):
    """The prices as an exchange prints them: every dividend taken off from its day on."""
    opens, closes = opens.copy(), closes.copy()
    for action in actions:
        row = action.ex_day - FIRST
        left = 1 - action.dividend / closes[row - 1]
        opens[row:] *= left
        closes[row:] *= left
    return opens, closes


def test_dividends_too_small_to_see_alone_are_seen_together():
    """Fourteen of about 1 % each in nights of 0.8 %: of 40 shares with prices as printed none is called adjusted."""
    wrong, missed = 0, 0
    for seed in range(40):
        opens, closes = walk(seed)
        as_printed = shares(*printed(opens, closes, DIVIDENDS)).with_actions(DIVIDENDS)
        adjusted = shares(opens, closes).with_actions(DIVIDENDS)
        wrong += bool(told(run(as_printed, [1]), "look already adjusted"))
        missed += not told(run(adjusted, [1]), "look already adjusted")
    assert 0 == wrong
    assert missed <= 8


def test_dividends_that_an_adjusted_price_paid_twice_are_an_error_with_their_sum():
    opens, closes = walk(3)
    result = run(shares(opens, closes).with_actions(DIVIDENDS), [1], sizing="fixed:100")
    (found,) = told(result, "look already adjusted")
    assert found.severity is Severity.ERROR
    # 14 × ₹6 × 100 shares; in the terms of each day's opening within a few percent of it
    made = float(found.text.partition("made ₹")[2].partition(" ")[0].replace(",", ""))
    assert 8_400 == pytest.approx(made, rel=0.05)


def test_each_action_is_judged_alone_where_it_is_large():
    """A split that the prices show, and a bonus that they do not."""
    price = np.array([1000.0] * 5 + [200.0] * 10)
    bars = shares(price).with_actions([Action(FIRST + 5, "split", 5.0), Action(FIRST + 10, "bonus", 2.0)])
    (found,) = told(run(bars, [1]), "look already adjusted")
    assert found.text.startswith(
        "1 of 2 listed corporate actions does not show in the prices (ABC 2024-01-11 bonus ×2; 1 does)"
    )


def test_entries_that_a_gap_made_too_dear_are_told_with_the_size_that_would_have_fitted():
    """Bought at 100 for all the money and opened at 104: a size of 96 % would have been covered."""
    bars = shares([100, 104, 104, 104], [100, 104, 104, 104])
    result = run(bars, [1, np.nan, 0], sizing="equity:100%", capital=10_000, charges="none")
    (found,) = told(result, "would have covered")
    assert "size smaller: equity:96% would have covered the largest of these gaps, 4.0 %" in found.text
    fitting = run(bars, [1, np.nan, 0], sizing="equity:96%", capital=10_000, charges="none")
    assert 2 == len(fitting.record.settlements)
    assert [] == told(fitting, "would have covered")
