"""``sweeps`` and ``sweep_results``: every parameter set that was tried, so that their number is never lost."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from framework.errors import DataError
from framework.store.bars import SECOND_NS
from framework.store.records import SweepInfo, SweepRow
from framework.store.runs import as_json
from framework.types.nearest import nearest

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

COLUMNS = (
    "sweep_id, strategy, grid, settings, symbols, timeframe, first_timestamp, last_timestamp, objective, "
    "fingerprint, provenance"
)
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
READ = f"{COLUMNS}, wanted, outcome, created_at"


def save(connection: sqlite3.Connection, sweep: SweepRow) -> str:
    """Keep what a sweep is of; its results come by and by. Returns its id."""
    row = (
        sweep.sweep_id,
        sweep.strategy,
        as_json(sweep.grid),
        as_json(sweep.settings),
        as_json(list(sweep.symbols)),
        sweep.timeframe,
        sweep.first_ns // SECOND_NS,
        sweep.last_ns // SECOND_NS,
        sweep.objective,
        sweep.fingerprint,
        as_json(sweep.provenance),
    )
    marks = ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO sweeps ({COLUMNS}) VALUES ({marks})", row)  # noqa: S608 - constants
    return sweep.sweep_id


def of_study(connection: sqlite3.Connection, study: str, fingerprint: str) -> str | None:
    """The id of the sweep of a study whose numbers are the same for the same parameters; None when there is none."""
    query = (
        "SELECT sweep_id FROM sweeps WHERE json_extract(provenance, '$.study') = ? AND fingerprint = ? "
        "ORDER BY created_at, rowid LIMIT 1"
    )
    row = connection.execute(query, (study, fingerprint)).fetchone()
    return None if row is None else str(row[0])


def save_results(
    connection: sqlite3.Connection, sweep_id: str, results: Iterable[tuple[str, Mapping[str, float]]]
) -> None:
    """Keep (parameters as JSON, statistics) of sets that were tried; a set that is there already is replaced."""
    connection.executemany(
        "REPLACE INTO sweep_results (sweep_id, parameters, stats) VALUES (?, ?, ?)",
        sorted((sweep_id, parameters, _as_text(stats)) for parameters, stats in results),  # as the index is sorted
    )


def find(connection: sqlite3.Connection, wanted: str) -> SweepRow:
    """A sweep by its id, by a beginning of it that no other has, or ``last``."""
    ids = [row[0] for row in connection.execute("SELECT sweep_id FROM sweeps ORDER BY created_at DESC, rowid DESC")]
    if not ids:
        raise DataError(f"no sweep {wanted!r}: the store holds none yet")
    matches = ids[:1] if wanted == "last" else [one for one in ids if one == wanted]
    matches = matches or [one for one in ids if one.startswith(wanted)]
    if len(matches) > 1:
        raise DataError(f"{wanted!r} begins {len(matches)} sweep ids: {', '.join(matches[:5])}; write more of it")
    if not matches:
        near = nearest(wanted, ids) or ids[:3]
        raise DataError(f"no sweep {wanted!r}; the nearest: {', '.join(near)} (tulya sweeps list)")
    row = connection.execute(f"SELECT {READ} FROM sweeps WHERE sweep_id = ?", matches).fetchone()  # noqa: S608 - constants
    return _sweep(row)


def latest(connection: sqlite3.Connection, limit: int | None) -> list[SweepInfo]:
    """The newest sweeps first, each with how far it came; limit None = all."""
    query = f"SELECT {READ} FROM sweeps ORDER BY created_at DESC, rowid DESC LIMIT ?"  # noqa: S608 - constants
    found = [_sweep(row) for row in connection.execute(query, (-1 if limit is None else limit,)).fetchall()]
    return [SweepInfo(sweep, *_extent(connection, sweep)) for sweep in found]


def plan(connection: sqlite3.Connection, sweep_id: str, wanted: int) -> None:
    """Keep how many sets a sweep sets out to try; it is not finished then."""
    connection.execute("UPDATE sweeps SET wanted = ?, outcome = '{}' WHERE sweep_id = ?", (wanted, sweep_id))


def finish(connection: sqlite3.Connection, sweep_id: str, outcome: Mapping[str, Any]) -> None:
    """Keep the outcome of a finished sweep."""
    connection.execute("UPDATE sweeps SET outcome = ? WHERE sweep_id = ?", (as_json(outcome), sweep_id))


def _extent(connection: sqlite3.Connection, sweep: SweepRow) -> tuple[int, float, float]:
    """Number of sets tried, and the least and the greatest value of the first objective."""
    query = (
        "SELECT count(*), min(value), max(value) FROM (SELECT CASE said WHEN 'inf' THEN 9e999 WHEN '-inf' THEN -9e999 "
        "ELSE said END AS value FROM (SELECT json_extract(stats, ?) AS said FROM sweep_results WHERE sweep_id = ?))"
    )
    path = f'$."{sweep.objective.partition(", ")[0]}"'
    tried, least, greatest = connection.execute(query, (path, sweep.sweep_id)).fetchone()
    return tried, *(math.nan if value is None else float(value) for value in (least, greatest))


def _sweep(row: tuple[Any, ...]) -> SweepRow:
    return SweepRow(*row)._replace(
        grid=json.loads(row[2]),
        settings=json.loads(row[3]),
        symbols=tuple(json.loads(row[4])),
        first_ns=row[6] * SECOND_NS,
        last_ns=row[7] * SECOND_NS,
        provenance=json.loads(row[10]),
        outcome=json.loads(row[12]),
    )


def results(connection: sqlite3.Connection, sweep_id: str) -> dict[str, dict[str, float]]:
    """Parameters as JSON → statistics, of every set that was tried; nulls are NaN again."""
    query = "SELECT parameters, stats FROM sweep_results WHERE sweep_id = ?"
    return {parameters: _stats(json.loads(stats)) for parameters, stats in connection.execute(query, (sweep_id,))}


def tried(connection: sqlite3.Connection, strategy: str, symbols: tuple[str, ...]) -> int:
    """Number of sets of this strategy ever tried on these symbols, in every sweep."""
    query = (
        "SELECT count(*) FROM sweep_results JOIN sweeps USING (sweep_id) "
        "WHERE sweeps.strategy = ? AND sweeps.symbols = ?"
    )
    return int(connection.execute(query, (strategy, as_json(list(symbols)))).fetchone()[0])


def _as_text(stats: Mapping[str, float]) -> str:
    """Encode as JSON: NaN as null and ±infinity as texts, since JSON has neither."""
    if not all(map(math.isfinite, stats.values())):
        return _ENCODER.encode({name: value if math.isfinite(value) else _word(value) for name, value in stats.items()})
    return _ENCODER.encode(stats)


def _word(value: float) -> str | None:
    return None if math.isnan(value) else str(value)


def _stats(encoded: dict[str, Any]) -> dict[str, float]:
    return {name: float("nan") if value is None else float(value) for name, value in encoded.items()}
