"""Evaluators: run parameter sets on threads of this process, or on a cluster, behind one protocol."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor, as_completed, wait
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from types import TracebackType

    from framework.sweeps.grid import ParameterSet
    from framework.sweeps.workload import Stats, Workload

    Tried = list[tuple[str, Stats]]
    """(key, statistics) of sets that were run."""

CHUNK_CELLS = 6_400_000
"""Bars × instruments that one task of a thread runs through: worth handing over, and less than a second of work."""
MOST_IN_CHUNK = 256
CHUNKS_EACH = 8
"""Tasks for each worker at least, where there are so many sets: so that none is left alone with the last one."""


class Evaluator(Protocol):
    """Runs sets over one workload; used in a ``with``, which ends what is still under way."""

    workers: int
    """Sets that run at the same time."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def evaluate(self, sets: Sequence[ParameterSet]) -> Generator[Tried, None, None]:
        """Each set once, in chunks as they are finished, in any order; may be called again with other sets.

        When it is closed before its end, what has not begun is never run.
        """
        ...


class Threads:
    """Threads of this process: the compiled loop releases the interpreter's lock."""

    def __init__(self, workload: Workload, workers: int | None = None) -> None:
        self.workload = workload
        self.workers = workers or os.cpu_count() or 1
        self.pool = ThreadPoolExecutor(self.workers, thread_name_prefix="sweep")
        workload.warm()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pool.shutdown(wait=True, cancel_futures=True)

    def evaluate(self, sets: Sequence[ParameterSet]) -> Generator[Tried, None, None]:
        """See ``Evaluator``."""
        cells = max(self.workload.panel.close.size, 1)
        size = min(MOST_IN_CHUNK, CHUNK_CELLS // cells, -(-len(sets) // (CHUNKS_EACH * self.workers)))
        futures = [self.pool.submit(work, self.workload, chunk) for chunk in chunks(sets, max(1, size))]
        try:
            for done in as_completed(futures):
                yield done.result()
        finally:
            for future in futures:
                future.cancel()
            wait(futures)


def work(workload: Workload, sets: Sequence[ParameterSet]) -> Tried:
    """One task: the statistics of these sets."""
    stats = workload.run_many([one.strategy for one in sets])
    return [(one.key, each) for one, each in zip(sets, stats, strict=True)]


def chunks(sets: Sequence[ParameterSet], size: int) -> Iterator[Sequence[ParameterSet]]:
    """The sets in order, so many at a time."""
    for begin in range(0, len(sets), size):
        yield sets[begin : begin + size]
