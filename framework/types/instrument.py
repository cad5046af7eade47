"""Instrument: what is traded, and the grid its prices and quantities lie on."""

from __future__ import annotations

from typing import NamedTuple


class Instrument(NamedTuple):
    """One tradable thing on one exchange.

    Symbols are taken as they are: ``M&M``, ``BAJAJ-AUTO`` and ``NIFTY 50`` are ordinary.
    """

    symbol: str
    exchange: str = ""
    """Market identifier such as ``NSE``; empty if unknown."""
    tick: float = 0.0
    """Smallest price step in rupees; 0 = not stated, and then computed prices are not rounded."""
    lot: int = 1
    """Quantities are whole multiples of this many units."""
    timezone: str = "UTC"
    """IANA zone of the exchange; the session's local date is taken in it."""
    kind: str = ""
    """``share``, ``fund``, ``index``, ``share_future``, ``index_option``, …; empty if unknown."""
    expiry: str = ""
    """Last day of a contract, ``2026-11-24``; empty for what does not expire."""
    hours: str = ""
    """Class of its trading hours, such as ``cas`` (closing auction); empty if unknown."""
    series: str = ""
    """Series of NSE (EQ, BE, …) or group of BSE (A, X, …); empty if unknown."""
    equity_oriented: bool | None = None
    """True if the tax law counts it as shares: funds of shares do, gold and debt do not; None if unknown."""
    currency: str = "INR"
    """Currency of its prices, three letters; a run has one."""

    @property
    def key(self) -> tuple[str, str]:
        """(exchange, symbol): the order in which instruments are served within a bar."""
        return (self.exchange, self.symbol)

    def __str__(self) -> str:
        return f"{self.exchange}:{self.symbol}" if self.exchange else self.symbol
