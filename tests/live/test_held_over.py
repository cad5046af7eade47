"""A replay that begins again sets its journal aside, and what only a person may lift holds in the new one too."""

import pytest

from framework.cli.run import trade_recorded
from framework.journal.account_entries import RunnerState, StateChanged
from framework.journal.account_fold import AccountFold, FoldedAccount
from framework.live.account_journal import held_over
from framework.live.control import CommandName, write_command
from framework.store.account_files import run_folder
from tests.live.market import DAYS
from tests.live.test_changed_sessions import db, deployed

FASTEST = float("inf")
__all__ = ["db"]


def say(db, name, at, **arguments):
    write_command(run_folder(db, "paper"), name, arguments, now=at, unique="a")


def traded(db):
    document = trade_recorded(deployed(db), db, (DAYS[0], DAYS[0]), FASTEST)
    return document["state"], document["fills"]


def test_a_persons_halt_holds_in_a_replay_that_begins_again_until_a_person_resumes(db, capsys):
    say(db, CommandName.HALT, 1, text="news")
    assert ("halted", 0) == traded(db)
    capsys.readouterr()
    assert ("halted", 0) == traded(db)
    said = capsys.readouterr().err
    assert "halted (person)" in said
    assert "tulya resume" in said
    say(db, CommandName.RESUME, 2)
    assert ("active", 1) == traded(db)
    capsys.readouterr()
    assert ("active", 1) == traded(db)
    assert "" == capsys.readouterr().err


@pytest.mark.parametrize(
    ("cause", "demand", "holds"),
    [
        ("person", "reduce_only", True),
        ("kill", "halted", True),
        ("books", "reduce_only", True),
        ("invariant", "halted", True),
        ("feed_silent", "reduce_only", False),
        ("position:NSE:AAA:CNC:+7", "reduce_only", False),  # of books that are set aside as well
    ],
)
def test_what_only_a_person_lifts_holds_over(cause, demand, holds):
    folded = FoldedAccount()
    fold = AccountFold(folded, {})
    fold._changed(StateChanged(RunnerState.ACTIVE, RunnerState(demand), cause, "", demand))
    assert ({cause: RunnerState(demand)} if holds else {}) == held_over(folded)
