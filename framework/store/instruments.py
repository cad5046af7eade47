"""Instruments: what is known of a symbol besides its prices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.store import listings
from framework.types import Instrument
from framework.types.currency import INR

if TYPE_CHECKING:
    import sqlite3

    from framework.types.intake.records import Facts, SeriesKey

UPSERT = (
    "INSERT INTO instruments (symbol, exchange, name, isin, tick_size, lot_size, timezone, currency) "
    "VALUES (:symbol, :exchange, :name, :isin, :tick, :lot, :timezone, :currency) "
    "ON CONFLICT (symbol, exchange) DO UPDATE SET name = ifnull(excluded.name, name), "
    "isin = ifnull(excluded.isin, isin), timezone = ifnull(excluded.timezone, timezone), "
    "currency = ifnull(excluded.currency, currency), "
    "tick_size = CASE WHEN excluded.tick_size > 0 THEN excluded.tick_size ELSE tick_size END, "
    "lot_size = CASE WHEN excluded.lot_size > 1 THEN excluded.lot_size ELSE lot_size END "
    "WHERE ifnull(excluded.name, name) IS NOT name OR ifnull(excluded.isin, isin) IS NOT isin "
    "OR ifnull(excluded.timezone, timezone) IS NOT timezone "
    "OR ifnull(excluded.currency, currency) IS NOT currency "
    "OR (excluded.tick_size > 0 AND excluded.tick_size <> tick_size) "
    "OR (excluded.lot_size > 1 AND excluded.lot_size <> lot_size)"
)


def note(connection: sqlite3.Connection, facts: Facts) -> None:
    """Create the instrument, or add new facts to it; a tick that was not given is the one of its listing."""
    connection.execute(UPSERT, facts._asdict())
    if facts.exchange and not load(connection, facts.symbol, facts.exchange).tick:
        listings.lend(connection, facts.symbol, facts.exchange)


def load(connection: sqlite3.Connection, symbol: str, exchange: str) -> Instrument:
    """The instrument as the rulebook wants it; an unknown zone is UTC."""
    row = connection.execute(
        "SELECT tick_size, lot_size, ifnull(timezone, 'UTC'), ifnull(currency, ?) FROM instruments "
        "WHERE symbol = ? AND exchange = ?",
        (INR, symbol, exchange),
    ).fetchone()
    tick, lot, timezone, currency = row if row is not None else (0.0, 1, "UTC", INR)
    facts = listings.listed_facts(connection, symbol, exchange)
    return Instrument(symbol, exchange, float(tick), int(lot), timezone, **facts, currency=currency)


def timezone(connection: sqlite3.Connection, key: SeriesKey) -> str | None:
    """The zone that was given for a series' instrument, or None."""
    return zone(connection, key.symbol, key.exchange)


def zone(connection: sqlite3.Connection, symbol: str, exchange: str) -> str | None:
    """The zone that was given for an instrument, or None."""
    row = connection.execute(
        "SELECT timezone FROM instruments WHERE symbol = ? AND exchange = ?", (symbol, exchange)
    ).fetchone()
    return None if row is None else row[0]
