"""Exchanges that are known: those of fact, and those under which something is stored already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.errors import DataError
from framework.types.intake.names import checked_exchange
from framework.types.intake.zones import ZONES
from framework.types.nearest import nearest

if TYPE_CHECKING:
    import sqlite3

KNOWN = frozenset({
    *ZONES, "NCDEX", "NFO", "BFO", "CDS", "BCD", "NASDAQ", "AMEX", "ARCA", "CBOE", "CME", "NYMEX", "COMEX", "ICE",
    "LSE", "XETRA", "EURONEXT", "SIX", "TSX", "TSE", "HKEX", "SSE", "SZSE", "SGX", "ASX", "KRX", "B3", "BINANCE",
    "COINBASE", "KRAKEN", "BYBIT", "OKX", "DERIBIT", "FX",
})  # fmt: skip
STORED = "SELECT exchange FROM instruments WHERE exchange <> '' UNION SELECT exchange FROM instrument_facts"


def require_known(connection: sqlite3.Connection, exchange: str, *, new: bool) -> str:
    """The same exchange; ``DataError`` with the nearest one where it is unknown and was not said to be new."""
    checked_exchange(exchange)
    if not exchange or new or exchange in KNOWN:
        return exchange
    stored = {name for (name,) in connection.execute(STORED)}
    if exchange in stored:
        return exchange
    near = nearest(exchange, sorted(KNOWN | stored - {""}))
    hint = f"the nearest: {', '.join(near)}" if near else "known are such as NSE, BSE, MCX, NYSE, NASDAQ"
    raise DataError(f"exchange {exchange!r} is unknown; {hint}; --new-exchange says that it is meant")
