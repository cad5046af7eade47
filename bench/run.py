"""`make bench`: how fast Tulya is, beside its peers and a lower bound in C, all in one run.

  make bench                               everything: a quarter to half an hour on two cores
  make bench ARGS="a b --quick"            two groups, slow peers on a part of the work; some minutes
  make bench ARGS="--json figures.json"    keep the figures

Groups a to e are the workloads of docs/benchmarks.md, growth is docs/scaling.md; engine, start, store and stream have
limits of their own. The first run installs the peers under .bench (1.5 GB). Read the ratios: machines differ and are
busy.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from bench import stated, tables
from bench.comparing import COMPARISONS
from bench.growth import growth
from bench.machine import machine
from bench.targets import judged

GROUPS = [*COMPARISONS, "growth", *stated.GROUPS]


def main(words: list[str]) -> None:
    """Measure what was chosen, print tables, keep the figures."""
    parser = argparse.ArgumentParser(
        prog='make bench ARGS="…"', description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"{', '.join(GROUPS)}; all by default")
    parser.add_argument("--quick", action="store_true", help="shorten what takes minutes, and say so")
    parser.add_argument("--rounds", type=int, default=3, help="times that the fast rows are measured, in turn (3)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures; groups that FILE has stay in it")
    given = parser.parse_args(words)
    unknown = [name for name in given.groups if name not in GROUPS]
    if unknown:
        parser.error(f"there is no group {', '.join(unknown)}; choose from {', '.join(GROUPS)}")
    if given.rounds < 1:
        parser.error(f"--rounds {given.rounds} measures nothing; write at least 1")
    console = Console(width=None if sys.stdout.isatty() else 150)
    kept = kept_before(given.json)
    for name in given.groups or GROUPS:
        print(f"{name} …", file=sys.stderr, flush=True)
        if name in stated.GROUPS:
            console.print(tables.stated_table(name, stated.GROUPS[name]()))
            continue
        if name == "growth":
            series = growth(quick=given.quick)
            kept[name] = series
            console.print(tables.growth_table(series))
        else:
            rows = [row.to_dict() for row in COMPARISONS[name](quick=given.quick, rounds=given.rounds)]
            kept[name] = {"rows": rows, "quick": given.quick, "machine": machine()}
            console.print(tables.answers_table(name, rows), tables.ratios_table(name, rows))
        keep(given.json, kept)
    if any(name in COMPARISONS for name in kept):
        console.print(tables.targets_table(judged(kept)))


def kept_before(file: Path | None) -> dict[str, Any]:
    """Figures of earlier calls, so that groups can be measured one by one."""
    if file is None or not file.exists():
        return {}
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return found


def keep(file: Path | None, kept: dict[str, Any]) -> None:
    """Write what there is so far."""
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(kept, ensure_ascii=False, indent=1, allow_nan=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
