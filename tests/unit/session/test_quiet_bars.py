"""Which bars the simulated exchange passes over."""

import pytest

from framework.exchange import SimulatedExchange
from framework.session.account import Account
from framework.types import BarRow, Instrument, Order, OrderType, Reason, Settings, Validity
from framework.types.events import Change, Submit
from tests.contract.market import NAN, approved


def exchange_with(*orders, **choices):
    instruments = [Instrument("A")]
    settings = Settings.of(**choices)
    exchange = SimulatedExchange(instruments, settings, Account(instruments, settings))
    for order in orders:
        exchange.execute(Submit(approved(order)), 0)
    return exchange


def order(kind, quantity, *, limit=NAN, trigger=NAN, validity=Validity.GTC, order_id=1):
    return Order(order_id, 0, quantity, kind, Reason.ORDER, True, 0, limit, trigger, validity)


def bar(low, high, *, close=None, volume=1000.0, ends_session=False):
    middle = (low + high) / 2
    return BarRow(1, 2, 0, ends_session, [middle], [high], [low], [middle if close is None else close], [volume])


LIMIT, STOP, STOP_LIMIT = OrderType.LIMIT, OrderType.STOP, OrderType.STOP_LIMIT


@pytest.mark.parametrize(
    ("waiting", "quiet", "reached"),
    [
        (order(LIMIT, 5, limit=90.0), (90.01, 200), (90, 200)),
        (order(LIMIT, -5, limit=110.0), (1, 109.99), (1, 110)),
        (order(STOP, 5, trigger=110.0), (1, 109.99), (1, 110)),
        (order(STOP, -5, trigger=90.0), (90.01, 200), (90, 200)),
        (order(STOP_LIMIT, 5, trigger=110.0, limit=111.0), (1, 109.99), (1, 110)),
        (order(STOP_LIMIT, -5, trigger=90.0, limit=89.0), (90.01, 200), (90, 200)),
    ],
)
def test_a_bar_is_quiet_until_its_range_reaches_an_order(waiting, quiet, reached):
    exchange = exchange_with(waiting)
    assert exchange.is_quiet(bar(*quiet))
    assert list(exchange.serve(bar(*quiet))) == []
    assert not exchange.is_quiet(bar(*reached))
    assert [answer.fill.quantity for answer in exchange.serve(bar(*reached))] == [waiting.quantity]
    assert exchange.is_quiet(bar(*reached))


def test_a_stop_limit_that_triggered_is_looked_at_in_every_bar():
    exchange = exchange_with(order(STOP_LIMIT, 5, trigger=110.0, limit=111.0))
    assert list(exchange.serve(bar(112, 120))) == []  # an open of 116, and not back to the limit
    assert not exchange.is_quiet(bar(112, 120))


def test_every_bar_reaches_a_market_order_and_a_missing_bar_reaches_nothing():
    assert not exchange_with(order(OrderType.MARKET, 5)).is_quiet(bar(99, 101))
    assert exchange_with(order(OrderType.MARKET, 5)).is_quiet(bar(NAN, NAN))
    assert exchange_with().is_quiet(bar(1, 200, ends_session=True))


def test_a_session_ends_for_day_orders_only():
    assert not exchange_with(order(LIMIT, 5, limit=90.0, validity=Validity.DAY)).is_quiet(
        bar(99, 101, ends_session=True)
    )
    assert exchange_with(order(LIMIT, 5, limit=90.0)).is_quiet(bar(99, 101, ends_session=True))


def test_a_changed_order_is_reached_at_its_new_price():
    exchange = exchange_with(order(STOP, -5, trigger=90.0))
    exchange.execute(Change(1, -5, 95.0, NAN), 0)
    assert exchange.is_quiet(bar(95.01, 200))
    assert not exchange.is_quiet(bar(95, 200))


def test_what_a_volume_cap_left_over_is_looked_at_again():
    exchange = exchange_with(order(STOP, -5, trigger=90.0), volume_cap=0.5)
    assert [answer.fill.quantity for answer in exchange.serve(bar(89, 92, volume=4.0))] == [-2]
    assert [answer.fill.quantity for answer in exchange.serve(bar(95, 99, volume=1000.0))] == [-3]


def test_orders_that_come_and_never_fill_leave_no_trace_in_quiet_bars():
    exchange = exchange_with()
    for number in range(1, 4):
        exchange.execute(Submit(approved(order(LIMIT, 5, limit=90.0, order_id=number))), 0)
        assert list(exchange.serve(bar(99, 101))) == []
    assert exchange._arrivals == []
