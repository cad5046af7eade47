"""Rows A1 to A8: what an ex-date does to a position, its orders and the money. Numbers by hand."""

import numpy as np
import pytest

from framework.backtest import backtest
from framework.strategy import Strategy
from framework.types import Panel, Signals
from framework.types.actions import Action
from tests.contract.market import MONDAY, NAN, ask, fills, panel_of, play, still

SPLIT = Action(MONDAY + 3, "split", 5.0)
DIVIDEND = Action(MONDAY + 5, "dividend", dividend=4.0)
EXAMPLE = [*still(1000, 3), *still(200, 3), *still(210, 2)]
"""100 shares at 1000, split 5:1 on row 3, dividend 4 on row 5, sold 500 at 210 on row 6."""
TARGETS = [1, NAN, NAN, NAN, NAN, 0]


def with_actions(prices, *actions, **others) -> Panel:
    panel = panel_of(prices, **others)
    bars = panel.bars()
    return Panel.from_bars([bars[0].with_actions(actions), *bars[1:]])


def example(*actions, **others):
    return play(with_actions(EXAMPLE, *actions), TARGETS, sizing="fixed:100", capital=200_000, **others)


def test_a_split_changes_quantity_and_average_and_no_money():
    record = example(SPLIT)
    assert [(1, 100, 1000.0, "signal"), (6, -500, 210.0, "signal")] == fills(record)
    assert [200_000_00] * 6 == record.equity_paise[:6].tolist()
    assert [200_000_00, *[100_000_00] * 5, 205_000_00, 205_000_00] == record.cash_paise.tolist()
    sold = record.settlements[1]
    assert (100_000_00, 5_000_00, 0) == (sold.cost_out_paise, sold.gross_paise, sold.position)  # 500 × 210 − 1,00,000
    (applied,) = record.actions
    assert (100, 500, 5.0, 0) == (applied.before, applied.after, applied.factor, applied.cash_paise)
    assert record.panel.time[3] == applied.time


def test_a_fraction_is_paid_in_cash_at_the_last_close():
    # 33 × 1.5 = 49.5: half a share at 200 / 1.5 = 66.67 rupees
    panel = with_actions([*still(200, 3), *still(150, 3)], Action(MONDAY + 3, "bonus", 1.5))
    record = play(panel, [1], sizing="fixed:33")
    assert (49,) == record.positions
    assert 66_67 == record.actions[0].cash_paise
    # at 150 a share: 100,000 − 6,600 + 66.67 + 49 × 150
    assert 100_816_67 == record.equity_paise[-1]


def test_less_than_one_share_is_paid_out_and_the_position_is_closed():
    # 9 shares, one for ten: 0.9 shares are worth 9 × 100 rupees, bought for 9 × 90
    panel = with_actions(
        [(90, 90, 90, 90), (90, 100, 90, 100), (100, 100, 100, 100), *still(1000, 3)], Action(MONDAY + 3, "", 0.1)
    )
    record = play(panel, [1, NAN, NAN, NAN, 1], sizing="fixed:9", stop_loss="50%")
    paid_out = record.settlements[1]
    assert [(1, 9, 90.0, "signal"), (3, -9, 100.0, "corporate_action")] == fills(record)[:2]
    assert (900_00, 810_00, 90_00, 0) == (
        paid_out.value_paise,
        paid_out.cost_out_paise,
        paid_out.gross_paise,
        paid_out.position,
    )
    assert ["cancelled"] == [str(one.state) for one in record.orders if one.order.protective][:1]
    assert (5, 9) == (fills(record)[2][0], fills(record)[2][1])  # a finite target enters again
    assert 0 == record.actions[0].after


def test_a_dividend_is_received_by_a_long_and_paid_by_a_short():
    record = example(SPLIT, DIVIDEND)
    assert 2_000_00 == record.actions[1].cash_paise  # 500 × 4
    assert 207_000_00 == record.cash_paise[-1]
    short = play(with_actions(EXAMPLE, SPLIT, DIVIDEND), [-1], sizing="fixed:10", capital=200_000)
    assert (-50,) == short.positions
    assert -200_00 == short.actions[1].cash_paise


def test_a_dividend_on_the_day_of_a_split_is_for_the_shares_before_it():
    record = example(SPLIT, Action(MONDAY + 3, "dividend", dividend=4.0), Action(MONDAY + 3, "bonus", 1.0, 1.0))
    assert [400_00, 100_00, 0] == sorted((one.cash_paise for one in record.actions), reverse=True)


@pytest.mark.parametrize(
    "exits",
    [
        {"stop_loss": "10%", "take_profit": "20%"},
        {"stop_loss": "rs:100", "take_profit": "rs:200"},
        {"stop": [100.0], "take_profit": [200.0]},
        {"trail": "10%", "take_profit": "20%"},
        {"trail": [100.0], "take_profit": [200.0]},
    ],
)
def test_exits_go_through_a_split_with_the_position(exits):
    # Bought at 1000: the stop at 900 becomes 180, the target at 1200 becomes 240.
    prices = [*still(1000, 3), *still(200, 2)]
    down = play(with_actions([*prices, (190, 190, 175, 178)], SPLIT), [1], **exits)
    assert (5, -50, 180.0) == fills(down)[-1][:3]
    up = play(with_actions([*prices, (210, 250, 205, 240)], SPLIT), [1], **exits)
    assert (5, -50, 240.0) == fills(up)[-1][:3]
    assert "take_profit" == fills(up)[-1][3]


def test_bars_held_go_on_through_a_split():
    record = play(with_actions([*still(1000, 3), *still(200, 4)], SPLIT), [1], time_exit=4)
    assert (5, -50, 200.0, "time_exit") == fills(record)[-1]


def test_resting_orders_go_through_a_split():
    # A limit of 950 for 10 becomes one of 190 for 50; on a grid of 0.05 a buy at 317 / 3 goes up to 105.70.
    prices = [*still(1000, 3), *still(200, 2), (200, 200, 185, 195)]
    record = play(with_actions(prices, SPLIT), [1], limit=[950.0], validity="GTC")
    assert [(5, 50, 190.0, "signal")] == fills(record)
    thirds = with_actions([*still(400, 3), (120, 120, 100, 110)], Action(MONDAY + 3, "", 3.0), tick=0.05)
    assert [(3, 30, 105.7, "signal")] == fills(play(thirds, [1], limit=[317.0], validity="GTC"))


def test_an_order_left_without_a_share_is_taken_back():
    panel = with_actions([*still(100, 3), *still(1000, 3)], Action(MONDAY + 3, "", 0.1))
    record = play(panel, [1, NAN, NAN, 1], limit=[90.0, NAN, NAN, NAN], sizing="fixed:9", validity="GTC")
    assert ["cancelled", "filled"] == [str(one.state) for one in record.orders]
    assert [(4, 9, 1000.0, "signal")] == fills(record)
    explicit = play(panel, orders={0: [ask(10)], 1: [ask(-4, limit=500.0, validity="GTC")]})
    assert "cancelled" == str(explicit.orders[1].state)
    assert (1,) == explicit.positions


def test_a_market_order_decided_before_the_ex_date_fills_with_the_new_quantity():
    record = play(with_actions(EXAMPLE, SPLIT), [NAN, NAN, 1, 0.5], sizing="fixed:100", capital=200_000)
    assert [(3, 500, 200.0, "signal"), (4, -250, 200.0, "signal")] == fills(record)
    closing = play(with_actions(EXAMPLE, SPLIT), [1, NAN, 0], sizing="fixed:100", capital=200_000)
    assert (3, -500, 200.0, "signal") == fills(closing)[-1]


def test_with_none_the_account_ignores_the_actions():
    record = example(SPLIT, DIVIDEND, adjust="none")
    assert [(1, 100, 1000.0, "signal"), (6, -100, 210.0, "signal")] == fills(record)
    assert () == record.actions
    result = backtest(
        Always(), with_actions(EXAMPLE, SPLIT, DIVIDEND), adjust="none", sizing="fixed:100", capital=200_000
    )
    assert any("2 corporate actions" in finding.text and "ignored" in finding.text for finding in result.findings)


class Always(Strategy):
    """Long with a stop at nine tenths of the close it sees."""

    def signals(self, bars):
        return Signals(np.ones(len(bars)), stop=bars.close * 0.1)


def test_a_strategys_rupees_become_printed_ones():
    # It sees 200 before the split and answers 20; printed that is 100, so the stop rests at 900, and at 180 after it.
    result = backtest(Always(), with_actions([*EXAMPLE[:5], (190, 190, 175, 178)], SPLIT), sizing="fixed:10")
    assert [100.0, 100.0, 100.0, 20.0, 20.0] == result.record.prices["stop"][:5, 0].tolist()
    assert [(1, 10, 1000.0, "signal"), (5, -50, 180.0, "stop_loss")] == fills(result.record)[:2]
    assert 1000.0 == result.record.panel.close[0, 0]


def test_actions_outside_the_run_do_nothing():
    early, late = Action(MONDAY, "split", 2.0), Action(MONDAY + 50, "split", 2.0)
    assert fills(play(EXAMPLE, TARGETS)) == fills(play(with_actions(EXAMPLE, early, late), TARGETS))


def test_an_ex_date_without_a_bar_is_gone_through_at_the_next_one():
    prices = {"A": [*still(1000, 3), None, *still(200, 2)], "B": still(50, 6)}
    record = play(with_actions(prices, SPLIT), {"A": [1], "B": []}, sizing="fixed:10")
    assert (50, 0) == record.positions
    assert record.panel.time[3] == record.actions[0].time  # another instrument's bar begins that session
    assert [100_000_00] * 6 == record.equity_paise.tolist()


def test_intraday_a_split_comes_with_the_first_bar_of_its_session():
    prices = [*still(1000, 4), *still(200, 4)]
    panel = with_actions(prices, Action(MONDAY + 2, "split", 5.0), per_session=2)
    record = play(panel, [1])
    assert (50,) == record.positions
    assert panel.time[4] == record.actions[0].time


def test_cash_that_a_short_owes_below_zero_is_noticed():
    # ₹5,000 and ₹2,000 of a short of A, less ₹4,000 of B: ₹3,000 of cash, and A pays ₹3,200.
    prices = {"A": still(100, 5), "B": still(200, 5)}
    panel = with_actions(prices, Action(MONDAY + 3, "dividend", dividend=160.0))
    record = play(panel, {"A": [-1], "B": [1]}, sizing="fixed:20", capital=5_000, short_margin=0)
    assert -3_200_00 == record.actions[0].cash_paise
    assert [300_000, -20_000] == record.cash_paise[[2, 3]].tolist()
    assert [("cash_below_zero", "cash fell to −₹200.00")] == [(n.code, n.text) for n in record.notices]
