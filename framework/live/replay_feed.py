"""Replay of stored bars as a feed: by close time, each moment followed by its mark; or ticks made inside the bars."""

from __future__ import annotations

from collections import deque
from itertools import groupby
from typing import TYPE_CHECKING

from framework.broker.feed import FeedBar, FeedConnection, FeedEnds, FeedReaches, FeedTick
from framework.live.made_ticks import TickMaker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

    from framework.broker.feed import FeedEvent
    from framework.live.clock import Clock


class ReplayFeed:
    """Replay at its clock's speed. Closed early, it ends there."""

    def __init__(
        self,
        bars: Iterable[FeedBar],
        clock: Clock,
        *,
        ticks_seed: int | None = None,
        until: int = 0,
        marks: Iterable[int] = (),
    ) -> None:
        """``bars``: of any symbols and timeframes, in any order.

        ``marks``: moments (UTC nanoseconds) that are reached on time also where no bar comes, as by a sound feed.

        ``ticks_seed``: then trades are told instead of bars, the same ones for the same seed. ``until``: the replay
        goes on to this moment, UTC nanoseconds, also without bars: the end of the last day.
        """
        once = {(bar.symbol, bar.timeframe, bar.open_time): bar for bar in bars}  # two strategies may trade one symbol
        self._bars = sorted(once.values(), key=lambda bar: (bar.close_time, bar.open_time, bar.symbol))
        self._clock = clock
        self._ticks = None if ticks_seed is None else TickMaker(ticks_seed)
        self._until = until
        self._marks = deque(sorted(set(marks)))
        self._closed = False
        self.taken: Callable[[], Awaitable[None]] | None = None
        """Returns when everything told so far has been taken; asked after each mark, so that the market waits."""

    @property
    def first(self) -> int:
        """Open of the earliest bar, UTC nanoseconds; 0 without bars."""
        return min((bar.open_time for bar in self._bars), default=0)

    async def events(self) -> AsyncIterator[FeedEvent]:
        """See ``MarketFeed.events``; waits for each moment on the clock."""
        yield FeedConnection(up=True, why="replay")
        told = 0
        for close, group in groupby(self._bars, key=lambda bar: bar.close_time):
            together = list(group)
            events: list[FeedBar] | list[FeedTick]
            events = together if self._ticks is None else self._ticks.ticks_of(together)
            for event in events:
                moment = event.time if isinstance(event, FeedTick) else close
                async for mark in self._reached_before(moment):
                    yield mark
                await self._clock.sleep_until(moment)
                if self._closed:
                    return
                yield event
            await self._clock.sleep_until(close)
            yield FeedReaches(close)
            await self._taken()
            told = close
        async for mark in self._reached_before(self._until):
            yield mark
        if told < self._until and not self._closed:
            await self._clock.sleep_until(self._until)
            yield FeedReaches(self._until)
        if not self._closed:
            yield FeedEnds()

    async def _reached_before(self, moment: int) -> AsyncIterator[FeedReaches]:
        """Marks that lie before a moment, each on time."""
        while self._marks and self._marks[0] < moment and not self._closed:
            mark = self._marks.popleft()
            await self._clock.sleep_until(mark)
            yield FeedReaches(mark)
            await self._taken()

    async def _taken(self) -> None:
        if self.taken is not None:
            await self.taken()

    async def close(self) -> None:
        """See ``MarketFeed.close``."""
        self._closed = True
