"""framework/rules/targets.py: what a decision changes."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.rules import targets

NAN = math.nan


@pytest.mark.parametrize(
    ("target", "intent", "expected"),
    [
        (1.0, 0.0, True),
        (1.0, 1.0, False),
        (0.0, 0.0, False),
        (-1.0, 1.0, True),
        (NAN, 1.0, False),
        (0.5, 0.5000001, True),
    ],
)
def test_a_finite_other_target_is_new(target, intent, expected):
    assert targets.is_new(target, intent) is expected


@pytest.mark.parametrize(
    ("position", "desired", "towards_zero", "expected"),
    [
        (0, 10, False, 10),
        (4, 10, False, 6),
        (-4, -10, False, -6),
        (10, 4, True, -6),
        (-10, -4, True, 6),
        (3, 5, True, 0),  # clipped before: a lower target does not buy
        (-3, -5, True, 0),
        (0, 5, True, 0),
        (10, 0, True, -10),
        (5, 5, True, 0),
    ],
)
def test_what_a_target_changes(position, desired, towards_zero, expected):
    assert targets.change(position, desired, towards_zero) == expected


@given(st.integers(-1000, 1000), st.integers(-1000, 1000))
def test_what_is_to_be_given_back_reduces_and_never_crosses_zero(position, desired):
    back = targets.outstanding_reduction(position, desired)
    after = position + back
    assert abs(after) <= abs(position)
    assert after * position >= 0
    kept = desired if desired * position > 0 else 0
    assert abs(after) == min(abs(position), abs(kept))


@pytest.mark.parametrize(
    ("weight", "position_paise", "equity_paise", "band", "expected"),
    [
        (0.5, 5_000, 10_000, 2.0, False),
        (0.5, 5_201, 10_000, 2.0, True),
        (0.5, 5_199, 10_000, 2.0, False),
        (0.5, 4_799, 10_000, 2.0, True),
        (-0.5, -5_300, 10_000, 2.0, True),
        (0.5, 9_000, 10_000, NAN, False),
        (0.5, 0, 0, 2.0, False),
        (0.5, 0, -5, 2.0, False),
        (1.0, 0, 1, 2.0, True),  # a paisa is equity too
        (0.5, 25, 100, 25.0, False),  # exactly at the band
        (-0.5, -25, 100, 25.0, False),
    ],
)
def test_a_weight_drifts_beyond_its_band(weight, position_paise, equity_paise, band, expected):
    assert targets.drifted(weight, position_paise, equity_paise, band) is expected


@pytest.mark.parametrize(
    ("target", "ignored", "expected"),
    [(1.0, NAN, NAN), (NAN, NAN, NAN), (1.0, 1.0, 1.0), (NAN, 1.0, 1.0), (0.0, 1.0, NAN), (0.5, 1.0, NAN)],
)
def test_a_target_is_ignored_until_another_one_comes(target, ignored, expected):
    assert repr(targets.still_ignored(target, ignored)) == repr(expected)


@pytest.mark.parametrize(
    ("target", "intent", "ignored", "leaving", "rebalance", "expected"),
    [
        (1.0, 0.0, NAN, False, targets.ON_CHANGE, targets.CHANGES),
        (0.0, 1.0, NAN, False, targets.ON_CHANGE, targets.CHANGES),
        (1.0, 0.0, 1.0, False, targets.ON_CHANGE, targets.NOT_NOW),
        (1.0, 0.0, NAN, True, targets.EVERY_BAR, targets.NOT_NOW),
        (1.0, 1.0, NAN, False, targets.ON_CHANGE, targets.KEEPS),
        (NAN, 1.0, NAN, False, targets.ON_SIGNAL, targets.KEEPS),
        (1.0, 1.0, NAN, False, targets.ON_SIGNAL, targets.RESIZES),
        (NAN, 1.0, NAN, False, targets.EVERY_BAR, targets.RESIZES),
        # 300 of 1,000 held, wanted is all of it: 70 points away.
        (NAN, 1.0, NAN, False, targets.BAND, targets.RESIZES),
        (NAN, 0.3, NAN, False, targets.BAND, targets.KEEPS),
    ],
)
def test_what_a_target_means(target, intent, ignored, leaving, rebalance, expected):
    assert targets.meaning(target, intent, ignored, leaving, rebalance, 300, 1_000, 5.0) == expected


@pytest.mark.parametrize(
    ("new_signal", "intent", "ignored", "expected"),
    [(True, 1.0, NAN, 1.0), (True, 0.0, 0.5, 0.5), (False, 1.0, 0.5, 0.5), (True, -1.0, 1.0, -1.0)],
)
def test_with_new_signal_a_forced_exit_ignores_what_was_wanted(new_signal, intent, ignored, expected):
    assert targets.ignored_after(new_signal, intent, ignored) == expected


@pytest.mark.parametrize(
    ("position", "target", "expected"),
    [(0, 1.0, True), (0, -0.5, True), (5, 1.0, False), (5, -1.0, True), (-5, 1.0, True), (-5, -0.5, False)],
)
def test_a_target_opens_from_flat_and_on_the_other_side(position, target, expected):
    assert targets.opens(position, target) is expected


@pytest.mark.parametrize(
    ("by_target", "reduces", "filled", "leaving", "position", "expected"),
    [
        (True, False, 0, False, 0, targets.FORGOTTEN),
        (True, False, 0, False, 5, targets.TAKEN_BACK),
        (True, False, 0, False, -5, targets.TAKEN_BACK),
        (True, False, 0, True, 5, targets.KEPT),
        (True, False, 3, False, 3, targets.KEPT),
        (True, True, 0, False, 5, targets.KEPT),
        (False, False, 0, False, 0, targets.KEPT),
    ],
)
def test_what_becomes_of_an_intent_whose_entry_came_to_nothing(by_target, reduces, filled, leaving, position, expected):
    assert targets.after_no_entry(by_target, reduces, filled, leaving, position) == expected


@pytest.mark.parametrize(
    ("position", "quantity", "expected"),
    [(5, -1, True), (-5, 9, True), (5, 1, False), (-5, -1, False), (0, 5, False), (5, 0, False)],
)
def test_an_increase_reverses_on_the_other_side_only(position, quantity, expected):
    assert targets.reverses(position, quantity) is expected


@pytest.mark.parametrize(
    ("weights", "holds", "target", "expected"),
    [(True, True, 0.5, True), (True, True, 0.0, False), (True, False, 0.5, False), (False, True, 0.5, False)],
)
def test_a_rebalance_keeps_a_weight_that_is_held(weights, holds, target, expected):
    assert targets.is_rebalance(weights, holds, target) is expected


@pytest.mark.parametrize(
    ("position", "desired", "towards_zero", "expected"),
    [
        (5, -3, False, -3),  # a reversal opens all of it
        (-5, 3, True, 3),
        (5, 5, False, 0),
        (5, 3, False, 0),
        (0, 4, False, 4),
        (2, 6, False, 4),
        (2, 6, True, 0),  # what risk clipped is not topped up
        (-2, -6, False, -4),
    ],
)
def test_what_a_target_adds(position, desired, towards_zero, expected):
    assert targets.increase(position, desired, towards_zero) == expected


@pytest.mark.parametrize(
    ("target", "intent", "expected"),
    [(0.5, 1.0, True), (0.0, 1.0, True), (-0.5, -1.0, True), (1.0, 0.5, False), (-0.5, 1.0, False), (1.0, 1.0, False)],
)
def test_a_target_moves_towards_zero_on_its_side_only(target, intent, expected):
    assert targets.moves_towards_zero(target, intent) is expected
