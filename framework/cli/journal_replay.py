"""Replay of a journal on a terminal: of one session, or of an account with all of its sessions."""

from __future__ import annotations

import json
from itertools import tee
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from framework.cli.journal_source import JournalSource
    from framework.errors import DataError
    from framework.journal.account_fold import FoldedAccount
    from framework.journal.entries import JournalHeader
    from framework.journal.fold import Folded
    from framework.session import Session
    from framework.types import RiskRule

    Progress = Callable[[int], None] | None


def replay(source: JournalSource, rules: Sequence[RiskRule], progress: Progress, *, as_json: bool) -> None:
    """Fold a journal and print what it comes to; raises as ``framework.journal.fold.fold`` does."""
    if source.account:
        from framework.journal.account_fold import fold_account

        lines, again = tee(source.lines) if rules else (source.lines, iter(()))
        by_session = dict.fromkeys(sessions_with_rules(again), rules)
        _show_account(source.name, fold_account(_counted(lines, progress), by_session), as_json=as_json)
    else:
        from framework.journal.fold import fold

        _show_session(source.name, fold(source.lines, rules, progress=progress), as_json=as_json)


def sessions_with_rules(lines: Iterable[bytes]) -> Iterator[str]:
    """Sessions whose header names risk rules of the user's own."""
    from framework.journal.chain import Walk
    from framework.journal.entries import entry_of, glance

    for text in Walk(lines):
        if glance(text).kind == "header":
            header: Any = entry_of(text).body
            if header.rules:
                yield header.name


def _counted(lines: Iterator[bytes], progress: Progress) -> Iterator[bytes]:
    for line in lines:
        yield line
        if progress is not None:
            progress(len(line))


def show_difference(journal: str, verdict: str, error: DataError, *, as_json: bool) -> None:
    """The first place where this program answers something else, from both sides."""
    if as_json:
        typer.echo(json.dumps({"journal": journal, "verdict": verdict, "error": str(error)}, ensure_ascii=False))
    else:
        typer.echo(f"Journal     {journal}\n{verdict.capitalize():<11} {error}")


def _outcome(header: JournalHeader, session: Session, inputs: int) -> dict[str, Any]:
    from framework.journal.fold import changed_sources

    names = [str(instrument) for instrument in session.instruments]
    return {
        "inputs": inputs,
        "equity": session.equity_paise / 100,
        "positions": {name: units for name, units in zip(names, session.account.quantity, strict=True) if units},
        "changed_sources": changed_sources(header),
    }


def _line(outcome: dict[str, Any]) -> str:
    from framework.types.rupees import rupees

    held = ", ".join(f"{name} {units:+,}" for name, units in outcome["positions"].items())
    return f"equity {rupees(outcome['equity'])}, {held or 'flat'}"


def _show_session(journal: str, folded: Folded, *, as_json: bool) -> None:
    outcome = _outcome(folded.header, folded.session, folded.inputs)
    changed = outcome["changed_sources"]
    if as_json:
        told = {"journal": journal, "verdict": "same", "entries": folded.entries} | outcome
        told |= {"closed": folded.closed, "torn": folded.torn is not None, "head": folded.head}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    typer.echo(f"Journal     {journal}")
    typer.echo(f"Same        {folded.inputs:,} inputs, every command and fact equal to the bit")
    typer.echo(f"Ends with   {_line(outcome)}")
    if changed:
        typer.echo(f"Changed     since it was written, without an effect here: {', '.join(changed)}")
    if folded.torn is not None:
        typer.echo(f"Torn        {folded.torn}")
    elif not folded.closed:
        typer.echo("Unfinished  the writer did not close it")
    typer.echo(f"Head        {folded.head}")


def _show_account(journal: str, folded: FoldedAccount, *, as_json: bool) -> None:
    sessions = {name: _outcome(one.header, one.session, one.inputs) for name, one in folded.sessions.items()}
    inputs = sum(one["inputs"] for one in sessions.values())
    if as_json:
        told = {
            "journal": journal,
            "verdict": "same",
            "entries": folded.entries,
            "inputs": inputs,
            "state": folded.state.value,
            "sessions": sessions,
            "head": folded.head,
        }
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    typer.echo(f"Journal     {journal}")
    of = f"{len(sessions)} session{'' if len(sessions) == 1 else 's'}"
    typer.echo(f"Same        {inputs:,} inputs of {of}, every command and fact equal to the bit")
    for name, one in sessions.items():
        typer.echo(f"Session     {name}: {_line(one)}")
    changed = sorted({file for one in sessions.values() for file in one["changed_sources"]})
    if changed:
        typer.echo(f"Changed     since it was written, without an effect here: {', '.join(changed)}")
    typer.echo(f"State       {folded.state.value}")
    typer.echo(f"Head        {folded.head}")
