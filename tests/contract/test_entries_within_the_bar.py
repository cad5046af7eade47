"""docs/execution.md §2, row 14: what follows an entry inside the bar, cell by cell of the truth table.

Each case is written for a long; ``mirror`` reflects prices about 100 for the short. A stop entry rises from the open
to its trigger of 102: every price beyond 102 came after it, its low may have come before. A limit entry falls from the
open to its limit of 98: every price beyond 98 on the far side came after it, its high may have come before.
"""

import numpy as np
import pytest

from tests.contract.market import NAN, ask, at, fills, mirror, play
from tests.paths import exits_after

SIDES = pytest.mark.parametrize("side", [1, -1], ids=["long", "short"])
ENGINES = pytest.mark.parametrize("engine", ["event", "compiled"])
REST = (100, 100, 100, 100)
STOP, TARGET = "stop_loss", "take_profit"

# Distances of stop and target, (open, high, low, close) → what the bar books with `both: stop` and with `both: target`.
STOP_ENTRY = [
    # Target inside the bar, stop out of reach: certain.
    ("certain", 5, 4, (100, 112, 99.5, 105), TARGET, TARGET),
    ("certain", 5, 4, (100, 106, 97.5, 97.5), TARGET, TARGET),
    ("certain", 5, 4, (100, 106, 99, 106), TARGET, TARGET),
    ("certain", NAN, 4, (100, 112, 90, 91), TARGET, TARGET),
    # Neither: certain.
    ("certain", 5, 4, (100, 105.5, 97.5, 104), None, None),
    ("certain", NAN, 4, (100, 105.5, 90, 104), None, None),
    ("certain", 5, NAN, (100, 112, 97.5, 104), None, None),
    # The close is beyond the stop and the target was not reached: certain.
    ("certain", 5, 4, (100, 105, 96, 97), STOP, STOP),
    ("certain", 5, NAN, (100, 112, 96, 96), STOP, STOP),
    # The low reaches the stop, perhaps before the entry: the stop.
    ("pessimistic", 5, 4, (100, 105, 97, 104), STOP, STOP),
    ("pessimistic", 5, NAN, (100, 112, 90, 111), STOP, STOP),
    ("pessimistic", 1, 4, (100, 105, 100, 105), STOP, STOP),  # between open and trigger: prices were below before
    # Both inside the bar: the stop first, or the target with the other choice.
    ("pessimistic", 5, 4, (100, 112, 97, 105), STOP, TARGET),
    ("pessimistic", 5, 4, (100, 112, 97, 107), STOP, TARGET),
    ("pessimistic", 5, 4, (100, 106, 90, 91), STOP, TARGET),
    ("pessimistic", 1, 4, (100, 106, 100, 106), STOP, TARGET),
]

LIMIT_ENTRY = [
    # The low comes after the entry: a stop that it reaches is certain, unless the target may have come between.
    ("certain", 5, 4, (100, 101, 93, 94), STOP, STOP),
    ("certain", 5, NAN, (100, 110, 93, 109), STOP, STOP),
    # The close is beyond the target and the stop out of reach: certain.
    ("certain", 5, 4, (100, 103, 97, 102), TARGET, TARGET),
    ("certain", NAN, 4, (100, 103, 90, 102.5), TARGET, TARGET),
    # Neither: certain.
    ("certain", 5, 4, (100, 101.5, 93.5, 97), None, None),
    # The target lies inside the bar and beyond the close: perhaps before the entry, so it does not count.
    ("pessimistic", 5, 4, (100, 110, 97, 101.5), None, None),
    ("pessimistic", 5, 1, (100, 100, 97, 98.5), None, None),  # between limit and open: passed on the way down
    ("pessimistic", NAN, 4, (100, 110, 90, 101), None, None),
    # The stop is certain, a target beyond the close is not; with both certain their order is not.
    ("pessimistic", 5, 4, (100, 110, 93, 101), STOP, STOP),
    ("pessimistic", 5, 4, (100, 103, 93, 102), STOP, TARGET),
]


@pytest.mark.parametrize(
    ("level", "order", "cell"),
    [(102, {"trigger": 102}, cell) for cell in STOP_ENTRY] + [(98, {"limit": 98}, cell) for cell in LIMIT_ENTRY],
)
def test_row_14_the_table_says_of_every_cell_whether_it_is_certain(level, order, cell):
    sure, stop, target, bar, with_stop, with_target = cell
    levels = {
        "stop": None if np.isnan(stop) else level - stop,
        "target": None if np.isnan(target) else level + target,
    }
    possible = exits_after(bar, level, **order, **levels)
    assert (sure == "certain") == (len(possible) == 1)
    worst = STOP if STOP in possible else None if None in possible else TARGET
    assert worst == with_stop
    # ``both: target`` prefers the target where it is reached for certain, were there no stop.
    if exits_after(bar, level, **order, target=levels["target"]) == {TARGET}:
        assert with_target == TARGET
    else:
        assert with_target == with_stop


def beside(side, stop, target):
    return {"stop": [stop], "take_profit": [target]}


def booked(side, entry, level, expected, stop, target):
    """The fills in full: the entry and what leaves it, at its own price."""
    price = {STOP: level - stop, TARGET: level + target}
    leaves = [] if expected is None else [(1, -side * 10, at(side, price[expected]), expected)]
    return [(1, side * 10, at(side, entry), "signal"), *leaves]


def assert_cell(engine, side, level, prices, stop, target, bar, with_stop, with_target):
    for both, expected in (("stop", with_stop), ("target", with_target)):
        given = {**prices, **beside(side, stop, target), "both": both, "engine": engine}
        record = play(mirror(side, [REST, bar]), [side], **given)
        assert booked(side, level, level, expected, stop, target) == fills(record), both


@SIDES
@ENGINES
@pytest.mark.parametrize(("stop", "target", "bar", "with_stop", "with_target"), [cell[1:] for cell in STOP_ENTRY])
def test_row_14_a_stop_entry(engine, side, stop, target, bar, with_stop, with_target):
    prices = {"trigger": [at(side, 102)]}
    assert_cell(engine, side, 102, prices, stop, target, bar, with_stop, with_target)


@SIDES
@ENGINES
@pytest.mark.parametrize("limit", [102, 103, 110])
@pytest.mark.parametrize(("stop", "target", "bar", "with_stop", "with_target"), [cell[1:] for cell in STOP_ENTRY])
def test_row_14_a_stop_limit_that_triggers_inside_the_bar_is_a_stop_entry(
    engine, side, limit, stop, target, bar, with_stop, with_target
):
    prices = {"trigger": [at(side, 102)], "limit": [at(side, limit)]}
    assert_cell(engine, side, 102, prices, stop, target, bar, with_stop, with_target)


@SIDES
@ENGINES
@pytest.mark.parametrize(("stop", "target", "bar", "with_stop", "with_target"), [cell[1:] for cell in LIMIT_ENTRY])
def test_row_14_a_limit_entry(engine, side, stop, target, bar, with_stop, with_target):
    assert_cell(engine, side, 98, {"limit": [at(side, 98)]}, stop, target, bar, with_stop, with_target)


@SIDES
@ENGINES
@pytest.mark.parametrize("trigger", [98, 97])
@pytest.mark.parametrize(("stop", "target", "bar", "with_stop", "with_target"), [cell[1:] for cell in LIMIT_ENTRY])
def test_row_14_a_stop_limit_gapped_beyond_its_limit_is_a_limit_entry(
    engine, side, trigger, stop, target, bar, with_stop, with_target
):
    # The open of 100 is beyond trigger and limit: it rests at 98 from there on.
    prices = {"trigger": [at(side, trigger)], "limit": [at(side, 98)]}
    assert_cell(engine, side, 98, prices, stop, target, bar, with_stop, with_target)


@SIDES
@ENGINES
@pytest.mark.parametrize(
    ("bar", "expected"),
    [
        # Trigger 102, limit 101, stop 96, target 103: reached is the target on the way to the entry, if at all.
        ((100, 110, 97, 101), None),
        ((100, 110, 97, 100), None),
        ((100, 110, 96, 95.9), STOP),
        ((100, 110, 96, 100), STOP),  # the low may have come before the trigger
        ((104, 110, 97, 101), None),
    ],
)
def test_row_14_a_stop_limit_with_its_limit_short_of_the_trigger_is_a_limit_entry(engine, side, bar, expected):
    prices = {"trigger": [at(side, 102)], "limit": [at(side, 101)], **beside(side, 5, 2)}
    bar = (*bar[:2], min(bar[2:]), bar[3])
    record = play(mirror(side, [REST, bar]), [side], engine=engine, both="target", **prices)
    assert booked(side, 101, 101, expected, 5, 2) == fills(record)


@SIDES
@ENGINES
@pytest.mark.parametrize(
    ("bar", "expected"),
    [
        # In at 102, trailing by 5: in this bar its level is 97, as in row 15.
        ((100, 112, 99.5, 105), TARGET),
        ((100, 112, 97, 105), "trailing_stop"),
        ((100, 105.5, 97.5, 98), None),
    ],
)
def test_row_14_a_trailing_stop_is_where_row_15_has_it(engine, side, bar, expected):
    given = {"trigger": [at(side, 102)], "trail": [5], "take_profit": [4], "engine": engine}
    record = play(mirror(side, [REST, bar]), [side], **given)
    price = {TARGET: 106, "trailing_stop": 97}
    leaves = [] if expected is None else [(1, -side * 10, at(side, price[expected]), expected)]
    assert [(1, side * 10, at(side, 102), "signal"), *leaves] == fills(record)


@SIDES
@ENGINES
def test_row_14_levels_are_measured_from_the_slipped_fill_and_reached_by_printed_prices(engine, side):
    # In at 102 and a tick of 0.5: the target is 106.5, which a high of 106 does not reach and 106.5 does.
    given = {"trigger": [at(side, 102)], **beside(side, 5, 4), "slippage": "ticks:1", "tick": 0.5, "engine": engine}
    for high, leaves in ((106, []), (106.5, [(1, -side * 10, at(side, 106.5), TARGET)])):
        record = play(mirror(side, [REST, (100, high, 99, 101)]), [side], **given)
        assert [(1, side * 10, at(side, 102.5), "signal"), *leaves] == fills(record)


@SIDES
@ENGINES
def test_row_14_an_entry_at_the_open_is_row_13(engine, side):
    # Gapped through the trigger: the exits see the whole bar.
    prices = {"trigger": [at(side, 102)], **beside(side, 5, 4), "engine": engine}
    record = play(mirror(side, [REST, (103, 108, 99, 100)]), [side], **prices)
    assert [(1, side * 10, at(side, 103), "signal"), (1, -side * 10, at(side, 107), TARGET)] == fills(record)


@SIDES
def test_row_14_of_several_entries_in_one_bar_nobody_knows_which_came_first(side):
    # A stop at 102 and a limit at 98 in one bar, 10 units each: average 100, target 104. A high beyond it may have come
    # before the second of them, a close has not.
    def run(bar):
        orders = {0: [ask(side * 10, limit=at(side, 98)), ask(side * 10, trigger=at(side, 102))]}
        return fills(play(mirror(side, [REST, bar]), orders=orders, take_profit="4%"))

    entered = [(1, side * 10, at(side, 102), "order"), (1, side * 10, at(side, 98), "order")]
    assert entered == run((100, 110, 97, 103))
    assert [*entered, (1, -side * 20, at(side, 104), TARGET)] == run((100, 110, 97, 104))


@SIDES
def test_row_14_with_explicit_orders_too(side):
    orders = {0: [ask(side * 10, trigger=at(side, 102))]}
    record = play(mirror(side, [REST, (100, 112, 99.5, 105)]), orders=orders, take_profit="rs:4", stop_loss="rs:5")
    assert [(1, side * 10, at(side, 102), "order"), (1, -side * 10, at(side, 106), TARGET)] == fills(record)
