"""docs/execution.md §1, row by row: from signal to intent."""

import math

import numpy as np
import pytest

from framework import Signals, Strategy, Verdict, backtest
from framework.engines.decisions import decide_weights
from framework.errors import StrategyError
from framework.types import Rule
from tests.contract.market import (
    MONDAY,
    NAN,
    ask,
    fills,
    fills_by_symbol,
    in_both_engines,
    panel_of,
    play,
    refusals,
    settings_of,
    states,
    still,
    verdicts,
)

SIDES = pytest.mark.parametrize("side", [1, -1], ids=["long", "short"])


@SIDES
def test_an_equal_target_makes_no_order(side):
    # The price doubles, so 100 % of equity would mean another quantity each day: no drift rebalancing all the same.
    rising = [*still(100, 2), *still(150), *still(200, 2)]
    assert [(1, side * 500, 100.0, "signal")] == fills(play(rising, [side] * 5, sizing="value:50000"))
    # Risk left 5 of 10 units (₹500 at 100): the same target again does not top them up.
    clipped = play(still(100, 4), [side] * 4, max_order_value=500)
    assert [(1, side * 5, 100.0, "signal")] == fills(clipped)
    assert [(side * 10, side * 5, "max_order_value")] == verdicts(clipped)


@SIDES
def test_nan_keeps_the_intent(side):
    record = play(still(100, 6), [side, NAN, NAN, side, 0, NAN])
    assert [(1, side * 10, 100.0, "signal"), (5, -side * 10, 100.0, "signal")] == fills(record)


def test_leave_wins_over_enter():
    signals = Signals.long_flat(enter=[True, True, False, False], leave=[False, True, True, False])
    np.testing.assert_array_equal([1, 0, 0, NAN], signals.target)
    assert fills(play(still(100, 4), signals.target)) == [(1, 10, 100.0, "signal"), (2, -10, 100.0, "signal")]


@pytest.mark.parametrize("target", [1.0000001, -1.5, float("inf"), -float("inf")])
def test_a_target_beyond_one_is_refused(target):
    with pytest.raises(StrategyError, match=r"at bar 1; it must lie within −1\.\.\+1"):
        Signals([0, target])


@SIDES
@pytest.mark.parametrize(
    ("lot", "half", "rest", "back"),
    [
        # ₹1,000 at 100 are 10 units. 0.5 → 5; the price doubles, 1 → still 10 in all; 0.25 → 2.5 → 2 stay.
        (1, 5, 5, 8),
        # Lots of 3: 10 → 9 units. 0.5 × 9 = 4.5 → 3; 1 → 9, 6 more; 0.25 × 9 = 2.25 → 0 stay.
        (3, 3, 6, 9),
    ],
)
def test_a_partial_target_scales_the_quantity_of_the_opening_decision(side, lot, half, rest, back):
    prices = [*still(100, 2), *still(200, 4)]
    record = play(prices, [side / 2, NAN, side, NAN, side / 4], sizing="value:1000", lot=lot)
    expected = [(1, half, 100.0), (3, rest, 200.0), (5, -back, 200.0)]
    assert [(row, side * units, price, "signal") for row, units, price in expected] == fills(record)


@pytest.mark.parametrize(
    ("symbols", "allotment", "units"),
    [
        # ₹1,00,000 × 95 % × share / ₹100: one instrument has all of it, two have half each.
        ("A", None, 950),
        ("AB", None, 475),
        ("ABCD", None, 237),  # 237.5
        ("AB", 0.2, 190),
        ("A", 0.2, 190),
    ],
)
def test_equity_sizing_takes_its_share_of_the_allotment(symbols, allotment, units):
    record = play(dict.fromkeys(symbols, still(100, 2)), 1, sizing="equity:95%", allotment=allotment)
    assert [(1, symbol, units) for symbol in symbols] == fills_by_symbol(record)


@SIDES
@pytest.mark.parametrize(("sizing", "lot"), [("value:99", 1), ("value:999", 10), ("fixed:9", 10), ("risk:1%", 1)])
def test_a_size_below_one_lot_is_recorded_as_refused(side, sizing, lot):
    # ₹99 do not buy one unit at 100, ₹999 no lot of ten; sizing by risk without any stop buys nothing.
    record = play(still(100, 3), [side], sizing=sizing, lot=lot)
    assert fills(record) == []
    assert [(side * lot, "size_below_one_lot")] == refusals(record)


@SIDES
def test_a_lower_target_never_buys(side):
    # ₹300 at 100 leave 3 of 10. 0.5 would be 5: more than there is, so nothing. 0.2 is 2: one goes.
    record = play(still(100, 6), [side, NAN, side * 0.5, NAN, side * 0.2], max_order_value=300)
    assert [(1, side * 3, 100.0, "signal"), (5, -side, 100.0, "signal")] == fills(record)


@SIDES
@pytest.mark.parametrize("per_session", [0, 3, 100], ids=["daily", "three bars a session", "one session"])
def test_a_reduction_is_reissued_until_it_is_done(side, per_session):
    # A tenth of a volume of 30 lets 3 units go at each open: 3 + 3 + 3 + 1, whether the order rests or expired.
    prices = [(100, 100, 100, 100, 1000)] * 2 + [(90 + k, 100, 80, 90, 30) for k in range(6)]
    record = play(prices, [side, 0], volume_cap=0.1, per_session=per_session)
    gone = [(2, 3, 90.0), (3, 3, 91.0), (4, 3, 92.0), (5, 1, 93.0)]
    expected = [(1, side * 10, 100.0, "signal"), *[(r, -side * q, p, "signal") for r, q, p in gone]]
    assert expected == fills(record)


@SIDES
def test_a_reversal_is_two_orders(side):
    prices = [*still(100, 2), (100, 105, 95, 100), (110, 110, 110, 110)]
    record = play(prices, [side, NAN, -side], charges="percent:0.1+flat:20")
    assert [
        (1, side * 10, 100.0, "signal"),
        (3, -side * 10, 110.0, "signal"),
        (3, -side * 10, 110.0, "signal"),
    ] == fills(record)
    assert [booked.reduces for booked in record.settlements] == [False, True, False]
    # ₹1,000 → ₹1 + ₹20, then twice ₹1,100 → ₹1.10 + ₹20.
    assert [booked.charges_paise for booked in record.settlements] == [2100, 2110, 2110]
    assert (-side * 10,) == record.positions


class OnlyLong(Rule):
    def pre_order(self, order, state):
        return Verdict(max(order.quantity, 0), "only_long")


def test_a_refused_opening_leg_does_not_block_the_close():
    record = play(still(100, 4), [1, NAN, -1], rules=[OnlyLong()])
    assert fills(record) == [(1, 10, 100.0, "signal"), (3, -10, 100.0, "signal")]
    assert refusals(record) == [(-10, "only_long")]


CALM, FALL, RISE = (100, 101, 99, 100), (100, 101, 90, 92), (100, 110, 99, 108)
FORCED = [
    # Entered at 100 in row 1; the exit is 5 rupees away and row 2 reaches it. A time exit of 1 leaves at its open.
    ({"stop_loss": "rs:5"}, FALL, 95.0, "stop_loss"),
    ({"take_profit": "5%"}, RISE, 105.0, "take_profit"),
    ({"trail": "rs:5"}, (100, 101, 90, 92), 96.0, "trailing_stop"),  # 101, the high of row 1, less 5
    ({"time_exit": 1}, CALM, 100.0, "time_exit"),
]


@pytest.mark.parametrize(("exits", "bar", "price", "reason"), FORCED, ids=[case[3] for case in FORCED])
def test_after_a_stop_a_finite_target_re_enters(exits, bar, price, reason):
    prices = [CALM, CALM, bar, CALM, CALM]
    left = [(1, 10, 100.0, "signal"), (2, -10, price, reason)]
    assert [*left, (3, 10, 100.0, "signal")] == fills(play(prices, [1, 1, 1, NAN], **exits))[:3]
    assert left == fills(play(prices, [1, NAN, NAN, NAN, NAN], **exits))
    # An entry that expired is the same: the limit of row 0 rests through row 1 only, row 1 asks again at the market.
    assert fills(play([CALM] * 3, [1, 1, NAN], limit=[50, NAN, NAN])) == [(2, 10, 100.0, "signal")]
    assert fills(play([CALM] * 3, [1, NAN, NAN], limit=[50, NAN, NAN])) == []


@pytest.mark.parametrize(("exits", "bar", "price", "reason"), FORCED, ids=[case[3] for case in FORCED])
def test_new_signal_waits_for_the_target_to_leave(exits, bar, price, reason):
    prices = [CALM, CALM, bar, *[CALM] * 5]
    left = [(1, 10, 100.0, "signal"), (2, -10, price, reason)]
    constant = play(prices, 1, reenter="new_signal", **exits)
    assert left == fills(constant)
    repeated = play(prices, [1, NAN, NAN, 1, NAN, 1], reenter="new_signal", **exits)
    assert left == fills(repeated)
    # It leaves at row 3 and comes back at row 5: filled at the open of row 6.
    back = play(prices, [1, 1, 1, 0, 0, 1, NAN], reenter="new_signal", **exits)
    assert [*left, (6, 10, 100.0, "signal")] == fills(back)[:3]
    # An entry that expired waits as well.
    expired = play([CALM] * 6, [1, 1, 1, 0, 1], reenter="new_signal", limit=[50, NAN, NAN, NAN, NAN])
    assert fills(expired) == [(5, 10, 100.0, "signal")]


@pytest.mark.parametrize(
    ("rebalance", "more"),
    [
        # Half of ₹1,00,000 at 100 are 500 units. At 110 they are 55,000 of 1,05,000 = 52.38 %; half would be 477.27.
        ("on_signal", [(3, -23, 110.0, "rebalance")]),
        ("on_change", []),
        ("every_bar", [(3, -23, 110.0, "rebalance")]),
        ("band:2", [(3, -23, 110.0, "rebalance")]),
        ("band:2.5", []),
    ],
)
@pytest.mark.parametrize("keep", [0.5, NAN], ids=["the same weight", "NaN"])
def test_weights_rebalance_on_change_every_bar_or_beyond_a_band(rebalance, more, keep):
    prices = [*still(100, 2), (100, 110, 100, 110), *still(110, 3)]
    record = in_both_engines(play(prices, weights=[0.5, *[keep] * 5], rebalance=rebalance), "allocate")
    kept = rebalance == "on_signal" and math.isnan(keep)
    assert [(1, 500, 100.0, "signal"), *([] if kept else more)] == fills(record)
    # On change: 0.4 × 1,05,000 / 110 = 381.8 units.
    changed = play(prices, weights=[0.5, keep, keep, 0.4, NAN, 0.4], rebalance="on_change")
    assert fills(changed) == [(1, 500, 100.0, "signal"), (4, -119, 110.0, "rebalance")]

    class TooMuch(Strategy):
        def allocate(self, panel):
            return np.tile([0.6, -0.5], (len(panel), 1))

    pair = panel_of({"A": still(100, 2), "B": still(100, 2)})
    assert decide_weights(TooMuch(), pair, leverage=1.1) is not None
    with pytest.raises(StrategyError, match=r"Σ\|w\| = 1\.1000 .* must not exceed the leverage of 1"):
        decide_weights(TooMuch(), pair, leverage=1.0)


@pytest.mark.parametrize("reuse", [None, False])
def test_a_weight_that_a_row_gives_again_brings_the_position_back_and_its_sales_pay_its_purchases(reuse):
    # ₹1,00,000 in two halves, 500 at 100 each. A goes to 150: halves of ₹1,25,000 are 416 of A and 625 of B.
    prices = {"A": [*still(100, 2), *still(150, 6)], "B": still(100, 8)}
    given = {"A": [0.5, NAN, 0.5, NAN, 0.5], "B": [0.5, NAN, 0.5, NAN, 0.5]}
    record = in_both_engines(play(prices, weights=given, reuse_proceeds=reuse), "allocate")
    opened = [(1, "A", 500), (1, "B", 500)]
    if reuse is None:  # 84 × 150 = ₹12,600 pay 125 × 100 = ₹12,500; said once more, both are where they should be
        assert [*opened, (3, "A", -84), (3, "B", 125)] == fills_by_symbol(record)
        assert [] == refusals(record)
        assert 10_000 == record.cash_paise[-1]
    else:  # the cash that is there at the close buys nothing; what the sale brought buys it at the next number
        assert [*opened, (3, "A", -84), (5, "B", 125)] == fills_by_symbol(record)
        assert [(125, "cash")] == refusals(record)
    assert {"rebalance"} == {reason for *_, reason in fills(record)[2:]}
    # By the default; where only changes count, the winner is kept and holds the other's cash.
    by_default = play(prices, weights=given)
    assert ("on_signal", 4) == (by_default.settings.rebalance, len(by_default.settlements))
    assert opened == fills_by_symbol(play(prices, weights=given, rebalance="on_change"))


def test_a_weight_that_a_row_gives_again_reopens_what_was_stopped_or_refused_and_tops_up_what_was_clipped():
    # Stopped at 90 in row 2; the same number again enters at row 4. Clipped to ₹20,000, it is asked for again.
    fell = [*still(100, 2), (100, 100, 85, 90), *still(90, 4)]
    record = in_both_engines(play(fell, weights=[0.5, NAN, NAN, 0.5], stop_loss="10%"), "allocate")
    assert [(1, 500, 100.0, "signal"), (2, -500, 90.0, "stop_loss"), (4, 527, 90.0, "signal")] == fills(record)
    clipped = in_both_engines(
        play(still(100, 5), weights=[0.5, NAN, 0.5, 0.0, 0.0], max_order_value=20_000), "allocate"
    )
    assert [(1, 200), (3, 200), (4, -400)] == [fill[:2] for fill in fills(clipped)]


@pytest.mark.parametrize("rebalance", ["on_signal", "every_bar", "band:1"])
def test_a_top_up_that_cash_refused_keeps_the_weight_so_that_a_zero_still_sells(rebalance):
    # Half of ₹1,00,000 at 100; at 50 the half of ₹75,000 is 750, and the open at 500 leaves no cash for 250 more.
    prices = [*still(100, 2), (50, 50, 50, 50), (500, 500, 50, 50), *still(50, 4)]
    weights = [0.5, NAN, 0.5, NAN, NAN, 0.0, 0.0]
    record = in_both_engines(play(prices, weights=weights, rebalance=rebalance), "allocate")
    assert (250, "cash") == refusals(record)[0]
    row, units, price, reason = fills(record)[-1]
    assert (6, 50.0, "signal") == (row, price, reason)
    assert units < 0
    assert (0,) == record.positions


def test_a_weight_that_a_row_gives_again_replaces_an_entry_that_still_waits():
    # No bar of B at rows 1 and 2: the entry of ₹50,000 expires and is asked for anew only where the row says so.
    prices = {"A": still(10, 7), "B": [*still(100), None, None, *still(100, 4)]}
    record = in_both_engines(play(prices, weights={"B": [0.5, NAN, 0.5, NAN, 0.5]}), "allocate")
    assert [(5, "B", 500)] == fills_by_symbol(record)


@pytest.mark.parametrize("side", [1, -1], ids=["long", "short"])
@pytest.mark.parametrize(
    ("choices", "beside", "price", "lot"),
    [
        ({"sizing": "equity:95%"}, {}, 1e-5, 1),  # 9,50,00,00,000 units
        ({"sizing": "fixed:3000000000"}, {}, 1e-5, 1),
        ({"sizing": "fixed:3000000000"}, {}, 100, 75),
        ({"sizing": "value:50000"}, {}, 1e-5, 1),
        ({"sizing": "risk:1%"}, {"stop": 1e-8}, 100, 1),
        ({"sizing": "risk:1%", "stop_loss": "rs:0.0000001"}, {}, 100, 1),
        ({"sizing": "kelly:50%", "kelly_start": 0.5}, {}, 1e-5, 1),
        ({"sizing": "margin:90%", "long_margin": 1e-8, "short_margin": 1e-8}, {}, 100, 1),
        ({"sizing": "fixed:2000000000"}, {}, 20_000.01, 1),  # more than ₹40 lakh crore
    ],
    ids=["equity", "fixed", "lots", "value", "risk", "stop_loss", "kelly", "margin", "worth"],
)
def test_a_size_that_no_rule_can_hold_is_refused_as_beyond_the_limit(side, choices, beside, price, lot):
    record = in_both_engines(play(still(price, 4), [side, NAN, side / 2], lot=lot, **choices, **beside), **beside)
    most = 2_000_000_000 // lot * lot
    # Half of it is no size either; where one was, and only its worth is too large, a lower target never buys (S8).
    assert [(side * most, "size_beyond_limit")] * (1 if price == 20_000.01 else 2) == refusals(record)
    assert [] == fills(record)


@pytest.mark.parametrize("side", [1, -1], ids=["long", "short"])
def test_a_volatility_of_almost_nothing_asks_for_a_size_beyond_the_limit(side):
    # Closes that differ by 1e-7 of themselves: ₹15,000 / (100 × 1.6e-6) is less, ₹15,000 / (100 × 1.6e-10) is not.
    prices = [(100 + move,) * 4 for move in (0, 1e-9, 0, 1e-9, 0, 1e-9)]
    given = {"sizing": "volatility:15%", "volatility_bars": 2}
    record = in_both_engines(play(prices, [NAN, NAN, NAN, side], **given))
    assert [(side * 2_000_000_000, "size_beyond_limit")] == refusals(record)
    # Divided among all, the same calm is half of the equity and no size at all.
    two = {"A": prices, "B": prices}
    assert [] == refusals(in_both_engines(play(two, [NAN, NAN, NAN, side], sizing="equal_risk:95%", volatility_bars=2)))


@pytest.mark.parametrize("side", [1, -1], ids=["long", "short"])
def test_a_weight_that_no_rule_can_hold_is_refused_as_beyond_the_limit(side):
    record = in_both_engines(play(still(1e-5, 4), weights=[side * 0.5, NAN, side * 1e-7]), "allocate")
    assert [(side * 2_000_000_000, "size_beyond_limit")] == refusals(record)
    # ₹0.01 of it are a thousand units.
    assert [(3, side * 1000)] == [fill[:2] for fill in fills(record)]


@pytest.mark.parametrize("side", [1, -1], ids=["long", "short"])
@pytest.mark.parametrize(
    ("quantity", "price", "why"),
    [
        (3_000_000_000, 100, "size_beyond_limit"),
        (10**15, 100, "size_beyond_limit"),
        (2_000_000_000, 20_001, "size_beyond_limit"),
        (2_000_000_000, 100, ""),
    ],
)
def test_an_explicit_order_that_no_rule_can_hold_is_refused_as_beyond_the_limit(side, quantity, price, why):
    record = play(still(price, 4), orders={0: [ask(side * quantity)]})
    assert ([(side * quantity, why)] if why else []) == refusals(record)
    assert ([] if why else [(1, side * 1000)]) == [fill[:2] for fill in fills(record)]  # cut to the cash
    # With what is held already it counts together; what only reduces passes.
    first, more, back = 5_000_000, 1_999_000_000, 10**10
    held = play(still(0.01, 6), orders={0: [ask(side * first)], 2: [ask(side * more)], 3: [ask(-side * back)]})
    assert [side * more, -side * (back - first)] == [units for units, _ in refusals(held)]
    assert {"size_beyond_limit"} == {reason for _, reason in refusals(held)}
    assert [(1, side * 5_000_000), (4, -side * 5_000_000)] == [fill[:2] for fill in fills(held)]


class AboveItsMean(Strategy):
    def signals(self, bars):
        means = np.cumsum(bars.close) / np.arange(1, len(bars) + 1)
        return Signals(np.where(bars.close > means, 1.0, 0.0))


def test_from_limits_decisions_not_history():
    # 105 is above the mean of 50, 50, 50, 105, 105 (72), but not above the mean of 105 alone.
    bars = panel_of([*still(50, 3), *still(105, 3)]).bars_of(0)
    chosen = settings_of()
    from_third = backtest(AboveItsMean(), bars, settings=chosen, start="2024-01-05", causality="off").record
    assert from_third.panel.session[from_third.first_row] == MONDAY + 4
    assert fills(from_third) == [(5, 10, 105.0, "signal")]
    assert list(from_third.equity_paise) == [10_000_000] * 2
    alone = backtest(AboveItsMean(), bars[3:], settings=chosen, causality="off").record
    assert fills(alone) == []


def test_reductions_come_before_increases_in_symbol_order():
    # At row 1, B and D are given back, A, C and E are entered: all at the open of row 2.
    targets = {"B": [1, 0], "D": [-1, 0], "A": [NAN, 1], "C": [NAN, -1], "E": [NAN, 1]}
    record = play(dict.fromkeys("EDCBA", still(100, 3)), targets)
    assert fills_by_symbol(record) == [
        (1, "B", 10), (1, "D", -10),
        (2, "B", -10), (2, "D", 10), (2, "A", 10), (2, "C", -10), (2, "E", 10),
    ]  # fmt: skip
    assert {"filled"} == {state for _, state in states(record)}


DOUBLING = [100, 200, 100, 200, 100, 200]
"""Its log returns are ±ln 2: of two of them, mean 0, variance 2 (ln 2)² / 1, times 252: 15.561116 a year."""


def bars_at(closes):
    return [(close, close, close, close) for close in closes]


@SIDES
def test_volatility_sizing_moves_its_share_of_the_allotment_in_a_year(side):
    # At row 2 the close is 100: 0.5 × ₹1,00,000 / (100 × 15.561116) = 32.13 units.
    record = play(bars_at(DOUBLING), [NAN, NAN, side], sizing="volatility:50%", volatility_bars=2)
    assert [(3, side * 32, 200.0, "signal")] == fills(record)
    assert 15.561116 == pytest.approx(math.sqrt(2 * math.log(2) ** 2 * 252))
    # Half the allotment, half the units; a partial target takes its part of them: 16.06 × 0.5.
    record = play(bars_at(DOUBLING), [NAN, NAN, side / 2], sizing="volatility:50%", volatility_bars=2, allotment=0.5)
    assert [(3, side * 8, 200.0, "signal")] == fills(record)


def test_a_volatility_that_is_not_known_yet_refuses_and_the_target_asks_again():
    # Two returns are known at row 2, so the target that stays 1 buys at row 3; one that has gone by then does not.
    record = play(bars_at(DOUBLING), 1, sizing="volatility:50%", volatility_bars=2)
    assert [(1, "no_volatility"), (1, "no_volatility")] == refusals(record)
    assert [(3, 32, 200.0, "signal")] == fills(record)
    # A price that stands still has nothing to divide by.
    still_record = play(still(100, 5), [NAN, NAN, 1], sizing="volatility:50%", volatility_bars=2)
    assert ([], [(1, "no_volatility")]) == (fills(still_record), refusals(still_record))


def test_equal_risk_divides_by_volatility_among_those_that_have_one():
    # A moves by ±ln 2, B by ±2 ln 2, C has stood still: weights 2/3 and 1/3 of 90 % of ₹1,00,000, at 100 each.
    panel = panel_of({"A": bars_at(DOUBLING), "B": bars_at([100, 400, 100, 400]), "C": still(100, 4)})
    record = play(panel, {symbol: [NAN, NAN, 1] for symbol in "ABC"}, sizing="equal_risk:90%", volatility_bars=2)
    asked = {panel.symbols[o.order.instrument]: o.requested for o in record.orders}
    assert {"A": 600, "B": 300, "C": 1} == asked
    assert [(1, "no_volatility")] == [(o.requested, o.why) for o in record.orders if o.order.instrument == 2]


def trips(outcomes):
    """Closes and targets of round trips of one unit of ₹1,000 each, entered and left at the next open."""
    bars, targets = [], []
    for outcome in outcomes:
        bars += [*still(1000, 2), *still(1000 + outcome)]
        targets += [1, 0, NAN]
    return [*bars, *still(1000, 2)], [*targets, 1]


def test_kelly_sizing_learns_from_its_own_round_trips():
    # ₹10,000; one unit of ₹1,000 a trip (10 % until three have closed). Won 300, lost 100, won 300: W = 2/3, R = 3,
    # f* = 2/3 − (1/3)/3 = 5/9. Half of it is 27.78 % of ₹10,500: 2.92 units; capped at 20 %: 2.1.
    prices, targets = trips([300, -100, 300])
    chosen = {"capital": 10_000, "sizing": "kelly:50%", "kelly_after": 3, "kelly_start": 0.1}
    record = play(prices, targets, **chosen, kelly_cap=1)
    assert [1, -1, 1, -1, 1, -1, 2] == [fill[1] for fill in fills(record)]
    assert [2] == [fill[1] for fill in fills(play(prices, targets, **chosen, kelly_cap=0.2))[-1:]]
    full = play(prices, targets, **{**chosen, "sizing": "kelly:100%"}, kelly_cap=1)
    assert 5 == fills(full)[-1][1]  # 55.56 % of ₹10,500: 5.83
    capped = play(prices, targets, **{**chosen, "sizing": "kelly:100%"}, kelly_cap=0.4)
    assert 4 == fills(capped)[-1][1]  # 40 % of ₹10,500: 4.2


def test_kelly_sizing_without_an_edge_buys_nothing():
    # Won 100, lost 100: W = 1/2, R = 1, f* = 0. The refusal keeps the intent: without positions nothing changes.
    prices, targets = trips([100, -100])
    chosen = {"capital": 10_000, "sizing": "kelly:50%", "kelly_after": 2, "kelly_start": 0.1}
    record = play([*prices, *still(1000, 2)], [*targets, 1, 1], **chosen)
    assert [1, -1, 1, -1] == [fill[1] for fill in fills(record)]
    assert [(1, "no_edge")] == refusals(record)
    # Charges make a trip that broke even a lost one: 110 − 2 × 10 won, 20 lost.
    prices, targets = trips([120, 0])
    assert 2 == fills(play(prices, targets, **chosen, charges="flat:10", kelly_cap=1))[-1][1]  # W ½, R 5, f* 0.4


@pytest.mark.parametrize(
    ("side", "margins", "units"),
    [
        (1, {}, 900),
        (1, {"long_margin": 0.2, "short_margin": 0.5}, 4500),
        (-1, {"long_margin": 0.2, "short_margin": 0.5}, 1800),
        (-1, {"short_margin": 1.5}, 600),
    ],
)
def test_margin_sizing_blocks_its_share_of_the_allotment(side, margins, units):
    # 90 % of ₹1,00,000 at 100, of which a position takes its side's margin: what is asked for is also affordable.
    record = play(still(100, 2), [side], sizing="margin:90%", **margins)
    assert [(side * units, side * units, "")] == verdicts(record)


def test_sizing_by_risk_may_ask_for_more_than_cash_and_the_review_cuts_it():
    # 1 % of ₹1,00,000 over a stop of ₹0.50 is 2,000 units of ₹100: cash allows 1,000, and the verdict says so.
    record = play(still(100, 3), [1], sizing="risk:1%", stop=0.5)
    assert [(2000, 1000, "cash")] == verdicts(record)
