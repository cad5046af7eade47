"""Charges by component and year: the ledger's charges taken apart, to the paisa."""

from datetime import date

import numpy as np
import pytest

from framework import backtest
from framework.report.charge_breakdown import charges_by_year, reconciled
from framework.report.tearsheet import write
from framework.strategy import Strategy
from framework.types import Bars, Instrument, Signals
from framework.types.actions import Action
from tests.report.records import small_result


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
    bought, sold = charges_by_year(result.record)
    assert (2025, 2026) == (bought.year, sold.year)
    assert (2_000, 15_000, 461, 15, 2_250, 446, 0) == tuple(bought.components)
    assert (2_000, 15_000, 461, 15, 0, 446 + 333, 1_850) == tuple(sold.components)


def test_the_components_are_what_the_ledger_booked(result):
    booked = sum(one.charges_paise for one in result.record.settlements)
    assert booked == sum(one.components.total for one in charges_by_year(result.record))


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


def test_what_the_rates_do_not_come_to_is_a_row_of_its_own_and_no_error(result):
    """Looking at a result never raises: the first fill booked 1 paisa where the rates come to 201.72 rupees."""
    from dataclasses import replace

    first, *rest = result.record.settlements
    wrong = replace(result.record, settlements=(first._replace(charges_paise=1), *rest))
    bought, sold = charges_by_year(wrong)
    assert (1 - 20_172, 0) == (bought.unexplained, sold.unexplained)
    assert 1 == reconciled(wrong)[0].exact_paise


class Holds(Strategy):
    """Long from the first close on."""

    def signals(self, bars):
        return Signals(target=np.where(np.arange(len(bars)) == 0, 1.0, np.nan))


def test_a_position_that_a_consolidation_pays_out_costs_nothing_and_is_on_no_contract_note():
    """Nine shares, one for ten: less than one is left and paid out (docs/execution.md, A2); only the buy is charged."""
    begin = (date(2025, 12, 29) - date(1970, 1, 1)).days
    time = (begin + np.arange(4)) * 86_400_000_000_000
    price = np.array([333.35, 333.35, 3333.5, 3333.5])
    bars = Bars.from_arrays(Instrument("INFY", "NSE"), "1d", time, price, price, price, price)
    bars = bars.with_actions([Action(begin + 2, "consolidation", 0.1)])
    run = backtest(Holds(), bars, charges="upstox:CNC", sizing="fixed:9", capital=1e5, causality="off")
    assert ["signal", "corporate_action"] == [str(one.reason) for one in run.record.settlements]
    # ₹3,000.15: STT 3.00, exchange 0.0921 → 0.09, SEBI 0.003 → 0, stamp 0.45, brokerage 20, GST 18 % of 20.09 = 3.62.
    assert [(2025, 2_000 + 300 + 9 + 45 + 362, 0)] == [
        (one.year, one.components.total, one.unexplained) for one in charges_by_year(run.record)
    ]
    assert [(2025, 0)] == [(one.year, one.difference_paise) for one in reconciled(run.record)]


def test_contract_notes_round_the_tax_to_the_rupee_and_every_other_line_once_a_day(result):
    """One fill a day: only the transaction tax rounds otherwise, ₹150.00 to ₹150, so notes come to the same."""
    assert [(2025, 0), (2026, 0)] == [(one.year, one.difference_paise) for one in reconciled(result.record)]


def test_what_is_rounded_once_a_day_differs_from_what_is_rounded_fill_by_fill():
    # Ten of two shares at ₹333.35 each: two fills of ₹3,333.50 on 2025-12-30 under the zero plan, by hand in paise:
    # each STT 333.35 → 333, exchange 10.234 → 10, SEBI 0.333 → 0, stamp 50.00 → 50, GST 1.8 → 2: 395 twice, 790.
    # One note: STT 666.7 → ₹7 = 700, exchange 20.47 → 20, SEBI 0.67 → 1, stamp 100, GST of 21 = 3.78 → 4: 825.
    begin = (date(2025, 12, 29) - date(1970, 1, 1)).days
    price, time = np.full(3, 333.35), (begin + np.arange(3)) * 86_400_000_000_000

    class Stays(Strategy):
        """Long from the first close on."""

        def signals(self, bars):
            return Signals(target=np.ones(len(bars)))

    shares = [
        Bars.from_arrays(Instrument(name, "NSE"), "1d", time, price, price, price, price) for name in ("INFY", "TCS")
    ]
    run = backtest(Stays(), shares, charges="zero:CNC", sizing="fixed:10", capital=1e5, causality="off")
    assert [(2025, 790, 825)] == [tuple(one) for one in reconciled(run.record)]
    (told,) = run.to_dict()["charges_by_year"]
    assert (7.9, 8.25, 0.35) == (told["exact"], told["contract_note"], told["difference"])


def test_without_a_plan_there_is_nothing_to_reconcile():
    assert [] == reconciled(small_result().record)
    assert [] == small_result().to_dict()["charges_by_year"]
