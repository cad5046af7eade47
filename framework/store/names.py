"""From what a person types to one instrument of the store, with the nearest names where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.errors import DataError
from framework.types.nearest import nearest

if TYPE_CHECKING:
    import sqlite3

HELD = "EXISTS (SELECT 1 FROM ohlc_data o WHERE o.symbol = i.symbol AND o.exchange = i.exchange)"


def written(symbol: str, exchange: str) -> str:
    """An instrument as a person writes it: ``INFY`` or ``NSE:INFY``."""
    return f"{exchange}:{symbol}" if exchange else symbol


def split(text: str) -> tuple[str, str]:
    """(symbol, exchange) of ``INFY``, ``NSE:INFY`` or ``:INFY``, whether it is stored or not."""
    exchange, colon, symbol = text.partition(":")
    return (symbol, exchange) if colon else (text, "")


def resolve(connection: sqlite3.Connection, text: str) -> tuple[str, str]:
    """``INFY`` or ``NSE:INFY`` → (symbol, exchange) that has bars; raises ``DataError`` naming the nearest ones.

    Upper and lower case are the same where only one stored symbol is meant.
    """
    found = _exchanges(connection, text)
    if len(found) == 1:
        return text, found[0]
    if found:
        choices = " or ".join(f"{exchange}:{text}" for exchange in found)
        raise DataError(f"{text} is stored for {len(found)} exchanges; write {choices}")
    exchange, colon, symbol = text.partition(":")
    if colon and exchange in _exchanges(connection, symbol):
        return symbol, exchange
    return _ignoring_case(connection, text)


def resolve_issues(connection: sqlite3.Connection, text: str) -> list[tuple[str, str]]:
    """Like ``resolve``, but a symbol without bars is found by its issues."""
    try:
        return [resolve(connection, text)]
    except DataError:
        query = "SELECT DISTINCT symbol, exchange FROM data_issues WHERE symbol = ?"
        refused: list[tuple[str, str]] = connection.execute(query, (text,)).fetchall()
        if not refused or _exchanges(connection, text):
            raise
        return refused


def _ignoring_case(connection: sqlite3.Connection, text: str) -> tuple[str, str]:
    """The one stored symbol that differs from ``text`` only in upper and lower case."""
    query = f"SELECT i.symbol, i.exchange FROM instruments i WHERE {HELD}"  # noqa: S608 - a constant
    wanted = text.casefold()
    held: list[tuple[str, str]] = connection.execute(query).fetchall()
    found = [pair for pair in held if wanted in {pair[0].casefold(), f"{pair[1]}:{pair[0]}".casefold()}]
    if len(found) > 1:
        choices = " or ".join(f"{exchange}:{symbol}" if exchange else symbol for symbol, exchange in sorted(found))
        raise DataError(f"{text} could be {choices}; write one of them")
    if not found:
        raise DataError(_unknown(connection, text))
    return found[0]


def _exchanges(connection: sqlite3.Connection, symbol: str) -> list[str]:
    query = f"SELECT i.exchange FROM instruments i WHERE i.symbol = ? AND {HELD} ORDER BY i.exchange"  # noqa: S608 - a constant
    return [row[0] for row in connection.execute(query, (symbol,))]


def _unknown(connection: sqlite3.Connection, text: str) -> str:
    query = f"SELECT i.symbol, i.exchange FROM instruments i WHERE {HELD} ORDER BY i.symbol"  # noqa: S608 - a constant
    held = connection.execute(query).fetchall()
    if not held:
        return f"no symbol {text!r}: the store holds no prices yet; load some with: tulya data sample"
    exchange, _, symbol = text.partition(":")
    if (symbol, "") in held:
        return f"no symbol {text!r} in the store: {symbol} has no exchange there; import it with --exchange {exchange}"
    plain = [symbol for symbol, _ in held]
    names = [f"{where}:{symbol}" for symbol, where in held if where] if ":" in text else plain
    near = nearest(text, names) or nearest(text.partition(":")[2], plain)
    if near:
        return f"no symbol {text!r} in the store; the nearest: {', '.join(near)}"
    few = ", ".join(plain[:5]) + (", …" if len(plain) > 5 else "")  # noqa: PLR2004 - a handful is shown
    return f"no symbol {text!r} in the store; it holds {few} (tulya data list)"
