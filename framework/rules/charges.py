"""Charges of a fill, component by component; each is whole paise, half up, and the total is their sum.

``tariff`` is a ``framework.types.Tariff``: the rates of the fill's day. ``side`` is +1 for a buy, −1 for a sell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.rules.money import by_rate

if TYPE_CHECKING:
    from framework.types.tariff import Tariff


def charges(value_paise: int, side: int, before_paise: int, dp_due: bool, tariff: Tariff) -> int:
    """All charges on one fill in paise ≥ 0. ``before_paise`` is what its order has filled already, in value.

    ``dp_due``: the first sale of delivery shares of this instrument on this day.
    """
    broker = brokerage(value_paise, before_paise, tariff)
    levied = tariff.exchange_e8 + tariff.sebi_e8 + tariff.stt_buy_e8 + tariff.stt_sell_e8 + tariff.stamp_e8
    if levied + tariff.gst_e8 + tariff.dp_paise == 0:
        return broker  # only for speed: a tariff of brokerage alone
    exchange = by_rate(value_paise, tariff.exchange_e8)
    sebi = by_rate(value_paise, tariff.sebi_e8)
    dp = tariff.dp_paise if dp_due and side < 0 else 0
    tax = transaction_tax(value_paise, side, tariff) + stamp_duty(value_paise, side, tariff)
    return broker + exchange + sebi + dp + tax + service_tax(broker, exchange, sebi, dp, tariff)


def brokerage(value_paise: int, before_paise: int, tariff: Tariff) -> int:
    """Brokerage in paise ≥ 0: value × rate, and the flat sum with an order's first fill.

    A cap is the order's: a fill pays what the order owes now, min((before + value) × rate, cap), less what it has
    paid, min(before × rate, cap). Without a cap there is nothing to gather, and each fill is rounded by itself.
    """
    flat = tariff.flat_paise if before_paise == 0 else 0
    if tariff.brokerage_cap_paise == 0:
        return by_rate(value_paise, tariff.brokerage_e8) + flat
    owed = min(by_rate(before_paise + value_paise, tariff.brokerage_e8), tariff.brokerage_cap_paise)
    paid = min(by_rate(before_paise, tariff.brokerage_e8), tariff.brokerage_cap_paise)
    return owed - paid + flat


def transaction_tax(value_paise: int, side: int, tariff: Tariff) -> int:
    """STT in paise ≥ 0: value × the rate of this side."""
    return by_rate(value_paise, tariff.stt_buy_e8 if side > 0 else tariff.stt_sell_e8)


def stamp_duty(value_paise: int, side: int, tariff: Tariff) -> int:
    """Stamp duty in paise ≥ 0: value × rate on a buy, nothing on a sell."""
    return by_rate(value_paise, tariff.stamp_e8) if side > 0 else 0


def service_tax(broker_paise: int, exchange_paise: int, sebi_paise: int, dp_paise: int, tariff: Tariff) -> int:
    """GST in paise ≥ 0: (brokerage + exchange charge, and SEBI fee where it is taxed) × rate; DP charge × rate."""
    base = broker_paise + exchange_paise + (sebi_paise if tariff.gst_on_sebi > 0 else 0)
    return by_rate(base, tariff.gst_e8) + by_rate(dp_paise, tariff.gst_e8)


def turnover_rate(side: int, tariff: Tariff) -> float:
    """The part of a value that an order on this side pays at least: what is levied by rate, without brokerage's cap."""
    levied = tariff.exchange_e8 + tariff.sebi_e8 + (tariff.stt_buy_e8 if side > 0 else tariff.stt_sell_e8)
    if side > 0:
        levied += tariff.stamp_e8
    if tariff.brokerage_cap_paise == 0:
        levied += tariff.brokerage_e8
    return levied / 1e8
