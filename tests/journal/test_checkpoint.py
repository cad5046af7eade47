"""A checkpoint is the whole state: handle some inputs, keep, load, handle the rest, and nothing differs."""

import json
from enum import Enum

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from framework.engines.rows import DecisionArrays
from framework.errors import DataError
from framework.journal.errors import JournalDiffersError
from framework.journal.fold import fold, restore, session_of
from framework.journal.writer import JournalWriter
from framework.session import Session, state
from framework.session.instrument_state import InstrumentState, WorkingOrder
from framework.types import Rule
from framework.types.codec import UnknownFormatError
from tests.contract.market import NAN, panel_of, settings_of
from tests.journal.sessions import RUNS, Lines, answers_to, inputs_of, journalled, lied_about, rules_of, sealed_anew
from tests.property.scenarios import Scenario

RANDOM = settings(
    max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.reuse, Phase.generate)
)


SMALL = Scenario(
    panel_of([(100, 101, 99, 100), (100, 104, 99, 103), (103, 104, 97, 98), (98, 99, 90, 91), (91, 93, 90, 92)]),
    settings_of(stop_loss="5%"),
    "signals",
    DecisionArrays(np.array([[1.0], [NAN], [NAN], [NAN], [NAN]])),
)


@RANDOM
@given(RUNS, st.integers(0, 2**32), st.booleans(), st.floats(0, 1))
def test_some_inputs_a_checkpoint_and_the_rest_are_all_inputs(scenario, seed, honest, where):
    _, lines = journalled(scenario)
    header, inputs = inputs_of(lines)
    inputs = inputs if honest else lied_about(inputs, seed)
    cut = round(where * len(inputs))
    first = session_of(header, rules_of(scenario))
    before = unnamed(first)
    for one in inputs[:cut]:
        answers_to(first, one)
    text = json.dumps(state.dump(first), allow_nan=False)
    second = session_of(header, rules_of(scenario))
    state.load(second, json.loads(text))
    assert text == json.dumps(state.dump(second), allow_nan=False)
    for one in inputs[cut:]:
        assert answers_to(first, one) == answers_to(second, one)
    assert state.dump(first) == state.dump(second)
    assert before == unnamed(first)  # what a checkpoint does not name never changes


def test_a_checkpoint_names_its_version_and_another_one_is_refused():
    session = Session(panel_of([(1, 1, 1, 1)]).instruments, settings_of())
    kept = state.dump(session)
    assert state.VERSION == kept["version"]
    with pytest.raises(UnknownFormatError, match="the checkpoint has version 'old', this version of Tulya reads"):
        state.load(session, kept | {"version": "old"})


def parts_of(session):
    """Every part that can be reached from a session, under its class name."""
    found, waiting = {}, [session]
    while waiting:
        one = waiting.pop()
        if type(one).__name__ in found or not type(one).__module__.startswith("framework.session."):
            continue
        if isinstance(one, (InstrumentState, WorkingOrder, Enum)):
            continue  # kept whole
        found[type(one).__name__] = one
        waiting += one if isinstance(one, tuple) else [getattr(one, name) for name in attributes_of(one)]
    return found


def attributes_of(one):
    slots = {name for kind in type(one).__mro__ for name in getattr(kind, "__slots__", ())}
    return sorted(slots | set(getattr(one, "__dict__", ())))


def unnamed(session):
    """What no checkpoint keeps: class and attribute → what it is, other parts, methods and second names left out."""
    parts = [(state.reach(session, part), part.names) for part in state.PARTS.values()]
    named = {type(one).__name__: set(names) for one, names in parts}
    kept = {id(getattr(one, name)) for one, names in parts for name in names}
    every = {
        f"{kind}.{name}": getattr(one, name)
        for kind, one in parts_of(session).items()
        for name in attributes_of(one)
        if name not in named.get(kind, ())
    }
    return {
        name: repr(value)
        for name, value in every.items()
        if not (isinstance(value, (list, set, dict)) and id(value) in kept)
        and not callable(value)
        and not isinstance(value, Session)
        and "object at" not in repr(value)
        and "bound method" not in repr(value)
    }


def test_parts_and_attributes_that_are_not_named_are_looked_at():
    session = Session(panel_of([(1, 1, 1, 1)]).instruments, settings_of())
    assert {"Account", "Review", "Sizer", "Protection", "Product"} <= set(parts_of(session))
    assert {"Account.instruments", "Sizer._share", "Product._delivery"} <= set(unnamed(session))
    session.account.forgotten = [1]
    assert "[1]" == unnamed(session)["Account.forgotten"]


def test_a_fold_compares_checkpoints_and_a_restore_begins_at_the_latest():
    _, lines = journalled(SMALL)
    header, inputs = inputs_of(lines)
    session, place = session_of(header), Lines()
    writer = JournalWriter(place)
    writer.write(0, header)
    for number, one in enumerate(inputs):
        writer.handled(one.moment, one, *session.handle(one))
        if number in {5, 9}:
            writer.checkpoint(one.moment, session)
    whole, quick = fold(place.kept), restore(place.kept)
    assert state.dump(whole.session) == state.dump(quick.session)
    assert (len(inputs), len(inputs) - 10) == (whole.inputs, quick.inputs)
    assert whole.head == quick.head == writer.head

    def richer(entry):
        if entry["kind"] == "checkpoint" and entry["seq"] > 8:
            entry["body"]["state"]["parts"]["account"]["cash_paise"] += 1

    with pytest.raises(
        JournalDiffersError, match=r"\(checkpoint\): parts.account.cash_paise is \d+ there, and the fold"
    ):
        fold(sealed_anew(place.kept, richer))

    def older(entry):
        if entry["kind"] == "checkpoint":
            entry["body"]["version"] = "0-old"

    passed_over = restore(sealed_anew(place.kept, older))
    assert (len(inputs), state.dump(whole.session)) == (passed_over.inputs, state.dump(passed_over.session))


class Counting(Rule):
    """Remembers how often it was asked."""

    def __init__(self):
        self.asked = 0


class Keeping(Counting):
    """The same, and can be kept."""

    def dump(self):
        return {"asked": self.asked}

    def load(self, kept):
        self.asked = kept["asked"]


def test_a_rule_that_remembers_must_say_how():
    instruments = panel_of([(1, 1, 1, 1)]).instruments
    with pytest.raises(DataError, match=r"risk rule Counting remembers something; give it dump\(\) and load\(state\)"):
        state.dump(Session(instruments, settings_of(), rules=[Counting()]))
    rule, other = Keeping(), Keeping()
    rule.asked = 7
    state.load(
        Session(instruments, settings_of(), rules=[other]),
        state.dump(Session(instruments, settings_of(), rules=[rule])),
    )
    assert 7 == other.asked
