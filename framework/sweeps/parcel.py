"""What a cluster's workers are sent: course and strategy once, then the values of sets; and who may run them."""

from __future__ import annotations

import hashlib
import platform
import sys
import sysconfig
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from framework.discovery import source_hash
from framework.engines import compiling
from framework.errors import ConfigError
from framework.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import ModuleType

    from framework.strategy import Strategy
    from framework.sweeps.course import Course, Stats

INSTALLED = [Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib", "purelib", "platlib")]
"""Folders of what is installed: found there by its name, here and on the workers."""
LIBRARIES = ("numba", "numpy", "pydantic", "TA-Lib")
PACKAGE = Path(__file__).resolve().parents[1]
NEVER_ASKED = frozenset({"cli", "live", "store"})
"""Parts of Tulya that a worker has no use for."""

_one_at_a_time = threading.Lock()


class Answer(NamedTuple):
    """What a task came to."""

    stats: list[Stats]
    seconds: float
    """That the sets took, without what is done once for a worker."""


@dataclass(frozen=True, eq=False)
class Parcel:
    """What every task on a cluster needs; a worker keeps it, and what it made of it, from task to task."""

    course: Course
    strategy: bytes
    """The class: by its name where it is installed, else with its source."""
    installed: str
    """``module:Class`` of an installed strategy, else empty."""
    facts: Mapping[str, str]
    """The sender's: a worker of other facts, which would come to other numbers, refuses."""

    @classmethod
    def of(cls, course: Course, strategy: type[Strategy]) -> Parcel:
        """Packed here and now."""
        installed = name_of(strategy)
        return cls(course, packed(strategy), installed, facts(installed))

    def run(self, sets: bytes) -> Answer:
        """One task, on a worker."""
        with _one_at_a_time:
            kind = self.open()
        strategies = [restored(kind, state) for state in unpacked(sets)]
        began = _now()
        stats = self.course.run_many(strategies)
        return Answer(stats, _now() - began)

    def open(self) -> type[Strategy]:
        """The strategy's class; the first time, who this is is looked at and the course made ready."""
        kind: type[Strategy] | None = vars(self).get("kind")
        if kind is None:
            different = differences(self.facts, facts(self.installed))
            if different:
                raise ConfigError(refusal(f"worker {platform.node()}", different))
            for name in ("time", "session", "close_time", "open", "high", "low", "close", "volume", "factor"):
                getattr(self.course.panel, name).setflags(write=False)  # which pickle forgets
            self.course.warm()
            kind = unpacked(self.strategy)
            vars(self)["kind"] = kind
        return kind


def run(parcel: Parcel, sets: bytes) -> Answer:
    """A task, by a name that the workers know."""
    return parcel.run(sets)


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
    """What ``packed`` was given."""
    import cloudpickle

    return cloudpickle.loads(packed_bytes)


def facts(strategy: str = "") -> dict[str, str]:
    """All that must be the same for a worker to come to the same numbers; ``module:Class`` of an installed strategy."""
    found = {"Tulya": f"{__version__} (source {_source()})", "kernel": compiling.source_hash()}
    found |= {"Python": platform.python_version()} | {name: version(name) for name in LIBRARIES}
    if strategy:
        module, _, name = strategy.partition(":")
        try:
            found["strategy"] = f"{strategy} (source {source_hash(getattr(import_module(module), name))[:16]})"
        except (ImportError, AttributeError):
            found["strategy"] = f"without {strategy}"
    return found


def name_of(strategy: type[Strategy]) -> str:
    """``module:Class`` of a strategy that is installed; empty for one that is sent with its source."""
    module = sys.modules.get(strategy.__module__)
    return f"{strategy.__module__}:{strategy.__qualname__}" if module and _is_installed(module) else ""


def differences(here: Mapping[str, str], there: Mapping[str, str]) -> list[str]:
    """What is not the same, as ``numba 0.60 there, 0.61 here``."""
    return [
        f"{name} {there.get(name, 'missing')} there, {said} here"
        for name, said in here.items()
        if there.get(name) != said
    ]


def refusal(worker: str, different: Sequence[str]) -> str:
    """Why a worker may not take part, and what to do."""
    return (
        f"{worker} would come to other numbers ({'; '.join(different)}): install the same versions there, "
        "start it again, and go on with --resume"
    )


@cache
def _source() -> str:
    """sha256 over the framework's source files: a checkout between two versions has no number of its own."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        within = path.relative_to(PACKAGE)
        if within.parts[0] not in NEVER_ASKED:
            digest.update(within.as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]


@contextmanager
def _by_value(cloudpickle: ModuleType) -> Iterator[None]:
    """Inside, whatever lives in a file that is not installed is packed with its source."""
    own = [
        module
        for name, module in list(sys.modules.items())
        if getattr(module, "__name__", "") == name and name != "__main__" and not _is_installed(module)
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


def _is_installed(module: ModuleType) -> bool:
    """Whether a worker finds it by its name: a library's, Python's or Tulya's own, but no file of the user's."""
    if module.__name__.partition(".")[0] == "framework":
        return True
    file = getattr(module, "__file__", None)
    return module.__name__ != "__main__" and (not file or any(map(Path(file).resolve().is_relative_to, INSTALLED)))


def _now() -> float:
    """Seconds, to measure how long a set takes."""
    return time.perf_counter()  # noqa: TID251 - the shell: so that the next task is neither too short nor too long
