"""Speed only: indicator cache of a sweep; RSI(14) of one series is computed once, however many sets use it.

While sets are run, TA-Lib's functions look into a memory first. Strategies need not know: they call ``ta.RSI`` as
ever. What is shared is read-only, and only arrays that nobody can change are recognised as the same input. A function
imported by name (``from talib import RSI``) is not intercepted; its sets are right too, and slower.
"""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from contextlib import contextmanager
from functools import cache, wraps
from typing import TYPE_CHECKING, Any

import numpy as np

from framework.types.bars import unchanging

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

MOST_BYTES = 64_000_000
"""Latest indicators kept; neighbouring sets of a grid use the same one."""

Key = tuple[object, ...]


class Shared:
    """The indicators of one sweep; any number of threads may use it at once."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Key, tuple[Any, tuple[Any, ...], int]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()
        self.usable = True
        """False once a strategy wanted to write into what it was handed."""

    def call(self, function: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Result of the function for these arguments, from the cache where it is known."""
        key = _key(function, given, named)
        if key is None or not self.usable:
            return function(*given, **named)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][0]
        answer = function(*given, **named)
        arrays = answer if isinstance(answer, tuple) else (answer,)
        for array in arrays:
            array.flags.writeable = False
        self._keep(key, answer, (*given, *named.values()), sum(array.nbytes for array in arrays))
        return answer

    def _keep(self, key: Key, answer: Any, inputs: tuple[Any, ...], size: int) -> None:
        """``inputs`` are kept too: while they live, no other array has their identity."""
        with self._lock:
            if key in self._kept:
                return
            self._kept[key] = (answer, inputs, size)
            self._bytes += size
            while self._bytes > MOST_BYTES:
                self._bytes -= self._kept.popitem(last=False)[1][2]

    @contextmanager
    def used(self) -> Iterator[None]:
        """TA-Lib looks here first, in this thread, until the end of the block."""
        before = getattr(_CURRENT, "shared", None)
        with _intercepted(sys.modules.get("talib")):
            _CURRENT.shared = self
            try:
                yield
            finally:
                _CURRENT.shared = before


_CURRENT = threading.local()
_LOCK = threading.Lock()
_ORIGINALS: dict[str, Callable[..., Any]] = {}
_USERS = [0]


@contextmanager
def _intercepted(talib: ModuleType | None) -> Iterator[None]:
    """Every function of TA-Lib by one that looks into the thread's memory; the last to leave puts them back."""
    if talib is None:  # no strategy of this process has imported it
        yield
        return
    with _LOCK:
        _USERS[0] += 1
        if _USERS[0] == 1:
            _ORIGINALS.update({name: getattr(talib, name) for name in talib.__all__ if name.isupper()})
            for name, function in _ORIGINALS.items():
                setattr(talib, name, _remembering(function))
    try:
        yield
    finally:
        with _LOCK:
            _USERS[0] -= 1
            if _USERS[0] == 0:
                for name, function in _ORIGINALS.items():
                    setattr(talib, name, function)
                _ORIGINALS.clear()


@cache
def _remembering(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def remembering(*given: Any, **named: Any) -> Any:
        shared: Shared | None = getattr(_CURRENT, "shared", None)
        return function(*given, **named) if shared is None else shared.call(function, given, named)

    return remembering


def _key(function: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any]) -> Key | None:
    """Key of a call, equal for equal arguments; None where there is none, such as for an array that may change."""
    parts: list[object] = [function.__name__]
    for name, value in (*enumerate(given), *sorted(named.items())):
        if isinstance(value, np.ndarray):
            if not unchanging(value):
                return None
            parts.append((name, id(value)))
        elif isinstance(value, int | float | str):
            parts.append((name, type(value), value))
        else:
            return None
    return tuple(parts)
