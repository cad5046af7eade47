"""Start of a runner with an account's journal of 200,000 entries: what each step of it takes.

  python -m bench.account_journal

The journal holds half a year of minute bars of one instrument, with a checkpoint a day. The limit is three seconds from
opening the file to the account's state; the durable append beside it depends on the disk.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING

import numpy as np

from bench.workloads import MINUTES_PER_DAY, SEED, minutes
from framework.engines import event
from framework.engines.rows import DecisionArrays
from framework.journal.account_entries import AccountHeader, RunStarted
from framework.journal.account_restore import restore_account
from framework.journal.chain import Sealer, Walk
from framework.journal.entries import Body, Checkpoint, Entry, handled_text
from framework.journal.writer import Began, Origin, header_of
from framework.session import state
from framework.store.journal_database import JournalDatabase
from framework.types import Bars, Instrument, Panel, Settings
from framework.types.settings import RunSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from framework.journal.chain import Sealed
    from framework.session import Session
    from framework.types.events import Input, Outcome

ENTRIES = 200_000
ENTRIES_PER_BAR = 3
LIMIT_S = 3.0
ROUNDS = 5
APPENDS = 300
NAME = "t"  # of the event engine's session
SETTINGS = RunSettings(Settings.of(capital=10_000_000, sizing="equity:95%", charges="percent:0.03", stop_loss="1%"))


class AccountRecorder:
    """Writes a run as an account's journal, with a checkpoint after each day."""

    def __init__(self, database: JournalDatabase) -> None:
        self._database = database
        self._sealer = Sealer()
        self._waiting: list[Sealed] = []
        self._inputs = 0
        self._at = 0

    def _note(self, body: Body) -> None:
        self._waiting.append(self._sealer(Entry(self._sealer.entries, self._at, body).text()))

    def over(self, session: Session, began: Began) -> Callable[[Input], Outcome]:
        """See ``JournalRecorder``."""
        self._at = began.at
        self._note(AccountHeader("paper", "paper"))
        self._note(RunStarted("run-1", NAME, "", {}, (NAME,)))
        self._note(header_of(Origin(NAME, {}, "", {}), session, began)._replace(name=NAME))

        def handle(one: Input) -> Outcome:
            outcome = session.handle(one)
            self._at = one.moment
            text = handled_text(self._sealer.entries, one.moment, one, outcome.commands, outcome.facts, NAME)
            self._waiting.append(self._sealer(text))
            self._inputs += 1
            if self._inputs % (MINUTES_PER_DAY * ENTRIES_PER_BAR) == 0:
                self._note(Checkpoint(state.VERSION, state.dump(session), NAME))
                self._write()
            return outcome

        return handle

    def ended(self, _: Session) -> None:
        """See ``JournalRecorder``."""
        self._write()

    def _write(self) -> None:
        self._database.append(self._waiting, durable=False)
        self._waiting.clear()


def write(path: Path) -> None:
    """Half a year of one instrument; a new target at one bar in twenty."""
    random, rows = np.random.default_rng(SEED), ENTRIES // ENTRIES_PER_BAR
    close = np.round(500.0 * np.exp(np.cumsum(random.normal(0.0, 0.0005, rows))), 2)
    opened = np.concatenate((close[:1], close[:-1]))
    high, low = np.maximum(opened, close) + 0.05, np.minimum(opened, close) - 0.05
    instrument = Instrument("BENCH", "NSE", 0.05, timezone="Asia/Kolkata")
    volume = random.integers(100, 10_000, rows).astype(float)
    panel = Panel.from_bars([Bars.from_arrays(instrument, "1m", minutes(rows), opened, high, low, close, volume)])
    shape = (rows, 1)
    target = np.where(random.random(shape) < 1 / 20, random.integers(-1, 2, shape).astype(float), np.nan)
    database = JournalDatabase(path, "paper", "paper")
    database.begin_run("run-1")
    event.run(panel, SETTINGS, decisions=DecisionArrays(target), recorder=AccountRecorder(database))
    database.close()


def seconds_of(work: Callable[[], object]) -> str:
    """Median of some rounds: what it took, and how long this process had the processor."""
    took, busy = [], []
    for _ in range(ROUNDS):
        begin, began = perf_counter(), process_time()
        work()
        took.append(perf_counter() - begin)
        busy.append(process_time() - began)
    return f"{statistics.median(took):.2f} s, {statistics.median(busy):.2f} s of processor"


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "market-paper.journal.sqlite"
        write(path)

        def started() -> JournalDatabase:
            return JournalDatabase(path, "paper", "paper")

        def whole() -> None:
            database = started()
            restore_account(database.lines())
            database.begin_run(f"round-{perf_counter()}")
            database.close()

        opening = seconds_of(lambda: started().close())
        database = started()
        entries, head = database.head()
        walked = seconds_of(lambda: sum(1 for _ in Walk(database.lines())))
        database.close()
        start = seconds_of(whole)
        database = started()
        database.begin_run("appends")
        sealer, took = Sealer(entries, head), []
        for number in range(APPENDS):
            entry = sealer(Entry(sealer.entries, 0, RunStarted(f"r{number}", NAME, "", {}, ())).text())
            begin = perf_counter()
            database.append([entry])
            took.append(1_000 * (perf_counter() - begin))
        database.close()
        size = path.stat().st_size / 1e6
    took.sort()
    print(f"{entries:,} entries, {size:.1f} MB")
    print(f"open and quick_check  {opening}")
    print(f"read, hashes checked  {walked}")
    print(f"start                 {start}; limit {LIMIT_S:g} s: both, and the fold from the latest checkpoint")
    print(f"durable append        p50 {took[APPENDS // 2]:.2f} ms, p99 {took[-APPENDS // 100]:.2f} ms")


if __name__ == "__main__":
    main()
