"""Tasks for a cluster's workers: the workload and the strategy once, then the values of sets."""

from __future__ import annotations

import ctypes
import platform
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from framework.errors import ConfigError
from framework.sweeps import environment_match

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import ModuleType

    from numpy.typing import NDArray

    from framework.strategy import Strategy
    from framework.sweeps.workload import Stats, Workload

LARGEST_KEPT, MOST_KEPT = 32 << 20, 64 << 20
"""Bytes: of one array, and in all, that stay with a worker when they are freed."""

_one_at_a_time = threading.Lock()


class TaskAnswer(NamedTuple):
    """Answer of a task."""

    stats: list[Stats]
    seconds: float
    """That the sets took, without what is done once for a worker."""


@dataclass(frozen=True, eq=False)
class SweepTask:
    """Shared part of every task on a cluster; a worker keeps it, and what it made of it, from task to task."""

    workload: Workload
    strategy: bytes
    """The class: by its name where it is installed, else with its source."""
    installed: str
    """``module:Class`` of an installed strategy, else empty."""
    facts: Mapping[str, str]
    """Environment facts of the sender; a worker with others would give other numbers and refuses."""

    @classmethod
    def of(cls, workload: Workload, strategy: type[Strategy]) -> SweepTask:
        """Packed here and now."""
        installed = environment_match.name_of(strategy)
        return cls(workload, packed(strategy), installed, environment_match.facts(installed))

    def run(self, sets: bytes) -> TaskAnswer:
        """One task, on a worker."""
        with _one_at_a_time:
            kind, workload = self.opened
        strategies = [restored(kind, state) for state in unpacked(sets)]
        began = _now()
        stats = workload.run_many(strategies)
        return TaskAnswer(stats, _now() - began)

    @cached_property
    def opened(self) -> tuple[type[Strategy], Workload]:
        """The strategy's class and the workload, ready to run; this process is checked against ours once."""
        different = environment_match.differences(self.facts, environment_match.facts(self.installed))
        if different:
            raise ConfigError(environment_match.refusal(f"worker {platform.node()}", different))
        panel = self.workload.panel
        arrays: dict[str, Any] = {name: _settled(one) for name, one in _fields(panel) if isinstance(one, np.ndarray)}
        workload = replace(self.workload, panel=replace(panel, **arrays))
        workload.warm()
        _keep_freed_memory()
        return unpacked(self.strategy), workload

    def __getstate__(self) -> dict[str, Any]:
        return dict(_fields(self))


def run(shared: SweepTask, sets: bytes) -> TaskAnswer:
    """Entry point of a task on a worker."""
    return shared.run(sets)


def packed_sets(strategies: Sequence[Strategy]) -> bytes:
    """Their values, without their class."""
    return packed([strategy.__getstate__() for strategy in strategies])


def restored(kind: type[Strategy], state: dict[Any, Any]) -> Strategy:
    """The set that had this state: the same values, which were validated where it was made."""
    strategy = kind.__new__(kind)
    strategy.__setstate__(state)
    return strategy


def packed(thing: object) -> bytes:
    """As bytes that hold the source of everything that is not installed: a file of the user's, a notebook's cell."""
    import cloudpickle

    with _by_value(cloudpickle):
        found: bytes = cloudpickle.dumps(thing)
    return found


def unpacked(packed_bytes: bytes) -> Any:
    """Unpack what ``packed`` was given."""
    import cloudpickle

    return cloudpickle.loads(packed_bytes)


@contextmanager
def _by_value(cloudpickle: ModuleType) -> Iterator[None]:
    """Inside, whatever lives in a file that is not installed is packed with its source."""
    own = [
        module
        for name, module in list(sys.modules.items())
        if getattr(module, "__name__", "") == name and name != "__main__" and not environment_match.is_installed(module)
    ]
    before = cloudpickle.list_registry_pickle_by_value()
    added = [module for module in own if module.__name__ not in before]
    for module in added:
        cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in added:
            cloudpickle.unregister_pickle_by_value(module)


def _fields(one: Any) -> list[tuple[str, Any]]:
    return [(field.name, getattr(one, field.name)) for field in fields(one) if field.init]


def _settled(array: NDArray[Any]) -> NDArray[Any]:
    """A copy that begins where an array should begin: in a message it may lie askew, and is compiled for anew."""
    own = np.array(array, order="C")
    own.setflags(write=False)
    return own


def _keep_freed_memory() -> None:
    """Have the C library keep what numpy frees.

    Dask starts its workers such that every freed array goes back to the system. A set makes dozens of arrays, and to
    ask for them anew takes longer than the set itself: measured at 100,000 bars, half of the speed.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:  # glibc's; its numbers are M_MMAP_THRESHOLD and M_TRIM_THRESHOLD
        mallopt(-3, LARGEST_KEPT)
        mallopt(-1, MOST_KEPT)


def _now() -> float:
    """Seconds, to measure how long a set takes."""
    return time.perf_counter()  # noqa: TID251 - the shell: so that the next task is neither too short nor too long
