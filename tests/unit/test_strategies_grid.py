"""Grid in the event engine, on bars small enough to be worked by hand."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from framework import Bars, Panel, Settings
from framework.causality.check import check_on_bar
from framework.engines.context import BarContext
from framework.engines.event import run
from strategies.grid import Grid
from tests.walks import DAY_NS, random_walk


def daily(rows, symbol="GRID"):
    """Bars from (open, high, low, close) rows."""
    prices = np.array(rows, dtype=float).reshape(-1, 4).T
    return Bars.from_arrays(symbol, "1d", (np.arange(len(rows)) + 15_000) * DAY_NS, *prices)


def play(grid, *series, **options):
    """Run the grid; the record and the context with its state."""
    panel = Panel.from_bars(series)
    context = BarContext(panel)
    record = run(
        panel,
        Settings(capital=100_000, **options),
        on_bar=lambda session, row: context.ask(grid, session, row),
        style="on_bar",
    )
    return record, context


def fills(record):
    return [(done.fill.quantity, round(done.fill.price, 6), done.label) for done in record.settlements]


TEN = Grid(step=0.1, levels=3, quantity=10)  # around 100: 90, 81, 72.9


def test_each_level_bought_on_the_way_down_is_sold_one_step_higher():
    record, context = play(
        TEN,
        daily(
            [
                (100, 100, 100, 100),  # the anchor; buy orders go to 90, 81 and 72.9
                (95, 96, 89, 92),  # down through 90
                (85, 86, 80, 82),  # down through 81
                (
                    91,
                    101,
                    88,
                    99,
                ),  # the second lot, for sale at 90, sells at the open; then up through 100
                (99, 105, 98, 104),  # nothing held: the anchor follows to 104, the first level to 93.6
                (100, 100, 93, 95),  # down through 93.6
            ]
        ),
    )
    assert fills(record) == [
        (10, 90.0, "buy 1"),
        (10, 81.0, "buy 2"),
        (-10, 91.0, "sell 2"),
        (-10, 100.0, "sell 1"),
        (10, 93.6, "buy 1"),
    ]
    assert context.state == {"GRID": 104.0}
    # 91 + 100 − 90 − 81 = 20 rupees a unit; 10 units, less 936 for the lot still held.
    assert record.cash_paise[-1] == (100_000 + 200 - 936) * 100
    assert record.positions == (10,)


def test_a_fall_through_all_levels_buys_each_once_and_no_more():
    record, _ = play(TEN, daily([(100, 100, 100, 100), (95, 95, 50, 55), (54, 56, 40, 41), (40, 41, 30, 31)]))
    assert fills(record) == [(10, 90.0, "buy 1"), (10, 81.0, "buy 2"), (10, 72.9, "buy 3")]
    assert record.positions == (30,)


def test_what_rests_is_not_placed_again():
    quiet = [(100, 100, 100, 100)] * 6
    record, _ = play(TEN, daily([*quiet, (95, 96, 89, 92), *[(92, 92, 92, 92)] * 5]))
    # Three levels; after the fill at 90 one sale more.
    assert ["buy 1", "buy 2", "buy 3", "sell 1"] == [each.order.label for each in record.orders]


def test_the_anchor_stays_while_something_is_held():
    record, context = play(TEN, daily([(100, 100, 100, 100), (95, 99, 89, 99), (99, 99.9, 95, 99.9)]))
    assert context.state == {"GRID": 100.0}
    assert record.positions == (10,)


def test_two_instruments_have_a_grid_each_and_a_late_one_begins_with_its_first_close():
    late = daily([(100, 100, 100, 100), (100, 100, 89, 95), (95, 95, 95, 95)], "A")
    late = late[1:]
    record, context = play(TEN, late, daily([(50, 50, 50, 50), (50, 50, 44, 46), (46, 46, 46, 46)], "B"))
    assert context.state == {"A": 95.0, "B": 50.0}
    assert fills(record) == [(10, 45.0, "buy 1")]


def test_the_grid_decides_the_same_without_later_bars():
    bars = random_walk(300, seed=4)
    grid = Grid(step=0.02, levels=4, quantity=5)

    def log(rows):
        record, _ = play(grid, bars[:rows])
        row_of = {int(close): row for row, close in enumerate(bars.close_time)}
        return [
            (row_of[each.order.decided_at], each.requested, each.order.limit, each.order.label)
            for each in record.orders
        ]

    outcome = check_on_bar(log, len(bars), budget_s=2.0)
    assert outcome.verdict == "passed", outcome.finding
    assert outcome.checked_decisions > 10


moves = st.lists(st.sampled_from([0.0, 0.01, -0.01, 0.03, -0.03, 0.12, -0.12]), min_size=2, max_size=60)


@settings(max_examples=50)
@given(moves, st.integers(1, 4), st.integers(1, 7), st.sampled_from([0.01, 0.05]), st.sampled_from([None, 0.3]))
def test_it_never_holds_more_than_its_levels_nor_goes_short(changes, levels, quantity, step, volume_cap):
    close = 100 * np.cumprod(1 + np.array(changes))
    open_ = np.r_[close[0], close[:-1]]
    high, low = np.maximum(open_, close), np.minimum(open_, close)
    time = (np.arange(len(changes)) + 15_000) * DAY_NS
    bars = Bars.from_arrays("GRID", "1d", time, open_, high, low, close, np.full(len(changes), 10.0))
    record, _ = play(Grid(step=step, levels=levels, quantity=quantity), bars, volume_cap=volume_cap)
    held = [done.position for done in record.settlements]
    assert all(0 <= units <= levels * quantity for units in held)
