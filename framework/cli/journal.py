"""``tulya journal``: what a journal says, whether it is what was written, and whether it still comes out the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from framework.cli import BROKEN_EXIT_CODE, DIFFERENCE_EXIT_CODE, UNFINISHED_EXIT_CODE
from framework.cli.journal_source import Asked, bytes_read, chosen, opened
from framework.cli.options import AsJson, Database
from framework.errors import DataError

if TYPE_CHECKING:
    from framework.cli.journal_source import ShownEntry
    from framework.journal.entries import JournalHeader
    from framework.journal.fold import Folded

app = typer.Typer(
    name="journal",
    help="Journals of runs: show, verify and replay every input of a session.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    epilog="Start with **tulya backtest rsi --symbols SP500 --journal run.journal**, then **tulya journal show "
    "run.journal --acting**.",
)
JournalName = Annotated[str, typer.Argument(metavar="FILE", help="A journal's file, or its name in the database.")]


@app.command("show")
def show_command(
    journal: JournalName,
    start: Annotated[
        str | None, typer.Option("--from", help="First day or moment: 2024-03-01, 2024-03-01T10:15.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="Last day or moment.")] = None,
    entry: Annotated[int | None, typer.Option("--entry", help="One entry in full, by its number.", min=0)] = None,
    acting: Annotated[bool, typer.Option("--acting", help="Only inputs that commands or facts followed.")] = False,
    limit: Annotated[int, typer.Option("--limit", help="At most so many entries.", min=1)] = 40,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """List the entries of a journal: each input, the commands that it led to (→) and the facts (·).

    Days and moments are in the exchange's local time. Every entry is checked against its hash on the way.

    Exit codes: 0 shown · 1 an error, in one sentence · 6 changed after it was written: only what lies before is shown.

    Examples:
    - tulya journal show run.journal --acting --limit 10
    - tulya journal show run.journal --entry 0
    - tulya journal show run.journal --from 2008-10-01 --to 2008-10-31 --json
    """
    from framework.journal.errors import JournalBrokenError

    with opened(journal, db) as (lines, size), bytes_read(size, hidden=as_json) as progress:
        try:
            header, found, more, broken = chosen(lines, Asked(start, end, entry, acting, limit), progress)
        except JournalBrokenError as error:
            _differs(journal, "broken", error, as_json=as_json)
            raise typer.Exit(BROKEN_EXIT_CODE) from None
    if entry is not None and not found and broken is None:
        raise DataError(f"{journal} has no entry {entry}; tulya journal show {journal} lists what it has")
    if as_json:
        shown = {"journal": journal, "entries": [json.loads(text) for text, _ in found], "more": more}
        shown["broken"] = None if broken is None else broken._asdict()
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))
    else:
        _show_entries(found, header, more, one=entry is not None)
        if broken is not None:
            typer.echo(f"Broken      {broken}; nothing from there on is shown")
    if broken is not None:
        raise typer.Exit(BROKEN_EXIT_CODE)


def _show_entries(found: list[ShownEntry], header: JournalHeader, more: int, *, one: bool) -> None:
    from framework.cli.journal_tables import print_entries, print_entry
    from framework.journal.entries import entry_of

    entries = [(entry_of(text), when) for text, when in found]
    if one and entries:
        print_entry(*entries[0], header)
    elif entries:
        print_entries(entries, header, more)
    else:
        typer.echo("No such entries.")


@app.command("verify")
def verify_command(
    journal: JournalName,
    head: Annotated[
        str | None, typer.Option("--head", help="The last hash, as you noted it: it proves the whole journal.")
    ] = None,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Check every hash of a journal: that nothing was changed, taken out or put in after it was written.

    Whoever can rewrite a whole file can also give it new hashes: note the last one (the head) elsewhere.

    Exit codes: 0 whole · 1 an error, in one sentence · 4 another head than --head · 6 changed after it was written ·
    7 sound so far, but the writer did not come to its end.

    Examples:
    - tulya journal verify run.journal
    - tulya journal verify paper --json
    """
    from framework.journal.chain import Walk
    from framework.journal.entries import glance
    from framework.journal.errors import JournalBrokenError

    with opened(journal, db) as (lines, size), bytes_read(size, hidden=as_json) as progress:
        walk, kind = Walk(lines, progress), ""
        try:
            for text in walk:
                kind = glance(text).kind
        except JournalBrokenError:
            kind = ""
    closed, other = kind == "closed", head is not None and head.lower() != walk.head
    if as_json:
        told: dict[str, Any] = {
            "journal": journal,
            "entries": walk.entries,
            "head": walk.head,
            "closed": closed,
            "torn": None if walk.torn is None else walk.torn._asdict(),
            "broken": None if walk.broken is None else walk.broken._asdict(),
        }
        typer.echo(json.dumps(told | ({} if head is None else {"same_head": not other}), indent=2))
    else:
        typer.echo(f"Journal     {journal}")
        typer.echo(f"Entries     {walk.entries:,} sound")
        typer.echo(f"Head        {walk.head}")
        if walk.broken is not None:
            typer.echo(f"Broken      {walk.broken}")
        elif other:
            typer.echo(f"Other head  {head} was expected: entries were added, taken off the end, or all written anew")
        elif walk.torn is not None:
            typer.echo(f"Torn        {walk.torn}")
        else:
            typer.echo("Whole       written to its end" if closed else "Unfinished  the writer did not close it")
    if walk.broken is not None:
        raise typer.Exit(BROKEN_EXIT_CODE)
    if other:
        raise typer.Exit(DIFFERENCE_EXIT_CODE)
    if not closed:
        raise typer.Exit(UNFINISHED_EXIT_CODE)


@app.command("replay")
def replay_command(
    journal: JournalName,
    risk_rules: Annotated[
        list[str] | None,
        typer.Option(
            "--risk-rule", help="A rule of your own that the run had; may be repeated.", metavar="FILE.py:NAME"
        ),
    ] = None,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Fold a journal: hand its inputs to a fresh session, and compare every command and fact with the journal's.

    Stops at the first difference and shows both sides: another rulebook, other code, a changed setting.

    Exit codes: 0 the same to the bit · 1 an error, in one sentence · 4 a difference · 6 changed after it was
    written.

    Example:
    - tulya journal replay run.journal
    """
    from framework.journal.errors import JournalBrokenError, JournalDiffersError
    from framework.journal.fold import fold
    from framework.usercode.find import find_rule

    rules = [find_rule(name)() for name in risk_rules or ()]
    with opened(journal, db) as (lines, size), bytes_read(size, hidden=as_json) as progress:
        try:
            folded = fold(lines, rules, progress=progress)
        except JournalDiffersError as error:
            _differs(journal, "differs", error, as_json=as_json)
            raise typer.Exit(DIFFERENCE_EXIT_CODE) from None
        except JournalBrokenError as error:
            _differs(journal, "broken", error, as_json=as_json)
            raise typer.Exit(BROKEN_EXIT_CODE) from None
    _show_folded(journal, folded, as_json=as_json)


def _differs(journal: str, verdict: str, error: DataError, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"journal": journal, "verdict": verdict, "error": str(error)}, ensure_ascii=False))
    else:
        typer.echo(f"Journal     {journal}\n{verdict.capitalize():<11} {error}")


def _show_folded(journal: str, folded: Folded, *, as_json: bool) -> None:
    from framework.journal.fold import changed_sources
    from framework.types.rupees import rupees

    session, changed = folded.session, changed_sources(folded.header)
    names = [str(instrument) for instrument in session.instruments]
    held = {name: units for name, units in zip(names, session.account.quantity, strict=True) if units}
    if as_json:
        told = {
            "journal": journal,
            "verdict": "same",
            "entries": folded.entries,
            "inputs": folded.inputs,
            "equity": session.equity_paise / 100,
            "positions": held,
            "closed": folded.closed,
            "torn": folded.torn is not None,
            "changed_sources": changed,
            "head": folded.head,
        }
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    typer.echo(f"Journal     {journal}")
    typer.echo(f"Same        {folded.inputs:,} inputs, every command and fact equal to the bit")
    typer.echo(
        f"Ends with   equity {rupees(session.equity_paise / 100)}, "
        + (", ".join(f"{name} {units:+,}" for name, units in held.items()) or "flat")
    )
    if changed:
        typer.echo(f"Changed     since it was written, without an effect here: {', '.join(changed)}")
    if folded.torn is not None:
        typer.echo(f"Torn        {folded.torn}")
    elif not folded.closed:
        typer.echo("Unfinished  the writer did not close it")
    typer.echo(f"Head        {folded.head}")
