"""``tulya new deployment`` and ``tulya deployments``."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from framework.cli.options import AsJson, Database, expand_symbols, parse_pairs
from framework.cli.setting_options import chosen_settings

if TYPE_CHECKING:
    from framework.live.deployment import Deployment

FOLDER = Path("deployments")


def new_deployment_command(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Such as morning; letters, digits, - and _.")],
    strategy: Annotated[
        str, typer.Option("--strategy", help="rsi, module:Class, ./file.py or ./file.py:Class", metavar="STRATEGY")
    ],
    symbols: Annotated[str, typer.Option("--symbols", help="A,B · all · patterns such as 'NSE:*'", metavar="A,B")],
    timeframe: Annotated[str, typer.Option(help="1m, 5m, 1h, 1d, …")] = "1d",
    out: Annotated[
        Path | None, typer.Option("--out", help="File to write; default deployments/NAME.yaml.", metavar="FILE")
    ] = None,
    account: Annotated[str, typer.Option(help="Account; its journal lies beside the market database.")] = "paper",
    parameters: Annotated[
        list[str] | None,
        typer.Option("--set", help="A parameter of the strategy; may be repeated.", metavar="NAME=VALUE"),
    ] = None,
    when_feed_lost: Annotated[
        str, typer.Option(help="hold · cancel_entries · flatten, while no prices come.")
    ] = "cancel_entries",
    when_halted: Annotated[
        str, typer.Option(help="hold · cancel_entries · flatten, when the account is halted.")
    ] = "cancel_entries",
    risk_rules: Annotated[
        list[str] | None,
        typer.Option("--risk-rule", help="A rule of your own; may be repeated.", metavar="FILE.py:NAME"),
    ] = None,
    db: Database = None,
) -> None:
    """Write a deployment with every key explained, ready to be backtested and run, and to be changed.

    No file is overwritten. Further strategies are added in the file.

    Exit codes: 0 written · 1 an error, in one sentence · 2 the command was not understood.

    Examples:
    - tulya new deployment morning --strategy rsi --symbols NSE:ICICIBANK,NSE:SBIN --timeframe 1m
    - tulya new deployment trend --strategy macd --symbols SP500 --set fast=8 --capital 250000 --stop-loss 5%
    """
    from framework.config.settings_file import database_path
    from framework.deployments.template import StrategyChoice, write_deployment
    from framework.market.ceilings import first_ceilings
    from framework.types import Settings, Timeframe
    from framework.usercode.find import find_strategy

    file = out or FOLDER / f"{name}.yaml"
    length = Timeframe.parse(timeframe).name
    chosen = find_strategy(strategy).from_settings(parse_pairs("--set", parameters or ()))
    wanted = expand_symbols(symbols, database_path(db), length)
    settings = Settings.of(**{"capital": 100_000.0, **chosen_settings(context)})
    choice = StrategyChoice(
        strategy, chosen, wanted, length, settings, when_feed_lost, when_halted, tuple(risk_rules or ())
    )
    ceilings = first_ceilings(datetime.now(UTC).date())
    write_deployment(file, name, account, choice, ceilings)
    typer.echo(f"wrote {file}")
    typer.echo(f"try it:  tulya backtest {file}")


def deployments_command(
    folder: Annotated[Path, typer.Option("--dir", help="Folder of the files.", metavar="FOLDER")] = FOLDER,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """List the deployments of a folder: stage, account, strategies, symbols and state.

    A file that cannot be read is named with what is wrong in it, and makes the exit code 1.

    Examples:
    - tulya deployments
    - tulya deployments --dir mine --json
    """
    from framework.config.settings_file import database_path
    from framework.deployments.deployment_file import read_deployments
    from framework.deployments.state import state_of

    found, broken = read_deployments(folder)
    database = database_path(db)
    states = [state_of(one, database) for one in found]
    if as_json:
        document = {
            "deployments": [_as_json(one, state) for one, state in zip(found, states, strict=True)],
            "broken": [{"file": str(one.file), "problems": list(one.problems)} for one in broken],
        }
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        _show(found, states)
        for each in broken:
            for problem in each.problems:
                typer.echo(problem, err=True)
    if broken:
        raise typer.Exit(1)


def _show(found: list[Deployment], states: list[str]) -> None:
    from framework.cli.tables import new_table, print_table, symbols_of

    table = new_table()
    for heading in ("deployment", "stage", "account", "strategies", "symbols", "state", "file"):
        table.add_column(heading, no_wrap=True)
    for one, state in zip(found, states, strict=True):
        strategies = ", ".join(f"{strategy.name} {strategy.timeframe}" for strategy in one.strategies)
        cells = (one.name, one.stage.value, one.account, strategies, symbols_of(one.symbols), state, str(one.file))
        table.add_row(*cells)
    print_table(table)


def _as_json(deployment: Deployment, state: str) -> dict[str, Any]:
    return {
        "name": deployment.name,
        "stage": deployment.stage.value,
        "account": deployment.account,
        "state": state,
        "capital": deployment.capital_paise / 100,
        "file": str(deployment.file),
        "file_sha256": deployment.file_sha256,
        "sha256": deployment.sha256,
        "symbols": list(deployment.symbols),
        "strategies": [
            {
                "name": one.name,
                "session": one.session,
                "strategy": one.strategy,
                "parameters": dict(one.parameters),
                "symbols": list(one.symbols),
                "timeframe": one.timeframe,
                "capital": one.settings.capital,
                "when_feed_lost": one.when_feed_lost.value,
                "when_halted": one.when_halted.value,
                "source_sha256": one.source_sha256,
            }
            for one in deployment.strategies
        ],
    }
