"""``tulya halt``, ``resume``, ``reduce``, ``flatten`` and ``stop``: commands to a runner, answered by its journal."""

from __future__ import annotations

import json
import secrets
import time
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from framework.cli import REFUSED_EXIT_CODE, UNANSWERED_EXIT_CODE
from framework.cli.options import AsJson, Database
from framework.errors import ConfigError
from framework.live.control import CommandName

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LOOK_S = 0.05
REFUSED = "refused"

Account = Annotated[
    str | None,
    typer.Option("--account", help="Account; default the only one that has a journal, else paper.", metavar="NAME"),
]
Reason = Annotated[str, typer.Option("--text", help="Reason, for the journal.", metavar="WORDS")]
Patience = Annotated[float, typer.Option("--timeout", help="Seconds to wait for the answer.", min=0.0, metavar="S")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]


class RunPlace(NamedTuple):
    """Place of an account's runner."""

    account: str
    folder: Path
    journal: Path
    runner: str
    """Process that holds the lock, in words; empty without one."""


def place_of(db: Path | None, account: str | None) -> RunPlace:
    """Run folder and journal of an account, and the process that runs it."""
    from framework.config.settings_file import database_path
    from framework.live.process_lock import held_by
    from framework.store.account_files import chosen_account, journal_path, run_folder

    database = database_path(db)
    name = chosen_account(database, account)
    folder = run_folder(database, name)
    return RunPlace(name, folder, journal_path(database, name), held_by(folder))


def halt_command(
    account: Account = None, text: Reason = "", timeout: Patience = 10.0, db: Database = None, as_json: AsJson = False
) -> None:
    """Halt an account: nothing new, until tulya resume. Each strategy does what its deployment declares (when_halted).

    Without a runner the command waits for the next start. The file HALT in the account's run folder does the same.

    Exit codes: 0 halted, or left for the next start · 1 an error · 5 the runner refused · 8 no answer in time.

    Examples:
    - tulya halt
    - tulya halt --account paper --text "news on ICICI" --json
    """
    give(place_of(db, account), CommandName.HALT, {"text": text}, timeout, as_json=as_json, left=True)


def reduce_command(
    account: Account = None, text: Reason = "", timeout: Patience = 10.0, db: Database = None, as_json: AsJson = False
) -> None:
    """Let an account only reduce: entries that rest are taken back, positions and their protection stay.

    Without a runner the command waits for the next start.

    Exit codes: 0 done, or left for the next start · 1 an error · 5 the runner refused · 8 no answer in time.

    Example:
    - tulya reduce --text "lunch"
    """
    give(place_of(db, account), CommandName.REDUCE, {"text": text}, timeout, as_json=as_json, left=True)


def resume_command(
    account: Account = None,
    text: Reason = "",
    yes: Yes = False,
    timeout: Patience = 10.0,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Let an account trade again: halts, trips and the files HALT and KILL are over. Asks for the account's name first.

    Without a runner the command waits for the next start.

    Exit codes: 0 resumed, or left for the next start · 1 an error · 5 the runner refused · 8 no answer in time.

    Examples:
    - tulya resume
    - tulya resume --account paper --yes
    """
    place = place_of(db, account)
    confirm(f"Resume {place.account}: it may open new positions.", place.account, yes=yes)
    give(place, CommandName.RESUME, {"text": text}, timeout, as_json=as_json, left=True)


def flatten_command(
    symbol: Annotated[str | None, typer.Argument(metavar="SYMBOL", help="Instrument; without it all of them.")] = None,
    account: Account = None,
    text: Reason = "",
    timeout: Patience = 10.0,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Leave what an account holds, of one symbol or of all, through its runner; entries that rest are taken back.

    The exits are orders like any others: tulya status shows when they have filled. tulya kill --flatten does it past a
    runner that hangs.

    Exit codes: 0 the exits were ordered · 1 an error, or no runner · 5 the runner refused · 8 no answer in time.

    Examples:
    - tulya flatten
    - tulya flatten NSE:SBIN --json
    """
    arguments = {"text": text, **({"symbol": symbol} if symbol else {})}
    give(place_of(db, account), CommandName.FLATTEN, arguments, timeout, as_json=as_json)


def stop_command(
    account: Account = None, text: Reason = "", timeout: Patience = 10.0, db: Database = None, as_json: AsJson = False
) -> None:
    """End an account's run in good order. What rests at the broker stays there; the next start goes on from it.

    Exit codes: 0 the run ends · 1 an error, or no runner · 5 the runner refused · 8 no answer in time.

    Example:
    - tulya stop
    """
    give(place_of(db, account), CommandName.STOP, {"text": text}, timeout, as_json=as_json)


def confirm(question: str, word: str, *, yes: bool) -> None:
    """Have a person type a word; ``ConfigError`` where nobody can, or something else was typed."""
    if yes:
        return
    import sys

    if not sys.stdin.isatty():
        raise ConfigError(f"{question} Nobody can be asked here; add --yes")
    typed = typer.prompt(f"{question} Type {word} to go on", err=True)
    if typed.strip() != word:
        raise ConfigError(f"{typed.strip()!r} is not {word}: nothing was done")


def give(
    place: RunPlace,
    name: CommandName,
    arguments: Mapping[str, str],
    timeout: float,
    *,
    as_json: bool,
    left: bool = False,
) -> None:
    """Give a command and print its answer; ``left``: without a runner it waits for the next start."""
    from framework.live.control import write_command

    if not place.runner and not left:
        raise ConfigError(f"no runner of account {place.account} lives; {name} needs one (tulya run DEPLOYMENT)")
    given = {key: value for key, value in {"by": "tulya", **arguments}.items() if value}
    answers = JournalAnswers(place.journal)
    ident = write_command(place.folder, name, given, now=time.time_ns(), unique=secrets.token_hex(4))
    answer = answers.wait(ident, timeout) if place.runner else None
    show_answer(place, name, ident, answer, as_json=as_json)
    if answer is None:
        raise typer.Exit(UNANSWERED_EXIT_CODE if place.runner else 0)
    if answer.startswith(REFUSED):
        raise typer.Exit(REFUSED_EXIT_CODE)


def show_answer(place: RunPlace, name: CommandName, ident: str, answer: str | None, *, as_json: bool) -> None:
    """Print what came of a command."""
    if as_json:
        document: dict[str, Any] = {
            "account": place.account,
            "command": str(name),
            "id": ident,
            "runner": place.runner or None,
            "answer": answer,
        }
        typer.echo(json.dumps(document, ensure_ascii=False))
    elif answer is not None:
        typer.echo(f"{name}: {answer}")
    elif place.runner:
        typer.echo(
            f"{name}: {place.runner} has not answered; the command waits for it. A loop that hangs: tulya kill",
            err=True,
        )
    else:
        typer.echo(f"{name}: no runner of account {place.account} lives; its next start obeys it before it trades")


class JournalAnswers:
    """Answers to commands, read from a journal as it is written."""

    def __init__(self, journal: Path) -> None:
        """Entries from now on are looked at; the journal need not be there yet."""
        self._journal = journal
        self._after = self._last()

    def _last(self) -> int:
        from framework.journal.errors import JournalError
        from framework.store.journal_reader import JournalReader

        try:
            with JournalReader(self._journal) as reader:
                return reader.head()[0] - 1
        except JournalError:
            return -1

    def wait(self, ident: str, seconds: float) -> str | None:
        """Answer of the runner to the command of an id; None when none has come in time."""
        until = time.monotonic() + seconds
        while True:
            answer = self._look(ident)
            if answer is not None or time.monotonic() >= until:
                return answer
            time.sleep(LOOK_S)

    def _look(self, ident: str) -> str | None:
        from framework.journal.errors import JournalError
        from framework.store.journal_reader import JournalReader

        mark = json.dumps(ident).encode()
        try:
            with JournalReader(self._journal) as reader:
                while found := reader.after(self._after):
                    for entry in found:
                        self._after = entry.seq
                        if mark in entry.text and (said := json.loads(entry.text))["kind"] == "command":
                            return str(said["body"]["answer"])
        except JournalError:
            return None
        return None
