"""``tulya journal``: what a journal says, whether it is what was written, and whether it still comes out the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from framework.cli import BROKEN_EXIT_CODE, DIFFERENCE_EXIT_CODE, UNFINISHED_EXIT_CODE
from framework.cli.journal_source import Asked, JournalName, bytes_read, chosen, opened
from framework.cli.options import AsJson, Database
from framework.errors import ConfigError, DataError

if TYPE_CHECKING:
    from framework.cli.journal_source import ShownEntry
    from framework.journal.entries import JournalHeader

app = typer.Typer(
    name="journal",
    help="Journals of runs and accounts: show, verify, export and replay every input of a session.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    epilog="Start with **tulya backtest rsi --symbols SP500 --journal run.journal**, then **tulya journal show "
    "run.journal --acting**.",
)
Named = Annotated[
    str | None,
    typer.Argument(metavar="[FILE]", help="A journal's file; without one the account's, which tulya run writes."),
]
Account = Annotated[
    str | None,
    typer.Option(
        help="Account whose journal lies beside the database; default the only one, then paper.", metavar="NAME"
    ),
]
VERDICTS = {
    (False, True): "Whole       written to its end",
    (False, False): "Unfinished  the writer did not close it",
    (True, True): "Whole       so far; the runner stopped in good order",
    (True, False): "Whole       so far; the runner is at work, or it died",
}
"""(journal of an account, ended in good order) → line."""


@app.command("show")
def show_command(
    journal: Named = None,
    start: Annotated[
        str | None, typer.Option("--from", help="First day or moment: 2024-03-01, 2024-03-01T10:15.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="Last day or moment.")] = None,
    entry: Annotated[int | None, typer.Option("--entry", help="One entry in full, by its number.", min=0)] = None,
    acting: Annotated[bool, typer.Option("--acting", help="Only inputs that commands or facts followed.")] = False,
    limit: Annotated[int, typer.Option("--limit", help="At most so many entries.", min=1)] = 40,
    account: Account = None,
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
    from framework.cli.journal_replay import show_difference
    from framework.journal.errors import JournalBrokenError

    with opened(JournalName(journal, account, db)) as source, bytes_read(source.size, hidden=as_json) as progress:
        try:
            headers, found, more, broken = chosen(source, Asked(start, end, entry, acting, limit), progress)
        except JournalBrokenError as error:
            show_difference(source.name, "broken", error, as_json=as_json)
            raise typer.Exit(BROKEN_EXIT_CODE) from None
    if entry is not None and not found and broken is None:
        raise DataError(f"{source.name} has no entry {entry}; tulya journal show {source.name} lists what it has")
    if as_json:
        shown = {"journal": source.name, "entries": [json.loads(text) for text, _ in found], "more": more}
        shown["broken"] = None if broken is None else broken._asdict()
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))
    else:
        _show_entries(found, headers, more, account=bool(source.account), one=entry is not None)
        if broken is not None:
            typer.echo(f"Broken      {broken}; nothing from there on is shown")
    if broken is not None:
        raise typer.Exit(BROKEN_EXIT_CODE)


def _show_entries(
    found: list[ShownEntry], headers: dict[str, JournalHeader], more: int, *, account: bool, one: bool
) -> None:
    from framework.cli.journal_tables import JournalWords, print_entries, print_entry
    from framework.journal.entries import entry_of

    words = JournalWords(headers, account=account)
    entries = [(entry_of(text), when) for text, when in found]
    if one and entries:
        print_entry(*entries[0], words)
    elif entries:
        print_entries(entries, words, more)
    else:
        typer.echo("No such entries.")


@app.command("verify")
def verify_command(
    journal: Named = None,
    head: Annotated[
        str | None, typer.Option("--head", help="The last hash, as you noted it: it proves the whole journal.")
    ] = None,
    account: Account = None,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Check every hash of a journal: that nothing was changed, taken out or put in after it was written.

    Whoever can rewrite a whole file can also give it new hashes: note the last one (the head) elsewhere.

    Exit codes: 0 whole · 1 an error, in one sentence · 4 another head than --head · 6 changed after it was written ·
    7 sound so far, but the writer of a run did not come to its end; an account's journal has none.

    Examples:
    - tulya journal verify run.journal
    - tulya journal verify
    - tulya journal verify --account paper --json
    """
    from framework.journal.chain import Walk
    from framework.journal.entries import glance
    from framework.journal.errors import JournalBrokenError

    with opened(JournalName(journal, account, db)) as source, bytes_read(source.size, hidden=as_json) as progress:
        walk, kind, damage = Walk(source.lines, progress), "", ""
        try:
            for text in walk:
                kind = glance(text).kind
        except JournalBrokenError as error:
            damage = str(error)
    closed, other = kind == ("stopped" if source.account else "closed"), head is not None and head.lower() != walk.head
    if as_json:
        broken = None if walk.broken is None else walk.broken._asdict()
        told: dict[str, Any] = {
            "journal": source.name,
            "entries": walk.entries,
            "head": walk.head,
            "closed": closed and not damage,
            "torn": None if walk.torn is None else walk.torn._asdict(),
            "broken": broken or ({"seq": walk.entries, "why": damage} if damage else None),
        }
        typer.echo(json.dumps(told | ({} if head is None else {"same_head": not other}), indent=2))
    else:
        typer.echo(f"Journal     {source.name}")
        typer.echo(f"Entries     {walk.entries:,} sound")
        typer.echo(f"Head        {walk.head}")
        if damage:
            typer.echo(f"Broken      {damage}")
        elif other:
            typer.echo(f"Other head  {head} was expected: entries were added, taken off the end, or all written anew")
        elif walk.torn is not None:
            typer.echo(f"Torn        {walk.torn}")
        else:
            typer.echo(VERDICTS[bool(source.account), closed])
    if damage:
        raise typer.Exit(BROKEN_EXIT_CODE)
    if other:
        raise typer.Exit(DIFFERENCE_EXIT_CODE)
    if not closed and not source.account:  # an account's goes on for as long as it trades
        raise typer.Exit(UNFINISHED_EXIT_CODE)


@app.command("export")
def export_command(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="New file for the entries, JSON Lines.")],
    journal: Named = None,
    account: Account = None,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Copy a journal into a file of one entry a line (JSON Lines), each checked against its hash.

    The copy has the same hashes: verify and show take it too. Of a journal that is being written it has what was
    committed when the command began to read its end.

    Example:
    - tulya journal export paper-2026-12.journal
    """
    from framework.journal.chain import Sealer, Walk
    from framework.journal.file import JournalFile

    if out.exists():
        raise ConfigError(f"{out} exists; an export replaces nothing, choose another file")
    part = out.with_name(out.name + ".part")
    with opened(JournalName(journal, account, db)) as source, bytes_read(source.size, hidden=as_json) as progress:
        place, sealer = JournalFile(part), Sealer()
        try:
            for text in Walk(source.lines, progress):
                place.append([sealer(text)])
            place.close()
            part.replace(out)
        finally:
            place.close()
            part.unlink(missing_ok=True)
    if as_json:
        told = {"journal": source.name, "out": str(out), "entries": sealer.entries, "head": sealer.head}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        typer.echo(f"{sealer.entries:,} entries of {source.name} are in {out}, head {sealer.head}")


@app.command("backup")
def backup_command(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="New file for the copy.")],
    account: Account = None,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Copy the account's journal as a database, also while the runner writes it.

    The copy is whole or not there. To restore it: stop the runner, move the journal aside, and put the copy in its
    place; the runner then asks the broker about everything since.

    Example:
    - tulya journal backup backups/paper-2026-12-01.sqlite
    """
    from framework.cli.journal_source import journal_of
    from framework.store.journal_reader import JournalReader

    with JournalReader(journal_of(JournalName(None, account, db))) as reader:
        entries, head = reader.backup(out)
    if as_json:
        told = {"journal": str(reader.path), "out": str(out), "entries": entries, "head": head}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        typer.echo(f"{entries:,} entries of {reader.path} are in {out}, head {head}")


@app.command("replay")
def replay_command(
    journal: Named = None,
    risk_rules: Annotated[
        list[str] | None,
        typer.Option(
            "--risk-rule", help="A rule of your own that the run had; may be repeated.", metavar="FILE.py:NAME"
        ),
    ] = None,
    account: Account = None,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Fold a journal: hand its inputs to a fresh session, and compare every command and fact with the journal's.

    Stops at the first difference and shows both sides: another rulebook, other code, a changed setting.

    Exit codes: 0 the same to the bit · 1 an error, in one sentence · 4 a difference · 6 changed after it was
    written.

    Examples:
    - tulya journal replay run.journal
    - tulya journal replay
    """
    from framework.cli.journal_replay import replay, show_difference
    from framework.journal.errors import JournalBrokenError, JournalDiffersError
    from framework.usercode.find import find_rule

    rules = [find_rule(name)() for name in risk_rules or ()]
    with opened(JournalName(journal, account, db)) as source, bytes_read(source.size, hidden=as_json) as progress:
        try:
            replay(source, rules, progress, as_json=as_json)
        except JournalDiffersError as error:
            show_difference(source.name, "differs", error, as_json=as_json)
            raise typer.Exit(DIFFERENCE_EXIT_CODE) from None
        except JournalBrokenError as error:
            show_difference(source.name, "broken", error, as_json=as_json)
            raise typer.Exit(BROKEN_EXIT_CODE) from None
