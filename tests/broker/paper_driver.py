"""Driver of the paper broker: by bars and by ticks, in virtual time; faults happen when they are asked for."""

import asyncio
from collections import Counter
from random import Random

import pytest

from adapters.paper.behaviour import PERFECT, Dice, PaperBehaviour
from adapters.paper.broker import PaperBroker
from adapters.paper.ledger import PaperBook
from framework.broker.feed import FeedTick
from framework.live.clock import ReplayClock
from framework.types import BarRow, Settings
from framework.types.orders import NAN
from tests.broker.driver import INSTRUMENTS, STRATEGIES, A, BrokerDriver

MINUTE_NS = 60 * 10**9
OPENS_NS = 1_704_080_700 * 10**9
"""2024-01-01 09:15 in India, a Monday."""
MUCH = 1e12
"""Units that no order here has."""


BY_TICKS_ONLY = {"over_fill"}


class ScriptedDice(Dice):
    """Dice that fall as they are told to: each fault once, at the next chance."""

    def __init__(self, behaviour: PaperBehaviour) -> None:
        super().__init__(behaviour, Random(0))
        self.due: Counter[str] = Counter()
        self.parts: list[int] = []

    def happens(self, name: str) -> bool:
        if name == "lost_while_down":
            return True
        if not self.due[name]:
            return False
        self.due[name] -= 1
        self.seen[name] += 1
        return True

    def part(self, whole: int) -> int:
        return self.parts.pop(0) if self.parts else whole


class ListStorage:
    """Entries that outlive a broker, in memory."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def append(self, text: str, *, durable: bool) -> None:
        self.texts.append(text)

    def entries(self):
        return iter(list(self.texts))

    def close(self) -> None:
        """Nothing to let go."""


class PaperDriver(BrokerDriver):
    """The paper broker with two strategies of a crore each."""

    paper: PaperBroker

    def __init__(self, *, lockstep: bool, behaviour: PaperBehaviour = PERFECT, **settings: object) -> None:
        super().__init__()
        self.lockstep, self.behaviour = lockstep, behaviour
        self.settings = Settings.of(capital=10_000_000, volume_cap=1.0, **settings)
        self.storage = ListStorage()
        self.clock = ReplayClock(OPENS_NS)

    async def open(self) -> None:
        self.connect()

    def connect(self) -> None:
        books = [PaperBook(name, INSTRUMENTS, self.settings) for name in STRATEGIES]
        self.broker = self.paper = PaperBroker(
            books, self.clock, self.behaviour, lockstep=self.lockstep, storage=self.storage, random=Random(0)
        )
        self.dice = ScriptedDice(self.behaviour)
        self.paper.use_dice(self.dice)

    async def reopen(self) -> None:
        self.listener.cancel()
        self.connect()
        self.listener = asyncio.create_task(self.listen())

    async def trade(self, price, instrument=A, units=None) -> None:
        minute = (self.clock.now() // MINUTE_NS + 1) * MINUTE_NS
        await self.clock.sleep_until(minute)
        if not self.lockstep:
            if units is not None:
                self.dice.due["partial_fill"] += 1
                self.dice.parts.append(units)
            self.paper.see_tick(FeedTick(str(instrument), minute, price, NAN))
            return
        prices, volumes = (
            [value if one == instrument else NAN for one in INSTRUMENTS] for value in (price, float(units or MUCH))
        )
        row = BarRow(minute - MINUTE_NS, minute, minute // (1440 * MINUTE_NS), False, *[prices] * 4, volumes)
        for name in STRATEGIES:
            async for news in self.paper.trade_bar(name, row):
                self.heard.append(news)

    def tick(self, price: float, instrument=A) -> FeedTick:
        """A trade right now."""
        return FeedTick(str(instrument), self.clock.now(), price, NAN)

    def fault(self, name: str) -> None:
        if self.lockstep and name in BY_TICKS_ONLY:
            pytest.skip(f"{name}: a simulated exchange that is shown bars keeps to the order")
        self.dice.due[name] += 1

    def annul(self, fill_id: str) -> None:
        self.paper.annul(fill_id)

    def trade_by_hand(self, instrument, product, quantity, price) -> None:
        self.paper.trade_by_hand(str(instrument), product, quantity, price)

    def square_off(self, instrument, product, price) -> None:
        self.paper.square_off(str(instrument), product, price)

    def drop_connection(self, seconds: float) -> None:
        self.paper.drop_connection(round(seconds * 10**9))
