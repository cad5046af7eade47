"""``risk_metrics`` and ``circuit_breaker_events``: of kept runs and of accounts, whose events are only appended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.store.records import BreakerRow, Owner, RiskRow
from framework.types.breaker import BreakerCause, BreakerEvent
from framework.types.portfolio import TradingState

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

METRICS = ", ".join(RiskRow._fields)
EVENTS = "time_ns, state_before, state_after, cause, value, bound, symbol, who, why"


def save(connection: sqlite3.Connection, run_id: str, metrics: Iterable[RiskRow], events: Iterable[BreakerRow]) -> None:
    """Keep what a run risked; what was kept of the same run is replaced."""
    for table in ("risk_metrics", "circuit_breaker_events"):
        connection.execute(f"DELETE FROM {table} WHERE run_id = ?", (run_id,))  # noqa: S608 - constants
    marks = ", ".join("?" * len(RiskRow._fields))
    connection.executemany(
        f"INSERT INTO risk_metrics (run_id, {METRICS}) VALUES (?, {marks})",  # noqa: S608 - constants
        ((run_id, *row) for row in metrics),
    )
    append(connection, Owner(run_id=run_id), events)


def append(connection: sqlite3.Connection, owner: Owner, rows: Iterable[BreakerRow]) -> None:
    """Add events after all that are there."""
    connection.executemany(
        f"INSERT INTO circuit_breaker_events (run_id, account, {EVENTS}) "  # noqa: S608 - constants
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (*owner, event.time, event.before, event.after, event.cause, event.value, event.limit, symbol, who, why)
            for event, symbol, who, why in rows
        ),
    )


def metrics(connection: sqlite3.Connection, owner: Owner) -> list[RiskRow]:
    """Every session of a run or an account, oldest first."""
    query = f"SELECT {METRICS} FROM risk_metrics WHERE run_id = ? AND account = ? ORDER BY session"  # noqa: S608 - constants
    return [RiskRow(*row)._replace(state=TradingState(row[-1])) for row in connection.execute(query, owner)]


def events(connection: sqlite3.Connection, owner: Owner) -> list[BreakerRow]:
    """Every event of a run or an account, in the order in which they were appended."""
    query = f"SELECT {EVENTS} FROM circuit_breaker_events WHERE run_id = ? AND account = ? ORDER BY id"  # noqa: S608 - constants
    return [
        BreakerRow(
            BreakerEvent(time, TradingState(before), TradingState(after), BreakerCause(cause), value, bound),
            *said,
        )
        for time, before, after, cause, value, bound, *said in connection.execute(query, owner)
    ]
