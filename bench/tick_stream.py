"""Ticks of 200 symbols at 5,000 a second through a WebSocket to the decisions of the production runner.

  python -m bench.tick_stream                                    a minute: 300,000 ticks
  python -m bench.tick_stream --seconds 200 --ticks 5000         a million: does memory stay flat?

A child process serves the stream on this machine. From the socket on everything is the program's own: bars of ticks,
barrier, marks with a grace, paper broker by ticks, gate, sessions, journal on the disk with its writing thread. The
clock is the machine's, set to ten o'clock of a recorded day. Stated: 99 in 100 ticks are taken within 20 ms and none is
lost.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import yaml

from bench.histogram import Histogram
from bench.loopback import LoopbackFeed, Stream
from framework.cli.run import paper_broker
from framework.deployments.deployment_file import read_deployment
from framework.deployments.template import StrategyChoice, deployment_text
from framework.journal.account_entries import AccountHeader
from framework.live.account_journal import folded_account
from framework.live.assembly import recorded_strategies
from framework.live.bar_builder import BarBuilder, TickFate
from framework.live.clock import WallClock
from framework.live.journal_thread import JournalThread
from framework.live.replay_run import MarketPlan, ReplayRun, RunMarket, assemble_run
from framework.live.tick_bars import GraceMarks, TickBars
from framework.pretrade.facts import Ceilings
from framework.store import open_store
from framework.store.journal_database import JournalDatabase
from framework.types import Bars, Instrument, Settings
from framework.usercode.find import find_strategy

if TYPE_CHECKING:
    from collections.abc import Callable

    from framework.broker.feed import FeedTick

IST = dt.timezone(dt.timedelta(hours=5, minutes=30))
HISTORY = (dt.date(2015, 1, 2), dt.date(2015, 1, 5))
DAY = dt.date(2015, 1, 6)
CLOSE = dt.datetime.combine(DAY, dt.time(10, 1), IST)
"""The first bar's: the stream begins before it."""
LIMIT_MS = 20.0
GRACE_NS = 500_000_000
SYMBOLS, TICKS_PER_SECOND, SECONDS = 200, 5_000, 60.0
SAMPLE_S = 5.0


class ShiftedClock(WallClock):
    """The machine's clock, a fixed time away: the stream's day is in the past."""

    def __init__(self, ahead_ns: int) -> None:
        self._ahead = ahead_ns
        self._wall_ns = self._shifted  # type: ignore[method-assign]
        super().__init__()

    def _shifted(self) -> int:
        return time.time_ns() + self._ahead


class Measured(NamedTuple):
    """Figures of one run."""

    sent: int
    taken: int
    """Ticks that the paper exchange and the gate have seen."""
    in_bars: int
    """Ticks that became part of a bar."""
    fates: dict[str, int]
    latency: Histogram
    """From the socket to the end of what the runner does with a tick."""
    own: Histogram
    """What of that the runner's process had the processor: on a busy machine the rest is others' turns."""
    decisions: int
    decision_ms: list[float]
    """Strategy code of one row."""
    orders: int
    fills: int
    wall_s: float
    busy_s: float
    """Processor time of the runner's process."""
    memory_mb: list[float]
    """Private memory, every few seconds."""
    state: str


def private_mb() -> float:
    """Memory of this process that is its own."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def fill(path: Path, symbols: list[str]) -> None:
    """Minute bars of two days, and one bar of the day itself: a session that has begun."""
    chance = np.random.default_rng(7)
    days = [np.int64(dt.datetime.combine(day, dt.time(9, 15), IST).timestamp()) * 1_000_000_000 for day in HISTORY]
    times = [day + np.arange(375, dtype=np.int64) * 60_000_000_000 for day in days]
    today = np.int64(dt.datetime.combine(DAY, dt.time(9, 15), IST).timestamp()) * 1_000_000_000
    opens = np.concatenate([*times, [today]])
    with open_store(path) as store:
        for i, symbol in enumerate(symbols):
            exchange, name = symbol.split(":")
            close = np.round((100.0 + 5.0 * i) * np.exp(np.cumsum(chance.normal(0, 0.001, len(opens)))[::-1]) / 0.05)
            close *= 0.05
            opened = np.r_[close[0], close[:-1]]
            high, low = np.maximum(opened, close), np.minimum(opened, close)
            share = Instrument(name, exchange, tick=0.05, timezone="Asia/Kolkata")
            store.save_bars(Bars.from_arrays(share, "1m", opens, opened, high, low, close, np.full(len(opens), 1e5)))


def deployment_of(folder: Path, symbols: list[str]) -> Any:
    """One strategy over every symbol, by ticks, with a stop at the broker for each position."""
    settings = Settings.of(capital=10_000_000.0, stop_loss="1%", sizing="fixed:10")
    strategy = find_strategy("rsi").from_settings({"period": 5, "oversold": 45, "overbought": 55})
    choice = StrategyChoice("rsi", strategy, symbols, "1m", settings, "hold", "hold", ())
    document = yaml.safe_load(deployment_text("stream", "stream", choice, Ceilings(100_000_000.0, 10)))
    document["paper"]["broker"] = "ticks"
    document["send"] |= {"orders_per_day": 5_000, "orders_per_minute": 500, "max_jump_percent": 100.0}
    file = folder / "stream.yaml"
    file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return read_deployment(file)


def measure(
    folder: Path, symbols: int, ticks_per_second: int, length_s: float, before_close_s: float = 30.0
) -> Measured:
    """Run it in a folder; ``before_close_s``: seconds from its begin to the first bar's close."""
    names = [f"NSE:S{number:03d}" for number in range(symbols)]
    db = folder / "market.sqlite"
    fill(db, names)
    deployment = deployment_of(folder, names)
    recorded = recorded_strategies(deployment, db, DAY, DAY)
    database = JournalDatabase(folder / "journal.sqlite", "stream", "paper")
    folded = folded_account(database.lines(), AccountHeader("stream", "paper"), {})
    database.begin_run("stream-1")
    begin_ns = round((CLOSE.timestamp() - before_close_s) * 1e9)
    stream = Stream(symbols, ticks_per_second, length_s)
    return asyncio.run(_measured(deployment, recorded, folded, database, stream, begin_ns))


async def _measured(
    deployment: Any, recorded: Any, folded: Any, database: JournalDatabase, stream: Stream, begin_ns: int
) -> Measured:
    arrived: dict[FeedTick, tuple[float, float]] = {}
    parts: list[Any] = []

    def hear(tick: FeedTick, at: float) -> None:
        arrived[tick] = (at, time.process_time())

    def market(plan: MarketPlan) -> RunMarket:
        feed = LoopbackFeed(plan.symbols, stream, hear)  # returns when the server is there
        feed.ahead_ns = begin_ns - time.time_ns()
        clock = ShiftedClock(feed.ahead_ns)
        builder = BarBuilder(plan.symbols, plan.base, plan.hours, began=clock.now())
        parts.extend((feed, builder))
        marked = TickBars(GraceMarks(feed, clock, GRACE_NS), builder, clock)
        return RunMarket(clock, marked, clock.now(), marks_are_life=False, every_ns=0, symbol_ns=60_000_000_000)

    writer = JournalThread(database)
    run = assemble_run(
        deployment,
        recorded,
        folded,
        writer,
        run="stream-1",
        days=[DAY],
        make_market=market,
        make_broker=lambda some, clock: paper_broker(deployment, some, clock, database.path.with_name("paper.sqlite")),
    )
    feed, builder = parts
    probe = Probe(run, arrived)
    sampler = asyncio.create_task(probe.sample())
    began, busy = time.perf_counter(), time.process_time()
    report = await run.runner.run()
    wall, used = time.perf_counter() - began, time.process_time() - busy
    sampler.cancel()
    await run.broker.close()
    await writer.close()
    await feed.close()
    return Measured(
        stream.ticks,
        probe.taken,
        builder.fates[TickFate.TAKEN],
        {str(fate): count for fate, count in builder.fates.items()},
        probe.latency,
        probe.own,
        len(probe.decision_ms),
        sorted(probe.decision_ms),
        probe.orders,
        probe.fills,
        wall,
        used,
        probe.memory_mb,
        str(report.state),
    )


class Probe:
    """Probe at the two ends of a runner: what it takes, and what it decides."""

    def __init__(self, run: ReplayRun, arrived: dict[FeedTick, tuple[float, float]]) -> None:
        self.taken = self.orders = self.fills = 0
        self.latency, self.own = Histogram(), Histogram()
        self.decision_ms: list[float] = []
        self.memory_mb: list[float] = []
        runner = run.runner
        broker: Any = run.broker
        see_tick, take_fill, place = broker.see_tick, runner.reconciler.take_fill, broker.place

        def taking(tick: FeedTick) -> None:
            see_tick(tick)
            self.taken += 1
            at, busy = arrived.pop(tick)
            self.latency.add(1_000.0 * (time.perf_counter() - at))
            self.own.add(1_000.0 * (time.process_time() - busy))

        def filling(news: Any) -> Any:
            self.fills += 1
            return take_fill(news)

        async def placing(order: Any) -> Any:
            self.orders += 1
            return await place(order)

        broker.see_tick = taking
        runner.reconciler.take_fill = filling  # type: ignore[assignment,method-assign]
        broker.place = placing
        for traded in run.traded:
            self._time_decisions(traded)

    def _time_decisions(self, traded: Any) -> None:
        decide: Callable[..., Any] = traded.decider.at

        def timed(row: Any, session: Any) -> Any:
            began = time.perf_counter()
            try:
                return decide(row, session)
            finally:
                self.decision_ms.append(1_000.0 * (time.perf_counter() - began))

        traded.decider.at = timed

    async def sample(self) -> None:
        """Note the memory now and then."""
        while True:
            self.memory_mb.append(private_mb())
            await asyncio.sleep(SAMPLE_S)


def lines_of(found: Measured) -> list[str]:
    """Figures for a person."""
    p50, p99, most = found.latency.at(0.5), found.latency.at(0.99), found.latency.longest_ms
    decided = f"{statistics.median(found.decision_ms):.0f} ms" if found.decision_ms else "none"
    late = found.latency.above(LIMIT_MS)
    return [
        f"{found.sent:,} ticks sent, {found.sent - found.taken:,} lost, {found.in_bars:,} in bars {found.fates}",
        f"socket to decision: p50 {p50:.2f} ms, p99 {p99:.2f} ms, max {most:.1f} ms; {late:,} above {LIMIT_MS:g} ms",
        f"of it processor time of the runner: p99 {found.own.at(0.99):.2f} ms, max {found.own.longest_ms:.1f} ms",
        f"p99 ÷ limit of {LIMIT_MS:g} ms: {p99 / LIMIT_MS:.2f}",
        f"{found.decisions} rows decided, {decided} of strategy code each",
        f"{found.orders:,} orders placed, {found.fills:,} fills, {found.state}",
        f"processor {100 * found.busy_s / found.wall_s:.0f} % of one core over {found.wall_s:.1f} s",
        f"private memory, MB every {SAMPLE_S:g} s: {' '.join(f'{one:.0f}' for one in found.memory_mb)}",
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--symbols", type=int, default=SYMBOLS)
    parser.add_argument("--ticks", type=int, default=TICKS_PER_SECOND, help="a second")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print("\n".join(lines_of(measure(Path(folder), given.symbols, given.ticks, given.seconds))))


if __name__ == "__main__":
    main()
