"""Speeds with a stated limit: each beside a peer or a lower bound measured in the same run."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from framework.engines.event import run
from framework.engines.rows import DecisionArrays
from framework.types import Bars, Instrument, Panel, Settings
from framework.types.columns import ARRAYS, VALUES
from framework.types.settings import RunSettings

if TYPE_CHECKING:
    from collections.abc import Callable

TULYA = [sys.executable, "-m", "framework"]
ROOT = Path(__file__).resolve().parents[1]


class Row(NamedTuple):
    """One line of the table."""

    what: str
    measured: str
    beside: str
    ratio: float


def seconds(work: Callable[[], object], times: int = 5) -> float:
    """Median wall time of a call."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return median(taken)


def random_bars(count: int, minutes: int = 0) -> Bars:
    """A random walk with plausible ranges; daily, or intraday bars of so many minutes."""
    rng = np.random.default_rng(1)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, count)))
    open_ = np.r_[100.0, close[:-1]] * np.exp(rng.normal(0, 0.002, count))
    high = np.maximum(open_, close) * (1 + rng.uniform(0, 0.01, count))
    low = np.minimum(open_, close) * (1 - rng.uniform(0, 0.01, count))
    step = minutes * 60 if minutes else 86_400
    time_ns = np.arange(count, dtype=np.int64) * step * 1_000_000_000
    name = f"{minutes}m" if minutes else "1d"
    return Bars.from_arrays("WALK", name, time_ns, open_, high, low, close, np.full(count, 1e6))


def engine() -> list[Row]:
    """The event engine with the whole rulebook, beside backtrader on the same bars and targets."""
    import backtrader as bt

    bars = random_bars(20_000)
    target = np.where(np.arange(20_000) // 50 % 2 == 0, 1.0, 0.0)
    panel = Panel.from_bars([bars])
    settings = Settings.of(
        sizing="fixed:10",
        charges="percent:0.1",
        slippage="bps:5",
        stop_loss="5%",
        take_profit="8%",
        max_daily_loss="5%",
    )
    ours = seconds(lambda: run(panel, RunSettings(settings), decisions=DecisionArrays(target[:, None])))

    class Flips(bt.Strategy):
        def next(self) -> None:
            wanted = target[len(self) - 1]
            if wanted and not self.position:
                self.buy(size=10)
            elif not wanted and self.position:
                self.close()

    def theirs() -> None:
        cerebro = bt.Cerebro(stdstats=False)
        cerebro.adddata(bt.feeds.PandasData(dataname=bars.to_frame()))
        cerebro.addstrategy(Flips)
        cerebro.broker.setcommission(commission=0.001)
        cerebro.run()

    peer = seconds(theirs, times=3)
    return [
        Row(
            "event engine, stops, targets, breaker",
            f"{20_000 / ours:,.0f} bars/s",
            f"backtrader without exits {20_000 / peer:,.0f} bars/s",
            peer / ours,
        )
    ]


def start() -> list[Row]:
    """Whole processes, beside an interpreter that only starts."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def process(command: list[str]) -> float:
        return seconds(lambda: subprocess.run(command, check=True, capture_output=True, cwd=ROOT, env=environment))

    def importing(modules: str) -> float:
        """Processor seconds: what a busy machine adds is left out."""
        clock = f"import time; at = time.process_time(); import {modules}; print(time.process_time() - at)"
        command = [sys.executable, "-c", clock]
        taken = [subprocess.run(command, check=True, capture_output=True, cwd=ROOT, env=environment) for _ in range(5)]
        return median(float(one.stdout) for one in taken)

    bare = process([sys.executable, "-c", "pass"])
    live = "framework.session, framework.pretrade, framework.broker.port, framework.exchange"
    light = importing(live)
    with tempfile.TemporaryDirectory() as folder:
        environment["TULYA_DB"] = f"{folder}/market.sqlite"
        subprocess.run([*TULYA, "data", "sample"], check=True, capture_output=True, cwd=ROOT, env=environment)
        backtest = [*TULYA, "backtest", "rsi", "--symbols", "SP500", "--from", "2009-01-21", "--json"]
        found = [("tulya --help", [*TULYA, "--help"], 0.5), ("tulya backtest, 2,500 daily bars", backtest, 1.5)]
        rows = [Row(f"import {live}", f"{1000 * light:.0f} ms", "limit 300 ms of processor time", 0.3 / light)]
        for what, command, limit in found:
            taken = process(command)
            rows.append(Row(what, f"{taken:.2f} s", f"limit {limit} s (bare Python {bare:.2f} s)", limit / taken))
    return rows


def store() -> list[Row]:
    """1,000,000 rows from CSV into the store and back, beside a bare executemany and fetchall of the same rows."""
    from framework.store import open_store

    bars = random_bars(1_000_000, minutes=1)
    with tempfile.TemporaryDirectory() as folder:
        csv, db, bare = Path(folder, "walk.csv"), Path(folder, "market.sqlite"), Path(folder, "bare.sqlite")
        frame = bars.to_frame().reset_index()
        frame.to_csv(csv, index=False)
        begin = time.perf_counter()
        subprocess.run(
            [*TULYA, "data", "import", str(csv), "--symbol", "WALK", "--db", str(db)],
            check=True,
            capture_output=True,
            cwd=ROOT,
        )
        imported = time.perf_counter() - begin

        rows = list(
            zip(*(getattr(bars, name).tolist() for name in ("time", "open", "high", "low", "close")), strict=True)
        )
        begin = time.perf_counter()
        connection = sqlite3.connect(bare)
        connection.execute("CREATE TABLE bars (time INTEGER PRIMARY KEY, open, high, low, close)")
        connection.executemany("INSERT INTO bars VALUES (?, ?, ?, ?, ?)", rows)
        connection.commit()
        written = time.perf_counter() - begin

        with open_store(db) as opened:

            def first() -> None:
                opened.connection.execute("DELETE FROM series_revisions")
                opened.load_bars("WALK", "1m")

            def used() -> float:
                again = opened.load_bars("WALK", "1m")
                return sum(float(getattr(again, name).sum()) for name in ARRAYS)

            loaded = seconds(first, times=3)
            repeated, read = seconds(lambda: opened.load_bars("WALK", "1m")), seconds(used)
        size = sum(getattr(bars, name).nbytes for name in ARRAYS) / 1e9
        copied = seconds(lambda: [getattr(bars, name).copy() for name in ARRAYS])
        fetched = seconds(lambda: connection.execute("SELECT * FROM bars").fetchall(), times=3)
        connection.close()
    return [
        Row(
            "import 1,000,000 rows of CSV",
            f"{imported:.1f} s",
            f"limit 10 s (bare executemany {written:.1f} s)",
            10 / imported,
        ),
        Row(
            "first load of 1,000,000 rows, snapshot kept",
            f"{loaded:.2f} s",
            f"bare fetchall {fetched:.2f} s",
            fetched / loaded,
        ),
        Row(
            "repeated load",
            f"{1000 * repeated:.0f} ms, {size / repeated:.1f} GB/s",
            f"limit 1 GB/s (memory copy {size / copied:.1f} GB/s)",
            size / repeated,
        ),
        Row(
            "repeated load, every value then summed",
            f"{1000 * read:.0f} ms, {size / read:.1f} GB/s",
            f"memory copy {size / copied:.1f} GB/s",
            copied / read,
        ),
        *universe(),
    ]


def universe() -> list[Row]:
    """500 symbols of 2,500 days into one panel, beside a memory copy of its tables."""
    from framework.store import open_store

    bars = random_bars(2_500)
    symbols = [f"S{number:03}" for number in range(500)]
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder, "market.sqlite")) as opened:
        for symbol in symbols:
            opened.save_bars(replace(bars, instrument=Instrument(symbol)))

        def load() -> Panel:
            return Panel.from_bars([opened.load_bars(symbol) for symbol in symbols])

        panel = load()
        loaded = seconds(load)
    copied = seconds(lambda: [getattr(panel, name).copy() for name in VALUES])
    return [
        Row(
            "repeated load of 500 × 2,500 into a panel",
            f"{1000 * loaded:.0f} ms",
            f"memory copy {1000 * copied:.0f} ms",
            copied / loaded,
        )
    ]


def stream() -> list[Row]:
    """Ticks through a WebSocket into the production runner, on this machine: their wait, and how many were lost."""
    from bench import tick_stream

    with tempfile.TemporaryDirectory() as folder:
        size = (tick_stream.SYMBOLS, tick_stream.TICKS_PER_SECOND, tick_stream.SECONDS)
        found = tick_stream.measure(Path(folder), *size)
    p99 = found.latency.at(0.99)
    what = f"{tick_stream.SYMBOLS} symbols, {tick_stream.TICKS_PER_SECOND:,} ticks a second: socket to decision, p99"
    lost = f"{found.sent - found.taken:,} of {found.sent:,} lost"
    limit = tick_stream.LIMIT_MS
    return [Row(what, f"{p99:.2f} ms, {lost}", f"limit {limit:g} ms, none lost", limit / p99)]


GROUPS = {"engine": engine, "start": start, "store": store, "stream": stream}
