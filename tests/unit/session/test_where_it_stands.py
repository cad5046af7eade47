"""Where a session stands, as the hosts that drive it bar by bar read it."""

from framework.types.events import BarCloses
from framework.types.record import OrderState
from tests.contract.desk import Desk
from tests.contract.market import DAY_NS


def stand(desk):
    session = desk.session
    return session.is_in_bar, session.awaits_decision, session.awaits_end


def test_a_session_goes_from_bar_to_decision_to_end():
    desk = Desk()
    assert ((False, False, False), 0) == (stand(desk), desk.session.last_row.close_time)
    desk.open()
    assert ((True, False, False), 1) == (stand(desk), desk.session.session_day)
    assert (True, False) == (desk.session.is_open(DAY_NS), desk.session.is_open(2 * DAY_NS))
    desk.shut(100)
    assert ((False, False, True), DAY_NS) == (stand(desk), desk.session.last_row.time)
    desk.end_session()
    assert (False, False, False) == stand(desk)


def test_between_the_close_and_the_decision_a_decision_is_awaited():
    desk = Desk()
    desk.open()
    row = desk.row(100)
    desk.take(BarCloses(row.close_time, row))
    assert (False, True, False) == stand(desk)


def test_a_bar_in_which_nothing_traded_is_passed_over_by_the_next_open():
    desk = Desk()
    desk.open()
    desk.open()
    desk.shut(100)
    assert (2 * DAY_NS, 2) == (desk.session.last_row.time, desk.session.session_day)


def test_orders_are_known_while_they_are_open_and_a_session_longer():
    desk = Desk()
    desk.close(100, 1.0)
    assert (1, 2) == (desk.session.order(1).order.order_id, desk.session.next_order_id)
    assert not desk.session.order(1).is_known_open
    desk.accept(1)
    assert desk.session.order(1).is_known_open
    desk.fill(1, 10)
    assert desk.session.order(1) is None
    assert [OrderState.FILLED] == [working.state for working in desk.session.known_orders()]
    for _ in range(2):
        desk.close(100)
    assert [] == desk.session.known_orders()


def test_a_booked_execution_is_found_by_its_id():
    desk = Desk()
    desk.close(100, 1.0)
    desk.fill(1, 10, fill_id="x")
    assert 10 == desk.session.booked_fill("x").quantity
    assert desk.session.booked_fill("y") is None
