"""Book of a broker: orders, fills, positions and funds as the broker shows them. + is buy/long, − is sell/short.

All of it is by tag, symbol and the broker's ids: a broker knows no strategy and no order number of ours.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from framework.types.orders import NAN


class BrokerOrderState(StrEnum):
    """State of an order in a broker's book."""

    PENDING = "pending"
    """Taken by the broker, not yet by the exchange."""
    OPEN = "open"
    """In the exchange's book, or waiting there for its trigger."""
    FILLED = "filled"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    """A word that the adapter does not know: never a default."""

    @property
    def is_final(self) -> bool:
        """True when nothing more can come of the order but late fills."""
        return self in {
            BrokerOrderState.FILLED, BrokerOrderState.CANCELLED, BrokerOrderState.REFUSED, BrokerOrderState.EXPIRED,
        }  # fmt: skip


class BrokerOrder(NamedTuple):
    """Order as it stands in a broker's book."""

    broker_id: str
    tag: str
    """Empty: it carries none."""
    symbol: str
    """``NSE:INFY``."""
    product: str
    quantity: int
    """Signed units of the whole order."""
    filled: int
    """Signed units."""
    state: BrokerOrderState
    limit: float = NAN
    """Rupees; NaN = none. So is trigger."""
    trigger: float = NAN
    reason: str = ""
    """The broker's words for a refusal or a cancellation."""
    time: int = 0
    """Time of this state there, UTC nanoseconds; 0 = not stated."""


class BrokerFill(NamedTuple):
    """Execution as a broker shows it."""

    fill_id: str
    """The exchange's name of it, unique in the account."""
    broker_id: str
    tag: str
    symbol: str
    product: str
    quantity: int
    """Signed units."""
    price: float
    """Rupees per unit."""
    time: int
    """UTC nanoseconds."""
    at_open: bool = False
    """It was the first trade of its bar, whose whole range came after it."""


class FillAnnulled(NamedTuple):
    """News: the exchange has cancelled an execution afterwards (a reversal trade, say)."""

    fill_id: str
    reason: str = ""


class BrokerConnection(NamedTuple):
    """News: the stream of news is up or down. What is told while it is down counts all the same."""

    up: bool
    why: str = ""


BrokerNews = BrokerOrder | BrokerFill | FillAnnulled | BrokerConnection


class BrokerPosition(NamedTuple):
    """Net position of one symbol and product."""

    symbol: str
    product: str
    quantity: int
    """Signed units."""


class BrokerSnapshot(NamedTuple):
    """Book as it was read at one moment; a part that was not read is None, never empty."""

    as_of: int
    """UTC nanoseconds, by our clock, when the read began."""
    orders: tuple[BrokerOrder, ...] | None = None
    """Of today."""
    fills: tuple[BrokerFill, ...] | None = None
    """Of today."""
    positions: tuple[BrokerPosition, ...] | None = None
    available_paise: int | None = None
    """Cash or margin that new orders may use."""
