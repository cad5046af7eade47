"""Run of a deployment on the production runner: its parts put together, over recorded days or with a market of now.

What differs is the market: a clock, a feed and how often it has something to say. A replay makes its own of the stored
days; ``assemble_run`` takes any other.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from framework.journal.account_entries import AccountHeader, RunStarted
from framework.live.account_book import AccountBook
from framework.live.bar_builder import BarBuilder
from framework.live.barrier import Barrier
from framework.live.clock import ReplayClock
from framework.live.feed_watch import FeedWatch
from framework.live.gate_assembly import paper_gate
from framework.live.hours import MarketClass, hours_of, session_of
from framework.live.journal_log import log_entry
from framework.live.market_watch import MarketWatch
from framework.live.order_names import OrderNames
from framework.live.reconciler import AccountView
from framework.live.replay_feed import ReplayFeed
from framework.live.runner import Runner
from framework.live.runner_journal import RunnerJournal
from framework.live.runner_state import RunnerStates
from framework.live.schedule import DayPlan, MomentKind, Schedule
from framework.live.tick_bars import TickBars
from framework.market.calendar import Calendar
from framework.market.deadlines import classes_of
from framework.run.provenance import versions
from framework.types import Timeframe

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from framework.broker.feed import FeedBar, MarketFeed
    from framework.broker.port import Broker
    from framework.journal.account_entries import RunnerState
    from framework.journal.account_fold import FoldedAccount
    from framework.live.assembly import RecordedStrategy
    from framework.live.clock import Clock
    from framework.live.control import ControlSource
    from framework.live.deployment import Deployment
    from framework.live.disk_watch import JournalDisk
    from framework.live.hours import HoursOf
    from framework.live.runner_journal import EntryWriter
    from framework.live.traded_strategy import TradedStrategy
    from framework.types import Instrument
    from framework.types.deadlines import Deadline

    BrokerMaker = Callable[[Sequence["RecordedStrategy"], Clock], Broker]
    MarketMaker = Callable[["MarketPlan"], "RunMarket"]

HELD_OVER = "it was so in the journal that this replay has set aside"
BAR_SILENCE_NS = 60_000_000_000
"""Bars and marks of a replay come in every minute."""
SYMBOL_SILENCE_NS = 86_400_000_000_000
"""A recorded minute without a trade has no bar, and a share may not trade all day; marks say that a replay lives."""


class MarketPlan(NamedTuple):
    """Plan of a market: what a feed is made for."""

    symbols: tuple[str, ...]
    """``NSE:INFY``."""
    base: str
    """Shortest timeframe of the strategies, whose bars are made of the feed's ticks; empty: it brings bars."""
    hours: HoursOf
    schedule: Schedule
    bars: list[FeedBar]
    """Of the recorded days, each once, that some session has not closed yet."""
    latest: int
    """Moment of the journal's last entry, UTC nanoseconds; 0 of a new one."""


class RunMarket(NamedTuple):
    """Market that a run listens to."""

    clock: Clock
    feed: MarketFeed
    start: int
    """Moment from which it listens, UTC nanoseconds."""
    marks_are_life: bool
    """See ``MarketWatch``."""
    every_ns: int
    """How often a price of some symbol is due."""
    symbol_ns: int
    """The same of a single symbol."""


class ReplayRun(NamedTuple):
    """A runner that is ready to begin, with what its host looks at afterwards."""

    runner: Runner
    traded: tuple[TradedStrategy, ...]
    journal: RunnerJournal
    broker: Broker


def market_classes(instruments: Sequence[Instrument]) -> dict[str, tuple[MarketClass, ...]]:
    """Classes of hours by symbol."""
    return {
        str(one): tuple(MarketClass(one.exchange or "NSE", klass) for klass in classes_of(one)) for one in instruments
    }


def assemble_replay(  # noqa: PLR0913 - the parts by name
    deployment: Deployment,
    recorded: Sequence[RecordedStrategy],
    folded: FoldedAccount,
    writer: EntryWriter,
    *,
    run: str,
    days: Sequence[date],
    speed: float,
    make_broker: BrokerMaker,
    control: ControlSource | None = None,
    held_over: Mapping[str, RunnerState] = MappingProxyType({}),
    disk: JournalDisk | None = None,
) -> ReplayRun:
    """A run over the recorded days; see ``assemble_run``."""
    replays: list[ReplayFeed] = []

    def market(plan: MarketPlan) -> RunMarket:
        replay, made = _replayed(plan, speed, deployment.paper.seed)
        replays.append(replay)
        return made

    done = assemble_run(
        deployment,
        recorded,
        folded,
        writer,
        run=run,
        days=days,
        make_market=market,
        make_broker=make_broker,
        control=control,
        held_over=held_over,
        disk=disk,
    )
    for replay in replays:
        replay.taken = done.runner.taken
    return done


def _replayed(plan: MarketPlan, speed: float, seed: int) -> tuple[ReplayFeed, RunMarket]:
    """The recorded days as a market of their own, with the schedule's moments as marks."""
    bars = _finest(plan.bars) if plan.base else plan.bars
    start = min(bar.open_time for bar in bars) - 60_000_000_000 if bars else max(plan.latest, 1)
    clock = ReplayClock(start, speed)
    end = max((bar.close_time for bar in bars), default=start)
    marks = [moment.time for moment in plan.schedule.between(start, end + 3_600_000_000_000)]
    last = next((moment.time for moment in reversed([*plan.schedule.between(start, end + 8 * 3_600_000_000_000)])
                 if moment.kind is MomentKind.END_OF_DAY), end)  # fmt: skip
    replay = ReplayFeed(bars, clock, ticks_seed=seed if plan.base else None, until=max(last, end), marks=marks)
    feed: MarketFeed = replay
    if plan.base:
        feed = TickBars(replay, BarBuilder(plan.symbols, plan.base, plan.hours, began=start), clock)
    market = RunMarket(clock, feed, start, marks_are_life=True, every_ns=BAR_SILENCE_NS, symbol_ns=SYMBOL_SILENCE_NS)
    return replay, market


def assemble_run(  # noqa: PLR0913 - the parts by name
    deployment: Deployment,
    recorded: Sequence[RecordedStrategy],
    folded: FoldedAccount,
    writer: EntryWriter,
    *,
    run: str,
    days: Sequence[date],
    make_market: MarketMaker,
    make_broker: BrokerMaker,
    control: ControlSource | None = None,
    held_over: Mapping[str, RunnerState] = MappingProxyType({}),
    disk: JournalDisk | None = None,
) -> ReplayRun:
    """Put the parts together; nothing has begun yet, and the header of a new session is noted.

    ``held_over``: causes of a state from a journal that was set aside for this one. ``disk``: of the journal.
    """
    panels = [one.prepared.panel for one in recorded]
    instruments = tuple({str(one): one for panel in panels for one in panel.instruments}.values())
    exchanges = sorted({one.exchange or "NSE" for one in instruments})
    calendars = [Calendar.load(exchange) for exchange in exchanges]
    classes = market_classes(instruments)
    hours = hours_of(calendars, [klass for some in classes.values() for klass in some])
    deadlines = [one.deadline_of() for one in recorded]

    def square_offs(session: int) -> list[tuple[str, int]]:
        found: list[tuple[str, int]] = []
        for one, deadline_of in zip(recorded, deadlines, strict=True):
            deadline: Deadline | None = deadline_of(session)
            if deadline is not None:
                found += zip(one.symbols, deadline.square_off, strict=True)
        return found

    timeframes = tuple(dict.fromkeys(panel.timeframe for panel in panels))
    schedule = Schedule(calendars, DayPlan(classes, timeframes), square_offs)
    by_ticks = deployment.paper.broker == "ticks"
    base = min(timeframes, key=lambda one: Timeframe.parse(one).nanoseconds) if by_ticks else ""
    symbols = tuple(map(str, instruments))
    market = make_market(MarketPlan(symbols, base, hours, schedule, _bars(recorded, folded), folded.at))
    clock, start = market.clock, market.start
    journal = RunnerJournal(writer, clock, folded.entries, folded.head or None, log_entry)
    if folded.header is None:
        journal.note(AccountHeader(deployment.account, str(deployment.stage)), at=start)
    for one in recorded:
        if one.deployed.session not in folded.sessions:
            journal.note(one.header(), at=start)
    names = [one.deployed.session for one in recorded]
    journal.note(
        RunStarted(
            run, deployment.name, deployment.sha256, versions(), tuple(names), tuple(day.isoformat() for day in days)
        ),
        at=start,
    )
    traded = tuple(_traded(one, folded) for one in recorded)
    order_names = OrderNames(names, folded.broker_ids)
    barriers = {
        one.deployed.session: Barrier(one.symbols, one.prepared.panel.timeframe, hours, base=base, deadline=deadline)
        for one, deadline in zip(recorded, deadlines, strict=True)
    }
    broker = make_broker(recorded, clock)
    states = RunnerStates(journal.note, folded.demands)
    for cause, state in held_over.items():
        states.demand(cause, state, HELD_OVER)
    gate = paper_gate(
        deployment,
        traded,
        journal,
        schedule=schedule,
        hours=hours,
        state=lambda: states.trading,
        today=session_of(days[0]),
    )
    seen = {fill_id for session in folded.sessions.values() for fill_id in session.fill_ids}
    book = AccountBook(
        gate.members,
        order_names,
        external=folded.external,
        seen=seen | folded.external_ids,
        fills=folded.external_fills.values(),
    )
    runner = Runner(
        run=run,
        account_name=deployment.account,
        traded=traded,
        barriers=barriers,
        schedule=schedule,
        feed=market.feed,
        broker=broker,
        clock=clock,
        journal=journal,
        account=AccountView(gate.members, book, gate.world, order_names),
        gate=gate.keeper,
        states=states,
        folded=folded,
        control=control,
        disk=disk,
        watch=MarketWatch(
            hours,
            schedule.opinion_on,
            FeedWatch(symbols, every_ns=market.every_ns, symbol_ns=market.symbol_ns, began=start),
            marks_are_life=market.marks_are_life,
            broker=schedule.opinion_on,  # the paper exchange trades when the table says so
        ),
    )
    return ReplayRun(runner, traded, journal, broker)


def _finest(bars: list[FeedBar]) -> list[FeedBar]:
    """Of each symbol the bars of its shortest timeframe: the trades are made within them, once."""
    shortest: dict[str, str] = {}
    for bar in bars:
        known = shortest.get(bar.symbol)
        if known is None or Timeframe.parse(bar.timeframe).nanoseconds < Timeframe.parse(known).nanoseconds:
            shortest[bar.symbol] = bar.timeframe
    return [bar for bar in bars if bar.timeframe == shortest[bar.symbol]]


def _traded(recorded: RecordedStrategy, folded: FoldedAccount) -> TradedStrategy:
    known = folded.sessions.get(recorded.deployed.session)
    if known is None:
        return recorded.traded(recorded.session())
    undecided = known.session.awaits_decision
    return recorded.traded(known.session, known.memory, known.last_row - undecided)


def _bars(recorded: Sequence[RecordedStrategy], folded: FoldedAccount) -> list[FeedBar]:
    """Bars of the days, each once; of a replay that goes on only those that some session has not closed."""
    found: dict[tuple[str, str, int], FeedBar] = {}
    for one in recorded:
        known = folded.sessions.get(one.deployed.session)
        after = known.last_row if known is not None else 0
        for bar in one.feed_bars("replay"):
            if bar.open_time > after:
                found[bar.symbol, bar.timeframe, bar.open_time] = bar
    return list(found.values())
