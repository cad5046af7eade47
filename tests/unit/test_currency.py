"""Currency of a run: it stands in every amount, and a run has one."""

import re

import numpy as np
import pytest

from framework import Bars, backtest
from framework.errors import ConfigError
from framework.run.provenance import data_hash
from framework.types import Instrument, Panel
from framework.types.currency import currency_named, money_text

DAYS = np.arange(4) * 86_400_000_000_000


def bars(symbol, currency):
    instrument = Instrument(symbol, timezone="America/New_York", currency=currency)
    close = np.array([1000.0, 1000.0, 1500.0, 1500.0])
    return Bars.from_arrays(instrument, "1d", DAYS, close, close, close, close)


@pytest.mark.parametrize(
    ("currency", "text"),
    [
        ("INR", "−₹12,34,567.50"),
        ("USD", "−$1,234,567.50"),
        ("EUR", "−€1,234,567.50"),
        ("CHF", "−CHF 1,234,567.50"),
    ],
)
def test_an_amount_is_written_as_in_its_country(currency, text):
    assert text == money_text(-1234567.5, currency)


def test_a_run_of_dollars_names_rupees_nowhere():
    """1,000 dollars buy nine of 1,000.00 for 9,000 and a flat 20: 10,000 − 9,000 − 20 + 9 · 1,500 = 14,480."""
    choices = {"sizing": "fixed:9", "charges": "flat:20", "max_order_value": 50_000, "max_drawdown": "rs:9000"}
    result = backtest("buy_and_hold", bars("SPY", "USD"), capital=10_000, causality="off", **choices)
    document = result.to_dict()
    assert ("USD", 14_480.0) == (document["currency"], result.final_equity)
    printed = str(result)
    assert "$14,480.00" in printed
    assert "capital $10,000" in printed
    assert "at most $50,000 per order" in printed
    assert "₹" not in printed
    from framework.report.tearsheet import render

    page = render(result)
    shown = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    assert "$14,480.00" in shown
    assert "₹" not in shown
    assert '"sign":"$","indian":false' in page
    assert "Equity [$]" in result.plot().to_json()


def test_a_run_of_rupees_is_written_as_before():
    result = backtest("buy_and_hold", bars("INFY", "INR"), capital=100_000, sizing="fixed:9", causality="off")
    assert "INR" == result.to_dict()["currency"]
    assert "₹1,04,500.00" in str(result)


def test_a_portfolio_of_two_currencies_is_refused():
    with pytest.raises(ConfigError, match=r"one run has one currency, .* INR \(INFY\), USD \(SPY\); nothing is conv"):
        backtest("buy_and_hold", [bars("SPY", "USD"), bars("INFY", "INR")])


def test_the_hash_of_prices_does_not_depend_on_their_currency():
    """Hashes of runs from before instruments had one stay what they were."""
    dollars, rupees = (Panel.from_bars([bars("SPY", currency)]) for currency in ("USD", "INR"))
    assert data_hash(dollars) == data_hash(rupees)


@pytest.mark.parametrize("code", ["", "US", "dollar", "₹₹₹"])
def test_a_code_of_another_shape_is_refused(code):
    with pytest.raises(ConfigError, match="is not three letters such as USD"):
        currency_named(code)
