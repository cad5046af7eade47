"""Files that are no prices: corporate actions and session lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from framework.store.bars import SECOND_NS
from framework.store.examination import ZONES
from framework.store.importing.numbers import numbers
from framework.store.importing.times import times
from framework.store.issues import Refusal
from framework.store.localtime import DAY
from framework.store.records import CorporateAction
from framework.store.reference import TradingSession

if TYPE_CHECKING:
    from pathlib import Path

    from framework.store.importing.headings import Layout
    from framework.store.importing.options import ImportOptions
    from framework.store.importing.table import Table


class Entries(NamedTuple):
    """What such a file holds, and the rows that make no sense."""

    actions: list[CorporateAction]
    sessions: list[TradingSession]
    refusals: list[Refusal]
    exchange: str
    exchange_reason: str


def entries(table: Table, layout: Layout, options: ImportOptions, path: Path) -> Entries:
    """Read a list; its exchange is ``--exchange``, a column, or the beginning of the file's name (``nse_…``)."""
    cells = {field: _texts(table.columns[heading]) for field, heading in layout.fields.items()}
    stamps = times(table.columns[layout.fields["time"]], options.order)
    exchange, reason = _exchange(options, path, layout)
    found = Entries([], [], list(table.broken), exchange, reason)
    factors = numbers(table.columns[layout.fields["factor"]]).values if "factor" in layout.fields else None
    for row, line in enumerate(table.lines.tolist()):
        said = {field: texts[row] for field, texts in cells.items()}
        owner = said.get("exchange") or exchange
        if not stamps.valid[row]:
            found.refusals.append(Refusal("bad_time", f"date {said['time']!r} is not understood", line))
        elif factors is None:
            words = (said.get(name, "") for name in ("kind", "windows", "evidence", "note"))
            found.sessions.append(TradingSession(owner, int(stamps.local[row]) // DAY, *words))
        elif not (np.isfinite(factors[row]) and factors[row] > 0) or not said["symbol"]:
            reason = f"factor {said['factor']!r} of symbol {said['symbol']!r}: both are needed, the factor above 0"
            found.refusals.append(Refusal("bad_action", reason, line, said["symbol"]))
        else:
            day_ns = int(stamps.local[row]) // DAY * DAY * SECOND_NS
            action = (said["symbol"], owner, day_ns, said.get("kind", ""), float(factors[row]), said.get("terms", ""))
            found.actions.append(CorporateAction(*action))
    return found


def _exchange(options: ImportOptions, path: Path, layout: Layout) -> tuple[str, str]:
    if options.exchange is not None:
        return options.exchange, "--exchange"
    prefix = path.name.replace("-", "_").split("_")[0].upper()
    if layout.contents == "sessions" and prefix in ZONES:
        return prefix, "the file's name"
    return "", ""


def _texts(column: pa.ChunkedArray) -> list[str]:
    text = pc.utf8_trim_whitespace(pc.cast(column, pa.string()))
    return [word or "" for word in text.to_pylist()]
