"""State = fold(journal): random runs of everything fold to themselves, and whatever differs is found and shown."""

import contextlib
import json

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from framework.engines.rows import DecisionArrays
from framework.errors import InvariantError
from framework.journal.errors import JournalBrokenError, JournalDiffersError, JournalError, JournalVersionError
from framework.journal.fold import difference, fold, session_of
from framework.journal.writer import JournalWriter
from framework.rules import exits, ledger
from framework.session import state
from tests.contract.market import grid, panel_of, settings_of
from tests.journal.sessions import RUNS, Lines, inputs_of, journalled, lied_about, rules_of, sealed_anew
from tests.property.scenarios import Scenario

RANDOM = settings(
    max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.reuse, Phase.generate)
)


@RANDOM
@given(RUNS)
def test_a_run_of_anything_folds_to_itself(scenario):
    record, lines = journalled(scenario)
    folded = fold(lines, rules_of(scenario))
    assert (len(lines), len(lines) - 2, True, None) == (folded.entries, folded.inputs, folded.closed, folded.torn)
    assert int(record.equity_paise[-1]) == folded.session.equity_paise
    assert int(record.cash_paise[-1]) == folded.session.account.cash_paise
    assert record.positions == tuple(folded.session.account.quantity)
    assert json.loads(lines[-1])["sha256"] == folded.head


@RANDOM
@given(RUNS)
def test_every_prefix_of_a_journal_is_a_journal(scenario):
    _, lines = journalled(scenario)
    for entries in {1, len(lines) // 2, len(lines) - 1}:
        folded = fold(lines[:entries], rules_of(scenario))
        assert (entries, False) == (folded.entries, folded.closed)


@RANDOM
@given(RUNS, st.integers(0, 2**32))
def test_a_session_with_a_broker_that_lies_folds_to_itself(scenario, seed):
    _, lines = journalled(scenario)
    header, inputs = inputs_of(lines)
    session, place, told = session_of(header, rules_of(scenario)), Lines(), 0
    writer = JournalWriter(place)
    writer.write(0, header)
    for one in lied_about(inputs, seed):
        with contextlib.suppress(InvariantError):  # nothing has changed, so nothing is written
            outcome = session.handle(one)
            writer.handled(one.moment, one, *outcome)
            told += 1
    folded = fold(place.kept, rules_of(scenario))
    assert (told, writer.head) == (folded.inputs, folded.head)
    assert state.dump(session) == state.dump(folded.session)


# ---------------------------------------------------------------------- one small run, by hand

PRICES = [(100, 101, 99, 100), (100, 104, 99, 103), (103, 104, 97, 98), (98, 99, 90, 91), (91, 93, 90, 92)]
"""Decided at the close of row 0, bought at the open of row 1 at 100; the stop of 5 % at 95 is met in row 3."""


@pytest.fixture
def small():
    panel = panel_of(PRICES)
    return Scenario(panel, settings_of(stop_loss="5%"), "signals", DecisionArrays(grid(panel, [1.0])))


@pytest.fixture
def lines(small):
    return journalled(small)[1]


def entries_of(lines, kind):
    """Numbers of the entries of one class of input."""
    return [seq for seq, line in enumerate(lines) if kind in json.loads(line)["body"].get("input", {})]


def test_the_entries_of_a_run_are_its_inputs_in_their_order(lines):
    kinds = [next(iter(entry["body"].get("input", [entry["kind"]]))) for entry in map(json.loads, lines)]
    bar = ["BarOpens", "BarCloses", "Decided"]
    assert ["header", *bar] == kinds[:4]
    assert ["BarOpens", "Filled"] == [kind for kind in kinds[4:] if kind != "Accepted"][:2]
    assert [5, 5, 5] == [kinds.count(kind) for kind in bar]
    assert ["Decided", "closed"] == kinds[-2:]
    assert list(range(len(lines))) == [json.loads(line)["seq"] for line in lines]


def test_the_header_says_who_wrote_it_and_all_that_a_fold_needs(lines):
    folded = fold(lines)
    header = folded.header
    assert ("test", {"period": 14}, "0" * 64, "signals", "1d") == (
        header.strategy,
        header.parameters,
        header.strategy_sha256,
        header.style,
        header.timeframe,
    )
    assert "rules/exits.py" in header.sources
    assert "session/session.py" in header.sources
    assert settings_of(stop_loss="5%") == header.settings
    assert ["A"] == [one.symbol for one in header.instruments]


def test_a_command_that_this_program_would_not_give_stops_the_fold_and_both_are_shown(lines):
    decided = entries_of(lines, "Decided")[0]

    def change(entry):
        for command in entry["body"].get("commands", []):
            if entry["seq"] == decided:
                command["Submit"]["approved"]["order"]["quantity"] = 11

    with pytest.raises(JournalDiffersError) as caught:
        fold(sealed_anew(lines, change))
    said = str(caught.value)
    assert f"entry {decided} (Decided): command 1 differs at Submit.approved.order.quantity\n" in said
    assert '"quantity":11' in said.splitlines()[1]
    assert '"quantity":10' in said.splitlines()[2]


def test_a_command_too_many_and_one_too_few_are_found(lines):
    decided = entries_of(lines, "Decided")[0]

    def none(entry):
        if entry["seq"] == decided:
            entry["body"]["commands"] = []

    with pytest.raises(
        JournalDiffersError, match=r"command 1 differs\n  journal: nothing more\n  now:     {\"Submit\""
    ):
        fold(sealed_anew(lines, none))

    def twice(entry):
        if entry["seq"] == decided:
            entry["body"]["commands"] *= 2

    with pytest.raises(
        JournalDiffersError, match=r"command 2 differs\n  journal: {\"Submit\".*\n  now:     nothing more"
    ):
        fold(sealed_anew(lines, twice))


def test_a_changed_input_leads_to_other_commands(lines):
    decided = entries_of(lines, "Decided")[0]

    def change(entry):
        if entry["seq"] == decided:
            entry["body"]["input"]["Decided"]["decisions"]["target"] = [-1.0]

    with pytest.raises(JournalDiffersError, match=rf"entry {decided} \(Decided\): command 1 differs at Submit"):
        fold(sealed_anew(lines, change))


def test_a_changed_rulebook_is_found_at_the_first_order_that_it_changes(lines, monkeypatch):
    placed = entries_of(lines, "Filled")[0]
    monkeypatch.setattr(exits, "protective_stop", lambda side, *_others: (95.05, False))
    with pytest.raises(JournalDiffersError) as caught:
        fold(lines)
    assert f"entry {placed} (Filled): command 1 differs at Submit.approved.order.trigger" in str(caught.value)
    assert '"trigger":95.0,' in str(caught.value).splitlines()[1]
    assert '"trigger":95.05,' in str(caught.value).splitlines()[2]


def test_a_changed_rulebook_that_moves_money_only_is_found_in_the_facts(lines, monkeypatch):
    monkeypatch.setattr(ledger, "gross_realised", lambda *_given: -1)
    with pytest.raises(JournalDiffersError, match=r"fact \d differs at Settlement.gross_paise"):
        fold(lines)


def test_files_that_have_changed_since_are_named(lines, monkeypatch):
    def older(entry):
        if entry["kind"] == "header":
            entry["body"]["sources"]["rules/exits.py"] = "0" * 16

    assert fold(sealed_anew(lines, older)).closed  # without an effect here
    monkeypatch.setattr(exits, "protective_stop", lambda side, *_others: (95.05, False))
    with pytest.raises(JournalDiffersError, match=r"changed since it was written: rules/exits\.py"):
        fold(sealed_anew(lines, older))


def test_an_input_that_the_session_refuses_names_its_entry(lines):
    second = entries_of(lines, "Decided")[1]

    def earlier(entry):
        if entry["seq"] == second:
            entry["body"]["input"]["Decided"]["moment"] = 0

    with pytest.raises(JournalDiffersError, match=rf"entry {second}: the session refuses Decided"):
        fold(sealed_anew(lines, earlier))


def test_another_end_is_found(lines):
    def richer(entry):
        if entry["kind"] == "closed":
            entry["body"]["equity_paise"] += 1

    with pytest.raises(JournalDiffersError, match=r"\(closed\): the journal ends with Closed\(equity_paise=\d+"):
        fold(sealed_anew(lines, richer))


def test_a_changed_byte_stops_a_fold_before_anything_follows_from_it(lines):
    changed = [*lines[:5], lines[5].replace(b'"moment":', b'"moment": '), *lines[6:]]
    with pytest.raises(JournalBrokenError, match="line 6, entry 5"):
        fold(changed)


def test_a_torn_last_line_is_left_out_and_told(lines):
    folded = fold([*lines[:-1], lines[-1][:-30]])
    assert (len(lines) - 1, False, len(lines) - 1) == (folded.entries, folded.closed, folded.torn.seq)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda entry: entry.update(format=2), "entry 0 has format 2, this version of Tulya reads 1; update Tulya"),
        (
            lambda entry: entry.update(kind="mark"),
            "entry 0 is of kind 'mark', which this version of Tulya does not know",
        ),
        (lambda entry: entry["body"].update(new=1), "entry 0: the header has 'new'"),
        (lambda entry: entry["body"]["settings"].update(new=1), "entry 0: the settings are not those"),
        (lambda entry: entry["body"].pop("style", None), "entry 0 is not written as this version of Tulya writes one"),
    ],
)
def test_what_a_newer_program_wrote_is_named(lines, change, sentence):
    first = sealed_anew(lines[:1], change)
    with pytest.raises(JournalVersionError, match=sentence):
        fold(first)


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        (lambda ten: [], "the journal has no entry"),
        (lambda ten: [ten[0][:-9]], "the journal has no whole entry: line 1, entry 0"),
        (lambda ten: [*ten, ten[-1]], "a second time"),
    ],
)
def test_what_is_no_journal_is_told_in_words(lines, chosen, sentence):
    with pytest.raises(JournalError, match=sentence):
        fold(chosen(lines))


def test_a_journal_without_its_header_is_no_journal(lines):
    with pytest.raises(JournalError, match="begins with a input entry and not with its header"):
        fold(sealed_anew(lines[1:], lambda entry: None))


def test_rules_of_the_users_own_are_needed_and_named(small):
    strict = Scenario(small.panel, small.settings, small.style, small.decisions, strict=True)
    _, lines = journalled(strict)
    with pytest.raises(JournalError, match="risk rules of the user's own: Grudging; a fold needs the same"):
        fold(lines)
    assert fold(lines, rules_of(strict)).closed


def test_the_first_difference_of_two_values_is_found_by_its_path():
    one = {"a": [1, {"b": 1.0}], "c": "x"}
    assert difference(one, {"a": [1, {"b": 1.0}], "c": "x"}) is None
    assert ("a[1].b", 1.0, 1) == difference(one, {"a": [1, {"b": 1}], "c": "y"})
    assert ("a", [1, {"b": 1.0}], [1]) == difference(one, {"a": [1], "c": "x"})
    assert ("", one, {}) == difference(one, {})
