"""Kill matrix: ``tulya run … --replay`` is killed at every failpoint, and at random moments, and started again.

``python -m tests.simulation.kill_matrix``. Each case is a process of its own, forked from one that has loaded the
program, and dies by a real SIGKILL: at a failpoint, at one more in its recovery, or whenever the driver likes. The
start after it must come to the end of the days, and journal and paper exchange must agree.
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from functools import cache
from pathlib import Path
from typing import NamedTuple

HITS = (1, 25)
FASTEST_DISK = "/dev/shm"  # noqa: S108 - folders of our own in it
"""A death of the process takes nothing from a file that was written, so memory will do."""
RARELY = 0.02
"""Seconds between two looks at a child."""


class KillCase(NamedTuple):
    """Case: where the first process dies, and where the second one does, each ``name:hit``; empty: nowhere."""

    first: str
    second: str = ""
    after_s: float = 0.0
    """Seconds after which the first one is killed wherever it is; 0 = it is not."""

    def __str__(self):
        if self.after_s:
            return f"after {self.after_s * 1000:.0f} ms"
        return f"{self.first}, then {self.second}" if self.second else self.first


class KillPlayground:
    """A store of made-up prices with a deployment of three strategies, and copies of it for each case."""

    def __init__(self, folder: Path):
        from framework.cli import run
        from framework.market.calendar import Calendar
        from tests.live.market import DAYS, SYMBOLS, fill_store, write_deployment
        from tests.live.own_strategies import COUNTING

        self.folder, self._run, self.days = folder, run, (DAYS[1], DAYS[2])
        Calendar.load = cache(Calendar.load)  # read once, before the children are forked
        Calendar.load("NSE")
        os.chdir(folder)
        (folder / "counting.py").write_text(COUNTING.replace("40", "4").replace("60", "7"))
        self.store = fill_store(folder / "market.sqlite", minutes=15)
        self.deployment = write_deployment(
            folder / "deployments",
            ("stops", "rsi", SYMBOLS[:2], "15m", {"stop_loss": "0.5%", "take_profit": "0.6%", "product": "MIS",
                                                 "charges": "upstox:MIS"}, {"period": 3}),
            ("own", "./counting.py:Counting", SYMBOLS[1:], "15m", {}),
            ("close", "rsi", SYMBOLS[2:], "15m", {"fill_at": "same_close", "sizing": "fixed:5"}, {"period": 3}),
        )  # fmt: skip

    # ------------------------------------------------------------------ children

    def _child(self, db: Path, failpoint: str, out: Path) -> int:
        """A process that trades the days; returns its id."""
        pid = os.fork()
        if pid:
            return pid
        code = 1
        try:
            from framework.live import failpoints

            os.environ[failpoints.VARIABLE] = failpoint
            failpoints._CHOSEN = failpoints._Failpoint()
            document = self._run.trade_recorded(self.deployment, db, self.days, float("inf"))
            out.write_text(json.dumps(document))
            code = 0
        except BaseException:  # noqa: BLE001 - it goes to the parent, whatever it was
            out.write_text(traceback.format_exc())
        finally:
            os._exit(code)

    def trade(self, db: Path, failpoint: str = "", after_s: float = 0.0) -> tuple[int, str]:
        """Exit code (−9 = killed) and what was written."""
        out = db.with_suffix(".out")
        out.unlink(missing_ok=True)
        pid, began = self._child(db, failpoint, out), time.monotonic()
        while True:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status), out.read_text() if out.exists() else ""
            if after_s and time.monotonic() - began > after_s:
                os.kill(pid, signal.SIGKILL)
                after_s = 0.0
            time.sleep(RARELY if not after_s else 0.001)

    # ------------------------------------------------------------------ one case

    def faults(self, case: KillCase) -> list[str] | None:
        """What is wrong after a case; None where the first place was never reached."""
        import shutil

        with tempfile.TemporaryDirectory(dir=self.folder) as room:
            db = Path(room) / "market.sqlite"
            shutil.copy(self.store, db)
            code, said = self.trade(db, case.first, case.after_s)
            if code == 0 and case.first:
                return None
            if code not in {0, -9}:
                return [f"the first process ended with {code}: {said[-400:]}"]
            if case.second:
                code, said = self.trade(db, case.second)
                if code not in {0, -9}:
                    return [f"the second process ended with {code}: {said[-400:]}"]
            code, said = self.trade(db) if code else (0, said)
            if code:
                return [f"the start after it ended with {code}: {said[-600:]}"]
            return faults_of(db, json.loads(said))


def faults_of(db: Path, document) -> list[str]:
    """Disagreements of an account's journal with the paper exchange's own file."""
    import apsw

    from adapters.paper.entries import NewsDecided, PaperEntry, PaperFilled, PaperPlaced
    from framework.broker.book import BrokerFill
    from framework.journal.account_fold import fold_account
    from framework.store.account_files import journal_path, run_folder
    from framework.store.journal_reader import JournalReader
    from framework.types.codec import decode

    found = []
    with JournalReader(journal_path(db, "paper")) as reader:
        lines = list(reader.lines())
    folded = fold_account(lines)  # compares every hash, command and fact
    if document["state"] not in {"active", "reduce_only"}:
        found.append(f"the state is {document['state']}")
    paper = apsw.Connection(str(run_folder(db, "paper") / "paper-broker.sqlite"), flags=apsw.SQLITE_OPEN_READONLY)
    entries = [decode(PaperEntry, json.loads(text)) for (text,) in paper.execute("SELECT text FROM entry ORDER BY seq")]
    paper.close()
    placed = Counter(one.tag for one in entries if isinstance(one, PaperPlaced))
    found += [f"tag {tag} was placed {times} times" for tag, times in placed.items() if times > 1]
    sent = {
        body["tag"]
        for body in (json.loads(line)["body"] for line in lines if b'"kind":"sending"' in line)
        if body["request"] == "place"
    }
    found += [f"order {tag} is at the exchange and was never sent" for tag in placed if tag not in sent]
    fills = [one.news for one in entries if isinstance(one, NewsDecided) and isinstance(one.news, BrokerFill)]
    assert not any(isinstance(one, PaperFilled) for one in entries)
    theirs = {one.fill_id: one for one in fills}
    if len(theirs) != len(fills):
        found.append("the exchange has two executions of one name")
    for name, one in folded.sessions.items():
        mine = {fill_id for fill_id, fill in theirs.items() if fill.tag[:-8] == name}
        found += [f"fill {fill_id} was lost" for fill_id in sorted(mine - one.fill_ids)]
        found += [f"fill {fill_id} was invented" for fill_id in sorted(one.fill_ids - mine)]
        units = Counter()
        for fill_id in mine:
            units[theirs[fill_id].symbol] += theirs[fill_id].quantity
        held = dict(zip(map(str, one.session.instruments), one.session.account.quantity, strict=True))
        found += [
            f"{name} holds {units_held:+d} {symbol}, the exchange {units[symbol]:+d}"
            for symbol, units_held in held.items()
            if units_held != units[symbol]
        ]
    return found


def cases(names, *, hits=HITS, recovery: bool = True, random_times: int = 0, longest_s: float = 1.0) -> list[KillCase]:
    """Every place at each hit, plain and with a second death in the recovery; then random moments."""
    draw = random.Random(1)
    found = []
    for number, name in enumerate(names):
        for hit in hits:
            found.append(KillCase(f"{name}:{hit}"))
            if recovery:
                other = names[(number * 7 + hit) % len(names)]
                found.append(KillCase(f"{name}:{hit}", f"{other}:1"))
    return found + [KillCase("", after_s=draw.uniform(0.01, longest_s)) for _ in range(random_times)]


def say(text):
    """Tell whoever started it, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(arguments) -> int:
    from framework.live.failpoints import NAMES

    parser = argparse.ArgumentParser("kill")
    parser.add_argument("--random", type=int, default=200, help="kills at random moments")
    parser.add_argument("--names", default="", help="only these failpoints, separated by commas")
    parser.add_argument("--hits", default=",".join(map(str, HITS)), help="passes at which it dies")
    parser.add_argument("--plain", action="store_true", help="without a second death in the recovery")
    chosen = parser.parse_args(arguments)
    names = chosen.names.split(",") if chosen.names else list(NAMES)
    began, bad, missed, done = time.monotonic(), 0, [], 0
    with tempfile.TemporaryDirectory(dir=FASTEST_DISK if Path(FASTEST_DISK).is_dir() else None) as room:
        playground = KillPlayground(Path(room))
        (Path(room) / "first").mkdir()
        started = time.monotonic()
        if undisturbed := playground.faults(KillCase("")):
            say("\n  ".join(["without a kill:", *undisturbed[:5]]))
            return 1
        longest_s = time.monotonic() - started
        hits = tuple(map(int, chosen.hits.split(",")))
        told = {"hits": hits, "recovery": not chosen.plain, "random_times": chosen.random, "longest_s": longest_s}
        for case in cases(names, **told):
            faults = playground.faults(case)
            if faults is None:
                missed.append(str(case))
                continue
            done += 1
            if faults:
                bad += 1
                say(f"{case}: {'; '.join(faults[:4])}")
        os.chdir("/")
    say(f"{done} cases, {bad} bad, {len(missed)} never reached, {time.monotonic() - began:.0f} s")
    say("never reached: " + ", ".join(sorted({one.split(",")[0] for one in missed})))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
