"""Pairs of stop and target for a broker that cannot hold both: the stop rests there, the target is watched here.

Theory of operation
-------------------
``OneCancelsOther`` stands in front of a broker as another broker does, and Session does not know. A pair is the orders
of one group: a protective stop and a protective limit, the target. The stop goes through. The target stays here, shown
as an open order of the broker whose id begins with ``watched-``. Then

1. a price reaches the target: the stop is taken back, and only when the broker has proven that it is out of its book
   the target is placed there. Session hears of the stop what a broker with pairs would say: its sibling took it away.
2. the target does not fill within ``patience``: it is taken back, Session hears that it is out of the book, and puts
   the pair up anew. So a position is without both for as long as that takes, and no longer.
3. the stop fills: the target is forgotten, and told as taken away before the fill is told.

*What can race.* The stop fills while its cancel is under way: the cancel is refused, the fill counts, the target is
forgotten. Nobody knows what became of the cancel: the book is read until it is known; until then nothing is placed, for
two exits of one position are worse than a late one. Session cancels the target meanwhile: it is not placed, and the
stop that is gone is told as cancelled, so that Session places another. A change of a watched target cannot be carried
out here, for an order is approved as it is: it is told as out of the book, and Session places another in its new form.

After a crash ``remember`` is told every open protective order of the sessions, before anything else.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING

from framework.broker.book import BrokerFill, BrokerOrder, BrokerOrderState
from framework.broker.port import OrderAccepted, OrderRefused, OutgoingCancel
from framework.errors import BrokerError
from framework.exchange import ONE_CANCELS_OTHER
from framework.types.orders import LIMIT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from framework.broker.book import BrokerNews, BrokerSnapshot
    from framework.broker.port import (
        Broker,
        Capabilities,
        OutgoingChange,
        OutgoingOrder,
        SendOutcome,
    )
    from framework.live.clock import Clock

SECOND_NS = 1_000_000_000
ABSENT_AFTER_NS = 60 * SECOND_NS
"""A target that the book has not shown for so long never arrived."""
MOST_PAIRS = 1_000
"""Pairs and ended targets that are remembered."""
WATCHED = "watched-"
"""Beginning of the ids of targets that are not at the broker."""


class PairPhase(StrEnum):
    """Phase of a pair."""

    WATCHING = "watching"
    TAKING_STOP = "taking_stop"
    """The stop's cancel is under way; nothing is placed."""
    TARGET_SENT = "target_sent"
    """The target is at the broker, the stop is not."""


class ExitPair:
    """Stop and target of one group; None = it has none."""

    def __init__(self) -> None:
        self.stop: OutgoingOrder | None = None
        self.stop_id = ""
        """The broker's; empty = not known."""
        self.target: OutgoingOrder | None = None
        self.phase = PairPhase.WATCHING
        self.filled = False
        """Something of it has filled."""


class OneCancelsOther:
    """Broker that holds pairs, before one that does not."""

    def __init__(self, inner: Broker, clock: Clock, *, patience_ns: int = 5 * SECOND_NS) -> None:
        """``patience_ns``: how long a target may stay unfilled at the broker, with no stop there."""
        self._inner = inner
        self._clock = clock
        self._patience_ns = patience_ns
        self._pairs: dict[str, ExitPair] = {}
        self._groups: dict[str, str] = {}
        """Tag of a protective order → its group."""
        self._ended: dict[str, BrokerOrder] = {}
        """Watched targets that were told as out of the book, by tag."""
        self._taken: set[str] = set()
        """Tags of stops that are taken back here: their cancellation is no news."""
        self._news: asyncio.Queue[BrokerNews | None] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def capabilities(self) -> Capabilities:
        """The inner broker's, with pairs."""
        return self._inner.capabilities._replace(one_cancels_other=True)

    # ------------------------------------------------------------------ requests

    async def place(self, order: OutgoingOrder) -> SendOutcome:
        """See ``Broker.place``. A target of a group stays here."""
        approved = order.approved
        if not (approved.group and approved.order.protective):
            return await self._inner.place(order)
        if approved.order.type is LIMIT:
            self._watch(order)
            return OrderAccepted(WATCHED + approved.tag)
        pair = self._pair(order)
        if pair.phase is PairPhase.TARGET_SENT:
            await self._take_target_back(pair)
        pair.stop, pair.stop_id, pair.filled = order, "", False
        outcome = await self._inner.place(order)
        if isinstance(outcome, OrderAccepted):
            pair.stop_id = outcome.broker_id
        elif isinstance(outcome, OrderRefused) and pair.stop is order:
            pair.stop = None
        return outcome

    async def change(self, change: OutgoingChange) -> SendOutcome:
        """See ``Broker.change``. A watched target is told as out of the book, so that it is placed in its new form."""
        if not change.broker_id.startswith(WATCHED) or self._is_sent(change.tag):
            return await self._inner.change(change._replace(broker_id=await self._real_id(change)))
        if self._forget_target(change.tag, "it is to be placed in its new form"):
            return OrderAccepted(change.broker_id)
        return OrderRefused("not_open", "the watched target is not open")

    async def cancel(self, cancel: OutgoingCancel) -> SendOutcome:
        """See ``Broker.cancel``."""
        if not cancel.broker_id.startswith(WATCHED) or self._is_sent(cancel.tag):
            return await self._inner.cancel(cancel._replace(broker_id=await self._real_id(cancel)))
        if self._forget_target(cancel.tag, ""):
            return OrderAccepted(cancel.broker_id)
        return OrderRefused("not_open", "the watched target is not open")

    async def _real_id(self, request: OutgoingChange | OutgoingCancel) -> str:
        """The broker's own id of a target that was watched when it was accepted."""
        if not request.broker_id.startswith(WATCHED):
            return request.broker_id
        found = await self._inner.find(request.tag)
        return found[0].broker_id if found else request.broker_id

    # ------------------------------------------------------------------ reads

    async def find(self, tag: str) -> tuple[BrokerOrder, ...]:
        """See ``Broker.find``."""
        here = [one for one in self._here() if one.tag == tag]
        return (*here, *await self._inner.find(tag))

    async def snapshot(self) -> BrokerSnapshot:
        """See ``Broker.snapshot``; watched targets are among its orders."""
        read = await self._inner.snapshot()
        return read if read.orders is None else read._replace(orders=(*read.orders, *self._here()))

    def _here(self) -> list[BrokerOrder]:
        """Targets that are watched, and those that were."""
        watched = [
            _shown(pair.target, BrokerOrderState.OPEN)
            for pair in self._pairs.values()
            if pair.target is not None and pair.phase is not PairPhase.TARGET_SENT
        ]
        return [*watched, *self._ended.values()]

    async def news(self) -> AsyncIterator[BrokerNews]:
        """See ``Broker.news``."""
        pump = asyncio.create_task(self._pump())
        try:
            while (news := await self._news.get()) is not None:
                yield news
        finally:
            pump.cancel()

    async def _pump(self) -> None:
        async for news in self._inner.news():
            self._tell(self._heard(news))
        self._news.put_nowait(None)

    async def close(self) -> None:
        """See ``Broker.close``. Watched targets are forgotten: after a start they are remembered from the sessions."""
        for task in self._tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._inner.close()

    # ------------------------------------------------------------------ prices, and what was before a crash

    def see_price(self, symbol: str, low: float, high: float) -> None:
        """Prices at which a symbol traded just now, rupees: of a tick the same one twice, of a bar its range."""
        for pair in list(self._pairs.values()):
            target = pair.target
            if target is None or pair.phase is not PairPhase.WATCHING or str(target.instrument) != symbol:
                continue
            order = target.approved.order
            reached = low <= order.limit if order.quantity > 0 else high >= order.limit
            if reached:
                pair.phase = PairPhase.TAKING_STOP
                task = asyncio.create_task(self._switch(pair))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    def remember(self, order: OutgoingOrder, broker_id: str) -> None:
        """A protective order that a session believes open, after a start: a stop at the broker, or a watched target."""
        if broker_id.startswith(WATCHED):
            self._watch(order)
        elif order.approved.order.type is not LIMIT:
            pair = self._pair(order)
            pair.stop, pair.stop_id = order, broker_id

    # ------------------------------------------------------------------ from stop to target and back

    async def _switch(self, pair: ExitPair) -> None:
        """Take the stop back, and when it is proven gone place the target; take that back when it does not fill."""
        if not await self._stop_is_gone(pair):
            pair.phase = PairPhase.WATCHING  # it has filled, or rests still: then the next price tries again
            return
        target = pair.target
        if target is None or pair.filled:  # taken back or made needless meanwhile
            self._tell_stop_gone(pair, "")
            pair.phase = PairPhase.WATCHING
            return
        self._tell_stop_gone(pair, ONE_CANCELS_OTHER)
        pair.phase = PairPhase.TARGET_SENT
        outcome = await self._inner.place(target)
        if isinstance(outcome, OrderRefused):
            self._end_pair(pair)
            self._tell([_shown(target, BrokerOrderState.REFUSED, outcome.reason)])
            return
        await self._clock.sleep_until(self._clock.now() + self._patience_ns)
        if pair.phase is PairPhase.TARGET_SENT and pair.target is target and not pair.filled:
            await self._take_target_back(pair)

    async def _stop_is_gone(self, pair: ExitPair) -> bool:
        """Take the stop out of the broker's book; True with proof that it is out and that nothing of it filled."""
        stop, outcome = pair.stop, None
        if stop is None:
            return True
        tag, began = stop.approved.tag, self._clock.now()
        self._taken.add(tag)
        while pair.stop is stop:
            seen = await self._look_up(stop)
            if seen is not None and seen.state.is_final:
                if seen.filled:
                    pair.filled = True
                    self._drop_target(pair)
                return not seen.filled
            if seen is not None and outcome is None:
                outcome = await self._inner.cancel(OutgoingCancel(tag, seen.broker_id))
                continue
            overdue = self._clock.now() >= began + self._patience_ns
            if seen is not None and (isinstance(outcome, OrderRefused) or overdue):
                break  # it protects still; should it be cancelled after all, that is news
            await self._clock.sleep_until(self._clock.now() + SECOND_NS)
        self._taken.discard(tag)
        return False

    async def _look_up(self, order: OutgoingOrder) -> BrokerOrder | None:
        """The order as the broker shows it; None while nobody can say."""
        try:
            found = await self._inner.find(order.approved.tag)
        except BrokerError:
            return None
        return found[0] if found else None

    async def _take_target_back(self, pair: ExitPair) -> None:
        """Out of the broker's book with a target that did not fill; what fills meanwhile counts."""
        target, began = pair.target, self._clock.now()
        while target is not None and pair.target is target:
            seen = await self._look_up(target)
            if seen is not None and seen.state.is_final:
                self._end_pair(pair)
                return
            if seen is None and self._clock.now() >= began + ABSENT_AFTER_NS:
                self._drop_target(pair, "it never reached the broker")
                self._end_pair(pair)
                return
            if seen is not None:
                await self._inner.cancel(OutgoingCancel(target.approved.tag, seen.broker_id))
            await self._clock.sleep_until(self._clock.now() + SECOND_NS)

    # ------------------------------------------------------------------ what is heard and told

    def _heard(self, news: BrokerNews) -> list[BrokerNews]:
        """News of the broker as a broker with pairs would tell them."""
        if not isinstance(news, BrokerFill | BrokerOrder):
            return [news]
        if isinstance(news, BrokerOrder):
            is_ours = news.tag in self._taken and news.state is BrokerOrderState.CANCELLED
            return [] if is_ours else [news]  # what was done here is told when it is known what comes of it
        pair = self._pairs.get(self._groups.get(news.tag, ""))
        if pair is None:
            return [news]
        pair.filled = True
        is_target = pair.target is not None and pair.target.approved.tag == news.tag
        return [news] if is_target else [*self._drop_target(pair, tell=False), news]

    def _tell(self, news: list[BrokerNews]) -> None:
        for one in news:
            self._news.put_nowait(one)

    def _tell_stop_gone(self, pair: ExitPair, reason: str) -> None:
        if pair.stop is not None:
            self._tell([_shown(pair.stop, BrokerOrderState.CANCELLED, reason)._replace(broker_id=pair.stop_id)])
            pair.stop, pair.stop_id = None, ""

    def _watch(self, order: OutgoingOrder) -> None:
        pair = self._pair(order)
        pair.target, pair.filled = order, False

    def _pair(self, order: OutgoingOrder) -> ExitPair:
        for group, pair in list(self._pairs.items())[:-MOST_PAIRS]:
            if pair.filled or pair.target is None:
                del self._pairs[group]
        for tag in list(self._ended)[:-MOST_PAIRS]:
            del self._ended[tag]
        group = order.approved.group
        self._groups[order.approved.tag] = group
        return self._pairs.setdefault(group, ExitPair())

    def _is_sent(self, tag: str) -> bool:
        """True of a target that is at the broker by now."""
        pair = self._pairs.get(self._groups.get(tag, ""))
        if pair is None or pair.target is None or pair.target.approved.tag != tag:
            return False
        return pair.phase is PairPhase.TARGET_SENT

    def _forget_target(self, tag: str, reason: str) -> bool:
        """Take a watched target out; False when there is none of this tag."""
        pair = self._pairs.get(self._groups.get(tag, ""))
        if pair is None or pair.target is None or pair.target.approved.tag != tag:
            return False
        self._tell(self._drop_target(pair, reason, tell=False))
        return True

    def _drop_target(self, pair: ExitPair, reason: str = ONE_CANCELS_OTHER, *, tell: bool = True) -> list[BrokerNews]:
        """The watched target is no more; the news of it."""
        if pair.target is None:
            return []
        gone = _shown(pair.target, BrokerOrderState.CANCELLED, reason)
        self._ended[gone.tag] = gone
        pair.target = None
        if tell:
            self._tell([gone])
            return []
        return [gone]

    def _end_pair(self, pair: ExitPair) -> None:
        """Neither of them is at the broker any more."""
        pair.target, pair.phase = None, PairPhase.WATCHING


def _shown(order: OutgoingOrder, state: BrokerOrderState, reason: str = "") -> BrokerOrder:
    """An order of ours as a broker would show it."""
    placed, tag = order.approved.order, order.approved.tag
    form = (placed.quantity, 0, state, placed.limit, placed.trigger, reason)
    return BrokerOrder(WATCHED + tag, tag, str(order.instrument), order.product, *form)
