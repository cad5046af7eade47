"""Listed instruments in the store: kept, compared with what was known, found again, and lent to stored prices."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from framework.errors import DataError
from framework.market.listing import TIMEZONE, Listing
from framework.types.nearest import nearest

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Sequence

FIELDS = Listing._fields
COLUMNS = ", ".join(FIELDS)
KEPT = ", ".join(f"{name} = excluded.{name}" for name in (*FIELDS, "listed_on"))
SAVE = (
    f"INSERT INTO instrument_facts (key, {COLUMNS}, listed_on) "  # noqa: S608 - names of columns
    f"VALUES ({', '.join('?' * (len(FIELDS) + 2))}) ON CONFLICT (key) DO UPDATE SET {KEPT}, "
    "updated_at = CAST(strftime('%s', 'now') AS INTEGER)"
)
CHANGE = (
    "INSERT INTO instrument_changes (key, fact, valid_from, before, after) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (key, fact, valid_from) DO UPDATE SET after = excluded.after, "
    "updated_at = CAST(strftime('%s', 'now') AS INTEGER)"
)
CASH = "(segment IN ('NSE_EQ', 'BSE_EQ')) DESC, (segment IN ('NSE_INDEX', 'BSE_INDEX')) DESC, listed_on DESC, key"
"""Order in which one of several listings of a name is taken: shares, then indices, then the newest."""
INDIAN = frozenset({"NSE", "BSE", "MCX"})
EMPTY = frozenset({None, ""})
ROWS_AT_ONCE = 5_000


class ListingChange(NamedTuple):
    """One fact of a listing that changed."""

    key: str
    symbol: str
    exchange: str
    fact: str
    before: str
    after: str


class SavedListings(NamedTuple):
    """Outcome of a list: new + changed + unchanged are its instruments."""

    new: int
    changed: int
    unchanged: int
    changes: list[ListingChange]
    series: list[str]
    """Instruments with prices whose tick, lot, name, ISIN or zone became another one."""


class Known(NamedTuple):
    """A listing as the store has it."""

    listing: Listing
    listed_on: date
    """Date of the newest list that has it."""


def save(
    connection: sqlite3.Connection,
    listings: Sequence[Listing],
    on: date,
    progress: Callable[[int, int], None] | None = None,
) -> SavedListings:
    """Keep a list of the day ``on``; fields it omits stay. Call it in a transaction. progress: (kept, of)."""
    keys, stored = _keys(connection), _stored(connection)
    rows: list[tuple[Any, ...]] = []
    changes: list[ListingChange] = []
    new = changed = 0
    for listing in listings:
        key = _key(listing, keys)
        given = _plain(listing)
        found = stored.get(key)
        if found is None:
            new += 1
            rows.append((key, *given, on.isoformat()))
            stored[key] = (*given, on.isoformat())
            continue
        known, day = found[:-1], found[-1]
        if day > on.isoformat():
            raise DataError(
                f"{listing} is known from a list of {day}, and this one is said to be of {on}; import lists in the "
                "order of their dates (--date says a list's own)"
            )
        merged = _merged(given, known)
        differing = [
            ListingChange(key, listing.symbol, listing.exchange, name, _text(before), _text(now))
            for name, before, now in zip(FIELDS, known, merged, strict=True)
            if before != now
        ]
        newly = [change for change in differing if change.before]
        changed += bool(differing)
        changes += newly
        if differing or day != on.isoformat():
            rows.append((key, *merged, on.isoformat()))
            stored[key] = (*merged, on.isoformat())
    _write(connection, rows, progress)
    connection.executemany(CHANGE, ((c.key, c.fact, on.isoformat(), c.before, c.after) for c in changes))
    return SavedListings(new, changed, len(listings) - new - changed, changes, lend_all(connection))


def lend_all(connection: sqlite3.Connection) -> list[str]:
    """Give tick, lot, name, ISIN and zone to the instruments that have prices; returns those that changed."""
    held = connection.execute("SELECT symbol, exchange FROM instruments WHERE exchange <> '' ORDER BY 1, 2").fetchall()
    return [f"{exchange}:{symbol}" for symbol, exchange in held if lend(connection, symbol, exchange)]


def lend(connection: sqlite3.Connection, symbol: str, exchange: str) -> bool:
    """Give one instrument the facts of its listing; True when that changed something."""
    found = connection.execute(
        f"SELECT tick, lot, name, isin FROM instrument_facts WHERE symbol = ? AND exchange = ? ORDER BY {CASH} LIMIT 1",  # noqa: S608 - a constant
        (symbol, exchange),
    ).fetchone()
    if found is None:
        return False
    tick, lot, name, isin = found
    values = {
        "tick": tick,
        "lot": lot,
        "name": name,
        "isin": isin,
        "zone": TIMEZONE if exchange in INDIAN else None,
        "s": symbol,
        "e": exchange,
    }
    done = connection.execute(
        "UPDATE instruments SET tick_size = ifnull(:tick, tick_size), lot_size = ifnull(:lot, lot_size), "
        "name = ifnull(:name, name), isin = ifnull(:isin, isin), timezone = ifnull(timezone, :zone) "
        "WHERE symbol = :s AND exchange = :e AND (ifnull(:tick, tick_size) <> tick_size "
        "OR ifnull(:lot, lot_size) <> lot_size OR ifnull(:name, name) IS NOT name OR ifnull(:isin, isin) IS NOT isin "
        "OR (timezone IS NULL AND :zone IS NOT NULL))",
        values,
    )
    return done.rowcount > 0


def listed_facts(connection: sqlite3.Connection, symbol: str, exchange: str) -> dict[str, Any]:
    """Fields of ``Instrument`` that lists give: kind, expiry, hours, series, equity_oriented."""
    found = connection.execute(
        "SELECT kind, expiry, underlying_kind, closing_auction, series, equity_oriented FROM instrument_facts "  # noqa: S608 - a constant
        f"WHERE symbol = ? AND exchange = ? ORDER BY {CASH} LIMIT 1",
        (symbol, exchange),
    ).fetchone()
    if found is None:
        return {}
    kind, expiry, underlying, auction, series, oriented = found
    if kind in {"future", "option"}:
        return {
            "kind": f"{'index' if underlying == 'INDEX' else 'share'}_{kind}",
            "expiry": expiry or "",
            "hours": "fno",
        }
    return {
        "kind": "" if kind == "other" else kind,
        "hours": {None: "", 0: "other", 1: "cas"}[auction],
        "series": series or "",
        "equity_oriented": None if oriented is None else bool(oriented),
    }


def search(connection: sqlite3.Connection, text: str, segment: str | None = None, limit: int = 50) -> list[Known]:
    """Listings whose symbol, name or ISIN contains a text, the likeliest first; upper and lower case are the same."""
    exchange, colon, symbol = text.partition(":")
    wanted = (symbol if colon else text).strip().upper()
    query = (
        f"SELECT {COLUMNS}, listed_on FROM instrument_facts WHERE (instr(upper(symbol), :text) "  # noqa: S608 - constants
        "OR instr(upper(ifnull(name, '')), :text) OR instr(ifnull(isin, ''), :text)) "
        "AND (:segment IS NULL OR segment = :segment) AND (:exchange = '' OR exchange = :exchange) "
        "ORDER BY (upper(symbol) = :text OR ifnull(isin, '') = :text) DESC, (instr(upper(symbol), :text) = 1) DESC, "
        f"(instr(upper(symbol), :text) > 0) DESC, {CASH} LIMIT :limit"
    )
    values = {"text": wanted, "segment": segment, "exchange": exchange.upper() if colon else "", "limit": limit}
    return [_known(row) for row in connection.execute(query, values)]


def count(connection: sqlite3.Connection) -> int:
    """Number of listings."""
    return int(connection.execute("SELECT count(*) FROM instrument_facts").fetchone()[0])


def segments(connection: sqlite3.Connection) -> list[str]:
    """Segments of which there are listings."""
    return [row[0] for row in connection.execute("SELECT DISTINCT segment FROM instrument_facts ORDER BY 1")]


def find(connection: sqlite3.Connection, text: str) -> list[Known]:
    """Listings of ``INFY``, ``NSE:INFY``, a broker's key or an ISIN, shares first; ``DataError`` names the nearest."""
    exchange, colon, symbol = text.partition(":")
    queries: list[tuple[str, tuple[str, ...]]] = [("key = ?", (text,)), ("symbol = ?", (text,))]
    if colon:
        queries.append(("symbol = ? AND exchange = ?", (symbol, exchange)))
        queries.append(("symbol = ? AND exchange = ?", (symbol.upper(), exchange.upper())))
    queries += [("symbol = ?", (text.upper(),)), ("isin = ?", (text.upper(),))]
    for where, values in queries:
        rows = connection.execute(
            f"SELECT {COLUMNS}, listed_on FROM instrument_facts WHERE {where} ORDER BY {CASH}",  # noqa: S608 - constants
            values,
        ).fetchall()
        if rows:
            return [_known(row) for row in rows]
    names = [row[0] for row in connection.execute("SELECT DISTINCT symbol FROM instrument_facts WHERE expiry IS NULL")]
    if not names:
        raise DataError(f"no instrument {text!r}: no list was imported; tulya instruments import FILE takes one")
    near = nearest(symbol if colon else text, names)
    hint = f"the nearest: {', '.join(near)}" if near else f"tulya instruments search {text[:4]!r} looks for a part"
    raise DataError(f"no instrument {text!r} in the lists; {hint}")


def changes(connection: sqlite3.Connection, known: Known) -> list[tuple[str, str, str, str]]:
    """(valid from, fact, before, after) of a listing, the oldest first."""
    listing = known.listing
    rows: Iterable[tuple[str, str, str, str]] = connection.execute(
        "SELECT c.valid_from, c.fact, c.before, c.after FROM instrument_changes c "
        "JOIN instrument_facts f ON f.key = c.key "
        "WHERE f.symbol = ? AND f.exchange = ? AND f.segment = ? ORDER BY c.valid_from, c.fact",
        (listing.symbol, listing.exchange, listing.segment),
    )
    return list(rows)


def _keys(connection: sqlite3.Connection) -> dict[tuple[str, str], str]:
    """(symbol, exchange) → key of its likeliest listing: what a row without a key means."""
    query = f"SELECT symbol, exchange, key FROM instrument_facts ORDER BY {CASH}"  # noqa: S608 - a constant
    found: dict[tuple[str, str], str] = {}
    for symbol, exchange, key in connection.execute(query):
        found.setdefault((symbol, exchange), key)
    return found


def _key(listing: Listing, keys: dict[tuple[str, str], str]) -> str:
    """The broker's key; for a row without one the key of the instrument of that name, else one made from its name."""
    name = (listing.symbol, listing.exchange)
    known = listing.broker_key or keys.get(name) or f"{listing.segment or listing.exchange}|{listing.symbol}"
    keys.setdefault(name, known)
    return known


def _stored(connection: sqlite3.Connection) -> dict[str, tuple[Any, ...]]:
    rows = connection.execute(f"SELECT key, {COLUMNS}, listed_on FROM instrument_facts")  # noqa: S608 - a constant
    return {row[0]: row[1:] for row in rows}


def _plain(listing: Listing) -> tuple[Any, ...]:
    """The values as SQLite gives them back."""
    values = listing._replace(
        expiry=listing.expiry.isoformat() if listing.expiry else None,  # type: ignore[arg-type]  # as SQLite has it
        equity_oriented=None if listing.equity_oriented is None else int(listing.equity_oriented),  # type: ignore[arg-type]  # as SQLite has it
        closing_auction=None if listing.closing_auction is None else int(listing.closing_auction),  # type: ignore[arg-type]  # as SQLite has it
    )
    return tuple(values)


def _merged(given: tuple[Any, ...], known: tuple[Any, ...]) -> tuple[Any, ...]:
    """New facts over the known ones; a key that was given to another instrument begins anew."""
    isin = FIELDS.index("isin")
    if given[0] != known[0] and (given[isin] is None or given[isin] != known[isin]):
        return given
    return tuple(
        before if now in EMPTY or (name == "kind" and now == "other") else now
        for name, now, before in zip(FIELDS, given, known, strict=True)
    )


def _known(row: tuple[Any, ...]) -> Known:
    raw = dict(zip(FIELDS, row, strict=False))
    if raw["expiry"] is not None:
        raw["expiry"] = date.fromisoformat(raw["expiry"])
    for name in ("equity_oriented", "closing_auction"):
        raw[name] = None if raw[name] is None else bool(raw[name])
    return Known(Listing(**raw), date.fromisoformat(row[-1]))


def _write(
    connection: sqlite3.Connection, rows: list[tuple[Any, ...]], progress: Callable[[int, int], None] | None
) -> None:
    for start in range(0, len(rows), ROWS_AT_ONCE):
        part = rows[start : start + ROWS_AT_ONCE]
        connection.executemany(SAVE, part)
        if progress:
            progress(start + len(part), len(rows))


def _text(value: Any) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
