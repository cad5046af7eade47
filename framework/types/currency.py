"""Currency of a run, and its amounts as people write them: ₹12,34,567.89, $1,234,567.89, CHF 1,234,567.89."""

from __future__ import annotations

from framework.errors import ConfigError
from framework.types.rupees import rupees

INR = "INR"
"""Currency of NSE and BSE, and of every instrument of which nothing else is said."""
LETTERS = 3
SIGNS = {INR: "₹", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}


def currency_named(code: str | None) -> str | None:
    """A currency's three letters in capitals, None for None; ``ConfigError`` where it is no such code."""
    if code is None:
        return None
    if not (len(code) == LETTERS and code.isascii() and code.isalpha()):
        raise ConfigError(f"currency {code!r} is not three letters such as USD, EUR or INR")
    return code.upper()


def sign_of(currency: str) -> str:
    """Sign before an amount: one of ``SIGNS``, or the currency's own three letters and a blank."""
    return SIGNS.get(currency, f"{currency} ")


def money_text(amount: float, currency: str = INR, decimals: int = 2) -> str:
    """An amount with a real minus before its sign; rupees in lakhs and crores; – for NaN."""
    if currency == INR:
        return rupees(amount, decimals)
    return rupees(amount, decimals, sign_of(currency), "{:,}".format)
