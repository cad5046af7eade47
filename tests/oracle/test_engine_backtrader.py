"""``--engine backtrader`` against the event engine: the same decisions, the fills and the money of two programs.

Fills must agree in bar, instrument, quantity, reason and, to 1e-9, price; equity at every close within half a paisa per
cash movement. What backtrader cannot express must be refused in a sentence, never be a little different.
"""

import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("backtrader", reason="backtrader, the independent check, is an extra that is not installed")

from framework import Bars, Instrument, Rule, Signals, Strategy, backtest
from framework.engines import backtrader, backtrader_scope, event
from framework.engines.rows import DecisionArrays
from framework.errors import ConfigError
from framework.types import Panel, Settings
from framework.types.actions import Action
from strategies.buy_and_hold import BuyAndHold
from strategies.grid import Grid
from strategies.macd import MACD
from strategies.momentum import Momentum
from strategies.rsi import RSI
from tests.oracle import backtrader_script as theirs

DAY_NS = 86_400 * 10**9
SYMBOLS = ("SP500", "NASDAQ")


def sample(symbol, tick=0.0, lot=1):
    prices = theirs.sample(symbol.lower())
    time = np.array(prices.date, dtype="datetime64[ns]").astype(np.int64)
    instrument = Instrument(symbol, tick=tick, lot=lot)
    return Bars.from_arrays(instrument, "1d", time, prices.open, prices.high, prices.low, prices.close)


def by_bar(record):
    booked = record.settlements
    return sorted(booked, key=lambda one: (one.fill.time, one.fill.instrument, one.fill.quantity, one.fill.price))


def assert_same(mine, others):
    """Compared here field by field, not by ``parity``: that has a test of its own."""
    for one, other in zip(by_bar(mine), by_bar(others), strict=True):
        assert one.fill[1:3] == other.fill[1:3]
        assert (one.fill.time, one.simulated.at_open, one.reason) == (
            other.fill.time,
            other.simulated.at_open,
            other.reason,
        )
        assert (one.position, one.reduces) == (other.position, other.reduces)
        assert one.fill.price == pytest.approx(other.fill.price, rel=1e-9, abs=0)
        assert one.simulated.unslipped == pytest.approx(other.simulated.unslipped, rel=1e-9, abs=0)
        assert abs(one.charges_paise - other.charges_paise) <= 1
        assert abs(one.gross_paise - other.gross_paise) <= 2
    times = mine.panel.time[mine.first_row :]
    fills = np.searchsorted([one.fill.time for one in by_bar(mine)], times, side="right")
    # Two movements a fill; marks of these prices may be rounded too, and the other's equity is kept in whole paise.
    allowed = np.where(fills > 0, (2 * fills + len(mine.positions) + 1) / 2, 0)
    assert np.all(np.abs(mine.equity_paise - others.equity_paise) <= allowed)
    assert mine.positions == others.positions


class FollowRSI(Strategy):
    """Always in: long from oversold, short from overbought."""

    def signals(self, bars):
        rsi = RSI().signals(bars).columns["rsi"]
        return Signals.long_short(long=rsi < 30, short=rsi > 70)


class Priced(Strategy):
    """RSI that enters by a limit below or a stop above the close, with exits of its own."""

    entry: str

    def signals(self, bars):
        target = RSI().signals(bars).target
        price = {"limit": bars.close * 0.99, "trigger": bars.close * 1.005}[self.entry]
        return Signals(target, stop=bars.close * 0.04, take_profit=bars.close * 0.07, **{self.entry: price})


EXITS = {"stop_loss": "3%", "take_profit": "5%", "active_from": "next_bar"}
CHOICES = {
    "as it comes": {},
    "costs": {"charges": "percent:0.03+flat:20", "slippage": "bps:5"},
    "exits": EXITS,
    "exits, target first": {**EXITS, "both": "target", "slippage": "bps:5", "charges": "percent:0.1"},
    # Of all, the one with the first bar that opens beyond the target and falls to the stop (row 11).
    "near exits": {"stop_loss": "2%", "take_profit": "3%", "active_from": "next_bar"},
}


@pytest.mark.parametrize("symbols", [("SP500",), ("NASDAQ",), SYMBOLS], ids="+".join)
@pytest.mark.parametrize("strategy", [RSI, MACD, FollowRSI])
@pytest.mark.parametrize("choice", CHOICES)
def test_a_run_through_backtrader_is_the_run(choice, strategy, symbols):
    bars = [sample(symbol) for symbol in symbols]
    # A short blocks its value beside its proceeds, and backtrader blocks nothing: always in leaves room for that.
    choices = {"capital": 1_000_000, "sizing": "equity:45%" if strategy is FollowRSI else "equity:95%"}
    runs = [
        backtest(strategy(), bars, causality="off", engine=engine, **choices, **CHOICES[choice]).record
        for engine in ("event", "backtrader")
    ]
    assert [run.engine for run in runs] == ["event", "backtrader"]
    assert len(runs[0].settlements) >= 30 * len(symbols)
    assert_same(*runs)


@pytest.mark.parametrize("validity", ["DAY", "GTC"])
@pytest.mark.parametrize("entry", ["limit", "trigger"])
@pytest.mark.parametrize("slippage", ["none", "bps:5", "ticks:2"])
def test_resting_entries_on_a_tick_grid_with_exits_of_the_strategy(slippage, entry, validity):
    bars = [sample(symbol, tick=0.05, lot=5) for symbol in SYMBOLS]
    choices = {"slippage": slippage, "validity": validity, "active_from": "next_bar", "capital": 1_000_000}
    runs = [
        backtest(Priced(entry=entry), bars, causality="off", engine=engine, **choices).record
        for engine in ("event", "backtrader")
    ]
    assert len(runs[0].settlements) > 20
    assert_same(*runs)


def test_from_a_later_day_on():
    runs = [
        backtest(BuyAndHold(), sample("SP500"), causality="off", start="2010-01-04", engine=engine).record
        for engine in ("event", "backtrader")
    ]
    assert runs[0].first_row > 2_000
    assert_same(*runs)


# ---------------------------------------------------------------------- anything at all


def random_bars(noise, symbol, *, rows, tick, lot, minutes, missing):
    close = 100 * np.exp(np.cumsum(noise.normal(0, 0.015, rows)))
    open_ = close * np.exp(noise.normal(0, 0.008, rows))
    high = np.maximum(open_, close) * np.exp(np.abs(noise.normal(0, 0.006, rows)))
    low = np.minimum(open_, close) * np.exp(-np.abs(noise.normal(0, 0.006, rows)))
    number = np.arange(rows)
    time = ((number // 25) * 86_400 + 4 * 3_600 + (number % 25) * 900) * 10**9 if minutes else number * DAY_NS
    keep = noise.random(rows) > (0.1 if missing else 0)
    if missing and noise.random() < 0.5:
        keep[: noise.integers(0, 60)] = False  # listed later
    prices = [np.round(values, 2)[keep] for values in (open_, high, low, close)]
    return Bars.from_arrays(Instrument(symbol, tick=tick, lot=lot), "15m" if minutes else "1d", time[keep], *prices)


MEASURED = ["volatility:15%", "equal_risk:95%", "margin:90%"]


def random_run(seed):
    """Panel, settings, decisions and first row of a run with whatever backtrader is said to express."""
    noise = np.random.default_rng(seed)
    count, tick = int(noise.integers(1, 4)), float(noise.choice([0.0, 0.05]))
    look = {"rows": 250, "tick": tick, "minutes": noise.random() < 0.3, "missing": noise.random() < 0.4}
    bars = [random_bars(noise, symbol, lot=int(noise.choice([1, 1, 5])), **look) for symbol in "ABC"[:count]]
    panel = Panel.from_bars(bars)
    levels = [[1, 0], [1, 0, -1], [1, -1], [1, 0.5, 0, -0.5, -1]][noise.integers(0, 4)]
    shape = panel.close.shape
    target = np.where(noise.random(shape) < 0.3, noise.choice(levels, shape), np.nan)
    side = np.where(np.isnan(target), 1.0, np.sign(target))
    entry = noise.choice(["market", "market", "limit", "stop", "stop-limit"])
    limits = {"limit": 1 - side * 0.004, "stop-limit": 1 + side * noise.choice([0.004, 0.006, 0.03])}
    decisions = DecisionArrays(
        target,
        stop=panel.close * 0.03 if noise.random() < 0.3 else None,
        take_profit=panel.close * 0.04 if noise.random() < 0.3 else None,
        limit=panel.close * limits[entry] if entry in limits else None,
        trigger=panel.close * (1 + side * 0.004) if entry in {"stop", "stop-limit"} else None,
    )
    settings = Settings.of(
        capital=float(noise.choice([100_000, 1_000_000])),
        sizing=str(noise.choice(["fixed:10", "equity:95%", "equity:45%", "value:20000"] * 2 + MEASURED)),
        charges=str(noise.choice(["none", "percent:0.1", "flat:20", "percent:0.03+flat:20"])),
        slippage=str(noise.choice(["none", "bps:5", "ticks:2"])),
        validity=str(noise.choice(["DAY", "GTC"])),
        both=str(noise.choice(["stop", "target"])),
        stop_loss="2%" if noise.random() < 0.5 else None,
        take_profit="3%" if noise.random() < 0.5 else None,
        reuse_proceeds=bool(noise.random() < 0.3),
        short_margin=float(noise.choice([1.0, 0.5])),
        active_from="next_bar",
    )
    return panel, settings, decisions, int(noise.integers(0, 30))


FOUND = (17, 339)
"""Seeds at which the two once differed: reserves of entries that are being replaced; refusals at the fill."""


@pytest.mark.parametrize("start", range(0, 120, 10))
def test_random_decisions_are_the_same_or_refused(start):
    same = 0
    for seed in [*range(start, start + 10), *(FOUND if start == 0 else ())]:
        panel, settings, decisions, first_row = random_run(seed)
        mine = event.run(panel, settings, decisions=decisions, first_row=first_row)
        try:
            other = backtrader.run(panel, settings, decisions=decisions, first_row=first_row)
        except ConfigError as error:
            assert "the backtrader engine cannot express this run" in str(error)  # noqa: PT017 - either is right
            continue
        assert_same(mine, other)
        same += len(mine.settlements) > 0
    assert same >= 3


# ---------------------------------------------------------------------- refusals


REFUSED = {
    "entry bar": ({"stop_loss": "5%"}, "add --exits-from next_bar"),
    "trail": ({"trail": "5%"}, "leave out --trail"),
    "time exit": ({"time_exit": 5}, "time_exit is 5; leave out --time-exit"),
    "same close": ({"fill_at": "same_close"}, "leave out --fill-at same_close"),
    "volume cap": ({"volume_cap": 0.1}, "volume_cap is 0.1; leave out --volume-cap"),
    "protection": ({"protection_bps": 50}, "protection_bps is 50; leave out --protection-bps"),
    "limit follow": ({"limit_follow": True}, "leave out --limit-follow"),
    "new signal": ({"reenter": "new_signal"}, "leave out --reenter new_signal"),
    "order value": ({"max_order_value": 50_000}, "max_order_value is 50000.0; leave out limits.max_order_value"),
    "position value": ({"max_position_value": 50_000}, "leave out limits.max_position_value"),
    "daily loss": ({"max_daily_loss": "2%"}, "max_daily_loss is 2%; leave out limits.max_daily_loss"),
    "kelly": ({"sizing": "kelly:50%"}, "leave out --sizing kelly:50%"),
}


def test_every_option_that_is_refused_is_in_the_documentation():
    """Which options the sentences say to leave out or to change, and docs/verify.md's table of refusals."""
    said = set(re.findall(r"(--[a-z-]+)", Path(backtrader_scope.__file__).read_text("utf-8")))
    page = (Path(__file__).parents[2] / "docs" / "verify.md").read_text("utf-8")
    assert {"--charges", "--product", "--trail", "--volume-cap"} < said
    assert set() == said - set(re.findall(r"(--[a-z-]+)", page)) - {"--engine"}


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"charges": "upstox:CNC"}, "charges a rate and a flat sum, not a plan such as upstox:CNC; use --charges"),
        ({"product": "NRML"}, "knows no products, but product is NRML; leave out --product"),
        ({"long_margin": 0.5}, "buys for its own cash, but long_margin is 0.5; leave out --long-margin"),
    ],
    ids=str,
)
def test_what_needs_a_broker_of_india_is_refused(choices, words):
    with pytest.raises(ConfigError) as caught:
        backtrader_scope.refuse(Settings.of(**choices), DecisionArrays(np.zeros((2, 1))), "signals")
    assert words in str(caught.value)


def test_a_run_through_a_corporate_action_is_refused_with_its_day():
    bars = replace(sample("SP500"), actions=(Action(ex_day=11_000, factor=2.0, kind="split"),))
    with pytest.raises(ConfigError, match="the split of SP500 on 2000-02-13 lies in the run"):
        backtest(BuyAndHold(), bars, causality="off", engine="backtrader")


@pytest.mark.parametrize("name", REFUSED)
def test_what_backtrader_has_no_words_for_is_refused_with_what_to_do(name):
    choices, words = REFUSED[name]
    with pytest.raises(ConfigError, match="the backtrader engine") as caught:
        backtest(RSI(), sample("SP500"), causality="off", engine="backtrader", **choices)
    assert words in str(caught.value)
    assert str(caught.value).endswith("or use --engine event")


@pytest.mark.parametrize(
    ("strategy", "words"), [(Momentum(), "this one writes allocate()"), (Grid(), "on_bar() acts bar by bar")]
)
def test_strategies_of_the_other_kinds_are_refused(strategy, words):
    with pytest.raises(ConfigError) as caught:
        backtest(strategy, [sample(symbol) for symbol in SYMBOLS], causality="off", engine="backtrader")
    assert words in str(caught.value)


class Nothing(Rule):
    """A rule of the user's own."""


def test_rules_of_the_users_own_are_refused():
    with pytest.raises(ConfigError, match=r"cannot ask a risk rule of your own \(Nothing\); use --engine event"):
        backtest(RSI(), sample("SP500"), causality="off", engine="backtrader", rules=[Nothing()])


class Written(Strategy):
    """Signals written down beforehand."""

    given: dict[str, list[float]]

    def signals(self, bars):
        return Signals(**{name: np.array(values) for name, values in self.given.items()})


def still(price=100.0, rows=5, opens=None):
    closes = np.full(rows, price)
    opens = closes if opens is None else np.array(opens, dtype=float)
    low, high = np.minimum(opens, closes), np.maximum(opens, closes)
    return Bars.from_arrays("ABC", "1d", np.arange(rows) * DAY_NS, opens, high, low, closes)


NAN = float("nan")


@pytest.mark.parametrize(
    ("given", "bars", "choices", "words"),
    [
        (
            {"target": [1, NAN, NAN, NAN, NAN], "limit": [100.5] * 5, "trigger": [101.0] * 5},
            still(),
            {},
            "a stop-limit with its limit short of its trigger fills by other rules in backtrader (ABC",
        ),
        (
            {"target": [0.5, NAN, 1, NAN, NAN]},
            still(),
            {"stop_loss": "5%", "active_from": "next_bar"},
            "an order adds to a position that has a stop or a target",
        ),
        (
            # 999 units at 100 block 99,900; at an open of 100.5 it would be 100,399.5 of 1,00,000.
            {"target": [-1, NAN, NAN, NAN, NAN]},
            still(opens=[100, 100.5, 100, 100, 100]),
            {"sizing": "fixed:999"},
            "what shorts block leaves too little for an order at its fill",
        ),
        (
            # 500 short at 100 on ₹1,00,000: at 350 they cost ₹1,75,000 of ₹1,50,000.
            {"target": [-1, NAN, NAN, NAN, NAN]},
            Bars.from_arrays("ABC", "1d", np.arange(5) * DAY_NS, *[np.array([100.0, 100, 350, 350, 350])] * 4),
            {"sizing": "fixed:500"},
            "equity at a close is 0 or less, and ruin is not told to backtrader (ABC",
        ),
    ],
)
def test_what_shows_only_during_the_run_is_refused_with_its_bar(given, bars, choices, words):
    with pytest.raises(ConfigError, match="cannot express this run") as caught:
        backtest(Written(given=given), bars, causality="off", engine="backtrader", **choices)
    assert words in str(caught.value)


def test_a_buy_that_cash_does_not_cover_at_its_fill_is_refused_by_both():
    """999 × 100 is covered at the decision, 999 × 100.5 = 1,00,399.50 at the fill is not; then it is asked again."""
    bars = still(opens=[100, 100.5, 100, 100, 100])
    for engine in ("event", "backtrader"):
        result = backtest(
            Written(given={"target": [1, 1, NAN, NAN, NAN]}), bars, causality="off", engine=engine, sizing="fixed:999"
        )
        assert [("refused", "cash"), ("filled", "")] == [(str(one.state), one.why) for one in result.record.orders]
        assert [2 * DAY_NS] == [one.fill.time for one in result.record.settlements]
        assert ["refused_fill"] == [notice.code for notice in result.record.notices]


def test_where_backtrader_is_not_installed_the_sentence_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "backtrader", None)
    monkeypatch.delitem(sys.modules, "framework.engines.backtrader")
    with pytest.raises(ConfigError, match=r"backtrader, which is not installed; pip install 'tulya\[backtrader\]'"):
        backtest(RSI(), sample("SP500"), causality="off", engine="backtrader")
