"""``tulya day``: the end-of-day report of an account, in the terminal, as JSON and as a page."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from framework.cli.options import AsJson, Database
from framework.errors import ConfigError, DataError

if TYPE_CHECKING:
    from framework.live.deployment import Deployment
    from framework.live.ledger import AccountLedger

REPORTS = Path("reports")
SHOWN = 20
"""Rows of a table that are printed; the page and --json have all."""


def day_command(
    day: Annotated[str, typer.Argument(help="Such as 2015-01-05.")],
    deployment: Annotated[
        str | None, typer.Option("--deployment", help="File of a deployment, or its name in ./deployments.")
    ] = None,
    account: Annotated[
        str | None, typer.Option(help="Account; default the deployment's, then the only one.", metavar="NAME")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write the page there too.", metavar="FILE.html")] = None,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Report a day of an account: orders, fills, charges, profit by strategy, refusals, findings and states.

    All of it is read from the journal, also while the runner is at work. Each strategy is compared with the days of its
    own backtest: one that is silent, or does something else than it was tested to do, is a finding.

    Exit codes: 0 reported · 1 an error, in one sentence.

    Examples:
    - tulya day 2015-01-05
    - tulya day 2015-01-05 --deployment morning --out day.html
    - tulya day 2015-01-05 --account paper --json
    """
    from framework.config.settings_file import database_path
    from framework.store.account_files import chosen_account

    try:
        wanted = date.fromisoformat(day)
    except ValueError as error:
        raise ConfigError(f"day {day!r} is not understood ({error}); write 2015-01-05") from None
    database, chosen = database_path(db), None
    if deployment is not None:
        from framework.deployments.deployment_file import find_deployment
        from framework.live.deployment import on_account

        chosen = on_account(find_deployment(deployment), account)
        account = chosen.account
    document = report_day(database, chosen_account(database, account), wanted, chosen)
    if out is not None:
        from framework.report.day_page import write_day

        write_day(document, out)
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False, allow_nan=False))
    else:
        show(document)
        if out is not None:
            typer.echo(f"Page        {out}")


def report_day(database: Path, account: str, day: date, deployment: Deployment | None = None) -> dict[str, Any]:
    """The day's document; without a deployment the one in ./deployments that traded last, if it is still there."""
    from framework.cli.journal_rebuild import ledger_of
    from framework.store.account_files import journal_path

    ledger = ledger_of(journal_path(database, account), account)
    return document_of(ledger, database, day, deployment or _deployment_of(ledger))


def document_of(ledger: AccountLedger, database: Path, day: date, deployment: Deployment | None) -> dict[str, Any]:
    """The day's document by a ledger; ``DataError`` where the journal does not have the day."""
    from framework.live.day_report import ReportChoices, day_document
    from framework.live.day_silence import silence_of_day
    from framework.live.hours import day_of, session_of

    days = ledger.days
    if session_of(day) not in days:
        have = f"it has {day_of(days[0])} to {day_of(days[-1])}" if days else "it has none"
        raise DataError(f"the journal of account {ledger.account} has no bar of {day}; {have}")
    if deployment is None:
        return day_document(ledger, day, ReportChoices())
    silences = {}
    if database.is_file():
        share = deployment.report.silent_share
        silences = silence_of_day(ledger, deployment, database, session_of(day), share)
    names = {one.session: one.name for one in deployment.strategies}
    return day_document(ledger, day, ReportChoices(deployment.name, names, deployment.report, silences))


def write_days(database: Path, deployment: Deployment, days: list[date], folder: Path = REPORTS) -> list[Path]:
    """End of a run: a page for each of these days that has a bar, and the account's tables."""
    from framework.cli.journal_rebuild import ledger_of
    from framework.live.hours import session_of
    from framework.live.projections import projections
    from framework.report.day_page import write_day
    from framework.store import open_store
    from framework.store.account_files import journal_path

    account = deployment.account
    ledger = ledger_of(journal_path(database, account), account)
    there = set(ledger.days)
    pages = [
        write_day(document_of(ledger, database, day, deployment), folder / account / f"{day.isoformat()}.html")
        for day in days
        if session_of(day) in there
    ]
    with open_store(database) as store:
        store.rebuild_account(account, projections(ledger))
    return pages


def _deployment_of(ledger: AccountLedger) -> Deployment | None:
    from framework.deployments.deployment_file import FOLDER, read_deployments
    from framework.live.deployment import on_account

    run = ledger.folded.run
    if run is None or not FOLDER.is_dir():
        return None
    found, _ = read_deployments(FOLDER)
    return next((on_account(one, ledger.account) for one in found if one.name == run.deployment), None)


def show(document: dict[str, Any]) -> None:
    """The day in the terminal."""
    from framework.report.day_page import MARKS, ratio_text, seconds_text
    from framework.types.rupees import rupees

    name = f"{document['deployment']}, account" if document["deployment"] else "Account"
    over = "" if document["whole"] else ", not over yet"
    typer.echo(f"{name} {document['account']}, {document['day']}{over}")
    _strategies(document)
    charges = document["contract_note"]
    noted = f", contract note {rupees(charges['note'])}" if charges["note"] else ""
    typer.echo(f"Charges     {rupees(charges['booked'])} as booked{noted}")
    bound = f"{document['order_to_trade_bound']:g}"
    typer.echo(
        f"Ratio       {ratio_text(document['order_to_trade'])} changes and cancels a fill ({document['changes']:,} for "
        f"{document['fills']:,}), bound {bound}"
    )
    typer.echo(f"Unprotected {seconds_text(document['unprotected_s'])}")
    waits = document["ages"]
    longest = max(waits["bars_s"].values(), default=None)
    typer.echo(
        f"Ages        a bar {seconds_text(longest)} at most, the broker's word {seconds_text(waits['answer_s'])}"
    )
    typer.echo(f"State       {document['state']}; {len(document['states'])} changes")
    for one in document["findings"]:
        typer.echo(f"{MARKS[one['severity']]} {one['time']} {one['code']}: {one['text']}".replace("  ", " "))
    if not document["findings"]:
        typer.echo("Findings    none")
    _fills(document)


def _strategies(document: dict[str, Any]) -> None:
    from framework.cli.tables import new_table, print_table
    from framework.types.rupees import rupees

    table = new_table()
    table.add_column("strategy", no_wrap=True)
    for heading in ("orders", "fills", "refused", "trips", "won", "charges", "net", "equity"):
        table.add_column(heading, justify="right", no_wrap=True)
    whole = {**document, "strategy": "account"}
    whole |= {key: sum(one[key] for one in document["strategies"]) for key in ("refused", "round_trips", "won")}
    for one in [*document["strategies"], whole]:
        counts = [f"{one[key]:,}" for key in ("orders", "fills", "refused", "round_trips", "won")]
        table.add_row(one["strategy"], *counts, *(rupees(one[key]) for key in ("charges", "net", "final_equity")))
    print_table(table)


def _fills(document: dict[str, Any]) -> None:
    from framework.cli.tables import new_table, print_table
    from framework.types.rupees import price_text, rupees

    if not document["fill_rows"]:
        return
    table = new_table()
    for heading in ("time", "strategy", "symbol", "side"):
        table.add_column(heading, no_wrap=True)
    for heading in ("units", "price", "charges", "realised"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("why", no_wrap=True)
    for row in document["fill_rows"][:SHOWN]:
        realised = rupees(row["gross"]) if row["gross"] else ""
        words = (row["time"], row["strategy"], row["symbol"], row["side"], f"{row['quantity']:,}")
        table.add_row(*words, price_text(row["price"]), rupees(row["charges"]), realised, row["reason"])
    print_table(table)
    more = len(document["fill_rows"]) - SHOWN
    if more > 0:
        typer.echo(f"and {more:,} more; --out and --json have all of them")
