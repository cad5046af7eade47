"""Plateau and edges, worked by hand."""

import math

from framework.sweeps.neighbours import edges, plateau

AXES = {"a": [1, 2, 3], "b": [10, 20, 30]}
# b →   10  20  30
# a 1:   1   2   3
#   2:   4   9   5
#   3:   6   7   –
VALUES = {(0, 0): 1.0, (0, 1): 2.0, (0, 2): 3.0, (1, 0): 4.0, (1, 1): 9.0, (1, 2): 5.0, (2, 0): 6.0, (2, 1): 7.0}


def test_the_plateau_is_the_median_of_the_neighbours_without_the_set_itself():
    assert 4.0 == plateau((1, 1), VALUES, AXES)  # 1 2 3 4 5 6 7
    assert 4.0 == plateau((0, 0), VALUES, AXES)  # 2 4 9


def test_a_set_without_neighbours_has_no_plateau():
    assert math.isnan(plateau((0,), {(0,): 1.0}, {"a": [1]}))


def test_values_that_are_texts_have_no_order_and_no_neighbours():
    assert math.isnan(plateau((0,), {(0,): 1.0, (1,): 2.0}, {"kind": ["fast", "slow"]}))


def test_an_edge_is_the_smallest_or_the_greatest_of_three_values_or_more():
    assert ["a = 1", "b = 30"] == edges((0, 2), AXES)
    assert [] == edges((1, 1), AXES)
    assert [] == edges((0,), {"a": [1, 2]})
    assert ["a = 3"] == edges((1,), {"a": [1, 3, 2]})
