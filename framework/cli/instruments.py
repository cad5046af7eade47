"""``tulya instruments``: lists of what is traded, into the store and found again."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from framework.cli.options import AsJson, Database
from framework.cli.progress import shown

if TYPE_CHECKING:
    from framework.store import Store
    from framework.store.listings import Known

app = typer.Typer(
    no_args_is_help=True, help="Import lists of instruments, search them, show one.", rich_markup_mode="markdown"
)
INDIA_AHEAD = timedelta(hours=5, minutes=30)


@app.command("import")
def import_command(
    paths: Annotated[list[Path], typer.Argument(help="Upstox's instrument files (JSON, gz or plain) or CSV.")],
    exchange: Annotated[str | None, typer.Option(help="Exchange of a CSV that has no such column.")] = None,
    on: Annotated[
        datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="Day of the list; default: today in India.")
    ] = None,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Import lists of instruments: what is listed, its ticks, lots and keys.

    A row that is no instrument is refused and named, the rest is taken. A later list changes what it newly says, and
    every change is reported and kept with its date. Instruments with prices get tick, lot, name and ISIN.

    Examples:
    - tulya instruments import complete.json.gz
    - tulya instruments import mine.csv --exchange NSE --date 2026-11-20
    """
    from framework.cli import instrument_tables as tables
    from framework.market.instruments import read_instruments
    from framework.store import listings
    from framework.store.database import transaction

    day = on.date() if on else today_in_india()
    done = []
    with _open(db, create=True) as store, shown(hidden=as_json) as progress:
        for path in paths:
            read = read_instruments(
                path, exchange, (lambda count, of: progress("rows read", count, of)) if progress else None
            )
            with transaction(store.connection):
                saved = listings.save(
                    store.connection,
                    read.listings,
                    day,
                    (lambda count, of: progress("rows kept", count, of)) if progress else None,
                )
            done.append((path, read, saved))
        kept, file = listings.count(store.connection), store.path
    if as_json:
        tables.print_json(
            {"database": str(file), "date": str(day), "files": [tables.import_facts(*one) for one in done]}
        )
        return
    for one in done:
        tables.show_import(*one)
    typer.echo(f"Database: {file}, {kept:,} instruments known")


@app.command("search")
def search_command(
    text: Annotated[str, typer.Argument(help="Part of a symbol, a name or an ISIN; NSE:TEXT for one exchange.")],
    segment: Annotated[str | None, typer.Option(help="Only this one: NSE_EQ, NSE_INDEX, NSE_FO, BSE_EQ, …")] = None,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, max=10_000)] = 20,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Find instruments by a part of the symbol, the name or the ISIN.

    Example:
    - tulya instruments search infosys --segment NSE_EQ
    """
    from framework.cli import instrument_tables as tables
    from framework.errors import DataError
    from framework.store import listings
    from framework.types.nearest import nearest

    with _open(db, create=False) as store:
        if segment is not None and segment not in (known := listings.segments(store.connection)):
            near = nearest(segment, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known) or 'none yet'}"
            raise DataError(f"no instruments of segment {segment!r}; {hint}")
        found = listings.search(store.connection, text, segment, limit + 1)
        none = not found and not listings.count(store.connection)
    if as_json:
        tables.print_json({"text": text, "instruments": [tables.listing_facts(known) for known in found[:limit]]})
    elif found:
        tables.show_listings(found[:limit])
        if len(found) > limit:
            typer.echo(f"… and more: --limit {limit * 5} shows them")
    else:
        typer.echo(
            "No list was imported yet; tulya instruments import FILE takes one."
            if none
            else f"No symbol, name or ISIN contains {text!r}."
        )


@app.command("show")
def show_command(
    symbol: Annotated[str, typer.Argument(help="Symbol, EXCHANGE:SYMBOL, ISIN or the broker's key.")],
    on: Annotated[
        datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="Tick of this day; default: today in India.")
    ] = None,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Show everything known of an instrument, with the tick in force and the prices its slab goes by.

    Example:
    - tulya instruments show NSE:INFY
    """
    from framework.cli import instrument_tables as tables
    from framework.store import listings

    day = on.date() if on else today_in_india()
    with _open(db, create=False) as store:
        found = listings.find(store.connection, symbol)
        cards = [
            (
                known,
                listings.changes(store.connection, known),
                tables.rule_of(known.listing, day, _close(store, known, day)),
            )
            for known in found
        ]
    if as_json:
        tables.print_json(
            {
                "instruments": [
                    {
                        **tables.listing_facts(known),
                        "tick_rule": None if rule is None else rule._asdict(),
                        "changes": [
                            dict(zip(("valid_from", "fact", "before", "after"), c, strict=True)) for c in changes
                        ],
                    }
                    for known, changes, rule in cards
                ]
            }
        )
        return
    for card in cards:
        tables.show_card(*card, day)


def today_in_india() -> date:
    """The date there: lists and rules change at midnight in India."""
    from datetime import UTC

    return (datetime.now(UTC) + INDIA_AHEAD).date()


def _close(store: Store, known: Known, day: date) -> tuple[float, date] | None:
    """The last stored daily close of the months before ``day``, rupees, and its date: the slab goes by it."""
    import numpy as np

    from framework.errors import DataError

    name = str(known.listing) if known.listing.kind in {"share", "fund"} else known.listing.underlying or ""
    if not name:
        return None
    try:
        bars = store.load_bars(name, "1d", None, day.replace(day=1) - timedelta(days=1))
    except DataError:  # no prices here, or none so old
        return None
    return float(bars.close[-1]), np.datetime64(int(bars.time[-1]), "ns").astype("datetime64[D]").item()


def _open(db: Path | None, *, create: bool) -> Store:
    from framework.config.settings_file import database_path
    from framework.store import open_store

    return open_store(database_path(db), create=create)
