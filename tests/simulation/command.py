"""Command line of the simulation."""

import argparse
import logging
import time
from collections import Counter

from tests.simulation.kinds import FaultKind
from tests.simulation.world import run_seed


def main(arguments) -> int:
    parser = argparse.ArgumentParser("simulate")
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--only", default="")
    parser.add_argument("--without", default="")
    chosen = parser.parse_args(arguments)
    allowed = frozenset(FaultKind)
    if chosen.only:
        allowed = frozenset(FaultKind(one) for one in chosen.only.split(",") if one != "none")
    if chosen.without:
        allowed -= {FaultKind(one) for one in chosen.without.split(",")}
    seeds = [chosen.seed] if chosen.seed is not None else range(chosen.first, chosen.first + chosen.seeds)
    began = time.perf_counter()
    logging.getLogger("asyncio").disabled = True  # a killed process leaves tasks behind
    bad, kinds, seen, totals = [], Counter(), Counter(), Counter()
    for seed in seeds:
        report = run_seed(seed, allowed)
        seen.update(set(report.seen))
        totals.update(orders=report.orders, fills=report.fills, events=report.events, processes=report.processes)
        if report.found:
            bad.append(report)
            kinds.update({one.split(":")[0] for one in report.found})
    took = time.perf_counter() - began
    for report in bad[:8]:
        print(report.seed, report.processes, *report.found[:4], sep="\n   ")
    print(f"{len(bad)} of {len(seeds)} seeds failed", dict(kinds), [one.seed for one in bad[:12]])
    print({name: round(value / len(seeds), 1) for name, value in totals.items()}, f"{len(seeds) / took:.1f} seeds/s")
    print({str(kind): f"{seen[kind] / len(seeds):.0%}" for kind in FaultKind})
    return 1 if bad else 0
