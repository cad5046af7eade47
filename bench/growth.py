"""How time and memory grow with bars, instruments and parameter sets, each point in a fresh process."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from bench.children import Entry, folder_of, run_entries
from bench.machine import machine
from bench.peers.measuring import Job
from bench.workloads import ROWS, RULES, SETS, write

BARS = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
INSTRUMENTS = (1, 5, 20, 100, 500)
PARAMETER_SETS = (10, 100, 1_000, 10_000)


def growth(*, quick: bool) -> dict[str, Any]:
    """Points and slopes; ``quick`` leaves out the largest size of each."""
    last = -1 if quick else None
    series = [
        _series("bars", "b", BARS[:last], "rulebook"),
        _series("instruments × 2,500 days", "c", INSTRUMENTS[:last], "guards"),
        _series("parameter sets × 100,000 bars", "d", PARAMETER_SETS[:last], "plain"),
        _series("parameter sets × 100,000 bars, stop-loss", "d", PARAMETER_SETS[:-1][:last], "stops"),
    ]
    return {"series": series, "slopes": [_slope(one) for one in series], "machine": machine()}


def _series(against: str, workload: str, sizes: tuple[int, ...], variant: str) -> dict[str, Any]:
    entries = [Entry(f"{size:,} {against}", "tulya", _job(workload, size, variant), "ours") for size in sizes]
    rows = run_entries(entries)
    points = [
        {"size": size, "seconds": row.seconds, "peak_mb": row.peak_mb}
        for size, row in zip(sizes, rows, strict=True)
        if row.ran
    ]
    return {"against": against, "points": points}


def _job(workload: str, size: int, variant: str) -> Job:
    """A workload with so many bars, instruments or sets."""
    capital = float(RULES[workload, variant].capital)
    base = Job(workload, "", variant, capital, seconds=1.0)
    if workload == "b":
        folder = folder_of("b") if size <= ROWS["b"] else folder_of(f"b-{size}")
        return replace(base, folder=str(write("b", folder, None if size <= ROWS["b"] else size)), rows=size)
    if workload == "c":
        return replace(base, folder=str(write("c", folder_of("c"))), columns=size)
    return replace(base, folder=str(write("d", folder_of("d"))), grid=size, once=size > len(SETS))


def _slope(series: dict[str, Any]) -> dict[str, Any]:
    """Time and memory of one more: the rise between the two largest sizes. ``exponent``: 1 is linear."""
    points = series["points"]
    before, last = points[-2], points[-1]
    more = last["size"] - before["size"]
    seconds, megabytes = ((last[key] - before[key]) / more for key in ("seconds", "peak_mb"))
    exponent = float(np.log(last["seconds"] / before["seconds"]) / np.log(last["size"] / before["size"]))
    return {
        "against": series["against"],
        "seconds": seconds,
        "bytes": megabytes * 1024**2,
        "fixed_seconds": points[0]["seconds"],
        "fixed_mb": points[0]["peak_mb"],
        "exponent": exponent,
        "time": f"{1e6 * seconds:,.3g} µs",
        "memory": f"{megabytes * 1024:,.3g} kB",
    }
