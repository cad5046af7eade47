"""Entries of the paper broker's file: every change of its books, in order. The books are what they add up to.

Times are UTC nanoseconds, quantities signed units, prices rupees (NaN = none).
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from framework.broker.book import (  # noqa: TC001 - a reader of the file asks for the types at run time
    BrokerFill,
    BrokerOrder,
    BrokerOrderState,
)
from framework.types.actions import Due  # noqa: TC001 - the same
from framework.types.orders import BarRow, Order  # noqa: TC001 - the same


class BarStep(StrEnum):
    """Step of a bar that a book is shown."""

    BAR = "bar"
    SAME_CLOSE = "same_close"
    """Market orders that were just decided fill at its close."""
    CLOSE_OUT = "close_out"
    """The session is over with it."""


class PaperPlaced(NamedTuple):
    """Entry: an order is taken into a book."""

    book: str
    broker_id: str
    order: Order
    tag: str
    group: str
    product: str
    reserve_paise: int
    time: int


class PaperChanged(NamedTuple):
    """Entry: a resting order has another form."""

    book: str
    broker_id: str
    quantity: int
    """Of the whole order."""
    trigger: float
    limit: float
    time: int


class PaperEnded(NamedTuple):
    """Entry: an order is out of its book, other than by a fill or by a bar."""

    book: str
    broker_id: str
    state: BrokerOrderState
    reason: str
    time: int


class PaperRenamed(NamedTuple):
    """Entry: the broker calls an order otherwise from now on."""

    book: str
    broker_id: str
    becomes: str


class PaperFilled(NamedTuple):
    """Entry, by ticks: (part of) an order is executed."""

    book: str
    broker_id: str
    quantity: int
    price: float
    time: int


class PaperTriggered(NamedTuple):
    """Entry, by ticks: a stop was reached; a market order that protection holds is a limit from now on."""

    book: str
    broker_id: str
    limit: float
    """Of the order from now on; NaN = as it is."""


class BarPassed(NamedTuple):
    """Entry: a bar that reached no order."""

    book: str
    time: int
    close_time: int
    closes: tuple[float, ...]


class BarShown(NamedTuple):
    """Entry: a bar is served from now on, event by event."""

    book: str
    step: BarStep
    row: BarRow


class NewsDecided(NamedTuple):
    """Entry: one more event of the bar in hand; None = there is no further one."""

    book: str
    news: BrokerOrder | BrokerFill | None


class PaperAnnulled(NamedTuple):
    """Entry: the exchange has cancelled an execution."""

    fill_id: str


class HandTraded(NamedTuple):
    """Entry: somebody else traded in the account: its owner, or the broker's risk desk."""

    fill: BrokerFill


class PaperCapitalMoved(NamedTuple):
    """Entry: cash came into a book (> 0) or left it, paise."""

    book: str
    paise: int


class PaperActionCarried(NamedTuple):
    """Entry: a corporate action was gone through."""

    book: str
    due: Due
    time: int


PaperEntry = (
    PaperPlaced
    | PaperChanged
    | PaperEnded
    | PaperRenamed
    | PaperFilled
    | PaperTriggered
    | BarPassed
    | BarShown
    | NewsDecided
    | PaperAnnulled
    | HandTraded
    | PaperCapitalMoved
    | PaperActionCarried
)
