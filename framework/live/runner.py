"""Runner: one loop that drives the sessions of an account with a feed, a broker and a clock.

Theory of operation
===================
Everything that happens comes through one inbox and is taken one at a time: what the feed brings, what the broker tells,
what a person wants, what the time makes due. Taking it means: make it an input, let the session handle it, note input
and outcome in the journal, put the commands into the outbox. Nothing else changes a session, and nothing but the outbox
reaches the broker.

*Time.* A bar is not known before it closes, and a moment is not over before the feed has told everything up to it (or
the grace for it has run out). So the feed says how far it reaches, and only then are the rows and the schedule's
moments up to there released, in the order of time: a bar that closes at 15:15:00 comes before the square-off of
15:15:00, whenever the two arrive here.

*A row*, for each strategy: ``BarOpens``, then what the broker fills in it (a broker in lockstep is shown the row and
fills against it, one execution at a time), then ``BarCloses``, then the strategy decides, then ``Decided``; on a
session's last bar ``SessionEnds``. That is the order of the event backtest, by the same code of the same Session.

*What can race.* A broker that is not in lockstep answers at any time: its answers are inputs like all others and come
between two of them, never within one. An outcome of a request and the news of the same order may come in either order;
``session/lifecycle.py`` makes them end alike. A person's command and a decision: whichever is taken first.

*When something breaks.* The journal cannot write: HALTED, and nothing leaves any more. A strategy's own code fails:
that strategy decides no more, its entries are taken back, its stops stay; the others go on. A session refuses an
input: that is our bug, HALTED. The feed is silent: REDUCE_ONLY, and each strategy does what its deployment declares.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from framework.broker.book import BrokerConnection, BrokerFill, BrokerOrder, FillAnnulled
from framework.broker.feed import FeedBar, FeedConnection, FeedEnds, FeedReaches, FeedTick
from framework.errors import InvariantError
from framework.journal.account_entries import (
    AccountFinding,
    CommandHeard,
    RequestName,
    RunnerState,
    RunStopped,
    StrayArrived,
)
from framework.journal.errors import JournalError
from framework.live.agreement import DayOpinion
from framework.live.auction_gap import UNPROTECTED, bare_positions
from framework.live.broker_modes import by_ticks, in_lockstep
from framework.live.control import ControlCommand, kill_wanted
from framework.live.disk_watch import DiskWatch
from framework.live.failpoints import failpoint
from framework.live.lookout import Lookout
from framework.live.news import order_answer
from framework.live.order_names import tag_of
from framework.live.outbox import WHEN_FOUND, Outbox
from framework.live.person_commands import KILLED, PersonCommands, block
from framework.live.person_desk import PersonDesk
from framework.live.reconciler import Reconciler
from framework.live.row_trader import RowTrader
from framework.live.schedule import MomentKind
from framework.types import events
from framework.types.events import NOTHING, BarCloses, BarOpens, Tick, Waited
from framework.types.record import OrderRecord
from framework.types.timeframe import SECOND_NS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from framework.broker.book import BrokerNews
    from framework.broker.feed import FeedEvent, MarketFeed
    from framework.broker.port import Broker
    from framework.journal.account_fold import FoldedAccount, Key
    from framework.live.barrier import Barrier, StrayBar
    from framework.live.clock import Clock
    from framework.live.control import ControlSource
    from framework.live.disk_watch import JournalDisk
    from framework.live.market_watch import MarketWatch
    from framework.live.outbox import Gatekeeper
    from framework.live.reconciler import AccountView
    from framework.live.runner_journal import RunnerJournal
    from framework.live.runner_state import RunnerStates
    from framework.live.schedule import Schedule, ScheduleMoment
    from framework.live.traded_strategy import KnownPrice, TradedStrategy
    from framework.types.events import Fact, Input, Outcome
    from framework.types.orders import BarRow

INBOX = 10_000
"""Things that may wait; a feed that is quicker waits itself."""
JUDGE_SILENCE = (Tick, BarCloses)
"""Inputs at which a session calls what was not answered in time unanswered: it hears before what has not left yet."""
TICKS = frozenset({MomentKind.MINUTE, MomentKind.SQUARE_OFF, MomentKind.CLOSE})
"""Moments at which a session is told the time."""
RECONCILE_NS = 30_000_000_000
"""Time between two comparisons with the broker's book."""
LATE_NS = 300_000_000_000
"""After the open, what had waited for it is not sent any more."""
VOID = "void: it was not sent before the process ended"
UNANSWERED = "the process ended before an outcome was noted"
FEED_ENDED = "the feed ended"
"""``RunnerReport.cause`` of a run that came to the end of its days."""


class ReadyRow(NamedTuple):
    """Row of one strategy that may be traded now."""

    close_time: int
    place: int
    """Of the strategy in its deployment."""
    traded: TradedStrategy
    row: BarRow


class RunnerReport(NamedTuple):
    """Report of a run that came to its end."""

    state: RunnerState
    cause: str
    journal_hash: str
    entries: int


class Runner:
    """Runner of one account. ``run`` goes on until the feed ends, a person stops it, or it is cancelled."""

    def __init__(  # noqa: PLR0913 - its parts, by name
        self,
        *,
        run: str,
        account_name: str,
        traded: Sequence[TradedStrategy],
        barriers: dict[str, Barrier],
        schedule: Schedule,
        feed: MarketFeed,
        broker: Broker,
        clock: Clock,
        journal: RunnerJournal,
        account: AccountView,
        gate: Gatekeeper,
        states: RunnerStates,
        folded: FoldedAccount,
        watch: MarketWatch | None = None,
        control: ControlSource | None = None,
        disk: JournalDisk | None = None,
    ) -> None:
        """``folded``: the account as its journal leaves it; the sessions of ``traded`` are those of the fold.

        ``control``: a person's commands; without it nobody can give any. ``disk``: of the journal, asked for its room.
        """
        self.run_name = run
        self._control = control
        self.traded = {one.name: one for one in traded}
        self.broker = broker
        self.clock = clock
        self.journal = journal
        self.gate = gate
        self._barriers = barriers
        self._schedule = schedule
        self._passed = 0
        """The schedule's moments up to here have been passed."""
        self._feed = feed
        self._names = names = account.names
        self._folded = folded
        self._lockstep = in_lockstep(broker)
        self._by_ticks = by_ticks(broker)
        self._rows = RowTrader(self, self._lockstep)
        self.states = states
        self.outbox = Outbox(
            broker=broker,
            journal=journal,
            clock=clock,
            names=names,
            gate=gate,
            answer=self.give,
            broken=self._break,
            settled=self._take_lockstep_news,
            killed=self._is_killed,
        )
        self._lookout = Lookout(
            watch,
            states,
            gate,
            lambda code, text, symbol, question: self.finding(code, text, symbol=symbol, question=question),
            self.give,
        )
        self._disk = DiskWatch(disk, states, self.finding)
        self.reconciler = Reconciler(
            broker=broker,
            account=account,
            clock=clock,
            journal=journal,
            states=states,
            gate=gate,
            give=lambda name, answer: self.give(self.traded[name], answer),
            waits=self.outbox.waits,
        )
        self._desk = PersonDesk(
            account_name=account_name,
            traded=self.traded,
            states=states,
            journal=journal,
            outbox=self.outbox,
            reconciler=self.reconciler,
            world=account.world,
            lookout=self._lookout,
            lockstep=self._lockstep,
            hand_over=self.give,
            moment=self.moment,
            end=self.stop,
            killed=self._is_killed,
        )
        self._persons = PersonCommands(self._desk)
        self._account = account
        self._inbox: asyncio.Queue[FeedEvent | BrokerNews | ControlCommand] = asyncio.Queue(INBOX)
        self._stopping = ""
        self._slept = 0
        """Time that the process was known to have slept, nanoseconds."""
        self._tasks: list[asyncio.Task[None]] = []

    # ------------------------------------------------------------------ from start to end

    async def run(self) -> RunnerReport:
        """Reconcile, trade, and end in good order."""
        try:
            await self._start()
            self._tasks = [asyncio.create_task(self._listen(self._feed.events()))]
            if self._lockstep is None:
                self._tasks += [
                    asyncio.create_task(self._listen(self.broker.news())),
                    asyncio.create_task(self.outbox.run()),
                ]
            if self._control is not None:
                self._tasks.append(asyncio.create_task(self._listen(self._control.commands())))
            for task in self._tasks:
                task.add_done_callback(self._task_ended)
            while not self._stopping:
                await self._take(await self._inbox.get())
                self._inbox.task_done()
        except Exception as error:
            self._stopping = self._stopping or f"{type(error).__name__}: {error}"
            raise
        finally:
            report = await self._end()
        return report

    async def taken(self) -> None:
        """Return when everything that has come has been taken."""
        await self._inbox.join()

    def stop(self, cause: str) -> None:
        """End after what is being taken now."""
        self._stopping = self._stopping or cause
        with suppress(asyncio.QueueFull):
            self._inbox.put_nowait(FeedEnds())

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        """A task that ends by itself was the feed's, the news' or the outbox's: without it nothing may go on."""
        if task.cancelled() or self._stopping:
            return
        error = task.exception()
        if error is not None:
            text = f"{type(error).__name__}: {error}"
            self.finding("task_failed", text)
            self.states.demand("task_failed", RunnerState.HALTED, text)
            self.stop(f"a task of the runner failed: {text}")

    async def _listen(
        self, source: AsyncIterator[FeedEvent] | AsyncIterator[BrokerNews] | AsyncIterator[ControlCommand]
    ) -> None:
        latest = None
        async for latest in source:
            await self._inbox.put(latest)
        if not isinstance(latest, FeedEnds):
            msg = f"{type(source).__qualname__} came to an end, which only a replay does: nothing is heard any more"
            raise InvariantError(msg)

    async def _start(self) -> None:
        self._passed = self.clock.now() - 1
        self.gate.begin(self._schedule.day_at(self.clock.now()), self._known_prices())
        self._recall()
        self.states.enter(RunnerState.STARTING, "started", self.run_name)
        failpoint("started")
        for key, command in self._folded.commanded.items():
            until = self._folded.deferred.get(key, -LATE_NS)
            if key[0] in self.traded and (until == WHEN_FOUND or until + LATE_NS > self.clock.now()):
                self.outbox.resume(self.traded[key[0]], command, until)
            elif key[2] is RequestName.CANCEL and self.outbox.waits(tag_of(key[0], key[1])):
                self.outbox.put(self.traded[key[0]], [command])  # of an order that waits still: nothing need leave
            else:
                self._answer_again(key, sent=False)
        for key in self._folded.sent:
            self._answer_again(key, sent=True)
        failpoint("void_answered")
        self.states.enter(RunnerState.RECONCILING, "reconciling")
        failpoint("unknown_answered")
        await self.settle_commands()
        await self.reconcile()
        if self.reconciler.read_at:
            self.states.lift("broker_down", "this process has a connection of its own")
        if self._control is not None:
            for wanted in await self._control.waiting():
                await self._obey(wanted)
        self.states.settle("reconciled")
        failpoint("reconciled")
        for traded in self.traded.values():
            session = traded.session
            if session.last_row.time and not session.is_in_bar:  # what a death within it left undone
                await self._rows.trade(traded, session.last_row)
        await self._flush()

    def _recall(self) -> None:
        """Parts of the account that were held back before this process are so still."""
        held = self._folded.held_back
        self.gate.recall(held)
        for name, why in held.failed.items():
            if name in self.traded:
                self.traded[name].stopped = why

    def _known_prices(self) -> dict[str, KnownPrice]:
        """Of each symbol the newest close that any strategy knows."""
        newest: dict[str, KnownPrice] = {}
        for traded in self.traded.values():
            for symbol, known in traded.known_prices().items():
                if symbol not in newest or newest[symbol].time_ns < known.time_ns:
                    newest[symbol] = known
        return newest

    def _answer_again(self, key: Key, *, sent: bool) -> None:
        """Requests that the process before this one left open: void, or unknown."""
        session, order_id, request = key
        traded = self.traded.get(session)
        if traded is None:
            return
        moment = self.moment(traded)
        if sent:
            self.give(traded, events.Unknown(moment, order_id, UNANSWERED))
        elif request is RequestName.PLACE:
            self.give(traded, events.Refused(moment, order_id, VOID))
        else:
            kind = events.CancelRefused if request is RequestName.CANCEL else events.ChangeRefused
            self.give(traded, kind(moment, order_id, VOID))

    async def _end(self) -> RunnerReport:
        await self.outbox.stop()
        failpoint("stopping")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        state = self.states.state
        self.states.enter(RunnerState.STOPPED, "stopped", self._stopping)
        self.journal.note(RunStopped(self.run_name, self._stopping, state))
        failpoint("stopped_noted")
        with suppress(JournalError):
            await self.journal.flush(durable=True)
        return RunnerReport(state, self._stopping, self.journal.head, self.journal.entries)

    # ------------------------------------------------------------------ one thing at a time

    async def _take(self, one: FeedEvent | BrokerNews | ControlCommand) -> None:
        await self._wake()
        if isinstance(one, FeedBar | FeedReaches):
            await self._take_market(one)
        elif isinstance(one, FeedTick):
            self._take_tick(one)
        elif isinstance(one, BrokerFill | BrokerOrder | FillAnnulled | BrokerConnection):
            self.take_news(one)
        elif isinstance(one, FeedConnection):
            self._take_connection(one)
        elif isinstance(one, ControlCommand):
            await self._obey(one)
        elif isinstance(one, FeedEnds):
            self._stopping = self._stopping or FEED_ENDED
        self.outbox.send_wished()
        await self._flush()

    async def _wake(self) -> None:
        """After a sleep of the machine the broker's book comes first: whatever is decided next stands on it."""
        self.clock.now()
        slept, self._slept = self.clock.slept_ns - self._slept, self.clock.slept_ns
        if slept:
            self.finding("woke", f"the machine slept for {slept / SECOND_NS:,.0f} s, or its clock was set ahead")
            await self.reconcile()

    async def _flush(self, *, durable: bool = False) -> None:
        failpoint("flush_begins")
        try:
            await self.journal.flush(durable=durable)
            failpoint("flushed")
        except JournalError as error:
            self._break(str(error))
        if self.journal.failed:
            self._break("the journal cannot be written")

    async def _take_market(self, event: FeedBar | FeedReaches) -> None:
        """Rows that are ready now, in the order of time, each after what the schedule had before it."""
        now = self.clock.now()
        if isinstance(event, FeedReaches):
            await self._hear_mark(now)
        elif (held := self._lookout.take(event, now)) is not None:
            self._note_stray(held)
            return
        due = self._rows_due(event, now)
        if isinstance(event, FeedBar):
            self.gate.see_price(event.symbol, event.close, now)
            failpoint("price_seen")
        for ready in sorted(due, key=lambda one: one[:2]):
            await self._pass_moments(ready.close_time - 1)
            await self._rows.trade(ready.traded, ready.row)
        if isinstance(event, FeedReaches):
            await self._pass_moments(event.time)

    def _rows_due(self, event: FeedBar | FeedReaches, now: int) -> list[ReadyRow]:
        """Rows that every strategy's barrier lets go; what the bars say of the clock is looked at before them."""
        due: list[ReadyRow] = []
        judged: list[StrayBar | None] = []
        for place, (name, barrier) in enumerate(self._barriers.items()):
            if isinstance(event, FeedReaches):
                rows = barrier.reach(event.time)
            else:
                judged.append(stray := barrier.take(event, now))
                if stray is not None:
                    self._note_stray(stray)
                rows = barrier.complete(now)
            traded = self.traded[name]
            closed = traded.session.last_row.time  # before a restart, perhaps
            due += [ReadyRow(row.close_time, place, traded, row) for row in rows if row.time > closed]
        if judged and self._lookout.hear_judged(judged):
            self._look()
        return due

    async def _hear_mark(self, now: int) -> None:
        """The feed has told everything so far."""
        await self.reconcile_when_due()
        self._lookout.hear_mark(now)
        if self._schedule.opinion_on(self._schedule.day_at(now)) is not DayOpinion.TRADES:
            self._look()  # a day without a session has no moments at which anybody would

    def _take_tick(self, tick: FeedTick) -> None:
        """The last price; a paper broker by ticks trades at it."""
        if self._by_ticks is not None:
            self._by_ticks.see_tick(tick)
        if tick.price > 0.0:
            self.gate.see_price(tick.symbol, tick.price, self.clock.now())

    def _note_stray(self, stray: StrayBar) -> None:
        bar = stray.bar
        why = f"{stray.why}: {stray.detail}" if stray.detail else str(stray.why)
        self.journal.note(StrayArrived(bar.symbol, bar.open_time, bar.close_time, bar.close, why, bar.source))
        failpoint("stray_noted")

    def _take_connection(self, connection: FeedConnection) -> None:
        if connection.up:
            self.states.lift("feed_down", connection.why)
        else:
            self.states.demand("feed_down", RunnerState.REDUCE_ONLY, connection.why)

    # ------------------------------------------------------------------ the schedule

    async def _pass_moments(self, until: int) -> None:
        """Moments of the schedule up to one, in order."""
        if until <= self._passed:
            return
        for moment in self._schedule.between(self._passed, until):
            await self._pass(moment)
            failpoint("moment_passed")
        self._passed = until

    async def _pass(self, moment: ScheduleMoment) -> None:
        self.gate.see_moment(moment)
        self._disk.look(self.clock.now())
        self._look()
        self.outbox.release(moment.time)
        failpoint("released")
        if moment.kind is MomentKind.OPEN:  # what waited for the market is in the book before the first bar opens
            await self.settle_commands()
            for name, barrier in self._barriers.items():
                await self._open_session(self.traded[name], barrier.session_opening(moment.session))
        elif moment.kind in TICKS:
            if moment.kind is MomentKind.CLOSE:
                self._close(moment)
            for traded in self.traded.values():
                if self._hears_time(traded, moment.time):
                    self.give(traded, Tick(max(moment.time, traded.session.moment)))
        await self.settle_commands()
        if moment.kind is MomentKind.END_OF_DAY:  # its last fills too: tomorrow's book does not show them any more
            await self._flush(durable=True)

    def _look(self) -> None:
        """Worries of this moment become findings and states."""
        self._lookout.look(self.clock.now(), self.traded.values(), self._desk.moment_of)

    def _close(self, moment: ScheduleMoment) -> None:
        """Continuous trading of some instruments is over; what is bare until their auction is told."""
        for bare in bare_positions(moment, self._schedule, self.traded.values()):
            self.finding(UNPROTECTED, bare.text, symbol=bare.symbol, session=bare.session)
        if self._by_ticks is not None:
            self._by_ticks.end_session(moment.symbols)

    def _hears_time(self, traded: TradedStrategy, moment: int) -> bool:
        """False while nothing can come of it: a request waits for the market, and its answer would be missed.

        A broker in lockstep trades by whole bars: what is due within one is due at the next, as in a backtest.
        """
        if self._lockstep is not None and self._barriers[traded.name].is_within_a_bar(moment):
            return False
        return not self.outbox.waits_for_open(traded, moment)

    async def _open_session(self, traded: TradedStrategy, opening: BarOpens | None) -> None:
        """Ex-dates, counts and stops of a new session are due at its open, whether or not its first bar will trade."""
        if opening is not None and opening.session > traded.session.session_day:
            self.journal.checkpoint(traded.name, traded.session)
            await self._rows.give_and_settle(traded, opening)
            failpoint("session_opened")

    async def settle_commands(self) -> None:
        """In lockstep every command is carried out before anything else happens."""
        if self._lockstep is not None:
            await self.outbox.drain()

    # ------------------------------------------------------------------ sessions

    def give(self, traded: TradedStrategy, event: Input) -> Outcome:
        """Hand a session an input, note it with what follows, and put the commands into the outbox."""
        if isinstance(event, JUDGE_SILENCE):
            for order_id in self.outbox.waiting(traded, event.moment):
                self.give(traded, Waited(event.moment, order_id))
        try:
            outcome = traded.session.handle(event)
        except InvariantError as error:
            self.finding("invariant", str(error), session=traded.name)
            self.states.demand("invariant", RunnerState.HALTED, str(error))
            return NOTHING
        self.journal.handled(traded.name, event, outcome)
        failpoint("input_handled")
        for fact in outcome.facts:
            self._observe(traded, fact)
        if outcome.facts:
            self.reconciler.check_books()
        if outcome.commands:
            self.outbox.put(traded, outcome.commands)
            failpoint("commands_queued")
        return outcome

    def _observe(self, traded: TradedStrategy, fact: Fact) -> None:
        """Facts that concern the account: a surprise is a finding of it."""
        self._account.book.note_fact(traded.name, fact)
        if isinstance(fact, OrderRecord):
            self._account.world.note_fact(fact, tag_of(traded.name, fact.order.order_id))
        if isinstance(fact, events.Surprise):
            self.finding(fact.code, fact.text, session=traded.name)

    def moment(self, traded: TradedStrategy) -> int:
        """Moment of an input that a session gets now."""
        return max(self.clock.now(), traded.session.moment)

    # ------------------------------------------------------------------ the broker

    def _take_lockstep_news(self) -> None:
        """News that a request of a broker in lockstep has brought."""
        if self._lockstep is not None:
            for one in self._lockstep.drain():
                self.take_news(one)
            failpoint("lockstep_news")

    def take_news(self, news: BrokerNews) -> None:
        """Take what the broker tells."""
        if isinstance(news, BrokerFill):
            self._names.learn(news.tag, news.broker_id)
            self.reconciler.take_fill(news)
            failpoint("fill_taken")
        elif isinstance(news, BrokerOrder):
            self._take_order_news(news)
        elif isinstance(news, FillAnnulled):
            self.reconciler.take_back(news)
        elif news.up:
            self.states.lift("broker_down", news.why)
            self.reconciler.read_at = 0  # what was missed meanwhile is in the book
        else:
            self.states.demand("broker_down", RunnerState.REDUCE_ONLY, news.why)
        failpoint("news_taken")

    def _take_order_news(self, news: BrokerOrder) -> None:
        owner = self._names.owner(news.tag)
        traded = self.traded.get(owner[0]) if owner else None
        if owner is None or traded is None:
            return  # nobody's order: the book read says what it means for us
        self._names.learn(news.tag, news.broker_id)
        answer = order_answer(news, traded, owner[1], self.moment(traded))
        failpoint("order_news_taken")
        if answer is not None:
            self.give(traded, answer)

    async def reconcile_when_due(self) -> None:
        """Read the broker's book where the last read is from before the news, or a while ago."""
        if self.clock.now() - self.reconciler.read_at >= RECONCILE_NS:
            await self.reconcile()

    async def reconcile(self) -> None:
        """Compare what we believe with the broker's book."""
        await self.reconciler.run()
        await self.settle_commands()

    # ------------------------------------------------------------------ what a person says

    async def _obey(self, command: ControlCommand) -> None:
        """Carry out a command once: its entry is durable before its file is removed."""
        assert self._control is not None  # noqa: S101 - for the type checker: commands come from there
        if command.path is None or command.id not in self._folded.heard:
            obeyed = self._persons.obey(command)
            self.journal.note(CommandHeard(command.name, {**command.arguments, "id": command.id}, obeyed.answer))
            failpoint("command_obeyed")
            self._lookout.react(self.traded.values(), self._desk.moment_of)
            await self.settle_commands()
            with suppress(JournalError):
                await self.journal.flush(durable=True)
            failpoint("command_durable")
            if obeyed.resumed:
                await self._control.resumed()
            if obeyed.block_s:
                block(obeyed.block_s, self._control.folder)
        if not self.journal.failed:
            await self._control.heard(command)

    def _is_killed(self) -> str:
        """Reason why nothing but cancels may leave from this moment on; empty while it may."""
        return KILLED if self._control is not None and kill_wanted(self._control.folder) else ""

    # ------------------------------------------------------------------ what a person sees

    def finding(self, code: str, text: str, *, symbol: str = "", session: str = "", question: str = "") -> None:
        """Note something that a person should look at."""
        self.journal.note(AccountFinding(code, text, symbol, session, question=question))
        failpoint("finding_noted")

    def _break(self, why: str) -> None:
        """The journal cannot be written: nothing leaves any more."""
        self.outbox.closed = f"the journal cannot be written: {why}"
        self.states.demand("journal", RunnerState.HALTED, why)
