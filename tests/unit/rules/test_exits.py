"""framework/rules/exits.py: levels of protective exits, the trailing stop's ratchet."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.rules.exits import (
    KEEP,
    MOVE,
    PLACE,
    at_close,
    carried,
    extreme_after_bar,
    is_out_of_date,
    levels,
    nearer,
    protective_stop,
    rupees_of,
    stop_distance,
    stop_level,
    target_level,
    tighter,
    time_is_up,
    trail_level,
)

NAN = math.nan
SIDES = st.sampled_from([1, -1])
PRICES = st.floats(1, 10_000)
DISTANCES = st.floats(0.01, 500)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (3.0, 5.0, 3.0),
        (5.0, 3.0, 3.0),
        (NAN, 5.0, 5.0),
        (5.0, NAN, 5.0),
        (0.0, 5.0, 5.0),
        (5.0, -1.0, 5.0),
        (2.0, 2.0, 2.0),
        (0.5, 5.0, 0.5),  # fifty paise are a distance too
        (5.0, 0.5, 0.5),
        (5.0, 0.0, 5.0),
    ],
)
def test_the_nearer_of_two_distances(first, second, expected):
    assert nearer(first, second) == expected


@pytest.mark.parametrize(
    ("amount", "percent", "expected"), [(0.05, True, 10.0), (12.5, False, 12.5), (NAN, True, NAN), (NAN, False, NAN)]
)
def test_a_distance_is_a_share_of_the_price_or_rupees(amount, percent, expected):
    assert rupees_of(amount, percent, 200.0) == pytest.approx(expected, rel=1e-15, nan_ok=True)


@pytest.mark.parametrize(
    ("amount", "percent", "scale", "expected"),
    [
        (0.05, True, 2.0, 10.0),  # a share of the price is one of the price after the split
        (12.5, False, 2.5, 5.0),
        (12.5, False, 1.0, 12.5),
        (NAN, False, 2.0, NAN),
        (NAN, True, 2.0, NAN),
    ],
)
def test_a_distance_in_rupees_is_divided_by_a_split(amount, percent, scale, expected):
    assert carried(amount, percent, 200.0, scale) == pytest.approx(expected, rel=1e-15, nan_ok=True)


@pytest.mark.parametrize(
    ("distances", "expected"),
    [
        ((4.0, 3.0, 2.0, 1.0), 1.0),
        ((1.0, 3.0, 2.0, 4.0), 1.0),
        ((3.0, 2.0, NAN, NAN), 2.0),
        ((NAN, NAN, 2.5, NAN), 2.5),
        ((NAN, NAN, NAN, NAN), NAN),
    ],
)
def test_a_size_by_risk_counts_with_the_nearest_stop_there_will_be(distances, expected):
    assert stop_distance(*distances) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("side", "stop", "extreme", "trail", "expected"),
    [
        (1, 5.0, 100.0, NAN, (95.0, False)),
        (1, NAN, 110.0, 5.0, (105.0, True)),
        (1, 5.0, 110.0, 5.0, (105.0, True)),
        (1, 5.0, 100.0, 8.0, (95.0, False)),
        (1, 5.0, 100.0, 5.0, (95.0, False)),  # both at once: it is the stop
        (-1, 5.0, 90.0, 5.0, (95.0, True)),
        (-1, 5.0, 100.0, 8.0, (105.0, False)),
    ],
)
def test_the_tighter_of_stop_and_trail_protects(side, stop, extreme, trail, expected):
    assert protective_stop(side, 100.0, stop, extreme, trail, 0.0) == expected


@pytest.mark.parametrize(("level", "average"), [(0.5, 1.0), (0.2, 0.7)])
def test_a_level_and_a_distance_below_a_rupee_count(level, average):
    assert stop_level(1, average, 0.5, 0.0) == pytest.approx(level)
    assert target_level(-1, average, 0.5, 0.0) == pytest.approx(level)


def test_no_distance_at_all_is_none():
    assert math.isnan(nearer(NAN, NAN))


@pytest.mark.parametrize(
    ("side", "distance", "tick", "stop", "target"),
    [
        (1, 5.0, 0.0, 95.0, 105.0),
        (-1, 5.0, 0.0, 105.0, 95.0),
        (1, 5.02, 0.05, 94.95, 105.0),  # 94.98 and 105.02: sells, down
        (-1, 5.02, 0.05, 105.05, 95.0),  # 105.02 and 94.98: buys, up
        (1, 0.0, 0.05, NAN, NAN),
        (1, NAN, 0.05, NAN, NAN),
        (-1, -3.0, 0.05, NAN, NAN),
        (1, 100.0, 0.05, NAN, 200.0),  # a long's stop at 0 cannot be reached
        (-1, 100.0, 0.05, 200.0, NAN),
        (1, 99.99, 0.05, 0.05, 199.95),
    ],
)
def test_levels_by_hand(side, distance, tick, stop, target):
    assert stop_level(side, 100.0, distance, tick) == pytest.approx(stop, rel=1e-15, nan_ok=True)
    assert trail_level(side, 100.0, distance, tick) == pytest.approx(stop, rel=1e-15, nan_ok=True)
    assert target_level(side, 100.0, distance, tick) == pytest.approx(target, rel=1e-15, nan_ok=True)


@given(SIDES, PRICES, DISTANCES, st.sampled_from([0.0, 0.05, 0.01]))
def test_a_stop_loses_and_a_target_gains_but_for_the_grid(side, average, distance, tick):
    stop, target = stop_level(side, average, distance, tick), target_level(side, average, distance, tick)
    if not math.isnan(stop):
        assert side * (average - stop) >= distance - tick - 1e-9 * average - (tick if average <= distance + tick else 0)
    if not math.isnan(target):
        assert side * (target - average) <= distance + tick * 1e-5 + 1e-9 * average or average - distance < tick


@pytest.mark.parametrize(
    ("side", "first", "second", "expected"),
    [
        (1, 95.0, 97.0, 97.0),
        (-1, 95.0, 97.0, 95.0),
        (1, NAN, 97.0, 97.0),
        (-1, 95.0, NAN, 95.0),
        (1, 96.0, 96.0, 96.0),
        (1, 0.3, 0.6, 0.6),  # below a rupee too
        (-1, 0.9, 0.6, 0.6),
    ],
)
def test_the_tighter_of_two_stops_is_the_one_the_price_meets_first(side, first, second, expected):
    assert tighter(side, first, second) == expected
    assert math.isnan(tighter(side, NAN, NAN))


@given(SIDES, PRICES, st.lists(st.tuples(PRICES, PRICES), min_size=1, max_size=20))
def test_the_ratchet_only_moves_forward(side, entry, ranges):
    extreme = entry
    for pair in ranges:
        high, low = max(pair), min(pair)
        before, extreme = extreme, extreme_after_bar(side, extreme, False, high, low, low)
        assert side * (extreme - before) >= 0
    best = max(max(p) for p in ranges) if side > 0 else min(min(p) for p in ranges)
    assert extreme == (max(entry, best) if side > 0 else min(entry, best))


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize(("first", "second"), [(0.0, 5.0), (5.0, 0.0), (0.5, NAN), (NAN, 0.5)])
def test_a_trigger_of_nothing_is_none_and_one_below_a_rupee_is_one(side, first, second):
    there = max(first, second) if first == first and second == second else 0.5  # noqa: PLR0124 - NaN is none
    assert tighter(side, first, second) == there


@pytest.mark.parametrize(
    ("side", "within_bar", "expected"), [(1, False, 112.0), (-1, False, 95.0), (1, True, 105.0), (-1, True, 101.0)]
)
def test_of_a_bar_entered_within_only_the_close_counts(side, within_bar, expected):
    # Best so far 101, the bar 112 to 95 with a close of 105.
    assert extreme_after_bar(side, 101.0, within_bar, 112.0, 95.0, 105.0) == expected


@pytest.mark.parametrize(
    ("protect_due", "has_stop", "trails", "extreme", "expected"),
    [
        (True, True, True, 110.0, PLACE),
        (True, False, False, 100.0, PLACE),
        (False, True, True, 110.0, MOVE),
        (False, True, True, 100.0, KEEP),
        (False, True, False, 110.0, KEEP),
        (False, False, True, 110.0, KEEP),
    ],
)
def test_what_a_close_makes_of_exits(protect_due, has_stop, trails, extreme, expected):
    assert at_close(protect_due, has_stop, trails, extreme, 100.0) == expected


@pytest.mark.parametrize(
    ("bars", "most", "leaving", "expected"),
    [(2, 3, False, False), (3, 3, False, True), (4, 3, False, True), (3, 3, True, False), (9, 0, False, False)],
)
def test_a_time_exit_leaves_once_its_bars_are_over(bars, most, leaving, expected):
    assert time_is_up(bars, most, leaving) is expected


@pytest.mark.parametrize(
    ("price", "wanted", "remaining", "expected"),
    [(95.0, 95.0, -10, False), (95.0, 96.0, -10, True), (95.0, 95.0, -9, True), (95.0, NAN, -10, True)],
)
def test_an_exit_is_changed_for_its_price_or_its_size(price, wanted, remaining, expected):
    assert is_out_of_date(price, wanted, remaining, 10) is expected


@pytest.mark.parametrize(
    ("side", "given_", "expected"),
    [
        # Average 100, best price 120 (of a short 80); strategy's stop, target, trail; 5 %, 10 and 20 % configured.
        (1, (NAN, NAN, NAN), (96.0, True, 110.0)),  # 120 − 20 % of it, tighter than 95
        (1, (3.0, 4.0, NAN), (97.0, False, 104.0)),
        (1, (9.0, 40.0, 10.0), (110.0, True, 110.0)),
        (-1, (NAN, NAN, NAN), (96.0, True, 90.0)),  # 80 + 20 % of it
        (-1, (3.0, 4.0, NAN), (96.0, True, 96.0)),
    ],
)
def test_levels_of_strategy_and_configuration_by_hand(side, given_, expected):
    extreme = 120.0 if side > 0 else 80.0
    assert levels(side, 100.0, extreme, 1.0, 0.0, *given_, 0.05, True, 10.0, False, 0.2, True) == expected


def test_without_any_distance_there_is_no_level_and_after_a_split_rupees_are_less():
    nothing = levels(1, 100.0, 100.0, 1.0, 0.0, NAN, NAN, NAN, NAN, False, NAN, False, NAN, False)
    assert [math.isnan(nothing[0]), nothing[1], math.isnan(nothing[2])] == [True, False, True]
    halved = levels(1, 50.0, 50.0, 2.0, 0.0, NAN, NAN, NAN, 4.0, False, 8.0, False, NAN, False)
    assert halved == (48.0, False, 54.0)
