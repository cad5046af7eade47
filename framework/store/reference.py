"""Corporate actions and session lists: what prices are judged against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from framework.store.bars import SECOND_NS
from framework.store.quality import ExpectedDays
from framework.store.records import CorporateAction
from framework.types.localtime import DAY

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

ACTION = (
    "INSERT INTO corporate_actions (symbol, exchange, timestamp, kind, factor, terms, dividend) "
    "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (symbol, exchange, timestamp, kind) "
    "DO UPDATE SET factor = excluded.factor, terms = excluded.terms, dividend = excluded.dividend "
    "WHERE factor <> excluded.factor OR terms <> excluded.terms OR dividend <> excluded.dividend"
)
ACTION_COLUMNS = "symbol, exchange, timestamp, kind, factor, terms, dividend"
SESSION = (
    "INSERT INTO trading_sessions (exchange, timestamp, kind, windows, evidence, note) VALUES (?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (exchange, timestamp) DO UPDATE SET "
    "kind = CASE excluded.kind WHEN '' THEN kind ELSE excluded.kind END, "
    "windows = CASE excluded.windows WHEN '' THEN windows ELSE excluded.windows END, "
    "evidence = CASE excluded.evidence WHEN '' THEN evidence ELSE excluded.evidence END, "
    "note = CASE excluded.note WHEN '' THEN note ELSE excluded.note END "
    "WHERE excluded.kind NOT IN ('', kind) OR excluded.windows NOT IN ('', windows) "
    "OR excluded.evidence NOT IN ('', evidence) OR excluded.note NOT IN ('', note)"
)


class TradingSession(NamedTuple):
    """One session of an exchange."""

    exchange: str
    day: int
    """Days since 1970-01-01."""
    kind: str = ""
    windows: str = ""
    """Local times such as ``18:15-19:15``, joined by ``;``."""
    evidence: str = ""
    note: str = ""


def save_action(connection: sqlite3.Connection, action: CorporateAction) -> bool:
    """Keep an action; True when that changed something."""
    what = (action.kind, action.factor, action.terms, action.dividend)
    row = (action.symbol, action.exchange, action.ex_date_ns // SECOND_NS, *what)
    return connection.execute(ACTION, row).rowcount > 0


def save_session(connection: sqlite3.Connection, session: TradingSession) -> bool:
    """Keep a session, adding to what is known of it; True when that changed something."""
    row = (session.exchange, session.day * DAY, session.kind, session.windows, session.evidence, session.note)
    return connection.execute(SESSION, row).rowcount > 0


def actions(connection: sqlite3.Connection, symbol: str, exchange: str) -> list[CorporateAction]:
    """Actions of an instrument by ex-date; those listed for no exchange serve every exchange without its own."""
    query = (
        f"SELECT {ACTION_COLUMNS} FROM corporate_actions "  # noqa: S608 - constants
        "WHERE symbol = ? AND exchange = ? ORDER BY timestamp, kind"
    )
    rows = (
        connection.execute(query, (symbol, exchange)).fetchall() or connection.execute(query, (symbol, "")).fetchall()
    )
    return [_action(row) for row in rows]


def every_action(connection: sqlite3.Connection) -> list[CorporateAction]:
    """All there are, by symbol and ex-date."""
    query = f"SELECT {ACTION_COLUMNS} FROM corporate_actions ORDER BY symbol, exchange, timestamp, kind"  # noqa: S608 - constants
    return [_action(row) for row in connection.execute(query).fetchall()]


def _action(row: tuple[Any, ...]) -> CorporateAction:
    return CorporateAction(row[0], row[1], row[2] * SECOND_NS, *row[3:])


def calendars(connection: sqlite3.Connection) -> dict[str, ExpectedDays]:
    """Exchange → its imported session list."""
    found = {}
    for (exchange,) in connection.execute("SELECT DISTINCT exchange FROM trading_sessions").fetchall():
        rows = connection.execute(
            "SELECT timestamp, kind FROM trading_sessions WHERE exchange = ? ORDER BY timestamp", (exchange,)
        ).fetchall()
        kinds = {stamp // DAY: kind for stamp, kind in rows if kind not in {"", "regular"}}
        days = np.array([stamp // DAY for stamp, _ in rows], dtype=np.int64)
        name = f"the imported session list{f' of {exchange}' if exchange else ''}"
        found[exchange] = ExpectedDays(days, kinds, name)
    return found


def forget_checks(connection: sqlite3.Connection, symbols: Iterable[str] | None = None) -> None:
    """Have the series of these symbols (None: all) examined anew by the next import."""
    if symbols is None:
        connection.execute("UPDATE quality_checks SET checked = 0")
    else:
        connection.executemany("UPDATE quality_checks SET checked = 0 WHERE symbol = ?", ((name,) for name in symbols))
