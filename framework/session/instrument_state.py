"""State that Session remembers of one instrument and of one order. Plain mutable records; every rule is elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.rules.targets import ignored_after
from framework.session.order_prices import NO_DISTANCES
from framework.types.deadlines import NEVER
from framework.types.made import made
from framework.types.orders import SIGNAL
from framework.types.record import OrderRecord, OrderState

if TYPE_CHECKING:
    from framework.types import Order, Verdict
    from framework.types.orders import Reason

NAN = float("nan")
SENT = OrderState.SENT
OPEN = frozenset({OrderState.PARKED, OrderState.SENT, OrderState.UNKNOWN, OrderState.WORKING})


class WorkingOrder:
    """An order's life as Session mirrors it; ``session/lifecycle.py`` is its table."""

    __slots__ = (
        "asked_at",
        "cancelling",
        "expires_at",
        "filled",
        "filled_paise",
        "freed_paise",
        "gave_up",
        "group",
        "left_for",
        "needs_flat",
        "order",
        "requested",
        "reserved_paise",
        "sent",
        "state",
        "tag",
        "told_filled",
        "unsent_until",
        "verdict",
        "waits_for",
        "was",
        "withdrawn",
        "worst",
    )

    def __init__(self, order: Order, requested: int, verdict: Verdict, tag: str) -> None:
        self.order = order
        """Follows what became of it; the request and the verdict on it stay."""
        self.requested = requested
        self.verdict = verdict
        self.tag = tag
        self.group = ""
        self.state = SENT
        self.filled = 0
        """Signed units."""
        self.filled_paise = 0
        """Their value."""
        self.told_filled = 0
        """Signed units that the broker's book says have filled; the fills themselves may be under way."""
        self.reserved_paise = 0
        """Buying power an increase holds until it is done."""
        self.freed_paise = 0
        """What it held when it ended: an order proved absent that shows up holds it again."""
        self.worst = NAN
        """Worst price in rupees that an entry can reasonably fill at."""
        self.expires_at = NEVER
        """Not to be sent from then on, UTC nanoseconds."""
        self.asked_at = 0
        """Time of the request that the broker has not answered, UTC nanoseconds; 0 = none."""
        self.unsent_until = 0
        """Up to then a request was known to wait for its turn here, UTC nanoseconds; 0 = none did."""
        self.cancelling = False
        """A cancel is under way."""
        self.withdrawn = False
        """We asked for its cancel, whatever came of that."""
        self.left_for: Reason | None = None
        """It was taken back so that nothing is held; what fills of it all the same is left at once, for this reason."""
        self.was: Order | None = None
        """A change is under way: the order as it was confirmed last …"""
        self.sent: Order | None = None
        """… and as the change that is under way makes it; ``order`` may have moved on from it."""
        self.gave_up: tuple[float, float, int, float] | None = None
        """It ended unfilled and took the intent along: intent, the one before, units as they were; the intent left."""
        self.waits_for: set[int] = set()
        """A parked order is submitted when these orders are done …"""
        self.needs_flat = False
        """… and, if it opens the other side, only when the position is flat."""

    @property
    def silent_since(self) -> int:
        """Time from which an answer may be missed, UTC nanoseconds; 0 = none. Nobody answers what has not left."""
        return self.asked_at and max(self.asked_at, self.unsent_until)

    @property
    def remaining(self) -> int:
        """Signed units not yet filled."""
        return self.order.quantity - self.filled

    @property
    def is_whole(self) -> bool:
        """Everything that it is for has filled."""
        return self.remaining * self.order.quantity <= 0

    @property
    def has_ended(self) -> bool:
        """It is done, or the answer that ends it is being booked."""
        return self.state not in OPEN or (self.is_whole and not self.may_be_larger)

    @property
    def may_be_larger(self) -> bool:
        """A change is under way that makes it smaller: until it is answered the exchange may have the larger order."""
        return self.was is not None and abs(self.was.quantity) > abs(self.filled)

    @property
    def is_known_open(self) -> bool:
        """The broker has said that it stands in the book."""
        return self.state is OrderState.WORKING

    def record(self, ended_at: int = 0, why: str = "") -> OrderRecord:
        """The order as the result keeps it."""
        return made(OrderRecord, (self.order, self.requested, self.verdict, self.state, self.filled, ended_at, why))


class InstrumentState:
    """Intent, orders and exits of one instrument."""

    __slots__ = (
        "bars_held",
        "bound_from",
        "desired",
        "distances",
        "entry_distances",
        "extreme",
        "full_units",
        "group",
        "ignored_target",
        "intent",
        "intent_before",
        "leaving",
        "leaving_reason",
        "open_orders",
        "protect_due",
        "refusals",
        "scale",
        "stop_id",
        "target_id",
        "within_bar",
    )

    def __init__(self) -> None:
        self.intent = 0.0
        """The last finite target, whatever the verdict on it was."""
        self.intent_before = 0.0
        """The intent that an expired entry falls back to."""
        self.desired = 0
        """Signed units the intent means."""
        self.full_units = 0
        """Units a full target means, fixed at the opening decision."""
        self.ignored_target = NAN
        """``reenter: new_signal``: the target that must first leave."""
        self.leaving = False
        """A forced exit is under way: targets wait until the position is flat."""
        self.leaving_reason = SIGNAL
        """Why, while ``leaving``."""
        self.bound_from = NAN
        """The market has passed the stop, which the broker refused: the exit's limit is measured from this price in
        rupees; NaN: an exit is at market."""
        self.distances = NO_DISTANCES
        """Protective distances of the position, from its opening order's decision row."""
        self.entry_distances = NO_DISTANCES
        """The same for the entry that is working."""
        self.extreme = NAN
        """Best price since the entry, rupees; kept up where something is measured from it."""
        self.scale = 1.0
        """Shares now per share at the entry: what splits have made of a distance configured in rupees."""
        self.bars_held = 0
        """Closes since the entry, the entry bar's included; counted where something depends on it."""
        self.within_bar = False
        """The entry filled inside the current bar."""
        self.protect_due = False
        """Protective exits are to be placed at this bar's close (``active_from: next_bar``)."""
        self.stop_id = 0
        """Order id of the protective stop; 0 = none."""
        self.target_id = 0
        """Order id of the protective target; 0 = none."""
        self.group = ""
        """Name of the protective pair, from its first order's tag."""
        self.refusals = 0
        """Protective orders refused in a row."""
        self.open_orders: list[WorkingOrder] = []
        """All working and parked orders, oldest first."""

    def only_protected(self) -> bool:
        """No order is open but the protective exits."""
        return len(self.open_orders) == (self.stop_id != 0) + (self.target_id != 0)

    def only_one_exit(self) -> bool:
        """Stop or target is there, not both."""
        return not (self.stop_id and self.target_id)

    def forget_exit(self, order_id: int) -> None:
        """A protective order is done."""
        if order_id == self.stop_id:
            self.stop_id = 0
        elif order_id == self.target_id:
            self.target_id = 0

    def leave(self, reason: Reason, reenter: str) -> None:
        """Start a forced exit of what is held."""
        self.forget_intent(reenter)
        self.leaving, self.leaving_reason = True, reason

    def forget_intent(self, reenter: str) -> None:
        """A forced exit sets the intent to 0; with ``new_signal`` the old target must first leave."""
        self.ignored_target = ignored_after(reenter == "new_signal", self.intent, self.ignored_target)
        self.intent = 0.0
        self.desired = 0

    def forget_position(self) -> None:
        """The position is gone, and with it what its exits were measured from, and how often they were refused."""
        self.refusals, self.bound_from = 0, NAN
        self.leaving = self.protect_due = False
        self.distances, self.extreme, self.bars_held, self.scale = NO_DISTANCES, NAN, 0, 1.0
