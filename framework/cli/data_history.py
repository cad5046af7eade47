"""Tables of what was imported and of what an edit of the stored bars changes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from framework.store.names import written
from framework.types.visible import visible

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from framework.store.history.edits import Effect
    from framework.store.history.log import ImportRow, SeriesChange
    from framework.store.history.plan import Plan
    from framework.types.intake.records import SeriesKey

SHOWN_SERIES = 3
SHOWN_EFFECTS = 40
WIDEST = 10_000


def show_imports(rows: Sequence[ImportRow], total: int) -> None:
    """Imports and edits, one a row, the newest first."""
    console = Console(emoji=False)
    if not rows:
        console.print("Nothing was imported yet. Load some prices with: tulya data sample", highlight=False)
        return
    table = _table(("import", "when (UTC)", "what", "series"), ("brought", "changed", "same", "differ", "refused"))
    table.add_column("now", overflow="fold")
    for row in rows:
        when = datetime.fromtimestamp(row.created_at, UTC).strftime("%Y-%m-%d %H:%M")
        brought, changed = _moved(row)
        counts = (brought, changed, row.rows_unchanged, row.rows_conflicting, row.rows_refused)
        texts = (str(row.import_id), when, _shown(_what(row)), _shown(_series(row)))
        table.add_row(*texts, *(f"{count:,}" if count else "–" for count in counts), _state(row))
    if not console.is_terminal:  # a pipe has no width
        console.width = max(console.width, Console(width=WIDEST, emoji=False).measure(table).maximum)
    console.print(table)
    if total > len(rows):
        console.print(f"… and {total - len(rows):,} before: --last shows more", highlight=False)


def imports_json(rows: Sequence[ImportRow]) -> str:
    """The same for programs, with every series."""
    return _dumped({"imports": [_import_dict(row) for row in rows]})


def sentence(plan: Plan) -> str:
    """Plan in a line: what it does."""
    action = plan.work.action
    note = visible(plan.work.note)
    begin = {"delete": f"Delete {note}", "undo": f"{note[0].upper()}{note[1:]}"}.get(action, note)
    return f"{begin}: {_counted(plan)}."


def show_plan(plan: Plan) -> None:
    """Series that an edit changes, and how many bars."""
    table = _table(("series",), ("go", "get other values", "come", "are left"))
    for effect in plan.effects[:SHOWN_EFFECTS]:
        counts = (effect.removed, effect.restored, effect.added)
        table.add_row(
            _shown(_name(effect.key)), *(f"{count:,}" if count else "–" for count in counts), f"{effect.left:,}"
        )
    console = Console(stderr=True, emoji=False)
    if plan.effects:
        console.print(table)
    if len(plan.effects) > SHOWN_EFFECTS:
        console.print(f"… and {len(plan.effects) - SHOWN_EFFECTS:,} more series", highlight=False)
    for remark in plan.work.remarks:
        console.print(_shown(remark), highlight=False)


def show_done(plan: Plan, import_id: int) -> None:
    """Result of an edit, and the way back."""
    console = Console(emoji=False)
    console.print(_shown(f"Done: {sentence(plan)}"), highlight=False, soft_wrap=True)
    console.print(f"It is import {import_id}: tulya data undo {import_id} takes it back", highlight=False)


def plan_json(plan: Plan, import_id: int, database: Path) -> str:
    """Result of an edit, for programs."""
    effects = [_effect_dict(effect) for effect in plan.effects]
    work = plan.work
    return _dumped(
        {
            "database": str(database),
            "import_id": import_id,
            "action": work.action,
            "note": work.note,
            "undoes": work.undoes,
            "series": effects,
            "remarks": list(work.remarks),
        }
    )


def _counted(plan: Plan) -> str:
    facts = [fact for fact in plan.work.facts if fact.place != "instruments"]
    if plan.work.names is not None:
        moved = sum(effect.left for effect in plan.effects)
        return f"{moved:,} bars move to {written(*plan.work.names[1])}"
    parts = [
        f"{count:,} bar{'' if count == 1 else 's'} {verb if count == 1 else verbs}"
        for count, verb, verbs in (
            (sum(effect.removed for effect in plan.effects), "goes", "go"),
            (sum(effect.restored for effect in plan.effects), "gets other values", "get other values"),
            (sum(effect.added for effect in plan.effects), "comes", "come"),
        )
        if count
    ]
    if facts:
        parts.append(f"{len(facts):,} rows of corporate actions or sessions change")
    return ", ".join(parts) or "no bar changes"


def _import_dict(row: ImportRow) -> dict[str, Any]:
    return {
        **row._asdict(),
        "series": [
            {**change.key._asdict(), "brought": change.brought, "changed": change.changed} for change in row.series
        ],
    }


def _effect_dict(effect: Effect) -> dict[str, Any]:
    return {**effect.key._asdict(), **{name: value for name, value in effect._asdict().items() if name != "key"}}


def _what(row: ImportRow) -> str:
    if row.note:
        return f"{row.action}: {row.note}" if row.action == "delete" else row.note
    return f"{row.file} ({row.format})" if row.file else "bars saved from Python"


def _moved(row: ImportRow) -> tuple[int, int]:
    """Bars that came and bars that changed; entries of a list count as what it brought."""
    brought = sum(change.brought for change in row.series) + row.actions + row.sessions
    if not row.recorded:
        return row.rows_kept, 0
    return brought, sum(change.changed for change in row.series)


def _series(row: ImportRow) -> str:
    if row.actions or row.sessions:
        return "corporate actions" if row.actions else f"sessions{f' of {row.exchange}' if row.exchange else ''}"
    shown = ", ".join(_named(change) for change in row.series[:SHOWN_SERIES])
    more = len(row.series) - SHOWN_SERIES
    return f"{shown} and {more:,} more" if more > 0 else shown


def _state(row: ImportRow) -> str:
    if row.undone_by is not None:
        return f"taken back by {row.undone_by}"
    return "" if row.recorded else "cannot be undone: older than the record"


def _named(change: SeriesChange) -> str:
    return _name(change.key)


def _name(key: SeriesKey) -> str:
    return f"{written(key.symbol, key.exchange)} {key.timeframe}"


def _shown(text: str) -> str:
    return escape(visible(text))


def _table(texts: Sequence[str], numbers: Sequence[str]) -> Table:
    table = Table(header_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for heading in texts:
        table.add_column(heading, overflow="fold")
    for heading in numbers:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
