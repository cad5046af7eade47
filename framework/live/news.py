"""News of a broker as answers for a session. What proves nothing becomes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.broker.book import BrokerOrder, BrokerOrderState
from framework.types import events

if TYPE_CHECKING:
    from framework.live.traded_strategy import TradedStrategy
    from framework.session.instrument_state import WorkingOrder
    from framework.types.events import Answer

CLOSE_ENOUGH = 1e-9
"""Relative difference of two spellings of one price."""


def order_answer(order: BrokerOrder, traded: TradedStrategy, order_id: int, moment: int) -> Answer | None:
    """An order as it stands there; None where that says nothing new, or nothing that can be relied on."""
    state = order.state
    if state is BrokerOrderState.CANCELLED:
        return events.Cancelled(moment, order_id, order.reason)
    if state is BrokerOrderState.EXPIRED:
        return events.Expired(moment, order_id)
    if state is BrokerOrderState.REFUSED:
        return events.Refused(moment, order_id, order.reason, proof=True, time=order.time)
    if state is not BrokerOrderState.OPEN:
        return None
    working = traded.session.order(order_id)
    if working is not None and working.sent is not None and _is_changed(order, working):
        return events.Changed(moment, order_id)
    return None if working is not None and working.is_known_open else events.Accepted(moment, order_id)


def _is_changed(order: BrokerOrder, working: WorkingOrder) -> bool:
    """The order stands there as the change that is under way makes it."""
    wanted = working.sent
    if wanted is None or order.quantity != wanted.quantity:
        return False
    pairs = ((order.limit, wanted.limit), (order.trigger, wanted.trigger))
    return all(not (theirs > 0.0 and ours > 0.0) or abs(theirs - ours) <= CLOSE_ENOUGH * ours for theirs, ours in pairs)
