"""``tulya parity``: a day of the runner beside the engines, difference by difference."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from framework.cli import DIFFERENCE_EXIT_CODE
from framework.cli.options import AsJson, Database
from framework.errors import ConfigError

if TYPE_CHECKING:
    from framework.live.day_parity import EngineParity

SHOWN = 10
"""Differences that are printed one by one."""


def parity_command(
    day: Annotated[str, typer.Argument(help="Such as 2015-01-05.")],
    deployment: Annotated[
        str, typer.Option("--deployment", help="File of a deployment, or its name in ./deployments.")
    ],
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Compare what the runner did on a day with what the engines do with the very bars that it had.

    Signals, orders with their verdicts, fills and equity are compared one by one. What differs is attributed to a cause
    in rupees (signal, timing, price, quantity, cost, reject, data), and the causes add up to the paisa.

    Exit codes: 0 nothing differs · 1 an error, in one sentence · 4 something differs.

    Examples:
    - tulya parity 2015-01-05 --deployment morning
    - tulya parity 2015-01-05 --deployment deployments/morning.yaml --json
    """
    from framework.config.settings_file import database_path
    from framework.deployments.deployment_file import find_deployment
    from framework.live.day_parity import parity_of_day

    try:
        wanted = date.fromisoformat(day)
    except ValueError as error:
        raise ConfigError(f"day {day!r} is not understood ({error}); write 2015-01-05") from None
    chosen = find_deployment(deployment)
    found = parity_of_day(chosen, database_path(db), wanted)
    document = document_of(chosen.name, wanted, found)
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False, allow_nan=False))
    else:
        show(document, found)
    if document["differences"]:
        raise typer.Exit(DIFFERENCE_EXIT_CODE)


def document_of(name: str, day: date, found: list[EngineParity]) -> dict[str, Any]:
    """The comparison as plain JSON values; money in rupees. The causes are those of the event engine."""
    causes: dict[str, int] = {}
    for one in found:
        if one.engine == "event":
            for cause, paise in one.parity.causes.items():
                causes[cause] = causes.get(cause, 0) + paise
    return {
        "deployment": name,
        "day": day.isoformat(),
        "differences": sum(len(one.parity.differences) for one in found),
        "causes": {cause: paise / 100 for cause, paise in causes.items()},
        "rupees": sum(one.parity.paise for one in found if one.engine == "event") / 100,
        "compared": [
            {
                "strategy": one.strategy,
                "engine": one.engine,
                **{kind: getattr(one.parity, kind)._asdict() for kind in ("signals", "orders", "fills", "equity")},
                "rupees": one.parity.paise / 100,
                "differences": [difference._asdict() for difference in one.parity.differences],
            }
            for one in found
        ],
    }


def show(document: dict[str, Any], found: list[EngineParity]) -> None:
    """The same as a table, and the first differences."""
    from framework.cli.tables import new_table, print_table
    from framework.types.rupees import rupees

    table = new_table()
    for heading in ("strategy", "engine"):
        table.add_column(heading, no_wrap=True)
    for heading in ("signals", "orders", "fills", "equity", "difference"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in found:
        parity = one.parity
        counts = [_counts(parity.signals), _counts(parity.orders), _counts(parity.fills), _counts(parity.equity)]
        table.add_row(one.strategy, one.engine, *counts, rupees(parity.paise / 100))
    typer.echo(f"Parity of {document['deployment']} on {document['day']}: compared, and what differs")
    print_table(table)
    if not document["differences"]:
        typer.echo("No difference.")
        return
    for cause, amount in document["causes"].items():
        typer.echo(f"{cause:<10} {rupees(amount)}")
    every = [(one, difference) for one in found for difference in one.parity.differences]
    for one, difference in every[:SHOWN]:
        typer.echo(
            f"{one.strategy} ({one.engine}) {difference.kind} {difference.symbol}: runner {difference.runner}; "
            f"engine {difference.engine}"
        )
    if len(every) > SHOWN:
        typer.echo(f"and {len(every) - SHOWN} more; --json has all of them")


def _counts(compared: Any) -> str:
    return f"{compared.compared:,}" if not compared.differ else f"{compared.compared:,}, {compared.differ:,} differ"
