"""Early fills are our bug: moments do not let them in, and nothing changes; three kinds of fill are no early ones."""

import pytest

from framework.errors import InvariantError
from framework.exchange import SimulatedExchange
from framework.session import Session
from framework.types import BarRow, Fill, Instrument, OrderRequest
from framework.types.events import BarCloses, BarOpens, Decided, Filled
from tests.contract.desk import Desk
from tests.contract.market import DAY_NS, HOUR_NS, NAN, fills, play, settings_of

CLOSED = 2 * DAY_NS
"""Close of the bar of day 1, which is when the order is decided."""


def decided():
    """A desk whose order 1, ten to buy, was decided at the close of the bar of day 1."""
    desk = Desk()
    desk.close(100, 1.0)
    return desk


def seen(desk):
    """All that a host can read of it."""
    session = desk.session
    working = [(w.order, w.filled, w.state, w.reserved_paise) for w in session.working(0)]
    return (session.now, session.moment, repr(session.portfolio()), session.open_orders(), list(desk.facts), working)


def filled(quantity, time, fill_id="1"):
    """A fill as a simulated exchange tells it: at its bar's open."""
    return Filled(time, fill_id, Fill(1, 0, quantity, 100.0, time), at_open=True)


@pytest.mark.parametrize("early_ns", [1, HOUR_NS, DAY_NS])
def test_a_fill_in_a_bar_that_opened_before_the_decision_changes_nothing(early_ns):
    desk = decided()
    before = seen(desk)
    with pytest.raises(InvariantError, match="inputs come in the order of time"):
        desk.take(filled(10, CLOSED - early_ns))
    assert seen(desk) == before
    desk.take(filled(10, CLOSED))
    assert desk.position == 10


def test_a_part_of_a_fill_may_be_early_no_more_than_the_whole():
    desk = decided()
    desk.take(filled(4, CLOSED))
    before = seen(desk)
    with pytest.raises(InvariantError):
        desk.take(filled(6, CLOSED - HOUR_NS, "2"))
    assert seen(desk) == before


def test_a_brokers_clock_that_dates_a_fill_before_its_decision_is_a_surprise_and_the_fill_is_booked():
    desk = decided()
    desk.open()
    desk.take(Filled(desk.moment + 1, "1", Fill(1, 0, 10, 100.0, CLOSED - 3 * 10**9)))
    assert (desk.position, desk.surprises) == (10, ["before_decision"])


def test_a_protective_exit_in_its_entrys_own_bar_is_not_early():
    # In at 100, the stop at 98 within the same bar.
    record = play([(100, 100, 100, 100), (100, 101, 97, 99), (99, 99, 99, 99)], [1.0, NAN, NAN], stop_loss="rs:2")
    assert fills(record) == [(1, 10, 100.0, "signal"), (1, -10, 98.0, "stop_loss")]
    exit_ = record.orders[1].order
    assert exit_.decided_at == record.settlements[1].fill.time


def test_a_fill_at_the_close_that_decided_it_is_not_early():
    record = play([(100, 101, 99, 100), (103, 103, 103, 103)], [1.0, NAN], fill_at="same_close")
    assert fills(record) == [(0, 10, 100.0, "signal")]


def test_rows_whose_bars_overlap_do_not_get_in():
    """As no panel has them any more: the second opens a quarter of an hour after the first, before it has closed."""
    session = Session([Instrument("A"), Instrument("B")], settings_of(), style="on_bar")
    exchange = SimulatedExchange(session.instruments, session.settings, session.account)
    first = BarRow(9 * HOUR_NS, 10 * HOUR_NS, 0, False, *[[100.0, NAN]] * 5)
    session.handle(BarOpens(*first[:4]))
    session.handle(BarCloses(first.close_time, first))
    decided = session.handle(Decided(first.close_time, None, (OrderRequest(1, 10, limit=60.0),)))
    for command in decided.commands:
        session.handle(exchange.execute(command, session.moment))
    quarter = HOUR_NS // 4
    with pytest.raises(InvariantError, match="inputs come in the order of time"):
        session.handle(BarOpens(first.time + quarter, first.close_time + quarter, 0, ends_session=False))
