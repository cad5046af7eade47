"""``tulya data imports``, ``undo``, ``delete``, ``rename``, ``merge``: what was imported, and how it is taken back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from framework.cli.control import confirm
from framework.cli.options import AsJson, Database, open_database

if TYPE_CHECKING:
    from framework.store import Store
    from framework.store.history.plan import Plan

Symbol = Annotated[str, typer.Argument(help="Symbol, or EXCHANGE:SYMBOL; :SYMBOL is the one without an exchange.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]


def imports_command(
    symbol: Annotated[str | None, typer.Argument(help="Only what moved bars of this symbol.")] = None,
    last: Annotated[int, typer.Option(help="At most the last N.", min=1)] = 50,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """List the imports: what each brought, changed and refused, and which were taken back.

    Deletions, renames, merges and undos stand among them, each with a number by which it can be taken back.

    Examples:
    - tulya data imports
    - tulya data imports INFY --json
    """
    from framework.cli import data_history

    with open_database(db, create=False) as store:
        found = store.imports(symbol)
    if as_json:
        typer.echo(data_history.imports_json(found[:last]))
    else:
        data_history.show_imports(found[:last], len(found))


def undo_command(
    import_id: Annotated[str, typer.Argument(metavar="IMPORT", help="Number from tulya data imports, or last.")],
    yes: Yes = False,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Take an import back, whole: bars that it brought go, bars that it replaced have their old values again.

    Corporate actions and sessions of a list go the same way. An undo is an import itself and can be undone.
    What a later import changed on top of it has to be taken back first. Bars that a later file had too, and that were
    already stored then, go as well: import that file again.

    Examples:
    - tulya data undo 3
    - tulya data undo last --yes
    """
    with open_database(db, create=False) as store:
        _carry_out(store, store.planned_undo(import_id), yes=yes, as_json=as_json)


def delete_command(
    symbol: Symbol,
    timeframe: Annotated[str | None, typer.Option("--timeframe", "-t", help="Only these bars.")] = None,
    import_id: Annotated[
        str | None,
        typer.Option("--import", metavar="ID", help="Only what this import brought or replaced, as undo does."),
    ] = None,
    yes: Yes = False,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Delete a symbol's bars: all, those of one timeframe, or what one import did to them.

    tulya data undo brings them back, with the number that is printed.

    Examples:
    - tulya data delete INFY
    - tulya data delete NSE:INFY --timeframe 15m --yes
    - tulya data delete INFY --import 3 --yes
    """
    with open_database(db, create=False) as store:
        _carry_out(store, store.planned_deletion(symbol, timeframe, import_id), yes=yes, as_json=as_json)


def rename_command(
    old: Symbol,
    new: Annotated[str, typer.Argument(help="New name; EXCHANGE:SYMBOL puts it on an exchange.")],
    new_exchange: Annotated[bool, typer.Option("--new-exchange", help="An exchange nobody knows is meant.")] = False,
    yes: Yes = False,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Give a symbol another name, with its bars, findings, facts and corporate actions.

    Kept backtests keep the name that they ran with.

    Examples:
    - tulya data rename INFOSYSTCH INFY
    - tulya data rename INFY NSE:INFY --yes
    """
    with open_database(db, create=False) as store:
        _carry_out(store, store.planned_renaming(old, new, new_exchange=new_exchange), yes=yes, as_json=as_json)


def merge_command(
    old: Annotated[str, typer.Argument(help="Symbol whose bars move: NSE:INFOSYSTCH, or :INFY without an exchange.")],
    new: Annotated[str, typer.Argument(help="Symbol that takes them.")],
    replace: Annotated[bool, typer.Option("--replace", help="Where bars differ, take those of the first one.")] = False,
    yes: Yes = False,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Put two symbols that are one share together, under the second name.

    A share lies under two names when one file had no exchange (:INFY) and another had (NSE:INFY), or when it was
    renamed. Bars of both are kept once; where they differ, those of the second name stay.

    Examples:
    - tulya data merge :INFY NSE:INFY
    - tulya data merge NSE:INFOSYSTCH NSE:INFY --yes
    """
    with open_database(db, create=False) as store:
        _carry_out(store, store.planned_merge(old, new, replace=replace), yes=yes, as_json=as_json)


def _carry_out(store: Store, plan: Plan, *, yes: bool, as_json: bool) -> None:
    """Show what changes, ask, do it, and say how it is taken back."""
    from framework.cli import data_history

    if not as_json:
        data_history.show_plan(plan)
    confirm(f"{data_history.sentence(plan)}", plan.work.action, yes=yes)
    import_id = store.carry_out(plan)
    if as_json:
        typer.echo(data_history.plan_json(plan, import_id, Path(store.path)))
    else:
        data_history.show_done(plan, import_id)
