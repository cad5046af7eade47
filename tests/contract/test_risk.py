"""docs/execution.md §4, row by row: what risk takes away, and what it lets pass."""

import pytest

from framework import Verdict
from framework.session import Session
from framework.types import Rule, TradingState
from tests.contract.market import MONDAY, NAN, ask, fills, fills_by_symbol, play, refusals, states, still, verdicts

SIDES = pytest.mark.parametrize("side", [1, -1], ids=["buy", "sell"])


@SIDES
@pytest.mark.parametrize(
    ("limit", "lot", "left"),
    [(1000, 1, 10), (999.99, 1, 9), (500, 1, 5), (549, 1, 5), (549, 5, 5), (499, 5, 0), (99, 1, 0), (0.01, 1, 0)],
)
def test_max_order_value_shrinks(side, limit, lot, left):
    record = play(still(100, 3), [side], max_order_value=limit, lot=lot)
    assert ([(1, side * left, 100.0, "signal")] if left else []) == fills(record)
    assert [(side * 10, side * left, "" if left == 10 else "max_order_value")] == verdicts(record)


@SIDES
@pytest.mark.parametrize(("limit", "more"), [(1000, 5), (999, 4), (700, 2), (500, 0), (2000, 5)])
def test_max_position_value_shrinks(side, limit, more):
    # Five units at 100 are there; the full target asks for five more, at the reference price of 100.
    record = play(still(100, 5), [side / 2, NAN, side], max_position_value=limit)
    added = [(3, side * more, 100.0, "signal")] if more else []
    assert [(1, side * 5, 100.0, "signal"), *added] == fills(record)
    # At 200 the same five units are worth 1,000 by themselves.
    dear = play([*still(100, 2), *still(200, 3)], [side / 2, NAN, side], max_position_value=1000)
    assert [(side * 5, side * 5, ""), (side * 5, 0, "max_position_value")] == verdicts(dear)
    # Entries that are still working count: three of a limit that rests leave two of five.
    orders = {0: [ask(side * 3, limit=100 - side * 10)], 1: [ask(side * 5)]}
    resting = play(still(100, 4), orders=orders, max_position_value=500, per_session=4)
    assert [(side * 3, side * 3, ""), (side * 5, side * 2, "max_position_value")] == verdicts(resting)


@SIDES
@pytest.mark.parametrize(
    ("capital", "choices", "left"),
    [
        (1000, {}, 10),
        (999.99, {}, 9),
        (1000, {"charges": "percent:1"}, 9),  # 10 × 101
        (1010, {"charges": "percent:1"}, 10),
        (1000, {"charges": "flat:0.01"}, 9),
        (1000.01, {"charges": "flat:0.01"}, 10),
        (99, {}, 0),
        (5, {"charges": "flat:20"}, 0),
    ],
)
def test_cash_shrinks_an_order(side, capital, choices, left):
    # A short blocks 100 % of its value, so both sides need the same.
    record = play(still(100, 3), [side], capital=capital, **choices)
    assert ([(1, side * left, 100.0, "signal")] if left else []) == fills(record)
    assert [(side * 10, side * left, "" if left == 10 else "cash")] == verdicts(record)


@pytest.mark.parametrize(
    ("limit", "tripped"),
    # Per cent are of the last session's close: ₹1,00,100 for the long, 0.3 % of it ₹300.30.
    [("rs:300", True), ("rs:300.01", False), ("0.299%", True), ("0.3%", False)],
)
@pytest.mark.parametrize("side", [1, -1], ids=["long", "short"])
def test_the_daily_loss_breaker_reduces_only_until_the_next_session(side, limit, tripped):
    # A hundred units at 100, three bars a session. At the close of row 4 they have lost 3 each since the close of row 2
    # (which is 101, or 99: the day before was a gain of ₹100, and does not count).
    def bar(price):
        return still(100 + side * (price - 100))[0]

    prices = {
        "A": [bar(100), bar(100), bar(101), bar(99), bar(98), bar(98), bar(98), bar(98), bar(98)],
        "B": still(10, 9),
    }
    # At row 4 and 5 B is wanted, at row 6, the next session's first, again; A is left at row 5 whatever the state.
    targets = {"A": [side, NAN, NAN, NAN, NAN, 0], "B": [NAN, NAN, NAN, NAN, 0.1, 0.2, 0.3]}
    record = play(prices, targets, per_session=3, sizing="fixed:100", max_daily_loss=limit)
    bought = [(5, "B", 10), (6, "B", 10), (7, "B", 10)]
    if tripped:
        # What the breaker kept back is not topped up, but 0.3 is a new target: 30 units.
        assert [(1, "A", side * 100), (6, "A", -side * 100), (7, "B", 30)] == fills_by_symbol(record)
        assert refusals(record) == [(10, "reduce_only"), (20, "reduce_only")]
        assert [notice.code for notice in record.notices] == ["daily_loss"]
        assert record.panel.close_time[4] == record.notices[0].time
    else:
        assert sorted([(1, "A", side * 100), (6, "A", -side * 100), *bought]) == sorted(fills_by_symbol(record))
        assert record.notices == ()


class Remembers(Rule):
    """Allows half of what the built-in rules left, and writes down what it is told."""

    def __init__(self):
        self.asked, self.filled, self.marked = [], [], []

    def pre_order(self, order, state):
        self.asked.append((order.quantity, state.buying_power_paise))
        return Verdict(order.quantity // 2, "half") if order.quantity > 0 else Verdict(0, "no_shorts")

    def post_fill(self, settlement, state):
        self.filled.append((settlement.fill.quantity, state.positions[0].quantity, state.cash_paise))

    def on_state(self, state):
        self.marked.append((state.time, state.equity_paise, state.closes))


def test_a_rule_of_the_users_own_can_refuse():
    rule = Remembers()
    record = play(still(100, 5), [1, NAN, -1], rules=[rule], max_order_value=800)
    assert fills(record) == [(1, 4, 100.0, "signal"), (3, -4, 100.0, "signal")]
    assert verdicts(record) == [(10, 4, "half"), (-4, -4, ""), (-10, 0, "no_shorts")]
    # Asked after the built-in rules (8 of 10 by max_order_value), about increases only.
    assert [quantity for quantity, _ in rule.asked] == [8, -8]
    assert rule.filled == [(4, 4, 9_960_000), (-4, 0, 10_000_000)]
    assert [(int(t), 10_000_000, (100.0,)) for t in record.panel.close_time] == rule.marked


@SIDES
@pytest.mark.parametrize("state", list(TradingState))
@pytest.mark.parametrize("way", ["target", "weight", "order", "stop_loss", "take_profit", "time_exit"])
def test_reductions_pass_in_every_state(side, state, way):
    class RefusesAll(Rule):
        def pre_order(self, order, portfolio):
            return Verdict(order.quantity if order.decided_at == first else 0, "never")

    first = (MONDAY + 1) * 86_400 * 10**9

    def switch(session: Session, row: int):
        if row >= 1:
            session.breaker.obey(state, session.now)
        if way != "order":
            return ()
        return [ask(side * 10)] if row == 0 else [ask(-side * 10)] if row == 1 else ()

    # Bought at 100 within every limit; at 1,000 (or the short's 1) the position is far beyond them.
    bar = (100, 106, 94, 100)
    exits = {"stop_loss": {"stop_loss": "5%"}, "take_profit": {"take_profit": "5%"}, "time_exit": {"time_exit": 1}}
    given = {"targets": [side, 0]} if way not in {"order", "weight"} else {}
    if way == "weight":
        given = {"weights": [side * 0.01, 0]}
    if way in exits:
        given = {"targets": [side], **exits[way]}
    record = play(
        [*still(100, 2), bar, *still(100)], rules=[RefusesAll()], orders=switch, max_order_value=1000,
        max_position_value=1000, max_daily_loss="rs:1", **given,
    )  # fmt: skip
    assert [side * 10, -side * 10] == [booked.fill.quantity for booked in record.settlements]
    assert record.positions == (0,)
    assert {"filled"} == {outcome for _, outcome in states(record)}
