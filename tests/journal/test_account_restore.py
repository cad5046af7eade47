"""A start from the latest checkpoints comes to what a fold from the first entry comes to."""

from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from framework.journal.account_entries import AccountHeader, RequestName, Returned, RunStarted, Sending
from framework.journal.account_fold import fold_account, key_of
from framework.journal.account_restore import restore_account
from framework.journal.chain import Sealer
from framework.journal.entries import Checkpoint, Entry, handled_text
from framework.journal.errors import JournalBrokenError, JournalDiffersError, JournalError
from framework.journal.fold import session_of
from framework.session import state
from framework.types.events import Submit
from tests.journal.sessions import RUNS, inputs_of, journalled, rules_of, sealed_anew
from tests.journal.test_checkpoint import SMALL

RANDOM = settings(
    max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.reuse, Phase.generate)
)
AT = 1_764_560_700_000_000_000


def account_lines(scenarios, seed, checkpoints=0.1, version=state.VERSION):
    """A journal of one session for each scenario, their inputs in a random order, with what an outbox would note."""
    chance, sealer, lines = Random(seed), Sealer(), []

    def note(body):
        lines.append(sealer(Entry(sealer.entries, AT, body).text()).line())

    note(AccountHeader("paper", "paper"))
    note(RunStarted("run-1", "morning", "", {}, ("a", "b")))
    waiting = []
    for name, scenario in zip("ab", scenarios, strict=False):
        header, inputs = inputs_of(journalled(scenario)[1])
        header = header._replace(name=name)
        waiting.append((name, session_of(header, rules_of(scenario)), inputs))
        note(header)
    while waiting:
        name, session, inputs = chance.choice(waiting)
        one = inputs.pop(0)
        outcome = session.handle(one)
        lines.append(sealer(handled_text(sealer.entries, AT, one, *outcome, name)).line())
        for command in outcome.commands:
            _, order_id, request = key_of(name, command)
            tag = command.approved.tag if isinstance(command, Submit) else f"{name}{order_id}"
            if chance.random() < 0.8:
                note(Sending(name, tag, order_id, request, "X", 1))
                if chance.random() < 0.8:
                    note(Returned(name, tag, order_id, request, "accepted", f"B{order_id}"))
        if chance.random() < checkpoints:
            note(Checkpoint(version, state.dump(session), name))
        waiting = [each for each in waiting if each[2]]
    return lines, {name: rules_of(scenario) for name, scenario in zip("ab", scenarios, strict=False)}


def said(account):
    """Everything that an account knows."""
    sessions = {
        name: (one.header, state.dump(one.session), one.inputs, one.last_row, one.fill_ids, one.memory)
        for name, one in account.sessions.items()
    }
    rest = (account.commanded, account.sent, account.broker_ids, account.state, account.run, account.stopped)
    return repr((sessions, rest, account.header, account.entries, account.head, account.at))


@RANDOM
@given(RUNS, RUNS, st.integers(0, 2**32), st.sampled_from([0.0, 0.02, 0.3]))
def test_a_restored_account_is_the_folded_one(first, second, seed, checkpoints):
    lines, rules = account_lines((first, second), seed, checkpoints)
    assert said(fold_account(lines, rules)) == said(restore_account(lines, rules))


def test_requests_that_were_and_were_not_sent_are_known_after_a_restore():
    lines, rules = account_lines((SMALL, SMALL), 3, checkpoints=1.0)
    restored = restore_account(lines, rules)
    assert restored.commanded or restored.sent
    assert said(fold_account(lines, rules)) == said(restored)
    assert (
        RequestName.PLACE in {request for _, _, request in (*restored.commanded, *restored.sent)} or restored.broker_ids
    )


def test_inputs_before_a_checkpoint_are_not_handled_again_and_a_fold_finds_a_false_one():
    lines, rules = account_lines((SMALL, SMALL), 3, checkpoints=1.0)

    def richer(entry):
        if entry["kind"] == "checkpoint":
            entry["body"]["state"]["parts"]["account"]["cash_paise"] += 100

    forged = sealed_anew(lines, richer)
    honest, restored = fold_account(lines, rules), restore_account(forged, rules)
    for name, one in restored.sessions.items():
        assert honest.sessions[name].session.account.cash_paise + 100 == one.session.account.cash_paise
    with pytest.raises(JournalDiffersError, match="checkpoint"):
        fold_account(forged, rules)


def test_a_checkpoint_of_another_version_is_passed_over():
    lines, rules = account_lines((SMALL, SMALL), 3, checkpoints=1.0, version="old")
    whole, _ = account_lines((SMALL, SMALL), 3, checkpoints=0.0)
    restored = restore_account(lines, rules)
    assert {name: state.dump(one.session) for name, one in fold_account(whole, rules).sessions.items()} == {
        name: state.dump(one.session) for name, one in restored.sessions.items()
    }


def test_a_changed_entry_before_the_checkpoint_is_found_too():
    lines, rules = account_lines((SMALL, SMALL), 3, checkpoints=1.0)
    lines[5] = lines[5].replace(b"1", b"2", 1)
    with pytest.raises(JournalBrokenError, match="line 6, entry 5"):
        restore_account(lines, rules)


def test_an_input_of_a_session_without_a_header_is_an_error():
    lines, rules = account_lines((SMALL,), 3)

    def other(entry):
        if entry["kind"] == "input":
            entry["body"]["session"] = "z"

    with pytest.raises(JournalError, match="is of session 'z', which has no header before it"):
        restore_account(sealed_anew(lines, other), rules)
