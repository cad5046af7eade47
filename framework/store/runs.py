"""``backtest_runs``: what was run, with what, and how it ended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from framework.errors import DataError
from framework.store.bars import SECOND_NS
from framework.store.records import RunRow
from framework.types.nearest import nearest

if TYPE_CHECKING:
    import sqlite3

COLUMNS = (
    "run_id, strategy, parameters, settings, symbols, timeframe, first_timestamp, last_timestamp, engine, "
    "capital_paise, final_equity_paise, round_trips_closed, round_trips_open, causality, stats, provenance, bundle_path"
)
ORDER = "ORDER BY created_at DESC, rowid DESC"


def save(connection: sqlite3.Connection, run: RunRow) -> None:
    """Keep a run; one of the same id is replaced."""
    row = (
        run.run_id,
        run.strategy,
        as_json(run.parameters),
        as_json(run.settings),
        as_json(list(run.symbols)),
        run.timeframe,
        run.first_ns // SECOND_NS,
        run.last_ns // SECOND_NS,
        *run[8:13],
        run.causality,
        as_json(run.stats),
        as_json(run.provenance),
        run.bundle_path,
    )
    marks = ", ".join("?" * len(row))
    connection.execute(
        f"REPLACE INTO backtest_runs ({COLUMNS}, verification, created_at) "  # noqa: S608 - constants
        f"VALUES ({marks}, ?, ifnull(nullif(?, 0), CAST(strftime('%s', 'now') AS INTEGER)))",
        (*row, run.verification, run.created_at),
    )


def latest(connection: sqlite3.Connection, limit: int | None) -> list[RunRow]:
    """The newest runs first."""
    query = f"SELECT {COLUMNS}, created_at, verification FROM backtest_runs {ORDER} LIMIT ?"  # noqa: S608 - constants
    return [_run(row) for row in connection.execute(query, (-1 if limit is None else limit,))]


def ids(connection: sqlite3.Connection) -> set[str]:
    """Ids of every kept run."""
    return {row[0] for row in connection.execute("SELECT run_id FROM backtest_runs")}


def find(connection: sqlite3.Connection, wanted: str) -> RunRow:
    """A run by its id, by a beginning of it that no other has, or ``last``; ``DataError`` names the nearest ids."""
    known = [row[0] for row in connection.execute(f"SELECT run_id FROM backtest_runs {ORDER}")]  # noqa: S608 - constants
    if not known:
        raise DataError(
            f"no run {wanted!r}: the store holds none yet; start one with: tulya backtest rsi --symbols SP500"
        )
    if wanted == "last":
        matches = known[:1]
    else:
        matches = [run_id for run_id in known if run_id == wanted] or [
            run_id for run_id in known if run_id.startswith(wanted)
        ]
    if len(matches) != 1:
        if matches:
            raise DataError(f"{wanted!r} begins {len(matches)} run ids: {', '.join(matches[:5])}; write more of it")
        near = nearest(wanted, known) or known[:3]
        raise DataError(f"no run {wanted!r}; the nearest: {', '.join(near)} (tulya runs list)")
    query = f"SELECT {COLUMNS}, created_at, verification FROM backtest_runs WHERE run_id = ?"  # noqa: S608 - constants
    return _run(connection.execute(query, matches).fetchone())


def as_json(value: Any) -> str:
    """JSON that SQLite accepts: NaN and infinity, which JSON lacks, are null."""
    return json.dumps(_sayable(value), ensure_ascii=False, allow_nan=False, default=str)


def _sayable(value: Any) -> Any:
    if isinstance(value, float) and not abs(value) < float("inf"):
        return None
    if isinstance(value, Mapping):
        return {str(key): _sayable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_sayable(item) for item in value]
    return value.item() if hasattr(value, "item") else value  # a numpy scalar says its number


def _run(row: tuple[Any, ...]) -> RunRow:
    run = RunRow(*row)
    return run._replace(
        parameters=json.loads(row[2]),
        settings=json.loads(row[3]),
        symbols=tuple(json.loads(row[4])),
        first_ns=row[6] * SECOND_NS,
        last_ns=row[7] * SECOND_NS,
        stats=json.loads(row[14]),
        provenance=json.loads(row[15]),
    )
