"""``tulya backtest DEPLOYMENT``: every strategy of a file, as one account."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

from framework.cli import DIFFERENCE_EXIT_CODE, LEAK_EXIT_CODE
from framework.cli.options import parse_rate
from framework.cli.setting_options import chosen_settings
from framework.cli.shown_page import open_page
from framework.errors import ConfigError

if TYPE_CHECKING:
    from framework.report.account_result import AccountResult

LEFT_TO_THE_FILE = {
    "symbols": "--symbols", "timeframe": "--timeframe", "parameters": "--set", "risk_rules": "--risk-rule",
}  # fmt: skip
"""Options of ``tulya backtest`` that a deployment's file answers itself."""
OF_ONE_RUN = {"fills": "--fills", "journal": "--journal"}
"""Options that write one run's file."""


class AccountOptions(NamedTuple):
    """Options that a deployment leaves to the command."""

    start: str | None
    end: str | None
    db: Path | None
    memory: str | None
    causality: str
    engine: str
    verify: bool
    risk_free: str
    out: Path | None
    quantstats: bool
    opens: bool
    as_json: bool


def is_deployment_file(text: str) -> bool:
    """True if the argument of ``tulya backtest`` is a deployment's file and no strategy."""
    return text.lower().endswith((".yaml", ".yml"))


def backtest_account(context: typer.Context, given: str, options: AccountOptions) -> None:
    """Run, keep, print and, with ``out``, write the pages."""
    refuse_contradictions(context, given)
    from framework.cli.progress import shown
    from framework.config.settings_file import load_config
    from framework.deployments.account_backtest import backtest_deployment
    from framework.deployments.deployment_file import read_deployment
    from framework.report.account_pages import refuse_pages, write_pages
    from framework.run.history import kept_or_why
    from framework.scratch import BoundedSpace

    deployment = read_deployment(Path(given))
    config = load_config()
    path = config.database_path(options.db)
    if options.out is not None:
        refuse_pages(options.out, [strategy.name for strategy in deployment.strategies])
    with shown(hidden=options.as_json) as progress:
        result = backtest_deployment(
            deployment,
            db=path,
            start=options.start,
            end=options.end,
            memory=BoundedSpace(options.memory or config.memory, config.scratch, partial(typer.echo, err=True)),
            causality=options.causality,
            engine=options.engine,
            verify=options.verify,
            risk_free=parse_rate("--risk-free", options.risk_free),
            progress=progress,
        )
    typer.echo(json.dumps(result.to_dict(), ensure_ascii=False, allow_nan=False) if options.as_json else str(result))
    unkept = [f"{name} was {why}" for name, run in result.runs.items() if (why := kept_or_why(run, path))]
    index = None
    if options.out is not None:
        index = write_pages(result, options.out.resolve(), quantstats=options.quantstats)
    if not options.as_json:
        _show(result, index)
    for sentence in unkept:
        typer.echo(f"tulya: {sentence}", err=True)
    if index is not None and options.opens:
        open_page(index)
    if any(run.causality.verdict.value == "leak" for run in result.runs.values()):
        raise typer.Exit(LEAK_EXIT_CODE)
    if any(run.verification is not None and run.verification.differs for run in result.runs.values()):
        raise typer.Exit(DIFFERENCE_EXIT_CODE)


def refuse_contradictions(context: typer.Context, file: str) -> None:
    """``ConfigError`` for options that say what the file says already; it is the file that is run."""
    given = {name for name in context.params if _by_hand(context, name)}
    flags = [flag for name, flag in LEFT_TO_THE_FILE.items() if name in given]
    flags += [f"--{name.replace('_', '-')}" for name in chosen_settings(context)]
    if flags:
        raise ConfigError(
            f"{file} says itself what {' and '.join(flags)} would; leave out the option, or edit the file"
        )
    if flags := [flag for name, flag in OF_ONE_RUN.items() if name in given]:
        raise ConfigError(
            f"{' and '.join(flags)} would be of one run, and {file} may have several; with --out each strategy gets "
            "a folder with its fills"
        )


def _by_hand(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _show(result: AccountResult, index: Path | None) -> None:
    typer.echo()
    for name, run in result.runs.items():
        typer.echo(f"Run         {run.run_id}  {name}")
    if index is not None:
        typer.echo(f"Pages       {index}")
    else:
        typer.echo("Tearsheet   tulya report RUN, or --out FOLDER for all of them")
