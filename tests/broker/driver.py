"""Driver of a broker under contract: the market around it, the faults on the way, and orders to send there."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from framework.broker.book import BrokerFill, BrokerNews, BrokerOrder, BrokerSnapshot
from framework.broker.port import (
    Broker,
    OrderAccepted,
    OutgoingCancel,
    OutgoingChange,
    OutgoingOrder,
    SendOutcome,
)
from framework.live.clock import Clock
from framework.session.approval import approved
from framework.session.instrument_state import WorkingOrder
from framework.types import Instrument, Order, Verdict
from framework.types.orders import DAY, NAN, Approved, OrderType, Reason

SECOND_NS = 10**9
A = Instrument("A", "NSE", tick=0.05)
B = Instrument("B", "NSE", tick=0.05, lot=10)
INSTRUMENTS = (A, B)
STRATEGIES = ("alpha", "beta")
"""Names of the sessions whose orders come: they begin the tags."""


class BrokerDriver(ABC):
    """What a suite needs around a broker. A fault it cannot bring about calls ``pytest.skip`` with its name."""

    broker: Broker
    clock: Clock

    def __init__(self) -> None:
        self.numbers = count(1)
        self.heard: list[BrokerNews] = []
        """News that came and were not asked for yet."""

    # ------------------------------------------------------------------ for each broker

    @abstractmethod
    async def open(self) -> None:
        """Connect to a fresh account with a crore of rupees for each strategy; the market is open."""

    @abstractmethod
    async def reopen(self) -> None:
        """Our process died and came again: connect to the same account anew."""

    @abstractmethod
    async def trade(self, price: float, instrument: Instrument = A, units: int | None = None) -> None:
        """A trade at the exchange at this price; at most so many units of one order fill against it."""

    @abstractmethod
    def fault(self, name: str) -> None:
        """Have a fault happen once, at the next chance; names as in ``PaperBehaviour``: ``lost_reply``, ``refused``."""

    @abstractmethod
    def annul(self, fill_id: str) -> None:
        """The exchange cancels an execution."""

    @abstractmethod
    def trade_by_hand(self, instrument: Instrument, product: str, quantity: int, price: float) -> None:
        """The owner trades in the broker's own app."""

    @abstractmethod
    def square_off(self, instrument: Instrument, product: str, price: float) -> None:
        """The broker's risk desk takes a position back."""

    @abstractmethod
    def drop_connection(self, seconds: float) -> None:
        """The stream of news breaks for so long."""

    # ------------------------------------------------------------------ for every test

    async def wait(self, seconds: float = 40.0) -> None:
        """Time passes: longer than any reply, delay or late arrival."""
        await self.clock.sleep_until(self.clock.now() + round(seconds * SECOND_NS))

    async def news(self) -> list[BrokerNews]:
        """Everything that was told since the last call, once it must have come."""
        await self.wait()
        heard, self.heard = self.heard, []
        return heard

    async def told(self, kind: type[Any]) -> list[Any]:
        """The same, of one kind."""
        return [one for one in await self.news() if isinstance(one, kind)]

    def approve(self, quantity: int, order_type: OrderType, strategy: str = "alpha", **others: Any) -> Approved:
        """An order as the review lets it go; ``group`` and ``reserve_paise`` beside the order's own fields."""
        group, reserve_paise = others.pop("group", ""), others.pop("reserve_paise", 0)
        number = next(self.numbers)
        fields = {"instrument": 0, "reason": Reason.SIGNAL, "reduces": False, "decided_at": 0, "validity": DAY} | others
        order = Order(number, quantity=quantity, type=order_type, **fields)
        working = WorkingOrder(order, quantity, Verdict(quantity), f"{strategy}{number:08d}")
        working.group, working.reserved_paise = group, reserve_paise
        return approved(working)

    def outgoing(self, quantity: int, order_type: OrderType, product: str = "MIS", **others: Any) -> OutgoingOrder:
        """An order on its way."""
        one = self.approve(quantity, order_type, **others)
        return OutgoingOrder(one, INSTRUMENTS[one.order.instrument], product, "deployed")

    async def send(self, quantity: int, order_type: OrderType, **others: Any) -> tuple[str, SendOutcome]:
        """Place an order: its tag and the outcome."""
        outgoing = self.outgoing(quantity, order_type, **others)
        return outgoing.approved.tag, await self.broker.place(outgoing)

    async def rest(self, quantity: int, order_type: OrderType, **others: Any) -> OutgoingCancel:
        """Place an order that is accepted: its two names."""
        tag, outcome = await self.send(quantity, order_type, **others)
        assert isinstance(outcome, OrderAccepted), outcome
        return OutgoingCancel(tag, outcome.broker_id)

    async def change(
        self, names: OutgoingCancel, quantity: int, trigger: float = NAN, limit: float = NAN
    ) -> SendOutcome:
        """Change a resting order."""
        return await self.broker.change(OutgoingChange(names.tag, names.broker_id, quantity, trigger, limit))

    async def found(self, tag: str) -> BrokerOrder:
        """The one order of this tag, once every delay is over."""
        await self.wait()
        (order,) = await self.broker.find(tag)
        return order

    async def positions(self) -> dict[tuple[str, str], int]:
        """(symbol, product) → signed units, of what is not flat."""
        await self.wait()
        snapshot = await self.snapshot()
        return {(one.symbol, one.product): one.quantity for one in snapshot.positions if one.quantity}

    async def fills(self) -> list[BrokerFill]:
        """Executions of today, as the book shows them."""
        return list((await self.snapshot()).fills)

    async def snapshot(self) -> BrokerSnapshot:
        snapshot = await self.broker.snapshot()
        assert None not in {snapshot.orders, snapshot.fills, snapshot.positions}
        return snapshot

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["BrokerDriver"]:
        """Connected, with a listener."""
        await self.open()
        self.listener = asyncio.create_task(self.listen())
        try:
            yield self
        finally:
            await self.broker.close()
            await asyncio.wait_for(self.listener, 60)

    async def listen(self) -> None:
        async for one in self.broker.news():
            self.heard.append(one)
