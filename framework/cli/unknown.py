"""``tulya unknown``: orders of which nobody knows what became; ``release`` gives up one that is not to be found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from framework.cli.control import Account, Patience, Yes, confirm, give, place_of
from framework.cli.options import AsJson, Database
from framework.cli.status import Screen, order_row
from framework.live.control import CommandName

if TYPE_CHECKING:
    from framework.live.account_status import OpenOrderStatus

app = typer.Typer(name="unknown", invoke_without_command=True)
ABSENT = "absent"


@app.callback()
def unknown_command(
    context: typer.Context, account: Account = None, db: Database = None, as_json: AsJson = False
) -> None:
    """List the orders of which nobody knows what became: what was tried, what each blocks, what you can do.

    An order that the broker's book has not shown for a minute is absent: it blocks on until you release it.

    Exit codes: 0 listed (an empty list, too) · 1 an error, or no journal.

    Examples:
    - tulya unknown
    - tulya unknown --json
    """
    if context.invoked_subcommand is not None:
        return
    place = place_of(db, account)
    with Screen(place, db) as screen:
        status = screen.status()
        found = [*status.unknown, *status.absent]
        names = screen.names()
        if as_json:
            rows = [{**order_row(one, names), "blocks": blocks(one), "can_do": can_do(one)} for one in found]
            typer.echo(json.dumps({"account": place.account, "unknown": rows}, ensure_ascii=False, indent=2))
            return
        if not found:
            typer.echo(f"No order of account {place.account} is unknown.")
        from framework.cli.status_screen import moment_text

        for one in found:
            asked = f"{one.symbol} {one.quantity:+,} {one.type}, {one.filled:+,} filled"
            typer.echo(f"{one.tag}  {asked}, {one.state} ({one.reason})")
            for step in one.steps:
                typer.echo(f"  {moment_text(step.at)}  {step.text}")
            typer.echo(f"  blocks: {blocks(one)}\n  you can: {can_do(one)}")


@app.command("release")
def release_command(
    tag: Annotated[str, typer.Argument(metavar="TAG", help="Tag of the absent order, as tulya unknown lists it.")],
    yes: Yes = False,
    account: Account = None,
    timeout: Patience = 10.0,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Give up an order that the broker's book does not show: it counts no more, and its strategy may order there again.

    Look for its tag in the broker's app first. If it fills after all, it is booked, told, and the account only reduces.

    Exit codes: 0 released · 1 an error, or no runner · 5 the runner refused · 8 no answer in time.

    Examples:
    - tulya unknown release tabcdefgh00000007
    - tulya unknown release tabcdefgh00000007 --account paper --yes
    """
    place = place_of(db, account)
    confirm(f"Release {tag}: should it be at the broker after all, its strategy orders twice.", place.account, yes=yes)
    give(place, CommandName.RELEASE, {"tag": tag}, timeout, as_json=as_json)


def blocks(order: OpenOrderStatus) -> str:
    """Things that an unknown order holds up."""
    counted = f"it counts at its full {abs(order.quantity):,} units in every limit"
    return f"new orders of its strategy in {order.symbol}; {counted}"


def can_do(order: OpenOrderStatus) -> str:
    """Steps of a person."""
    if order.state == ABSENT:
        return (
            f"look for tag {order.tag} in the broker's app; its book has not shown it for a minute. If it is gone: "
            f"tulya unknown release {order.tag}"
        )
    return (
        f"look for tag {order.tag} in the broker's app. The runner asks for it at each reconciliation and takes what "
        "the broker shows; it is never sent again. To stop meanwhile: tulya reduce"
    )
