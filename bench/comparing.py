"""Workloads A to E: which processes are measured, what each is expected to answer, and what was shortened."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import sys
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np

from bench import reference
from bench.children import Entry, Measured, folder_of, run_entries, run_one
from bench.peers.measuring import Job
from bench.shell import in_shell
from bench.workloads import FEW, PERIODS, ROWS, RULES, SETS, Arrays, write

QUICK_ROWS = 50_000
VECTORBT = (("vectorbt (numba)", "numba"), ("vectorbt (rust)", "rust"))


def a(*, quick: bool, rounds: int) -> list[Measured]:
    """2,500 daily bars of one instrument."""
    seconds = 1.0 if quick else 3.0
    base = replace(_job("a"), seconds=seconds)
    expected = _expected("a")
    slow = [Entry(who, who, base, expected=expected) for who in ("backtesting", "nautilus", "bt", "backtrader")]
    entries = [
        *_ours(base, expected, ("plain", "rulebook")),
        *_limits(base, ("plain", "rulebook")),
        *[Entry(who, "vectorbt", replace(base, variant=engine), expected=expected) for who, engine in VECTORBT],
        Entry("vectorbt (numba), its stats() too", "vectorbt", replace(base, variant="stats"), compared=False),
        *slow,
    ]
    return [*run_entries(_with_answers(entries), rounds), *in_shell(_arrays("a"), expected)]


def b(*, quick: bool, rounds: int) -> list[Measured]:
    """1,000,000 minute bars of one instrument."""
    base = replace(_job("b"), seconds=1.0 if quick else 3.0)
    expected = _expected("b")
    part = QUICK_ROWS if quick else None
    short = replace(base, once=True, rows=part)
    scale = ROWS["b"] / part if part else 1.0
    note = f"{part:,} bars, scaled" if part else "once"
    slow_answer = _expected("b", part)
    entries = [
        *_ours(base, expected, ("plain", "rulebook")),
        *_limits(base, ("plain", "rulebook")),
        *[Entry(who, "vectorbt", replace(base, variant=engine), expected=expected) for who, engine in VECTORBT],
        *[
            Entry(who, who, short, expected=slow_answer, scale=scale, note=note)
            for who in ("backtesting", "nautilus", "bt", "backtrader")
        ],
    ]
    return run_entries(_with_answers(entries), rounds)


def c(*, quick: bool, rounds: int) -> list[Measured]:
    """500 instruments of 2,500 days and one purse."""
    base = replace(_job("c"), seconds=1.0 if quick else 3.0)
    expected = _expected("c")
    part = 100 if quick else None
    short = replace(base, once=True, rows=part)
    scale = ROWS["c"] / part if part else 1.0
    note = f"{part:,} bars, scaled" if part else "once"
    entries = [
        *_ours(base, expected, ("plain", "guards")),
        *_limits(base, ("plain", "guards")),
        *[Entry(who, "vectorbt", replace(base, variant=engine), expected=expected) for who, engine in VECTORBT],
        Entry("bt", "bt", short, expected=_expected("c", part), scale=scale, note=note),
        Entry("nautilus", "nautilus", short, expected=_expected("c", part), scale=scale, note=note),
    ]
    return run_entries(_with_answers(entries), rounds)


def d(*, quick: bool, rounds: int) -> list[Measured]:
    """1,000 parameter sets over 100,000 minute bars."""
    base = replace(_job("d"), seconds=1.0 if quick else 3.0)
    prices = _arrays("d")
    capital = RULES["d", "plain"].capital
    expected = reference.sweep_answer(prices, SETS, PERIODS, capital)
    few = FEW[1:2] if quick else FEW
    some = reference.sweep_answer(prices, [SETS[at] for at in few], PERIODS, capital)
    scaled = replace(base, sets=few, once=True)
    note, note_vectorbt = f"{len(few)} of {len(SETS):,} sets, scaled", "in chunks of 20 sets"
    stops = replace(base, variant="stops", least=1)
    entries = [
        Entry("tulya, 2 threads", "tulya", base, "ours", expected),
        Entry("tulya, 1 thread", "tulya", replace(base, workers=1), "ours", expected, compared=False),
        Entry("tulya, stop-loss, 2 threads", "tulya", stops, "ours", compared=False),
        *_limits(base, ("plain",), "C, every set over every bar, 1 thread", expected),
        *[
            Entry(
                who,
                "vectorbt",
                replace(base, variant=engine, seconds=1.0, least=1),
                expected=expected,
                note=note_vectorbt,
            )
            for who, engine in (VECTORBT[1:] if quick else VECTORBT)
        ],
        *[
            Entry(who, who, scaled, expected=some, scale=len(SETS) / len(few), note=note)
            for who in ("backtesting", "nautilus", "bt", "backtrader")
        ],
    ]
    return run_entries(entries, rounds)


def e(*, quick: bool, rounds: int) -> list[Measured]:
    """1,000,000 rows of SQLite as float64 arrays."""
    folder = store_of_e()
    base = Job("e", str(folder), seconds=1.0 if quick else 3.0)
    with sqlite3.connect(folder / "market.sqlite") as connection:
        query = "SELECT count(*), (SELECT close FROM ohlc_data ORDER BY timestamp DESC LIMIT 1) FROM ohlc_data"
        rows, last = connection.execute(query).fetchone()
    connection.close()
    expected = {"rows": rows, "last close": last}
    ours = {
        "first": "tulya, first load",
        "repeated": "tulya, repeated load",
        "read": "tulya, repeated load, values read",
    }
    drivers = ("connectorx", "adbc", "apsw", "sqlite3", "pandas")
    entries = [
        *[
            Entry(who, "tulya", replace(base, variant=variant), "ours", expected, compared=variant == "first")
            for variant, who in ours.items()
        ],
        *[Entry(name, "drivers", replace(base, variant=name), expected=expected) for name in drivers],
    ]
    return [*run_entries(entries, rounds), memory_copy(base)]


def _job(workload: str) -> Job:
    folder = write(workload, folder_of(workload))
    return Job(workload, str(folder), capital=float(RULES[workload, "plain"].capital))


def _arrays(workload: str, rows: int | None = None) -> Arrays:
    job = replace(_job(workload), rows=rows)
    return {path.stem: job.array(path.stem) for path in Path(job.folder).glob("*.npy")}


def _expected(workload: str, rows: int | None = None) -> dict[str, float]:
    return reference.answer(_arrays(workload, rows), RULES[workload, "plain"].capital)


def _ours(base: Job, expected: dict[str, float], variants: tuple[str, str]) -> list[Entry]:
    """The whole call and the engine alone, plain and with everything on."""
    plain, full = variants
    said = "whole rulebook" if full == "rulebook" else full
    return [
        Entry("tulya, plain", "tulya", replace(base, variant=plain), "ours", expected),
        Entry(f"tulya, {said}", "tulya", replace(base, variant=full), "ours"),
        Entry("tulya, plain, engine alone", "tulya", replace(base, variant=f"{plain}:engine"), "ours", expected),
        Entry(f"tulya, {said}, engine alone", "tulya", replace(base, variant=f"{full}:engine"), "ours"),
    ]


def _limits(
    base: Job, variants: tuple[str, ...], who: str = "", expected: dict[str, float] | None = None
) -> list[Entry]:
    """The C loops."""
    names = {"plain": "C, one pass", "rulebook": "C, one pass, whole rulebook", "guards": "C, one pass, guards"}
    return [
        Entry(who or names[variant], "c", replace(base, variant=variant), "limit", expected or {})
        for variant in variants
    ]


def _with_answers(entries: list[Entry]) -> list[Entry]:
    """Expected answer where the plain reference does not reach: the C loop's own, and the reference's of it."""
    ready = []
    known: dict[str, dict[str, float]] = {}
    for entry in entries:
        variant = entry.job.variant.partition(":")[0]
        if entry.expected or entry.role == "peer" or not entry.compared:
            ready.append(entry)
        elif variant == "plain":
            ready.append(replace(entry, expected=_expected(entry.job.workload)))
        else:
            if variant not in known:
                job = replace(entry.job, variant=variant, once=True)
                known[variant] = run_one(Entry("", "c", job)).answer
            ready.append(entry if entry.peer == "c" else replace(entry, expected=known[variant]))
    return ready


def store_of_e() -> Path:
    """A store with the million rows of E."""
    from framework import Bars, store
    from framework.store import open_store

    folder = write("e", folder_of("e"))
    schema = Path(str(store.__file__)).parent / "schema"
    version = hashlib.sha256(b"".join(file.read_bytes() for file in sorted(schema.glob("*.sql")))).hexdigest()[:12]
    stamp = folder / f"imported-{version}"  # a store of former tables is written anew
    if not stamp.exists():
        print("  e: writing the store …", file=sys.stderr, flush=True)
        for old in (*folder.glob("market.sqlite*"), *folder.glob("imported*")):
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        prices = {path.stem: np.load(path) for path in folder.glob("*.npy")}
        columns = (prices[name] for name in ("time", "open", "high", "low", "close", "volume"))
        with open_store(folder / "market.sqlite") as opened:
            opened.save_bars(Bars.from_arrays("WALK", "1m", *columns))
        stamp.touch()
    return folder


def memory_copy(job: Job) -> Measured:
    """The same arrays copied in memory: the bound of E."""
    names = ("time", "open", "high", "low", "close", "volume")
    columns = [job.array(name) for name in names]
    taken = []
    for _ in range(15):
        begin = time.perf_counter()
        copies = [column.copy() for column in columns]
        taken.append(time.perf_counter() - begin)
        del copies
    return Measured("e", "memory copy of the arrays", "limit", median(taken), min(taken), times=len(taken))


COMPARISONS = {"a": a, "b": b, "c": c, "d": d, "e": e}
