"""Speed only: TA-Lib imported without pandas (saves 0.25 s), which it needs only to recognise a Series.

While TA-Lib is imported, a stand-in takes the place of pandas. Its two classes say yes to an object only when it is one
of the real pandas, which must have been imported then, and make real ones when they are called: whoever hands TA-Lib
a Series gets a Series back, as ever. A process that has pandas already imports TA-Lib as it is.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import PathFinder
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.abc import Loader  # importing it takes a few milliseconds of tulya --help
    from importlib.machinery import ModuleSpec

KINDS = ("Series", "DataFrame")


def import_talib_alone() -> None:
    """From now on, importing ``talib`` does not import pandas."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Kind(type):
    """A class of pandas by its name; ``isinstance`` asks the real one, once there can be an object of it."""

    def __instancecheck__(cls, given: object) -> bool:
        pandas = sys.modules.get("pandas")
        real = None if pandas is None or isinstance(pandas, _StandIn) else getattr(pandas, cls.__name__, None)
        return real is not None and isinstance(given, real)

    def __call__(cls, *args: Any, **named: Any) -> Any:
        return getattr(import_module("pandas"), cls.__name__)(*args, **named)


class _StandIn(ModuleType):
    """In the place of pandas; for anything but its two classes the real one is imported."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what the import system asks about any module
            raise AttributeError(name)
        if name in KINDS:
            return _Kind(name, (), {})
        if sys.modules.get("pandas") is self:
            del sys.modules["pandas"]
        return getattr(import_module("pandas"), name)


class _Finder:
    """Finds ``talib`` where it is, and has it loaded with the stand-in in place."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "talib" or "pandas" in sys.modules:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = cast("Loader", _Alone(spec.loader))
        return spec


class _Alone:
    """TA-Lib's own loader, with the stand-in in the place of pandas."""

    def __init__(self, own: Any) -> None:
        self._own = own

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        created: ModuleType | None = self._own.create_module(spec)
        return created

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = self._own
        module.__loader__ = self._own
        with _without_pandas():
            self._own.exec_module(module)


@contextmanager
def _without_pandas() -> Iterator[None]:
    stand_in = sys.modules.setdefault("pandas", _StandIn("pandas"))
    try:
        yield
    finally:
        if isinstance(stand_in, _StandIn) and sys.modules.get("pandas") is stand_in:
            del sys.modules["pandas"]
