"""A checkpoint is the whole state: handle some inputs, keep, load, handle the rest, and nothing differs."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framework.errors import DataError
from framework.journal.entries import Handled, entry_of
from framework.session import Session, state
from framework.types import Rule
from framework.types.codec import UnknownFormatError
from tests.contract.market import panel_of, settings_of
from tests.journal.sessions import journalled, rules_of
from tests.property.scenarios import scenarios

RANDOM = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def fresh(header, rules):
    return Session(header.instruments, header.settings, style=header.style, rules=rules)


@RANDOM
@given(scenarios(actions=True), st.data())
def test_some_inputs_a_checkpoint_and_the_rest_are_all_inputs(scenario, data):
    _, lines = journalled(scenario)
    entries = [entry_of(line[:-78] + b"}") for line in lines]
    header, inputs = entries[0].body, [one.body.input for one in entries if isinstance(one.body, Handled)]
    cut = data.draw(st.integers(0, len(inputs)))
    first = fresh(header, rules_of(scenario))
    for one in inputs[:cut]:
        first.handle(one)
    text = json.dumps(state.dump(first), allow_nan=False)
    second = fresh(header, rules_of(scenario))
    state.load(second, json.loads(text))
    assert text == json.dumps(state.dump(second), allow_nan=False)
    for one in inputs[cut:]:
        assert repr(first.handle(one)) == repr(second.handle(one))
    assert state.dump(first) == state.dump(second)


def test_a_checkpoint_names_its_version_and_another_one_is_refused():
    session = Session(panel_of([(1, 1, 1, 1)]).instruments, settings_of())
    kept = state.dump(session)
    assert state.VERSION == kept["version"]
    with pytest.raises(UnknownFormatError, match="the checkpoint has version 'old', this version of Tulya reads"):
        state.load(session, kept | {"version": "old"})


def test_an_attribute_that_nobody_named_is_an_error_at_the_first_checkpoint():
    session = Session(panel_of([(1, 1, 1, 1)]).instruments, settings_of())
    session.account.secret = 1
    with pytest.raises(TypeError, match=r"Account differ in secret: name it in ATTRIBUTES\['account'\]"):
        state.dump(session)


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
