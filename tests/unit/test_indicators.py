import numpy as np
import pytest

from framework import crossed_above, crossed_below
from framework.indicators import last_known

NAN = float("nan")


def test_crossing_above_needs_at_or_below_before_and_above_now():
    assert crossed_above([1, 2, 3, 4, 2, 2, 5], 2).tolist() == [False, False, True, False, False, False, True]


def test_crossing_below_needs_at_or_above_before_and_below_now():
    assert crossed_below([2, 1, 2, 3, 1, 0], 2).tolist() == [False, True, False, False, True, False]


def test_two_arrays_cross_where_their_order_changes():
    fast, slow = [1, 3, 3, 1], [2, 2, 3, 2]
    assert crossed_above(fast, slow).tolist() == [False, True, False, False]
    assert crossed_below(fast, slow).tolist() == [False, False, False, True]


def test_there_is_no_crossing_at_the_first_bar_nor_at_the_first_valid_one():
    assert crossed_above([NAN, NAN, 5, 1, 5], 2).tolist() == [False, False, False, False, True]
    assert crossed_above([5, 5], [NAN, 2]).tolist() == [False, False]


def test_a_gap_in_the_values_hides_the_crossing_over_it():
    assert crossed_above([1, NAN, 3], 2).tolist() == [False, False, False]


@pytest.mark.parametrize("crossed", [crossed_above, crossed_below])
def test_no_bars_give_no_crossings(crossed):
    assert crossed([], 1).tolist() == []


def test_a_touch_is_no_crossing_but_leaving_the_touch_is():
    assert crossed_above([1, 2, 3], 2).tolist() == [False, False, True]
    assert crossed_above([3, 2, 2], 2).tolist() == [False, False, False]


def test_last_known_carries_numbers_forward_and_never_backward():
    np.testing.assert_array_equal([NAN, 1, 1, 3], last_known([NAN, 1, NAN, 3]))


def test_last_known_works_on_each_column_alone():
    given = [[NAN, 1], [2, NAN], [NAN, NAN], [4, 5]]
    np.testing.assert_array_equal([[NAN, 1], [2, 1], [2, 1], [4, 5]], last_known(given))


def test_last_known_of_nothing_is_nothing():
    assert last_known([]).shape == (0,)
    assert last_known(np.empty((0, 3))).shape == (0, 3)
