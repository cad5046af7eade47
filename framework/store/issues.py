"""``data_issues``: what was refused and what looks wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from framework.store.bars import SECOND_NS
from framework.store.records import DataIssue

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from framework.types.intake.records import Refusal, SeriesKey

INSERT = (
    "INSERT INTO data_issues (import_id, file, line, symbol, exchange, timeframe, first_timestamp, last_timestamp, "
    "kind, reason, finding, rows) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class SeriesFinding(NamedTuple):
    """Something that looks wrong in a series, not tied to a row of a file; times are UTC seconds."""

    kind: str
    first: int
    last: int
    reason: str


def record(connection: sqlite3.Connection, import_id: int, file: str, refusals: Iterable[Refusal]) -> None:
    """Keep the issues of a file's import."""
    rows = (
        (import_id, file, r.line, r.symbol, r.exchange, r.timeframe, r.first, r.last, r.kind, r.reason, 0, r.rows)
        for r in refusals
    )
    connection.executemany(INSERT, rows)


def forget_file(connection: sqlite3.Connection, sha256: str, exchange: str) -> None:
    """Drop the issues of earlier imports of the same content for the same exchange: each is kept once."""
    connection.execute(
        "DELETE FROM data_issues WHERE finding = 0 AND import_id IN "
        "(SELECT import_id FROM data_imports WHERE sha256 = ? AND exchange = ? AND file <> '')",
        (sha256, exchange),
    )


def forget_conflicts(connection: sqlite3.Connection, keys: Iterable[SeriesKey]) -> None:
    """Drop the issues of earlier saves from Python of series that are saved anew."""
    connection.executemany(
        "DELETE FROM data_issues WHERE kind IN ('conflict', 'overlap') AND file = '' "
        "AND symbol = ? AND exchange = ? AND timeframe = ?",
        keys,
    )


def renew_findings(connection: sqlite3.Connection, key: SeriesKey, findings: Sequence[SeriesFinding]) -> None:
    """Replace what was found in a series by what is found now, under the import that last touched it."""
    where = "WHERE symbol = ? AND exchange = ? AND timeframe = ?"
    connection.execute(f"DELETE FROM data_issues {where} AND finding = 1", key)  # noqa: S608 - a constant
    query = f"SELECT import_id FROM quality_checks {where}"  # noqa: S608 - a constant
    (import_id,) = connection.execute(query, key).fetchone()
    (file,) = connection.execute("SELECT file FROM data_imports WHERE import_id = ?", (import_id,)).fetchone()
    rows = ((import_id, file, None, *key, f.first, f.last, f.kind, f.reason, 1, 1) for f in findings)
    connection.executemany(INSERT, rows)
    connection.execute(f"UPDATE quality_checks SET checked = 1 {where}", key)  # noqa: S608 - a constant


def select(
    connection: sqlite3.Connection,
    instruments: Sequence[tuple[str, str]] | None,
    timeframe: str | None,
    span_ns: tuple[int | None, int | None],
    limit: int | None,
) -> list[DataIssue]:
    """Issues of (symbol, exchange) pairs that touch a span of time, in order of symbol and time; None = all.

    Rows whose time could not be read may lie anywhere, so they are always among them.
    """
    clauses, values = ["1"], list[object]()
    if instruments is not None:
        clauses.append("(" + " OR ".join(["(symbol = ? AND exchange = ?)"] * len(instruments) or ["0"]) + ")")
        values += [word for pair in instruments for word in pair]
    if timeframe is not None:
        clauses.append("timeframe IN (?, '')")
        values.append(timeframe)
    first_ns, last_ns = span_ns
    if first_ns is not None:
        clauses.append("(first_timestamp IS NULL OR ifnull(last_timestamp, first_timestamp) >= ?)")
        values.append(first_ns // SECOND_NS)
    if last_ns is not None:
        clauses.append("(first_timestamp IS NULL OR first_timestamp <= ?)")
        values.append(last_ns // SECOND_NS)
    values.append(-1 if limit is None else limit)
    query = (
        "SELECT kind, symbol, exchange, timeframe, first_timestamp, last_timestamp, file, line, reason "  # noqa: S608 - clauses are constants
        f"FROM data_issues WHERE {' AND '.join(clauses)} "
        "ORDER BY symbol, exchange, timeframe, first_timestamp, line, issue_id LIMIT ?"
    )
    return [_issue(row) for row in connection.execute(query, values)]


def counts(connection: sqlite3.Connection, import_ids: Sequence[int]) -> dict[tuple[int, str], int]:
    """(import_id, kind) → number of issues; rows that are told together count as many."""
    marks = ",".join("?" * len(import_ids))
    query = f"SELECT import_id, kind, sum(rows) FROM data_issues WHERE import_id IN ({marks}) GROUP BY 1, 2"  # noqa: S608 - marks only
    return {(row[0], row[1]): row[2] for row in connection.execute(query, list(import_ids))}


def _issue(row: tuple[str, str, str, str, int | None, int | None, str, int | None, str]) -> DataIssue:
    kind, symbol, exchange, timeframe, first, last, file, line, reason = row
    first_ns = None if first is None else first * SECOND_NS
    last_ns = first_ns if last is None else last * SECOND_NS
    return DataIssue(kind, symbol, exchange, timeframe, first_ns, last_ns, file, line, reason)
