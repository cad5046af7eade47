"""Rupees as people in India write them: ₹12,34,567.89. All amounts that are printed pass through here."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

NONE = "–"
"""Sign for a missing number."""
MINUS = "−"


def grouped(whole: int) -> str:
    """A whole number ≥ 0 in Indian grouping: 1234567 → ``12,34,567``."""
    digits = str(whole)
    head, tail = digits[:-3], digits[-3:]
    parts = [tail]
    while head:
        parts.append(head[-2:])
        head = head[:-2]
    return ",".join(reversed(parts))


def in_groups(text: str) -> str:
    """A number's text in Indian grouping: ``-1234567.5`` → ``-12,34,567.5``; what has no plain digits as it is."""
    whole, dot, fraction = text.partition(".")
    sign, digits = (whole[:1], whole[1:]) if whole[:1] in {"-", "+"} else ("", whole)
    return f"{sign}{grouped(int(digits))}{dot}{fraction}" if digits.isdecimal() else text


def price_text(price: float) -> str:
    """A price as exact as it is, without the sign of the rupee."""
    return in_groups(f"{price:.10g}")


def rupees(amount: float, decimals: int = 2, sign: str = "₹", group: Callable[[int], str] = grouped) -> str:
    """``₹12,34,567.89``, with a real minus before the sign; – for NaN. Other currencies: ``currency.money_text``."""
    if math.isnan(amount):
        return NONE
    if math.isinf(amount):
        return f"{MINUS if amount < 0 else ''}{sign}∞"
    text = f"{abs(amount):.{decimals}f}"
    whole, _, fraction = text.partition(".")
    negative = amount < 0 and float(text) != 0
    return f"{MINUS if negative else ''}{sign}{group(int(whole))}{'.' + fraction if fraction else ''}"
