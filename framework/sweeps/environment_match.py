"""Environment of a worker: the versions and sources that decide its numbers, compared with ours."""

from __future__ import annotations

import hashlib
import platform
import sys
import sysconfig
from functools import cache
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from framework.engines import numba_cache
from framework.usercode.find import source_hash
from framework.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType

    from framework.strategy import Strategy

INSTALLED = [Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib", "purelib", "platlib")]
"""Folders of what is installed: found there by its name, here and on the workers."""
LIBRARIES = ("numba", "numpy", "pydantic", "TA-Lib")
PACKAGE = Path(__file__).resolve().parents[1]
NEVER_ASKED = frozenset({"cli", "live", "store"})
"""Parts of Tulya that a worker has no use for."""


def facts(strategy: str = "") -> dict[str, str]:
    """Facts that must match for a worker to give the same numbers; ``module:Class`` of an installed strategy."""
    found = {"Tulya": f"{__version__} (source {_source()})", "kernel": numba_cache.source_hash()}
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
    return f"{strategy.__module__}:{strategy.__qualname__}" if module and is_installed(module) else ""


def differences(here: Mapping[str, str], there: Mapping[str, str]) -> list[str]:
    """Differences, as ``numba 0.60 there, 0.61 here``."""
    return [
        f"{name} {there.get(name, 'missing')} there, {said} here"
        for name, said in here.items()
        if there.get(name) != said
    ]


def refusal(worker: str, different: Sequence[str]) -> str:
    """Reason why a worker may not take part, and the fix."""
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


def is_installed(module: ModuleType) -> bool:
    """True if a worker finds it by its name: a library's, Python's or Tulya's own, but no file of the user's."""
    if module.__name__.partition(".")[0] == "framework":
        return True
    file = getattr(module, "__file__", None)
    return module.__name__ != "__main__" and (not file or _lies_with_libraries(file))


@cache
def _lies_with_libraries(file: str) -> bool:
    return any(map(Path(file).resolve().is_relative_to, INSTALLED))
