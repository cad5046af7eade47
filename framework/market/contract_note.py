"""Charges by component: of one fill to the paisa, and of one day's fills as a contract note rounds them.

The ``exact`` way rounds every component of every fill to the paisa, so that a result does not depend on how fills are
grouped; engines use it. A contract note gathers a day: STT to the nearest rupee (50 paise up), every other line to the
paisa once, and what a delivery product bought and sold on one day is charged as intraday (``NoteFill.netted``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from framework.rules import charges
from framework.rules.money import RATE_SCALE, by_rate, share

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from framework.types.tariff import Tariff

RUPEE = 100


class Components(NamedTuple):
    """Paise ≥ 0 by component; the total is their sum."""

    brokerage: int = 0
    stt: int = 0
    exchange: int = 0
    """Transaction charge and investor protection fund."""
    sebi: int = 0
    stamp: int = 0
    gst: int = 0
    """On brokerage, exchange, SEBI fee and depository charge."""
    dp: int = 0

    @property
    def total(self) -> int:
        """Paise."""
        return sum(self)


class NoteFill(NamedTuple):
    """One fill as a contract note sees it."""

    order_id: int
    instrument: str
    quantity: int
    """Signed units."""
    value_paise: int
    """|price × quantity|."""
    tariff: Tariff
    """Of the product the order was placed with."""
    netted: Tariff | None = None
    """The intraday tariff, for a delivery product: charges what is bought and sold again on the same day."""


class _Part(NamedTuple):
    side: int
    value_paise: int
    tariff: Tariff


def fill_charges(
    value_paise: int, side: int, tariff: Tariff, before_paise: int = 0, *, dp_due: bool = False
) -> Components:
    """Components of one fill; ``before_paise`` is what its order has filled before it, in value.

    ``dp_due``: the first sale of delivery shares of this instrument on this day.
    """
    brokerage = charges.brokerage(value_paise, before_paise, tariff)
    exchange = by_rate(value_paise, tariff.exchange_e8)
    sebi = by_rate(value_paise, tariff.sebi_e8)
    dp = tariff.dp_paise if dp_due and side < 0 else 0
    return Components(
        brokerage=brokerage,
        stt=charges.transaction_tax(value_paise, side, tariff),
        exchange=exchange,
        sebi=sebi,
        stamp=charges.stamp_duty(value_paise, side, tariff),
        gst=charges.service_tax(brokerage, exchange, sebi, dp, tariff),
        dp=dp,
    )


def contract_note(fills: Sequence[NoteFill]) -> Components:
    """Components of one account's fills of one day and segment, rounded as a contract note is."""
    if not fills:
        return Components()
    groups: dict[tuple[str, Tariff], list[NoteFill]] = {}
    for fill in fills:
        groups.setdefault((fill.instrument, fill.tariff), []).append(fill)
    parts = [part for group in groups.values() for part in _parts(group)]
    brokerage = _brokerage(fills)
    exchange = _rounded(sum(part.value_paise * part.tariff.exchange_e8 for part in parts))
    sebi = _rounded(sum(part.value_paise * part.tariff.sebi_e8 for part in parts))
    stamp = _rounded(sum(part.value_paise * part.tariff.stamp_e8 for part in parts if part.side > 0))
    stt = sum(part.value_paise * (part.tariff.stt_buy_e8, part.tariff.stt_sell_e8)[part.side < 0] for part in parts)
    dp = [tariff.dp_paise for (_, tariff), group in groups.items() if tariff.dp_paise and sum(_quantities(group)) < 0]
    tariff = fills[0].tariff  # a day has one rate of tax
    return Components(
        brokerage=brokerage,
        stt=_rounded(stt, RUPEE),
        exchange=exchange,
        sebi=sebi,
        stamp=stamp,
        gst=charges.service_tax(brokerage, exchange, sebi, 0, tariff)
        + sum(charges.service_tax(0, 0, 0, each, tariff) for each in dp),
        dp=sum(dp),
    )


def _parts(group: Sequence[NoteFill]) -> list[_Part]:
    """Values by side and tariff; what was both bought and sold goes by the intraday one, at its side's average."""
    tariff, netted = group[0].tariff, group[0].netted
    bought = sum(quantity for quantity in _quantities(group) if quantity > 0)
    sold = -sum(quantity for quantity in _quantities(group) if quantity < 0)
    matched = min(bought, sold)
    parts = []
    for side, whole in ((1, bought), (-1, sold)):
        worth = sum(fill.value_paise for fill in group if fill.quantity * side > 0)
        within = share(worth, matched, whole) if netted is not None and matched else 0
        if netted is not None and within:
            parts.append(_Part(side, within, netted))
        parts.append(_Part(side, worth - within, tariff))
    return parts


def _brokerage(fills: Iterable[NoteFill]) -> int:
    """Of whole orders, by the tariff they were placed under: netting is the exchange's matter, not the broker's."""
    before: dict[int, int] = {}
    total = 0
    for fill in fills:
        total += charges.brokerage(fill.value_paise, before.get(fill.order_id, 0), fill.tariff)
        before[fill.order_id] = before.get(fill.order_id, 0) + fill.value_paise
    return total


def _quantities(group: Iterable[NoteFill]) -> list[int]:
    return [fill.quantity for fill in group]


def _rounded(exact: int, to_paise: int = 1) -> int:
    """Paise × 1e-8 as whole multiples of ``to_paise``, half up."""
    step = RATE_SCALE * to_paise
    return (exact + step // 2) // step * to_paise
