"""Import of files and folders one after the other, then an examination of every series that changed."""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING, NamedTuple

from framework.errors import DataError, StoreError, TulyaError
from framework.store import issues
from framework.store.exchanges import require_known
from framework.store.importing.lists import Entries, entries
from framework.store.importing.options import FileSummary, ImportOptions
from framework.store.importing.prices import PriceBatch, price_batch
from framework.store.importing.table import is_price_file, read
from framework.store.instruments import timezone
from framework.store.writer import Batch
from framework.types.intake.headings import recognise
from framework.types.intake.records import SeriesKey
from framework.types.visible import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from framework.store.store import Store
    from framework.types.intake.headings import Layout
    from framework.types.intake.table import CellTable

    Progress = Callable[[str, int, int], None]
    """(what is going on, done, total)."""

LONGEST_HEADING = 65_536
"""Characters of a first line that are looked at."""


class Opened(NamedTuple):
    """A file that was read and recognised."""

    path: Path
    table: CellTable
    layout: Layout


def import_files(
    store: Store, paths: Iterable[Path], options: ImportOptions, progress: Progress | None = None
) -> list[FileSummary]:
    """Import files and whole folders; lists of actions and sessions go first, since prices are judged by them.

    A file that cannot be read is told in its summary and does not stop the others.
    """
    report = progress or _silent
    summaries = []
    files = sorted(_files(paths), key=_lists_first)
    for path in files:
        began = time.perf_counter()
        report(f"reading {path.name}", 0, 0)
        try:
            summary = _one(store, path, options, report)
        except StoreError:  # the next file would meet it as well
            raise
        except TulyaError as error:
            summary = FileSummary(path, error=str(error))
        except sqlite3.DatabaseError:  # as above, from outside a transaction
            raise
        except Exception as error:  # noqa: BLE001 - a file that nobody thought of must not end the import of the others
            reason = f"{path.name} cannot be imported: {type(error).__name__}: {error}"
            summary = FileSummary(path, error=visible(reason.splitlines()[0]))
        summaries.append(summary._replace(seconds=time.perf_counter() - began))
    store.examine(lambda done, total: report("looking for defects", done, total))
    return _with_issues(store, summaries)


def _files(paths: Iterable[Path]) -> list[Path]:
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            inside = sorted(entry for entry in path.rglob("*") if is_price_file(entry))
            if not inside:
                raise DataError(f"{path} holds no .csv, .csv.gz, .csv.zip, .parquet, .json or .xlsx file")
            found |= dict.fromkeys(inside)
        elif path.exists():
            found[path] = None
        else:
            raise DataError(f"{path} does not exist; give a file or a folder")
    return list(found)


def _lists_first(path: Path) -> int:
    """0 for a CSV whose headings are those of a list; the sort keeps the given order otherwise."""
    if not path.name.lower().endswith(".csv") or not path.is_file():
        return 1
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            heading = file.readline(LONGEST_HEADING)
        return 1 if recognise(heading.strip().split(","), {}).contents == "prices" else 0
    except (OSError, ValueError, DataError):  # told when its turn comes
        return 1


def _one(store: Store, path: Path, options: ImportOptions, report: Progress) -> FileSummary:
    table = read(path)
    opened = Opened(path, table, recognise(table.columns, options.mapping))
    if opened.layout.contents != "prices":
        listed = entries(table, opened.layout, options, path)
        named = {one.exchange for one in listed.actions} | {one.exchange for one in listed.sessions}
        for exchange in sorted(named):
            require_known(store.connection, exchange, new=options.new_exchange)
        return _list(store, opened, listed)

    def remembered(name: tuple[str, str]) -> str | None:
        return timezone(store.connection, SeriesKey(*name, ""))

    if options.exchange:
        require_known(store.connection, options.exchange, new=options.new_exchange)
    found = price_batch(table, opened.layout, options, path, remembered)
    for exchange in sorted({key.exchange for key, _ in found.batch.series}):
        require_known(store.connection, exchange, new=options.new_exchange)
    return _prices(store, path, found, options, report)


def _prices(store: Store, path: Path, found: PriceBatch, options: ImportOptions, report: Progress) -> FileSummary:
    batch = found.batch
    total = sum(columns.timestamp.shape[0] for _, columns in batch.series)
    done = 0

    def written(rows: int) -> None:
        nonlocal done
        done += rows
        report(f"writing {path.name}", done, total)

    outcome = store.write(batch, replace=options.replace, progress=written)
    count = outcome.saved
    return FileSummary(
        path,
        batch.format,
        "prices",
        batch.rows_read,
        count.new,
        count.unchanged,
        count.conflicting,
        count.replaced,
        batch.rows_refused,
        symbols=tuple(dict.fromkeys(key.symbol for key, _ in batch.series)),
        symbol_reason=found.symbol_reason,
        timeframes=tuple(dict.fromkeys(key.timeframe for key, _ in batch.series)),
        timeframe_reason=found.timeframe_reason,
        timezone=batch.timezone,
        timezone_reason=batch.timezone_reason,
        exchange=batch.exchange,
        notes=found.notes,
        import_id=outcome.import_id,
    )


def _list(store: Store, opened: Opened, found: Entries) -> FileSummary:
    """Keep a list in one transaction; the series it bears on are examined anew."""
    table, layout, path = opened.table, opened.layout, opened.path
    rows = table.lines.shape[0] + sum(row.rows for row in table.broken)
    refused = sum(row.rows for row in found.refusals)
    outcome = store.write(
        Batch(
            path.name,
            [],
            refusals=found.refusals,
            rows_read=rows,
            rows_refused=refused,
            sha256=table.sha256,
            format=layout.name,
            exchange=found.exchange,
            actions=found.actions,
            sessions=found.sessions,
        )
    )
    return FileSummary(
        path,
        layout.name,
        layout.contents,
        rows,
        outcome.saved.new,
        outcome.saved.unchanged,
        refused=refused,
        symbols=tuple(dict.fromkeys(action.symbol for action in found.actions)),
        exchange=found.exchange,
        symbol_reason=f"exchange {found.exchange} from {found.exchange_reason}" if found.exchange else "",
        import_id=outcome.import_id,
    )


def _with_issues(store: Store, summaries: list[FileSummary]) -> list[FileSummary]:
    """Summaries with the number of entries that ``data_issues`` has under each import."""
    found = issues.counts(store.connection, [summary.import_id for summary in summaries if summary.import_id])
    completed = []
    for summary in summaries:
        kinds = {kind: count for (import_id, kind), count in found.items() if import_id == summary.import_id}
        completed.append(summary._replace(issues=sum(kinds.values()), issue_kinds=kinds))
    return completed


def _silent(_what: str, _done: int, _total: int) -> None:
    """Progress without a display."""
