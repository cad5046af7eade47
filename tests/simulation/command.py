"""Command line of the simulation: seeds, one seed again, the same seeds twice, the planted bugs."""

import argparse
import json
import logging
import os
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from statistics import median

from tests.simulation.kinds import ALLOWED, FaultKind
from tests.simulation.planted import BUGS, MOST_SEEDS, caught_at
from tests.simulation.world import SeedReport, run_seed

LEAST_SHARE = 0.2
"""Share of the seeds in which each fault must be seen."""
TWICE = (("0", "UTC"), ("77", "America/New_York"))
"""Hash seed and time zone of two processes that must come to the same journals."""


def say(text=""):
    """Tell whoever started it, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def quiet_seed(allowed, seed) -> SeedReport:
    """One seed; a killed process leaves tasks behind, which asyncio would tell of."""
    logging.getLogger("asyncio").disabled = True
    return run_seed(seed, allowed)


def run_seeds(seeds, allowed, workers):
    """Reports in the order of the seeds."""
    if workers <= 1:
        yield from map(partial(quiet_seed, allowed), seeds)
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(partial(quiet_seed, allowed), seeds, chunksize=10)


def simulate(seeds, allowed, workers) -> int:
    """Run the seeds and print what was seen; 1 where something was that must not be."""
    began, bad, kinds, seen, totals = time.perf_counter(), [], Counter(), Counter(), Counter()
    for report in run_seeds(seeds, allowed, workers):
        seen.update(set(report.seen))
        totals.update(
            {name: getattr(report, name) for name in ("orders", "fills", "events", "processes", "failpoints")}
        )
        if report.found:
            bad.append(report)
            kinds.update({one.split(":")[0] for one in report.found})
            if len(bad) <= 10:
                say("\n  ".join([f"seed {report.seed}:", *report.found[:5]]))
    took, count = time.perf_counter() - began, len(seeds)
    rare = _print_table(seen, count, allowed)
    say(", ".join(f"{name} {value:,}" for name, value in totals.items()))
    say(f"{count} seeds, {len(bad)} with a violation {dict(kinds) or ''}, {took:.0f} s, {count / took:.1f} seeds/s")
    if bad:
        say("to see one again: make simulate ARGS='--seed " + str(bad[0].seed) + "'")
    if rare and count >= MOST_SEEDS:
        say(f"seen in less than {LEAST_SHARE:.0%} of the seeds: {', '.join(rare)}")
    return 1 if bad or (rare and count >= MOST_SEEDS) else 0


def _print_table(seen, count, allowed) -> list[str]:
    say("share of the seeds in which each fault was seen:")
    cells = [f"{kind:<22}{seen[kind] / count:>5.0%}" for kind in FaultKind if kind in allowed]
    for at in range(0, len(cells), 4):
        say("  " + "   ".join(cells[at : at + 4]))
    return [str(kind) for kind in FaultKind if kind in allowed and seen[kind] < LEAST_SHARE * count]


def planted(names, workers, most=MOST_SEEDS) -> int:
    """Each bug with the seed that caught it; 1 where one was not caught."""
    chosen = [bug for bug in BUGS if not names or bug.name in names]
    caught = []
    with ProcessPoolExecutor(max(workers, 1)) as pool:
        for bug, (seed, what) in zip(
            chosen, pool.map(partial(caught_at, most=most), [bug.name for bug in chosen]), strict=True
        ):
            caught.append(seed)
            say(f"{bug.name:<26} {'MISSED' if seed < 0 else f'seed {seed}':<10} {bug.text}; {what[:90]}")
    missed = sum(seed < 0 for seed in caught)
    found = [seed for seed in caught if seed >= 0]
    say(f"{len(found)} of {len(chosen)} caught within {most} seeds, median seed {median(found or [0]):g}")
    return 1 if missed else 0


def twice(count) -> int:
    """The same seeds in two fresh processes of another hash seed and time zone; 1 where a journal differs."""
    hashes = []
    for hash_seed, zone in TWICE:
        environment = os.environ | {"PYTHONHASHSEED": hash_seed, "TZ": zone}
        command = [sys.executable, "-m", "tests.simulation", "--seeds", str(count), "--hashes"]
        told = subprocess.run(command, env=environment, capture_output=True, check=True, text=True)
        hashes.append(json.loads(told.stdout))
    equal = sum(one == other for one, other in zip(*hashes, strict=True))
    say(f"{equal} of {count} journals are equal")
    return 0 if equal == count else 1


def main(arguments) -> int:
    """The command; its exit code."""
    parser = argparse.ArgumentParser("simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=0, help="how many; 200, or for planted bugs 500 at most")
    parser.add_argument("--first", type=int, default=0, help="the first one")
    parser.add_argument("--seed", type=int, help="this one alone")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--only", default="", help="only these faults, separated by commas; none = no fault")
    parser.add_argument("--without", default="", help="without these faults")
    parser.add_argument("--twice", action="store_true", help="in two processes; the journals must be equal")
    parser.add_argument("--hashes", action="store_true", help="print the journals' hashes as JSON, no more")
    parser.add_argument("--planted", nargs="?", const="", help="the planted bugs, or those named")
    chosen = parser.parse_args(arguments)
    if chosen.twice:
        return twice(chosen.seeds or 200)
    if chosen.planted is not None:
        return planted(
            [name for name in chosen.planted.split(",") if name],
            chosen.workers,
            min(chosen.seeds or MOST_SEEDS, MOST_SEEDS),
        )
    allowed = ALLOWED
    if chosen.only:
        allowed = frozenset(FaultKind(one) for one in chosen.only.split(",") if one != "none")
    if chosen.without:
        allowed -= {FaultKind(one) for one in chosen.without.split(",")}
    chosen.seeds = chosen.seeds or 200
    seeds = [chosen.seed] if chosen.seed is not None else range(chosen.first, chosen.first + chosen.seeds)
    if chosen.hashes:
        say(json.dumps([report.journal_hash for report in run_seeds(seeds, allowed, chosen.workers)]))
        return 0
    return simulate(seeds, allowed, chosen.workers)
