"""How many units a full target (±1) means, decided once at the opening decision. Quantities are whole lots ≥ 0."""

import math

from framework.rules.money import LARGEST_QUANTITY


def whole_lots(units: float, lot: int) -> int:
    """Units rounded down to whole lots; 0 for NaN, anything below one lot, and anything beyond LARGEST_QUANTITY."""
    if not (lot <= units <= LARGEST_QUANTITY):
        return 0
    return math.floor(units / lot + 1e-9) * lot


def fixed_units(units: float, lot: int) -> int:
    """``fixed:10``: that many units."""
    return whole_lots(units, lot)


def value_units(rupees: float, price: float, lot: int) -> int:
    """``value:50000``: rupees / price."""
    return whole_lots(rupees / price, lot)


def equity_units(fraction: float, equity_paise: int, allotment: float, price: float, lot: int) -> int:
    """``equity:95%``: fraction × allotment × equity / price, where allotment is the instrument's share of equity."""
    return whole_lots(fraction * allotment * equity_paise / 100.0 / price, lot)


def risk_units(fraction: float, equity_paise: int, stop_distance: float, lot: int) -> int:
    """``risk:1%``: units whose loss at the stop is that fraction of equity; 0 without a stop distance (rupees)."""
    if not (stop_distance > 0.0):
        return 0
    return whole_lots(fraction * equity_paise / 100.0 / stop_distance, lot)


FIXED, VALUE, EQUITY, RISK = 0, 1, 2, 3
"""Codes of the sizing kinds."""


def full_units(
    kind: int, amount: float, allotment: float, equity_paise: int, price: float, stop_distance: float, lot: int
) -> int:
    """Units of a full target at the decision close, by the kind of sizing."""
    if kind == FIXED:
        return fixed_units(amount, lot)
    if kind == VALUE:
        return value_units(amount, price, lot)
    if kind == EQUITY:
        return equity_units(amount, equity_paise, allotment, price, lot)
    return risk_units(amount, equity_paise, stop_distance, lot)


def scaled(full_units: int, target: float, lot: int) -> int:
    """Signed units of a partial target (−1..+1) of a full quantity: sign × floor(|target| × full), whole lots."""
    units = whole_lots(abs(target) * full_units, lot)
    return units if target > 0.0 else -units


def weight_units(weight: float, equity_paise: int, price: float, lot: int) -> int:
    """``allocate``: signed units of a weight of portfolio equity: sign × floor(|w| × equity / price), whole lots."""
    units = whole_lots(abs(weight) * equity_paise / 100.0 / price, lot)
    return units if weight > 0.0 else -units
