"""Outside prices: those a strategy can reach beside what it is given, and their veil while a check decides again.

Looked through are what the strategy's functions name (module tables, helper functions, closures, defaults), its class
attributes and its fields. Bars, panels, and pandas tables with times are understood; the rest is left alone.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack, contextmanager
from functools import partial
from types import CellType, CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from framework.causality.tables import is_table, veiled_table
from framework.strategy import Strategy
from framework.types import Bars, Panel
from framework.types.veil import SETTLED, Veil, drawn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.types import Instrument

DEPTH = 4
"""Dicts, lists and helper functions are followed so far."""
CELL = "cell_contents"


class Place(NamedTuple):
    """Place that holds such prices: an item of a dict or list, or an attribute."""

    holder: Any
    key: Any
    name: str
    value: Any

    def put(self, value: Any) -> None:
        """Hold another value there."""
        if isinstance(self.holder, dict | list):
            self.holder[self.key] = value
        elif isinstance(self.holder, type):
            type.__setattr__(self.holder, self.key, value)
        else:
            object.__setattr__(self.holder, self.key, value)  # the user's own object may be frozen


class Outside:
    """Every outside price of one strategy; False where it has none."""

    def __init__(self, strategy: Strategy, given: Bars | Panel) -> None:
        """``given`` is what it decides on: tables without a zone are read in that of its instrument."""
        self._places: list[Place] = []
        self._caches: list[Any] = []
        self._seen: set[int] = {id(given), *map(id, getattr(given, "series", ()))}
        self._instrument: Instrument = given.instruments[0] if isinstance(given, Panel) else given.instrument
        self._first_open = int(given.time[0]) if len(given) else 0
        for one in type(strategy).__mro__:
            if one is Strategy:
                break
            self._look_into_class(one)
        for fields in (strategy.__dict__, getattr(strategy, "__pydantic_private__", None) or {}):
            for key, value in list(fields.items()):
                self._look(fields, key, key, value, DEPTH)

    def __bool__(self) -> bool:
        return bool(self._places)

    def __str__(self) -> str:
        return ", ".join(dict.fromkeys(place.name for place in self._places))

    @contextmanager
    def veiled(self, moment: int, turn: int) -> Iterator[None]:
        """While the block runs, nothing that is settled after a moment (UTC nanoseconds) is what it is."""
        veil = Veil(moment, turn)
        with ExitStack() as undo, drawn(veil):
            self._forget()
            undo.callback(self._forget)
            for place in self._places:
                undo.callback(place.put, place.value)
                place.put(self._through(veil, place.value))
            yield

    def _through(self, veil: Veil, value: Any) -> Any:
        if isinstance(value, tuple):  # the defaults of a function
            return tuple(self._through(veil, one) for one in value)
        if isinstance(value, partial):
            given = {key: self._through(veil, one) for key, one in value.keywords.items()}
            return partial(value.func, *self._through(veil, value.args), **given)
        if isinstance(value, Bars):
            return veil.over_bars(value)
        if isinstance(value, Panel):
            return veiled_panel(value, veil)
        return veiled_table(value, veil, self._instrument, self._first_open) if is_table(value) else value

    def _forget(self) -> None:
        """Forget results that a helper function keeps of an earlier call, seen through another veil."""
        for cache in self._caches:
            cache.cache_clear()

    # ------------------------------------------------------------------ looking around

    def _look_into_class(self, one: type) -> None:
        for key, value in list(vars(one).items()):
            plain = getattr(value, "__func__", getattr(value, "fget", value))
            if isinstance(plain, FunctionType):
                self._look_into(plain, DEPTH)
            elif not key.startswith("__"):
                self._look(one, key, key, value, DEPTH)

    def _look(self, holder: Any, key: Any, name: str, value: Any, depth: int) -> None:
        if depth == 0 or id(value) in self._seen:
            return
        if isinstance(value, Bars | Panel) or is_table(value):
            self._places.append(Place(holder, key, name, value))
        elif isinstance(value, FunctionType):
            self._look_into(value, depth - 1)
        elif isinstance(value, partial):
            self._look_into_partial(holder, key, name, value, depth - 1)
        elif hasattr(value, "cache_clear") and isinstance(getattr(value, "__wrapped__", None), FunctionType):
            self._caches.append(value)
            self._look_into(value.__wrapped__, depth - 1)
        elif isinstance(value, dict | list):
            self._seen.add(id(value))
            items = value.items() if isinstance(value, dict) else enumerate(value)
            for inner, one in list(items):
                self._look(value, inner, f"{name}[{inner!r}]", one, depth - 1)
        elif not isinstance(value, type) and hasattr(value, "__dict__") and _is_users(type(value).__module__):
            self._look_into_object(name, value, depth - 1)

    def _look_into_object(self, name: str, value: Any, depth: int) -> None:
        """An object of the user's own: what it holds, and what its methods name."""
        self._seen.add(id(value))
        for key, one in list(vars(value).items()):
            self._look(value, key, f"{name}.{key}", one, depth)
        for method in vars(type(value)).values():
            if isinstance(method, FunctionType):
                self._look_into(method, depth)

    def _look_into_partial(self, holder: Any, key: Any, name: str, value: partial[Any], depth: int) -> None:
        if any(isinstance(one, Bars | Panel) or is_table(one) for one in (*value.args, *value.keywords.values())):
            self._places.append(Place(holder, key, name, value))
        if isinstance(value.func, FunctionType):
            self._look_into(value.func, depth)

    def _look_into(self, function: FunctionType, depth: int) -> None:
        if depth == 0 or id(function) in self._seen or not _is_users(function.__module__):
            return
        self._seen.add(id(function))
        names, space = _names(function.__code__), function.__globals__
        for name in sorted(names & space.keys()):
            value = space[name]
            if isinstance(value, ModuleType) and _is_users(value.__name__):
                for inner in sorted(names & vars(value).keys()):
                    self._look(vars(value), inner, f"{name}.{inner}", vars(value)[inner], depth)
            else:
                self._look(space, name, name, value, depth)
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            if _is_filled(cell):
                self._look(cell, CELL, name, cell.cell_contents, depth)
        for key, value in (function.__kwdefaults__ or {}).items():
            self._look(function.__kwdefaults__, key, key, value, depth)
        defaults = function.__defaults__ or ()
        if any(isinstance(value, Bars | Panel) or is_table(value) for value in defaults):
            self._places.append(Place(function, "__defaults__", f"{function.__name__}()", defaults))


def veiled_panel(panel: Panel, veil: Veil) -> Panel:
    """The panel with what is not known changed, column by column."""
    from dataclasses import replace

    unknown, to_come = panel.close_time > veil.moment, panel.time >= veil.moment
    if not unknown.any():
        return panel
    arrays: dict[str, Any] = {}
    for kind, name in enumerate(SETTLED):
        arrays[name] = getattr(panel, name).copy()
        for number, column in enumerate(arrays[name].T):
            column[:] = veil.over(column, to_come if name == "open" else unknown, 7 * number + kind)
        arrays[name].setflags(write=False)
    return replace(panel, **arrays)


def _names(code: CodeType) -> set[str]:
    """Every name that a function and those written inside it use."""
    inner = (const for const in code.co_consts if isinstance(const, CodeType))
    return set(code.co_names).union(*map(_names, inner))


def _is_filled(cell: CellType) -> bool:
    try:
        _ = cell.cell_contents
    except ValueError:
        return False
    return True


def _is_users(module: str | None) -> bool:
    """True if code of this module is a user's own: no library's, not ours."""
    root = (module or "").partition(".")[0]
    if root in sys.stdlib_module_names and root != "__main__":
        return False
    file = getattr(sys.modules.get(root), "__file__", None) or ""
    return root != "framework" and "site-packages" not in file and "dist-packages" not in file
