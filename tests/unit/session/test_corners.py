"""Corners of the contract that its page has no row for: what follows where rows meet."""

import pytest

from framework import Rule, Verdict
from framework.engines.rows import bar_openings, bar_rows
from framework.errors import StrategyError
from framework.exchange import SimulatedExchange
from framework.session import Session
from framework.types import Order, OrderType, Reason
from framework.types.events import NOTHING, BarCloses, Cancel, Expired, SessionEnds, Submit
from tests.contract.market import NAN, approved, ask, at, fills, fills_by_symbol, mirror, play, still, verdicts

SIDES = pytest.mark.parametrize("side", [1, -1], ids=["long", "short"])
REST = (100, 100, 100, 100)


@SIDES
def test_an_entry_at_a_gapped_stop_is_an_entry_at_the_open(side):
    """Row 5 says where, row 13 what follows: its exits are active in the whole bar."""
    prices = mirror(side, [REST, (104, 106, 98, 100)])
    record = play(prices, [side], trigger=[at(side, 102)], stop=[5], take_profit=[1.5])
    assert [(1, side * 10, at(side, 104), "signal"), (1, -side * 10, at(side, 99), "stop_loss")] == fills(record)


def test_a_time_exit_counts_the_instruments_own_bars():
    prices = {"A": [REST, REST, None, REST, (103, 103, 103, 103), REST], "Z": still(100, 6)}
    record = play(prices, {"A": [1]}, time_exit=2)
    assert fills(record) == [(1, 10, 100.0, "signal"), (4, -10, 103.0, "time_exit")]


@pytest.mark.parametrize(
    ("charges", "price", "units", "paise"),
    [
        ("percent:0.1", 125.0, 1, 13),  # 12,500 × 0.001 = 12.5 → 13
        ("percent:0.1", 124.99, 1, 12),  # 12.499
        ("percent:0.03+flat:20", 1000.0, 7, 2000 + 210),
        ("percent:0.00325", 999.99, 3, 10),  # 2,99,997 × 0.0000325 = 9.7499
        ("flat:19.995", 100.0, 1, 2000),  # 1999.5 paise, rounded once when it is read
    ],
)
def test_charges_are_rounded_half_up(charges, price, units, paise):
    record = play(still(price, 2), [1], sizing=f"fixed:{units}", charges=charges)
    assert [paise] == [booked.charges_paise for booked in record.settlements]


@pytest.mark.parametrize("reuse", [False, True])
def test_the_close_of_a_reversal_funds_nothing_but_its_own_opening_leg(reuse):
    # A goes from 10 long to 1 short at 100: its close gives ₹1,000 back, its opening leg holds ₹100 of that.
    # What the close gives back beyond that is a sale that has not filled.
    pair = {"A": still(100, 4), "B": still(100, 4)}
    record = play(pair, {"A": [1, NAN, -0.1], "B": [NAN, NAN, 1]}, capital=1000, reuse_proceeds=reuse)
    assert fills_by_symbol(record)[:3] == [(1, "A", 10), (3, "A", -10), (3, "A", -1)]
    assert ([(3, "B", 9)] if reuse else []) == fills_by_symbol(record)[3:]


def test_charges_that_exceed_a_sale_are_noticed():
    # One unit bought for all the money but ₹20; sold at 0.50 with ₹20 of charges.
    record = play([*still(100, 2), *still(0.5, 2)], [1, NAN, 0], sizing="fixed:1", capital=120, charges="flat:20")
    assert [booked.cash_paise for booked in record.settlements] == [0, 50 - 2000]
    assert [notice.code for notice in record.notices] == ["cash_below_zero", "ruin"]


def test_cash_is_asked_at_the_worst_price_of_a_buy():
    # Slippage of 1 % and a tick of 0.5: 101 each; a stop entry at 105 needs 106.5 (106.05, up); a limit its own price.
    given = {"capital": 1000, "slippage": "bps:100", "tick": 0.5}
    assert verdicts(play(still(100, 3), [1], **given)) == [(10, 9, "cash")]
    assert verdicts(play(still(100, 3), [1], trigger=[105], **given)) == [(10, 9, "cash")]
    assert verdicts(play(still(100, 3), [1], limit=[100], **given)) == [(10, 10, "")]
    # With protection the bound is the worst price: 100 × 1.2.
    assert verdicts(play(still(100, 3), [1], protection_bps=2000, **given)) == [(10, 8, "cash")]


@pytest.mark.parametrize(("answer", "lot", "left"), [(7, 1, 7), (7, 5, 5), (0, 1, 0), (10, 1, 10), (3, 5, 0)])
def test_a_rule_of_the_users_own_shrinks_to_whole_lots(answer, lot, left):
    class Answers(Rule):
        def pre_order(self, order, state):
            return Verdict(answer, "mine")

    record = play(still(100, 3), [1], rules=[Answers()], lot=lot)
    assert [(10, left, "mine" if left < 10 else "")] == verdicts(record)


@pytest.mark.parametrize("answer", [11, -1, -10])
def test_a_rule_of_the_users_own_neither_enlarges_nor_flips(answer):
    class Answers(Rule):
        def pre_order(self, order, state):
            return Verdict(answer)

    with pytest.raises(StrategyError, match=r"risk rule Answers answered .* never enlarge or flip"):
        play(still(100, 3), [1], rules=[Answers()])


def test_an_order_for_an_instrument_that_never_had_a_price_is_refused_as_such():
    prices = {"A": [None, None, REST], "Z": still(100, 3)}
    record = play(prices, orders={0: [ask(10), ask(10, limit=99.0)]})
    # A limit states its own price, so it can be judged; it rests to the day's end.
    assert verdicts(record) == [(10, 0, "no_price"), (10, 10, "")]


def test_what_a_session_cancels_while_orders_expire_does_not_expire_too():
    record = play(still(100, 2))
    account = Session(record.panel.instruments, record.settings).account
    exchange = SimulatedExchange(record.panel.instruments, record.settings, account)
    for order_id in (1, 2):
        order = Order(order_id, 0, 5, OrderType.LIMIT, Reason.ORDER, reduces=False, decided_at=0, limit=50.0)
        exchange.execute(Submit(approved(order)), 0)
    row = next(bar_rows(record.panel, 0, 1))
    expired = []
    for event in exchange.end_bar(row):
        expired.append(event)
        exchange.execute(Cancel(2), row.close_time)
    assert expired == [Expired(row.close_time, 1)]


def test_a_session_without_deadlines_ends_and_nothing_follows():
    record = play(still(100, 2), [NAN])
    opening, row = next(bar_openings(record.panel, 0, 1)), next(bar_rows(record.panel, 0, 1))
    session = Session(record.panel.instruments, record.settings)
    for event in (opening, BarCloses(row.close_time, row), SessionEnds(row.close_time)):
        assert session.handle(event) is NOTHING
