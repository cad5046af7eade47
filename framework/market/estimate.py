"""Cost estimate of an order, a round trip and its break-even, by the table of charges; without a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from framework.errors import ConfigError
from framework.market.contract_note import Components, NoteFill, contract_note, fill_charges
from framework.rules.money import LARGEST_PAISE

if TYPE_CHECKING:
    from framework.types.tariff import Tariff

Rounding = Literal["exact", "contract_note"]
NEAR = 200
"""Paise below the first price found in which roundings may hide a nearer one."""


class EstimateRequest(NamedTuple):
    """A quantity at a tariff; ``overnight``: delivery, the two sides of a round trip are notes of two days."""

    quantity: int
    tariff: Tariff
    rounding: Rounding
    overnight: bool


class BreakEven(NamedTuple):
    """The exit at which a round trip earns nothing."""

    price_paise: int
    charges: Components
    """Of both sides."""


def order_charges(asked: EstimateRequest, side: int, price_paise: int) -> Components:
    """Components of one order that fills whole at one price, in paise."""
    worth = price_paise * asked.quantity
    if not 0 < worth <= LARGEST_PAISE:
        raise ConfigError(
            f"{asked.quantity} × {price_paise / 100:.2f} is no value above 0 and up to 40 lakh crore rupees"
        )
    if asked.rounding == "contract_note":
        return contract_note([_fill(asked, side, worth)])
    return fill_charges(worth, side, asked.tariff, dp_due=side < 0)


def round_trip(asked: EstimateRequest, side: int, entry_paise: int, exit_paise: int) -> Components:
    """Components of both sides; delivery shares are sold on another day, everything else on the same."""
    first = order_charges(asked, side, entry_paise)
    second = order_charges(asked, -side, exit_paise)
    if asked.rounding == "contract_note" and not asked.overnight:
        worths = entry_paise * asked.quantity, exit_paise * asked.quantity
        return contract_note([_fill(asked, side, worths[0]), _fill(asked, -side, worths[1])])
    return Components(*(one + two for one, two in zip(first, second, strict=True)))


def break_even(asked: EstimateRequest, side: int, entry_paise: int) -> BreakEven:
    """The exit nearest to the entry, in paise, at which the gain covers all charges. No price does: ConfigError."""

    def covered(distance: int) -> bool:
        price = entry_paise + side * distance
        return distance * asked.quantity >= round_trip(asked, side, entry_paise, price).total

    furthest = entry_paise * 1000 if side > 0 else entry_paise - 1
    if furthest < 1 or not covered(furthest):
        raise ConfigError(
            f"no exit price covers the charges of {asked.quantity} at {entry_paise / 100:.2f}; take a larger quantity"
        )
    low, high = 0, furthest
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if covered(middle) else (middle + 1, high)
    distance = next(near for near in range(max(high - NEAR, 0), high + 1) if covered(near))
    price = entry_paise + side * distance
    return BreakEven(price, round_trip(asked, side, entry_paise, price))


def _fill(asked: EstimateRequest, side: int, worth: int) -> NoteFill:
    return NoteFill(
        order_id=side, instrument="", quantity=side * asked.quantity, value_paise=worth, tariff=asked.tariff
    )
