"""Signals: what ``long_flat`` puts off, and what it must not."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework import Signals
from framework.errors import StrategyError

FLAGS = st.lists(st.tuples(st.booleans(), st.booleans()), max_size=60)


def naive(pairs: list[tuple[bool, bool]]) -> list[float | None]:
    """The documented meaning, one bar at a time: leave wins, neither keeps."""
    return [0.0 if leave else 1.0 if enter else None for enter, leave in pairs]


def told(signals: Signals) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in signals.target]


@given(FLAGS)
def test_the_target_of_long_flat_is_made_at_the_first_look_and_says_what_was_given(pairs) -> None:
    enter, leave = np.array([p[0] for p in pairs], bool), np.array([p[1] for p in pairs], bool)
    signals = Signals.long_flat(enter, leave)
    assert len(pairs) == len(signals)
    assert naive(pairs) == told(signals)
    assert not signals.target.flags.writeable


def test_a_copy_with_another_target_forgets_the_turns() -> None:
    signals = Signals.long_flat([True, False], [False, True])
    copied = replace(signals, target=np.array([0.5, np.nan]))
    assert copied.entry_exit is None
    assert [0.5, None] == told(copied)


def test_a_copy_with_other_prices_and_a_pickled_one_say_the_same() -> None:
    signals = Signals.long_flat([True, False, False], [False, False, True])
    assert [1.0, None, 0.0] == told(replace(signals, stop=np.array([1.0, 1.0, 1.0])))
    assert [1.0, None, 0.0] == told(pickle.loads(pickle.dumps(signals)))  # noqa: S301 - our own


def test_one_truth_value_stands_for_every_bar() -> None:
    assert [1.0, None] == told(Signals.long_flat(np.array([True, False]), leave=False))


def test_turns_of_different_lengths_are_refused() -> None:
    with pytest.raises(StrategyError, match=r"enter and leave have the shapes \(3,\) and \(2,\)"):
        Signals.long_flat([True, False, True], [False, True])


def test_turns_of_two_dimensions_are_refused() -> None:
    with pytest.raises(StrategyError, match="one truth value per bar"):
        Signals.long_flat(np.ones((2, 2), bool), np.zeros((2, 2), bool))


def test_prices_beside_turns_need_as_many_rows() -> None:
    with pytest.raises(StrategyError, match="stop has 3 rows but target has 2"):
        Signals.long_flat([True, False], [False, True], stop=np.ones(3))


def test_an_unknown_attribute_is_still_unknown() -> None:
    with pytest.raises(AttributeError, match="no attribute 'targets'"):
        _ = Signals.long_flat([True], [False]).targets
