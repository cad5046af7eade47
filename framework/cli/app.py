"""Every command by name. Nothing heavy is imported here: ``tulya --help`` answers at once."""

from __future__ import annotations

from typing import Annotated

import typer

from framework.cli import (
    account,
    calendar,
    charges,
    config,
    data,
    instruments,
    journal,
    risk,
    runs,
    service,
    sweeps,
    unknown,
)
from framework.cli.backtest import backtest_command
from framework.cli.control import (
    flatten_command,
    halt_command,
    reduce_command,
    resume_command,
    stop_command,
)
from framework.cli.day import day_command
from framework.cli.deployment import deployments_command, new_deployment_command
from framework.cli.drill import drill_command
from framework.cli.journal_rebuild import rebuild_command
from framework.cli.kill import kill_command
from framework.cli.logs import logs_command
from framework.cli.parity import parity_command
from framework.cli.run import run_command
from framework.cli.setting_options import SettingsCommand
from framework.cli.status import status_command
from framework.cli.strategies import new_app, strategies_command
from framework.cli.sweep import sweep_command
from framework.cli.verify import verify_command
from framework.cli.warmup import warmup_command
from framework.cli.why import why_command, why_not_command
from framework.version import __version__

app = typer.Typer(
    name="tulya",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with **tulya data sample**, then **tulya backtest rsi --symbols SP500 --out reports/rsi**.",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tulya {__version__}")
        raise typer.Exit


@app.callback()
def tulya(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", callback=_show_version, is_eager=True)
    ] = False,
    debug: Annotated[  # taken out of the words before they come here: it may stand anywhere
        bool, typer.Option("--debug", help="Show the traceback of an error; anywhere in a command.")
    ] = False,
) -> None:
    """Write a strategy once; backtest, paper and live then make the same decisions."""


app.add_typer(data.app, name="data")
app.add_typer(instruments.app, name="instruments")
app.add_typer(config.app, name="config")
app.add_typer(charges.app, name="charges")
app.add_typer(calendar.app, name="calendar")
app.command("backtest", cls=SettingsCommand)(backtest_command)
app.command("run")(run_command)
app.add_typer(service.app, name="service")
app.command("logs")(logs_command)
app.command("status")(status_command)
app.add_typer(unknown.app, name="unknown")
app.command("halt")(halt_command)
app.command("reduce")(reduce_command)
app.command("resume")(resume_command)
app.command("flatten")(flatten_command)
app.command("stop")(stop_command)
app.command("kill")(kill_command)
app.command("drill")(drill_command)
app.add_typer(account.app, name="account")
app.command("parity")(parity_command)
app.command("day")(day_command)
app.command("warmup")(warmup_command)
app.command("sweep", cls=SettingsCommand)(sweep_command)
app.add_typer(sweeps.app, name="sweeps")
app.command("strategies")(strategies_command)
new_app.command("deployment", cls=SettingsCommand)(new_deployment_command)
app.add_typer(new_app, name="new")
app.command("deployments")(deployments_command)
app.add_typer(runs.app, name="runs")
journal.app.command("rebuild")(rebuild_command)
app.add_typer(journal.app, name="journal")
app.add_typer(risk.app, name="risk")
app.command("verify")(verify_command)
app.command("report")(runs.report_command)
app.command("why")(why_command)
app.command("why-not")(why_not_command)
