"""Halted and limited runs are not passed over wrongly: the kernel against the event engine over long quiet runs."""

from dataclasses import replace

import numpy as np
import pytest

from framework.engines import compiled, event
from framework.engines.long_flat import takes_long_flat
from framework.engines.rows import DecisionArrays
from framework.types import Settings
from tests.adapters.test_paper import random_panel
from tests.parity.test_compiled_equals_event import assert_identical

CHOICES = [
    {"max_drawdown": "3%"},
    {"max_drawdown": "3%", "breaker_reset": 5},
    {"max_drawdown": "3%", "breaker_reset": 1, "on_trip": "flatten"},
    {"max_drawdown": "rs:500", "max_daily_loss": "1%", "breaker_reset": 20},
    {"max_consecutive_losses": 2},
    {"max_consecutive_losses": 1, "on_trip": "flatten", "fill_at": "same_close", "charges": "percent:0.5"},
    {"max_drawdown": "4%", "fill_at": "same_close", "charges": "percent:0.5", "breaker_reset": 3},
    {"max_daily_loss": "1%", "on_trip": "flatten", "fill_at": "same_close", "volume_cap": 0.2},
    {"max_orders_per_day": 1, "breaker_reset": 2},
    {"max_jump": "1%", "restricted": "Z"},
]


@pytest.mark.parametrize("choices", CHOICES, ids=str)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_long_run_with_few_targets_is_the_event_engines(choices, seed):
    panel = random_panel(seed, bars=1_500, instruments=1)
    target = np.full((1_500, 1), np.nan)
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.choice(1_500, 150, replace=False))
    target[rows, 0] = rng.choice([1.0, -1.0, 0.0, 0.5], 150)
    given = {"decisions": DecisionArrays(target)}
    settings = Settings.of(**choices)
    expected = event.run(panel, settings, **given)
    assert_identical(expected, replace(compiled.run(panel, settings, **given), engine="event"))
    assert expected.breaker_events or "max_jump" in choices or "max_orders_per_day" in choices
    assert not takes_long_flat(panel, settings)


def test_a_plain_limit_on_value_still_takes_turns():
    panel = random_panel(1, bars=50, instruments=1)
    gapless = bool((panel.close > 0).all())
    assert gapless == takes_long_flat(panel, Settings.of(max_order_value=5_000.0, max_position_value=9_000.0))
