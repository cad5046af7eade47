"""Orders and instruments of a run through backtrader, as we mirror them. Imports no backtrader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from framework.rules import money
from framework.types.orders import NAN, ExitDistances
from framework.types.record import OrderRecord, OrderState

if TYPE_CHECKING:
    from framework.types.orders import Order, Verdict


class Sent:
    """One order's life."""

    __slots__ = ("ended_at", "filled", "needs_flat", "order", "requested", "reserved_paise", "state", "verdict", "why")

    def __init__(self, order: Order, requested: int, verdict: Verdict) -> None:
        self.order = order
        self.requested = requested
        self.verdict = verdict
        self.state = OrderState.WORKING
        self.filled = 0
        """Signed units."""
        self.ended_at = 0
        self.why = ""
        self.reserved_paise = 0
        self.needs_flat = False
        """The opening leg of a reversal."""

    def end(self, state: OrderState, at: int, why: str = "") -> None:
        """Close its books."""
        self.state, self.ended_at, self.why, self.reserved_paise = state, at, why, 0

    def record(self) -> OrderRecord:
        """The order as the result keeps it."""
        return OrderRecord(self.order, self.requested, self.verdict, self.state, self.filled, self.ended_at, self.why)


class Venue(Protocol):
    """Venue of the orders: backtrader, behind two calls that take effect at once."""

    def send(self, sent: Sent, sibling: Sent | None) -> None:
        """Place an order; ``sibling`` is an order that is cancelled when this one fills, and the other way round."""
        ...

    def take_back(self, sent: Sent) -> None:
        """Cancel an order."""
        ...


class InstrumentMirror:
    """Mirror of one instrument."""

    __slots__ = (
        "average",
        "desired",
        "distances",
        "entry",
        "entry_distances",
        "exits",
        "full_units",
        "intent",
        "intent_before",
        "leave",
        "mark_paise",
        "position",
        "protect_due",
    )

    def __init__(self) -> None:
        self.position = 0
        """Signed units, as backtrader reports them."""
        self.average = NAN
        """Average fill price in rupees, backtrader's."""
        self.mark_paise = 0
        self.intent = 0.0
        """The last finite target."""
        self.intent_before = 0.0
        self.desired = 0
        """Signed units the intent means."""
        self.full_units = 0
        self.distances = ExitDistances()
        """Of the position, from its opening decision."""
        self.entry_distances = ExitDistances()
        self.entry: Sent | None = None
        """The order that would increase the position."""
        self.leave: Sent | None = None
        """The market order that reduces it."""
        self.exits: list[Sent] = []
        """Its stop and its target, those there are."""
        self.protect_due = False
        """Exits are to be placed at this close."""

    def mark(self, price: float) -> None:
        """Value the position, in paise."""
        worth = money.value(price, self.position)
        self.mark_paise = worth if self.position > 0 else -worth
