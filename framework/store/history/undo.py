"""Undo of an import: bars that it brought go, bars that it changed are as before. Edits are undone the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.errors import DataError
from framework.store.history import changes, facts, log
from framework.store.history.edits import Edit, Work
from framework.store.history.rename import renaming_names
from framework.store.names import written

if TYPE_CHECKING:
    import sqlite3

    from framework.store.history.changes import Renaming
    from framework.store.history.facts import Fact
    from framework.store.history.log import ImportRow

HARD = ("corporate_actions", "trading_sessions")
"""Tables whose rows are taken back only where nothing changed them since; an instrument's facts just stay then."""


def undo(connection: sqlite3.Connection, text: str) -> Work:
    """Work that takes an import back, whole; ``DataError`` where a later one builds on it, with the way out."""
    row = _undoable(connection, text)
    renamed = changes.renamings(connection, row.import_id)
    edits = _edits(connection, row, renamed)
    restored = _facts(connection, row, renamed)
    undone = f"undo of {told(row)}"
    step = changes.renaming_of(connection, row.import_id)
    if step is None:
        return Work("undo", undone, edits, restored, undoes=row.import_id)
    now = changes.name_now(step.new, renamed)
    return Work("undo", undone, edits, restored, renaming_names(connection, now, step.old), row.import_id)


def undo_of_series(connection: sqlite3.Connection, text: str, name: tuple[str, str], timeframe: str | None) -> Work:
    """Work that takes back what an import did to one instrument, or to one of its series; the rest of it stays."""
    row = _undoable(connection, text)
    renamed = changes.renamings(connection, row.import_id)
    edits = [
        edit for edit in _edits(connection, row, renamed, name) if timeframe is None or edit.key.timeframe == timeframe
    ]
    if not edits:
        bars = f"{timeframe} bars" if timeframe else "bars"
        raise DataError(
            f"import {row.import_id} moved no {bars} of {written(*name)}; tulya data imports {written(*name)} lists "
            "those that did"
        )
    kept = [fact for fact in _facts(connection, row, renamed) if fact.place == "instruments" and fact.key == name]
    return Work("delete", f"bars of {written(*name)} from {told(row)}", edits, kept)


def told(row: ImportRow) -> str:
    """An import in a few words."""
    what = row.file or row.note or ("bars saved from Python" if row.action == "import" else row.action)
    return f"import {row.import_id} ({what})"


def _undoable(connection: sqlite3.Connection, text: str) -> ImportRow:
    row = log.find(connection, text)
    if not row.recorded:
        raise DataError(
            f"{told(row)} is older than the record of what imports bring, so it cannot be taken back as such; "
            "tulya data delete SYMBOL takes a symbol's bars away"
        )
    if row.undone_by is not None:
        raise DataError(
            f"{told(row)} was taken back already, by import {row.undone_by}; tulya data undo {row.undone_by} puts it "
            "into force again"
        )
    return row


def _edits(
    connection: sqlite3.Connection,
    row: ImportRow,
    renamed: list[Renaming],
    only: tuple[str, str] | None = None,
) -> list[Edit]:
    edits = []
    for change in changes.of_import(connection, row.import_id):
        key = changes.called_now(change.key, renamed)
        if only is not None and key[:2] != only:
            continue
        later = changes.touched_later(connection, row.import_id, change, renamed)
        if later is not None:
            raise DataError(_built_on(connection, row, later, f"{key.timeframe} bars of {written(*key[:2])}"))
        edits.append(Edit(key, change.times, change.before))
    return edits


def _facts(connection: sqlite3.Connection, row: ImportRow, renamed: list[Renaming]) -> list[Fact]:
    kept = []
    for fact in facts.of_import(connection, row.import_id):
        later = facts.changed_later(connection, row.import_id, fact)
        if later is not None and fact.place in HARD:
            what = f"{fact.place.replace('_', ' ')} of {fact.key[0]}"
            raise DataError(_built_on(connection, row, later, what))
        if later is None and (fact.place in HARD or fact.row is not None):  # an instrument goes with its last bar
            kept.append(facts.called_now(fact, renamed))
    return kept


def _built_on(connection: sqlite3.Connection, row: ImportRow, later: int, what: str) -> str:
    return (
        f"{told(row)} cannot be taken back: {told(log.find(connection, str(later)))} changed the same {what} "
        f"afterwards; take that back first: tulya data undo {later}"
    )
