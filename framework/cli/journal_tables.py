"""Entries of a journal as tables on a terminal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer

from framework.cli.tables import new_table, print_table
from framework.journal.entries import Handled
from framework.journal.wording import Wording
from framework.types import events
from framework.types.rupees import price_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framework.journal.entries import Entry, JournalHeader

PRICES = ("open", "high", "low", "close", "volume")


def print_entries(entries: Sequence[tuple[Entry, int]], header: JournalHeader, more: int) -> None:
    """One line for each entry and its time, below it a line for each command and fact."""
    words, table = Wording(header.instruments, header.timeframe), new_table()
    table.add_column("entry", justify="right", no_wrap=True)
    for heading in ("when", "what", ""):
        table.add_column(heading, no_wrap=True)
    for entry, when in entries:
        table.add_row(str(entry.seq), words.when(when), words.kind(entry.body), words.body(entry.body))
        if isinstance(entry.body, Handled):
            for command in entry.body.commands:
                table.add_row("", "", f"→ {type(command).__name__}", words.say(command))
            for fact in entry.body.facts:
                table.add_row("", "", f"· {type(fact).__name__}", words.say(fact))
    print_table(table)
    if more:
        typer.echo(f"… and {more:,} more; --limit shows more at once, --from and --to choose")


def print_entry(entry: Entry, when: int, header: JournalHeader) -> None:
    """Everything that one entry says."""
    words = Wording(header.instruments, header.timeframe)
    typer.echo(f"Entry       {entry.seq}, {words.kind(entry.body)}\nWhen        {words.when(when)}")
    body = entry.body
    if not isinstance(body, Handled):
        typer.echo(json.dumps(json.loads(entry.text())["body"], ensure_ascii=False, indent=2))
        return
    if isinstance(body.input, events.BarCloses):
        _print_bars(body.input, words, len(header.instruments))
    elif isinstance(body.input, events.Decided):
        _print_decisions(body.input, words, len(header.instruments))
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
