"""Belief of a runner about its orders and positions, as plain data: what a broker's book is compared with."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from framework.types.deadlines import NEVER
from framework.types.orders import NAN
from framework.types.record import OrderState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from framework.live.account_book import AccountBook
    from framework.live.account_orders import AccountMember, PositionKey
    from framework.session.instrument_state import WorkingOrder


class LocalState(StrEnum):
    """State of an order as we believe it, as far as it matters to what the broker's book says of it."""

    NO_INTENT = "no intent"
    """A tag of ours, and no session has decided on such an order."""
    UNSENT = "unsent"
    """Parked, or waiting in the outbox: provably never sent."""
    SENT = "sent"
    UNKNOWN = "unknown"
    WORKING = "working"
    REQUESTED = "requested"
    """Working, and a cancel or a change is under way."""
    FILLED = "filled"
    ENDED = "ended"
    """Cancelled, or expired, or of a session so long ago that only its end is remembered."""
    REFUSED = "refused"
    ABSENT = "absent"


class BelievedOrder(NamedTuple):
    """An order of ours as a session has it."""

    session: str
    order_id: int
    tag: str
    symbol: str
    state: LocalState
    quantity: int
    """Signed units; while a change is under way the larger of the two. 0: not remembered."""
    filled: int
    """Signed units."""
    limit: float = NAN
    """Rupees; NaN = none. So is trigger."""
    trigger: float = NAN
    asked_at: int = 0
    """Time of the request that is not answered, UTC nanoseconds; 0 = none."""
    valid_until: int = NEVER
    """End of its validity by the rules of the exchange, UTC nanoseconds."""


class Belief(NamedTuple):
    """Everything that a snapshot is compared with."""

    orders: Mapping[str, BelievedOrder]
    """By tag: open ones, and those that ended lately."""
    next_ids: Mapping[str, int]
    """Session → the first number that no order of it has."""
    moments: Mapping[str, int]
    """Session → moment of its latest input."""
    positions: Mapping[PositionKey, int]
    """(symbol, product) → signed units of every session and of nobody."""


STATES = {
    OrderState.PARKED: LocalState.UNSENT,
    OrderState.SENT: LocalState.SENT,
    OrderState.UNKNOWN: LocalState.UNKNOWN,
    OrderState.WORKING: LocalState.WORKING,
    OrderState.FILLED: LocalState.FILLED,
    OrderState.CANCELLED: LocalState.ENDED,
    OrderState.EXPIRED: LocalState.ENDED,
    OrderState.REFUSED: LocalState.REFUSED,
    OrderState.ABSENT: LocalState.ABSENT,
}


def belief_of(
    members: Mapping[str, AccountMember],
    book: AccountBook,
    may_be_there: Callable[[WorkingOrder], bool],
    valid_until: Callable[[str, WorkingOrder], int] = lambda _session, _working: NEVER,
    waits: Callable[[str], bool] = lambda _tag: False,
) -> Belief:
    """The belief as the sessions have it now.

    ``waits``: True of a tag of which a change or a cancel waits in the outbox: at the broker it is as it was.
    ``may_be_there``: False of an order that waits in the outbox (``PretradeWorld.may_be_there``). ``valid_until``: when
    an order's validity ends at the exchange.
    """
    orders = {}
    for name, member in members.items():
        for working in member.session.known_orders():
            order, before = working.order, working.was or working.order
            state = _state(working, may_be_there)
            if state is LocalState.REQUESTED and waits(working.tag):
                order, state = before, LocalState.WORKING
            orders[working.tag] = BelievedOrder(
                session=name,
                order_id=order.order_id,
                tag=working.tag,
                symbol=member.symbols[order.instrument],
                state=state,
                quantity=max(order.quantity, before.quantity, key=abs),
                filled=working.filled,
                limit=order.limit,
                trigger=order.trigger,
                asked_at=working.silent_since,
                valid_until=valid_until(name, working),
            )
    return Belief(
        orders,
        {name: member.session.next_order_id for name, member in members.items()},
        {name: member.session.moment for name, member in members.items()},
        book.positions(),
    )


def _state(working: WorkingOrder, may_be_there: Callable[[WorkingOrder], bool]) -> LocalState:
    state = STATES[working.state]
    if state is LocalState.SENT and not may_be_there(working):
        return LocalState.UNSENT
    if state is LocalState.WORKING and (working.cancelling or working.was is not None):
        return LocalState.REQUESTED
    return state
