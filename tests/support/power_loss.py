"""Power cuts while a journal is written: ``python -m tests.support.power_loss 5000``, or ``make power-loss``."""
# ruff: noqa: T201 - a program to run, too

import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from random import Random
from typing import NamedTuple

from framework.journal.chain import Sealer, Walk
from framework.journal.errors import JournalError
from framework.store import journal_database
from framework.store.journal_database import JournalDatabase
from tests.journal.test_chain import text_of
from tests.support.memory_disk import MemoryDisk

PATH = Path("market-paper.journal.sqlite")
MADE = {str(PATH): b""}
"""``create_file`` makes the file and syncs its name before SQLite opens it."""
MOST_CALLS = (12, 240, 240, 240, 240, 240)
"""The power goes at one of so many calls that change the disk: while the file is made, or in a session."""


class Cut(NamedTuple):
    """Outcome of one seed."""

    damaged: str
    """Why the journal could not be gone on with; empty."""
    lost: int
    """Durable entries that were acknowledged and are not there."""
    kept: int
    cut: bool
    """The power went while the session was under way."""


class Session:
    """Appends of a seed, over restarts of the process, and what was acknowledged."""

    def __init__(self, random: Random):
        self.random = random
        self.texts: list[bytes] = []
        """What the journal must be a prefix of."""
        self.acknowledged = 0
        """Entries that a durable append has returned for, with all before them."""

    def written(self, disk: MemoryDisk, run: str) -> None:
        """One process: it opens the journal, appends and closes; the power may go at any call."""
        database = JournalDatabase(PATH, "paper", "paper", vfs=disk.name)
        with closing(database):  # the power may go here too
            entries, head = database.begin_run(run)
            sealer, random = Sealer(entries, head), self.random
            database._connection.wal_autocheckpoint(random.choice((1, 4, *[1_000] * 6)))
            del self.texts[entries:]  # what was not acknowledged and is lost never was
            for _ in range(random.randint(5, 30)):
                durable, batch = random.random() < 0.6, []
                for _ in range(random.choice((0, 1, 1, 1, 2, 8))):
                    text = text_of(sealer.entries, "x" * random.choice((0, 30, 300, 3_000, 9_000)))
                    batch.append(sealer(text, f"{run}-{sealer.entries}" if random.random() < 0.3 else ""))
                    self.texts.append(text)
                database.append(batch, durable=durable)
                if durable:
                    self.acknowledged = sealer.entries


def cut(seed: int) -> Cut:
    """Three processes one after the other, the power going in each; then a fourth reads."""
    random = Random(seed)
    session, files, went = Session(random), dict(MADE), False
    for run in range(random.randint(1, 3)):
        disk = MemoryDisk(files)
        disk.fail = ("any", random.randint(1, random.choice(MOST_CALLS)), "power", True)
        with suppress(JournalError):
            session.written(disk, f"run-{run}-{seed}")
        went = went or disk.dead
        files = disk.after_power_cut(random)
        outcome = looked_at(files, session)
        if outcome.damaged or outcome.lost:
            return outcome._replace(cut=went)
    return looked_at(files, session)._replace(cut=went)


def looked_at(files: dict[str, bytes], session: Session) -> Cut:
    """A start with what the disk has."""
    disk = MemoryDisk(files)
    try:
        database = JournalDatabase(PATH, "paper", "paper", vfs=disk.name)
        texts = list(Walk(database.lines()))
        database.begin_run("reader")
        database.append([Sealer(*database.head())(text_of(len(texts), "it goes on"))])
        database.close()
    except JournalError as error:
        return Cut(str(error), 0, 0, cut=False)
    damaged = "" if texts == session.texts[: len(texts)] else "the entries are not those that were written"
    return Cut(damaged, max(session.acknowledged - len(texts), 0), len(texts), cut=False)


def main(seeds: int) -> int:
    """Prints what came of the seeds, with FULL and with the control; 1 when a promise was broken."""
    sys.unraisablehook = lambda _: None  # errors while SQLite handles the first one
    began = time.monotonic()
    outcomes = [cut(seed) for seed in range(seeds)]
    took = time.monotonic() - began
    damaged = [seed for seed, one in enumerate(outcomes) if one.damaged]
    lost = [seed for seed, one in enumerate(outcomes) if one.lost]
    went = sum(one.cut for one in outcomes)
    kept = sum(one.kept for one in outcomes)
    print(f"synchronous=FULL    {seeds:,} seeds, power cut under way in {went:,}: {len(damaged)} damaged, "
          f"{len(lost)} lost an acknowledged entry, {kept:,} entries read back, {took:.1f} s")  # fmt: skip
    for seed in (damaged + lost)[:5]:
        print(f"  seed {seed}: {outcomes[seed]}")
    journal_database.DURABLE = "NORMAL"
    control = [cut(seed) for seed in range(seeds)]
    journal_database.DURABLE = "FULL"
    lose = sum(one.lost > 0 for one in control)
    hurt = sum(bool(one.damaged) for one in control)
    print(
        f"synchronous=NORMAL  {seeds:,} seeds: {hurt} damaged, {lose} lost an acknowledged entry ({lose / seeds:.0%})"
    )
    return int(bool(damaged or lost or lose < seeds // 4))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
