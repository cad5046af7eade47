"""``tulya backtest``: one run, printed and kept."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from framework.cli import DIFFERENCE_EXIT_CODE, LEAK_EXIT_CODE
from framework.cli.account_backtest import AccountOptions, backtest_account, is_deployment_file
from framework.cli.options import AsJson, Database, expand_symbols, parse_pairs, parse_rate
from framework.cli.setting_options import chosen_settings
from framework.cli.shown_page import HINT, open_page

if TYPE_CHECKING:
    from framework.report.result import Result
    from framework.types import RiskRule

RISK, ENGINE, OUTPUT = "Risk", "Engine", "Output"
NO_SYMBOLS = "missing; name at least one, such as --symbols SP500, or all"


def _option(*names: str, text: str, panel: str, metavar: str | None = None) -> Any:
    return typer.Option(*names, help=text, rich_help_panel=panel, metavar=metavar)


def backtest_command(
    context: typer.Context,
    strategy: Annotated[
        str,
        typer.Argument(
            help="rsi, module:Class, ./file.py or ./file.py:Class; or a deployment's file, deployments/morning.yaml"
        ),
    ],
    symbols: Annotated[
        str | None,
        typer.Option("--symbols", help="A,B · all · patterns such as 'NSE:*'; a deployment has its own", metavar="A,B"),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option("--from", help="First day decided on; earlier bars still feed the indicators.", metavar="DATE"),
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="Last day.", metavar="DATE")] = None,
    timeframe: Annotated[str, typer.Option(help="1m, 5m, 1h, 1d, 1w, 1M (a month), …")] = "1d",
    parameters: Annotated[
        list[str] | None,
        typer.Option("--set", help="A parameter of the strategy; may be repeated.", metavar="NAME=VALUE"),
    ] = None,
    db: Database = None,
    risk_rules: Annotated[
        list[str] | None,
        _option("--risk-rule", text="A rule of your own; may be repeated.", panel=RISK, metavar="FILE.py:NAME"),
    ] = None,
    causality: Annotated[
        str,
        _option(
            "--causality",
            text="Check for the future: default (within a second) · all-decisions · every-bar · off.",
            panel=RISK,
        ),
    ] = "default",
    engine: Annotated[str, _option("--engine", text="auto · event · compiled · backtrader", panel=ENGINE)] = "auto",
    memory: Annotated[
        str | None,
        _option(
            "--memory",
            text="Most memory for prices and decisions: 2GB, 500MB; the rest lies on disk. \\[50% of the machine's]",
            panel=ENGINE,
        ),
    ] = None,
    verify: Annotated[
        bool, _option("--verify", text="Also run the other engines and say whether they differ.", panel=ENGINE)
    ] = False,
    risk_free: Annotated[
        str,
        _option("--risk-free", text="Risk-free rate a year, for Sharpe, Sortino and alpha: 6%.", panel=OUTPUT),
    ] = "0%",
    out: Annotated[
        Path | None, _option("--out", text="Folder for the tearsheet, the fills and the bundle.", panel=OUTPUT)
    ] = None,
    quantstats: Annotated[
        bool, _option("--quantstats", text="With --out: quantstats' page too; takes ten seconds.", panel=OUTPUT)
    ] = False,
    opens: Annotated[bool, _option("--open", text="With --out: show the page in the browser.", panel=OUTPUT)] = False,
    fills: Annotated[Path | None, _option("--fills", text="CSV file for the fills.", panel=OUTPUT)] = None,
    journal: Annotated[
        Path | None,
        _option(
            "--journal", text="File for the journal: every input and what followed; see tulya journal.", panel=OUTPUT
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Backtest a strategy on stored prices, print the result and keep the run.

    Exit codes: 0 done · 1 an error, in one sentence · 2 the command was not understood · 3 the strategy sees the
    future · 4 with --verify, another engine comes to something else (after 3 and 4 the result is printed and kept).

    Examples:
    - tulya backtest rsi --symbols SP500 --sizing fixed:10 --charges percent:0.1
    - tulya backtest rsi --symbols SP500,NASDAQ --set period=10 --stop-loss 5% --take-profit 10% --from 2005-01-01
    - tulya backtest ./my_strategy.py:MyStrategy --symbols all --sizing equity:95% --out reports/mine
    - tulya backtest deployments/morning.yaml --from 2015-01-01 --to 2015-12-31
    """
    if out is None:
        _refuse_page(context, {"--quantstats": quantstats, "--open": opens})
    if is_deployment_file(strategy):
        backtest_account(
            context,
            strategy,
            AccountOptions(
                start, end, db, memory, causality, engine, verify, risk_free, out, quantstats, opens, as_json
            ),
        )
        return
    if symbols is None:
        raise typer.BadParameter(NO_SYMBOLS, ctx=context, param_hint="'--symbols'")
    from framework.backtest import backtest
    from framework.cli.progress import shown
    from framework.config.settings_file import database_path, load_config
    from framework.report.bundle import refuse_folder
    from framework.run.preflight import refuse_ignored
    from framework.scratch import BoundedSpace
    from framework.types import Settings
    from framework.usercode.find import find_strategy

    config = load_config()
    flags = chosen_settings(context)
    settings = Settings.of(**config.run_choices(flags))
    chosen = find_strategy(strategy).from_settings(parse_pairs("--set", parameters or ()))
    refuse_ignored(chosen, flags, settings)
    path = database_path(db)
    space = BoundedSpace(memory or config.memory, config.scratch, partial(typer.echo, err=True))
    if out is not None:
        refuse_folder(out)
    with shown(hidden=as_json) as progress:
        result = backtest(
            chosen,
            expand_symbols(symbols, path, timeframe),
            settings=settings,
            start=start,
            end=end,
            timeframe=timeframe,
            db=path,
            memory=space,
            rules=_rules([*config.risk_rules, *(risk_rules or ())]),
            causality=causality,
            risk_free=parse_rate("--risk-free", risk_free),
            engine=engine,
            verify=verify,
            name=strategy,
            journal=journal,
            progress=progress,
        )
        if result.without_risk is not None:
            result.without_risk.made()  # it is printed and kept below, where no progress is shown
    if as_json:
        typer.echo(result.to_json())
    else:
        typer.echo(str(result))
    _keep(result, path, FilesOfRun(out, fills, journal, quantstats, opens), as_json=as_json)
    if result.causality.verdict.value == "leak":
        raise typer.Exit(LEAK_EXIT_CODE)
    if result.verification is not None and result.verification.differs:
        raise typer.Exit(DIFFERENCE_EXIT_CODE)


def _refuse_page(context: typer.Context, asked: dict[str, bool]) -> None:
    """``BadParameter`` for a page that is to be written nowhere."""
    for flag in (flag for flag, given in asked.items() if given):
        msg = f"needs a folder for the page: add --out reports/mine, or later: tulya report last {flag}"
        raise typer.BadParameter(msg, ctx=context, param_hint=f"'{flag}'")


def _rules(names: list[str]) -> list[RiskRule]:
    from framework.usercode.find import find_rule

    return [find_rule(name)() for name in names]


class FilesOfRun(NamedTuple):
    """Files of a run that were asked for."""

    out: Path | None
    fills: Path | None
    journal: Path | None
    quantstats: bool = False
    opens: bool = False


def _keep(result: Result, db: Path, written: FilesOfRun, *, as_json: bool) -> None:
    """Keep the run, write the files, and name both; the result is printed already, whatever goes wrong here."""
    from framework.run.history import kept_or_why

    unkept = kept_or_why(result, db)
    if written.fills is not None:
        result.save_fills(written.fills)
    if written.out is not None:
        out = written.out.resolve()
        result.save(out)
        page = result.report(out / "tearsheet.html", quantstats=written.quantstats)
        if written.opens:
            open_page(page)
    if not as_json:
        _show(result, written, kept=not unkept)
    if unkept:
        typer.echo(f"tulya: {unkept}", err=True)


def _show(result: Result, written: FilesOfRun, *, kept: bool) -> None:
    """Name the run and its files."""
    out, fills, journal = written[:3]
    typer.echo()
    typer.echo(f"Run         {result.run_id}")
    if fills is not None:
        typer.echo(f"Fills       {fills}")
    if journal is not None:
        typer.echo(f"Journal     {journal}, head {result.provenance['journal_head']}")
    if out is not None:
        typer.echo(f"Tearsheet   {out / 'tearsheet.html'}")
        typer.echo(HINT)
    elif kept:
        typer.echo(f"Tearsheet   tulya report {result.run_id}")
