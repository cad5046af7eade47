"""A run is prepared once, for a backtest and a sweep alike; what was not read cannot be prepared."""

from datetime import date

import numpy as np
import pytest

from framework import Settings, backtest, sweep
from framework.errors import ConfigError, DataError
from framework.run.preparation import Prepared, prepare
from framework.types import Bars, Instrument, Panel
from framework.types.array_store import ArrayStore
from strategies.buy_and_hold import BuyAndHold
from strategies.rsi import RSI

DAY_NS = 86_400_000_000_000
FIRST = (date(2024, 1, 1) - date(1970, 1, 1)).days


def days(count=300, exchange="NSE", **facts):
    """Daily bars of one share from 2024-01-01 on, a calendar day each."""
    time = (FIRST + np.arange(count)) * DAY_NS
    close = 100 + 10 * np.sin(np.arange(count) / 7)
    return Bars.from_arrays(Instrument("INFY", exchange, **facts), "1d", time, close, close, close, close)


def test_what_is_prepared_has_the_plans_rates_the_products_margins_and_the_first_row():
    made = prepare(BuyAndHold(), days(), choices={"charges": "zero:CNC"}, start="2024-01-11", end="2024-02-29")
    assert (60, 10, "CNC", 1.0) == (len(made.panel), made.first_row, made.settings.product, made.settings.long_margin)
    assert 100_000 == made.settings.charges.regimes[0][1].stt_buy_e8  # 0.1 % of delivered shares


def test_a_backtest_and_a_set_of_a_sweep_run_what_was_prepared():
    chosen = {"charges": "zero:CNC", "start": "2024-03-01", "end": "2024-09-30", "sizing": "equity:90%"}
    one = backtest(RSI(period=5), days(), **chosen)
    several = sweep(RSI, days(), {"period": [5, 9]}, **chosen)
    expected = {name: value for name, value in one.stats.items() if name in several.stats[0]}
    assert "Final equity [₹]" in expected
    np.testing.assert_equal(expected, several.stats[several.positions.index((0,))])


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (Settings(charges="upstox:CNC"), "the rates of charges upstox:CNC are not read"),
        (Settings(product="NRML"), "the deadlines of product NRML are not read"),
        (Settings(slippage="ticks:1"), r"slippage ticks:1: NSE:INFY has no stated tick"),
    ],
)
def test_what_was_not_read_cannot_be_prepared(settings, sentence):
    with pytest.raises(ConfigError, match=sentence):
        Prepared(BuyAndHold(), Panel.from_bars([days()]), settings)


def test_rates_that_were_read_do_not_stand_for_the_deadlines_of_their_product():
    kept = backtest(BuyAndHold(), days(kind="stock_future"), charges="zero:NRML").settings
    with pytest.raises(ConfigError, match="the deadlines of product NRML are not read"):
        Prepared(BuyAndHold(), Panel.from_bars([days()]), kept.model_copy(update={"product": None}))


@pytest.mark.parametrize(
    "run", [backtest, lambda strategy, *given, **named: sweep(RSI, *given, {"period": [5]}, **named)]
)
@pytest.mark.parametrize(
    ("choices", "error", "sentence"),
    [
        ({"start": "2024-03-01", "end": "2024-02-01"}, ConfigError, "2024-03-01 is after --to .* swap the two"),
        ({"start": "2030-01-01"}, DataError, "there are no bars from 2030-01-01; the bars of INFY run from"),
        ({"rebalance": "every_bar"}, ConfigError, r"rebalance is only for strategies that write allocate\(\)"),
        ({"product": "MIS", "square_off": "15:15"}, ConfigError, "product MIS keeps nothing overnight"),
    ],
)
def test_a_backtest_and_a_sweep_refuse_the_same_in_the_same_words(run, choices, error, sentence):
    with pytest.raises(error, match=sentence):
        run(RSI(), days(), **choices)


def test_another_set_of_parameters_shares_everything_else():
    made = prepare(RSI(period=5), days(), choices={"sizing": "fixed:10"})
    other = made.of(RSI(period=9))
    assert (9, made.panel, made.settings) == (other.strategy.period, other.panel, other.settings)
    space = ArrayStore()
    assert space is made.within(space).panel.space
