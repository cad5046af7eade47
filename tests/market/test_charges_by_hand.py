"""Charges to the paisa, against notes worked by hand in charges_by_hand.txt, on both sides of each boundary date."""

import re
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import NamedTuple

import pytest

from framework.market.charges import ChargeSchedule, Dealing
from framework.market.contract_note import Components, NoteFill, contract_note, fill_charges
from framework.market.estimate import EstimateRequest, break_even, round_trip

TABLE = Path(__file__).with_name("charges_by_hand.txt")
SHIPPED = Path(__file__).resolve().parents[2] / "config" / "charges"
PAISA = Decimal("0.01")


class Case(NamedTuple):
    day: date
    what: tuple[str, str, str, str]
    group: str
    plan: str
    side: int
    quantity: int
    price: Decimal
    working: tuple[str, ...]

    def __str__(self):
        group = f" {self.group}" if self.group else ""
        return f"{self.day} {' '.join(self.what)}{group} {self.plan} {'buy' if self.side > 0 else 'sell'}"

    @property
    def expected(self):
        """Paise, what stands behind each last equals sign."""
        return Components(*(int(Decimal(part.split("=")[-1].strip()) * 100) for part in self.working))


def parsed(line):
    day, what, plan, order, working = (part.strip() for part in line.split(";"))
    exchange, segment, product, kind, *group = what.split()
    side, quantity, _, price = order.split()
    return Case(
        date.fromisoformat(day),
        (exchange, segment, product, kind),
        "".join(group),
        plan,
        1 if side == "buy" else -1,
        int(quantity),
        Decimal(price),
        tuple(part.strip() for part in working.split("|")),
    )


CASES = [parsed(line) for line in TABLE.read_text("utf-8").splitlines() if line and not line.startswith("#")]


@pytest.fixture(scope="module")
def schedule():
    return ChargeSchedule.load(SHIPPED)


def arithmetic(text):
    """The value of such as ``min(2.5% × 150000, 20)``."""
    python = re.sub(r"\d+(\.\d+)?", lambda number: f"Decimal('{number[0]}')", text).replace("×", "*")
    names = {"__builtins__": {}, "Decimal": Decimal, "min": min}
    return eval(python.replace("%", " / 100"), names)  # noqa: S307 - our own table


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_working_is_right_and_is_what_the_table_of_charges_comes_to(case, schedule):
    for part in case.working:
        left, equals, right = part.partition("=")
        if equals:
            assert Decimal(right.strip()) == arithmetic(left).quantize(PAISA, ROUND_HALF_UP), part
    tariff = schedule.tariff(Dealing(case.plan, *case.what, case.group), case.day)
    value = int(case.price * 100) * case.quantity
    assert case.expected == fill_charges(value, case.side, tariff, dp_due=case.side < 0)


def test_there_are_enough_cases_on_both_sides_of_each_boundary():
    assert len(CASES) >= 40
    days = {case.day for case in CASES}
    boundaries = "2020-07-01 2021-01-01 2021-04-01 2022-07-18 2023-04-01 2024-04-01 2024-10-01 2026-03-01 2026-04-01"
    for text in boundaries.split():
        boundary = date.fromisoformat(text)
        assert {boundary, boundary - timedelta(days=1)} <= days, text


# ------------------------------------------------------------------ the facts' three examples, as notes of one day


def note(schedule, what, day, quantity, bought, sold):
    tariff = schedule.tariff(Dealing("upstox", *what), date.fromisoformat(day))
    return contract_note(
        [
            NoteFill(1, "X", quantity, quantity * bought, tariff),
            NoteFill(2, "X", -quantity, quantity * sold, tariff),
        ]
    )


def test_futures_of_october_2024_to_march_2026(schedule):
    # 500 at 1000 both ways: ₹40, 0.02 % × 500000, 0.00183 % × 1000000, ₹10 a crore, 0.002 % × 500000,
    # 18 % × 59.30 = 10.674
    actual = note(schedule, ("NSE", "futures", "NRML", "stock"), "2026-03-31", 500, 100_000, 100_000)
    assert Components(brokerage=4000, stt=10000, exchange=1830, sebi=100, stamp=1000, gst=1067) == actual
    assert 17997 == actual.total


def test_intraday_from_april_2026(schedule):
    # 100 from 1500 to 1510; STT 0.025 % × 151000 = 37.75, on a note 38; 0.00307 % × 301000 = 9.24; 18 % × 49.54 = 8.92
    actual = note(schedule, ("NSE", "equity", "MIS", "stock"), "2026-04-01", 100, 150_000, 151_000)
    assert Components(brokerage=4000, stt=3800, exchange=924, sebi=30, stamp=450, gst=892) == actual
    assert 10071 + 25 == actual.total  # the rounded rupee of STT is the difference to 100.71


def test_an_options_round_trip_of_one_rupee_on_one_lot_loses_money(schedule):
    # 65 from 120 to 121, premium: trap 1 of the facts
    what, day = ("NSE", "options", "NRML", "stock"), date(2026, 4, 1)
    asked = EstimateRequest(65, schedule.tariff(Dealing("upstox", *what), day), "exact", overnight=False)
    costs = round_trip(asked, 1, 12_000, 12_100)
    assert Components(brokerage=4000, stt=1180, exchange=556, sebi=2, stamp=23, gst=820) == costs
    assert 6581 == costs.total
    assert 65 * 100 - 6581 < 0
    assert 12_102 == break_even(asked, 1, 12_000).price_paise


# ------------------------------------------------------------------ traps


@pytest.mark.parametrize(
    ("day", "percent"),
    [("2024-09-30", "0.0125"), ("2024-10-01", "0.02"), ("2026-03-31", "0.02"), ("2026-04-01", "0.05")],
)
def test_the_same_futures_sale_pays_what_the_day_says(schedule, day, percent):
    tariff = schedule.tariff(Dealing("upstox", "NSE", "futures", "NRML", "stock"), date.fromisoformat(day))
    assert Decimal(percent) / 100 * 10**8 == tariff.stt_sell_e8
    assert 0 == tariff.stt_buy_e8


@pytest.mark.parametrize(
    ("segment", "product"), [("equity", "CNC"), ("equity", "MIS"), ("futures", "NRML"), ("options", "NRML")]
)
def test_stamp_duty_on_buys_and_stt_of_delivery_on_both_sides(schedule, segment, product):
    tariff = schedule.tariff(Dealing("upstox", "NSE", segment, product, "stock"), date(2026, 4, 1))
    buy, sell = (fill_charges(10_000_000, side, tariff) for side in (1, -1))
    assert buy.stamp > 0 == sell.stamp
    assert sell.stt > 0
    assert (buy.stt == sell.stt) if product == "CNC" else (buy.stt == 0)


def test_an_etf_bought_for_delivery_pays_no_stt(schedule):
    tariff = schedule.tariff(Dealing("upstox", "NSE", "equity", "CNC", "etf"), date(2026, 4, 1))
    assert (0, 1_000) == (tariff.stt_buy_e8, tariff.stt_sell_e8)


def test_an_order_in_five_fills_pays_one_brokerage_and_five_orders_pay_five(schedule):
    tariff = schedule.tariff(Dealing("upstox", "NSE", "equity", "MIS", "stock"), date(2026, 4, 1))
    parts, before = [], 0
    for _ in range(5):  # ₹30,000 each: 0.1 % is ₹30, above the cap of ₹20 from the first fill on
        parts.append(fill_charges(3_000_000, 1, tariff, before).brokerage)
        before += 3_000_000
    assert [2000, 0, 0, 0, 0] == parts
    assert 5 * 2000 == sum(fill_charges(3_000_000, 1, tariff).brokerage for _ in range(5))


# ------------------------------------------------------------------ a long run


def test_a_run_over_2000_to_2026_takes_the_regime_of_each_day(schedule):
    what = ("upstox", "NSE", "equity", "CNC", "stock")
    first, last = date(2000, 1, 1), date(2026, 11, 22)
    regimes = schedule.regimes(Dealing(*what), first, last)
    day, at = first, -1
    while day <= last:
        while at + 1 < len(regimes) and regimes[at + 1][0] <= day:
            at += 1
        assert schedule.tariff(Dealing(*what), day) == regimes[at][1], day
        day += timedelta(days=1)
    assert len(regimes) - 1 == at
    assert first == regimes[0][0]


def test_days_that_are_charged_alike_are_one_regime(schedule):
    # NSE split its charge anew on 2026-03-01 and left the sum: rows change, the tariff does not
    what = ("zero", "NSE", "futures", "NRML", "stock")
    days = [day for day, _ in schedule.regimes(Dealing(*what), date(2024, 10, 1), date(2026, 12, 31))]
    assert [date(2024, 10, 1), date(2026, 4, 1)] == days
    rows = [day for day, _ in schedule.stretches(Dealing(*what), date(2024, 10, 1), date(2026, 12, 31))]
    assert [date(2024, 10, 1), date(2026, 3, 1), date(2026, 4, 1)] == rows


def test_a_run_from_2021_on_rests_on_no_assumption(schedule):
    for segment, product in (("equity", "CNC"), ("futures", "NRML"), ("options", "NRML")):
        what = ("zero", "NSE", segment, product, "stock")
        assert [] == schedule.assumptions(Dealing(*what), date(2021, 4, 1), date(2026, 11, 22))
        assert [] != schedule.assumptions(Dealing(*what), date(2019, 1, 1), date(2026, 11, 22))


def test_an_exercised_option_pays_on_its_intrinsic_value(schedule):
    assert 125_000 == schedule.exercise_e8(date(2026, 3, 31))
    assert 150_000 == schedule.exercise_e8(date(2026, 4, 1))
