"""Mistakes that the core made once, each by name; most were found by tests/property."""

import pytest

from framework.types import Validity
from tests.contract.market import NAN, ask, at, fills, mirror, play, states, still, verdicts

SIDES = pytest.mark.parametrize("side", [1, -1], ids=["long", "short"])
REST = (100, 100, 100, 100)


@SIDES
@pytest.mark.parametrize("price", [100.1, 100.15, 100.3, 100.35, 1150.55, 2345.65, 9.95])
def test_a_limit_on_the_tick_grid_is_reached_by_a_bar_that_prints_it(side, price):
    # 2002 × 0.05 is 100.10000000000001 in binary, so a high printed as 100.1 missed a sell limit there.
    away = price + side
    bar = (away, max(away, price), min(away, price), away)
    record = play([*still(price), bar], [side], limit=[price], tick=0.05)
    assert fills(record) == [(1, side * 10, price, "signal")]
    assert record.settlements[0].fill.price == price


@SIDES
def test_the_rest_of_an_exit_under_way_is_not_given_up_when_an_addition_expires(side):
    # Half a position is held when the full target rests at 90. The stop at 95 fills 2 of 5 (a tenth of 20), and with
    # the day's end the addition expires: that must not give the intent back that the stop had taken.
    bar = (100, 101, 94, 96, 20)
    full = (100, 101, 99, 100, 1000)
    prices = mirror(side, [full, full, bar, full, full])
    record = play(
        prices, [side / 2, side, NAN, NAN], limit=[NAN, at(side, 90)], stop_loss="5%", volume_cap=0.1, per_session=0
    )
    assert fills(record) == [
        (1, side * 5, 100.0, "signal"),
        (2, -side * 2, at(side, 95), "stop_loss"),
        (3, -side * 3, 100.0, "stop_loss"),
    ]


@SIDES
def test_a_forced_exit_takes_back_the_addition_that_is_working(side):
    # Five are held, five more rest at 90 until cancelled. The stop at 95 goes first; later the price falls to 90.
    prices = mirror(side, [REST, REST, (100, 101, 95, 96), (96, 96, 89, 96), REST])
    record = play(prices, [side / 2, side], limit=[NAN, at(side, 90)], stop_loss="5%", validity="GTC")
    assert fills(record) == [(1, side * 5, 100.0, "signal"), (2, -side * 5, at(side, 95), "stop_loss")]
    assert states(record) == [(side * 5, "filled"), (side * 5, "cancelled")]


@SIDES
def test_an_addition_that_is_due_at_the_open_of_a_gapped_stop_is_not_entered(side):
    prices = mirror(side, [REST, REST, (90, 91, 89, 90), REST, REST])
    record = play(prices, [side / 2, side], stop_loss="5%")
    assert fills(record) == [(1, side * 5, 100.0, "signal"), (2, -side * 5, at(side, 90), "stop_loss")]


@SIDES
@pytest.mark.parametrize("fill_at", ["next_open", "same_close"])
def test_one_order_fills_a_bars_share_of_the_volume_once(side, fill_at):
    # The opening leg of a reversal arrived within the open and was served twice; a rest was served at the open and
    # again at the close. A tenth of 40 is 4.
    prices = [(100, 100, 100, 100, 1000)] * 2 + [(100, 100, 100, 100, 40)] * 2
    record = play(
        prices, [side * 0.3, NAN if fill_at == "same_close" else -side, -side], volume_cap=0.1, fill_at=fill_at
    )
    by_bar_and_order = {}
    for booked in record.settlements:
        key = (booked.fill.time, booked.fill.order_id)
        by_bar_and_order[key] = by_bar_and_order.get(key, 0) + abs(booked.fill.quantity)
    assert max(by_bar_and_order.values()) == 4


@SIDES
def test_an_explicit_order_that_reduces_first_shortens_the_other(side):
    # Four are held. Six the other way are split into a reduction of four and an opening of two; half of a volume of 7
    # lets three and two of them go at one open, so that one of four is left to a reduction that has nothing to reduce.
    prices = [(100, 100, 100, 100, 1000)] * 2 + [(100, 100, 100, 100, 7)] + [(100, 100, 100, 100, 1000)] * 2
    orders = {0: [ask(side * 4)], 1: [ask(-side * 6, validity=Validity.GTC)]}
    record = play(prices, orders=orders, volume_cap=0.5)
    position = 0
    kinds = {o.order.order_id: o.order.reduces for o in record.orders}
    for booked in record.settlements:
        before, position = position, booked.position
        if kinds[booked.fill.order_id]:
            assert abs(position) < abs(before)
            assert position * before >= 0


@SIDES
def test_a_time_exit_does_not_take_a_resting_limit_for_the_exit_it_wants(side):
    orders = {0: [ask(side * 10)], 1: [ask(-side * 10, limit=at(side, 150), validity=Validity.GTC)]}
    record = play(still(100, 6), orders=orders, time_exit=2)
    assert fills(record) == [(1, side * 10, 100.0, "order"), (3, -side * 10, 100.0, "time_exit")]
    assert states(record)[1] == (-side * 10, "cancelled")


@SIDES
def test_an_order_that_crosses_zero_leaves_no_exit_of_the_old_side(side):
    # Ten are held with a resting limit and a stop; then an order of fifteen the other way fills that was decided when
    # nothing was held.
    orders = {
        0: [ask(side * 10), ask(-side * 15, trigger=at(side, 97), validity=Validity.GTC)],
        1: [ask(-side * 10, limit=at(side, 120), validity=Validity.GTC)],
    }
    prices = mirror(side, [REST, REST, (100, 100, 96.5, 97), REST, (100, 125, 100, 120)])
    for active_from in ("entry_bar", "next_bar"):
        record = play(prices, orders=orders, stop_loss="50%", active_from=active_from)
        assert fills(record) == [(1, side * 10, 100.0, "order"), (2, -side * 15, at(side, 97), "order")]
        assert record.positions == (-side * 5,)
        open_exits = [o.order.quantity for o in record.orders if o.state == "working"]
        assert open_exits == [side * 5]


def test_what_a_parked_entry_had_reserved_is_not_counted_twice_when_it_is_replaced():
    # Ten are held beside ₹1,000. The reversal's close gets one unit of volume, its opening leg of ten waits with
    # ₹1,000 reserved. Replaced by one of 25: ₹1,100 of cash and the ₹900 of the rest of the close cover twenty.
    full, thin = (100, 100, 100, 100, 1000), (100, 100, 100, 100, 10)
    prices = [full, full, full, thin, full, full]
    record = play(prices, [0.4, NAN, -0.4, -1], capital=2000, sizing="fixed:25", volume_cap=0.1, per_session=10)
    assert verdicts(record) == [(10, 10, ""), (-10, -10, ""), (-10, -10, ""), (-25, -20, "cash")]
    assert [fill[:2] for fill in fills(record)] == [(1, 10), (3, -1), (4, -9), (4, -20)]


def test_targets_that_come_while_an_exit_is_under_way_count_as_having_left():
    # The time exit is decided at row 1, where the target is 0: the 1 of row 2 is a new signal.
    record = play(still(100, 8), [1, 0, 1, NAN], time_exit=1, reenter="new_signal")
    assert fills(record)[:3] == [
        (1, 10, 100.0, "signal"), (2, -10, 100.0, "time_exit"), (3, 10, 100.0, "signal"),
    ]  # fmt: skip


def test_what_happens_at_a_bar_carries_that_bars_time():
    # A fill refused at Monday's open was told as Friday's close; an order that expired on Monday ended on Friday.
    weekend = {"A": [REST, None, None, (150, 150, 150, 150), REST], "B": [REST, None, None, REST, REST]}
    record = play(weekend, {"A": [1], "B": [0.1]}, limit={"B": [50]}, capital=1100)
    monday = record.panel.time[1]
    assert [(notice.time, notice.code) for notice in record.notices] == [(monday, "refused_fill")]
    assert [(str(o.state), o.ended_at) for o in record.orders] == [
        ("refused", monday), ("expired", record.panel.close_time[1]),
    ]  # fmt: skip
