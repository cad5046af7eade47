"""Feeds around a feed: one adds the bars made from its ticks, one the marks of a feed that has none, after a grace."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from framework.broker.feed import FeedReaches, FeedTick
from framework.types.timeframe import SECOND_NS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from framework.broker.feed import FeedEvent, MarketFeed
    from framework.live.bar_builder import BarBuilder
    from framework.live.clock import Clock

WAITING = 10_000
"""Events that may wait; a quicker feed waits itself."""


class TickBars:
    """Feed of ticks and of the bars made from them: those that a mark completes come before the mark."""

    def __init__(self, feed: MarketFeed, builder: BarBuilder, clock: Clock) -> None:
        self._feed = feed
        self._builder = builder
        self._clock = clock

    async def events(self) -> AsyncIterator[FeedEvent]:
        """See ``MarketFeed.events``."""
        async for event in self._feed.events():
            if isinstance(event, FeedReaches):
                for bar in self._builder.reach(event.time):
                    yield bar
            yield event
            if isinstance(event, FeedTick):
                for bar in self._builder.take(event, self._clock.now()):
                    yield bar

    async def close(self) -> None:
        """See ``MarketFeed.close``."""
        await self._feed.close()


class GraceMarks:
    """Feed that says, once in a while, that what is older than its grace was told: a live feed never says so itself."""

    def __init__(self, feed: MarketFeed, clock: Clock, grace_ns: int, every_ns: int = SECOND_NS) -> None:
        """``grace_ns``: how long stragglers are waited for; ``every_ns``: how often it is said."""
        self._feed = feed
        self._clock = clock
        self._grace = grace_ns
        self._every = every_ns

    async def events(self) -> AsyncIterator[FeedEvent]:
        """See ``MarketFeed.events``; it ends when the feed does."""
        events: asyncio.Queue[FeedEvent | None] = asyncio.Queue(WAITING)
        tasks = [asyncio.create_task(self._listen(events)), asyncio.create_task(self._mark(events))]
        try:
            while (event := await events.get()) is not None:
                yield event
            await tasks[0]  # what went wrong there is raised here
        finally:
            for task in tasks:
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """See ``MarketFeed.close``."""
        await self._feed.close()

    async def _listen(self, events: asyncio.Queue[FeedEvent | None]) -> None:
        try:
            async for event in self._feed.events():
                await events.put(event)
        finally:
            await events.put(None)

    async def _mark(self, events: asyncio.Queue[FeedEvent | None]) -> None:
        while True:
            now = self._clock.now()
            await events.put(FeedReaches(now - self._grace))
            await self._clock.sleep_until(now + self._every)
