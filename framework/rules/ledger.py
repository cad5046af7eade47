"""The account identity, after every fill and every corporate action.

cash + positions at cost = deposits + gross realised P&L + dividends − charges; cash for fractions is a dividend here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from framework.rules.charges import charges
from framework.rules.money import nearest_paise, share, to_paise, value

if TYPE_CHECKING:
    from framework.types.tariff import Tariff

NAN = float("nan")


FLAT, CROSSED, OPENED, GREW, SHRANK = 0, 1, 2, 3, 4
"""Codes of what a fill made of a position."""


def change_of(before: int, after: int) -> int:
    """Code of what a fill made of a signed position: gone, turned round, new, larger, or smaller."""
    if after == 0:
        return FLAT
    if before == 0:
        return OPENED
    if (before > 0) != (after > 0):
        return CROSSED
    return GREW if abs(after) > abs(before) else SHRANK


def closed_part(quantity_held: int, fill_quantity: int) -> int:
    """Units (≥ 0) of a signed fill that close a signed position; the rest of the fill opens."""
    if quantity_held == 0 or (quantity_held > 0) == (fill_quantity > 0):
        return 0
    return min(abs(quantity_held), abs(fill_quantity))


def cost_closed(cost_paise: int, quantity_held: int, closed: int) -> int:
    """Cost (or entry charges) that closing ``closed`` units takes along, in paise: floor pro rata, then the rest."""
    return share(cost_paise, closed, abs(quantity_held))


def gross_realised(position_side: int, value_paise: int, cost_out_paise: int) -> int:
    """Gross profit of a close in paise: what came in less what it had cost (a short: the other way round)."""
    return position_side * (value_paise - cost_out_paise)


class Booked(NamedTuple):
    """Amounts that a fill moves, in whole paise."""

    value: int
    """Its worth, ≥ 0."""
    charges: int
    closed: int
    """Units ≥ 0 of it that closed something."""
    cost_out: int
    """Cost that the closing part took along."""
    gross: int
    """Profit that the closing part realised, before charges."""
    net: int
    """The same less its share of this fill's charges."""
    opening_charges: int
    """Charges of the part that opened."""
    cost: int
    """Cost of the position after it."""
    entry_charges: int
    """Entry charges of the position after it."""


def booked(
    held: int,
    cost_paise: int,
    entry_charges_paise: int,
    quantity: int,
    price: float,
    before_paise: int,
    dp_due: bool,
    tariff: Tariff,
) -> Booked:
    """Booking of a signed fill of ``quantity`` units: the part that closes realises profit, the rest opens at cost.

    ``held`` units are held at ``cost_paise``; ``before_paise`` is the value that its order has filled already;
    ``dp_due``: no depository charge was paid for the instrument on this day.
    """
    side, units = (1 if quantity > 0 else -1), abs(quantity)
    worth = value(price, units)
    paid = charges(worth, side, before_paise, dp_due and is_delivered(held, side), tariff)
    closed = closed_part(held, quantity)
    if closed == 0:
        return Booked(worth, paid, 0, 0, 0, 0, paid, cost_paise + worth, entry_charges_paise + paid)
    paid_out, cost_out = share(paid, closed, units), cost_closed(cost_paise, held, closed)
    gross = gross_realised(-side, share(worth, closed, units), cost_out)
    entry_charges_paise -= cost_closed(entry_charges_paise, held, closed)
    cost_paise -= cost_out
    if units > closed:
        cost_paise += worth - share(worth, closed, units)
        entry_charges_paise += paid - paid_out
    net, opening = gross - paid_out, paid - paid_out
    return Booked(worth, paid, closed, cost_out, gross, net, opening, cost_paise, entry_charges_paise)


def is_delivered(held: int, side: int) -> bool:
    """True when a fill takes shares out of the depository: a sale of what is held."""
    return side < 0 < held


def released(mark_paise: int, held: int, units: int, margin: float, tariff: Tariff) -> int:
    """Buying power in paise that closing ``units`` of ``held`` signed ones at their mark gives back, less charges.

    ``margin`` is the share of its value that this side blocks.
    """
    worth = share(abs(mark_paise), min(units, abs(held)), abs(held))
    return int(worth * margin) - charges(worth, -1 if held > 0 else 1, 0, True, tariff)


def average_after(average: float, quantity_held: int, price: float, fill_quantity: int) -> float:
    """Average fill price of the position after a signed fill, in rupees: a close keeps it, NaN when flat.

    Not cost / quantity: cost is whole paise, and a stop 5 % below the fill lies exactly 5 % below the fill.
    """
    after = quantity_held + fill_quantity
    if after == 0:
        return NAN
    closed = closed_part(quantity_held, fill_quantity)
    if closed == 0 and quantity_held != 0:
        return (average * quantity_held + price * fill_quantity) / after
    return average if abs(fill_quantity) == closed else price


def cash_after(cash_paise: int, side: int, value_paise: int, charges_paise: int) -> int:
    """Cash after a fill in paise: a buy pays its value, a sell receives it, both pay charges."""
    return cash_paise - side * value_paise - charges_paise


def marked(quantity: int, price: float) -> int:
    """Signed value of a position at a price, in paise: negative for a short, 0 when flat."""
    if quantity == 0:
        return 0
    worth = to_paise(price * abs(quantity))
    return worth if quantity > 0 else -worth


def marked_within(quantity: int, price: float) -> int:
    """``marked`` where price × |quantity| ``fits``: without the question, so that many are marked at once."""
    worth = nearest_paise(price * abs(quantity))
    return worth if quantity > 0 else -worth


def spendable(cash_paise: int, long_value_paise: int, long_margin: float) -> int:
    """Cash and what the broker lends on longs, in paise: 1 − ``long_margin`` of their marked value, which is ≥ 0."""
    return cash_paise + int(long_value_paise * (1.0 - long_margin))


def buying_power(
    cash_paise: int,
    long_value_paise: int,
    short_value_paise: int,
    long_margin: float,
    short_margin: float,
    reserved_paise: int,
) -> int:
    """Buying power for new exposure, in paise: equity less the margins of longs and shorts, and less reserves.

    Both marked values are ≥ 0, equity is cash + longs − shorts. So it is what is spendable, less what buying the shorts
    back takes, less their margin.
    """
    blocked_paise = short_value_paise + int(short_value_paise * short_margin)
    return spendable(cash_paise, long_value_paise, long_margin) - blocked_paise - reserved_paise
