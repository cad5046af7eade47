"""``tulya backtest``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from framework.cli import DIFFERENCE_EXIT_CODE, LEAK_EXIT_CODE
from framework.cli.options import AsJson, Database, expand_symbols, parse_pairs, parse_rate

if TYPE_CHECKING:
    from framework.report.result import Result
    from framework.types import RiskRule

MONEY, ORDERS, EXITS, RISK, OUTPUT = "Money", "Orders", "Protective exits", "Risk", "Output"
ENGINE = "Engine"


def _option(*names: str, text: str, panel: str, metavar: str | None = None) -> Any:
    return typer.Option(*names, help=text, rich_help_panel=panel, metavar=metavar)


def backtest_command(
    strategy: Annotated[str, typer.Argument(help="rsi, module:Class, ./file.py or ./file.py:Class")],
    symbols: Annotated[str, typer.Option("--symbols", help="A,B · all · patterns such as 'NSE:*'", metavar="A,B")],
    start: Annotated[
        str | None,
        typer.Option("--from", help="First day decided on; earlier bars still feed the indicators.", metavar="DATE"),
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="Last day.", metavar="DATE")] = None,
    timeframe: Annotated[str, typer.Option(help="1m, 5m, 1h, 1d, …")] = "1d",
    parameters: Annotated[
        list[str] | None,
        typer.Option("--set", help="A parameter of the strategy; may be repeated.", metavar="NAME=VALUE"),
    ] = None,
    db: Database = None,
    adjust: Annotated[
        str | None,
        _option(
            "--adjust", text="Prices the strategy sees: none · splits · total (dividends too) \\[splits]", panel=ORDERS
        ),
    ] = None,
    capital: Annotated[float | None, _option("--capital", text="Rupees at the start. \\[100000]", panel=MONEY)] = None,
    sizing: Annotated[
        str | None,
        _option(
            "--sizing",
            text="fixed:10 · value:50000 · equity:95% · risk:1% · volatility:15% · kelly:50% · equal_risk:95% · "
            "margin:90% \\[equity:95%]",
            panel=MONEY,
        ),
    ] = None,
    volatility_bars: Annotated[
        int | None,
        _option("--volatility-bars", text="Returns behind volatility and equal_risk sizing. \\[20]", panel=MONEY),
    ] = None,
    kelly_cap: Annotated[
        str | None, _option("--kelly-cap", text="Greatest fraction of kelly sizing. \\[25%]", panel=MONEY)
    ] = None,
    kelly_after: Annotated[
        int | None, _option("--kelly-after", text="Round trips before kelly sizing begins. \\[20]", panel=MONEY)
    ] = None,
    kelly_start: Annotated[
        str | None, _option("--kelly-start", text="Fraction of equity until then. \\[10%]", panel=MONEY)
    ] = None,
    allotment: Annotated[
        float | None,
        _option("--allotment", text="Share of equity per instrument. \\[1 / instruments]", panel=MONEY),
    ] = None,
    charges: Annotated[
        str | None,
        _option("--charges", text="none · percent:0.1 · flat:20 · upstox:CNC (by law) \\[none]", panel=MONEY),
    ] = None,
    product: Annotated[
        str | None,
        _option("--product", text="CNC · MIS (intraday) · NRML \\[the product of the charges]", panel=ORDERS),
    ] = None,
    square_off: Annotated[
        str | None, _option("--square-off", text="MIS: 15:15 · 20m before the close \\[by the calendar]", panel=ORDERS)
    ] = None,
    slippage: Annotated[str | None, _option("--slippage", text="none · bps:5 · ticks:1 \\[none]", panel=MONEY)] = None,
    reuse_proceeds: Annotated[
        bool | None,
        _option(
            "--reuse-proceeds/--no-reuse-proceeds",
            text="Unfilled sales may fund buys. \\[only for allocate()]",
            panel=MONEY,
        ),
    ] = None,
    leverage: Annotated[
        float | None, _option("--leverage", text="allocate(): greatest sum of weights. \\[1]", panel=MONEY)
    ] = None,
    long_margin: Annotated[
        float | None,
        _option(
            "--long-margin", text="Share of a long's value taken of the equity. \\[the product's, or 1]", panel=MONEY
        ),
    ] = None,
    short_margin: Annotated[
        float | None,
        _option("--short-margin", text="Share of a short's value blocked beside its proceeds. \\[same]", panel=MONEY),
    ] = None,
    fill_at: Annotated[
        str | None, _option("--fill-at", text="next_open · same_close (with a warning) \\[next_open]", panel=ORDERS)
    ] = None,
    validity: Annotated[
        str | None, _option("--validity", text="Of limit and stop entries: DAY · GTC \\[DAY]", panel=ORDERS)
    ] = None,
    limit_follow: Annotated[
        bool | None,
        _option("--limit-follow/--no-limit-follow", text="Resting entries take each bar's limit.", panel=ORDERS),
    ] = None,
    protection_bps: Annotated[
        float | None,
        _option("--protection-bps", text="Market orders become limits this far off. \\[0 = none]", panel=ORDERS),
    ] = None,
    volume_cap: Annotated[
        float | None,
        _option("--volume-cap", text="Greatest share of a bar's volume, 0.1 = a tenth. \\[none]", panel=ORDERS),
    ] = None,
    rebalance: Annotated[
        str | None,
        _option("--rebalance", text="allocate(): on_signal · on_change · every_bar · band:5", panel=ORDERS),
    ] = None,
    reenter: Annotated[
        str | None, _option("--reenter", text="After an exit: any_bar · new_signal \\[any_bar]", panel=ORDERS)
    ] = None,
    stop_loss: Annotated[
        str | None, _option("--stop-loss", text="5% or rupees from the average fill", panel=EXITS)
    ] = None,
    take_profit: Annotated[
        str | None, _option("--take-profit", text="10% or rupees from the average fill", panel=EXITS)
    ] = None,
    trail: Annotated[
        str | None, _option("--trail", text="3% or rupees from the best price since the entry", panel=EXITS)
    ] = None,
    time_exit: Annotated[
        int | None, _option("--time-exit", text="Leave at the open of the n-th bar after the entry.", panel=EXITS)
    ] = None,
    exits_from: Annotated[
        str | None, _option("--exits-from", text="entry_bar · next_bar \\[entry_bar]", panel=EXITS)
    ] = None,
    both: Annotated[
        str | None, _option("--both", text="A bar reaches both: stop · target \\[stop]", panel=EXITS)
    ] = None,
    max_order_value: Annotated[float | None, _option("--max-order-value", text="Rupees per order.", panel=RISK)] = None,
    max_position_value: Annotated[
        float | None, _option("--max-position-value", text="Rupees per instrument.", panel=RISK)
    ] = None,
    max_positions: Annotated[
        int | None, _option("--max-positions", text="Instruments held or about to be.", panel=RISK)
    ] = None,
    max_gross_exposure: Annotated[
        str | None,
        _option("--max-gross-exposure", text="150% of equity or rupees, working entries included.", panel=RISK),
    ] = None,
    max_daily_loss: Annotated[
        str | None,
        _option("--max-daily-loss", text="2% or rupees; then reduce only until the next session.", panel=RISK),
    ] = None,
    max_consecutive_losses: Annotated[
        int | None,
        _option("--max-consecutive-losses", text="Round trips; then reduce only until the next session.", panel=RISK),
    ] = None,
    max_drawdown: Annotated[
        str | None, _option("--max-drawdown", text="20% of the highest equity or rupees; then halted.", panel=RISK)
    ] = None,
    breaker_reset: Annotated[
        int | None,
        _option("--breaker-reset", text=r"Sessions after which a halted run goes on. \[none]", panel=RISK),
    ] = None,
    on_trip: Annotated[
        str | None, _option("--on-trip", text=r"What is held when a limit trips: hold · flatten \[hold]", panel=RISK)
    ] = None,
    risk_rules: Annotated[
        list[str] | None,
        _option("--risk-rule", text="A rule of your own; may be repeated.", panel=RISK, metavar="FILE.py:NAME"),
    ] = None,
    causality: Annotated[
        str,
        _option("--causality", text="default (within a second) · all-decisions · every-bar · off", panel=RISK),
    ] = "default",
    engine: Annotated[str, _option("--engine", text="auto · event · compiled · backtrader", panel=ENGINE)] = "auto",
    memory: Annotated[
        str | None,
        _option(
            "--memory",
            text="Of prices and decisions: 2GB, 500MB; more lies on disk. \\[50% of the machine's]",
            panel=ENGINE,
        ),
    ] = None,
    verify: Annotated[
        bool, _option("--verify", text="Also run the other engines and say whether they differ.", panel=ENGINE)
    ] = False,
    risk_free: Annotated[
        str,
        _option("--risk-free", text="Rate a year that Sharpe, Sortino and alpha are measured against.", panel=OUTPUT),
    ] = "0%",
    out: Annotated[
        Path | None, _option("--out", text="Folder for the tearsheet, the fills and the bundle.", panel=OUTPUT)
    ] = None,
    fills: Annotated[Path | None, _option("--fills", text="CSV file for the fills.", panel=OUTPUT)] = None,
    as_json: AsJson = False,
) -> None:
    """Backtest a strategy on stored prices, print the result and keep the run.

    Exit codes: 0 done · 1 an error, said in a sentence · 2 the command was not understood · 3 the strategy sees the
    future · 4 with --verify, another engine comes to something else (after 3 and 4 the result is printed and kept).

    Examples:
    tulya backtest rsi --symbols SP500 --sizing fixed:10 --charges percent:0.1

    tulya backtest rsi --symbols SP500,NASDAQ --set period=10 --stop-loss 5% --take-profit 10% --from 2005-01-01

    tulya backtest ./my_strategy.py:MyStrategy --symbols all --sizing equity:95% --out reports/mine
    """
    from framework.backtest import backtest
    from framework.cli.progress import shown
    from framework.config.settings_file import database_path, load_config
    from framework.report.bundle import refuse_folder
    from framework.run.preflight import refuse_ignored
    from framework.scratch import BoundedSpace
    from framework.types import Settings
    from framework.usercode.find import find_strategy

    config = load_config()
    given = {
        "adjust": adjust, "capital": capital, "sizing": sizing, "volatility_bars": volatility_bars,
        "kelly_cap": kelly_cap, "kelly_after": kelly_after, "kelly_start": kelly_start, "allotment": allotment,
        "charges": charges, "slippage": slippage, "product": product, "square_off": square_off,
        "long_margin": long_margin,
        "reuse_proceeds": reuse_proceeds, "leverage": leverage, "short_margin": short_margin, "fill_at": fill_at,
        "validity": validity, "limit_follow": limit_follow, "protection_bps": protection_bps,
        "volume_cap": volume_cap, "rebalance": rebalance, "reenter": reenter, "stop_loss": stop_loss,
        "take_profit": take_profit, "trail": trail, "time_exit": time_exit, "active_from": exits_from, "both": both,
        "max_order_value": max_order_value, "max_position_value": max_position_value,
        "max_positions": max_positions, "max_gross_exposure": max_gross_exposure, "max_daily_loss": max_daily_loss,
        "max_consecutive_losses": max_consecutive_losses, "max_drawdown": max_drawdown,
        "breaker_reset": breaker_reset, "on_trip": on_trip,
    }  # fmt: skip
    flags = {name: value for name, value in given.items() if value is not None}
    settings = Settings.of(**{**config.run.model_dump(exclude_unset=True), **flags})
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
            progress=progress,
        )
        if result.without_risk is not None:
            result.without_risk.made()  # it is printed and kept below, where no progress is shown
    if fills is not None:
        result.save_fills(fills)
    _keep(result, path, out.resolve() if out is not None else None)
    if as_json:
        typer.echo(result.to_json())
    else:
        _show(result, out, fills)
    if result.causality.verdict.value == "leak":
        raise typer.Exit(LEAK_EXIT_CODE)
    if result.verification is not None and result.verification.differs:
        raise typer.Exit(DIFFERENCE_EXIT_CODE)


def _rules(names: list[str]) -> list[RiskRule]:
    from framework.usercode.find import find_rule

    return [find_rule(name)() for name in names]


def _keep(result: Result, db: Path, out: Path | None) -> None:
    """Keep the run: its bundle beside the database, its row in it; with ``out`` also the tearsheet there."""
    from framework.run.history import keep

    keep(result, db)
    if out is not None:
        result.save(out)
        result.report(out / "tearsheet.html")


def _show(result: Result, out: Path | None, fills: Path | None) -> None:
    typer.echo(str(result))
    typer.echo()
    typer.echo(f"Run         {result.run_id}")
    if fills is not None:
        typer.echo(f"Fills       {fills}")
    if out is not None:
        typer.echo(f"Tearsheet   {out / 'tearsheet.html'}")
    else:
        typer.echo(f"Tearsheet   tulya report {result.run_id}")
