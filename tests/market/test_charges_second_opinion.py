"""The rates from April 2026 on, against the package indian-trading-charges (its own table, its own arithmetic)."""

from datetime import date
from decimal import Decimal
from itertools import product
from pathlib import Path

import pytest

from framework.market.charges import ChargeSchedule, Dealing
from framework.market.contract_note import fill_charges

indian_charges = pytest.importorskip("indian_charges")
SHIPPED = Path(__file__).resolve().parents[2] / "config" / "charges"
THEIRS = {
    ("equity", "CNC"): "delivery",
    ("equity", "MIS"): "intraday",
    ("futures", "NRML"): "futures",
    ("options", "NRML"): "options",
}
FUND = {"stock": "", "etf": "equity", "other_etf": "other"}
UPSTOX = indian_charges.BrokeragePlan(
    "upstox",
    "Upstox, its terms of 2026",
    percent={"delivery": Decimal("0.025"), "intraday": Decimal("0.001"), "futures": Decimal("0.0005")},
    flat_cap={name: Decimal(20) for name in THEIRS.values()},
)


@pytest.fixture(scope="module")
def schedule():
    return ChargeSchedule.load(SHIPPED)


@pytest.mark.parametrize("exchange", ["NSE", "BSE"])
@pytest.mark.parametrize("sort", THEIRS, ids=" ".join)
def test_every_component_of_2026_agrees(schedule, exchange, sort):
    kinds, groups = ("stock",), ("",)
    if sort[0] == "equity":
        kinds = tuple(FUND)
        groups = ("", "A", "B", "M", "IT", "X", "Z", "P", "ZP") if exchange == "BSE" else ("",)
    for kind, group, side, price, quantity in product(
        kinds, groups, (1, -1), ("1500", "123.45", "87.3"), (1, 65, 1000)
    ):
        turnover = Decimal(price) * quantity
        tariff = schedule.tariff(Dealing("upstox", exchange, *sort, kind, group), date(2026, 4, 1))
        ours = fill_charges(int(turnover * 100), side, tariff)
        theirs = indian_charges.leg(
            turnover=turnover, side="buy" if side > 0 else "sell", segment=THEIRS[sort], exchange=exchange,
            broker=UPSTOX, bse_group=group, fund=FUND[kind],
        )  # fmt: skip
        case = (kind, group, side, price, quantity)
        assert (ours.brokerage, ours.stt, ours.sebi, ours.stamp) == paise(
            theirs.brokerage, theirs.stt, theirs.sebi_fee, theirs.stamp_duty
        ), case
        # They round transaction charge and IPFT by themselves, we their sum; and tax what is not rounded yet.
        assert abs(ours.exchange - sum(paise(theirs.exchange_txn, theirs.ipft))) <= 1, case
        assert abs(ours.gst - paise(theirs.gst)[0]) <= 1, case


def paise(*rupees):
    return tuple(int(sum_ * 100) for sum_ in rupees)
