"""Facts for the pre-trade rules: the request and its context, frozen. Money in rupees unless a name ends in paise.

The caller fills in what it knows. An unknown fact is NaN, an empty text or None, and refuses.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from framework.types.orders import OrderType
    from framework.types.portfolio import TradingState

NAN = float("nan")
SECOND_NS = 1_000_000_000


class RequestKind(StrEnum):
    """Kind of a request to the broker."""

    PLACE = "place"
    MODIFY = "modify"
    CANCEL = "cancel"


class Request(NamedTuple):
    """Request about to be sent."""

    action: RequestKind
    tag: str
    """Our own name of the order; of a change or a cancel, the name of the order meant."""
    strategy: str
    symbol: str
    """``NSE:INFY``."""
    quantity: int
    """Signed units; of a change, what would rest afterwards."""
    type: OrderType
    limit: float
    """Rupees; NaN where the type has none. So is trigger."""
    trigger: float
    needed_paise: int
    """Cash or margin that it takes at its worst price, charges included; > 0 for an increase."""
    expires_ns: int
    """Not to be sent at or after this time, UTC nanoseconds."""
    group: str = ""
    """Orders of one group cancel each other: they count once, the largest."""


class Tradable(NamedTuple):
    """Instrument facts from the newest list."""

    tick: float
    lot: int
    freeze_quantity: int | None
    """The exchange refuses an order of more units; None: the list states none."""


class Quote(NamedTuple):
    """Last price, with its time."""

    price: float
    time_ns: int
    """Time it reached us, by the clock that also makes ``now_ns``."""
    before: float
    """The price before it; the last close for the first of a day."""
    lower: float = NAN
    """The exchange's price band of today. So is upper."""
    upper: float = NAN
    bid: float | None = None
    """None: this feed has no depth. So is ask."""
    ask: float | None = None
    missing_bars: int = 0
    """Bars that should have come since the history the decision was made on, and did not."""


class Holding(NamedTuple):
    """Holding of one symbol."""

    quantity: int
    price: float
    """The last price known, rupees."""


class OpenOrder(NamedTuple):
    """An order of ours that may still be open."""

    tag: str
    symbol: str
    quantity: int
    """Signed units of the whole order; while a change is unanswered, the larger of the two."""
    filled: int
    """Signed units."""
    price: float
    """The worst price it can reasonably fill at, rupees."""
    needed_paise: int
    limit: float | None = NAN
    """The price it stands in the book at; NaN = at any, or not known; None while it waits for its trigger."""
    confirmed: bool = True
    """False while the broker's answer is missing or unknown: then it counts at its full size."""
    counted: bool = True
    """The broker's figure of available funds has it already."""
    group: str = ""

    @property
    def units(self) -> int:
        """Signed units that may still fill."""
        return self.quantity - self.filled if self.confirmed else self.quantity


class Funds(NamedTuple):
    """Available funds by the broker's figure, cash or margin, with its time."""

    available_paise: int
    time_ns: int


class Send(NamedTuple):
    """One request that went out."""

    time_ns: int
    action: RequestKind
    strategy: str
    symbol: str
    quantity: int


class Sends(NamedTuple):
    """Requests that went out, counted by the gate itself."""

    recent: tuple[Send, ...] = ()
    """Of the last minute at least, oldest first."""
    day: int = 0
    """Trading day of the counts, days since 1970-01-01."""
    today: Mapping[str, int] = MappingProxyType({})
    """Symbol → orders placed and changed on that day."""


class TradingHours(NamedTuple):
    """Today's session for this instrument and product: the calendar's hours and the broker's status."""

    day: int
    """Days since 1970-01-01."""
    open_ns: int
    close_ns: int
    entries_until_ns: int
    """Nothing new from here on: the product's cut-off."""
    broker_open: bool
    """The broker's own status of the segment."""


class Authority(NamedTuple):
    """Identity of the sender: as configured, and as found at the start of the session."""

    account: str
    app: str
    algo: str
    ip: str


class Ceilings(NamedTuple):
    """Legal ceilings on a day, from ``config/market/orders.yaml``."""

    order_value: float
    """Rupees, one order."""
    orders_per_second: int


class RequestWindow(NamedTuple):
    """Requests that may leave within any span of so long, wherever it begins; from ``config/market/windows.yaml``."""

    length_ns: int
    places: int
    """Requests of every kind, refused ones too."""
    for_cancels: int
    """Places that only cancels may use."""
    for_exits: int
    """Places that nothing new may use: cancels, reductions and protection."""


class SendLimits(NamedTuple):
    """The ``live:`` limits of the configuration, every one of them set by the user."""

    max_order_value: float
    max_order_quantity: int
    price_band_percent: float
    reference_age_s: float
    max_jump_percent: float
    max_open_value: float
    max_position_value: float
    max_gross_value: float
    funds_age_s: float
    duplicate_s: float
    orders_per_second: int
    cancels_per_second: int
    orders_per_minute: int
    orders_per_day: int


class OwnPosition(NamedTuple):
    """Position that the request's strategy may reduce, where several strategies trade one account."""

    quantity: int
    """Signed units of the symbol that are there to be reduced."""
    open_orders: tuple[OpenOrder, ...]
    """Orders that would reduce the same units; one that is changed may be among them."""


class PretradeContext(NamedTuple):
    """Everything a rule may read besides the request and the time."""

    limits: SendLimits
    ceilings: Ceilings
    instrument: Tradable | None
    """None: no list of instruments has the symbol."""
    restricted: str
    """Reason why nothing new may be opened in it: ban period, surveillance stage, a list of one's own; empty: none."""
    quote: Quote
    holdings: Mapping[str, Holding]
    open_orders: tuple[OpenOrder, ...]
    funds: Funds
    sends: Sends
    hours: TradingHours
    state: TradingState
    configured: Authority
    found: Authority
    own: OwnPosition | None = None
    """A reduction is proven by this; None: by what the whole account holds and has going."""
