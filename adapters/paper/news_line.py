"""Line of news from the paper broker to whoever listens: late, twice, out of order or lost, as its behaviour has it."""

from __future__ import annotations

import asyncio
from heapq import heappop, heappush
from threading import Lock
from typing import TYPE_CHECKING

from framework.broker.book import BrokerConnection

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from adapters.paper.behaviour import Dice, PaperBehaviour
    from adapters.paper.clock import PaperClock
    from framework.broker.book import BrokerNews


class NewsLine:
    """News that wait for a listener, the earliest due first. ``tell`` may be called from any thread."""

    def __init__(self, clock: PaperClock, behaviour: PaperBehaviour, dice: Dice) -> None:
        self._clock = clock
        self._behaviour = behaviour
        self._dice = dice
        self._waiting: list[tuple[int, int, BrokerNews]] = []
        self._count = 0
        self._lock = Lock()
        self._bell: tuple[asyncio.Event, asyncio.AbstractEventLoop] | None = None
        """Of whoever listens, with the loop that it belongs to."""
        self._down_until = 0
        self.ordinary_due = 0
        """Moment by which all news have arrived that are not held back, UTC nanoseconds."""
        self.closed = False

    def use_dice(self, dice: Dice) -> None:
        """Draw with these from now on."""
        self._dice = dice

    def tell(self, news: BrokerNews, now: int) -> None:
        """Put one on its way; ``now`` is when it happens, UTC nanoseconds."""
        if now < self._down_until and self._dice.happens("lost_while_down"):
            return
        if self._dice.happens("dropped_connection"):
            self.drop(now, self._dice.time("dropped_ns"))
        if self._dice.happens("lost_news"):
            return
        for _ in range(2 if self._dice.happens("doubled_news") else 1):
            due = now + self._dice.time("news_ns")
            self.ordinary_due = max(self.ordinary_due, due)
            if self._dice.happens("reordered_news"):
                due += self._dice.part(max(self._behaviour.reordered_ns, 1))
            self._push(due, news)

    def drop(self, now: int, length_ns: int) -> None:
        """The stream breaks for so long; both ends of it are told at once."""
        self._down_until = max(self._down_until, now + length_ns)
        self._push(now, BrokerConnection(up=False, why="connection reset"))
        self._push(self._down_until, BrokerConnection(up=True))

    def _push(self, due: int, news: BrokerNews) -> None:
        with self._lock:
            self._count += 1
            heappush(self._waiting, (due, self._count, news))
        self._ring()

    @property
    def last_due(self) -> int:
        """Moment by which all news of orders that are on their way have arrived, UTC nanoseconds; 0 = there are none.

        A connection that will be up again is none of an order.
        """
        with self._lock:
            return max((due for due, _, news in self._waiting if not isinstance(news, BrokerConnection)), default=0)

    def due(self, now: int) -> list[BrokerNews]:
        """Take what has arrived by now."""
        arrived: list[BrokerNews] = []
        with self._lock:
            while self._waiting and self._waiting[0][0] <= now:
                arrived.append(heappop(self._waiting)[2])
        return arrived

    async def listen(self) -> AsyncIterator[BrokerNews]:
        """Each as it arrives, until the line is closed."""
        bell = asyncio.Event()
        self._bell = (bell, asyncio.get_running_loop())
        while not self.closed:
            bell.clear()
            for news in self.due(self._clock.now()):
                yield news
            if not bell.is_set():  # nothing has come since
                await self._wait(bell)

    async def _wait(self, bell: asyncio.Event) -> None:
        """Until the bell rings, or what is on its way has arrived."""
        with self._lock:
            due = self._waiting[0][0] if self._waiting else None
        waits: list[asyncio.Task[object]] = [asyncio.create_task(bell.wait())]
        if due is not None:
            waits.append(asyncio.create_task(self._clock.sleep_until(due)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()

    def close(self) -> None:
        """Nothing is told any more."""
        self.closed = True
        self._ring()

    def _ring(self) -> None:
        if self._bell is None:
            return
        bell, loop = self._bell
        if loop.is_closed():
            return
        try:
            on_loop = asyncio.get_running_loop() is loop
        except RuntimeError:
            on_loop = False
        if on_loop:
            bell.set()
        else:
            loop.call_soon_threadsafe(bell.set)
