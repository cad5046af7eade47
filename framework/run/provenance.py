"""Provenance of a result: everything that must be the same for a rerun to give the same numbers."""

from __future__ import annotations

import hashlib
import platform
import secrets
import sys
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import PureWindowsPath
from types import FunctionType, MappingProxyType
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from framework.types.currency import INR
from framework.types.deferred import DeferredFacts
from framework.usercode.find import source_hash
from framework.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from framework.strategy import Strategy
    from framework.types import Panel

_NO_SIGNS = str.maketrans("", "", "-:")
LIBRARIES = ("numpy", "TA-Lib", "pydantic")


def provenance(strategy: Strategy, panel: Panel) -> dict[str, str]:
    """Versions, hashes of the strategy's source and of the prices, the command, and when (UTC)."""
    return dict(provenance_later(strategy, panel))


def provenance_later(
    strategy: Strategy, panel: Panel, more: Mapping[str, str] = MappingProxyType({})
) -> Mapping[str, str]:
    """The same and ``more``, with the prices hashed at first access, or at once where the caller could change them."""
    facts = {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),  # noqa: TID251 - the shell: when it was run
        "command": " ".join(sys.argv),
        "style": strategy.style(),
        "strategy_sha256": strategy_hash(type(strategy)),
    }

    def make() -> dict[str, str]:
        currency = {} if panel.currency == INR else {"currency": panel.currency}
        return {**facts, "data_sha256": data_hash(panel), **currency, **versions(), **more}

    return make() if panel.can_change else DeferredFacts(make)


@cache
def versions() -> dict[str, str]:
    """Of this program, of Python and of the libraries that a number could depend on."""
    found = {"tulya": __version__, "python": platform.python_version()}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "not installed"
    return found


_sources: WeakKeyDictionary[type, tuple[tuple[object, ...], str]] = WeakKeyDictionary()
"""Class → its own methods and the hash of its source; a notebook may give a class another method."""


def strategy_hash(cls: type[Strategy]) -> str:
    """Sha256 of a strategy's source, made once for a class."""
    methods = tuple(value for value in vars(cls).values() if isinstance(value, FunctionType))
    known = _sources.get(cls)
    if known is None or known[0] != methods:
        _sources[cls] = known = (methods, source_hash(cls))
    return known[1]


def _hashed(panel: Panel) -> tuple[NDArray[Any], ...]:
    return (panel.time, panel.open, panel.high, panel.low, panel.close, panel.volume, panel.factor)


def data_hash(panel: Panel) -> str:
    """sha256 over instruments, timeframe and every array of the panel."""
    # No number depends on the currency: hashes from before instruments had one stay what they were
    instruments = repr((panel.instruments, panel.timeframe)).replace(f", currency={panel.currency!r})", ")")
    digest = hashlib.sha256(instruments.encode())
    if panel.actions:
        digest.update(repr(panel.actions).encode())
    for array in _hashed(panel):
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def new_run_id(strategy: str) -> str:
    """Sortable and unique: ``20261122-133045-rsi-3f9a``."""
    part = strategy.rpartition(":")[2]
    if part.lower().endswith(".py"):  # a file without a class: its name, not its folders
        part = PureWindowsPath(part).stem  # which understands both kinds of slashes
    stem = "".join(letter for letter in part.lower() if letter.isalnum()) or "strategy"
    now = datetime.now(UTC)  # noqa: TID251 - the shell: when it was run
    stamp = now.isoformat(timespec="seconds")[:19].translate(_NO_SIGNS).replace("T", "-")
    return f"{stamp}-{stem[:20]}-{secrets.token_hex(2)}"
