"""Early fills are our bug: Session refuses them and nothing of it changes; three kinds of fill are no early ones."""

import pytest

from framework.errors import InvariantError
from framework.session import Session
from framework.types import BarRow, Decisions, Fill, Instrument, OrderRequest
from tests.contract.market import DAY_NS, HOUR_NS, NAN, fills, play, settings_of

CLOSED = 2 * DAY_NS
"""Close of the bar of day 1, which is when the order is decided."""


def decided(**choices):
    """A Session whose order 1, ten to buy, was decided at the close of the bar of day 1."""
    session = Session([Instrument("A")], settings_of(**choices))
    row = BarRow(DAY_NS, CLOSED, 1, True, [100.0], [100.0], [100.0], [100.0], [NAN])
    session.open_bar(row)
    session.close_bar(row)
    session.decide(row, Decisions([1.0]))
    return session


def seen(session):
    """All that a host can read of it."""
    return (
        session.now,
        repr(session.portfolio()),
        session.order_records(),
        list(session.settlements),
        list(session.notices),
        [(w.order, w.filled, w.state, w.reserved_paise) for w in session.working(0)],
    )


@pytest.mark.parametrize("early_ns", [1, HOUR_NS, DAY_NS])
def test_a_fill_in_a_bar_that_opened_before_the_decision_changes_nothing(early_ns):
    session = decided()
    before = seen(session)
    with pytest.raises(
        InvariantError, match=r"order 1 was decided at .* in a bar that opened .* before; nothing was booked"
    ):
        session.receive(Fill(1, 0, 10, 100.0, CLOSED - early_ns, 100.0, True))
    assert seen(session) == before
    session.receive(Fill(1, 0, 10, 100.0, CLOSED, 100.0, True))
    assert session.account.quantity == [10]


def test_a_part_of_a_fill_may_be_early_no_more_than_the_whole():
    session = decided()
    session.receive(Fill(1, 0, 4, 100.0, CLOSED, 100.0, True))
    before = seen(session)
    with pytest.raises(InvariantError):
        session.receive(Fill(1, 0, 6, 100.0, CLOSED - HOUR_NS, 100.0, True))
    assert seen(session) == before


def test_a_protective_exit_in_its_entrys_own_bar_is_not_early():
    # In at 100, the stop at 98 within the same bar.
    record = play([(100, 100, 100, 100), (100, 101, 97, 99), (99, 99, 99, 99)], [1.0, NAN, NAN], stop_loss="2")
    assert fills(record) == [(1, 10, 100.0, "signal"), (1, -10, 98.0, "stop_loss")]
    exit_ = record.orders[1].order
    assert exit_.decided_at == record.settlements[1].fill.time


def test_a_fill_at_the_close_that_decided_it_is_not_early():
    record = play([(100, 101, 99, 100), (103, 103, 103, 103)], [1.0, NAN], fill_at="same_close")
    assert fills(record) == [(0, 10, 100.0, "signal")]


def test_an_exchange_that_serves_the_next_row_before_the_close_is_found():
    """Rows whose bars overlap, as no panel has them any more: the second opens a quarter of an hour after the first."""
    from framework.exchange import SimulatedExchange

    session = Session([Instrument("A"), Instrument("B")], settings_of(), style="on_bar")
    exchange = SimulatedExchange(session.instruments, session.settings, session.account)
    quarter = HOUR_NS // 4
    first = BarRow(9 * HOUR_NS, 10 * HOUR_NS, 0, False, *[[100.0, NAN]] * 5)
    second = BarRow(9 * HOUR_NS + quarter, 10 * HOUR_NS + quarter, 0, False, *[[NAN, 50.0]] * 5)
    session.open_bar(first)
    session.close_bar(first)
    for command in session.decide(first, requests=[OrderRequest(1, 10, limit=60.0)]):
        exchange.execute(command)
    session.open_bar(second)
    (event,) = exchange.serve(second)
    with pytest.raises(InvariantError, match="opened 2700 s before"):
        session.receive(event)
    assert session.account.quantity == [0, 0]
