"""Measured process: load arrays, work once, work again for a while, print one line of JSON.

It runs in the peers' environments: the standard library and numpy only.
"""

from __future__ import annotations

import gc
import json
import re
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

Answer: TypeAlias = "dict[str, float]"
Work: TypeAlias = "Callable[[], Answer]"


@dataclass(frozen=True)
class Job:
    """Task of a measured process."""

    workload: str
    folder: str
    variant: str = "plain"
    capital: float = 1_000_000.0
    rows: int | None = None
    """Only the first so many bars; None = all."""
    once: bool = False
    """One cold run: for what takes many seconds."""
    seconds: float = 3.0
    """For how long to repeat."""
    least: int = 3
    """Times to repeat, however long it takes."""
    workers: int = 2
    sets: tuple[int, ...] = ()
    """Only these parameter sets; () = all."""
    columns: int | None = None
    """Only the first so many instruments."""
    grid: int | None = None
    """So many parameter sets instead of the usual thousand (ours only)."""

    def array(self, name: str) -> np.ndarray:
        """An array of the workload, its first ``rows``.

        The last close decides nothing: backtesting.py would fill its order at the open before, the others never.
        """
        found: np.ndarray = np.load(Path(self.folder, f"{name}.npy"))[: self.rows]
        if found.ndim == 2:
            found = found[:, : self.columns]
        if name == "rsi":
            found[-1] = np.nan
        return found


def measure(prepare: Callable[[Job], Work], version: str) -> None:
    """Prepare outside the clock, run, print. The first run is a warm-up unless there is only that one."""
    job = Job(**json.loads(sys.argv[1]))
    work = prepare(job)
    gc.collect()
    begin = time.perf_counter()
    answer = work()
    taken = [time.perf_counter() - begin]
    if not job.once:
        taken = []
        until = time.perf_counter() + job.seconds
        while len(taken) < job.least or (time.perf_counter() < until and len(taken) < 200):
            begin = time.perf_counter()
            again = work()
            taken.append(time.perf_counter() - begin)
            del again
    print(
        json.dumps(
            {
                "seconds": median(taken),
                "least": min(taken),
                "times": len(taken),
                "peak_mb": peak_mb(),
                "answer": {name: float(value) for name, value in answer.items()},
                "version": version,
            }
        )
    )


def peak_mb() -> float:
    """Most memory this process ever held, MB. VmHWM where there is one: ru_maxrss begins with the parent's."""
    status = Path("/proc/self/status")
    if status.exists():
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text("ascii"))
        if found:
            return int(found[1]) / 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1024 if sys.platform != "darwin" else most / 1024**2
