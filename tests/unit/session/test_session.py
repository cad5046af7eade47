"""Session driven by hand, as a host whose broker answers late: fills win races, and nothing is lost or left."""

import pytest

from framework.errors import InvariantError
from framework.exchange import SimulatedExchange
from framework.types import BarRow, Instrument, Order, OrderType, Reason
from framework.types.events import Cancel, CancelRefused, Change, ChangeRefused, Submit
from tests.contract.desk import Desk, submitted
from tests.contract.market import DAY_NS, NAN, approved, ask, settings_of


def test_a_fill_that_wins_the_race_against_a_cancel_counts():
    desk = Desk(validity="GTC")
    assert submitted(desk.close(100, 1, limit=95)) == [(1, 10)]
    assert desk.close(100, 0) == [Cancel(1)]
    assert desk.fill(1, 10, 95.0) == []
    # The exchange's answer to the cancel of a filled order is no news.
    assert desk.cancelled(1) == []
    assert desk.position == 10
    # The intent is 0: what came all the same is given back.
    assert submitted(desk.close(95, NAN)) == [(2, -10)]


def test_an_entry_waits_for_the_answer_to_the_cancel_of_the_one_it_replaces():
    desk = Desk(validity="GTC")
    desk.close(100, 1, limit=95)
    assert desk.close(100, -1) == [Cancel(1)]
    assert submitted(desk.cancelled(1)) == [(2, -10)]
    assert desk.outcomes() == [(10, "cancelled", ""), (-10, "sent", "")]


def test_an_entry_is_given_up_when_the_one_it_was_to_replace_fills_after_all():
    desk = Desk(validity="GTC")
    desk.close(100, 0.5, limit=95)
    assert desk.close(100, -0.5) == [Cancel(1)]
    assert desk.fill(1, 5, 95.0) == []
    assert desk.outcomes() == [(5, "filled", ""), (-5, "cancelled", "overtaken_by_a_fill")]
    assert desk.session.portfolio().buying_power_paise == desk.session.account.cash_paise
    # The target is still −0.5: the long that came is given back.
    assert submitted(desk.close(95, -0.5)) == [(3, -5)]


def test_a_parked_entry_that_is_replaced_ends_at_once():
    desk = Desk(validity="GTC")
    desk.close(100, 1, limit=95)
    desk.close(100, -1)
    assert desk.close(100, 0.5) == []  # the cancel is under way already
    assert desk.outcomes() == [(10, "unknown", ""), (-10, "cancelled", "replaced"), (5, "parked", "")]
    assert submitted(desk.cancelled(1)) == [(3, 5)]


def test_a_reduction_that_is_replaced_waits_and_shrinks_with_the_position():
    desk = Desk(style="on_bar", time_exit=2)
    assert submitted(desk.close(100, requests=[ask(10)])) == [(1, 10)]
    desk.fill(1, 10)
    assert submitted(desk.close(100, requests=[ask(-10, limit=120.0)])) == [(2, -10)]
    # The time exit takes the limit back and waits for the answer; meanwhile four of the limit fill.
    assert desk.close(100) == [Cancel(2)]
    assert desk.outcomes()[2] == (-10, "parked", "")
    assert desk.fill(2, -4, 120.0) == [Change(2, -10, NAN, 120.0)] or desk.position == 6
    assert desk.outcomes()[2] == (-6, "parked", "")
    assert submitted(desk.cancelled(2)) == [(3, -6)]


def test_the_second_leg_of_a_reversal_is_sent_when_the_first_has_filled():
    desk = Desk()
    desk.close(100, 1)
    desk.fill(1, 10)
    assert submitted(desk.close(100, -1)) == [(2, -10)]
    assert desk.fill(2, -4) == []
    assert submitted(desk.fill(2, -6)) == [(3, -10)]


@pytest.mark.parametrize("answer", [Desk.expire, Desk.refuse, Desk.cancelled])
def test_the_second_leg_of_a_reversal_is_not_sent_when_the_first_did_not_fill(answer):
    desk = Desk()
    desk.close(100, 1)
    desk.fill(1, 10)
    desk.close(100, -1)
    assert answer(desk, 2) == []
    assert desk.outcomes()[2] == (-10, "cancelled", "close_not_filled")
    # Like an entry that expired: the target asks again, for both legs.
    assert submitted(desk.close(100, -1)) == [(4, -10)]
    assert submitted(desk.fill(4, -10)) == [(5, -10)]


def test_a_refusal_by_the_exchange_is_noticed_and_ends_the_order():
    desk = Desk()
    desk.close(100, 1)
    assert desk.refuse(1, "band") == []
    assert desk.outcomes() == [(10, "refused", "band")]
    assert [n.text for n in desk.notices] == ["the order for +10 A was refused at its fill: band"]
    # Nothing is held and nothing is wanted, so the same target asks again.
    assert submitted(desk.close(100, 1)) == [(2, 10)]


def test_a_late_stop_that_fills_beside_the_market_exit_takes_the_exit_back():
    desk = Desk(stop_loss="5%")
    desk.close(100, 1)
    assert submitted(desk.fill(1, 10)) == [(2, -10)]
    assert submitted(desk.close(100, 0)) == [(3, -10)]
    assert desk.fill(2, -10, 95.0, at_open=False) == [Cancel(3)]
    desk.cancelled(3)
    assert desk.position == 0
    assert desk.outcomes()[1:] == [(-10, "filled", ""), (-10, "cancelled", "")]
    assert desk.close(95, NAN) == []


def test_session_and_exchange_tell_what_they_hold():
    desk = Desk()
    assert repr(desk.session) == "Session(active, equity ₹1,00,000.00, flat)"
    desk.close(100, -1)
    desk.fill(1, -10)
    assert repr(desk.session) == "Session(active, equity ₹1,00,000.00, A -10)"
    exchange = SimulatedExchange([Instrument("A")], settings_of(), desk.session.account)
    assert repr(exchange) == "SimulatedExchange(1 instruments, 0 resting orders)"


def order_at(exchange, quantity, **others):
    order = Order(1, 0, quantity, OrderType.MARKET, Reason.ORDER, reduces=True, decided_at=0)._replace(**others)
    exchange.execute(Submit(approved(order)), 0)
    return order


def test_the_exchange_refuses_what_it_does_not_hold_and_stops_at_its_own_mistakes(monkeypatch):
    desk = Desk()
    exchange = SimulatedExchange([Instrument("A")], settings_of(volume_cap=0.5), desk.session.account)
    assert exchange.execute(Cancel(9), 5) == CancelRefused(5, 9, "the order is not open")
    assert exchange.execute(Change(9, 1, 2.0, 3.0), 5) == ChangeRefused(5, 9, "the order is not open")
    order_at(exchange, -3)
    monkeypatch.setattr("framework.rules.fills.capped_quantity", lambda *_: 4)
    row = BarRow(0, DAY_NS, 0, True, [100.0], [100.0], [100.0], [100.0], [1000.0])
    with pytest.raises(InvariantError, match="order 1 would be filled beyond its quantity -3"):
        list(exchange.open_bar(row))
