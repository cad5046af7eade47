"""One transaction per file: its bars, its refused rows and the record of the import, or nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from framework.store import bars, instruments, issues, overlaps, reference, revisions
from framework.store.copies import refuse_copy
from framework.store.database import transaction
from framework.store.examination import touch
from framework.store.history import changes
from framework.store.history.changes import BarChange
from framework.store.history.facts import FactsBefore
from framework.store.records import SaveCount
from framework.types.intake.records import Refusal
from framework.types.localtime import DAY, day_text, time_text
from framework.types.timeframe import DATED

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping, Sequence

    from framework.store.bars import Merge
    from framework.store.records import CorporateAction
    from framework.store.reference import TradingSession
    from framework.types.intake.records import Columns, Facts, SeriesKey

LARGE_ROWS = 10_000
FIELDS = ("open", "high", "low", "close", "volume")


class Batch(NamedTuple):
    """Contents of one file, checked and cut into series."""

    file: str
    """Name only; '' for bars handed over in Python."""
    series: Sequence[tuple[SeriesKey, Columns]]
    facts: Sequence[Facts] = ()
    refusals: Sequence[Refusal] = ()
    rows_read: int = 0
    rows_refused: int = 0
    rows_repeated: int = 0
    """Rows that repeat an earlier one of the file, value for value."""
    sha256: str = ""
    format: str = ""
    timezone: str = ""
    timezone_reason: str = ""
    exchange: str = ""
    actions: Sequence[CorporateAction] = ()
    sessions: Sequence[TradingSession] = ()


class Written(NamedTuple):
    """Outcome of a batch."""

    import_id: int
    saved: SaveCount
    complete: Mapping[SeriesKey, Columns | None]
    """Each touched series; its rows where the store had none of it before, so that they need not be read back."""
    refusals: int
    """Entries in ``data_issues``."""
    revisions: Mapping[SeriesKey, bytes]
    """Names of the states of large series that are complete."""


def write(
    connection: sqlite3.Connection, batch: Batch, *, replace: bool, progress: Callable[[int], None] | None = None
) -> Written:
    """Store a batch; a stored bar with other values, or across a given one, stays unless ``replace``.

    progress gets rows just dealt with.
    """
    now = int(time.time())
    with transaction(connection):
        import_id = _begin(connection, batch)
        _refuse_copies(connection, batch)
        before = FactsBefore(connection, import_id)
        for facts in batch.facts:
            before.note("instruments", (facts.symbol, facts.exchange))
            instruments.note(connection, facts)
        total = np.zeros(4, dtype=np.int64)
        conflicts = []
        complete: dict[SeriesKey, Columns | None] = {}
        for key, columns in batch.series:
            first_of_all = not bars.exists(connection, key)
            found = overlaps.across(connection, key, columns) if not first_of_all else None
            gone = bars.read_at(connection, key, found.stored) if found and replace else None
            if gone is not None:
                bars.delete(connection, key, gone.timestamp)
            merge = bars.compare(connection, key, columns)
            if found:
                conflicts += overlaps.told(key, columns, found, replace=replace)
                merge = merge if replace else merge._replace(new=merge.new & ~found.given)
            bars.insert(connection, key, columns.pick(merge.new), now, progress)
            old = int(columns.timestamp.shape[0] - merge.new.sum())
            if progress and old:
                progress(old)
            clash, crossed = int(merge.conflicting.sum()), 0 if found is None or replace else found.number
            if clash and replace:
                bars.update(connection, key, columns.pick(merge.conflicting))
            elif clash:
                conflicts.append(_conflict(key, columns, merge))
            taken = 0 if found is None or not replace else found.stored.shape[0]
            replaced, left = (clash, 0) if replace else (0, clash + crossed)
            total += (int(merge.new.sum()), int(merge.unchanged.sum()), left, replaced)
            if merge.new.any() or replaced or taken:
                touch(connection, key, import_id)
                complete[key] = columns if first_of_all else None
                changes.record(connection, import_id, _change(key, columns, merge, gone, replace=replace))
        named = _name(connection, complete)
        listed = _lists(connection, batch, before)
        before.keep()
        new, unchanged, left, replaced = total.tolist()
        count = SaveCount(new + listed.new, unchanged + listed.unchanged + batch.rows_repeated, left, replaced)
        if batch.file:
            issues.forget_file(connection, batch.sha256, batch.exchange)
        else:
            issues.forget_conflicts(connection, [key for key, _ in batch.series])
        refusals = [*batch.refusals, *conflicts]
        issues.record(connection, import_id, batch.file, refusals)
        _end(connection, import_id, count)
    return Written(import_id, count, complete, len(refusals), named)


def _refuse_copies(connection: sqlite3.Connection, batch: Batch) -> None:
    """``DataError`` where a series of the batch is a stored one in another zone or on another grid."""
    known = {(facts.symbol, facts.exchange): facts.timezone is not None for facts in batch.facts}
    for key, columns in batch.series:
        refuse_copy(connection, key, columns, batch.timezone or "UTC", known=known.get(key[:2], False))


def _change(key: SeriesKey, given: Columns, merge: Merge, gone: Columns | None, *, replace: bool) -> BarChange:
    """Bars that came, and those that were overwritten or taken away as they were."""
    altered = merge.stored.pick(merge.among_stored(given, merge.conflicting & replace))
    return BarChange(key, given.timestamp[merge.new], altered if gone is None else gone.beside(altered))


def _name(connection: sqlite3.Connection, complete: Mapping[SeriesKey, Columns | None]) -> dict[SeriesKey, bytes]:
    """Name the states of large series that were written whole: their snapshots can be made from memory."""
    large = [key for key, rows in complete.items() if rows is not None and rows.timestamp.shape[0] >= LARGE_ROWS]
    given = {key: revisions.give_written(connection, key) for key in large}
    return {key: revision for key, revision in given.items() if revision}


def _lists(connection: sqlite3.Connection, batch: Batch, before: FactsBefore) -> SaveCount:
    """Keep actions and sessions; the series that they bear on are to be examined anew."""
    for action in batch.actions:
        second = action.ex_date_ns // bars.SECOND_NS
        before.note("corporate_actions", (action.symbol, action.exchange, second, action.kind))
    for session in batch.sessions:
        before.note("trading_sessions", (session.exchange, session.day * DAY))
    acted = [action.symbol for action in batch.actions if reference.save_action(connection, action)]
    new_sessions = sum(reference.save_session(connection, session) for session in batch.sessions)
    if new_sessions:
        reference.forget_checks(connection)
    elif acted:
        reference.forget_checks(connection, set(acted))
    new = len(acted) + new_sessions
    return SaveCount(new, len(batch.actions) + len(batch.sessions) - new)


def _begin(connection: sqlite3.Connection, batch: Batch) -> int:
    cursor = connection.execute(
        "INSERT INTO data_imports (file, sha256, exchange, format, timezone, timezone_reason, rows_read, "
        "rows_unchanged, rows_refused, recorded) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
        (
            batch.file,
            batch.sha256,
            batch.exchange,
            batch.format,
            batch.timezone,
            batch.timezone_reason,
            batch.rows_read,
            batch.rows_read - batch.rows_refused,
            batch.rows_refused,
        ),
    )
    return int(cursor.lastrowid or 0)


def _end(connection: sqlite3.Connection, import_id: int, count: SaveCount) -> None:
    connection.execute(
        "UPDATE data_imports SET rows_kept = ?, rows_unchanged = ?, rows_conflicting = ? WHERE import_id = ?",
        (count.new + count.replaced, count.unchanged, count.conflicting, import_id),
    )


def _conflict(key: SeriesKey, given: Columns, merge: Merge) -> Refusal:
    """One entry for all the bars of a series that are stored with other values."""
    clash = given.pick(merge.conflicting)
    first, last = int(clash.timestamp[0]), int(clash.timestamp[-1])
    row = int(np.searchsorted(merge.stored.timestamp, first))
    differing = [
        f"{name} {theirs:g} (stored {ours:g})"
        for name, theirs, ours in zip(FIELDS, clash.values[:, 0], merge.stored.values[:, row], strict=True)
        if not (theirs == ours or (np.isnan(theirs) and np.isnan(ours)))
    ]
    count = clash.timestamp.shape[0]
    when = day_text(first // DAY) + ("" if key.timeframe in DATED else f" {time_text(first % DAY)} UTC")
    reason = (
        f"{count:,} bar{'s differ' if count > 1 else ' differs'} from the stored one{'s' if count > 1 else ''}, which "
        f"{'were' if count > 1 else 'was'} kept; first on {when}: {', '.join(differing)}; --replace overwrites"
    )
    return Refusal("conflict", reason, None, *key, first, last)
