"""Our fills and equity against an independent backtrader script; it says what had to be made equal, and why.

Fills must agree in bar, side, quantity and, to 1e-9, price. Equity at every close must agree within half a paisa for
each movement of cash since the start: a fill rounds its value and its charges to whole paise, backtrader counts in
floats. (An open position's mark is rounded too where prices have more than two decimals; here it never takes the room.)
"""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import cycle, zip_longest

import numpy as np
import pytest

pytest.importorskip("backtrader", reason="backtrader, the independent check, is an extra that is not installed")

from framework import Bars, Instrument, Signals, Strategy, backtest
from strategies.macd import MACD
from strategies.rsi import RSI
from tests.contract.market import at, mirror
from tests.contract.test_stop_limits import CAUTIOUS, WORKED
from tests.oracle import backtrader_script as theirs

PAISA = 0.01
BASICS = {"sizing": "fixed:10", "charges": "percent:0.1", "capital": 100_000, "causality": "off"}
SYMBOLS = ("SP500", "NASDAQ")


@cache
def sample(symbol):
    return theirs.sample(symbol.lower())


def bars_of(symbol, prices, lot=1):
    epoch = date(1970, 1, 1)
    time = np.array([(day - epoch).days for day in prices.date]) * 86_400 * 10**9
    return Bars.from_arrays(Instrument(symbol, lot=lot), "1d", time, prices.open, prices.high, prices.low, prices.close)


def ours(strategy, prices, lot=1, **choices):
    """Executions, equity and the whole record of our run, in the script's terms."""
    bars = [bars_of(symbol, series, lot) for symbol, series in prices.items()]
    record = backtest(strategy, bars, **{**BASICS, **choices}).record
    executions = [
        theirs.Execution(
            datetime.fromtimestamp(booked.fill.time // 10**9, UTC).date(),
            record.panel.symbols[booked.fill.instrument],
            booked.fill.quantity,
            booked.fill.price,
            booked.charges_paise / 100,
        )
        for booked in record.settlements
    ]
    return executions, record.equity_paise / 100, record


def by_bar(executions):
    """Within a bar the two sides may serve instruments in another sequence."""
    return sorted(executions, key=lambda fill: (fill.date, fill.symbol, fill.quantity, round(fill.price, 6)))


def assert_same_fills(mine, others):
    for ours_, theirs_ in zip_longest(by_bar(mine), by_bar(others)):
        assert ours_ is not None, f"only backtrader has {theirs_}"
        assert theirs_ is not None, f"only ours has {ours_}"
        assert ours_[:3] == theirs_[:3]
        assert ours_.price == pytest.approx(theirs_.price, rel=1e-9, abs=0)
        # Ours is charged on the value in whole paise, hence the thousandth more.
        assert ours_.commission == pytest.approx(theirs_.commission, rel=0, abs=PAISA / 2 * 1.001 + 1e-6)


def assert_same_equity(mine, outcome):
    """Half a paisa for each movement so far, and a ten-thousandth of a paisa for the floats of the other side."""
    dates = np.array([day.toordinal() for day, _ in outcome.equity])
    filled = np.searchsorted(sorted(fill.date.toordinal() for fill in outcome.executions), dates, side="right")
    others = np.array([value for _, value in outcome.equity])
    assert len(mine) == len(others)
    assert np.all(np.abs(mine - others) <= PAISA / 2 * 2 * filled + 1e-6)


class FollowRSI(Strategy):
    """Always in: long from oversold, short from overbought."""

    def signals(self, bars):
        rsi = RSI().signals(bars).columns["rsi"]
        return Signals.long_short(long=rsi < 30, short=rsi > 70)


WANTS = {RSI: theirs.rsi_wants, MACD: theirs.macd_wants, FollowRSI: lambda closes: theirs.rsi_wants(closes, above=-1.0)}
CHOICES = {
    "plain": ({}, {}),
    "slippage": ({"slippage": "bps:5"}, {"slippage": 0.0005}),
    "exits": (
        {"stop_loss": "5%", "take_profit": "10%", "active_from": "next_bar"},
        {"stop_loss": 0.05, "take_profit": 0.10},
    ),
    "exits and slippage": (
        {"stop_loss": "3%", "take_profit": "5%", "active_from": "next_bar", "slippage": "bps:5"},
        {"stop_loss": 0.03, "take_profit": 0.05, "slippage": 0.0005},
    ),
}


@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize("strategy", [RSI, MACD, FollowRSI])
@pytest.mark.parametrize("choice", CHOICES)
def test_fills_and_equity_equal_backtraders(choice, strategy, symbol):
    prices = {symbol: sample(symbol)}
    my_choices, their_choices = CHOICES[choice]
    wants = {symbol: WANTS[strategy](prices[symbol].close)}
    cash = 300_000 if strategy is FollowRSI else 100_000  # ours blocks twice the value of a short
    outcome = theirs.run(prices, wants, cash=cash, **their_choices)
    executions, equity, _ = ours(strategy(), prices, capital=cash, **my_choices)
    assert len(outcome.executions) >= 30
    assert_same_fills(executions, outcome.executions)
    assert_same_equity(equity, outcome)


def test_the_indicators_of_the_script_are_those_of_talib():
    """So that a difference in fills is one in execution. The seeding is the point: after 300 bars any would do."""
    close = np.array(sample("SP500").close[:300])
    for mine, others in (
        (RSI().signals(bars_of("SP500", sample("SP500"))).columns["rsi"], theirs.rsi(close)),
        (MACD().signals(bars_of("SP500", sample("SP500"))).columns["histogram"], theirs.macd_histogram(close)),
    ):
        np.testing.assert_allclose(mine[:300], np.array(others, dtype=float), rtol=1e-9, atol=1e-9)


# ---------------------------------------------------------------------- one cash account for two


@pytest.mark.parametrize("strategy", [RSI, MACD, FollowRSI])
@pytest.mark.parametrize("choice", ["plain", "exits and slippage"])
def test_two_instruments_share_one_cash_account(choice, strategy):
    prices = {symbol: sample(symbol) for symbol in SYMBOLS}
    my_choices, their_choices = CHOICES[choice]
    wants = {symbol: WANTS[strategy](series.close) for symbol, series in prices.items()}
    outcome = theirs.run(prices, wants, cash=500_000, **their_choices)
    executions, equity, _ = ours(strategy(), prices, capital=500_000, **my_choices)
    assert {fill.symbol for fill in outcome.executions} == set(SYMBOLS)
    assert_same_fills(executions, outcome.executions)
    assert_same_equity(equity, outcome)


def refusals(record):
    """(deciding date, symbol) of every order that cash refused, at the decision or at the fill."""
    refused = [entry.order for entry in record.orders if entry.state == "refused"]
    assert {entry.why for entry in record.orders if entry.state == "refused"} <= {"cash"}
    rows = [int(np.searchsorted(record.panel.close_time, order.decided_at)) for order in refused]
    days = [date(1970, 1, 1) + timedelta(days=int(record.panel.session[row])) for row in rows]
    return [(day, record.panel.symbols[order.instrument]) for day, order in zip(days, refused, strict=True)]


@pytest.mark.parametrize(("symbol", "cash"), [("SP500", 12_000), ("NASDAQ", 25_000), ("NASDAQ", 40_000)])
@pytest.mark.parametrize("strategy", [RSI, MACD])
def test_short_of_cash_backtraders_own_check_refuses_the_same_orders(strategy, symbol, cash):
    """Ten units are one lot here, so ours can not shrink an order, only refuse it, as backtrader does."""
    prices = {symbol: sample(symbol)}
    wants = {symbol: WANTS[strategy](prices[symbol].close)}
    outcome = theirs.run(prices, wants, cash=cash, checksubmit=True)
    executions, equity, record = ours(strategy(), prices, lot=10, capital=cash)
    assert outcome.refused
    assert refusals(record) == outcome.refused
    assert_same_fills(executions, outcome.executions)
    assert_same_equity(equity, outcome)


@pytest.mark.parametrize("strategy", [RSI, MACD])
@pytest.mark.parametrize("cash", [25_000, 45_000, 60_000])
def test_short_of_cash_two_instruments_are_refused_the_same_orders(cash, strategy):
    """Both look at the deciding close and again at the fill.

    backtrader lets sales of the same bar fund buys, which ours does only with ``reuse_proceeds``.
    """
    prices = {symbol: sample(symbol) for symbol in SYMBOLS}
    wants = {symbol: WANTS[strategy](series.close) for symbol, series in prices.items()}
    outcome = theirs.run(prices, wants, cash=cash, check_cash=True)
    executions, equity, record = ours(strategy(), prices, lot=10, capital=cash, reuse_proceeds=True)
    assert outcome.refused
    assert sorted(refusals(record)) == sorted(outcome.refused)
    assert_same_fills(executions, outcome.executions)
    assert_same_equity(equity, outcome)


# ---------------------------------------------------------------------- differences, each with its reason


def test_short_of_cash_ours_shrinks_to_whole_lots_where_backtrader_refuses():
    prices = {"NASDAQ": sample("NASDAQ")}
    wants = {"NASDAQ": theirs.macd_wants(prices["NASDAQ"].close)}
    outcome = theirs.run(prices, wants, cash=30_000, checksubmit=True)
    executions, _, _ = ours(MACD(), prices, capital=30_000)
    refused_on = outcome.refused[0][0]
    until = [fill for fill in executions if fill.date <= refused_on]
    assert_same_fills(until, [fill for fill in outcome.executions if fill.date <= refused_on])
    row = prices["NASDAQ"].date.index(refused_on)
    cash, close = outcome.equity[row][1], prices["NASDAQ"].close[row]  # flat, so all of it is cash
    assert executions[len(until)].date == prices["NASDAQ"].date[row + 1]
    assert executions[len(until)].quantity == int(cash / (close * 1.001)) == 9


def test_a_refused_order_is_not_asked_again_where_a_backtrader_user_would():
    """S1: the same target again does nothing. ``if not self.position: buy`` asks at every oversold close."""
    prices = {"NASDAQ": sample("NASDAQ")}
    wants = {"NASDAQ": theirs.rsi_wants(prices["NASDAQ"].close)}
    outcome = theirs.run(prices, wants, cash=25_000, checksubmit=True, ask_again=True)
    executions, _, record = ours(RSI(), prices, lot=10, capital=25_000)
    until = outcome.refused[0][0]
    assert refusals(record)[0] == outcome.refused[0]
    assert outcome.refused[1][0] == prices["NASDAQ"].date[prices["NASDAQ"].date.index(until) + 1]
    assert refusals(record)[1][0] > outcome.refused[1][0]
    assert_same_fills(
        [fill for fill in executions if fill.date <= until], [fill for fill in outcome.executions if fill.date <= until]
    )


def test_a_bar_that_opens_beyond_the_target_and_falls_to_the_stop_fills_the_target_here_and_the_stop_there():
    """Row 11. With stop 2 % and target 3 % the first such bar of the NASDAQ is the first difference of all."""
    prices = {"NASDAQ": sample("NASDAQ")}
    wants = {"NASDAQ": theirs.rsi_wants(prices["NASDAQ"].close)}
    outcome = theirs.run(prices, wants, stop_loss=0.02, take_profit=0.03)
    executions, _, _ = ours(RSI(), prices, stop_loss="2%", take_profit="3%", active_from="next_bar")
    both = zip(executions, outcome.executions, strict=False)
    at, (mine, other) = next((at, pair) for at, pair in enumerate(both) if abs(pair[0].price - pair[1].price) > PAISA)
    row = prices["NASDAQ"].date.index(other.date)
    entry = executions[at - 1].price
    assert mine[:3] == other[:3]
    assert mine.price == prices["NASDAQ"].open[row] >= entry * 1.03
    assert other.price == pytest.approx(entry * 0.98)
    assert other.price >= prices["NASDAQ"].low[row]


def test_a_limit_that_the_open_betters_is_slipped_by_backtrader_but_not_here():
    """Row 3. The broker that backtrader comes with, instead of the one whose limits do not slip."""
    prices = {"NASDAQ": sample("NASDAQ")}
    wants = {"NASDAQ": theirs.rsi_wants(prices["NASDAQ"].close)}
    percents = {"stop_loss": 0.05, "take_profit": 0.03}
    outcome = theirs.run(prices, wants, slippage=0.0005, broker=theirs.bt.brokers.BackBroker, **percents)
    executions, _, _ = ours(RSI(), prices, slippage="bps:5", stop_loss="5%", take_profit="3%", active_from="next_bar")
    differing = [
        (mine, other)
        for mine, other in zip(executions, outcome.executions, strict=True)
        if mine.price != pytest.approx(other.price, rel=1e-9, abs=0)
    ]
    assert differing
    for mine, other in differing:
        assert mine[:3] == other[:3]
        assert mine.price == prices["NASDAQ"].open[prices["NASDAQ"].date.index(mine.date)]
        assert other.price == pytest.approx(mine.price * 0.9995)


# ---------------------------------------------------------------------- resting entries


class PricedRSI(Strategy):
    """RSI that enters by a limit order below the close or by a stop order above it."""

    entry: str
    offset: float

    def signals(self, bars):
        target = RSI().signals(bars).target
        if self.entry == "limit":
            return Signals(target, limit=bars.close * (1 - self.offset))
        return Signals(target, trigger=bars.close * (1 + self.offset))


@pytest.mark.parametrize(("symbol", "validity"), [("SP500", "DAY"), ("NASDAQ", "GTC")])
@pytest.mark.parametrize(("entry", "offset"), [("limit", 0.01), ("limit", 0.0), ("stop", 0.005), ("stop", 0.02)])
def test_limit_and_stop_entries_equal_backtraders(entry, offset, validity, symbol):
    prices = {symbol: sample(symbol)}
    wants = {symbol: theirs.rsi_wants(prices[symbol].close)}
    outcome = theirs.run(
        prices,
        wants,
        entry=entry,
        offset=offset,
        day=validity == "DAY",
        slippage=0.0005,
        stop_loss=0.05,
        take_profit=0.10,
    )
    executions, equity, _ = ours(
        PricedRSI(entry=entry, offset=offset),
        prices,
        validity=validity,
        slippage="bps:5",
        stop_loss="5%",
        take_profit="10%",
        active_from="next_bar",
    )
    assert len(outcome.executions) > 4
    assert_same_fills(executions, outcome.executions)
    assert_same_equity(equity, outcome)


@pytest.mark.parametrize("side", [1, -1], ids=["buy", "sell"])
@pytest.mark.parametrize(("trigger", "limit", "bar", "expected"), WORKED)
def test_row_7_is_backtraders_rule_too(side, trigger, limit, bar, expected):
    """Its own broker as it comes, without slippage: the printed prices of the worked table."""
    got = theirs.stop_limit(side, at(side, trigger), at(side, limit), mirror(side, [bar])[0])
    assert (None if expected is None else at(side, expected[0])) == got


@pytest.mark.parametrize("side", [1, -1], ids=["buy", "sell"])
def test_row_7b_is_more_cautious_than_backtrader_after_a_gap_and_less_after_a_rise(side):
    """After a gap it asks the range, not the close; after a rise to the trigger it wants a close short of the open."""
    others = []
    for trigger, limit, bar, expected in CAUTIOUS:
        got = theirs.stop_limit(side, at(side, trigger), at(side, limit), mirror(side, [bar])[0])
        if (None if expected is None else at(side, expected[0])) != got:
            others.append((bar, expected is None))
    gapped, risen = [(102, 103, 100, 102), (104, 105, 100, 103)], [(100, 103, 99, 100.5), (100, 103, 99, 101)]
    assert [(risen[0], False), (risen[1], False), (gapped[0], True), (gapped[1], True)] == others


# ---------------------------------------------------------------------- anything at all


class Planned(Strategy):
    """Follows targets that were written down beforehand, by symbol."""

    targets: dict[str, list[float | None]]
    entry: str = "market"
    offset: float = 0.0

    def signals(self, bars):
        target = np.array([np.nan if want is None else want for want in self.targets[bars.symbol][: len(bars)]])
        side = np.where(np.isnan(target), 1.0, np.sign(target))
        if self.entry == "limit":
            return Signals(target, limit=bars.close * (1 - side * self.offset))
        if self.entry == "stop":
            return Signals(target, trigger=bars.close * (1 + side * self.offset))
        return Signals(target)


def walk(noise, rows=300):
    """Prices in whole paise, so that levels are also met exactly, and marks need no rounding."""
    close = 100 * np.exp(np.cumsum(noise.normal(0, 0.015, rows)))
    open_ = close * np.exp(noise.normal(0, 0.008, rows))
    high = np.maximum(open_, close) * np.exp(np.abs(noise.normal(0, 0.006, rows)))
    low = np.minimum(open_, close) * np.exp(-np.abs(noise.normal(0, 0.006, rows)))
    days = [date(2020, 1, 1) + timedelta(days=day) for day in range(rows)]
    return theirs.Prices(days, *[np.round(values, 2).tolist() for values in (open_, high, low, close)])


PLANS = {
    "anything, no exits": ([1, 0.5, 0, -0.5, -1], "market", False),
    "reversals": ([1, 0, -1], "market", True),
    "limit entries": ([1, 0, -1], "limit", True),
    "stop entries": ([1, 0, -1], "stop", True),
    "out in steps": ([1, 0.5, 0, -1, -0.5, 0], "market", True),
}


def planned(noise, levels, rows, *, in_turn):
    """A new target at three bars in ten, drawn from ``levels`` or taking them in turn."""
    turns = cycle(levels)
    return [
        (float(next(turns)) if in_turn else float(noise.choice(levels))) if noise.random() < 0.3 else None
        for _ in range(rows)
    ]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("plan", PLANS)
def test_random_targets_on_random_walks_equal_backtraders(plan, seed):
    noise = np.random.default_rng([seed, *plan.encode()])
    levels, entry, exits = PLANS[plan]
    prices = {symbol: walk(noise) for symbol in ("AAA", "BBB")[: 1 + seed % 2]}
    wants = {
        symbol: planned(noise, levels, len(series.date), in_turn=plan == "out in steps")
        for symbol, series in prices.items()
    }
    slippage = seed % 3 == 0
    offset = 0.0 if entry == "market" else 0.004
    outcome = theirs.run(
        prices,
        wants,
        slippage=0.0005 * slippage,
        stop_loss=0.03 if exits else None,
        take_profit=0.05 if exits else None,
        entry=entry,
        offset=offset,
    )
    executions, equity, _ = ours(
        Planned(targets=wants, entry=entry, offset=offset),
        prices,
        slippage="bps:5" if slippage else "none",
        stop_loss="3%" if exits else None,
        take_profit="5%" if exits else None,
        active_from="next_bar",
    )
    assert len(outcome.executions) > 50
    assert_same_fills(executions, outcome.executions)
    assert_same_equity(equity, outcome)
