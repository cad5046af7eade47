"""docs/execution.md §4, the limits that look at more than one order: each at its bound and beyond, worked by hand."""

import pytest

from tests.contract.market import NAN, ask, fills, fills_by_symbol, play, refusals, still, verdicts

BOTH = {"A": still(100, 6), "B": still(50, 6)}
SIDES = pytest.mark.parametrize("side", [1, -1], ids=["buy", "sell"])


@pytest.mark.parametrize(("named", "refused"), [("A", True), (":A", False), ("B", False), ("A,B", True), ((), False)])
def test_a_restricted_instrument_is_not_entered(named, refused):
    record = play(still(100, 5), [1, NAN, 0], restricted=named)
    assert [(10, "restricted")] * refused == refusals(record)
    assert (0 if refused else 2) == len(fills(record))


@pytest.mark.parametrize(
    ("limit", "close", "refused"),
    [("10%", 110, False), ("10%", 110.01, True), ("10%", 90, False), ("10%", 89.99, True), ("rs:10", 110.01, True)],
)
def test_a_close_that_jumped_is_no_price_to_enter_by(limit, close, refused):
    prices = [*still(100, 2), *still(close, 3)]
    # Row 0 is a first bar; row 2 jumps by the move from 100; row 3 stands still, and 0.5 is a new target.
    record = play(prices, [0.1, NAN, 0.3, 0.5], max_jump=limit)
    assert [(2, "max_jump")] * refused == refusals(record)
    # The instrument's own bar before counts, however long ago: the gap changes nothing.
    gap = play({"A": [prices[0], None, None, prices[2], prices[3]], "B": still(5, 5)}, {"A": [NAN] * 3 + [0.3]},
               max_jump=limit)  # fmt: skip
    assert [(3, "max_jump")] * refused == refusals(gap)
    # A reduction passes on the very bar.
    assert [1, -1] == [row[1] for row in fills(play(prices, [0.1, NAN, 0], max_jump="0.1%"))]


@pytest.mark.parametrize(("age", "refused"), [(1, True), (2, False), (0, True)])
def test_an_instrument_whose_last_bar_is_old_is_not_entered(age, refused):
    # Row 3 is two sessions after the last bar of B.
    prices = {"A": still(100, 6), "B": [*still(50, 2), None, None, *still(50, 2)]}
    record = play(prices, orders={0: [ask(1, instrument=1)], 3: [ask(2, instrument=1)]}, max_age=age)
    assert [(2, "max_age")] * refused == refusals(record)


@pytest.mark.parametrize(
    ("prices", "refused"),
    [
        ({"limit": 95}, False),
        ({"limit": 94.99}, True),
        ({"trigger": 105}, False),
        ({"trigger": 105.01}, True),
        ({"limit": 106, "trigger": 104}, True),
        ({"limit": 105, "trigger": 104}, False),
        ({"limit": 104, "trigger": 106}, True),
        ({}, False),
    ],
)
def test_an_entry_is_priced_within_the_band(prices, refused):
    record = play(still(100, 3), orders={0: [ask(5, **prices)]}, price_band="5%")
    assert [(5, "price_band")] * refused == refusals(record)
    assert ([] if refused else [5]) == [order.verdict.quantity for order in record.orders if order.verdict.quantity]


@SIDES
@pytest.mark.parametrize(("limit", "lot", "left"), [(10, 1, 10), (9, 1, 9), (9, 5, 5), (4, 5, 0)])
def test_max_order_quantity_shrinks(side, limit, lot, left):
    record = play(still(100, 3), [side], max_order_quantity=limit, lot=lot)
    assert [(side * 10, side * left, "" if left == 10 else "max_order_quantity")] == verdicts(record)


def test_max_positions_counts_what_is_held_and_what_is_working():
    # One position: A is served first, and while it works and is held, B is refused; A may grow.
    record = play(BOTH, {"A": [0.5, NAN, 1, 0], "B": [0.2, 0.4, NAN, 0.6, 0.8]}, max_positions=1)
    assert [(2, "max_positions"), (4, "max_positions"), (6, "max_positions")] == refusals(record)
    assert [(1, "A", 5), (3, "A", 5), (4, "A", -10), (5, "B", 8)] == fills_by_symbol(record)
    # An entry that rests holds the place.
    resting = play(
        BOTH, orders={0: [ask(1, limit=90, validity="GTC")], 1: [ask(1, instrument=1)]}, max_positions=1
    )  # fmt: skip
    assert [(1, "max_positions")] == refusals(resting)
    assert [] == refusals(play(BOTH, {"A": [1], "B": [1]}, max_positions=2))
    # A reversal keeps its place, also while others wait.
    turned = play(BOTH, {"A": [0.5, -0.5], "B": [NAN, 0.2]}, max_positions=1)
    assert ([(2, "max_positions")], (-5, 0)) == (refusals(turned), turned.positions)


@pytest.mark.parametrize(("reuse", "positions"), [(True, (0, 10)), (False, (0, 0))])
def test_an_exit_that_has_not_filled_makes_room_only_with_reuse_proceeds(reuse, positions):
    # At row 1 A is left and B wanted, at the same close: as with cash (M7).
    rotated = {"A": [1, 0], "B": [NAN, 1]}
    for limit, code in (
        ({"max_positions": 1}, "max_positions"),
        ({"max_gross_exposure": "1200"}, "max_gross_exposure"),
    ):
        record = play(BOTH, rotated, reuse_proceeds=reuse, **limit)
        expected = positions if reuse or code == "max_positions" else (0, 4)  # ₹200 of room beside A's ₹1,000
        assert expected == record.positions
        assert (reuse and not refusals(record)) or code == verdicts(record)[-1][2]


@SIDES
@pytest.mark.parametrize("code", ["max_gross_exposure", "max_strategy_value"])
@pytest.mark.parametrize(
    ("limit", "left"), [("2000", 20), ("1999.99", 19), ("1500", 10), ("1049", 0), ("1.5%", 10), ("2%", 20)]
)
def test_gross_exposure_counts_positions_and_working_entries(side, code, limit, left):
    # Ten of A at 100 are held: ₹1,000 of ₹1,00,000. Twenty of B at 50 would be as much again.
    quantities = {"A": [0.5 * side], "B": [NAN, side]}
    record = play(BOTH, quantities, sizing="fixed:20", **{code: limit})
    assert (side * 20, side * left, "" if left == 20 else code) == verdicts(record)[-1]
    assert (side * 10, side * left) == record.positions
    # Working entries count at their worst price: a resting limit for 10 of A at 90 (a short: 110) leaves less or more.
    at = 100 - 10 * side
    orders = {0: [ask(10 * side, limit=at, validity="GTC")], 1: [ask(20 * side, instrument=1)]}
    resting = play(BOTH, orders=orders, **{code: "1500"})
    assert side * (12 if side > 0 else 8) == verdicts(resting)[-1][1]  # 1,500 − 900 = 600; 1,500 − 1,100 = 400


def test_a_reversal_is_not_counted_twice():
    # Ten long of ₹1,000 become ten short: never more than ₹1,000 at a time.
    record = play(BOTH, {"A": [1, -1], "B": [NAN, NAN, 1]}, max_gross_exposure="rs:1000")
    assert (-10, 0) == record.positions
    assert [(10, "max_gross_exposure")] == refusals(record)
    # While it waits for its close, the larger half counts for others: ₹1,000 of A leave B ₹500.
    same = play(BOTH, {"A": [1, -0.5], "B": [NAN, 1]}, sizing="fixed:20", max_gross_exposure="2500")
    assert (-10, 10) == same.positions


def test_a_sector_is_capped_and_what_has_none_is_not():
    prices = {"A": still(100, 4), "B": still(50, 4), "C": still(10, 4)}
    record = play(
        prices, {"A": [1], "B": [NAN, 1], "C": [NAN, 1]}, sectors={"BANK": ["A", "B"], "IT": ["X"]},
        max_sector_value="1300",
    )  # fmt: skip
    assert (10, 6, 10) == record.positions  # 1,300 − 1,000 = 300, six of B at 50
    assert (10, 6, "max_sector_value") in verdicts(record)
