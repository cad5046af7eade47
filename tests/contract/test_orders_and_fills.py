"""docs/execution.md §2, rows 1 to 9 and what follows the tables: where an order fills within a bar.

Each case is written for a buy. ``mirror`` reflects prices about 100 for the sell: what was below is above.
"""

from itertools import product

import numpy as np
import pytest

from framework.report.result import Result
from framework.types import Causality, CausalityVerdict, Validity
from tests.contract.market import NAN, ask, at, fills, fills_by_symbol, mirror, play, row_of, states, still

SIDES = pytest.mark.parametrize("side", [1, -1], ids=["buy", "sell"])
REST = (100, 100, 100, 100)


@pytest.mark.parametrize(
    ("side", "slippage", "tick", "price"),
    [
        (1, "none", 0.0, 100.0),
        (-1, "none", 0.05, 100.0),
        (1, "bps:10", 0.0, 100.1),  # 100 × 1.001
        (-1, "bps:10", 0.0, 99.9),
        (1, "bps:10", 0.25, 100.25),  # up to the next quarter
        (-1, "bps:10", 0.25, 99.75),
        (1, "ticks:2", 0.05, 100.1),
        (-1, "ticks:2", 0.05, 99.9),
        (1, "bps:10", 0.05, 100.1),  # already on the grid: not one tick more
        (-1, "bps:10", 0.05, 99.9),
    ],
)
@pytest.mark.parametrize("gap", [True, False], ids=["gap", "no gap"])
def test_row_1_market_orders_fill_at_the_next_open_slipped(side, slippage, tick, price, gap):
    before = still(80 if gap else 100)
    record = play([*before, (100, 120, 70, 90), *still(90)], [side], slippage=slippage, tick=tick)
    assert [(1, side * 10, price, "signal")] == fills(record)
    booked = record.settlements[0].simulated
    assert (booked.unslipped, booked.at_open, booked.at_close) == (100.0, True, False)


@SIDES
def test_row_1_protection_turns_a_market_order_into_a_resting_limit(side):
    # Protection of 20 bps allows 100.2 at an open of 100; 50 bps of slippage would be 100.5: a limit at 100.2.
    prices = mirror(side, [REST, (100, 103, 99, 101), (101, 102, 100.3, 101), (101, 102, 100.2, 101), REST, REST])
    rule = {"slippage": "bps:50", "protection_bps": 20}
    resting = play(prices, [side], per_session=6, **rule)
    assert [(3, side * 10, at(side, 100.2), "signal")] == fills(resting)
    # An open that is better than the bound fills there, unslipped: it is a limit now.
    better = play([*prices[:2], *mirror(side, [(99, 99, 99, 99)])], [side], per_session=6, **rule)
    assert [(2, side * 10, at(side, 99.0), "signal")] == fills(better)
    # A daily bar is a session, so the limit is gone before it could fill.
    daily = play(prices, [side], **rule)
    assert fills(daily) == []
    assert [(side * 10, "expired")] == states(daily)
    # Within the bound nothing happens: 10 bps of slippage on 100.
    within = play(prices, [side], slippage="bps:10", protection_bps=20)
    assert [(1, side * 10, at(side, 100.1), "signal")] == fills(within)


@SIDES
def test_row_1_protection_holds_at_the_close_too(side):
    # Decided and filled at a close of 100: 10 bps of slippage are within 20 of protection, 50 bps are not. Then it is a
    # limit at 100.2 that fills at the next open, which is better.
    prices = mirror(side, [REST, (99, 103, 99, 101), REST])
    rule = {"fill_at": "same_close", "protection_bps": 20, "per_session": 3}
    within = play(prices, [side], slippage="bps:10", **rule)
    assert [(0, side * 10, at(side, 100.1), "signal")] == fills(within)
    resting = play(prices, [side], slippage="bps:50", **rule)
    assert [(1, side * 10, at(side, 99.0), "signal")] == fills(resting)


@SIDES
def test_row_2_a_market_order_waits_for_a_missing_bar_and_expires_with_the_session(side):
    def run(rows, targets, per_session):
        return play({"A": rows, "Z": still(100, len(rows))}, {"A": targets}, per_session=per_session)

    bar, later = (100, 101, 99, 100), (110, 111, 109, 110)
    waited = run([bar, None, later, later], [side], 4)
    assert [(2, side * 10, 110.0, "signal")] == fills(waited)
    expired = run([bar, None, None, later, later, later], [side], 3)
    assert fills(expired) == []
    assert [(side * 10, "expired")] == states(expired)
    # Decided at a session's last bar, it works in the next session, and waits there as well.
    overnight = run([bar, bar, None, later, later], [NAN, side], 2)
    assert [(3, side * 10, 110.0, "signal")] == fills(overnight)
    # A daily bar is a session: the day without a bar is the end of it.
    daily = run([bar, None, later, later], [side], 0)
    assert fills(daily) == []
    assert [(side * 10, "expired")] == states(daily)
    # A reduction waits and expires too, and is issued again at the instrument's next bar.
    given_back = run([bar, bar, None, later, later, later], [side, 0], 3)
    assert [(1, side * 10, 100.0, "signal"), (4, -side * 10, 110.0, "signal")] == fills(given_back)


@SIDES
@pytest.mark.parametrize("opens_at", [97, 98], ids=["better", "equal"])
@pytest.mark.parametrize("tick", [0.0, 0.05])
def test_row_3_a_better_open_fills_a_limit_at_the_open(side, opens_at, tick):
    prices = mirror(side, [REST, (opens_at, 99, 96, 98.5), REST])
    record = play(prices, [side], limit=[at(side, 98)], slippage="bps:50", tick=tick)
    assert [(1, side * 10, float(at(side, opens_at)), "signal")] == fills(record)
    assert record.settlements[0].simulated.at_open


@SIDES
@pytest.mark.parametrize(
    ("low", "expected"), [(97, 98), (98, 98), (98.05, None)], ids=["through", "touched", "not reached"]
)
@pytest.mark.parametrize("tick", [0.0, 0.05])
def test_row_4_a_limit_fills_at_its_price(side, low, expected, tick):
    prices = mirror(side, [REST, (100, 101, low, 99), REST])
    record = play(prices, [side], limit=[at(side, 98)], slippage="bps:50", tick=tick)
    assert ([] if expected is None else [(1, side * 10, float(at(side, expected)), "signal")]) == fills(record)
    assert all(not booked.simulated.at_open for booked in record.settlements)


@SIDES
@pytest.mark.parametrize("opens_at", [103, 102], ids=["beyond", "equal"])
def test_row_5_a_gapped_stop_fills_at_the_open(side, opens_at):
    prices = mirror(side, [REST, (opens_at, 105, 101, 104), REST])
    record = play(prices, [side], trigger=[at(side, 102)], slippage="ticks:1", tick=0.5)
    assert [(1, side * 10, float(at(side, opens_at + 0.5)), "signal")] == fills(record)
    assert record.settlements[0].simulated.unslipped == at(side, opens_at)


@SIDES
@pytest.mark.parametrize(
    ("high", "expected"), [(103, 102.5), (102, 102.5), (101.95, None)], ids=["through", "touched", "not reached"]
)
def test_row_6_a_stop_fills_at_its_trigger(side, high, expected):
    prices = mirror(side, [REST, (100, high, 99, 101), REST])
    record = play(prices, [side], trigger=[at(side, 102)], slippage="ticks:1", tick=0.5)
    assert ([] if expected is None else [(1, side * 10, at(side, expected), "signal")]) == fills(record)


@SIDES
@pytest.mark.parametrize(
    ("per_session", "decided", "validity", "expected"),
    [
        # Row 5 is the first to reach the limit of 95.
        (0, 0, "DAY", None),
        (0, 4, "DAY", 5),
        (0, 0, "GTC", 5),
        (3, 0, "DAY", None),  # works in rows 1 and 2
        (3, 1, "DAY", None),  # works in row 2
        (3, 2, "DAY", 5),  # decided at the session's last bar, works in rows 3 to 5
        (3, 3, "DAY", 5),
        (3, 1, "GTC", 5),
    ],
)
@pytest.mark.parametrize("explicit", [False, True], ids=["by target", "on_bar"])
def test_row_8_day_orders_expire_gtc_orders_rest(side, per_session, decided, validity, expected, explicit):
    prices = mirror(side, [REST] * 5 + [(100, 100, 94, 100), REST])
    said = [*[NAN] * decided, 1.0]
    if explicit:
        order = ask(side * 10, limit=at(side, 95), validity=Validity(validity))
        record = play(prices, orders={decided: [order]}, per_session=per_session)
    else:
        record = play(
            prices, [side * v for v in said], limit=[at(side, 95) * v for v in said], validity=validity,
            per_session=per_session,
        )  # fmt: skip
    reason = "order" if explicit else "signal"
    assert ([] if expected is None else [(expected, side * 10, float(at(side, 95)), reason)]) == fills(record)
    assert [(side * 10, "expired" if expected is None else "filled")] == states(record)


@SIDES
def test_row_8_another_target_cancels_a_resting_entry(side):
    prices = mirror(side, [REST, REST, REST, (100, 100, 94, 100), REST])
    limit = [at(side, 95), NAN, NAN, NAN]
    for other, state in ((0, "cancelled"), (NAN, "filled"), (side, "filled")):
        record = play(prices, [side, NAN, other], limit=limit, validity="GTC")
        assert [(side * 10, state)] == states(record)
    # The opposite target cancels it too and makes its own order; so does a different one of the same sign.
    opposite = play(prices, [side, NAN, -side], limit=limit, validity="GTC")
    assert [(3, -side * 10, 100.0, "signal")] == fills(opposite)
    # A fill that wins the race counts: the limit fills in row 3, at whose close the target becomes 0.
    raced = play(prices, [side, NAN, NAN, 0], limit=limit, validity="GTC")
    assert [(3, side * 10, float(at(side, 95)), "signal"), (4, -side * 10, 100.0, "signal")] == fills(raced)


@SIDES
@pytest.mark.parametrize("keep", [NAN, 1], ids=["NaN", "the same target"])
def test_row_8_limit_follow_moves_a_resting_entry(side, keep):
    # The limit rises from 95 to 97; only then row 3, which falls to 96, reaches it.
    prices = mirror(side, [REST, REST, REST, (100, 100, 96, 100), REST])
    limit = [at(side, 95), at(side, 96.5), at(side, 97), NAN]
    targets = [side, side * keep, side * keep]
    followed = play(prices, targets, limit=limit, validity="GTC", limit_follow=True)
    assert [(3, side * 10, float(at(side, 97)), "signal")] == fills(followed)
    assert [(side * 10, "cancelled")] * 2 + [(side * 10, "filled")] == states(followed)
    stayed = play(prices, targets, limit=limit, validity="GTC")
    assert fills(stayed) == []


@SIDES
@pytest.mark.parametrize(
    ("lot", "volumes", "per_session", "expected"),
    [
        # A tenth of the volume: 4, 4 and the last 2 at the opens of one session.
        (1, [40, 40, 40], 5, [(1, 4), (2, 4), (3, 2)]),
        (1, [49, 1000, 40], 5, [(1, 4), (2, 6)]),
        (1, [40, 40, 40], 0, [(1, 4)]),  # the rest expires with the day
        (5, [99, 60, 40], 5, [(1, 5), (2, 5)]),  # 9.9 → one lot of 5
        (1, [9, 0, 30], 5, [(3, 3)]),  # 0.9 and nothing
        (1, [NAN, NAN, 40], 5, [(3, 4)]),  # unknown fills nothing
    ],
)
def test_row_9_volume_caps_a_fill_and_the_rest_stays(side, lot, volumes, per_session, expected):
    prices = [(100, 100, 100, 100, 1000), *[(100, 101, 99, 100, volume) for volume in volumes]]
    record = play(prices, [side], volume_cap=0.1, per_session=per_session, lot=lot, charges="flat:20")
    assert [(row, side * units, 100.0, "signal") for row, units in expected] == fills(record)
    # The flat part of the charges is paid once an order.
    assert [2000] + [0] * (len(expected) - 1) == [booked.charges_paise for booked in record.settlements]


@SIDES
@pytest.mark.parametrize("slippage", ["none", "bps:10"])
def test_same_close_fills_are_flagged(side, slippage):
    slip = 0 if slippage == "none" else 0.001
    prices = [(99, 101, 98, 100), (104, 106, 103, 105), (110, 111, 109, 110)]
    record = play(prices, [side, NAN, -side], fill_at="same_close", slippage=slippage)
    entry, leave = round(100 * (1 + side * slip), 9), round(110 * (1 - side * slip), 9)
    assert [
        (0, side * 10, entry, "signal"),
        (2, -side * 10, leave, "signal"),
        (2, -side * 10, leave, "signal"),
    ] == fills(record)
    assert all(booked.simulated.at_close and not booked.simulated.at_open for booked in record.settlements)
    verdict = Causality(CausalityVerdict.NOT_CHECKED)
    said = Result("run", "test", {}, record, verdict, {}).findings
    assert any("the close that decided them" in finding.text for finding in said)


GRID = [
    # An entry at a printed 100.03 (off the grid of 0.05), 5 % either way: 95.0285 and 105.0315.
    (1, {"stop_loss": "5%"}, (100, 100, 90, 100), 95.0),  # a sell: down
    (1, {"take_profit": "5%"}, (100, 110, 100, 100), 105.0),
    (1, {"trail": "5%"}, (100, 100, 90, 100), 95.0),
    (-1, {"stop_loss": "5%"}, (100, 110, 100, 100), 105.05),  # a buy: up
    (-1, {"take_profit": "5%"}, (100, 100, 90, 100), 95.05),
    (-1, {"trail": "5%"}, (100, 110, 100, 100), 105.05),
]


@pytest.mark.parametrize(("side", "exits", "bar", "price"), GRID)
def test_computed_prices_go_on_the_tick_grid_against_us(side, exits, bar, price):
    prices = [REST, (100.03, 100.03, 100.03, 100.03), bar]
    record = play(prices, [side], tick=0.05, **exits)
    # The printed price is left alone; the level is not.
    assert [100.03, price] == [booked[2] for booked in fills(record)]
    # Exactly the number that is printed: a bar that just touches it fills it.
    assert price == record.settlements[1].fill.price
    # Without a stated tick nothing is rounded.
    percent = 0.05 if price > 100 else -0.05
    assert [100.03, round(100.03 * (1 + percent), 9)] == [b[2] for b in fills(play(prices, [side], **exits))]
    # The strategy's own prices go on the grid as well: 98.02 buys at 98.05, 101.98 sells at 101.95.
    limit = 98.02 if side > 0 else 101.98
    entered = play([REST, (100, 104, 96, 100)], [side], limit=[limit], tick=0.05)
    assert [(1, side * 10, 98.05 if side > 0 else 101.95, "signal")] == fills(entered)


CHOICES = list(product(["none", "bps:25", "ticks:3"], [0.0, 0.05], ["next_open", "same_close"], [None, 0.2]))


@pytest.mark.parametrize(("slippage", "tick", "fill_at", "cap"), CHOICES)
def test_no_unslipped_price_lies_outside_its_bar(slippage, tick, fill_at, cap):
    noise = np.random.default_rng(5)
    rows, series = 120, {}
    for symbol in "AB":
        middle = 100 + np.cumsum(noise.normal(0, 2, rows)).round(2)
        four = middle[:, None] + noise.normal(0, 1.5, (rows, 4)).round(2)
        high, low = four.max(axis=1), four.min(axis=1)
        volume = noise.integers(0, 80, rows)
        series[symbol] = list(zip(four[:, 0], high, low, four[:, 3], volume, strict=True))

    def now_and_then(values, chance):
        return {symbol: np.where(noise.random(rows) < chance, values(symbol), NAN) for symbol in series}

    closes = {symbol: np.array([bar[3] for bar in bars]) for symbol, bars in series.items()}
    record = play(
        series,
        now_and_then(lambda _: noise.choice([-1, -0.5, 0, 0.5, 1], rows), 0.4),
        limit=now_and_then(lambda s: closes[s] + noise.normal(0, 1, rows), 0.3),
        trigger=now_and_then(lambda s: closes[s] + noise.normal(0, 1, rows), 0.3),
        stop=2.0, take_profit=3.0, trail=2.5,
        slippage=slippage, tick=tick, fill_at=fill_at, volume_cap=cap, validity="GTC", sizing="fixed:20",
    )  # fmt: skip
    assert len(record.settlements) > 20
    panel = record.panel
    for booked in record.settlements:
        row, column = row_of(record, booked.fill.time), booked.fill.instrument
        assert panel.low[row, column] <= booked.simulated.unslipped <= panel.high[row, column]
    assert len(fills_by_symbol(record)) == len(record.settlements)
