"""Entries of a journal as tables on a terminal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer

from framework.cli.tables import new_table, print_table
from framework.journal.entries import Handled, JournalHeader
from framework.journal.wording import Wording
from framework.types import events
from framework.types.rupees import price_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from framework.journal.entries import Body, Entry

PRICES = ("open", "high", "low", "close", "volume")


class JournalWords:
    """Words for a journal of several sessions, each with instruments of its own."""

    def __init__(self, headers: Mapping[str, JournalHeader], *, account: bool) -> None:
        self._words = {name: Wording(one.instruments, one.timeframe) for name, one in headers.items()}
        self._counts = {name: len(one.instruments) for name, one in headers.items()}
        first = next(iter(headers.values()), None)
        self.account = account
        timeframe = "" if first is None or account else first.timeframe
        self.common = Wording(() if first is None else first.instruments, timeframe)
        """Words for what is of no session."""

    def session(self, body: Body) -> str:
        """Session of an entry; empty where it is of none, or of the only one."""
        if not self.account:
            return ""
        return body.name if isinstance(body, JournalHeader) else str(getattr(body, "session", ""))

    def of(self, body: Body) -> Wording:
        """Words for an entry."""
        return self._words.get(self.session(body), self.common)

    def instruments(self, body: Body) -> int:
        """Count of the instruments of an entry's session."""
        return self._counts.get(self.session(body), 0)


def print_entries(entries: Sequence[tuple[Entry, int]], words: JournalWords, more: int) -> None:
    """One line for each entry and its time, below it a line for each command and fact."""
    table = new_table()
    table.add_column("entry", justify="right", no_wrap=True)
    for heading in ("when", *(["session"] if words.account else []), "what", ""):
        table.add_column(heading, no_wrap=True)
    for entry, when in entries:
        said = words.of(entry.body)
        of = [words.session(entry.body)] if words.account else []
        table.add_row(str(entry.seq), words.common.when(when), *of, said.kind(entry.body), said.body(entry.body))
        if isinstance(entry.body, Handled):
            blank = [""] * (2 + len(of))
            for command in entry.body.commands:
                table.add_row(*blank, f"→ {type(command).__name__}", said.say(command))
            for fact in entry.body.facts:
                table.add_row(*blank, f"· {type(fact).__name__}", said.say(fact))
    print_table(table)
    if more:
        typer.echo(f"… and {more:,} more; --limit shows more at once, --from and --to choose")


def print_entry(entry: Entry, when: int, all_words: JournalWords) -> None:
    """Everything that one entry says."""
    body = entry.body
    words, count = all_words.of(body), all_words.instruments(body)
    typer.echo(f"Entry       {entry.seq}, {words.kind(body)}\nWhen        {all_words.common.when(when)}")
    if session := all_words.session(body):
        typer.echo(f"Session     {session}")
    if not isinstance(body, Handled):
        typer.echo(json.dumps(json.loads(entry.text())["body"], ensure_ascii=False, indent=2))
        return
    if isinstance(body.input, events.BarCloses):
        _print_bars(body.input, words, count)
    elif isinstance(body.input, events.Decided):
        _print_decisions(body.input, words, count)
    else:
        typer.echo(f"Says        {words.body(body)}")
    for command in body.commands:
        typer.echo(f"Command     {type(command).__name__} {words.say(command)}")
    for fact in body.facts:
        typer.echo(f"Fact        {type(fact).__name__} {words.say(fact)}")


def _print_bars(closes: events.BarCloses, words: Wording, instruments: int) -> None:
    table = new_table()
    table.add_column("instrument", no_wrap=True)
    for heading in PRICES:
        table.add_column(heading, justify="right", no_wrap=True)
    for i in range(instruments):
        values = [getattr(closes.row, name)[i] for name in PRICES]
        table.add_row(words.name(i), *("–" if value != value else price_text(value) for value in values))  # noqa: PLR0124 - NaN
    print_table(table)


def _print_decisions(decided: events.Decided, words: Wording, instruments: int) -> None:
    if decided.decisions is not None:
        given = {name: column for name, column in decided.decisions._asdict().items() if column is not None}
        table = new_table()
        table.add_column("instrument", no_wrap=True)
        for heading in given:
            table.add_column(heading.replace("_", " "), justify="right", no_wrap=True)
        for i in range(instruments):
            values = [column[i] for column in given.values()]
            table.add_row(words.name(i), *("–" if value != value else price_text(value) for value in values))  # noqa: PLR0124 - NaN
        print_table(table)
    for request in decided.requests:
        typer.echo(f"Request     {words.say(request)}")
