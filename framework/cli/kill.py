"""``tulya kill``: the kill switch, in a small process of its own that needs no runner that listens."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from framework.cli import UNANSWERED_EXIT_CODE
from framework.cli.options import AsJson, Database, counted
from framework.errors import ConfigError

if TYPE_CHECKING:
    from framework.live.kill_switch import KillReport

CONFIG_FILE, DATABASE = Path("config/trading.yaml"), Path("data/market.sqlite")


def kill_command(
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    flatten: Annotated[bool, typer.Option("--flatten", help="Leave every position, too.")] = False,
    account: Annotated[
        str | None,
        typer.Option("--account", help="Account; default the only one that has a journal, else paper.", metavar="NAME"),
    ] = None,
    seconds: Annotated[
        float, typer.Option("--timeout", help="Seconds until it gives up.", min=0.1, metavar="S")
    ] = 30.0,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Stop an account at once, past its runner: nothing new leaves, its orders are cancelled, positions left if wanted.

    Works while the runner's loop hangs. The file KILL stays in the run folder, through restarts, until tulya resume.
    Flat is said after two reads of the broker's book with nothing in it.

    Exit codes: 0 done and seen twice · 1 an error · 8 something is left, or the broker does not answer.

    Examples:
    - tulya kill --yes
    - tulya kill --yes --flatten --account paper --json
    """
    from framework.live.control import CommandName
    from framework.live.kill_switch import forbid_sending
    from framework.live.process_lock import held_by
    from framework.store.account_files import chosen_account, run_folder

    database = light_database_path(db)
    name = chosen_account(database, account)
    folder = run_folder(database, name)
    if not yes:
        from framework.cli.control import confirm

        confirm(f"Kill {name}: its orders are cancelled{' and its positions left' if flatten else ''}.", name, yes=yes)
    forbid_sending(folder, f"{CommandName.KILL}{' --flatten' if flatten else ''}")
    runner = held_by(folder)
    report = _carried_out(folder, flatten=flatten, seconds=seconds) if runner else None
    if as_json:
        typer.echo(json.dumps(document_of(name, runner, report), ensure_ascii=False))
    else:
        show(name, folder, runner, report, flatten=flatten)
    if report is not None and not report.flat:
        raise typer.Exit(UNANSWERED_EXIT_CODE)


def _carried_out(folder: Path, *, flatten: bool, seconds: float) -> KillReport:
    from adapters.paper.control import PaperControl
    from framework.live.deployment import SESSION_PREFIX
    from framework.live.kill_switch import kill
    from framework.live.process_lock import socket_in

    with socket_in(folder) as path:
        return kill(PaperControl(path), SESSION_PREFIX, flatten=flatten, seconds=seconds)


def light_database_path(flag: Path | None) -> Path:
    """The market database as every command finds it, without the library that checks the whole configuration."""
    if flag is not None:
        return flag
    if named := os.environ.get("TULYA_DB"):
        return Path(named)
    file = Path(os.environ.get("TULYA_CONFIG") or CONFIG_FILE)
    if not file.is_file():
        return DATABASE
    from framework.config.yaml_file import mapping_of, read_text

    try:
        text = mapping_of(read_text(file), file, "database:").get("database")
    except ConfigError as error:
        raise ConfigError(f"{error}; name the database: tulya kill --yes --db FILE") from error
    return Path(os.path.expandvars(str(text))) if text else DATABASE


def document_of(account: str, runner: str, report: KillReport | None) -> dict[str, Any]:
    """The report as ``--json`` prints it."""
    known: dict[str, Any] = {"account": account, "runner": runner or None, "killed": True}
    if report is None:
        return {**known, "flat": None, "seconds": None, "cancelled": [], "fills": [], "orders": [], "positions": []}
    return known | report._asdict()


def show(account: str, folder: Path, runner: str, report: KillReport | None, *, flatten: bool) -> None:
    """The same in words."""
    typer.echo(f"Account {account}: nothing but cancels leaves, until tulya resume ({folder / 'KILL'})")
    if report is None:
        typer.echo(
            "No runner lives, and the paper broker lives in it: what rests there cannot fill. tulya status shows it"
        )
        return
    orders, positions = counted(len(report.cancelled), "order"), counted(len(report.fills), "position")
    typer.echo(f"Cancelled {orders}, left {positions} ({runner})")
    if report.flat:
        seen = "no order of ours and no position" if flatten else "no order of ours"
        typer.echo(f"{'Flat' if flatten else 'Killed'} after {report.seconds:.1f} s: {seen}, seen twice")
    for one in report.orders:
        typer.echo(f"Still in the book: {one['symbol']} {one['quantity']:+,}, tag {one['tag'] or 'none'}")
    for one in report.positions:
        typer.echo(f"Still held: {one['symbol']} {one['quantity']:+,}")
    if report.problem:
        typer.echo(report.problem, err=True)
