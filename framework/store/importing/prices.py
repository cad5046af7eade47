"""Prices of a file as a batch for the writer."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from framework.store.writer import Batch
from framework.types.intake.prices import notes_of, prices

if TYPE_CHECKING:
    from pathlib import Path

    from framework.store.importing.options import ImportOptions
    from framework.types.intake.headings import Layout
    from framework.types.intake.prices import Remembered
    from framework.types.intake.table import CellTable


class PriceBatch(NamedTuple):
    """A batch for the writer, and what is texts about it."""

    batch: Batch
    symbol_reason: str
    timeframe_reason: str
    notes: tuple[str, ...]
    """Sentences about what was mended and what was left aside."""


def price_batch(
    table: CellTable, layout: Layout, options: ImportOptions, path: Path, remembered: Remembered
) -> PriceBatch:
    """Checked series of a price file; ``DataError`` where the file as a whole makes no sense."""
    found = prices(table, layout, options.for_file(path), remembered)
    batch = Batch(
        path.name,
        found.series,
        found.facts,
        found.refusals,
        rows_read=table.lines.shape[0] + sum(row.rows for row in table.broken),
        rows_refused=sum(row.rows for row in found.refusals),
        rows_repeated=found.repeats.shape[0],
        sha256=table.sha256,
        format=layout.name,
        timezone=found.zone.name,
        timezone_reason=found.zone.reason,
        exchange=options.exchange or "",
    )
    return PriceBatch(batch, found.symbol_reason, found.timeframe_reason, notes_of(found, layout))
