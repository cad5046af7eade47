"""Whole paise: from rupees, by a rate, and in shares. Everything that moves cash goes through here."""

import math

RATE_SCALE = 100_000_000
"""Rates are whole numbers of 1e-8."""
LARGEST_PAISE = 4_000_000_000_000_000
"""₹40 lakh crore. Beyond it a float64 no longer holds half a paisa; sums of a thousand still fit int64."""
LARGEST_QUANTITY = 2_000_000_000
"""A product of two quantities still fits int64."""


def to_paise(rupees: float) -> int:
    """Rupees → whole paise, half up (towards +∞). Raises OverflowError unless |result| ≤ LARGEST_PAISE (so on NaN)."""
    if not (abs(rupees) * 100.0 <= LARGEST_PAISE):  # ``fits``, and below ``nearest_paise``: two calls less for speed
        raise OverflowError("an amount is not a number, or beyond 40 lakh crore rupees")
    return math.floor(rupees * 100.0 + 0.5)


def fits(rupees: float) -> bool:
    """True when an amount can be told in whole paise."""
    return abs(rupees) * 100.0 <= LARGEST_PAISE


def nearest_paise(rupees: float) -> int:
    """``to_paise`` of an amount that ``fits``: without the question, so that many are rounded at once."""
    return math.floor(rupees * 100.0 + 0.5)


def value(price: float, quantity: int) -> int:
    """|price × quantity| in paise, ≥ 0."""
    return to_paise(price * abs(quantity))


def by_rate(amount: int, rate_e8: int) -> int:
    """Amount × rate in paise, half up; ``amount`` ≥ 0 in paise, ``rate_e8`` ≥ 0 in 1e-8.

    Split into whole and rest so that no product leaves int64.
    """
    whole = amount // RATE_SCALE
    rest = amount % RATE_SCALE
    return whole * rate_e8 + (rest * rate_e8 + RATE_SCALE // 2) // RATE_SCALE


def share(total: int, part: int, whole: int) -> int:
    """floor(total × part / whole): what a partial close takes of cost or charges; the last leg takes the remainder.

    ``total`` ≥ 0 paise, 0 ≤ part ≤ whole units, whole ≥ 1.
    """
    if part == whole:
        return total
    return (total // whole) * part + (total % whole) * part // whole
