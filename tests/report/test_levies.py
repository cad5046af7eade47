"""Charges by component and year: the ledger's charges taken apart, to the paisa."""

from datetime import date

import numpy as np
import pytest

from framework import backtest
from framework.errors import InvariantError
from framework.report.levies import levies
from framework.report.tearsheet import write
from framework.strategy import Strategy
from framework.types import Bars, Instrument, Signals


class Once(Strategy):
    """Buys on the second bar and sells on the last but one."""

    def signals(self, bars):
        target = np.full(len(bars), np.nan)
        target[0], target[-2] = 1.0, 0.0
        return Signals(target=target)


@pytest.fixture
def result():
    """100 at 1,500 delivered: bought on 2025-12-30, sold on 2026-01-02, with Upstox's plan."""
    begin = (date(2025, 12, 29) - date(1970, 1, 1)).days
    price = np.full(5, 1500.0)
    time = (begin + np.arange(5)) * 86_400_000_000_000
    bars = Bars.from_arrays(Instrument("INFY", "NSE"), "1d", time, price, price, price, price)
    return backtest(Once(), bars, charges="upstox:CNC", sizing="fixed:100", capital=1e6, causality="off")


def test_a_buy_and_a_sale_by_hand(result):
    # ₹1,50,000 each way. STT 0.1 % = 150.00; exchange and IPFT 307 a crore = 4.605 → 4.61; SEBI 10 a crore = 0.15;
    # stamp 0.015 % of the buy = 22.50; brokerage 20; GST 18 % of 20 + 4.61 + 0.15 = 4.4568 → 4.46, and of 18.50 = 3.33.
    bought, sold = levies(result.record)
    assert (2025, 2026) == (bought.year, sold.year)
    assert (2_000, 15_000, 461, 15, 2_250, 446, 0) == tuple(bought.components)
    assert (2_000, 15_000, 461, 15, 0, 446 + 333, 1_850) == tuple(sold.components)


def test_the_components_are_what_the_ledger_booked(result):
    booked = sum(one.charges_paise for one in result.record.settlements)
    assert booked == sum(one.components.total for one in levies(result.record))


def test_the_tearsheet_shows_them(result, tmp_path):
    page = write(result, tmp_path / "page.html", quantstats=False).read_text("utf-8")
    assert "Charges by year" in page
    for text in ("Depository", "STT", "2026", "upstox:CNC"):
        assert text in page
    assert "regimes" not in page


def test_without_a_plan_there_is_no_such_table(tmp_path):
    price = np.full(5, 1500.0)
    bars = Bars.from_arrays("INFY", "1d", np.arange(5) * 86_400_000_000_000, price, price, price, price)
    page = write(backtest(Once(), bars, charges="percent:0.1"), tmp_path / "page.html", quantstats=False)
    assert "Charges by year" not in page.read_text("utf-8")


def test_components_that_are_not_the_ledgers_are_a_bug_not_a_page(result):
    from dataclasses import replace

    first, *rest = result.record.settlements
    wrong = replace(result.record, settlements=(first._replace(charges_paise=1), *rest))
    with pytest.raises(InvariantError, match="paid 1 paise"):
        levies(wrong)
