"""What is written reads back as what was meant: any settings, any symbols, any strategy."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from framework.config.settings_file import refuse_unlawful
from framework.deployments.deployment_file import parse_deployment
from framework.deployments.template import StrategyChoice, deployment_text, sensible_limits
from framework.errors import ConfigError
from framework.pretrade.facts import Ceilings, SendLimits
from framework.types import Settings
from framework.usercode.find import find_strategy, list_strategies
from strategies.rsi import RSI

FILE = Path("new.yaml")
CEILINGS = Ceilings(order_value=100_000_000, orders_per_second=10)
"""₹10 crore and ten a second, docs/pretrade.md."""
shares = st.floats(0.01, 1)
symbols = st.lists(
    st.sampled_from(["NSE:M&M", "NSE:BAJAJ-AUTO", "NIFTY 50", "NSE:ON", "NO", "null", "1234", "ÄÖ", "BSE:500325"]),
    min_size=1,
    max_size=4,
    unique=True,
)
settings = st.builds(
    lambda **named: Settings.of(**{name: value for name, value in named.items() if value is not None}),
    capital=st.floats(0.01, 1e12),
    sizing=st.sampled_from(["fixed:10", "value:50000.5", "equity:33.33%", "risk:0.1%", "volatility:15%", None]),
    charges=st.sampled_from(["percent:0.1", "percent:0.0123+flat:20", "upstox:MIS", None]),
    slippage=st.sampled_from(["bps:5", "ticks:2", None]),
    square_off=st.sampled_from(["15:15", "9:05", "20m", None]),
    stop_loss=st.sampled_from(["5%", "rs:12.5", "20000", "rs:0.05", None]),
    limit_follow=st.booleans(),
    allotment=st.none() | shares,
    volume_cap=st.none() | shares,
    max_order_quantity=st.none() | st.integers(1, 10**12),
    max_order_value=st.none() | st.floats(0.01, 1e12),
    restricted=st.none() | st.lists(st.sampled_from(["SBIN", "NSE:M&M", "NO", "1234"]), unique=True),
    sectors=st.none() | st.just({"BANK": ["SBIN", "NO"], "I: T": ["INFY"]}),
    validity=st.sampled_from(["DAY", "GTC"]),
)
rsis = st.builds(RSI, period=st.integers(2, 100), oversold=st.floats(0.1, 49.9), overbought=st.floats(50.1, 99.9))


def chosen(strategy=None, named=("NSE:A",), timeframe="1m", settings=None, given="rsi"):
    known = settings or Settings(capital=100_000)
    return StrategyChoice(given, strategy or RSI(), named, timeframe, known, "hold", "flatten")


def written(choice):
    return deployment_text("new", "main", choice, CEILINGS)


@given(rsis, symbols, st.sampled_from(["1m", "15m", "1h", "1d"]), settings)
def test_what_is_written_reads_back_as_what_was_meant(strategy, named, timeframe, settings):
    text = written(chosen(strategy, named, timeframe, settings))
    (read,) = parse_deployment(text, FILE).strategies
    assert settings == read.settings
    assert (strategy, tuple(named), timeframe) == (read.instance(), read.symbols, read.timeframe)
    assert ("hold", "flatten") == (read.when_feed_lost, read.when_halted)


@pytest.mark.parametrize("name", [one.name for one in list_strategies()])
def test_every_shipped_strategy_can_be_deployed(name):
    strategy = find_strategy(name).from_settings({})
    (read,) = parse_deployment(written(chosen(strategy, given=name)), FILE).strategies
    assert strategy == read.instance()


def test_a_strategy_of_the_users_own_is_called_as_its_class(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my idea.py").write_text(
        "import framework as f\nclass MyIdea(f.Strategy):\n    def signals(self, bars):\n        return None\n",
        encoding="utf-8",
    )
    given = "./my idea.py:MyIdea"
    strategy = find_strategy(given).from_settings({})
    (read,) = parse_deployment(written(chosen(strategy, given=given)), FILE).strategies
    assert ("myidea", given, {}) == (read.name, read.strategy, read.parameters)


@given(settings, st.sampled_from(["1m", "1d"]))
def test_the_limits_to_begin_with_are_lawful_and_let_the_capital_be_ordered(settings, timeframe):
    limits = SendLimits(**sensible_limits(chosen(timeframe=timeframe, settings=settings), CEILINGS))
    refuse_unlawful(limits, CEILINGS, "send")
    assert limits.max_order_value >= min(settings.capital, CEILINGS.order_value)
    assert limits.max_order_value <= limits.max_position_value <= limits.max_gross_value <= limits.max_open_value


def test_a_limit_above_the_laws_is_refused_by_its_key():
    limits = SendLimits(**sensible_limits(chosen(), CEILINGS))._replace(max_order_value=100_000_001)
    with pytest.raises(ConfigError, match=r"send\.max_order_value = ₹10,00,00,001 is above the law's ceiling"):
        refuse_unlawful(limits, CEILINGS, "send")


def test_an_intraday_account_may_buy_five_times_its_capital():
    limits = sensible_limits(chosen(settings=Settings(capital=100_000, product="MIS")), CEILINGS)
    assert (1_000_000, 1_500_000) == (limits["max_order_value"], limits["max_gross_value"])


def test_the_file_is_plain_yaml_for_any_other_reader():
    content = yaml.safe_load(written(chosen(settings=Settings(capital=1e5, square_off="15:15"))))
    assert ("15:15", 100_000) == (
        content["strategies"][0]["run"]["square_off"], content["strategies"][0]["run"]["capital"],
    )  # fmt: skip
