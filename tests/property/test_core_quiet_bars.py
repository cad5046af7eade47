"""Passing over what a bar does not concern is only a matter of speed: looked at all the same, nothing changes."""

from contextlib import ExitStack
from unittest.mock import patch

from hypothesis import given, settings

from framework.exchange import SimulatedExchange
from framework.session.instrument_state import InstrumentState
from framework.session.intents import Intents
from framework.session.protection import Protection
from tests.parity.test_compiled_equals_event import assert_identical
from tests.property.scenarios import Scenario, Watched, scenarios

ALWAYS = property(lambda _: True, lambda *_: None)


def run_without_passing_over(scenario: Scenario):
    """Every bar is served, every target decided on, every reduction worked out, every position looked after."""
    with ExitStack() as patched:
        for owner, name, answer in (
            (SimulatedExchange, "is_quiet", lambda *_: False),
            (Intents, "_looks_again", ALWAYS),
            (InstrumentState, "only_protected", lambda _: False),
            (Protection, "_follows", ALWAYS),
        ):
            patched.enter_context(patch.object(owner, name, answer, create=True))
        return Watched(scenario).record


@settings(max_examples=500)
@given(scenarios(max_rows=30))
def test_passing_over_quiet_bars_changes_nothing(scenario: Scenario):
    assert_identical(run_without_passing_over(scenario), Watched(scenario).record)
