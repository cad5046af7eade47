"""``tulya sweeps``: what was swept, found again."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from framework.cli.options import AsJson, Database
from framework.cli.tables import date_of, new_table, print_table, stat_of, symbols_of

if TYPE_CHECKING:
    from framework.store import SweepInfo

app = typer.Typer(
    name="sweeps", help="Sweeps that were run: list and show them.", no_args_is_help=True, rich_markup_mode="markdown"
)


@app.command("list")
def list_sweeps(
    limit: Annotated[int, typer.Option(help="Newest so many.", min=1)] = 20,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """List the newest sweeps: how many sets each tried, and the best value of its objective.

    Example:
    - tulya sweeps list --limit 5
    """
    from framework.config.settings_file import database_path
    from framework.store import open_store

    with open_store(database_path(db), create=False) as store:
        found = store.sweeps(limit)
    if as_json:
        typer.echo(json.dumps({"sweeps": [_facts(one) for one in found]}, ensure_ascii=False, indent=2))
        return
    if not found:
        typer.echo("No sweeps yet. Start with: tulya sweep rsi --symbols SP500 --set period=5:50:5")
        return
    table = new_table()
    for heading in ("sweep", "strategy", "symbols", "from", "to"):
        table.add_column(heading, no_wrap=True)
    for heading in ("tried", "of"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("objective", no_wrap=True)
    table.add_column("best", justify="right", no_wrap=True)
    table.add_column("when (UTC)", no_wrap=True)
    for one in found:
        row, goal = one.sweep, _goal(one)
        table.add_row(
            row.sweep_id,
            row.strategy,
            symbols_of(row.symbols),
            date_of(row.first_ns),
            date_of(row.last_ns),
            f"{one.tried:,}",
            f"{row.wanted:,}" if row.wanted else "–",
            row.objective,
            stat_of(goal, _best(one)),
            _when(one),
        )
    print_table(table)


@app.command("show")
def show_sweep(
    sweep: Annotated[str, typer.Argument(help="Sweep id, its unique beginning, or last.")],
    objective: Annotated[
        list[str] | None, typer.Option("--objective", help="Judge the same sets by another one.", metavar="NAME")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for results.csv and the plots.")] = None,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Print a sweep again, with every set that was tried in it; nothing is run.

    Examples:
    - tulya sweeps show last
    - tulya sweeps show last --objective Calmar --out reports/sweep
    """
    from framework.cli.sweep import show
    from framework.config.settings_file import database_path
    from framework.sweeps.history import find

    kept = find(sweep, database_path(db))
    show(kept.result.by(*objective) if objective else kept.result, out, as_json=as_json)
    if not as_json and kept.result.tried < kept.row.wanted:
        done = f"{kept.result.tried:,} of {kept.row.wanted:,}"
        typer.echo(f"Interrupted after {done} sets; the same command with --resume {kept.row.sweep_id} goes on")


def _facts(one: SweepInfo) -> dict[str, Any]:
    """A sweep as ``--json`` prints it."""
    row, best = one.sweep, _best(one)
    return {
        "sweep_id": row.sweep_id,
        "strategy": row.strategy,
        "symbols": list(row.symbols),
        "timeframe": row.timeframe,
        "first": date_of(row.first_ns),
        "last": date_of(row.last_ns),
        "tried": one.tried,
        "wanted": row.wanted or None,
        "finished": bool(row.outcome),
        "objectives": row.objective.split(", "),
        "best": best if best is not None and math.isfinite(best) else None,
        "grid": dict(row.grid),
        "settings": dict(row.settings),
        "created": f"{datetime.fromtimestamp(row.created_at, UTC):%Y-%m-%dT%H:%M:%SZ}",
    }


def _goal(one: SweepInfo) -> str:
    return one.sweep.objective.partition(", ")[0]


def _best(one: SweepInfo) -> float | None:
    """Best value of the first objective; None where no set has one."""
    from framework.sweeps.figures import FALLING_IS_BETTER

    value = one.least if _goal(one) in FALLING_IS_BETTER else one.greatest
    return None if math.isnan(value) else value


def _when(one: SweepInfo) -> str:
    return f"{datetime.fromtimestamp(one.sweep.created_at, UTC):%Y-%m-%d %H:%M}"
