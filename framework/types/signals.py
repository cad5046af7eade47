"""Signals of a strategy: the exposure it wants at each bar's close."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from framework.errors import StrategyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from framework.types.array_store import ArrayStore

PIECE = 16_384
"""Targets that are written at a time; so few of them stay in the cache."""
OPTIONAL = ("stop", "take_profit", "trail", "limit", "trigger")


def _floats(name: str, values: ArrayLike, rows: int | None) -> NDArray[np.float64]:
    array = np.ascontiguousarray(values, dtype=np.float64)
    if array.ndim != 1:
        msg = f"{name} has shape {array.shape}; it must be one number per bar, float64[n]"
        raise StrategyError(msg)
    if rows is not None and array.shape[0] != rows:
        msg = f"{name} has {array.shape[0]} rows but target has {rows}; both need one row per bar"
        raise StrategyError(msg)
    array.setflags(write=False)
    return array


class EntryExit(NamedTuple):
    """Entries and exits of a long-or-flat strategy, each bool[n]: target 1 at ``enter``, 0 at ``leave``, which wins."""

    enter: NDArray[np.bool_]
    leave: NDArray[np.bool_]

    @classmethod
    def of(cls, enter: ArrayLike, leave: ArrayLike) -> EntryExit:
        """Both as read-only arrays of one length; ``StrategyError`` where they are not."""
        given = np.asarray(enter, dtype=bool), np.asarray(leave, dtype=bool)
        try:
            equal = given if given[0].shape == given[1].shape else np.broadcast_arrays(*given)
            arrays = [np.ascontiguousarray(array) for array in equal]
        except ValueError:
            arrays = []
        if not arrays or arrays[0].ndim != 1:
            shapes = " and ".join(str(array.shape) for array in given)
            msg = f"enter and leave have the shapes {shapes}; both must be one truth value per bar, bool[n]"
            raise StrategyError(msg)
        for array in arrays:
            array.setflags(write=False)
        return cls(*arrays)

    def target(self) -> NDArray[np.float64]:
        """The same as targets, float64[n]; NaN where neither is true."""
        target = np.empty(self.enter.shape)
        for begin in range(0, len(target), PIECE):
            rows = slice(begin, begin + PIECE)
            part = target[rows]
            part.fill(np.nan)
            np.copyto(part, 1.0, where=self.enter[rows])
            np.copyto(part, 0.0, where=self.leave[rows])
        target.setflags(write=False)
        return target


@dataclass(frozen=True, slots=True)
class Signals:
    """Targets and optional prices, each float64[n], row t decided at the close of bar t.

    A target is not an order: asking twice changes nothing.
    """

    target: NDArray[np.float64]
    """Exposure wanted, −1..+1 of the instrument's allotment; NaN keeps what you have."""
    stop: NDArray[np.float64] | None = None
    """Stop-loss distance in rupees > 0 from the average fill, for both sides; NaN = none."""
    take_profit: NDArray[np.float64] | None = None
    """Take-profit distance in rupees > 0 from the average fill; NaN = none."""
    trail: NDArray[np.float64] | None = None
    """Trailing-stop distance in rupees > 0 from the best price since the entry; NaN = none."""
    limit: NDArray[np.float64] | None = None
    """Entry limit price in rupees; NaN = a market order."""
    trigger: NDArray[np.float64] | None = None
    """Entry stop price in rupees (with ``limit``: stop-limit); NaN = none."""
    columns: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    """Named series for plots, such as the indicator itself."""
    entry_exit: EntryExit | None = field(default=None, init=False, repr=False, compare=False)
    """Arguments of ``long_flat``: a sweep reads them and needs no targets, which are then made at first access."""

    def __post_init__(self) -> None:
        given: Any = self.target
        if isinstance(given, EntryExit):
            object.__setattr__(self, "entry_exit", given)
            object.__delattr__(self, "target")
            self._check_others(given.enter.shape[0])
            return
        target = _floats("target", self.target, None)
        rows = target.shape[0]
        if np.fmax.reduce(target, initial=0.0) > 1 or np.fmin.reduce(target, initial=0.0) < -1:
            row = int(np.flatnonzero(np.abs(target) > 1)[0])
            msg = f"target is {target[row]:g} at bar {row}; it must lie within −1..+1 (or be NaN to keep)"
            raise StrategyError(msg)
        object.__setattr__(self, "target", target)
        self._check_others(rows)

    def __getattr__(self, name: str) -> Any:
        """The target that ``long_flat`` put off: only a slot that is still empty gets here."""
        if name != "target" or self.entry_exit is None:
            msg = f"Signals has no attribute {name!r}"
            raise AttributeError(msg)
        object.__setattr__(self, "target", self.entry_exit.target())
        return self.target

    def _check_others(self, rows: int) -> None:
        for name in OPTIONAL:
            values: Any = getattr(self, name)
            if values is None:
                continue
            array = _floats(name, values, rows)
            if np.fmin.reduce(array, initial=1.0) <= 0 or np.fmax.reduce(array, initial=1.0) == np.inf:
                row = int(np.flatnonzero((array <= 0) | np.isinf(array))[0])
                msg = f"{name} is {array[row]:g} at bar {row}; it must be finite and above 0, or NaN for none"
                raise StrategyError(msg)
            object.__setattr__(self, name, array)
        if self.columns:
            columns = {name: _floats(f"columns[{name!r}]", values, rows) for name, values in self.columns.items()}
            object.__setattr__(self, "columns", columns)

    @classmethod
    def long_flat(cls, enter: ArrayLike, leave: ArrayLike, **others: Any) -> Signals:
        """Target 1 where ``enter``, 0 where ``leave``, NaN elsewhere; where both are true, leave wins.

        Comparisons with a warm-up NaN are false, so a strategy stays out until its indicators exist.
        """
        later: Any = EntryExit.of(enter, leave)
        return cls(later, **others)

    @classmethod
    def long_short(cls, long: ArrayLike, short: ArrayLike, flat: ArrayLike | None = None, **others: Any) -> Signals:
        """Target +1 where ``long``, −1 where ``short``, 0 where ``flat`` (wins) or where both are true."""
        longs, shorts = np.asarray(long, dtype=bool), np.asarray(short, dtype=bool)
        target = np.full(longs.shape, np.nan)
        target[longs] = 1.0
        target[shorts] = -1.0
        target[longs & shorts] = 0.0
        if flat is not None:
            target[np.asarray(flat, dtype=bool)] = 0.0
        return cls(target, **others)

    def kept_in(self, space: ArrayStore) -> Signals:
        """These signals, with their arrays where they may stay for as long as the run lasts."""
        names = [name for name in OPTIONAL if getattr(self, name) is not None]
        if space.takes((1 + len(names) + len(self.columns)) * len(self) * np.dtype(np.float64).itemsize):
            return self
        return Signals(
            space.put(self.target),
            **{name: space.put(getattr(self, name)) for name in names},
            columns={name: space.put(values) for name, values in self.columns.items()},
        )

    def __len__(self) -> int:
        return int((self.target if self.entry_exit is None else self.entry_exit.enter).shape[0])

    def __repr__(self) -> str:
        decided = int(np.count_nonzero(np.isfinite(self.target)))
        extras = [name for name in OPTIONAL if getattr(self, name) is not None]
        return f"Signals({len(self)} bars, {decided} targets, {[*extras, *self.columns]})"
