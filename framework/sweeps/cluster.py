"""Cluster: parameter sets on Dask's workers. A worker that is lost loses nothing, and nothing is counted twice."""

from __future__ import annotations

import time
from collections import deque
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, Self

from framework.errors import ConfigError, TulyaError
from framework.sweeps import environment_match
from framework.sweeps.dask_client import connected, scheduler_of
from framework.sweeps.task import SweepTask, TaskAnswer, packed_sets
from framework.sweeps.task import run as run_task

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from types import TracebackType

    from distributed import Future, as_completed

    from framework.strategy import Strategy
    from framework.sweeps.evaluators import Tried
    from framework.sweeps.grid import ParameterSet
    from framework.sweeps.workload import Workload

FIRST_SETS = 8
"""In a task while the time of a set is unknown."""
SHORTEST_SECONDS, TASK_SECONDS = 0.05, 0.5
"""That a task should take: long beside the milliseconds of handing it over, short for Ctrl-C and for a lost worker."""
MOST_SETS = 5_000
"""In one task, which is one message."""
WAITING = 2
"""Tasks handed over for each thread of a worker: the one that runs and the next."""
ATTEMPTS = 5
"""That a task is given when the data it reads is lost before the sweep stops."""
KILLED_ATTEMPTS = 2
"""That a task is given after Dask gave it up, because several workers (four, as it comes) died under it."""
NO_WORKER_SECONDS = 60.0
"""Seconds a cluster whose last worker died has to start another."""
LOOK_SECONDS = 1.0
POLL_SECONDS = 0.005


class Task(NamedTuple):
    """Sets that a worker is handed, for the how-manieth time, and the scattered data that it reads."""

    sets: Sequence[ParameterSet]
    attempt: int
    data: Future | None = None


class Cluster:
    """Runs sets on the workers behind ``tcp://host:port``, ``local:4`` or a Dask client that is there already."""

    def __init__(self, workload: Workload, strategy: type[Strategy], cluster: object) -> None:
        self.closing = ExitStack()
        try:
            self.client = connected(cluster, self.closing)
            self.shared = SweepTask.of(workload, strategy)
            self._refuse_others()
            self.workers = sum(self.client.nthreads().values())
        except BaseException:
            self.closing.close()
            raise
        self.data: Future | None = None
        self.seconds = 0.0
        """That one set takes, as last seen; 0 = not seen yet."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.data = None  # the workers drop what nobody refers to
        self.closing.close()

    def evaluate(self, sets: Sequence[ParameterSet]) -> Generator[Tried, None, None]:
        """See ``Evaluator``."""
        from distributed import as_completed

        left, again = deque(sets), deque[Task]()
        under_way: dict[Future, Task] = {}
        finished = as_completed(loop=self.client.loop, with_results=True, raise_errors=False)
        try:
            while left or again or under_way:
                while (left or again) and len(under_way) < WAITING * self.workers:
                    task = self._with_data(again.popleft() if again else self._next_task(left))
                    future = self._submit(task)
                    under_way[future] = task
                    finished.add(future)
                for future, outcome in self._wait(finished):
                    task = under_way.pop(future)
                    answer = self._answer(future, outcome, task)
                    if answer is None:
                        again.append(task._replace(attempt=task.attempt + 1))
                        continue
                    self._learn(answer.seconds / len(task.sets))
                    yield [(one.key, stats) for one, stats in zip(task.sets, answer.stats, strict=True)]
        finally:
            if under_way and self.client.status == "running":
                self.client.cancel(list(under_way))

    def _next_task(self, left: deque[ParameterSet]) -> Task:
        """So many sets as take ``TASK_SECONDS``; fewer towards the end, so that all workers end together."""
        share = -(-len(left) // (WAITING * self.workers))
        size = min(share, FIRST_SETS)
        if self.seconds:
            size = min(max(share, int(SHORTEST_SECONDS / self.seconds)), int(TASK_SECONDS / self.seconds), MOST_SETS)
        return Task([left.popleft() for _ in range(min(max(size, 1), len(left)))], 1)

    def _learn(self, seconds: float) -> None:
        """A worker's first task is slow (it loads libraries): faster ones count at once, slower ones by half."""
        self.seconds = min(seconds, (self.seconds + seconds) / 2) if self.seconds else seconds

    def _with_data(self, task: Task) -> Task:
        """The task with data that is on the cluster: sent there now where it is not, or not any more."""
        attempt = 0
        while self.data is None:
            try:
                self.client.wait_for_workers(1, timeout=NO_WORKER_SECONDS)
            except TimeoutError:
                self._refuse_emptiness()
            try:
                self.data = self.client.scatter(self.shared, broadcast=True, hash=False)
            except OSError as error:  # the worker went away while it was sent
                self._refuse_silence()
                attempt += 1
                if attempt == ATTEMPTS:
                    msg = f"the prices cannot be sent to the workers of {scheduler_of(self.client)}: {error}"
                    raise ConfigError(msg) from error
        return task._replace(data=self.data)

    def _submit(self, task: Task) -> Future:
        sets = packed_sets([one.strategy for one in task.sets])
        return self.client.submit(run_task, task.data, sets, pure=False)

    def _wait(self, finished: as_completed) -> list[tuple[Future, Any]]:
        """Finished tasks with their results; checks now and then that the cluster still answers."""
        alone_since, looked_at = None, _now()
        while not (batch := finished.next_batch(block=False)):
            time.sleep(POLL_SECONDS)  # noqa: TID251 - the shell: waits for the cluster
            if _now() - looked_at < LOOK_SECONDS:
                continue
            looked_at = _now()
            threads = self._threads()
            self.workers = sum(threads.values()) or self.workers
            alone_since = None if threads else alone_since or _now()
            if alone_since is not None and _now() - alone_since > NO_WORKER_SECONDS:
                self._refuse_emptiness()
        return list(batch)

    def _threads(self) -> dict[str, int]:
        self._refuse_silence()
        try:
            return dict(self.client.nthreads())
        except (OSError, TimeoutError):
            self._refuse_silence()
            return {}

    def _refuse_emptiness(self) -> NoReturn:
        where = scheduler_of(self.client)
        msg = (
            f"the scheduler {where} has had no worker for {NO_WORKER_SECONDS:.0f} s; what was finished is kept: start "
            f"one with dask worker {where}, and go on with --resume"
        )
        raise ConfigError(msg)

    def _refuse_silence(self) -> None:
        if self.client.status != "running":
            msg = (
                f"the scheduler {scheduler_of(self.client)} does not answer any more; what was finished is kept: "
                "start it again and go on with --resume"
            )
            raise ConfigError(msg)

    def _answer(self, future: Future, outcome: Any, task: Task) -> TaskAnswer | None:
        """Answer of a task; None when its worker died under it, or its data is gone: the task is sent again."""
        from distributed import KilledWorker

        attempts = KILLED_ATTEMPTS
        if future.status == "finished":
            return TaskAnswer(*outcome)
        if future.status == "error":
            error = outcome[1]
            if isinstance(error, TulyaError):
                raise error
            if not isinstance(error, KilledWorker):
                msg = f"a worker of the cluster could not run these sets: {type(error).__name__}: {error}"
                raise ConfigError(msg) from error
        else:
            self._refuse_silence()
            attempts = ATTEMPTS
            if self.data is task.data:
                self.data = None
        if task.attempt >= attempts:
            msg = (
                f"workers died again and again while they ran {task.sets[0].strategy!r} or one of the "
                f"{len(task.sets) - 1} sets after it; look at their logs and their memory, and go on with --resume"
            )
            raise ConfigError(msg)
        return None

    def _refuse_others(self) -> None:
        """Refuse the cluster unless every worker would give the same numbers as this process."""
        answers = self.client.run(environment_match.facts, self.shared.installed, on_error="return")
        for worker, there in sorted(answers.items()):
            if isinstance(there, BaseException):
                msg = (
                    f"worker {worker} cannot load Tulya ({type(there).__name__}: {there}): install the same version "
                    "there and start it again"
                )
                raise ConfigError(msg)
            different = environment_match.differences(self.shared.facts, there)
            if different:
                raise ConfigError(environment_match.refusal(f"worker {worker}", different))


def _now() -> float:
    """Seconds, for a check of the cluster now and then."""
    return time.monotonic()  # noqa: TID251 - the shell: paces looking
