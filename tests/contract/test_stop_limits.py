"""docs/execution.md §2, rows 7 and 7b: every order of open, trigger, limit, high, low and close, worked by hand.

Each case is written for a buy; ``mirror`` reflects prices about 100 for the sell. Ticks are half a rupee and slippage
is one tick, so a fill that slips is half a rupee above its printed price, or at the limit when that is nearer.
"""

import pytest

from tests.contract.market import NAN, at, fills, mirror, play, states
from tests.paths import entry_prices

SIDES = pytest.mark.parametrize("side", [1, -1], ids=["buy", "sell"])
ENGINES = pytest.mark.parametrize("engine", ["event", "compiled"])
REST = (100, 100, 100, 100)

WORKED = [
    # trigger, limit, (open, high, low, close) → printed price, price paid; None = not in this bar.
    # The open is short of the trigger: prices rise through it, and it fills whatever the close.
    (102, 103, (100, 101.5, 99, 101), None),
    (102, 103, (100, 102, 99, 100), (102, 102.5)),
    (102, 103, (100, 102.5, 100, 102.5), (102, 102.5)),
    (102, 103, (100, 103, 99, 103), (102, 102.5)),
    (102, 103, (100, 105, 99, 102.5), (102, 102.5)),
    (102, 103, (100, 105, 99, 104), (102, 102.5)),
    (102, 103, (100, 105, 100, 105), (102, 102.5)),
    (102, 103, (100, 110, 90, 92), (102, 102.5)),
    (102, 102.5, (100, 105, 99, 104), (102, 102.5)),
    # The open is at the trigger, or between trigger and limit: it fills there.
    (102, 103, (102, 105, 101, 104), (102, 102.5)),
    (102, 103, (102, 102, 99, 99), (102, 102.5)),
    (102, 103, (102.5, 105, 102.5, 105), (102.5, 103)),
    (102, 103, (102.5, 102.5, 99, 99), (102.5, 103)),
    # The open is at the limit: no slippage beyond it.
    (102, 103, (103, 105, 99, 104), (103, 103)),
    (102, 103, (103, 103, 103, 103), (103, 103)),
    # The open is beyond the limit: it rests from there on, and the range comes back to it or does not.
    (102, 103, (104, 105, 103.5, 104), None),
    (102, 103, (104, 105, 103, 104), (103, 103)),
    (102, 103, (104, 104, 99, 99), (103, 103)),
    (102, 103, (104, 105, 102.5, 105), (103, 103)),
    (102, 103, (103.5, 103.5, 103.5, 103.5), None),
    # Limit and trigger are one price.
    (102, 102, (100, 105, 99, 105), (102, 102)),
    (102, 102, (100, 102, 99, 100), (102, 102)),
    (102, 102, (102, 105, 101, 104), (102, 102)),
    (102, 102, (103, 105, 102.5, 104), None),
    (102, 102, (103, 105, 102, 104), (102, 102)),
    (102, 102, (100, 101.5, 99, 101), None),
]

CAUTIOUS = [
    # Row 7b: the limit lies short of the trigger, so in this bar the close decides, whatever came first.
    (102, 101, (100, 101.5, 99, 101), None),
    (102, 101, (100, 103, 99, 100.5), (101, 101)),
    (102, 101, (100, 103, 99, 101), (101, 101)),
    (102, 101, (100, 103, 99, 101.5), None),
    (102, 101, (101.5, 103, 100, 100), (101, 101)),
    (102, 101, (101.5, 103, 100, 102), None),
    (102, 101, (102, 103, 100, 100.5), (101, 101)),
    (102, 101, (102, 103, 100, 102), None),
    (102, 101, (104, 105, 100, 101), (101, 101)),
    (102, 101, (104, 105, 100, 103), None),
    (102, 101, (104, 105, 103, 103), None),
]


def bought(side, trigger, limit, bars, **others):
    prices = {"trigger": [at(side, trigger)], "limit": [at(side, limit)]}
    return play(mirror(side, [REST, *bars]), [side], **prices, slippage="ticks:1", tick=0.5, **others)


def assert_worked(engine, side, trigger, limit, bar, expected):
    record = bought(side, trigger, limit, [bar], engine=engine)
    filled = [] if expected is None else [(at(side, expected[0]), at(side, expected[1]))]
    assert filled == [(one.simulated.unslipped, one.fill.price) for one in record.settlements]
    assert [(side * 10, "filled" if filled else "expired")] == states(record)
    opens = [expected is not None and expected[0] == bar[0]] if filled else []
    assert opens == [one.simulated.at_open for one in record.settlements]


def test_row_7_is_certain_where_it_fills_and_only_row_7b_waits_for_what_is_certain():
    waits = []
    for trigger, limit, bar, expected in WORKED + CAUTIOUS:
        possible = entry_prices(bar, trigger, limit)
        if expected is not None or limit >= trigger:
            assert possible == {None if expected is None else expected[0]}
        elif None not in possible:
            waits.append(bar)
    # Gapped through the trigger and back to a limit short of it: row 7b asks the close all the same.
    assert [(102, 103, 100, 102), (104, 105, 100, 103)] == waits


@SIDES
@ENGINES
@pytest.mark.parametrize(("trigger", "limit", "bar", "expected"), WORKED)
def test_row_7_a_stop_limit_fills_where_prices_pass_its_trigger(engine, side, trigger, limit, bar, expected):
    assert_worked(engine, side, trigger, limit, bar, expected)


@SIDES
@ENGINES
@pytest.mark.parametrize(("trigger", "limit", "bar", "expected"), CAUTIOUS)
def test_row_7b_a_limit_short_of_its_trigger_asks_the_close(engine, side, trigger, limit, bar, expected):
    assert_worked(engine, side, trigger, limit, bar, expected)


@SIDES
@ENGINES
@pytest.mark.parametrize(
    ("bars", "expected"),
    [
        # Triggered at an open beyond the limit of 103: from the next bar on a limit, which does not slip.
        ([(104, 105, 103.5, 104), (104, 105, 103, 104)], (2, 103)),
        ([(104, 105, 103.5, 104), (101, 105, 100, 104)], (2, 101)),
        ([(104, 105, 103.5, 104), (104, 105, 103.5, 104)], None),
        # Not reached, and then as if it had just been placed.
        ([(100, 101.5, 99, 101), (102.5, 102.5, 102, 102.5)], (2, 103)),
        ([(100, 101.5, 99, 101), (101, 105, 101, 105)], (2, 102.5)),
        ([(100, 101.5, 99, 101), (100, 101.5, 99, 101)], None),
    ],
)
def test_row_7_what_triggered_and_did_not_fill_is_a_limit_from_the_next_bar_on(engine, side, bars, expected):
    record = bought(side, 102, 103, bars, validity="GTC", engine=engine)
    wanted = [] if expected is None else [(expected[0], side * 10, at(side, expected[1]), "signal")]
    assert wanted == fills(record)


@SIDES
@ENGINES
@pytest.mark.parametrize(
    ("slippage", "tick", "bought", "sold"),
    [
        ("none", 0.05, 102, 98),
        ("bps:10", 0.05, 102.15, 97.9),  # 102.102 and 97.902, on the grid against us
        ("ticks:3", 0.5, 103, 97),  # 103.5 and 96.5 would be beyond the limit
        ("bps:500", 0.0, 103, 97),
    ],
)
def test_row_7_slippage_ends_at_the_limit(engine, side, slippage, tick, bought, sold):
    prices = mirror(side, [REST, (100, 105, 99, 104)])
    given = {"trigger": [at(side, 102)], "limit": [at(side, 103)], "slippage": slippage, "tick": tick}
    record = play(prices, [side], engine=engine, **given)
    assert [(1, side * 10, bought if side > 0 else sold, "signal")] == fills(record)


@SIDES
@ENGINES
def test_row_7_what_volume_leaves_of_a_stop_limit_is_a_limit_from_the_next_bar_on(engine, side):
    # A tenth of 60 is 6 of 10 units, at the trigger; the other 4 at the next open that is better, unslipped.
    prices = [(*bar, 60) for bar in mirror(side, [REST, (100, 105, 99, 104), (103.5, 104, 102, 104)])]
    given = {"trigger": [at(side, 102), NAN], "limit": [at(side, 103), NAN], "slippage": "ticks:1", "tick": 0.5}
    record = play(prices, [side], volume_cap=0.1, validity="GTC", engine=engine, **given)
    assert [(1, side * 6, at(side, 102.5), "signal"), (2, side * 4, at(side, 103), "signal")] == fills(record)
