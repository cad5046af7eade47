"""framework/rules/charges.py: each component by hand, in paise."""

import pytest

from framework.rules.charges import (
    brokerage,
    charges,
    service_tax,
    stamp_duty,
    transaction_tax,
    turnover_rate,
)
from framework.types.tariff import Tariff

LAKH = 10_000_000
"""₹1,00,000 in paise."""
TARIFF = Tariff(
    brokerage_e8=30_000,  # 0.03 %
    brokerage_cap_paise=2_000,
    stt_buy_e8=100_000,  # 0.1 %
    stt_sell_e8=25_000,  # 0.025 %
    exchange_e8=2_970,  # 0.00297 %
    sebi_e8=100,  # 0.0001 %
    stamp_e8=15_000,  # 0.015 %
    gst_e8=18_000_000,  # 18 %
    gst_on_sebi=1,
    dp_paise=1_350,
)
"""Every component there is, no two alike; no broker's own."""


@pytest.mark.parametrize(
    ("side", "dp_due", "expected"),
    [
        # Brokerage 3,000 → 2,000; exchange 297; SEBI 10; GST 2,307 × 18 % = 415.26.
        (1, False, 2_000 + 297 + 10 + 415 + 10_000 + 1_500),
        (1, True, 2_000 + 297 + 10 + 415 + 10_000 + 1_500),  # a buy takes nothing out of the depository
        (-1, False, 2_000 + 297 + 10 + 415 + 2_500),
        (-1, True, 2_000 + 297 + 10 + 415 + 2_500 + 1_350 + 243),  # and 1,350 × 18 %
    ],
)
def test_a_fill_pays_the_sum_of_its_components(side, dp_due, expected):
    assert expected == charges(LAKH, side, 0, dp_due, TARIFF)


def test_the_tax_is_levied_on_the_regulators_fee_only_where_the_tariff_says_so():
    assert 415 == service_tax(2_000, 297, 10, 0, TARIFF)  # 2,307 × 18 % = 415.26
    assert 413 == service_tax(2_000, 297, 10, 0, TARIFF._replace(gst_on_sebi=0))  # 2,297 × 18 % = 413.46
    assert 0 == service_tax(0, 2, 0, 0, TARIFF._replace(gst_on_sebi=0))  # 0.36; 3 would be 0.54
    assert 2 == service_tax(3, 0, 0, 3, TARIFF)  # 0.54 and 0.54, each rounded by itself


@pytest.mark.parametrize(
    ("before", "value", "expected"),
    [
        (0, LAKH, 2_000),  # 3,000, capped
        (0, 4_000_000, 1_200),
        (4_000_000, 1_000_000, 300),  # 1,500 owed, 1,200 paid
        (6_000_000, 4_000_000, 200),  # 2,000 owed, 1,800 paid
        (8_000_000, 4_000_000, 0),  # the cap was paid
        (2_000, 1_000, 0),  # 0.9 → 1 owed, 0.6 → 1 paid
    ],
)
def test_the_cap_is_the_orders_however_many_fills_it_has(before, value, expected):
    assert expected == brokerage(value, before, TARIFF)


def test_without_a_cap_each_fill_pays_its_rate_and_the_first_the_flat_sum():
    uncapped = TARIFF._replace(brokerage_cap_paise=0, flat_paise=2_000)
    assert [5_000, 3_000, 3_000] == [brokerage(LAKH, before, uncapped) for before in (0, 1, LAKH)]
    capped_at_a_paisa = TARIFF._replace(brokerage_cap_paise=1)
    assert [1, 0] == [brokerage(LAKH, before, capped_at_a_paisa) for before in (0, LAKH)]


def test_stamp_duty_is_for_buys_and_the_transaction_tax_has_a_rate_for_each_side():
    assert (1_500, 0) == (stamp_duty(LAKH, 1, TARIFF), stamp_duty(LAKH, -1, TARIFF))
    assert (10_000, 2_500) == (transaction_tax(LAKH, 1, TARIFF), transaction_tax(LAKH, -1, TARIFF))


@pytest.mark.parametrize(
    ("side", "cap", "expected"),
    [
        (1, 2_000, 0.001_180_7),  # 2,970 + 100 + 100,000 + 15,000 of 1e8
        (-1, 2_000, 0.000_280_7),  # 2,970 + 100 + 25,000
        (1, 0, 0.001_480_7),  # and 30,000
        (-1, 0, 0.000_580_7),
        (1, 1, 0.001_180_7),  # a paisa is a cap
    ],
)
def test_the_least_share_of_a_value_leaves_out_a_brokerage_that_is_capped(side, cap, expected):
    assert expected == turnover_rate(side, TARIFF._replace(brokerage_cap_paise=cap))
