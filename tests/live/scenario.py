"""Stand of a scenario: the production runner on a paper broker by ticks, faults and deaths when the test asks.

The broker, its book and the journal outlive a process; time is virtual; a minute has the ticks that the test names.
"""

import asyncio
import json
from contextlib import asynccontextmanager
from random import Random
from types import SimpleNamespace

from adapters.paper.behaviour import PaperBehaviour
from adapters.paper.broker import PaperBroker
from adapters.paper.ledger import PaperBook
from framework.broker.feed import FeedBar, FeedReaches, FeedTick
from framework.broker.port import OutgoingOrder
from framework.journal.account_entries import AccountFinding, AccountHeader, RunStarted
from framework.journal.account_fold import fold_account
from framework.journal.entries import glance, written_entry
from framework.journal.writer import Began, Origin, header_of
from framework.live.account_book import AccountBook
from framework.live.barrier import Barrier
from framework.live.clock import ReplayClock
from framework.live.control import ControlCommand
from framework.live.deployment import DeployedStrategy, FeedSettings, PaperSettings, Reaction, Stage
from framework.live.deployment import Deployment as DeploymentFile
from framework.live.feed_watch import FeedWatch
from framework.live.gate_assembly import paper_gate
from framework.live.journal_thread import JournalInline
from framework.live.market_watch import MarketWatch
from framework.live.order_names import OrderNames
from framework.live.reconciler import AccountView
from framework.live.runner import Runner
from framework.live.runner_journal import RunnerJournal
from framework.live.runner_state import RunnerStates
from framework.live.traded_strategy import TradedStrategy
from framework.live.virtual_loop import run_virtual
from framework.session import Session
from framework.types.settings import Settings
from tests.broker.paper_driver import ScriptedDice
from tests.live.scenario_days import SHORT_DAYS
from tests.simulation.deciders import SimDecision
from tests.simulation.disk import MemoryJournal
from tests.simulation.kinds import MINUTE, SECOND
from tests.simulation.market import GRACE, SYMBOLS
from tests.simulation.process import LIMITS, SimControl

AAA, BBB = SYMBOLS
NAN = float("nan")
TIMES = {"request_ns": (10**6, 10**6), "news_ns": (10**6, 10**6), "read_ns": (10**6, 10**6)}


class Plan:
    """Decider: what a strategy orders at the close of its n-th minute of the day."""

    def __init__(self, orders, opens):
        self.orders, self.opens, self.asked = orders, opens, []

    def see(self, row):
        """Nothing is kept."""

    def at(self, row, session):
        minute = (row.time - self.opens) // MINUTE
        self.asked.append(minute)
        wanted = self.orders.get(minute, ())
        return SimDecision(requests=tuple(wanted(session) if callable(wanted) else wanted))


class Line:
    """The broker as one process has it: what leaves is counted, what a dead process still does has no effect."""

    def __init__(self, stand):
        self._stand, self._paper, self.capabilities = stand, stand.paper, stand.paper.capabilities
        self.dead = False

    async def _send(self, outgoing, carry_out):
        self._stand.left.append((self._stand.clock.now(), outgoing))
        return await asyncio.shield(asyncio.ensure_future(carry_out(outgoing)))

    async def place(self, order):
        return await self._send(order, self._paper.place)

    async def change(self, change):
        return await self._send(change, self._paper.change)

    async def cancel(self, cancel):
        return await self._send(cancel, self._paper.cancel)

    async def find(self, tag):
        return await self._paper.find(tag)

    async def snapshot(self):
        return await self._paper.snapshot()

    def news(self):
        return self._paper.news()

    def end_session(self, symbols):
        self._paper.end_session(symbols)


class Stand:
    """A scenario's account; ``plans``: by strategy, its orders by minute."""

    def __init__(self, plans, *, pairs=True, days=SHORT_DAYS, clock=ReplayClock, limits=LIMITS, windows=(), **settings):
        self.plans, self.days, self.limits, self.windows = plans, days, limits, windows
        self.settings = days.settings or Settings.of(capital=1_000_000, volume_cap=1.0, **settings)
        self.deployed = tuple(
            DeployedStrategy(
                name, name, name, {}, days.symbols, "1m", self.settings, Reaction.HOLD, Reaction.HOLD, (), "0"
            )
            for name in plans
        )
        self.clock = clock(days.begin)
        self.behaviour = PaperBehaviour(**TIMES, one_cancels_other=pairs)
        books = [PaperBook(one.session, days.instruments, self.settings) for one in self.deployed]
        self.paper = PaperBroker(books, self.clock, self.behaviour, lockstep=False, random=Random(0))
        self.dice = ScriptedDice(self.behaviour)
        self.dice.happens = self._happens
        self.paper.use_dice(self.dice)
        self.disk = MemoryJournal([])
        self.left = []
        """Moment and request of everything that has left."""
        self.told = []
        """Number and entry of what the log was told."""
        self.said = asyncio.Queue()
        self.opens = days.opens
        """Of the day that ``minute`` is about."""
        self.minutes = 0
        self.price = 100.0
        self.feed = None
        self.ends = False
        """The feed comes to an end by itself."""
        self.runner = self.task = None

    def _happens(self, name):
        if not self.dice.due[name]:
            return False
        self.dice.due[name] -= 1
        return True

    # ------------------------------------------------------------------ a process

    def _plan(self, name):
        plan = self.plans[name]
        return plan if isinstance(plan, Plan) else Plan(plan, self.days.opens)

    def start(self):
        """A process begins from the journal as it is."""
        folded = fold_account(self.disk.lines())
        self.paper._line.due(self.clock.now())  # what was told to the process before is told no more
        journal = RunnerJournal(
            JournalInline(self.disk),
            self.clock,
            folded.entries,
            folded.head or None,
            lambda seq, body: self.told.append((seq, body)),
        )
        if folded.header is None:
            journal.note(AccountHeader("paper", "paper"), at=self.days.begin)
        traded = []
        for one in self.deployed:
            known = folded.sessions.get(one.session)
            if known is None:
                session = Session(self.days.instruments, one.settings, style="on_bar", name=one.session)
                origin = Origin(one.strategy, {}, "0" * 64, {"tulya": "scenario"})
                began = Began(self.days.begin, "on_bar", "1m", name=one.session)
                journal.note(header_of(origin, session, began), at=began.at)
            else:
                session = known.session
            traded.append(TradedStrategy(one, session, one.settings, self._plan(one.name), self.days.symbols))
        names = [one.session for one in self.deployed]
        journal.note(RunStarted("scenario", "scenario", "0", {"tulya": "scenario"}, tuple(names)))
        states = RunnerStates(journal.note, folded.demands)
        file = DeploymentFile(
            "scenario",
            Stage.PAPER,
            "paper",
            self.deployed,
            FeedSettings(),
            self.limits,
            PaperSettings("ticks"),
            None,
            "0",
            "0",
        )
        gate = paper_gate(
            file,
            traded,
            journal,
            schedule=self.days.schedule,
            hours=self.days.hours,
            state=lambda: states.trading,
            today=self.days.schedule.day_at(self.days.begin),
            windows=self.windows,
        )
        known_names = OrderNames(names, folded.broker_ids)
        booked = {fill_id for one in folded.sessions.values() for fill_id in one.fill_ids}
        book = AccountBook(gate.members, known_names, external=folded.external, seen=booked | folded.external_ids)
        self.feed = asyncio.Queue()
        self.line = Line(self)
        self.journal = journal
        self.runner = Runner(
            run="scenario",
            account_name="paper",
            traded=traded,
            barriers={
                name: Barrier(self.days.symbols, "1m", self.days.hours, deadline=self.days.deadline) for name in names
            },
            schedule=self.days.schedule,
            feed=SimpleNamespace(events=self._events),
            broker=self.line,
            clock=self.clock,
            journal=journal,
            account=AccountView(gate.members, book, gate.world, known_names),
            gate=gate.keeper,
            states=states,
            folded=folded,
            control=SimControl(self),
            watch=MarketWatch(
                self.days.hours,
                self.days.schedule.opinion_on,
                FeedWatch(self.days.symbols, every_ns=MINUTE, symbol_ns=5 * MINUTE, began=self.days.begin),
                broker=self.days.broker_says,
            ),
        )  # fmt: skip
        self.book = book
        self.task = asyncio.create_task(self.runner.run())

    async def _events(self):
        feed = self.feed
        while not self.ends:
            yield await feed.get()

    async def crash(self):
        """As kill −9."""
        for task in [self.task, *self.runner._tasks, *self.runner.outbox._under_way]:
            task.cancel()
        self.runner.outbox._broker = self.runner.reconciler._broker = None
        entries = list(self.disk.entries)
        await asyncio.gather(self.task, return_exceptions=True)
        self.disk = MemoryJournal(entries)

    async def stop(self):
        """In good order; what came of it."""
        self.runner.stop("the scenario is over")
        return await self.task

    # ------------------------------------------------------------------ the market

    async def until(self, moment):
        await self.clock.sleep_until(moment)

    async def wait(self, seconds):
        await self.until(self.clock.now() + round(seconds * SECOND))

    async def minute(self, *prices, symbols=None):
        """The next minute: the exchange trades at these prices, then the bar closes and is decided on."""
        symbols = self.days.symbols if symbols is None else symbols
        opens = self.opens + self.minutes * MINUTE
        self.minutes += 1
        prices = prices or (self.price,)
        for k, price in enumerate(prices):
            await self.until(opens + 10 * SECOND + k * 3 * SECOND)
            self.trade(price)
        self.price = prices[-1]
        await self.until(opens + MINUTE)
        for symbol in symbols:
            shown = (prices[0], max(prices), min(prices), prices[-1])
            self.feed.put_nowait(FeedBar(symbol, "1m", opens, opens + MINUTE, *shown, 1e6, "scenario"))
        await self.until(opens + MINUTE + GRACE)
        self.mark()
        await self.wait(1)

    def trade(self, price):
        """A trade at the exchange, now."""
        for symbol in self.days.symbols:
            self.paper.see_tick(FeedTick(symbol, self.clock.now(), price, NAN))

    def mark(self):
        """The feed has told everything up to its grace."""
        self.feed.put_nowait(FeedReaches(self.clock.now() - GRACE))

    def fault(self, name, times=1):
        """It happens at the next chances."""
        self.dice.due[name] += times

    def behave(self, **times_and_shares):
        """The broker behaves so from now on."""
        for name, value in times_and_shares.items():
            object.__setattr__(self.behaviour, name, value)

    def say(self, name, **arguments):
        """A person's command."""
        self.said.put_nowait(ControlCommand(name, arguments, f"{name}-{self.clock.now()}"))

    # ------------------------------------------------------------------ what is to be seen

    @property
    def state(self):
        return str(self.runner.states.state)

    def session(self, name=None):
        wanted = next(one.session for one in self.deployed if name in {None, one.name})
        return self.runner.traded[wanted].session

    def held(self, name=None, instrument=0):
        return self.session(name).account.quantity[instrument]

    def resting(self, *, symbol=AAA):
        """Open orders of the broker's book: (quantity, trigger, limit)."""
        return [(one.quantity, one.trigger, one.limit) for one in self.paper.resting() if one.symbol == symbol]

    def stops(self, symbol=AAA):
        """Units of resting stops."""
        return sum(
            one.quantity - one.filled for one in self.paper.resting() if one.symbol == symbol and one.trigger > 0
        )

    def net(self, symbol=AAA):
        """Position at the broker."""
        return sum(one.quantity for one in self.paper.positions() if one.symbol == symbol)

    def places(self):
        """New orders that have left."""
        return [one for _, one in self.left if isinstance(one, OutgoingOrder)]

    def entries(self, kind):
        """Bodies of the journal's entries of a kind."""
        return [written_entry(one).body for one in self._texts() if glance(one).kind == kind]

    def _texts(self):
        from framework.journal.chain import Walk

        return list(Walk(self.disk.lines()))

    def journal_entries(self):
        """Every entry, as JSON has it."""
        return [json.loads(one) for one in self._texts()]

    def story(self, first=0):
        """What the journal tells from its n-th entry on: findings by code, inputs by name, else the kind."""
        told = []
        for entry in self.journal_entries()[first:]:
            kind, body = entry["kind"], entry["body"]
            told.append(next(iter(body["input"])) if kind == "input" else body.get("code") or kind)
        return told

    def findings(self):
        """Codes of findings, in order."""
        return [one["code"] for one in self.entries("finding")]


def play(scenario, plans, **choices):
    """Run a scenario, a coroutine of the stand, in virtual time."""

    async def main():
        stand = Stand(plans, **choices)
        stand.start()
        try:
            await scenario(stand)
        finally:
            if not stand.task.done():
                stand.task.cancel()
            await asyncio.gather(stand.task, return_exceptions=True)
        return stand

    return run_virtual(main())


__all__ = ["AAA", "BBB", "NAN", "AccountFinding", "Stand", "asynccontextmanager", "play"]
