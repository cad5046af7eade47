"""Tables of ``tulya instruments``: imports, lists of instruments, one instrument."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.markup import escape

from framework.cli.tables import new_table, print_table
from framework.errors import ConfigError
from framework.types.rupees import in_groups

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from framework.market.instruments import InstrumentFile
    from framework.market.listing import Listing
    from framework.store.listings import Known, SavedListings

SHOWN_ROWS = 20
NOTHING = "–"


class TickRule(NamedTuple):
    """Tick of an instrument by the dated table, with the slab and the close that chose it."""

    kind: str
    valid_from: str | None
    tick: float | None
    """Rupees; None where no price is known to choose the slab by."""
    slab: str
    close: float | None
    """Rupees: the close that chose the slab."""
    close_of: str | None
    source: str


def rule_of(listing: Listing, day: date, close: tuple[float, date] | None) -> TickRule | None:
    """The rule for an instrument on a day; None where the table knows no such kind."""
    from framework.market.ticks import row_of, slab_of, tick_table

    kind = listing.kind
    if kind in {"future", "option"}:
        of = {"INDEX": "index", "EQUITY": "share"}.get(listing.underlying_kind or "")
        kind = f"{of}_{kind}"  # type: ignore[assignment]  # a kind of the tick table
    table = tick_table()
    try:
        row = row_of(day, kind, table)
    except ConfigError:
        return None
    if close is None and len(row.slabs) > 1:
        slabs = "; ".join(f"{slab} {slab.tick:.2f}" for slab in row.slabs)
        return TickRule(kind, _day(row.valid_from), None, slabs, None, None, row.source)
    slab = row.slabs[0] if close is None else slab_of(close[0], day, kind, table)
    price, when = (None, None) if close is None else (close[0], str(close[1]))
    return TickRule(
        kind, _day(row.valid_from), slab.tick, str(slab) if len(row.slabs) > 1 else "any price", price, when, row.source
    )


def show_import(path: Path, read: InstrumentFile, saved: SavedListings) -> None:
    """Import summary: rows read, kept, changed and refused."""
    print_line(
        f"{path.name}: {read.format}; {read.rows:,} rows: {saved.new:,} new, {saved.changed:,} changed, "
        f"{saved.unchanged:,} unchanged, {len(read.refused):,} refused"
    )
    if read.ignored:
        print_line(f"{path.name}: columns that mean nothing here: {', '.join(read.ignored)}")
    for row, what, reason in read.refused[:SHOWN_ROWS]:
        print_line(f"  row {row}{f' ({what})' if what else ''} refused: {reason}")
    for change in saved.changes[:SHOWN_ROWS]:
        owner = f"{change.exchange}:{change.symbol}"
        print_line(f"  {owner}: {change.fact.replace('_', ' ')} {change.before} is now {change.after or 'nothing'}")
    more = max(len(read.refused) - SHOWN_ROWS, 0), max(len(saved.changes) - SHOWN_ROWS, 0)
    if any(more):
        print_line(f"  … and {more[0]:,} more refused, {more[1]:,} more changes: --json gives all")
    if saved.series:
        names = ", ".join(saved.series[:SHOWN_ROWS]) + (", …" if len(saved.series) > SHOWN_ROWS else "")
        print_line(f"{path.name}: {len(saved.series):,} with stored prices have new facts: {names}")


def import_facts(path: Path, read: InstrumentFile, saved: SavedListings) -> dict[str, Any]:
    """The same for programs, in full."""
    return {
        "file": path.name,
        "format": read.format,
        "rows": read.rows,
        "new": saved.new,
        "changed": saved.changed,
        "unchanged": saved.unchanged,
        "refused": [refusal._asdict() for refusal in read.refused],
        "changes": [change._asdict() for change in saved.changes],
        "series": saved.series,
        "ignored_columns": list(read.ignored),
    }


def listing_facts(known: Known) -> dict[str, Any]:
    """A listing for programs: tick and strike in rupees, dates as text."""
    facts = known.listing._asdict()
    facts["expiry"] = _day(facts["expiry"])
    return {**facts, "listed_on": str(known.listed_on)}


def show_listings(found: Sequence[Known]) -> None:
    """A listing a row."""
    table = new_table()
    for heading in ("symbol", "segment", "series", "name", "ISIN"):
        table.add_column(heading, no_wrap=True)
    for heading in ("tick", "lot"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("expiry", no_wrap=True)
    for listing, _ in found:
        texts = (str(listing), listing.segment, listing.series, listing.name, listing.isin)
        table.add_row(*(escape(text or "") for text in texts), _value(listing.tick), _value(listing.lot),
                      _day(listing.expiry) or "")  # fmt: skip
    print_table(table)


def show_card(known: Known, changes: Sequence[tuple[str, str, str, str]], rule: TickRule | None, day: date) -> None:
    """Everything known of one instrument."""
    print_line(f"{known.listing}, as of the list of {known.listed_on}")
    table = new_table()
    table.show_header = False
    table.add_column("fact", no_wrap=True)
    table.add_column("value", no_wrap=True)
    for name, value in known.listing._asdict().items():
        if name not in {"symbol", "exchange"} and value not in {None, ""}:
            unit = {"tick": " rupees", "strike": " rupees", "lot": " units", "freeze_quantity": " units"}.get(name, "")
            table.add_row(f"  {name.replace('_', ' ')}", escape(f"{_value(value)}{unit}"))
    print_table(table)
    if rule is not None:
        print_line(f"Tick in force on {day}: {_tick_text(rule)}")
    for valid_from, fact, before, after in changes:
        print_line(f"{valid_from}: {fact.replace('_', ' ')} {before} became {after or 'nothing'}")


def print_line(text: str) -> None:
    """A line as it is, never broken: what it names can be copied."""
    from rich.console import Console

    Console(markup=False, highlight=False).print(text, soft_wrap=True)


def print_json(value: Any) -> None:
    """One JSON object on stdout."""
    import typer

    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def _tick_text(rule: TickRule) -> str:
    since = f"since {rule.valid_from}" if rule.valid_from else "always"
    if rule.tick is None:
        return f"by the last month's close, of which there are no prices here: {rule.slab} ({since}; {rule.source})"
    chosen = f", for the close of {in_groups(f'{rule.close:.2f}')} on {rule.close_of}" if rule.close is not None else ""
    return f"{rule.tick:.2f} rupees, {rule.slab}{chosen} ({since}; {rule.source})"


def _value(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4f}".rstrip("0").rstrip(".") if value < 0.01 else in_groups(f"{value:.2f}")  # noqa: PLR2004 - a paisa
    return f"{value:,}" if isinstance(value, int) else str(value)


def _day(day: date | None) -> str | None:
    return None if day is None else str(day)
