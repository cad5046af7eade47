"""Files that are no prices: corporate actions and session lists."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from framework.store.bars import SECOND_NS
from framework.store.records import CorporateAction
from framework.store.reference import TradingSession
from framework.types.intake.numbers import numbers
from framework.types.intake.records import Refusal
from framework.types.intake.times import times
from framework.types.intake.zones import ZONES
from framework.types.localtime import DAY

if TYPE_CHECKING:
    from pathlib import Path

    from framework.store.importing.options import ImportOptions
    from framework.types.intake.headings import Layout
    from framework.types.intake.table import CellTable


class Entries(NamedTuple):
    """Entries of a list, and the rows that make no sense."""

    actions: list[CorporateAction]
    sessions: list[TradingSession]
    refusals: list[Refusal]
    exchange: str
    exchange_reason: str


def entries(table: CellTable, layout: Layout, options: ImportOptions, path: Path) -> Entries:
    """Read a list; its exchange is ``--exchange``, a column, or the beginning of the file's name (``nse_…``)."""
    cells = {field: _texts(table.columns[heading]) for field, heading in layout.fields.items()}
    stamps = times(table.columns[layout.fields["time"]], options.order)
    exchange, reason = _exchange(options, path, layout)
    found = Entries([], [], list(table.broken), exchange, reason)
    columns = ActionColumns(table, layout)
    known: dict[tuple[str, str, int, str], CorporateAction] = {}
    for row, line in enumerate(table.lines.tolist()):
        texts_of_row = {field: texts[row] for field, texts in cells.items()}
        owner = texts_of_row.get("exchange") or exchange
        if not stamps.valid[row]:
            found.refusals.append(Refusal("bad_time", f"date {texts_of_row['time']!r} is not understood", line))
        elif layout.contents == "sessions":
            words = (texts_of_row.get(name, "") for name in ("kind", "windows", "evidence", "note"))
            found.sessions.append(TradingSession(owner, int(stamps.local[row]) // DAY, *words))
        elif reason := columns.wrong(row, texts_of_row):
            found.refusals.append(Refusal("bad_action", reason, line, texts_of_row["symbol"]))
        else:
            action = columns.action(row, texts_of_row, owner, int(stamps.local[row]) // DAY * DAY * SECOND_NS)
            earlier = known.setdefault(action[:4], action)
            if earlier != action:
                reason = f"the file has another {action.kind} of {action.symbol} on that day; make one row of the two"
                found.refusals.append(Refusal("bad_action", reason, line, texts_of_row["symbol"]))
            else:
                found.actions.append(action)
    return found


class ActionColumns:
    """Columns of a list of corporate actions, as numbers."""

    def __init__(self, table: CellTable, layout: Layout) -> None:
        self._values = {
            name: numbers(table.columns[layout.fields[name]]).values
            for name in ("factor", "dividend")
            if name in layout.fields
        }

    def _number(self, name: str, row: int, texts_of_row: dict[str, str], nothing: float) -> float:
        return float(self._values[name][row]) if texts_of_row.get(name) else nothing

    def wrong(self, row: int, texts_of_row: dict[str, str]) -> str:
        """Reason why a row is no corporate action; empty when it is one."""
        factor, dividend = (
            self._number("factor", row, texts_of_row, 1.0),
            self._number("dividend", row, texts_of_row, 0.0),
        )
        if not texts_of_row["symbol"]:
            return "the symbol is missing"
        if not 0.0 < factor < math.inf:
            return f"factor {texts_of_row['factor']!r} is no number above 0 (shares after ÷ shares before)"
        if not 0.0 <= dividend < math.inf:
            return f"dividend {texts_of_row['dividend']!r} is no number of rupees per share, 0 or more"
        if not texts_of_row.get("factor") and not texts_of_row.get("dividend"):
            return "neither a factor nor a dividend is given"
        return ""

    def action(self, row: int, texts_of_row: dict[str, str], exchange: str, day_ns: int) -> CorporateAction:
        """A row as an action; a dividend without a kind is called one."""
        factor, dividend = (
            self._number("factor", row, texts_of_row, 1.0),
            self._number("dividend", row, texts_of_row, 0.0),
        )
        kind = texts_of_row.get("kind", "") or ("dividend" if dividend else "")
        return CorporateAction(
            texts_of_row["symbol"], exchange, day_ns, kind, factor, texts_of_row.get("terms", ""), dividend
        )


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
