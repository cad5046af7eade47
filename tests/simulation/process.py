"""Process of a simulated session: the production runner, built from the journal as it is, until it ends or dies."""

import asyncio
from pathlib import Path

from framework.journal.account_entries import AccountHeader, RunStarted
from framework.journal.account_fold import fold_account
from framework.journal.writer import Began, Origin, header_of
from framework.live import failpoints
from framework.live.account_book import AccountBook
from framework.live.barrier import Barrier
from framework.live.deployment import DeployedStrategy, Deployment, FeedSettings, PaperSettings, Reaction, Stage
from framework.live.feed_watch import FeedWatch
from framework.live.gate_assembly import paper_gate
from framework.live.market_watch import MarketWatch
from framework.live.order_names import OrderNames
from framework.live.reconciler import AccountView
from framework.live.runner import Runner
from framework.live.runner_journal import RunnerJournal
from framework.live.runner_state import RunnerStates
from framework.live.traded_strategy import TradedStrategy
from framework.pretrade.facts import SendLimits
from framework.session import Session
from framework.types.settings import Exits, Settings
from tests.simulation.clock import SteppedClock
from tests.simulation.deciders import SimDecider
from tests.simulation.disk import SimWriter
from tests.simulation.kinds import MINUTE, FaultKind
from tests.simulation.line import BrokerLine, Killed
from tests.simulation.market import BEGIN, HOURS, INSTRUMENTS, SCHEDULE, SYMBOLS, first_session

K = FaultKind
LIMITS = SendLimits(
    max_order_value=200_000.0,
    max_order_quantity=2000,
    price_band_percent=5.0,
    reference_age_s=120.0,
    max_jump_percent=20.0,
    max_open_value=400_000.0,
    max_position_value=300_000.0,
    max_gross_value=500_000.0,
    funds_age_s=180.0,
    duplicate_s=1.0,
    orders_per_second=3,
    cancels_per_second=5,
    orders_per_minute=60,
    orders_per_day=5000,
)
STYLES = {"alpha": "signals", "beta": "on_bar"}


def settings_of(name, script):
    trail = "0.6%" if K.CHATTY_STOP in script.on else None
    if name == "alpha":
        exits = Exits(stop_loss="1%", take_profit="1.2%", trail=trail)
        return Settings(capital=100_000, sizing="fixed:40", exits=exits)
    return Settings(capital=100_000, exits=Exits(stop_loss="0.8%", trail=trail))


class Strategies:
    """The strategies of a seed: their settings, and the headers of their sessions."""

    def __init__(self, script):
        self.said: dict[tuple[str, int], int] = {}
        """Targets that a strategy gave at a bar, by its name and the bar's open."""
        self.deployed = tuple(
            DeployedStrategy(
                name,
                name,
                name,
                {},
                SYMBOLS,
                "1m",
                settings_of(name, script),
                Reaction.HOLD,
                Reaction.HOLD,
                (),
                "0" * 64,
            )
            for name in STYLES
        )
        self.deployment = Deployment(
            "sim",
            Stage.PAPER,
            "paper",
            self.deployed,
            FeedSettings(),
            LIMITS,
            PaperSettings("bars" if script.lockstep else "ticks"),
            Path("sim.yaml"),
            "0",
            "0",
        )

    @staticmethod
    def session(deployed):
        return Session(INSTRUMENTS, deployed.settings, style=STYLES[deployed.name], name=deployed.session)


class WatchedJournal(RunnerJournal):
    """The runner's pen, with somebody who reads along."""

    watch = world = sessions = None

    def handled(self, session, event, outcome):
        super().handled(session, event, outcome)
        self.watch.handled(session, self.sessions[session], event, *outcome)
        self.watch.check_session(session, self.sessions[session])
        self.watch.late(self.world.clock.now())
        self.world.events += 1

    def note(self, body, *, at=None):
        super().note(body, at=at)
        self.world.noted(body)
        self.watch.noted(body, self.world.clock.now())


class WatchedGate:
    """The gatekeeper, with somebody who listens."""

    def __init__(self, gate, process, states):
        self._gate, self._process, self._states = gate, process, states

    def __getattr__(self, name):
        return getattr(self._gate, name)

    def review(self, item, working, now):
        verdict = self._gate.review(item, working, now)
        watch = self._process.world.watch
        watch.reviewed(item, working, verdict, self._states.state)
        watch.counts_unknown(self._process)
        return verdict


class SimControl:
    """What a person says to one process; see ``framework.live.control.ControlSource``."""

    folder = Path("/nobody/touches/a/switch")

    def __init__(self, process):
        self._process = process

    async def waiting(self):
        """Nothing was said before it lived."""
        return []

    async def commands(self):
        while True:
            yield await self._process.said.get()

    async def heard(self, command):
        """Nothing is kept."""

    async def resumed(self):
        """There are no files."""


class DyingPlace(str):
    """Name that equals none, and counts how often it was asked: there the process may die."""

    __slots__ = ("process",)

    def __eq__(self, other):
        self.process.passes(other)
        return False

    __hash__ = str.__hash__


class Process:
    """One process: from its start to its end."""

    def __init__(self, world):
        self.world, self.dead, self.runner = world, False, None
        script = world.script
        self._left = script.crashes[world.processes] if world.processes < len(script.crashes) else 0
        world.processes += 1
        self.clock = SteppedClock(world.skew)
        self.writer = SimWriter(world.journal, script, world)
        self.line = BrokerLine(world, self)
        self.task = None
        self.said = asyncio.Queue()
        """Commands of a person that the runner has not heard yet."""

    # ------------------------------------------------------------------ birth

    def build(self):
        """The runner as the journal has it."""
        world = self.world
        strategies = world.strategies
        folded = fold_account(world.journal.lines())
        journal = WatchedJournal(self.writer, self.clock, folded.entries, folded.head or None)
        journal.watch, journal.world = world.watch, world
        if folded.header is None:
            journal.note(AccountHeader("paper", "paper"), at=BEGIN)
        sessions = {}
        for one in strategies.deployed:
            known = folded.sessions.get(one.session)
            if known is None:
                sessions[one.session] = fresh = strategies.session(one)
                journal.note(
                    header_of(
                        Origin(one.strategy, {}, "0" * 64, {"tulya": "sim"}),
                        fresh,
                        Began(BEGIN, STYLES[one.name], "1m", name=one.session),
                    ),
                    at=BEGIN,
                )
            else:
                sessions[one.session] = known.session
        journal.sessions = sessions
        self.sessions = sessions
        journal.note(RunStarted(f"sim-{world.processes}", "sim", "0", {"tulya": "sim"}, tuple(sessions)))
        traded = tuple(
            TradedStrategy(
                one,
                sessions[one.session],
                one.settings,
                SimDecider(one.name, STYLES[one.name], len(SYMBOLS), world, strategies.said),
                SYMBOLS,
            )
            for one in strategies.deployed
        )
        states = RunnerStates(journal.note, folded.demands)
        world.watch.begin(sessions, states, folded)
        gate = paper_gate(
            strategies.deployment,
            traded,
            journal,
            schedule=SCHEDULE,
            hours=HOURS,
            state=lambda: states.trading,
            today=first_session(),
        )
        self.world_of_gate = gate.world
        names = OrderNames(list(sessions), folded.broker_ids)
        booked = {fill_id for one in folded.sessions.values() for fill_id in one.fill_ids}
        book = AccountBook(
            gate.members,
            names,
            external=folded.external,
            seen=booked | folded.external_ids,
            fills=folded.external_fills.values(),
        )
        self.runner = Runner(
            run=f"sim-{world.processes}",
            account_name="paper",
            traded=traded,
            barriers={one.session: Barrier(SYMBOLS, "1m", HOURS) for one in strategies.deployed},
            schedule=SCHEDULE,
            feed=world.feed(self),
            broker=self.line,
            clock=self.clock,
            journal=journal,
            account=AccountView(gate.members, book, gate.world, names),
            gate=WatchedGate(gate.keeper, self, states),
            states=states,
            folded=folded,
            control=SimControl(self),
            watch=MarketWatch(
                HOURS,
                SCHEDULE.opinion_on,
                FeedWatch(SYMBOLS, every_ns=MINUTE, symbol_ns=2 * MINUTE, began=self.clock.now()),
                broker=SCHEDULE.opinion_on,
            ),
        )
        return self.runner

    # ------------------------------------------------------------------ life and death

    async def run(self):
        """``ended``, ``killed``, or what it died of."""
        place = DyingPlace("nowhere")
        place.process = self
        failpoints._CHOSEN.name = place
        try:
            runner = self.build()
            self.task = asyncio.create_task(runner.run())
            await asyncio.wait([self.task])
        finally:
            failpoints._CHOSEN.name = ""
        return await self._end(runner)

    async def _end(self, runner):
        error = None if self.task.cancelled() else self.task.exception()
        if self.dead:
            self.sever()
            for _ in range(3):
                await asyncio.sleep(0)
            return "killed"
        for task in [*runner._tasks, *runner.outbox._under_way]:
            died = task.done() and not task.cancelled() and task.exception()
            if died:
                self.world.watch.violation("task_died", f"{died!r}")
        if error is not None:
            self.world.watch.violation("runner_died", f"{type(error).__name__}: {error}")
            self.kill()
            return "died"
        return "ended"

    def passes(self, name):
        """A failpoint is passed."""
        self.world.failpoints += 1
        if self.dead:
            raise Killed
        if self._left:
            self._left -= 1
            if not self._left and self.world.is_faulty():
                kind = K.CRASH if self.world.processes == 1 else K.CRASH_IN_RECOVERY
                self.world.seen[kind] += 1
                self.world.died_at.append(name)
                self.kill()
                raise Killed

    def kill(self):
        """As kill −9: from now on nothing that it does has an effect."""
        self.dead = self.writer.dead = True
        if self.runner is not None:
            self.sever()
        if self.task is not None and not self.task.done():
            self.task.cancel()

    def sever(self):
        """Its tasks are gone with it."""
        for task in [*self.runner._tasks, *self.runner.outbox._under_way]:
            if task is not asyncio.current_task():
                task.cancel()
