"""Corporate actions: what an ex-date makes of quantities and prices. Only a fraction of a share becomes money."""

import math

from framework.rules.money import to_paise
from framework.rules.prices import on_tick

SMALLEST_FRACTION = 1e-6
"""A share: what is less is a rounding of the factor, which may be a third written with ten digits."""
RELATIVE = 1e-9


def exact_shares(quantity: int, factor: float) -> float:
    """Shares ≥ 0 that ``quantity`` signed ones become, fractions included; ``factor`` > 0 is after ÷ before."""
    shares = abs(quantity) * factor
    nearest = math.floor(shares + 0.5)
    if abs(shares - nearest) <= SMALLEST_FRACTION + RELATIVE * shares:
        return nearest * 1.0
    return shares


def shares_after(quantity: int, factor: float) -> int:
    """Whole signed shares after an action: the fraction is left out, on both sides."""
    whole = math.floor(exact_shares(quantity, factor))
    return whole if quantity > 0 else -whole


def fraction_paise(mark_paise: int, quantity: int, factor: float) -> int:
    """Worth of the fraction at the last mark, in paise ≥ 0, half up; the rest of the mark stays in the shares.

    ``mark_paise`` is the marked value of the ``quantity`` ≠ 0 signed shares before the action.
    """
    shares = exact_shares(quantity, factor)
    return math.floor(abs(mark_paise) * ((shares - math.floor(shares)) / shares) + 0.5)


def dividend_paise(quantity: int, dividend: float) -> int:
    """Cash for a position on the ex-date in paise: a long receives it, a short pays it; ``dividend`` ≥ 0 rupees."""
    paid = to_paise(dividend * abs(quantity))
    return paid if quantity > 0 else -paid


def resting_price(price: float, factor: float, tick: float, side: int) -> float:
    """A limit or trigger in terms of the shares after an action, on the grid against us; NaN = none."""
    return on_tick(price / factor, tick, side) if price > 0.0 else price
