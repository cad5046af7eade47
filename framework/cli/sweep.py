"""``tulya sweep``: many parameter sets of one strategy, each counted."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from framework.cli import LEAK_EXIT_CODE
from framework.cli.options import AsJson, Database, expand_symbols, parse_pairs, parse_rate
from framework.cli.setting_options import chosen_settings
from framework.errors import ConfigError

if TYPE_CHECKING:
    from framework.sweeps import SweepResult

OUTPUT = "Output"
SETTINGS_HELP = "A setting of a run by its name in the configuration, such as validity=GTC; may be repeated."
OBJECTIVE_HELP = (
    "What makes a set the best: Sharpe, CAGR, Calmar, 'Max. drawdown', …; repeat it for the sets that none beats."
)
STUDY_HELP = "Of --optuna: a study by this name; one that exists is gone on with, also by several processes."
STORAGE_HELP = "Of the study: sqlite:///studies.sqlite, …, or a journal file; by default a file beside the database."
MOST_VALUES = 100_000
"""On one axis; beyond this a step is a mistake."""


def sweep_command(
    context: typer.Context,
    strategy: Annotated[str, typer.Argument(help="rsi, module:Class, ./file.py or ./file.py:Class")],
    symbols: Annotated[str, typer.Option("--symbols", help="A,B · all · patterns such as 'NSE:*'", metavar="A,B")],
    parameters: Annotated[
        list[str] | None,
        typer.Option("--set", help="period=5:50:5 · oversold=20,25,30 · period=14; repeat it.", metavar="NAME=VALUES"),
    ] = None,
    constraint: Annotated[
        str | None, typer.Option("--constraint", help="Only sets for which this holds.", metavar="'fast < slow'")
    ] = None,
    objective: Annotated[
        list[str] | None, typer.Option("--objective", help=OBJECTIVE_HELP, metavar="NAME", show_default="Sharpe")
    ] = None,
    random: Annotated[int | None, typer.Option("--random", help="So many sets of the grid at random.")] = None,
    optuna: Annotated[
        int | None,
        typer.Option("--optuna", help="So many sets in total, each chosen by what was tried before.", metavar="N"),
    ] = None,
    study: Annotated[str | None, typer.Option("--study", help=STUDY_HELP, metavar="NAME")] = None,
    storage: Annotated[str | None, typer.Option("--storage", help=STORAGE_HELP, metavar="ADDRESS|FILE")] = None,
    seed: Annotated[int, typer.Option(help="Of --random and --optuna.")] = 0,
    start: Annotated[
        str | None,
        typer.Option("--from", help="First day decided on; earlier bars still feed the indicators.", metavar="DATE"),
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="Last day.", metavar="DATE")] = None,
    timeframe: Annotated[str, typer.Option(help="1m, 5m, 1h, 1d, 1w, 1M (a month), …")] = "1d",
    db: Database = None,
    choices: Annotated[
        list[str] | None,
        typer.Option("--setting", help=SETTINGS_HELP, metavar="NAME=VALUE"),
    ] = None,
    risk_free: Annotated[str, typer.Option(help="Rate a year, for Sharpe and Sortino.", rich_help_panel=OUTPUT)] = "0%",
    workers: Annotated[int | None, typer.Option(help="Threads. \\[one per processor]", min=1)] = None,
    cluster: Annotated[
        str | None, typer.Option(help="A Dask cluster instead of threads.", metavar="tcp://HOST:PORT|local:N")
    ] = None,
    resume: Annotated[
        str | None,
        typer.Option("--resume", help="Go on with an interrupted sweep: its id, or last.", metavar="SWEEP"),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for results.csv and the plots.", rich_help_panel=OUTPUT)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Try a strategy with many parameter sets, print the best and how much to believe them, and count every one.

    Exit codes: 0 done · 1 an error, in one sentence · 2 the command was not understood · 3 the best set sees the
    future · 130 interrupted (what was finished is kept: go on with --resume).

    Examples:
    - tulya sweep rsi --symbols SP500 --set period=5:50:5 --set oversold=20,25,30
    - tulya sweep rsi --symbols SP500 --set period=5:50 --objective Sharpe --objective "Max. drawdown"
    - tulya sweep macd --symbols all --set fast=5:20 --set slow=20:60:5 --constraint "fast < slow" --random 200 --seed 1
    - tulya sweep rsi --symbols SP500 --set period=2:60 --set oversold=10:45 --optuna 200 --study oversold
    """
    from framework.cli.progress import shown
    from framework.config.settings_file import database_path, load_config
    from framework.run.preflight import refuse_ignored
    from framework.sweeps import sweep
    from framework.types import Settings
    from framework.usercode.find import find_strategy

    config = load_config()
    if config.risk_rules:
        msg = f"a sweep cannot ask risk rules of your own ({', '.join(config.risk_rules)}); sweep without them"
        raise ConfigError(msg)
    if random is not None and optuna is not None:
        msg = f"--random {random} and --optuna {optuna} are two ways to choose the sets; give one of them"
        raise ConfigError(msg)
    given = {**parse_pairs("--setting", choices or ()), **chosen_settings(context)}
    settings = Settings.of(**config.run_choices(given))
    refuse_ignored(find_strategy(strategy).model_construct(), given, settings)
    path = database_path(db)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)  # where that fails, it fails before the work
    begun: list[str] = []
    try:
        with shown(hidden=as_json) as progress:
            result = sweep(
                strategy,
                expand_symbols(symbols, path, timeframe),
                {name: parse_values(name, text) for name, text in parse_pairs("--set", parameters or ()).items()},
                mode="grid" if random is optuna is None else "random" if optuna is None else "optuna",
                samples=random if optuna is None else optuna,
                seed=seed,
                study=study,
                storage=storage,
                constraint=constraint,
                objective=objective or "Sharpe",
                settings=settings,
                start=start,
                end=end,
                timeframe=timeframe,
                risk_free=parse_rate("--risk-free", risk_free),
                workers=workers,
                cluster=cluster,
                db=path,
                resume=resume,
                announce=begun.append,
                progress=progress,
            )
    except (SystemExit, KeyboardInterrupt):
        if begun:
            typer.echo(f"tulya: the same command with --resume {begun[0]} goes on", err=True)
        raise
    show(result, out, as_json=as_json)
    if result.causality is not None and result.causality.verdict.value == "leak":
        raise typer.Exit(LEAK_EXIT_CODE)


def show(result: SweepResult, out: Path | None, *, as_json: bool) -> None:
    """Print a sweep's result, and write its files where a folder is given."""
    written = [] if out is None else result.save(out)
    if as_json:
        typer.echo(result.to_json())
        return
    typer.echo(str(result))
    typer.echo()
    typer.echo(f"Sweep       {result.sweep_id}")
    typer.echo(
        f"Tried       {result.tried:,} sets, {result.tried_ever:,} in all sweeps of this strategy on these symbols"
    )
    for path in written:
        typer.echo(f"Written     {path}")


def parse_values(name: str, text: str) -> list[Any]:
    """``5:50:5`` (both ends included), ``20,25,30`` or a single value; numbers where they are numbers."""
    if ":" not in text:
        return [parse_value(part.strip()) for part in text.split(",") if part.strip()]
    numbers = [parse_value(part.strip()) for part in text.split(":")]
    numeric = [number for number in numbers if isinstance(number, int | float) and not isinstance(number, bool)]
    first, last, step = (*numeric, 1)[:3] if len(numeric) in {2, 3} else (0, 0, 0)
    if len(numeric) != len(numbers) or not step > 0 or not first <= last:
        msg = f"--set {name}={text} is not understood; write first:last:step with a step above 0, such as {name}=5:50:5"
        raise ConfigError(msg)
    count = math.floor((last - first) / step + 1e-9) + 1  # 0.1:0.3:0.1 is three values, whatever binary makes of them
    if count > MOST_VALUES:
        msg = f"--set {name}={text} has {count:,} values, more than {MOST_VALUES:,}; take a coarser step"
        raise ConfigError(msg)
    values = [first + at * step for at in range(count)]
    return [value if isinstance(value, int) else float(f"{value:.12g}") for value in values]


def parse_value(text: str) -> Any:
    """A whole number, a number, true or false, or the text itself."""
    if text.lower() in {"true", "false"}:
        return text.lower() == "true"
    for kind in (int, float):
        try:
            value = kind(text)
        except ValueError:
            continue
        if math.isfinite(value):
            return value
    return text
