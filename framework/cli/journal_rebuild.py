"""``tulya journal rebuild``: the tables that follow from the journals of accounts, written anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from framework.cli.options import AsJson, Database
from framework.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framework.live.ledger import AccountLedger


def rebuild_command(
    account: Annotated[
        str | None, typer.Option(help="Account; default every one with a journal beside the database.", metavar="NAME")
    ] = None,
    risk_rules: Annotated[
        list[str] | None,
        typer.Option(
            "--risk-rule",
            help="A rule of your own that the strategies had; default those of the files in ./deployments.",
            metavar="FILE.py:NAME",
        ),
    ] = None,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Write the tables of an account anew from its journal: orders, fills, positions, trades, days, months, risk.

    The journal is the truth and the tables follow from it: for each account all of them are brought to it, or none.
    A second time changes nothing. Every hash, command and fact of the journal is compared on the way.

    Exit codes: 0 written · 1 an error, in one sentence.

    Examples:
    - tulya journal rebuild
    - tulya journal rebuild --account paper --json
    """
    from framework.config.settings_file import database_path
    from framework.live.projections import projections
    from framework.store import open_store
    from framework.store.account_files import accounts, journal_path

    database = database_path(db)
    known = [account] if account is not None else accounts(database)
    if not known:
        raise DataError(f"there is no journal of an account beside {database}; tulya run DEPLOYMENT writes one")
    told = []
    for name in known:
        path = journal_path(database, name)
        ledger = ledger_of(path, name, risk_rules)
        rows = projections(ledger)
        with open_store(database) as store:
            changes = store.rebuild_account(name, rows)
        tables = {table: change._asdict() for table, change in changes.items()}
        told.append({"account": name, "journal": str(path), "entries": ledger.folded.entries, "tables": tables})
    if as_json:
        typer.echo(json.dumps({"accounts": told}, ensure_ascii=False, indent=2))
        return
    for one in told:
        _show(one)


def ledger_of(path: Path, account: str, given: Sequence[str] | None = None) -> AccountLedger:
    """Ledger of an account's journal, with the user's risk rules: those given, else those of its deployments."""
    from framework.live.ledger import read_ledger
    from framework.usercode.find import find_rule

    if given:
        from framework.cli.journal_replay import sessions_with_rules
        from framework.store.journal_reader import JournalReader

        with JournalReader(path) as reader:
            names = list(sessions_with_rules(reader.lines()))
        return read_ledger(path, {name: [find_rule(rule)() for rule in given] for name in names})
    return read_ledger(path, _declared_rules(account))


def _declared_rules(account: str) -> dict[str, list[Any]]:
    from framework.deployments.deployment_file import FOLDER, read_deployments
    from framework.live.deployment import on_account
    from framework.usercode.find import find_rule

    if not FOLDER.is_dir():
        return {}
    found, _ = read_deployments(FOLDER)
    return {
        strategy.session: [find_rule(rule)() for rule in strategy.risk_rules]
        for deployment in found
        for strategy in on_account(deployment, account).strategies
        if strategy.risk_rules
    }


def _show(one: dict[str, Any]) -> None:
    from framework.cli.tables import new_table, print_table

    typer.echo(f"Account {one['account']}, {one['entries']:,} entries of {one['journal']}")
    table = new_table()
    table.add_column("table", no_wrap=True)
    for heading in ("rows", "new", "gone"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, change in one["tables"].items():
        table.add_row(name, f"{change['rows']:,}", f"{change['added']:,}", f"{change['removed']:,}")
    print_table(table)
