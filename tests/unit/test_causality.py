"""What the causality check covers, finds and says; the planted leaks are in test_causality_planted.py."""

import numpy as np
import pandas as pd
import pytest
import talib

from framework import Panel, Signals, Strategy
from framework.causality.check import check_allocate, check_on_bar, check_signals
from framework.errors import StrategyError
from framework.types import CausalityVerdict
from strategies.buy_and_hold import BuyAndHold
from strategies.macd import MACD
from strategies.momentum import Momentum
from strategies.rsi import RSI
from tests.walks import random_walk, strategy_of

ROWS = 2500


def long_flat(enter, leave, **others):
    return Signals.long_flat(np.asarray(enter), np.asarray(leave), **others)


def stop_distance_from_the_whole_sample(bars):
    rsi = talib.RSI(bars.close, 14)
    distance = np.std(np.diff(bars.close)) if len(bars) > 2 else 1.0
    return long_flat(rsi < 30, rsi > 70, stop=np.full(len(bars), 3 * distance))


def looks_at_the_last_price(bars):
    last = bars.close[-1] if len(bars) else np.nan
    return long_flat(bars.close < last * 0.9, bars.close > last)


def test_the_finding_names_bar_symbol_and_both_decisions():
    def peeks_once(bars):
        target = np.full(len(bars), np.nan)
        if len(bars) > 31:
            target[30] = 1.0  # decided at bar 30, but only when bar 31 is there
        return Signals(target)

    outcome = check_signals(strategy_of(peeks_once), [random_walk(100, symbol="SP500")])
    # Bar 30 of a daily walk that begins on day 12,000 since 1970.
    assert outcome.finding.startswith("bar 2002-12-09 of SP500: target 1 with the later bars, keep (NaN) without them")
    assert str(outcome).startswith("leak: bar 2002-12-09")


def test_the_earliest_bar_that_any_cut_shows_is_the_one_named():
    def peeks_often(bars):
        target = np.full(len(bars), np.nan)
        target[10 : max(len(bars) - 1, 10) : 10] = 1.0
        target[15 : max(len(bars) - 1, 15) : 10] = 0.0
        return Signals(target)

    outcome = check_signals(strategy_of(peeks_often), [random_walk(300)], mode="every-bar")
    assert outcome.finding.startswith("bar 2002-11-19 of WALK: target 1")  # bar 10


def test_an_intraday_bar_is_named_in_the_exchanges_own_time():
    bars = random_walk(500, timeframe="1m")
    zoned = bars.__class__.from_arrays(
        bars.instrument._replace(timezone="Asia/Kolkata", exchange="NSE"), "1m", bars.time, *(
            getattr(bars, name) for name in ("open", "high", "low", "close")
        )
    )  # fmt: skip
    finding = check_signals(strategy_of(looks_at_the_last_price), [zoned]).finding
    assert " IST of NSE:WALK: " in finding


def test_a_stop_that_differs_is_named_as_such():
    finding = check_signals(strategy_of(stop_distance_from_the_whole_sample), [random_walk(ROWS)]).finding
    assert ": stop " in finding
    assert "with the later bars, stop " in finding


def test_a_stop_may_differ_by_rounding_but_a_target_may_not():
    def rounded(kind, factor):
        def signals(bars):
            wobble = factor if len(bars) % 2 else 1.0
            target, stop = np.full(len(bars), 0.5), np.full(len(bars), 10.0)
            return Signals(target * wobble, stop=stop) if kind == "target" else Signals(target, stop=stop * wobble)

        return strategy_of(signals)

    bars = [random_walk(100)]
    assert check_signals(rounded("stop", 1 + 5e-13), bars).verdict == "passed"
    assert check_signals(rounded("stop", 1 + 5e-12), bars).verdict == "leak"
    assert check_signals(rounded("target", 1 + 5e-13), bars).verdict == "leak"


def test_a_stop_that_only_the_whole_history_has_is_a_leak():
    def only_when_long(bars):
        rsi = talib.RSI(bars.close, 14)
        return long_flat(rsi < 30, rsi > 70, **({"stop": np.ones(len(bars))} if len(bars) == 300 else {}))

    assert "stop 1 with the later bars, no stop without them" in str(
        check_signals(strategy_of(only_when_long), [random_walk(300)])
    )


def test_columns_for_plots_may_look_ahead():
    def pretty(bars):
        rsi = talib.RSI(bars.close, 14)
        smooth = pd.Series(bars.close).rolling(9, center=True).mean().to_numpy()
        return long_flat(rsi < 30, rsi > 70, columns={"smooth": smooth})

    assert check_signals(strategy_of(pretty), [random_walk(ROWS)]).verdict == "passed"


def test_raising_on_a_prefix_that_had_decisions_is_a_finding():
    def needs_bar_200(bars):
        _ = bars.close[200]
        return Signals(np.ones(len(bars)))

    finding = check_signals(strategy_of(needs_bar_200), [random_walk(300)]).finding
    assert "target 1 with the later bars, but the first " in finding
    assert "IndexError" in finding


def test_a_strategy_that_answers_differently_on_the_same_bars_is_told_so():
    calls = []

    def moody(bars):
        calls.append(1)
        return Signals(np.full(len(bars), len(calls) % 2))

    finding = check_signals(strategy_of(moody), [random_walk(300)]).finding
    assert "on the very same bars" in finding or "without them" in finding

    def random(bars):
        return Signals(np.random.default_rng().random(len(bars)))

    assert check_signals(strategy_of(random), [random_walk(300)]).verdict == "leak"


def test_one_that_differs_only_on_the_whole_history_is_called_what_it_is():
    calls = []

    def differs_on_the_whole(bars):
        calls.append(1)
        whole = len(bars) == 300
        return Signals(np.full(len(bars), 0.5 if whole and len(calls) > 1 else 1.0))

    finding = check_signals(strategy_of(differs_on_the_whole), [random_walk(300)]).finding
    assert finding.startswith("bar 2002-11-09 of WALK: target 1 the first time, target 0.5 the second")


def test_signals_that_the_host_knows_are_not_computed_again():
    bars = random_walk(300)
    lengths = []

    def counting(given):
        lengths.append(len(given))
        return RSI().signals(given)

    check_signals(strategy_of(counting), [bars], known=[RSI().signals(bars)])
    assert lengths.count(300) == 2  # once more on the same bars, once at a fifth of the prices


class Watch:
    """A clock that moves only when a history is decided, by so much a row."""

    def __init__(self, seconds_a_row=0.001):
        self.now, self.seconds_a_row = 0.0, seconds_a_row

    def __call__(self):
        return self.now

    def charging(self, decide, rows=len):
        def decided(given):
            self.now += self.seconds_a_row * rows(given)
            return decide(given)

        return decided


def test_the_budget_ends_the_default_check_and_the_coverage_says_so():
    bars, watch = random_walk(ROWS), Watch()
    answer = MACD().signals(bars)
    outcome = check_signals(
        strategy_of(watch.charging(MACD().signals)), [bars], budget_s=20, known=[answer], clock=watch
    )
    # A second for 1,000 bars: the cuts are of 3,000 bars at most and may take 0.8 × 20 s + 0.25 × 20 s.
    assert 16 <= watch.now - ROWS / 1000 <= 21
    assert 0 < outcome.checked_decisions < outcome.decisions


def test_a_history_that_would_overrun_the_budget_by_much_is_not_begun():
    bars, watch = random_walk(ROWS), Watch(seconds_a_row=0.01)
    answer = MACD().signals(bars)
    outcome = check_signals(
        strategy_of(watch.charging(MACD().signals)), [bars], budget_s=1, known=[answer], clock=watch
    )
    # The first cut (nobody knows yet what it costs) is nearly the whole history, 30 s, and so are the rescaled prices.
    assert outcome.cuts == 1
    assert watch.now < 2 * 31


def test_a_slow_on_bar_strategy_is_run_over_its_first_bars_only():
    watch = Watch(seconds_a_row=0.016)
    outcome = check_on_bar(
        watch.charging(honest_log, rows=lambda given: given), 400, budget_s=1, clock=watch, known=honest_log(400)
    )
    # 1.25 s are about 78 bars.
    assert 0.5 < watch.now <= 1.25
    assert outcome.checked_decisions >= 1
    assert outcome.verdict is CausalityVerdict.PASSED


def test_a_quick_on_bar_strategy_is_run_to_the_middle_early():
    lengths, watch = [], Watch(seconds_a_row=0.00002)

    def noting(rows):
        lengths.append(rows)
        return honest_log(rows)

    check_on_bar(watch.charging(noting, rows=lambda given: given), 400, clock=watch, known=honest_log(400))
    assert lengths[1] > 100
    assert 400 == lengths[-1]


def test_even_without_any_budget_one_cut_is_made():
    assert check_signals(MACD(), [random_walk(ROWS)], budget_s=0.0).cuts == 1


def test_all_decisions_are_checked_when_asked_for_whatever_the_budget():
    outcome = check_signals(MACD(), [random_walk(ROWS)], mode="all-decisions", budget_s=0.0)
    assert outcome.checked_decisions == outcome.decisions > 150


def test_a_short_budget_is_shared_between_the_instruments():
    seen = set()

    def noting(bars):
        seen.add(bars.symbol)
        return RSI().signals(bars)

    series = [random_walk(500, seed, f"S{seed}") for seed in range(5)]
    known = [RSI().signals(bars) for bars in series]
    watch = Watch(seconds_a_row=1 / 500)
    check_signals(strategy_of(watch.charging(noting)), series, known=known, budget_s=8, clock=watch)
    assert seen == {"S0", "S1", "S2", "S3", "S4"}


def test_decisions_before_the_runs_first_bar_are_not_counted():
    bars = random_walk(ROWS)
    whole = check_signals(MACD(), [bars], mode="all-decisions")
    late = check_signals(MACD(), [bars], mode="all-decisions", first_ns=int(bars.time[2000]))
    assert 0 < late.decisions < whole.decisions / 3
    assert check_signals(BuyAndHold(), [bars], first_ns=int(bars.time[2000])).decisions == 1


def test_the_same_check_twice_says_the_same():
    series = [random_walk(ROWS, seed, f"S{seed}") for seed in range(2)]
    assert check_signals(MACD(), series, budget_s=60) == check_signals(MACD(), series, budget_s=60)


def test_nothing_to_check_is_said_and_not_passed():
    assert check_signals(RSI(), []).verdict is CausalityVerdict.NOT_CHECKED
    assert check_signals(RSI(), [random_walk(0)]).verdict is CausalityVerdict.NOT_CHECKED
    assert check_allocate(Momentum(), Panel.from_bars([random_walk(5)])[:0]).verdict is CausalityVerdict.NOT_CHECKED
    assert check_on_bar(lambda rows: [], 0).verdict is CausalityVerdict.NOT_CHECKED


def test_one_bar_is_enough_to_check():
    assert check_signals(BuyAndHold(), [random_walk(1)]).verdict is CausalityVerdict.PASSED


@pytest.mark.parametrize("answer", [None, [1.0] * 50, Signals(np.ones(49))])
def test_an_answer_that_is_no_signals_is_an_error_that_says_what_came(answer):
    with pytest.raises(StrategyError, match=r"signals\(\) returned .* for 50 bars of WALK; it needs Signals"):
        check_signals(strategy_of(lambda bars: answer), [random_walk(50)])


def test_rupee_amounts_written_into_a_strategy_show_when_prices_are_rescaled():
    def above_100_rupees(bars):
        return long_flat(bars.close > 100, bars.close < 90)

    bars = random_walk(ROWS)
    # At a fifth the price never exceeds 100: every bar above 90 decides otherwise, unless its fifth lies below too.
    close = bars.close
    expected = int(np.sum((close > 100) | ((close >= 90) & (close / 5 < 90))))
    outcome = check_signals(strategy_of(above_100_rupees), [bars])
    assert outcome.verdict == "passed"
    assert outcome.scale_changes == expected

    def stop_of_five_rupees(bars):
        rsi = talib.RSI(bars.close, 14)
        return long_flat(rsi < 30, rsi > 70, stop=np.full(len(bars), 5.0))

    decided = np.isfinite(RSI().signals(bars).target).sum()
    assert check_signals(strategy_of(stop_of_five_rupees), [bars]).scale_changes == decided


def test_a_strategy_that_cannot_take_other_prices_counts_all_its_decisions():
    def only_above_50(bars):
        if len(bars) and bars.close[0] < 50:
            msg = "penny stocks are refused"
            raise ValueError(msg)
        return Signals(np.ones(len(bars)))

    assert check_signals(strategy_of(only_above_50), [random_walk(40)]).scale_changes == 40


# allocate -------------------------------------------------------------------------------------------------------------


def panel(rows=1500, count=5):
    return Panel.from_bars([random_walk(rows, seed, f"S{seed}") for seed in range(count)])


def allocating(allocate):
    return type("Planted", (Strategy,), {"allocate": lambda self, given: allocate(given), "__module__": __name__})()


def test_momentum_passes_and_all_its_rebalancings_are_looked_at():
    outcome = check_allocate(Momentum(top=2), panel())
    assert outcome.verdict is CausalityVerdict.PASSED, outcome.finding
    assert outcome.decisions == outcome.checked_decisions > 10
    assert outcome.scale_changes == 0


def test_weights_from_tomorrows_returns_are_caught_with_their_symbol():
    def clairvoyant(given):
        weights = np.full(given.close.shape, np.nan)
        weights[:-1] = np.where(np.diff(given.close, axis=0) > 0, 0.2, 0.0)
        return weights

    outcome = check_allocate(allocating(clairvoyant), panel())
    assert outcome.verdict is CausalityVerdict.LEAK
    assert " of S" in outcome.finding


def test_ranks_over_the_whole_sample_are_caught():
    def by_mean_price(given):
        best = np.argmax(np.nanmean(given.close, axis=0)) if len(given) else 0
        weights = np.zeros(given.close.shape)
        weights[:, best] = 1.0
        return weights

    assert check_allocate(allocating(by_mean_price), panel()).verdict is CausalityVerdict.LEAK


def test_weights_of_the_wrong_shape_are_an_error():
    with pytest.raises(StrategyError, match=r"shape \(5,\); it needs one weight per bar and instrument, \(1500, 5\)"):
        check_allocate(allocating(lambda given: np.zeros(5)), panel())


# on_bar ---------------------------------------------------------------------------------------------------------------

CLOSES = random_walk(400).close


def honest_log(rows):
    return [(row, "buy", "X", 10) for row in range(5, rows) if CLOSES[row] == CLOSES[row - 5 : row + 1].min()]


def test_a_log_that_does_not_change_passes():
    outcome = check_on_bar(honest_log, 400)
    assert outcome.verdict is CausalityVerdict.PASSED
    assert outcome.decisions == len(honest_log(400))
    assert check_on_bar(honest_log, 400, mode="every-bar").cuts == 400
    assert check_on_bar(honest_log, 400, known=honest_log(400)).verdict is CausalityVerdict.PASSED


def test_a_log_that_depends_on_later_bars_is_caught_and_its_first_entry_named():
    def peeks(rows):
        return [(row, "buy", "X", 10) for row in range(5, rows) if CLOSES[row] == CLOSES[:rows].min()]

    finding = check_on_bar(peeks, 400, mode="every-bar", name_bar=lambda row: f"bar number {row}").finding
    assert finding.startswith("bar number ")
    assert "('buy', 'X', 10) without them" in finding


def test_a_log_that_differs_on_the_same_bars_is_called_what_it_is():
    runs = []

    def moody(rows):
        runs.append(rows)
        return [(3, "buy", len(runs))] if rows == 400 else [(3, "buy", 1)]

    assert "on the very same bars" in check_on_bar(moody, 400).finding


def test_a_log_that_differs_at_random_is_not_called_a_look_ahead():
    noise = np.random.default_rng(3)
    finding = check_on_bar(lambda rows: [(0, float(noise.random()))], 400).finding
    assert "on the very same bars" in finding


def test_the_budget_limits_the_runs():
    watch = Watch(seconds_a_row=1 / 400)
    outcome = check_on_bar(watch.charging(honest_log, rows=lambda given: given), 400, budget_s=5, clock=watch)
    assert 4 < watch.now <= 5 + 1 + 0.25 * 5  # known is computed here, a second
    assert 0 < outcome.cuts < 100
