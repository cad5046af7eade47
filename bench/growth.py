"""Growth of time and memory with bars, instruments and parameter sets, and the cost of a cluster.

Each point is a fresh process.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from bench.children import Entry, folder_of, run_entries, run_one
from bench.machine import machine
from bench.peers.measuring import Job
from bench.peers.with_dask import TASKS
from bench.workloads import ROWS, RULES, write

Point = dict[str, float]


class Axis(NamedTuple):
    """Dimension that is made larger, and the size of everything else."""

    name: str
    unit: str
    """One of it."""
    workload: str
    variant: str
    sizes: tuple[int, ...]
    peer: str = "tulya"
    rows: int | None = None
    workers: int = 2


AXES = (
    Axis(
        "bars, one instrument, whole rulebook", "bar", "b", "rulebook", (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
    ),
    Axis("instruments of 2,500 days, guards", "instrument", "c", "guards", (1, 5, 20, 100, 500)),
    Axis("parameter sets on 100,000 bars", "set", "d", "plain", (10, 100, 1_000, 10_000)),
    Axis("parameter sets on 100,000 bars, one thread", "set", "d", "plain", (10, 100, 1_000), workers=1),
    Axis("parameter sets on 100,000 bars, stop-loss", "set", "d", "stops", (10, 100, 1_000)),
    Axis("parameter sets on 100,000 bars, stop-loss, one thread", "set", "d", "stops", (10, 100), workers=1),
    Axis("parameter sets on 100,000 bars, stop-loss, two Dask workers", "set", "d", "stops", (100, 1_000), "dask"),
    Axis("parameter sets on 400 bars, two Dask workers", "set", "d", "plain", (1_000, 10_000), "dask", rows=400),
)
"""The last one has next to no work: what it takes is the client's and the scheduler's part of a set."""


def growth(*, quick: bool) -> dict[str, Any]:
    """Points and slopes; ``quick`` leaves out the largest size of each axis that has more than two."""
    series = [_series(axis, axis.sizes[:-1] if quick and len(axis.sizes) > 2 else axis.sizes) for axis in AXES]
    capital = float(RULES["d", "plain"].capital)
    handed = run_one(Entry("tasks", "dask", Job("d", "", "tasks", capital, seconds=1.0)))
    task = handed.seconds / TASKS if handed.ran else None
    return {"series": series, "task_seconds": task, "machine": machine(), "quick": quick}


def _series(axis: Axis, sizes: tuple[int, ...]) -> dict[str, Any]:
    entries = [Entry(f"{size:,} {axis.name}", axis.peer, _job(axis, size), "ours") for size in sizes]
    rows = run_entries(entries)
    points = [
        {"size": size, "seconds": row.seconds, "peak_mb": row.peak_mb}
        for size, row in zip(sizes, rows, strict=True)
        if row.ran
    ]
    failed = [row.note for row in rows if not row.ran]
    return {"axis": axis.name, "unit": axis.unit, "points": points, "failed": failed, **slope(points)}


def _job(axis: Axis, size: int) -> Job:
    """A workload with so many bars, instruments or sets."""
    capital = float(RULES[axis.workload, axis.variant].capital)
    base = Job(axis.workload, "", axis.variant, capital, rows=axis.rows, seconds=1.0, workers=axis.workers)
    if axis.workload == "b":
        usual = size <= ROWS["b"]
        large = write("b", folder_of("b" if usual else f"b-{size}"), None if usual else size)
        return replace(base, folder=str(large), rows=size)
    folder = str(write(axis.workload, folder_of(axis.workload)))
    if axis.workload == "c":
        return replace(base, folder=folder, columns=size)
    return replace(base, folder=folder, grid=size, least=1)


def slope(points: list[Point]) -> dict[str, float]:
    """Time and memory of one more: the rise between the two largest sizes; ``exponent`` 1 is linear growth."""
    if len(points) < 2:
        return {}
    before, last = points[-2:]
    more = last["size"] - before["size"]
    return {
        "each_seconds": (last["seconds"] - before["seconds"]) / more,
        "each_bytes": (last["peak_mb"] - before["peak_mb"]) * 1024**2 / more,
        "exponent": float(np.log(last["seconds"] / before["seconds"]) / np.log(last["size"] / before["size"])),
    }
