"""``tulya data``: import, show, plot and export prices."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from framework.cli.data_edits import (
    delete_command,
    imports_command,
    merge_command,
    rename_command,
    undo_command,
)
from framework.cli.options import AsJson, Database, open_database, parse_pairs
from framework.cli.progress import shown
from framework.errors import ConfigError, DataError

if TYPE_CHECKING:
    from framework.store import Store
    from framework.store.importing import FileSummary

app = typer.Typer(
    no_args_is_help=True, help="Import prices, look at them, take them back, export them.", rich_markup_mode="markdown"
)

app.command("imports")(imports_command)
app.command("undo")(undo_command)
app.command("delete")(delete_command)
app.command("rename")(rename_command)
app.command("merge")(merge_command)

Symbol = Annotated[str, typer.Argument(help="Symbol, or EXCHANGE:SYMBOL where several exchanges have it.")]
TimeframeOption = Annotated[str, typer.Option("--timeframe", "-t", help="1m, 5m, 15m, 1h, 1d, 1w, 1M (a month), …")]
From = Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First session's date.")]
To = Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last session's date.")]


@app.command("import")
def import_command(
    paths: Annotated[list[Path], typer.Argument(help="Files (CSV, CSV.gz, CSV.zip, Parquet, JSON, Excel) or folders.")],
    symbol: Annotated[str | None, typer.Option(help="Symbol, for files without a column of symbols.")] = None,
    exchange: Annotated[str | None, typer.Option(help="Exchange such as NSE; kept with the symbols.")] = None,
    timeframe: Annotated[
        str | None, typer.Option("--timeframe", "-t", help="1m … 1d; default: read from the times.")
    ] = None,
    timezone: Annotated[
        str | None, typer.Option(help="IANA zone of times without an offset; default: the exchange's, else UTC.")
    ] = None,
    currency: Annotated[
        str | None, typer.Option(help="Currency of the prices, such as USD; default: INR.", metavar="CODE")
    ] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="FIELD=HEADING", help="A heading that is not understood; repeatable."),
    ] = None,
    dayfirst: Annotated[bool, typer.Option("--dayfirst", help="03/04/2020 is 3 April.")] = False,
    monthfirst: Annotated[bool, typer.Option("--monthfirst", help="03/04/2020 is 4 March.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Overwrite stored bars that differ.")] = False,
    new_exchange: Annotated[bool, typer.Option("--new-exchange", help="An exchange nobody knows is meant.")] = False,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Import price files, lists of corporate actions and session lists.

    Headings of yfinance, Kaggle's NSE set, NSE's bhavcopies (UDiFF, old, full) and JSON, niftyindices, TradingView,
    MetaTrader, Upstox candles and generic ones are understood, in CSV, Parquet, JSON and Excel files. Rows that are no
    bars are refused and named (tulya data show SYMBOL --issues). Importing a file again changes nothing. Each file is
    imported whole or not at all.

    Examples:
    - tulya data import goog.csv --symbol GOOG --timeframe 1d
    - tulya data import BhavCopy_NSE_CM_0_0_0_20240108_F_0000.csv.zip
    - tulya data import minutes/ --exchange NSE --timezone Asia/Kolkata
    - tulya data import odd.csv --map time=When --map close=ClsPric --dayfirst
    """
    from framework.store.importing import ImportOptions, import_files
    from framework.types import Timeframe
    from framework.types.currency import currency_named
    from framework.types.localtime import zone_named

    if dayfirst and monthfirst:
        raise ConfigError("--dayfirst and --monthfirst exclude each other; give one")
    if timeframe is not None:
        timeframe = Timeframe.parse(timeframe).name
    if timezone is not None:
        zone_named(timezone)
    order: Any = "dayfirst" if dayfirst else "monthfirst" if monthfirst else None
    options = ImportOptions(
        symbol, exchange, timeframe, timezone, parse_pairs("--map", mapping or ()), order, replace, new_exchange
    )
    options = options._replace(currency=currency_named(currency))
    with open_database(db) as store, shown(hidden=as_json) as progress:
        summaries = import_files(store, paths, options, progress)
        _tell(summaries, store, as_json=as_json)
    if any(summary.error or summary.empty for summary in summaries):
        raise typer.Exit(1)


@app.command("sample")
def sample_command(db: Database = None, as_json: AsJson = False) -> None:
    """Load the sample prices: 20 years of daily S&P 500 (SP500) and NASDAQ Composite (NASDAQ) bars.

    They come with the Python package arch; nothing is downloaded. The second time there is nothing to do.

    Example:
    - tulya data sample && tulya data show SP500
    """
    from framework.store.sample import SAMPLES, load_sample

    with open_database(db) as store, shown(hidden=as_json) as progress:
        summaries = load_sample(store, progress)
        if summaries or as_json:
            _tell(summaries, store, as_json=as_json)
        else:
            typer.echo(f"{' and '.join(sample.symbol for sample in SAMPLES)} are already in {store.path}.")


@app.command("list")
def list_command(
    timeframe: Annotated[str | None, typer.Option("--timeframe", "-t", help="Only these bars.")] = None,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """List what is stored: symbols, timeframes, number of bars, first and last.

    Example:
    - tulya data list --timeframe 1d
    """
    from framework.cli import data_tables

    with open_database(db, create=False) as store:
        series = store.series(timeframe=timeframe)
        if as_json:
            typer.echo(
                data_tables.as_json({"database": str(store.path), "series": [info._asdict() for info in series]})
            )
        elif series:
            data_tables.show_series(series)
        else:
            wanted = f" {timeframe} bars" if timeframe else " prices"
            typer.echo(f"{store.path} holds no{wanted} yet. Load some with: tulya data sample")


@app.command("show")
def show_command(
    symbol: Symbol,
    timeframe: Annotated[str | None, typer.Option("--timeframe", "-t", help="Default: the longest there is.")] = None,
    first: Annotated[int | None, typer.Option(help="The first N bars.", min=1)] = None,
    last: Annotated[int | None, typer.Option(help="The last N bars (10 unless told).", min=1)] = None,
    start: From = None,
    end: To = None,
    issues: Annotated[
        bool, typer.Option("--issues", help="What was refused and what looks wrong instead of bars.")
    ] = False,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Show bars of a symbol, or with --issues what was refused and what looks wrong in them.

    Examples:
    - tulya data show SP500 --last 5
    - tulya data show "NIFTY 50" --timeframe 1m --from 2016-08-31 --to 2016-08-31 --first 3 --last 3
    - tulya data show RELIANCE --issues
    """
    from framework.cli import data_tables

    with open_database(db, create=False) as store:
        if issues:
            first_ns, last_ns = _midnight(start, 0), _midnight(end, 1)
            found = store.issues([symbol], timeframe, first_ns, last_ns)
            if as_json:
                typer.echo(data_tables.as_json({"symbol": symbol, "issues": [issue._asdict() for issue in found]}))
            else:
                data_tables.show_issues(symbol, found, _zone(store, symbol))
            return
        frame = timeframe or store.series(symbol)[-1].timeframe
        bars = store.load_bars(symbol, frame, _day(start), _day(end))
    if first is None and last is None:
        last = 10
    if as_json:
        typer.echo(data_tables.as_json(data_tables.bars_dict(bars, first, last)))
    else:
        data_tables.show_bars(bars, first, last)


@app.command("plot")
def plot_command(
    symbol: Symbol,
    timeframe: TimeframeOption = "1d",
    start: From = None,
    end: To = None,
    last: Annotated[int, typer.Option(help="At most the last N bars.", min=2)] = 1000,
    out: Annotated[Path | None, typer.Option(help="HTML file; default reports/data/SYMBOL_TIMEFRAME.html.")] = None,
    view: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    db: Database = None,
) -> None:
    """Draw candles and volume into one HTML file that needs no network.

    Example:
    - tulya data plot SP500 --from 2008-01-01 --to 2009-12-31 --open
    """
    from framework.cli.data_chart import write_chart

    with open_database(db, create=False) as store:
        bars = store.load_bars(symbol, timeframe, _day(start), _day(end))
    plain = "".join(letter if letter.isalnum() or letter in "-&" else "_" for letter in str(bars.instrument))
    path = out or Path("reports/data") / f"{plain}_{bars.timeframe}.html"
    drawn = write_chart(bars[max(0, len(bars) - last) :], path)
    typer.echo(f"{drawn:,} of {len(bars):,} bars drawn in {path}")
    if view:
        typer.launch(path.resolve().as_uri())


@app.command("actions")
def actions_command(
    symbol: Annotated[str | None, typer.Argument(help="Symbol, or EXCHANGE:SYMBOL; default: all.")] = None,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """List splits, bonuses and dividends by ex-date; what a run does with them: docs/actions.md.

    Example:
    - tulya data actions RELIANCE
    """
    from framework.cli import data_tables

    with open_database(db, create=False) as store:
        found = store.corporate_actions(symbol)
    if as_json:
        typer.echo(data_tables.as_json({"actions": [data_tables.actions_dict(action) for action in found]}))
    elif found:
        data_tables.show_actions(found)
    else:
        whose = f" of {symbol}" if symbol else ""
        typer.echo(f"No corporate actions{whose} are stored. Import a list of them: symbol, ex_date, factor, dividend.")


@app.command("export")
def export_command(
    symbol: Symbol,
    out: Annotated[Path, typer.Argument(help="File to write; .csv, .csv.gz or .parquet says the format.")],
    timeframe: TimeframeOption = "1d",
    start: From = None,
    end: To = None,
    db: Database = None,
) -> None:
    """Write bars to a CSV or Parquet file that tulya data import reads back as it was.

    Example:
    - tulya data export SP500 sp500.parquet --from 2010-01-01
    """
    from framework.store.export import export

    with open_database(db, create=False) as store:
        bars = store.load_bars(symbol, timeframe, _day(start), _day(end))
    export(bars, out)
    typer.echo(f"{len(bars):,} bars of {bars.instrument} {bars.timeframe} written to {out}")


def _zone(store: Store, symbol: str) -> str:
    """The exchange's zone; UTC for a symbol of which nothing was kept."""
    try:
        return store.instrument(symbol).timezone
    except DataError:
        return "UTC"


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()


def _midnight(moment: datetime | None, days_later: int) -> int | None:
    """00:00 UTC of a date, or the last nanosecond of the day that ends with the following midnight."""
    if moment is None:
        return None
    seconds = int(moment.replace(tzinfo=UTC).timestamp()) + days_later * 86_400
    return seconds * 1_000_000_000 - days_later


def _tell(summaries: list[FileSummary], store: Store, *, as_json: bool) -> None:
    """The summary of an import: one JSON object, or a table with what was assumed below it."""
    from framework.cli import data_tables

    if as_json:
        files = [{**summary._asdict(), "path": str(summary.path)} for summary in summaries]
        typer.echo(json.dumps({"database": str(store.path), "files": files}, ensure_ascii=False, indent=2))
    else:
        data_tables.show_imports(summaries, store.path)
