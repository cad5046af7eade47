"""State of a deployment: what its account's journal and lock say of it, without asking the runner."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from framework.journal.account_entries import RunnerState
from framework.journal.errors import JournalError
from framework.live.process_lock import held_by
from framework.store.account_files import journal_path, run_folder
from framework.store.journal_reader import JournalReader

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from framework.live.deployment import Deployment

NEVER_RUN, UNREADABLE, CUT_OFF = "never run", "journal unreadable", "cut off"
MARKS = (b'"kind":"run"', b'"kind":"state"', b'"kind":"stopped"')
"""Of entries that are worth reading; the others are a thousand times as many."""


def state_of(deployment: Deployment, database: Path) -> str:
    """State by the account's journal beside a market database.

    ``never run`` · ``active``, ``reduce_only``, ``halted`` … of a process that runs · ``stopped``, with the stricter
    state that the next start will find, ``stopped, halted`` · ``cut off, active`` of a process that died.
    """
    path = journal_path(database, deployment.account)
    if not path.is_file():
        return NEVER_RUN
    try:
        with JournalReader(path) as reader:
            state, ended = _latest(deployment.name, reader.lines())
    except JournalError:
        return UNREADABLE
    if not state:
        return NEVER_RUN
    if ended:
        return str(RunnerState.STOPPED) if state == RunnerState.ACTIVE else f"{RunnerState.STOPPED}, {state}"
    return state if held_by(run_folder(database, deployment.account)) else f"{CUT_OFF}, {state}"


def _latest(deployment: str, lines: Iterable[bytes]) -> tuple[str, bool]:
    """Latest state of this deployment's runs, empty without one; True if its latest run came to its end."""
    state, ended, ours = "", False, False
    for kind, body in _worth_reading(lines):
        if kind == "run":
            ours = body["deployment"] == deployment
            if ours:
                state, ended = str(RunnerState.STARTING), False
        elif ours and kind == "state":
            state = body["after"]
        elif ours:
            state, ended = body["state"], True
    return state, ended


def _worth_reading(lines: Iterable[bytes]) -> Iterable[tuple[str, Any]]:
    for line in lines:
        if any(mark in line for mark in MARKS):
            entry = json.loads(line)
            if entry["kind"] in {"run", "state", "stopped"}:
                yield entry["kind"], entry["body"]
