"""Port to a broker: the orders that go there, its answer to each, and what it shows. Vendor words stop behind it.

Theory of operation
-------------------
A broker is asked three things and believed in one way only: by positive evidence.

- **Requests** (``place``, ``change``, ``cancel``) return one of three outcomes. ``OrderAccepted`` has the broker's id.
  ``OrderRefused`` is returned only for what an adapter can prove: a code of its list, or bytes that never left.
  Everything else (a timeout, 5xx, a body that does not parse, 200 without an id) is ``OrderUnknown``. An acceptance is
  no fill and no promise: the order may be refused afterwards, which the news tell.
- **News** (``news``) are what the broker tells by itself: orders as they stand, fills, annulled fills, its connection.
  They come late, twice, in any order, and not at all. A fill has the exchange's own id.
- **Reads** (``find``, ``snapshot``) show the book. A broker without an idempotency key finds an order by our tag alone,
  and may show two of one tag. A read that fails raises ``BrokerError``; it is never an empty book.

No method sends anything twice, and none decides: an increase reaches it only as an ``Approved`` order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from framework.types.orders import NAN

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from framework.broker.book import BrokerNews, BrokerOrder, BrokerSnapshot
    from framework.types import Instrument
    from framework.types.orders import Approved


class Capabilities(NamedTuple):
    """Capabilities of a broker, so that decorators can supply what it lacks."""

    name: str
    one_cancels_other: bool = False
    """It cancels an order of a group by itself when another one of the group fills."""
    lockstep: bool = False
    """It fills against bars that the runner shows it; each answer waits until what follows from it was carried out."""
    longest_tag: int = 20
    """Letters and digits of a tag."""


class OutgoingOrder(NamedTuple):
    """Order on its way to a broker."""

    approved: Approved
    instrument: Instrument
    product: str
    """``CNC``, ``MIS`` or ``NRML``."""
    strategy: str
    """Name of the strategy in its deployment."""


class OutgoingChange(NamedTuple):
    """Change of a resting order: the whole of its new form."""

    tag: str
    broker_id: str
    quantity: int
    """Signed units of the whole order, what has filled of it included."""
    trigger: float = NAN
    """Rupees; NaN = as it is. So is limit."""
    limit: float = NAN


class OutgoingCancel(NamedTuple):
    """Cancellation of a resting order."""

    tag: str
    broker_id: str


class OrderAccepted(NamedTuple):
    """Outcome: the broker has taken the request."""

    broker_id: str
    """The broker's own name of the order."""


class OrderRefused(NamedTuple):
    """Outcome: the broker has refused, with proof, or nothing ever left this machine."""

    code: str
    """The broker's code, or ``unsent``."""
    reason: str


TRIGGER_PASSED = "trigger"
"""Code by which every adapter says that a stop was refused because the market has gone past its trigger already."""

RATE_LIMITED = "rate"
"""Code by which an adapter says that the broker refused for too many requests (429, and a body that says so)."""


class OrderUnknown(NamedTuple):
    """Outcome: nobody knows. Look it up by its tag; never send it again."""

    cause: str


SendOutcome = OrderAccepted | OrderRefused | OrderUnknown


class Broker(Protocol):
    """Broker as the runner sees it: paper, or a real one."""

    @property
    def capabilities(self) -> Capabilities:
        """See ``Capabilities``."""
        ...

    async def place(self, order: OutgoingOrder) -> SendOutcome:
        """Place a new order. Only the outbox calls it."""
        ...

    async def change(self, change: OutgoingChange) -> SendOutcome:
        """Change a resting order in place."""
        ...

    async def cancel(self, cancel: OutgoingCancel) -> SendOutcome:
        """Take a resting order out of the book; a fill that wins the race counts."""
        ...

    async def find(self, tag: str) -> tuple[BrokerOrder, ...]:
        """Every order of today that carries a tag, oldest first; two are possible, and an alarm.

        Raises ``BrokerError`` when the book cannot be read.
        """
        ...

    async def snapshot(self) -> BrokerSnapshot:
        """Orders, fills, positions and funds as the broker has them now; ``BrokerError`` when they cannot be read."""
        ...

    def news(self) -> AsyncIterator[BrokerNews]:
        """Everything that the broker tells by itself from now on; ends when the broker is closed."""
        ...

    async def close(self) -> None:
        """Let go of connections; resting orders stay where they are. Safe to call twice."""
        ...
