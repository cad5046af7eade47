"""The figures to reach, each a ratio of rows of one run, and whether they were."""

from __future__ import annotations

from typing import Any, NamedTuple

from bench.ratios import Row, ratio, row_of
from bench.workloads import SETS

GIGABYTE_OF_E = 1_000_000 * 9 * 8 / 1e9
"""Nine arrays of eight bytes that a load hands over."""
VECTORBT = "vectorbt (numba)"


class Target(NamedTuple):
    """One figure to reach."""

    workload: str
    what: str
    bound: float
    least: bool
    """True: at least the bound; False: at most."""
    measured: float | None

    @property
    def met(self) -> bool | None:
        """None where it was not measured."""
        if self.measured is None:
            return None
        return self.measured >= self.bound if self.least else self.measured <= self.bound


def judged(kept: dict[str, Any]) -> list[Target]:
    """Every figure to reach of the workloads that were measured."""
    found = []
    for name, judge in JUDGES.items():
        if name in kept:
            found += judge(kept[name]["rows"])
    return found


def _a(rows: list[Row]) -> list[Target]:
    mine = "tulya, plain"
    return [
        Target("a", "vectorbt ÷ ours", 5, True, ratio(rows, VECTORBT, mine)),
        Target("a", "backtesting.py ÷ ours", 40, True, ratio(rows, "backtesting", mine)),
        Target(
            "a",
            "whole process: ours ÷ backtesting.py script",
            0.8,
            False,
            ratio(rows, "shell: tulya backtest rsi", "shell: backtesting.py script"),
        ),
    ]


def _b(rows: list[Row]) -> list[Target]:
    mine = "tulya, whole rulebook"
    return [
        Target("b", "vectorbt ÷ ours, whole rulebook", 8, True, ratio(rows, VECTORBT, mine)),
        Target("b", "backtesting.py ÷ ours, whole rulebook", 400, True, ratio(rows, "backtesting", mine)),
        Target("b", "backtrader ÷ ours, whole rulebook", 5_000, True, ratio(rows, "backtrader", mine)),
        Target("b", "ours, whole rulebook ÷ one pass in C", 3.5, False, ratio(rows, mine, "C, one pass")),
        Target(
            "b",
            "our engine alone, whole rulebook ÷ one pass in C",
            3.5,
            False,
            ratio(rows, f"{mine}, engine alone", "C, one pass"),
        ),
        Target("b", "our peak memory ÷ vectorbt's", 0.6, False, ratio(rows, mine, VECTORBT, "peak_mb")),
    ]


def _c(rows: list[Row]) -> list[Target]:
    mine, limit = "tulya, guards", "C, one pass, guards"
    return [
        Target("c", "vectorbt ÷ ours, guards", 12, True, ratio(rows, VECTORBT, mine)),
        Target("c", "ours, guards ÷ C with guards", 3, False, ratio(rows, mine, limit)),
        Target("c", "our engine alone, guards ÷ C with guards", 3, False, ratio(rows, f"{mine}, engine alone", limit)),
    ]


def _d(rows: list[Row]) -> list[Target]:
    mine = "tulya, 2 threads"
    ours, stops = row_of(rows, mine), row_of(rows, "tulya, stop-loss, 2 threads")
    return [
        Target("d", "sets a second, two threads", 10_000, True, len(SETS) / ours["seconds"] if ours else None),
        Target("d", "sets a second, stop-loss", 2_000, True, len(SETS) / stops["seconds"] if stops else None),
        Target("d", "vectorbt ÷ ours", 100, True, ratio(rows, VECTORBT, mine)),
        Target("d", "our peak memory, MB", 300, False, ours["peak_mb"] if ours else None),
        Target("d", "one thread ÷ two threads", 1.8, True, ratio(rows, "tulya, 1 thread", mine)),
    ]


def _e(rows: list[Row]) -> list[Target]:
    drivers = [row for row in rows if row["role"] == "peer" and row["seconds"] is not None]
    best = min(drivers, key=lambda row: row["seconds"], default=None)
    again = row_of(rows, "tulya, repeated load")
    return [
        Target(
            "e",
            f"first load ÷ the best driver ({best['who']})" if best else "first load ÷ the best driver",
            1.2,
            False,
            ratio(rows, "tulya, first load", best["who"]) if best else None,
        ),
        Target("e", "repeated load, GB/s", 1, True, GIGABYTE_OF_E / again["seconds"] if again else None),
    ]


JUDGES = {"a": _a, "b": _b, "c": _c, "d": _d, "e": _e}
