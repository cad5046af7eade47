"""Journal of an account as a start finds it: folded, gone on with, or set aside where a replay begins again.

A run by the wall clock only ever goes on. A replay goes on where the days it wants lie after those that are there, and
where the same replay was cut off; asked for days that the journal has already, it sets the journal aside under another
name (nothing is deleted) and begins a new one; a halt of a person's holds in that one too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from framework.errors import ConfigError
from framework.journal.account_entries import RunnerState
from framework.journal.account_restore import restore_account

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from framework.journal.account_entries import AccountHeader
    from framework.journal.account_fold import FoldedAccount
    from framework.types import RiskRule

LASTING = frozenset({"person", "books"})
"""Causes that hold over even where they only reduce."""
SIDE_FILES = ("", "-wal", "-shm")


class ReplayPlan(NamedTuple):
    """Beginning of a replay, by what is there."""

    goes_on: bool
    """The journal is gone on with."""
    resumes: bool
    """The very same replay was cut off: its days go on from the last bar."""


def replay_plan(folded: FoldedAccount, days: Sequence[str], deployment: str) -> ReplayPlan:
    """Plan for a replay of days (``2015-01-05``, rising); ``ConfigError`` where the journal is of real time."""
    latest = folded.run
    if latest is None:
        return ReplayPlan(goes_on=True, resumes=False)
    if not latest.replayed:
        msg = "this account trades by the wall clock; replay into another account (account: in the deployment)"
        raise ConfigError(msg)
    if latest.deployment != deployment:
        return ReplayPlan(goes_on=False, resumes=False)
    if folded.stopped is None and tuple(days) == latest.replayed:
        return ReplayPlan(goes_on=True, resumes=True)
    return ReplayPlan(goes_on=days[0] > latest.replayed[-1], resumes=False)


def held_over(folded: FoldedAccount) -> dict[str, RunnerState]:
    """Causes of a journal that is set aside, with their states, that hold in the next one: a person alone lifts them.

    What heals by itself, and differences from a book that is set aside with it, are over.
    """
    return {cause: state for cause, state in folded.demands.items() if state is RunnerState.HALTED or cause in LASTING}


def set_aside(journal: Path, others: Iterable[Path] = ()) -> Path:
    """Rename a journal, and what belongs to it, to ``….1``, ``….2``, …; returns the journal's new name."""
    number = 1
    while (moved := journal.with_name(f"{journal.name}.{number}")).exists():
        number += 1
    for path in (journal, *others):
        for end in SIDE_FILES:
            file = path.with_name(path.name + end)
            if file.exists():
                file.rename(path.with_name(f"{path.name}.{number}{end}"))
    return moved


def folded_account(
    lines: Iterable[bytes], header: AccountHeader, rules: Mapping[str, Sequence[RiskRule]] | None = None
) -> FoldedAccount:
    """Fold of a journal that must be this account's, from its latest checkpoints on."""
    folded = restore_account(lines, rules)
    if folded.header is not None and folded.header != header:
        theirs = folded.header
        msg = f"the journal is of {theirs.account} ({theirs.stage}), not of {header.account} ({header.stage})"
        raise ConfigError(msg)
    return folded
