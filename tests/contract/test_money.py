"""docs/execution.md §3, row by row: whole paise, a ledger that closes, and what cash allows."""

from fractions import Fraction

import numpy as np
import pytest

from framework.rules.money import to_paise
from framework.session import Session
from tests.contract.market import NAN, fills, fills_by_symbol, play, refusals, states, still, verdicts

SIDES = pytest.mark.parametrize("side", [1, -1], ids=["long", "short"])


@pytest.mark.parametrize(
    ("rupees", "paise"),
    [
        (0.0, 0),
        (0.125, 13),  # 12.5: these halves are exact in binary
        (-0.125, -12),  # towards +∞
        (2.375, 238),
        (-2.375, -237),
        (100.004, 10_000),
        (100.006, 10_001),
        (0.0049, 0),
        (-0.0049, 0),
        (1e12, 100_000_000_000_000),
    ],
)
def test_rupees_become_paise_half_up(rupees, paise):
    assert paise == to_paise(rupees)
    if rupees > 0.01:
        # The same in the account: one unit at this price, and the cash that is left.
        record = play(still(rupees, 2), [1], sizing="fixed:1", capital=1e12)
        assert [(paise, 10**14 - paise)] == [(b.value_paise, b.cash_paise) for b in record.settlements]


def test_the_ledger_closes_after_every_fill():
    noise = np.random.default_rng(11)
    rows = 400
    closes = {symbol: (100 + np.cumsum(noise.normal(0, 1, rows))).round(2) for symbol in "ABC"}
    series = {
        s: [(c, c + 1.37, c - 1.21, c + noise.uniform(-1, 1), noise.integers(1, 60)) for c in v]
        for s, v in closes.items()
    }
    targets = {s: noise.choice([NAN, NAN, -1, -0.4, 0, 0.3, 1], rows) for s in "ABC"}
    record = play(
        series, targets, sizing="fixed:37", charges="percent:0.0731+flat:3.33", slippage="bps:7", stop_loss="2%",
        take_profit="3%", volume_cap=0.5,
    )  # fmt: skip
    # Every fill booked once more, with whole numbers and averages as fractions of (cost, quantity) held.
    cash = deposit = 10_000_000
    quantity, cost, gross, charges = dict.fromkeys(range(3), 0), dict.fromkeys(range(3), 0), 0, 0
    for booked in record.settlements:
        i, units = booked.fill.instrument, booked.fill.quantity
        value = booked.value_paise
        assert abs(Fraction(booked.fill.price) * abs(units) * 100 - value) <= Fraction(1, 2) + Fraction(1, 10**6)
        cash -= (value if units > 0 else -value) + booked.charges_paise
        charges += booked.charges_paise
        if quantity[i] * units < 0:  # by targets, nothing crosses zero in one order
            out = cost[i] * abs(units) // abs(quantity[i])
            profit = (value - out) * (1 if quantity[i] > 0 else -1)
            assert (out, profit) == (booked.cost_out_paise, booked.gross_paise)
            cost[i] -= out
            gross += profit
        else:
            cost[i] += value
            assert (booked.cost_out_paise, booked.gross_paise) == (0, 0)
        quantity[i] += units
        assert (quantity[i], cash) == (booked.position, booked.cash_paise)
        at_cost = sum(cost[j] * (1 if quantity[j] > 0 else -1) for j in quantity)
        assert cash + at_cost == deposit + gross - charges
    assert len(record.settlements) > 300
    assert tuple(quantity.values()) == record.positions


@SIDES
def test_a_partial_close_takes_its_floor_share(side):
    # 3 × 33.335 = 100.005 → 10,001 paise (half up); ₹1 of charges. Thirds: 3,333 + 3,334 + 3,334 and 33 + 33 + 34.
    seen: list[tuple[int, int]] = []

    def spy(session: Session, _row: int):
        position = session.portfolio().positions[0]
        seen.append((position.cost_paise, position.entry_charges_paise))
        return ()

    record = play(still(33.335, 5), [side, side * 2 / 3, side / 3, 0], sizing="fixed:3", charges="flat:1", orders=spy)
    assert [side * 3, -side, -side, -side] == [booked.fill.quantity for booked in record.settlements]
    assert [booked.cost_out_paise for booked in record.settlements] == [0, 3333, 3334, 3334]
    assert seen == [(0, 0), (10_001, 100), (6_668, 67), (3_334, 34), (0, 0)]


@pytest.mark.parametrize("rupees", [40_000_000_000_000.01 * 1.0001, 1e15, float("inf"), -1e15, NAN])
def test_an_amount_beyond_the_limit_raises(rupees):
    assert to_paise(40_000_000_000_000.0) == 4_000_000_000_000_000
    with pytest.raises(OverflowError, match="40 lakh crore"):
        to_paise(rupees)
    # One share bought at ₹1,000 crore is worth ₹50 lakh crore at the next close.
    with pytest.raises(OverflowError, match="40 lakh crore"):
        play([*still(1e10, 2), *still(5e13)], [1], sizing="fixed:1", capital=1e12)


@pytest.mark.parametrize(
    ("price", "slippage", "charges", "units"),
    [
        # ₹1,000 of cash and a decision close of 100 ask for 10. What counts is the worst price plus charges.
        (100, "none", "none", 10),
        (100, "bps:100", "none", 9),  # 9 × 101 = 909; 10 × 101 = 1,010
        (100, "none", "percent:0.1", 9),  # 10 × 100.1 = 1,001
        (100, "none", "flat:101", 8),
        (50, "none", "none", 10),  # a lower open does not change the size
    ],
)
def test_working_entries_reserve_cash(price, slippage, charges, units):
    record = play(
        [*still(100), *still(price, 2)], [1], sizing="value:1000", capital=1000, slippage=slippage, charges=charges
    )
    assert [units] == [booked.fill.quantity for booked in record.settlements]
    assert [(10, units, "" if units == 10 else "cash")] == verdicts(record)
    # A limit that rests holds its ₹950 (at its own price), so that the next buy has ₹50: none of 100.
    pair = {"A": still(100, 4), "B": still(100, 4)}
    resting = play(pair, {"A": [1], "B": [NAN, 1]}, limit={"A": [95]}, validity="GTC", capital=1000)
    assert refusals(resting) == [(10, "cash")]
    # When it is gone, so is the reserve.
    gone = play(pair, {"A": [1, 0], "B": [NAN, NAN, 1]}, limit={"A": [95]}, validity="GTC", capital=1000)
    assert fills_by_symbol(gone) == [(3, "B", 10)]


@SIDES
def test_a_fill_that_cash_cannot_cover_is_refused_whole(side):
    # ₹1,000 are enough for ten at 100, not for ten at 110.
    record = play([*still(100), *still(110, 2)], [side], capital=1000)
    assert fills(record) == []
    assert [(side * 10, "refused")] == states(record)
    assert [(side * 10, "cash")] == refusals(record)
    assert [notice.code for notice in record.notices] == ["refused_fill"]
    assert "cash" in record.notices[0].text
    # The intent is 0 then: a finite target asks again and is shrunk to what cash covers at 110; NaN asks nothing.
    again = play([*still(100), *still(110, 3)], [side, side], capital=1000)
    assert [(2, side * 9, 110.0, "signal")] == fills(again)
    # With a new signal only when the target has left and come back.
    waits = play([*still(100), *still(110, 6)], [side, side, side, 0, side], capital=1000, reenter="new_signal")
    assert [(5, side * 9, 110.0, "signal")] == fills(waits)
    # Beside a position the intent is what it was: of the five that the open of 130 refuses, row 5 asks again. Then ₹540
    # buy four at 130; the short has ₹1,600 less twice the ₹650 of what it holds, enough for two.
    capital, more = (1040, 4) if side > 0 else (1100, -2)
    beside = play([*still(100, 3), *still(130, 4)], [side / 2, NAN, side, NAN, NAN, side], capital=capital)
    assert [(1, side * 5, 100.0, "signal"), (6, more, 130.0, "signal")] == fills(beside)
    assert [(side * 5, "cash")] == refusals(beside)


@pytest.mark.parametrize(
    ("style", "reuse", "bought"),
    [
        ("targets", None, 0),
        ("targets", False, 0),
        ("targets", True, 10),
        ("weights", None, 10),
        ("weights", False, 0),
    ],
)
def test_unfilled_sales_fund_buys_only_with_reuse_proceeds(style, reuse, bought):
    pair = {"A": still(100, 4), "B": still(100, 4)}
    asked = {"A": [1, NAN, 0], "B": [NAN, NAN, 1]}
    given = {"weights": asked} if style == "weights" else {"targets": asked}
    record = play(pair, capital=1000, reuse_proceeds=reuse, **given)
    expected = [(1, "A", 10), (3, "A", -10), (3, "B", 10)]
    assert expected[: 3 if bought else 2] == fills_by_symbol(record)
    assert ([] if bought else [(10, "cash")]) == refusals(record)


@pytest.mark.parametrize(
    ("margin", "units", "power"),
    [
        # ₹1,000: ten short at 100 block their proceeds (1,000) and 100 % of their value (1,000).
        (1.0, 10, 0),
        (0.5, 20, 0),
        (0.3, 33, 1000 - 990),
        (2.0, 5, 0),
        (0.0, 100, 1000),
    ],
)
def test_a_short_blocks_proceeds_and_margin(margin, units, power):
    powers = []

    def spy(session: Session, _row: int):
        powers.append(session.portfolio().buying_power_paise)
        return ()

    prices = [*still(100, 2), (100, 110, 100, 110)]
    record = play(prices, [-1], sizing="fixed:100", capital=1000, short_margin=margin, orders=spy)
    assert [-units] == [booked.fill.quantity for booked in record.settlements]
    # Marked at 110, every unit blocks 10 more for its value and 10 × margin more for the margin.
    assert [100_000, power * 100, power * 100 - units * round(1000 * (1 + margin))] == powers
    # A buy beside it gets what is left.
    both = play({"A": still(100, 4), "B": still(100, 4)}, {"A": [-0.5], "B": [NAN, 1]}, capital=1000)
    assert fills_by_symbol(both) == [(1, "A", -5), (2, "B", 5)]


def test_cash_below_zero_is_noticed():
    # ₹2,000: ten short of A, which block ₹1,000, and ten of B for the rest. Bought back at 250, A costs ₹2,500.
    up = {"A": [*still(100, 2), *still(250, 3)], "B": still(100, 5)}
    record = play(up, {"A": [-1, NAN, 0], "B": [1]}, capital=2000)
    assert (-50_000, 50_000) == (record.cash_paise[-1], record.equity_paise[-1])
    assert [(n.code, n.text) for n in record.notices] == [("cash_below_zero", "cash fell to −₹500.00")]
    # Once for each time it falls there: nothing can be bought meanwhile.
    again = play(up, {"A": [-1, NAN, 0, 1], "B": [1]}, capital=2000)
    assert refusals(again) == [(10, "cash")]
    assert len(again.notices) == 1
    # And not at all while it is positive.
    fine = {"A": [*still(100, 2), *still(150, 3)], "B": still(100, 5)}
    assert play(fine, {"A": [-1, NAN, 0], "B": [1]}, capital=2000).notices == ()
