"""The state of a deployment, out of its account's journal and lock."""

import pytest

from framework.deployments.state import state_of
from framework.journal.account_entries import (
    AccountFinding,
    AccountHeader,
    RunnerState,
    RunStarted,
    RunStopped,
    StateChanged,
)
from framework.journal.chain import Sealer
from framework.journal.entries import Entry
from framework.live.process_lock import ProcessLock
from framework.store.account_files import journal_path, run_folder
from framework.store.journal_database import JournalDatabase
from tests.deployments.test_deployment_file import parsed

ACTIVE, REDUCE_ONLY, HALTED = RunnerState.ACTIVE, RunnerState.REDUCE_ONLY, RunnerState.HALTED


def begins(deployment="morning", run="one"):
    return RunStarted(run, deployment, "hash", {}, ("tythgtwycv2g",))


def becomes(state):
    return StateChanged(ACTIVE, state, "person", "a word")


@pytest.fixture
def database(tmp_path):
    return tmp_path / "market.sqlite"


@pytest.fixture
def journal(database):
    """Writer of a journal of these entries after its header."""

    def write(*bodies):
        file = JournalDatabase(journal_path(database, "main"), "main", "paper", free=0)
        file.begin_run("test")
        sealer = Sealer()
        entries = [AccountHeader("main", "paper"), *bodies]
        file.append([sealer(Entry(number, number, body).text()) for number, body in enumerate(entries)])
        file.close()

    return write


def test_without_a_journal_it_has_never_run(database):
    assert "never run" == state_of(parsed(), database)


def test_another_deployments_runs_on_the_account_are_not_its_own(database, journal):
    journal(begins("evening"), becomes(HALTED), RunStopped("one", "halted", HALTED))
    assert "never run" == state_of(parsed(), database)


@pytest.mark.parametrize(
    ("bodies", "state"),
    [
        ((begins(), becomes(ACTIVE), RunStopped("one", "the feed ended", ACTIVE)), "stopped"),
        ((begins(), becomes(HALTED), RunStopped("one", "SIGTERM", HALTED)), "stopped, halted"),
        ((begins(), becomes(HALTED), RunStopped("one", "SIGTERM", HALTED), begins()), "cut off, starting"),
        ((begins(), becomes(ACTIVE), becomes(REDUCE_ONLY)), "cut off, reduce_only"),
        ((begins(), becomes(ACTIVE), begins("evening", "two"), becomes(HALTED)), "cut off, active"),
        ((begins(), becomes(ACTIVE), AccountFinding("odd", '"kind":"state"')), "cut off, active"),
    ],
)
def test_the_state_is_that_of_its_latest_run(database, journal, bodies, state):
    journal(*bodies)
    assert state == state_of(parsed(), database)


def test_a_process_that_holds_the_lock_is_in_the_state_it_wrote_last(database, journal):
    journal(begins(), becomes(REDUCE_ONLY))
    with ProcessLock(run_folder(database, "main"), 0):
        assert "reduce_only" == state_of(parsed(), database)
    assert "cut off, reduce_only" == state_of(parsed(), database)


def test_a_damaged_journal_is_said_to_be_one(database):
    journal_path(database, "main").write_bytes(b"no journal" * 100)
    assert "journal unreadable" == state_of(parsed(), database)
