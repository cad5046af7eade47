"""``framework.backtest``: what may be given, what --from and --to mean, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from framework import Bars, Panel, Rule, Signals, Strategy, Verdict, backtest
from framework.errors import ConfigError, DataError, StrategyError
from framework.run.provenance import new_run_id
from strategies.grid import Grid
from strategies.momentum import Momentum
from strategies.rsi import RSI

DAY = 86_400_000_000_000


class Alternates(Strategy):
    """Long on every other ten bars."""

    def signals(self, bars: Bars) -> Signals:
        return Signals(np.where(np.arange(len(bars)) // 10 % 2 == 0, 1.0, 0.0))


class Weights(Strategy):
    """The same weight for everybody, always."""

    weight: float = 0.45

    def allocate(self, panel: Panel) -> np.ndarray:
        return np.full(panel.close.shape, self.weight)


class BuysOnce(Strategy):
    """One market order at the third bar."""

    def on_bar(self, ctx):
        if ctx.row == 2:
            ctx.buy(5, label="once")


def walk(symbol="AAA", count=100, seed=0):
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, count)))
    return Bars.from_arrays(
        symbol, "1d", np.arange(count) * DAY, close, close * 1.01, close * 0.99, close, np.full(count, 1e4)
    )


def test_bars_frames_and_panels_give_the_same_result():
    bars = walk()
    results = [backtest(Alternates(), given) for given in (bars, [bars], Panel.from_bars([bars]))]
    frame = bars.to_frame()
    results.append(backtest(Alternates(), frame))
    assert 1 == len({result.final_equity for result in results})
    assert 10 == len(results[0].fills)


def test_symbols_are_read_from_the_store(tmp_path):
    from framework.store import open_store

    path = tmp_path / "market.sqlite"
    with open_store(path) as store:
        store.save_bars(walk())
    assert backtest(Alternates(), walk()).final_equity == backtest(Alternates(), "AAA", db=path).final_equity


def test_a_strategy_may_be_given_by_class_or_name():
    bars = walk(count=300)
    assert backtest(RSI(), bars).final_equity == backtest(RSI, bars).final_equity == backtest("rsi", bars).final_equity


def test_from_and_to_limit_what_is_accounted():
    result = backtest(Alternates(), walk(), start="1970-01-21", end="1970-02-19")
    assert ("1970-01-21", "1970-02-19") == result.span
    # Decided on the 21st (bar 20, target 1), filled at the next open.
    assert "1970-01-22" == result.fills_rows()[0].time


def test_same_close_fills_are_flagged():
    result = backtest(Alternates(), walk(), fill_at="same_close")
    assert any("fill at the close that decided them" in finding.text for finding in result.findings)
    assert "1970-01-01" == result.fills_rows()[0].time


def test_on_bar_orders_are_filled_and_checked():
    result = backtest(BuysOnce(), walk())
    assert [("BUY", 5)] == [(row.side, row.quantity) for row in result.fills_rows()]
    assert "passed" == result.causality.verdict.value


def test_an_on_bar_strategy_that_reaches_behind_a_view_is_caught():
    class Reaches(Strategy):
        """Reads the array that its view was cut from."""

        def on_bar(self, ctx):
            close = ctx.bars().close
            whole = close.base if close.base is not None else close
            if ctx.row == 5 and whole.max() > close.max():
                ctx.buy(1)

    rising = np.linspace(100, 200, 60)
    bars = Bars.from_arrays("AAA", "1d", np.arange(60) * DAY, rising, rising, rising, rising)
    assert "leak" == backtest(Reaches(), bars).causality.verdict.value


def test_weights_are_checked():
    two = [walk("AAA"), walk("BBB", seed=1)]
    assert 2 == len(backtest(Weights(), two, capital=1_000_000, rebalance="on_change").fills)
    with pytest.raises(
        StrategyError, match=r"Σ\|w\| = 1.2000 at 1970-01-01T00:00; it must not exceed the leverage of 1"
    ):
        backtest(Weights(weight=0.6), [walk("AAA"), walk("BBB", seed=1)])


def test_a_rule_is_asked_in_a_backtest():
    class Halves(Rule):
        def pre_order(self, order, state):
            return Verdict(order.quantity // 2, "halved")

    full = backtest(Alternates(), walk(), sizing="fixed:10").fills_rows()
    halved = backtest(Alternates(), walk(), sizing="fixed:10", rules=[Halves()]).fills_rows()
    assert ({10}, {5}) == ({row.quantity for row in full}, {row.quantity for row in halved})


@pytest.mark.parametrize("answer", [20, -5])
def test_a_rule_that_enlarges_or_flips_is_an_error(answer):
    class Wrong(Rule):
        def pre_order(self, order, state):
            return Verdict(answer)

    with pytest.raises(StrategyError, match="never enlarge or flip"):
        backtest(Alternates(), walk(), sizing="fixed:10", rules=[Wrong()])


class NoSignals(Strategy):
    """Answers with a list."""

    def signals(self, bars):
        return [1.0] * len(bars)


class TooShort(Strategy):
    """Answers for one bar."""

    def signals(self, bars):
        return Signals([1.0])


class TwoStyles(Strategy):
    """Writes two of the three methods."""

    def signals(self, bars):
        return Signals(bars.close * 0)

    def on_bar(self, ctx):
        pass


@pytest.mark.parametrize(
    ("strategy", "sentence"),
    [
        (NoSignals(), "NoSignals.signals returned list; it must return Signals"),
        (TooShort(), "TooShort.signals returned 1 rows for 100 bars of AAA"),
        (TwoStyles(), "must define exactly one of signals, allocate, on_bar; it defines signals and on_bar"),
        (Strategy(), "it defines none of them"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_strategy_that_breaks_its_contract_is_named(strategy, sentence):
    with pytest.raises(StrategyError, match=sentence):
        backtest(strategy, walk())


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (lambda ctx: ctx.buy(0), "quantity 0 of AAA must be a whole number of lots of 1"),
        (lambda ctx: ctx.buy(1.5), "quantity 1.5 of AAA"),
        (lambda ctx: ctx.buy(float("nan")), "quantity nan of AAA must be a whole number of lots of 1"),
        (lambda ctx: ctx.buy(float("inf")), "quantity inf of AAA must be a whole number of lots of 1"),
        (
            lambda ctx: ctx.buy(3_000_000_000),
            "quantity 3,000,000,000 of AAA is too large: an order has at most 2,000,000,000 units",
        ),
        (lambda ctx: ctx.sell(1, limit=float("nan")), "limit nan of an order for AAA must be a finite price"),
        (lambda ctx: ctx.sell(1, stop=-1.0), "stop -1.0 of an order"),
        (lambda ctx: ctx.buy(1, "ZZZ"), "'ZZZ' is not in this run; it has AAA"),
        (lambda ctx: ctx.buy(1, validity="IOC"), "validity 'IOC' is not one of DAY, GTC"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(act, sentence):
    class Acts(Strategy):
        """Does it at every bar."""

        def on_bar(self, ctx):
            act(ctx)

    with pytest.raises(StrategyError, match=sentence):
        backtest(Acts(), walk())


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda: backtest(RSI(), walk(), capitol=1), ConfigError, "did you mean 'capital'"),
        (lambda: backtest(RSI(), walk(), start="soon"), ConfigError, "'soon' is not a date"),
        (lambda: backtest(RSI(), walk(), start="2030-01-01"), DataError, "no bars from 2030-01-01"),
        (lambda: backtest(RSI(), walk(), end="1960-01-01"), DataError, "no bars before the end"),
        (lambda: backtest(Grid(), walk(), sizing="fixed:1"), ConfigError, "Grid writes on_bar()"),
        (lambda: backtest(Momentum(), walk(), allotment=0.5), ConfigError, "Momentum writes allocate()"),
        (lambda: backtest(RSI(), walk(), causality="maybe"), ConfigError, "is not one of default"),
        (lambda: backtest(RSI(), []), DataError, "at least one instrument"),
    ],
)
def test_what_cannot_be_run_is_refused_with_a_sentence(call, error, sentence):
    with pytest.raises(error) as caught:
        call()
    assert sentence in str(caught.value)


def test_progress_is_told():
    told = []
    backtest(Alternates(), walk(), progress=lambda what, done, total: told.append((what, done, total)))
    assert ("signals", 1, 1) == told[0]
    assert ("running", 100, 100) == told[-1]


def test_a_frame_with_its_symbol_in_attrs_keeps_it():
    frame = walk("M&M").to_frame()
    assert isinstance(frame, pd.DataFrame)
    assert ("M&M",) == backtest(Alternates(), frame).symbols


def test_a_risk_free_rate_in_per_cent_is_refused():
    with pytest.raises(ConfigError, match=r"risk_free 6.5 is a fraction a year .* write 0.065 for 6.5 %"):
        backtest(Alternates(), walk(), risk_free=6.5)


@pytest.mark.parametrize(
    ("named", "stem"),
    [
        ("rsi", "rsi"),
        ("./my_strategy.py", "mystrategy"),
        ("ideas/2024/my_strategy.py", "mystrategy"),
        ("./my_strategy.py:MyIdea", "myidea"),
        ("C:\\ideas\\mine.py", "mine"),
        ("package.module:MyIdea", "myidea"),
        ("./_.py", "strategy"),
    ],
)
def test_a_run_is_called_after_its_class_or_file(named, stem):
    assert stem == new_run_id(named).split("-")[2]


def test_weights_that_are_kept_count_towards_the_leverage():
    class OneAfterTheOther(Strategy):
        """0.7 of the first instrument, and later 0.7 of the second beside it."""

        def allocate(self, panel):
            weights = np.full(panel.close.shape, np.nan)
            weights[3, 0] = weights[9, 1] = 0.7
            return weights

    pair = [walk("AAA"), walk("BBB", seed=1)]
    with pytest.raises(StrategyError, match=r"Σ\|w\| = 1.4000 at 1970-01-10"):
        backtest(OneAfterTheOther(), pair)
    # From a day after the first decision the account starts flat: only the second counts.
    assert 1 == len(backtest(OneAfterTheOther(), pair, start="1970-01-06").fills)


@pytest.mark.parametrize("engine", ["event", "compiled"])
def test_an_amount_beyond_whole_paise_is_an_error_of_the_run(engine):
    close = np.array([1e9, 1e9, 1e12, 1e12])
    bars = Bars.from_arrays("AAA", "1d", np.arange(4) * DAY, close, close, close, close)
    with pytest.raises(DataError, match="left the range of whole paise"):
        backtest(Alternates(), bars, capital=1e12, sizing="fixed:900", engine=engine)
