"""``tulya runs`` and ``tulya report``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from framework.cli.options import AsJson, Database
from framework.cli.shown_page import OPEN, open_page
from framework.cli.tables import date_of, new_table, print_table, stat_of, symbols_of

if TYPE_CHECKING:
    from framework.store import RunRow

app = typer.Typer(
    name="runs",
    help="Backtests that were run: list, show and compare them.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

LISTED_STATS = ("CAGR [%]", "Sharpe", "Max. drawdown [%]")
RunName = Annotated[str, typer.Argument(metavar="RUN", help="Run id, its unique beginning, or last.")]


@app.command("list")
def list_runs(
    limit: Annotated[int, typer.Option(help="Newest so many.", min=1)] = 20,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """List the newest runs.

    Example:
    - tulya runs list --limit 5
    """
    from framework.config.settings_file import database_path
    from framework.store import open_store

    with open_store(database_path(db), create=False) as store:
        rows = store.runs(limit)
    if as_json:
        typer.echo(json.dumps({"runs": [_facts(row) for row in rows]}, ensure_ascii=False, indent=2))
        return
    if not rows:
        typer.echo("No runs yet. Start with: tulya backtest rsi --symbols SP500")
        return
    from framework.types.currency import INR, money_text

    table = new_table()
    for heading in ("run", "strategy", "symbols", "from", "to"):
        table.add_column(heading, no_wrap=True)
    for heading in ("final equity", *LISTED_STATS, "round trips"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("causality", no_wrap=True)
    for row in rows:
        table.add_row(
            row.run_id,
            row.strategy,
            symbols_of(row.symbols),
            date_of(row.first_ns),
            date_of(row.last_ns),
            money_text(row.final_equity_paise / 100, row.provenance.get("currency", INR)),
            *(stat_of(name, row.stats.get(name)) for name in LISTED_STATS),
            f"{row.round_trips_closed:,}",
            row.causality,
        )
    print_table(table)


@app.command("show")
def show_run(run: RunName, db: Database = None, as_json: AsJson = False) -> None:
    """Print a run again, as it was.

    Example:
    - tulya runs show last
    """
    from framework.config.settings_file import database_path
    from framework.run.history import find

    result = find(run, database_path(db))
    typer.echo(result.to_json() if as_json else f"{result}\n\nRun         {result.run_id}")


@app.command("compare")
def compare_runs(
    runs: Annotated[list[str], typer.Argument(help="Two or more run ids (or beginnings, or last).")],
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Put runs side by side: what differs in their settings, then every statistic.

    Example:
    - tulya runs compare 20261122-1330 last
    """
    from framework.config.settings_file import database_path
    from framework.store import open_store

    with open_store(database_path(db), create=False) as store:
        rows = [store.run(name) for name in runs]
    if as_json:
        typer.echo(json.dumps({"runs": [_facts(row) for row in rows]}, ensure_ascii=False, indent=2))
        return
    table = new_table()
    table.add_column("", no_wrap=True)
    for row in rows:
        table.add_column(row.run_id, justify="right", no_wrap=True)
    for name, values in _differences(rows):
        table.add_row(name, *values)
    table.add_section()
    for name in dict.fromkeys(name for row in rows for name in row.stats):
        table.add_row(name, *(stat_of(name, row.stats.get(name)) for row in rows))
    print_table(table)


@app.command("charges")
def charges_of_run(run: RunName, db: Database = None, as_json: AsJson = False) -> None:
    """Charges of a run by year: as it booked them, fill by fill, and as contract notes would round them.

    Only of a run with a broker's plan, such as --charges upstox:CNC.

    Example:
    - tulya runs charges last
    """
    from framework.config.settings_file import database_path
    from framework.errors import ConfigError
    from framework.report.charge_breakdown import facts, reconciled
    from framework.run.history import find
    from framework.types.rupees import rupees

    result = find(run, database_path(db))
    if not result.settings.charges.plan:
        msg = f"run {result.run_id} was charged {result.settings.charges}, no broker's plan such as upstox:CNC"
        raise ConfigError(msg)
    if as_json:
        printed = {"run_id": result.run_id, "charges": str(result.settings.charges), "years": facts(result.record)}
        typer.echo(json.dumps(printed, ensure_ascii=False, indent=2))
        return
    table = new_table()
    table.add_column("year", no_wrap=True)
    for heading in ("exact, as the run", "by contract note", "difference"):
        table.add_column(heading, justify="right", no_wrap=True)
    rows = reconciled(result.record)
    for one in rows:
        table.add_row(str(one.year), *(rupees(paise / 100) for paise in (*one[1:], one.difference_paise)))
    sums = [sum(column) for column in zip(*((*one[1:], one.difference_paise) for one in rows), strict=True)]
    table.add_row("all", *(rupees(paise / 100) for paise in sums))
    print_table(table)


def report_command(
    run: RunName,
    out: Annotated[
        Path | None, typer.Option("--out", help="HTML file, or a folder; default reports/RUN/tearsheet.html.")
    ] = None,
    quantstats: Annotated[
        bool, typer.Option("--quantstats", help="quantstats' page too, beside it; takes ten seconds.")
    ] = False,
    opens: Annotated[bool, typer.Option("--open", help=OPEN)] = False,
    db: Database = None,
) -> None:
    """Write the tearsheet of a run and print its path.

    Examples:
    - tulya report last --out reports/rsi
    - tulya report last --quantstats --open
    """
    from framework.config.settings_file import database_path
    from framework.run.history import find

    result = find(run, database_path(db))
    path = out or Path("reports") / result.run_id
    if path.suffix.lower() not in {".html", ".htm"}:
        path /= "tearsheet.html"
    typer.echo(f"Tearsheet   {result.report(path, quantstats=quantstats)}")
    if opens:
        open_page(path)


def _differences(rows: list[RunRow]) -> list[tuple[str, list[str]]]:
    """Differences between runs: strategy, symbols, range, parameters and settings."""
    flat = [
        {
            "strategy": row.strategy,
            "symbols": symbols_of(row.symbols),
            "from": date_of(row.first_ns),
            "to": date_of(row.last_ns),
            **{f"--set {name}": value for name, value in row.parameters.items()},
            **_flat(row.settings),
        }
        for row in rows
    ]
    names = dict.fromkeys(name for facts in flat for name in facts)
    return [
        (name, [str(facts.get(name, "–")) for facts in flat])
        for name in names
        if len({str(facts.get(name, "–")) for facts in flat}) > 1
    ]


def _flat(settings: Any, prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = value
    return found


def _facts(row: RunRow) -> dict[str, Any]:
    facts = row._asdict()
    facts["first"], facts["last"] = date_of(facts.pop("first_ns")), date_of(facts.pop("last_ns"))
    facts["capital"] = facts.pop("capital_paise") / 100
    facts["final_equity"] = facts.pop("final_equity_paise") / 100
    return facts
