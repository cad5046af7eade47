"""The compiled engine decides, fills and books like the event engine, to the bit; so does the kernel uncompiled."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.engines import compiled, event
from framework.engines.rows import DecisionArrays
from framework.types import Panel, Record
from tests.property.scenarios import Scenario, scenarios

BY_TARGET = ("signals", "signals", "allocate")
EXAMPLES = 5_000


def both(scenario: Scenario, *, jit: bool) -> tuple[Record, Record]:
    given = {"decisions": scenario.decisions, "style": scenario.style}
    return (
        event.run(scenario.panel, scenario.settings, **given),
        compiled.run(scenario.panel, scenario.settings, **given, compiled=jit),
    )


def assert_identical(expected: Record, actual: Record) -> None:
    """The repr tells NaN from NaN apart from nothing else, and shows every bit of a float."""
    assert [repr(order) for order in expected.orders] == [repr(order) for order in actual.orders]
    assert [repr(fill) for fill in expected.settlements] == [repr(fill) for fill in actual.settlements]
    assert expected.notices == actual.notices
    assert expected.actions == actual.actions
    assert expected.breaker_events == actual.breaker_events
    assert expected.positions == actual.positions
    for name in ("equity_paise", "cash_paise", "exposure_paise"):
        assert getattr(expected, name).tolist() == getattr(actual, name).tolist()


@settings(max_examples=EXAMPLES)
@given(scenarios(styles=BY_TARGET, max_rows=30, actions=True))
def test_compiled_and_event_give_the_same_orders_verdicts_fills_and_equity(scenario: Scenario):
    assert_identical(*both(scenario, jit=True))


@settings(max_examples=300)
@given(scenarios(styles=BY_TARGET, max_rows=30, actions=True))
def test_the_kernel_uncompiled_gives_them_too(scenario: Scenario):
    assert_identical(*both(scenario, jit=False))


@settings(max_examples=600)
@given(scenarios(styles=("signals",), max_rows=160, actions=True), st.integers(0, 2**32 - 1))
def test_stretches_of_quiet_bars_are_passed_over_and_nothing_is_lost(scenario: Scenario, seed: int):
    """One instrument that seldom has a target: the bars in between are skipped, several blocks of them at a time."""
    panel, decisions = scenario.panel, scenario.decisions
    alone = Panel.from_bars([panel.bars_of(0)])
    kept = np.random.default_rng(seed).random(len(alone)) < (0.15, 0.04, 0.01)[seed % 3]
    rows = panel.rows_of(0)
    given_ = [None if grid is None else grid[rows, :1] for grid in decisions]
    given_[0] = np.where(kept[:, None], given_[0], np.nan)
    quiet = replace(scenario, panel=alone, decisions=DecisionArrays(*given_))
    assert_identical(*both(quiet, jit=True))


@settings(max_examples=50)
@given(scenarios(styles=BY_TARGET, max_rows=30, actions=True))
def test_a_run_cut_into_rows_is_the_whole_run(scenario: Scenario):
    """The loop comes up for air now and then; where it does changes nothing."""
    whole = compiled.run(scenario.panel, scenario.settings, decisions=scenario.decisions, style=scenario.style)
    told: list[int] = []
    again = compiled.run(
        scenario.panel, scenario.settings, decisions=scenario.decisions, style=scenario.style, progress=told.append
    )
    assert_identical(whole, again)
    assert len(scenario.panel) == told[-1]


@pytest.mark.parametrize("first", [0, 7, 29])
def test_from_and_to_are_the_same_rows(first):
    rng = np.random.default_rng(first)
    from tests.adapters.test_paper import random_panel, random_targets

    panel = random_panel(first, bars=60)
    decisions = random_targets(panel, 1)
    chosen = {"stop_loss": "3%", "trail": "4%", "charges": "percent:0.1"}
    from framework.types import Settings

    settings_ = Settings.of(sizing="equity:50%", capital=float(rng.integers(10_000, 1_000_000)), **chosen)
    expected = event.run(panel, settings_, decisions=decisions, first_row=first, last_row=50)
    actual = compiled.run(panel, settings_, decisions=decisions, first_row=first, last_row=50)
    assert_identical(expected, replace(actual, engine="event"))


def test_growing_past_the_first_room_loses_nothing():
    from framework.types import Settings
    from tests.adapters.test_paper import random_panel

    panel = random_panel(3, bars=3_000, instruments=1)
    target = np.where(np.arange(len(panel)) % 2 == 0, 1.0, -1.0)[:, None]
    decisions = DecisionArrays(target)
    chosen = Settings.of(sizing="fixed:1", capital=1_000_000)
    expected = event.run(panel, chosen, decisions=decisions)
    assert len(expected.orders) > 5_000
    assert_identical(expected, compiled.run(panel, chosen, decisions=decisions))


def test_what_is_full_grows_and_nothing_else():
    """A run that trips its breaker every day fills the notices; its orders need no more room for that."""
    from framework.types import Settings
    from tests.adapters.test_paper import random_panel

    panel = random_panel(3, bars=3_000, instruments=1)
    target = np.where(np.arange(3_000)[:, None] % 7 == 0, 1.0, np.nan)
    chosen = Settings.of(max_daily_loss="0.01%", stop_loss="1%")
    state = compiled.new_state(panel, chosen, 3_000)
    before = {name: getattr(state, name).shape[0] for name in ("orders", "settlements", "notices")}
    state.account["notices"] = before["notices"] - 1
    after = {name: getattr(compiled.with_room(state), name).shape[0] for name in before}
    assert {**before, "notices": 2 * before["notices"]} == after
    assert_identical(
        event.run(panel, chosen, decisions=DecisionArrays(target)),
        replace(compiled.run(panel, chosen, decisions=DecisionArrays(target)), engine="event"),
    )
