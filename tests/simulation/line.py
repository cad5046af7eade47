"""Line of one process to the broker: every request is looked at as it leaves, and what an adapter may meet is drawn.

A request that has left goes on although the process dies: its bytes are on the way.
"""

import asyncio

from framework.broker.book import BrokerFill
from framework.broker.port import OrderRefused, OutgoingCancel, OutgoingOrder
from framework.journal.account_entries import RequestName
from tests.simulation.kinds import SHARES, FaultKind

K = FaultKind


class Killed(BaseException):
    """The process is dead; nothing that it still does has an effect."""


class BrokerLine:
    """The broker as one process has it; see ``framework.broker.port.Broker``."""

    def __init__(self, world, process):
        self._world, self._process, self._paper = world, process, world.paper
        self.capabilities = world.paper.capabilities
        self._random = world.script.random(f"line{world.processes}")

    def __getattr__(self, name):
        if name in {"trade_bar", "fill_at_close", "close_out", "drain"}:
            return getattr(self._paper, name)
        raise AttributeError(name)

    def _alive(self):
        if self._process.dead:
            raise Killed

    def _happens(self, kind, share=None):
        world = self._world
        if kind not in world.script.on or not world.is_faulty():
            return False
        if self._random.random() >= (SHARES.get(kind) if share is None else share):
            return False
        world.seen[kind] += 1
        return True

    async def place(self, order: OutgoingOrder):
        """See ``Broker.place``."""
        return await self._send(order.approved.tag, RequestName.PLACE, order, self._paper.place)

    async def change(self, change):
        """See ``Broker.change``."""
        return await self._send(change.tag, RequestName.CHANGE, change, self._paper.change)

    async def cancel(self, cancel: OutgoingCancel):
        """See ``Broker.cancel``."""
        return await self._send(cancel.tag, RequestName.CANCEL, cancel, self._paper.cancel)

    async def _send(self, tag, request, outgoing, carry_out):
        self._alive()
        self._world.watch.left(tag, request, outgoing, self._process)
        if request is RequestName.PLACE and self._world.refuses():
            outcome = OrderRefused("margin", "not enough funds")
            self._world.watch.came_back(outgoing, outcome)
            return outcome
        sending = self._world.spawn(carry_out(outgoing))
        outcome = await asyncio.shield(sending)
        self._alive()
        if request is RequestName.PLACE:
            self._world.watch.came_back(outgoing, outcome)
        return outcome

    async def find(self, tag):
        """See ``Broker.find``."""
        self._alive()
        return await asyncio.shield(self._world.spawn(self._paper.find(tag)))

    async def snapshot(self):
        """See ``Broker.snapshot``."""
        self._alive()
        return await asyncio.shield(self._world.spawn(self._paper.snapshot()))

    async def news(self):
        """See ``Broker.news``."""
        async for one in self._paper.news():
            self._alive()
            if isinstance(one, BrokerFill) and self._happens(K.MISSING_FILL):
                continue
            if isinstance(one, BrokerFill) and one.tag:
                self._world.watch.delivered.setdefault(one.fill_id, self._world.clock.now())
            yield one

    async def close(self):
        """See ``Broker.close``: the broker lives on."""
