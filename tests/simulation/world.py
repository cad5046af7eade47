"""World of one seed: the exchange and the broker, which live on, and the processes that come and go."""

import asyncio
import hashlib
import re
from collections import Counter
from typing import NamedTuple

from adapters.paper.behaviour import PERFECT, PaperBehaviour
from adapters.paper.broker import PaperBroker
from adapters.paper.ledger import PaperBook
from framework.broker.feed import FeedTick
from framework.journal.account_entries import AccountFinding
from framework.live.control import ControlCommand
from framework.live.virtual_loop import run_virtual
from framework.types.portfolio import TradingState
from tests.simulation.clock import TrueClock
from tests.simulation.disk import MemoryJournal
from tests.simulation.ending import check_ending
from tests.simulation.kinds import ALLOWED, MINUTE, PAPER, SECOND, SHARES, FaultKind, FaultScript, script_of
from tests.simulation.market import END, FAULTY, INSTRUMENTS, MINUTES, OPENS, QUIET, is_faulty_at, quiet_after, tape_of
from tests.simulation.process import Process, Strategies
from tests.simulation.watch import Watch

K = FaultKind
MOST_PROCESSES = 12
TAG = re.compile(r"(?:alpha|beta)[0-9]{8}")
DAY_LENGTHS = tuple(zip(OPENS, FAULTY, strict=True))
FAULTY_MINUTES = sum(minutes for _, minutes in DAY_LENGTHS)


class SeedReport(NamedTuple):
    """Report of one seed."""

    seed: int
    found: list[str]
    seen: Counter
    journal_hash: str
    events: int
    orders: int
    fills: int
    processes: int
    failpoints: int


def moment_in_trading(offset_ns: int) -> int:
    """A moment of the faulty minutes of trading, counted from the first one's open."""
    for opens, minutes in DAY_LENGTHS:
        if offset_ns < minutes * MINUTE:
            return opens + offset_ns
        offset_ns -= minutes * MINUTE
    return QUIET


class World:
    """World of one seed."""

    def __init__(self, script: FaultScript):
        self.script = script
        self.seen: Counter = Counter()
        self.clock = TrueClock()
        self.tape = tape_of(script)
        self.watch = Watch(self)
        self.strategies = Strategies(script)
        self.journal = MemoryJournal([])
        self.processes = self.appends = self.events = self.failpoints = self.skew = 0
        self.broke_disk = False
        """The disk has failed, on the script's word."""
        self.died_at: list[str] = []
        self.codes: Counter = Counter()
        self.told_symbols: set[str] = set()
        """Symbols of which a person was told that the broker holds something else."""
        self.told_tags: set[str] = set()
        """Orders of which a finding asks a person something."""
        self._spawned: set = set()
        self._refused_until = 0
        self.process: Process | None = None
        self.paper = self._paper_broker()

    # ------------------------------------------------------------------ parts

    def _paper_broker(self):
        script, behaviour = self.script, {}
        for kind in PAPER:
            if kind in script.on:
                behaviour[str(kind)] = SHARES[kind]
        times = {"news_ns": (0, 300 * 10**6), "request_ns": (10**6, 80 * 10**6), "read_ns": (10**6, 50 * 10**6)}
        if K.SLOW_REPLY in script.on:
            times["request_ns"] = (10**6, 1500 * 10**6)
        if script.lockstep:
            times = {}
        if K.NEWS_WHILE_DOWN in script.on:
            behaviour["lost_while_down"] = 0.0
        books = [PaperBook(one.session, INSTRUMENTS, one.settings) for one in self.strategies.deployed]
        one_cancels_other = script.random("pairs").random() < 0.8
        self._behaviour = PaperBehaviour(**behaviour, **times, one_cancels_other=one_cancels_other)
        paper = PaperBroker(
            books,
            self.clock,
            self._behaviour,
            lockstep=script.lockstep,
            random=script.random("paper"),
        )
        for book in paper.books.by_name.values():
            self.watch.listen(book.ledger)
        trade_by_hand = paper.trade_by_hand

        def trading(*given, **named):
            fill = trade_by_hand(*given, **named)
            self.watch.traded()
            return fill

        paper.trade_by_hand = trading
        return paper

    def feed(self, process):
        return SimFeed(self, process)

    def is_faulty(self) -> bool:
        """Faults may happen now."""
        return is_faulty_at(self.clock.now())

    def spawn(self, coroutine):
        """A task of the world's: it outlives the process."""
        task = asyncio.create_task(coroutine)
        self._spawned.add(task)
        task.add_done_callback(self._spawned.discard)
        return task

    def noted(self, body):
        """The runner notes something."""
        if isinstance(body, AccountFinding):
            self.codes[body.code] += 1
            if body.code == "position":
                self.told_symbols.add(body.symbol)
            if body.question:
                self.told_tags.update(TAG.findall(body.text))
            if body.code == "repeated_refusal":
                self.seen[K.REPEATED_REFUSAL] += 1

    def refuses(self) -> bool:
        """The broker refuses every new order for one reason, for a while."""
        return K.REPEATED_REFUSAL in self.script.on and self.clock.now() < self._refused_until

    # ------------------------------------------------------------------ what goes on in it

    async def live(self):
        """From the beginning to the end of the quiet."""
        self.spawn(self._trade())
        self.spawn(self._disturb())
        self.spawn(self._look_after())
        random = self.script.random("downtime")
        while self.clock.now() < END and self.processes < MOST_PROCESSES:
            self.process = process = Process(self)
            if await process.run() == "ended" and self.clock.now() >= END:
                break
            if not self.is_faulty():
                await asyncio.sleep(1.0)
            else:
                await asyncio.sleep(random.choice((0.05, 1.0, 20.0, 90.0)))
            self._reboot()
        check_ending(self)
        for task in list(self._spawned):
            task.cancel()

    def _reboot(self):
        """What the dead process had not written is gone; news that were told meanwhile were told to nobody."""
        journal = self.journal
        keep = journal.entries
        if K.POWER_CUT in self.script.on and self.is_faulty() and self.process.dead:
            lost = self.script.random(f"power{self.processes}").randint(0, len(keep) - journal.safe())
            if lost:
                self.seen[K.POWER_CUT] += 1
                keep = keep[: len(keep) - lost]
        self.journal = MemoryJournal(list(keep))
        self.broke_disk = False
        self.paper._line.due(self.clock.now())
        self.skew = 0

    async def _trade(self):
        """Trades at the exchange, whoever looks."""
        snapshots = [(moment, one) for moment, one in self.tape.told if isinstance(one, FeedTick)]
        for moment, tick in sorted([*self.tape.ticks, *snapshots], key=lambda one: one[0]):
            await self.clock.sleep_until(moment)
            if not self.script.lockstep:
                self.paper.see_tick(tick)

    def _behave(self, behaviour):
        """The broker behaves so from now on."""
        paper = self.paper
        paper.behaviour = paper.dice._behaviour = paper._line._behaviour = behaviour

    async def _disturb(self):
        """What the script has for certain moments."""
        script, random = self.script, self.script.random("moments")
        plan = [(moment_in_trading(offset), "death") for offset in script.deaths]
        plan += [(moment_in_trading(offset), "stop") for offset in script.stops]
        for kind in (K.CLOCK_FORWARD, K.CLOCK_BACK, K.REPEATED_REFUSAL):
            if kind in script.on:
                length = 4 if kind is K.REPEATED_REFUSAL else FAULTY_MINUTES
                plan.append((moment_in_trading(random.randrange(length * MINUTE)), kind))
        plan += [(opens + minutes * MINUTE, "quiet") for opens, minutes in DAY_LENGTHS]
        plan += [(opens - MINUTE, "trouble") for opens in OPENS[1:]]
        for moment, what in sorted(plan, key=lambda one: (one[0], str(one[1]))):
            await self.clock.sleep_until(moment)
            self._happen(what, random)

    def _happen(self, what, random):
        process, now = self.process, self.clock.now()
        if what == "quiet":
            self._behave(PERFECT if self.script.lockstep else PERFECT_TIMES)
            paper = self.paper
            paper._gateway._logged_out_until = paper._gateway._address_refused_until = paper._line._down_until = 0
            paper._empty_until = 0
            if process is not None:
                process.clock.skew = self.skew = 0  # somebody has set the machine's clock
        elif what == "trouble":
            self._behave(self._behaviour)
        elif what is K.REPEATED_REFUSAL:
            self._refused_until = min(now + 9 * MINUTE, quiet_after(now))
        elif process is None or process.dead or process.task is None or process.task.done():
            return
        elif what == "death":
            self.seen[K.CRASH_IN_FLIGHT] += 1
            process.kill()
        elif what == "stop":
            self.seen[K.ORDERLY_STOP] += 1
            process.runner.stop("signal SIGTERM")
        else:
            self.seen[what] += 1
            step = random.choice((3, 15, 70)) * SECOND
            process.clock.skew = self.skew = step if what is K.CLOCK_FORWARD else -step

    async def _look_after(self):
        """A person looks in: what was halted is resumed, after a while; and once more when the quiet begins."""
        random, count = self.script.random("person"), 0
        while True:
            now = self.clock.now()
            if OPENS[0] + MINUTES[0] * MINUTE <= now < OPENS[1]:
                await self.clock.sleep_until(OPENS[1])
            await asyncio.sleep(random.uniform(40.0, 200.0) if is_faulty_at(now) else 40.0)
            process = self.process
            if process is None or process.dead or process.task is None or process.task.done():
                continue
            if process.writer.failed:
                process.runner.stop("the owner restarts it")
                continue
            runner = process.runner
            held = set(runner.states.demands) - {"feed_down", "broker_down", "feed_silent", "clock_behind"}
            if held or any(traded.session.state is not TradingState.ACTIVE for traded in runner.traded.values()):
                count += 1
                process.said.put_nowait(ControlCommand("resume", {"by": "the owner"}, f"{count}"))


PERFECT_TIMES = PaperBehaviour(news_ns=(0, 10**8), request_ns=(10**6, 10**7), one_cancels_other=True)


class SimFeed:
    """Feed as one process has it: what was told before it connected is gone."""

    def __init__(self, world, process):
        self._world, self._process = world, process

    async def events(self):
        """See ``Feed.events``."""
        world = self._world
        began = world.clock.now()
        for moment, event in world.tape.told:
            if moment < began and moment < END:
                continue
            await world.clock.sleep_until(moment)
            if self._process.dead:
                return
            yield event

    async def close(self):
        """See ``Feed.close``."""


def run_seed(seed: int, allowed: frozenset[FaultKind] = ALLOWED) -> SeedReport:
    """Simulate one seed to its end."""
    script = script_of(seed, FAULTY_MINUTES * MINUTE, allowed)
    holder: list[World] = []

    async def main():
        world = World(script)
        holder.append(world)
        await world.live()

    run_virtual(main())
    world = holder[0]
    seen = world.seen + Counter(
        {FaultKind(name): times for name, times in world.paper.dice.seen.items() if name in set(FaultKind)}
    )
    seen.update(world.tape.seen)
    if K.SLOW_REPLY in script.on:
        seen[K.SLOW_REPLY] += 1
    if K.NEWS_WHILE_DOWN in script.on and seen[K.DROPPED_CONNECTION]:
        seen[K.NEWS_WHILE_DOWN] += 1
    if K.CHATTY_STOP in script.on:
        seen[K.CHATTY_STOP] += 1
    digest = hashlib.sha256(b"".join(one.line() for one in world.journal.entries)).hexdigest()
    return SeedReport(
        seed, world.watch.found, seen, digest, world.events, sum(world.watch.placed.values()), len(world.watch.fills),
        world.processes, world.failpoints,
    )  # fmt: skip
