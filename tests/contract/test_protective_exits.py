"""docs/execution.md §2, rows 10 to 18: stops, targets, trails and time exits.

Each case is written for a long position entered at 100. ``mirror`` reflects prices about 100 for the short one.
"""

import pytest

from tests.contract.market import NAN, at, fills, mirror, play

SIDES = pytest.mark.parametrize("side", [1, -1], ids=["long", "short"])
REST = (100, 100, 100, 100)
ENTERED = [REST, REST]
"""Decided at row 0, filled at the open of row 1; at row 2 the exits are tried."""


def entered(side, *others):
    return [(1, side * 10, 100.0, "signal"), *others]


def left(side, row, price, reason):
    return (row, -side * 10, at(side, price), reason)


@SIDES
@pytest.mark.parametrize(
    ("strategy", "configured", "price", "reason"),
    [
        ({"stop": 3}, {"stop_loss": "5%"}, 97, "stop_loss"),
        ({"stop": 8}, {"stop_loss": "5%"}, 95, "stop_loss"),
        ({"stop": 8}, {}, 92, "stop_loss"),
        ({"stop": NAN}, {"stop_loss": "rs:5"}, 95, "stop_loss"),
        ({"take_profit": 4}, {"take_profit": "10%"}, 104, "take_profit"),
        ({"take_profit": 12}, {"take_profit": "10%"}, 110, "take_profit"),
        ({"trail": 6}, {"trail": "rs:7"}, 94, "trailing_stop"),
        ({"trail": 6}, {"trail": "2%"}, 98, "trailing_stop"),
        # A stop and a trail are both stops: the price meets the nearer one first.
        ({"stop": 4, "trail": 6}, {"stop_loss": "9%"}, 96, "stop_loss"),
        ({"stop": 7}, {"trail": "rs:6"}, 94, "trailing_stop"),
    ],
)
def test_the_nearer_of_two_distances_wins(side, strategy, configured, price, reason):
    moves = (100, 120, 100, 110) if price > 100 else (100, 100, 85, 90)
    given = {name: [distance, 1, 1] for name, distance in strategy.items()}
    record = play(mirror(side, [*ENTERED, moves]), [side], **given, configured=configured)
    assert entered(side, left(side, 2, price, reason)) == fills(record)


@SIDES
@pytest.mark.parametrize(
    "exits", [{"stop_loss": "5%"}, {"take_profit": "5%"}, {"stop_loss": "5%", "take_profit": "5%"}]
)
@pytest.mark.parametrize("gap", [92, 108], ids=["open beyond the stop", "open beyond the target"])
def test_row_10_a_strategy_exit_comes_before_protective_exits(side, exits, gap):
    # The target of row 1 is 0, so an exit is due at the open of row 2, wherever that is: one fill, and a market one.
    prices = mirror(side, [*ENTERED, (gap, 110, 90, 100), REST])
    record = play(prices, [side, 0], slippage="bps:10", **exits)
    price = round(at(side, gap) * (1 - side * 0.001), 9)
    entry = round(100 * (1 + side * 0.001), 9)
    assert [(1, side * 10, entry, "signal"), (2, -side * 10, price, "signal")] == fills(record)
    # A partial one leaves exits for what is left: 5 go at the open, 5 within the bar at the level.
    half = play(mirror(side, [*ENTERED, (100, 106, 94, 100)]), [side, side / 2], **exits)
    reason = "stop_loss" if "stop_loss" in exits else "take_profit"
    level = at(side, 95 if reason == "stop_loss" else 105)
    assert entered(side, (2, -side * 5, 100.0, "signal"), (2, -side * 5, level, reason)) == fills(half)


@SIDES
@pytest.mark.parametrize(
    ("opens_at", "price", "reason"),
    [
        (90, 90 * 0.999, "stop_loss"),
        (95, 95 * 0.999, "stop_loss"),  # exactly at the stop
        (108, 108, "take_profit"),  # a limit: no slippage
        (105, 105, "take_profit"),
    ],
)
def test_row_11_an_open_beyond_stop_or_target_fills_at_the_open(side, opens_at, price, reason):
    # Slippage of 10 bps moves the fills of stops. Distances are measured from the average fill, 100.1 (or 99.9).
    prices = mirror(side, [*ENTERED, (opens_at, 112, 88, 100)])
    exits = {"stop_loss": "rs:5.1", "take_profit": f"rs:{4.9 - 1e-9}"}
    record = play(prices, [side], slippage="bps:10", charges="percent:0.1", **exits)
    if reason == "stop_loss" and side < 0:
        price = 200 - (200 - opens_at) * 1.001
    average = 100 + side * 0.1
    assert [(1, side * 10, average, "signal"), (2, -side * 10, round(at(side, price), 9), reason)] == fills(record)
    assert record.settlements[1].simulated.at_open


@SIDES
@pytest.mark.parametrize(("both", "price", "reason"), [("stop", 95, "stop_loss"), ("target", 105, "take_profit")])
@pytest.mark.parametrize("row", [1, 2], ids=["entry bar", "later bar"])
def test_row_12_the_stop_wins_when_a_bar_reaches_both(side, both, price, reason, row):
    wide = (100, 106, 94, 100)
    prices = mirror(side, [REST, wide] if row == 1 else [*ENTERED, wide])
    record = play(prices, [side], stop_loss="5%", take_profit="5%", both=both)
    assert entered(side, left(side, row, price, reason)) == fills(record)
    # Its sibling is gone with it.
    assert sorted(str(o.state) for o in record.orders if o.order.protective) == ["cancelled", "filled"]


@SIDES
@pytest.mark.parametrize(
    ("active_from", "bar", "following", "expected"),
    [
        ("entry_bar", (100, 101, 94, 99), REST, (1, 95, "stop_loss")),
        ("entry_bar", (100, 106, 99, 99), REST, (1, 105, "take_profit")),
        ("next_bar", (100, 106, 94, 99), REST, None),
        ("next_bar", (100, 106, 94, 99), (96, 97, 94, 96), (2, 95, "stop_loss")),
        ("next_bar", (100, 106, 94, 99), (90, 97, 89, 96), (2, 90, "stop_loss")),
        ("next_bar", (100, 106, 94, 99), (104, 107, 103, 104), (2, 105, "take_profit")),
    ],
)
def test_row_13_exits_are_active_in_the_entry_bar(side, active_from, bar, following, expected):
    prices = mirror(side, [REST, bar, following])
    record = play(prices, [side], stop_loss="5%", take_profit="5%", active_from=active_from)
    assert entered(side, *([left(side, *expected)] if expected else [])) == fills(record)


@SIDES
@pytest.mark.parametrize(
    ("bars", "expected"),
    [
        # Entered at 100, 5 behind the best price. In the entry bar the level is 95, whatever its high.
        ([(100, 110, 96, 108)], None),
        ([(100, 110, 95, 108)], (1, 95)),
        # At its close it ratchets to 110 − 5.
        ([(100, 110, 96, 108), (108, 109, 105, 107)], (2, 105)),
        ([(100, 110, 96, 108), (108, 109, 105.1, 107)], None),
        ([(100, 110, 96, 108), (104, 109, 103, 107)], (2, 104)),  # gapped
        # A bar's own high counts from the next bar on; a lower one never lowers the level.
        ([(100, 102, 99, 101), (101, 120, 98, 119), (118, 118, 115, 116)], (3, 115)),
        ([(100, 110, 99, 106), (106, 107, 105.5, 106), (106, 106, 105, 105)], (3, 105)),
    ],
)
def test_row_15_a_trailing_stop_ratchets_at_the_close(side, bars, expected):
    record = play(mirror(side, [REST, *bars]), [side], trail=[5])
    assert entered(side, *([left(side, *expected, "trailing_stop")] if expected else [])) == fills(record)
    # 10 % of the best price, 110 (or 90), not of the 100 that was paid: 110 − 11, or 90 + 9.
    share = play(mirror(side, [REST, (100, 110, 96, 108), (108, 109, 98, 107)]), [side], trail="10%")
    assert entered(side, (2, -side * 10, 99.0, "trailing_stop")) == fills(share)
    # Entered within row 1 by a limit at 98; whether its high of 110 came before or after, nobody knows: only its close
    # counts, 99 − 5; and one that is worse than the entry ratchets nothing, 98 − 5.
    for close, low, level in ((99, 94.1, None), (99, 94, 94), (97, 93.1, None), (97, 93, 93)):
        within = mirror(side, [REST, (100, 110, 97, close), (close, close, low, close), REST])
        limited = play(within, [side], limit=[at(side, 98)], trail=[5])
        leaves = [left(side, 2, level, "trailing_stop")] if level else []
        assert [(1, side * 10, at(side, 98), "signal"), *leaves] == fills(limited)


@SIDES
@pytest.mark.parametrize("bars", [1, 2, 3])
@pytest.mark.parametrize("entry", ["market", "limit", "trigger"])
def test_row_16_a_time_exit_fills_at_the_open_of_the_nth_bar(side, bars, entry):
    prices = mirror(side, [REST, (100, 102, 98, 100), *[(100 + k, 110, 90, 100) for k in (1, 2, 3, 4)]])
    price = {"market": 100, "limit": 99, "trigger": 101}[entry]
    given = {} if entry == "market" else {entry: [at(side, price)]}
    record = play(prices, [side], time_exit=bars, **given)
    expected = [(1, side * 10, at(side, price), "signal"), left(side, 1 + bars, 100 + bars, "time_exit")]
    assert expected == fills(record)


@SIDES
def test_row_18_positions_stay_open_at_the_end(side):
    record = play([REST, (100, 108, 98, 107)], [side, 0], charges="flat:20")
    assert entered(side) == fills(record)
    assert (side * 10,) == record.positions
    # ₹1,00,000 − ₹20 ± 10 × ₹7.
    assert 10_000_000 - 2000 + side * 7000 == record.equity_paise[-1]
    assert record.exposure_paise[-1] == 107_000
