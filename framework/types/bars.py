"""Bars: the prices of one instrument as arrays, one row per bar."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from framework.errors import DataError
from framework.types.adjustment import adjustment
from framework.types.clocks import closes
from framework.types.columns import ARRAYS, PRICES
from framework.types.higher import HigherBars
from framework.types.instrument import Instrument
from framework.types.periods import on_grid
from framework.types.timeframe import Timeframe
from framework.types.veil import seen

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from numpy.typing import NDArray

    from framework.types.actions import Action
    from framework.types.adjustment import Basis
    from framework.types.array_store import ArrayStore
    from framework.types.frames import DayOrder


NO_TIME = -(1 << 63)
"""numpy's NaT as a number; it would sort before every bar, into the year 1677."""


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """OHLCV of one instrument; every array has one row per bar and is read-only.

    A bar that did not trade is absent: nothing is filled forward.
    ``bars[:t]`` is the history that was known at the close of bar t−1.
    """

    instrument: Instrument
    timeframe: str
    """``1m``, ``5m``, ``1h``, ``1d``, ``1w``, ``1M``, …"""
    time: NDArray[np.int64]
    """Opens of the bars, int64[n], UTC nanoseconds, strictly rising; a daily bar is stamped 00:00 UTC of its date, one
    of a week or month of a day of it, the same in all (``types.periods``)."""
    open: NDArray[np.float64]
    """Rupees, float64[n], > 0; so are high, low and close, and low ≤ open, close ≤ high."""
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]
    """Units traded, float64[n] ≥ 0; NaN where the source has none (an index)."""
    session: NDArray[np.int64]
    """Session each bar belongs to, int64[n]: its local trading date as days since 1970-01-01."""
    close_time: NDArray[np.int64]
    """Close of each bar, int64[n], UTC nanoseconds: no later than the next one opens."""
    factor: NDArray[np.float64]
    """Adjustment: raw price = adjusted price × factor, float64[n]; 1 where nothing was adjusted."""
    actions: tuple[Action, ...] = ()
    """Corporate actions of the instrument; an adjusted view has none left."""
    notes: tuple[str, ...] = ()
    """Sentences about how the bars were read: what was mended, what was left aside. A run tells them."""

    @classmethod
    def from_arrays(  # noqa: PLR0913, PLR0917 - one argument per column of a bar
        cls,
        instrument: Instrument | str,
        timeframe: str,
        time: Any,
        open: Any,  # noqa: A002 - the field's word for it
        high: Any,
        low: Any,
        close: Any,
        volume: Any = None,
    ) -> Bars:
        """Check the arrays and derive session and closing time from the instrument's zone.

        ``time`` is int64 UTC nanoseconds of the opens. Arrays that somebody could still write to are copied, so that
        a run's prices stay what they were. Raises ``DataError`` naming the first bad bar, or two that overlap.
        """
        if isinstance(instrument, str):
            instrument = Instrument(instrument)
        frame = Timeframe.parse(timeframe)
        opens = _kept(_nanoseconds(time, instrument), np.int64)
        rows = opens.shape[0]
        columns = {
            name: _kept(values, np.float64, name) for name, values in zip(PRICES, (open, high, low, close), strict=True)
        }
        columns["volume"] = np.full(rows, np.nan) if volume is None else _kept(volume, np.float64, "volume")
        columns, notes = _checked(instrument, opens, columns)
        return cls._of(instrument, frame, opens, columns, notes)

    @classmethod
    def _of(
        cls,
        instrument: Instrument,
        frame: Timeframe,
        opens: NDArray[np.int64],
        columns: dict[str, NDArray[np.float64]],
        notes: tuple[str, ...],
    ) -> Bars:
        """Bars of checked arrays that are nobody else's."""
        opens = _on_grid(instrument, frame, opens)
        session = frame.sessions(opens, instrument.timezone)
        arrays: dict[str, NDArray[Any]] = {
            **columns,
            "time": opens,
            "session": session,
            "close_time": closes(instrument, frame, opens, session),
            "factor": np.ones(opens.shape[0]),
        }
        for array in arrays.values():
            array.setflags(write=False)
        return cls(instrument=instrument, timeframe=frame.name, actions=(), notes=notes, **arrays)

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        symbol: str | Instrument = "",
        timeframe: str | None = None,
        timezone: str | None = None,
        order: DayOrder = None,
    ) -> Bars:
        """Bars from a DataFrame, through the checks of ``tulya data import`` (docs/data.md).

        Headings and times are understood as in files; a DatetimeIndex is the time, and its zone is kept. ``symbol``
        defaults to a ``symbol`` column or the frame's ``attrs['symbol']``, and chooses where the frame holds several. A
        naive index is taken as ``timezone``, else the instrument's zone or its exchange's. ``timeframe`` is the usual
        step when not given. ``order`` (``dayfirst`` or ``monthfirst``) says what 03/04/2020 is. Raises ``DataError``
        with the first row that is no bar, how many there are, and what to do.
        """
        from framework.types.frames import columns_of

        read = columns_of(frame, symbol, timeframe, timezone, order)
        columns = dict(zip((*PRICES, "volume"), read.columns, strict=True))
        return seen(cls._of(read.instrument, Timeframe.parse(read.timeframe), read.time, columns, read.notes))

    def to_frame(self) -> pd.DataFrame:
        """DataFrame open, high, low, close, volume on a tz-aware index (daily bars: naive dates)."""
        from framework.types.frames import frame_of

        columns = {name: getattr(self, name) for name in (*PRICES, "volume")}
        return frame_of(self.instrument, self.timeframe, self.time, columns)

    def to(self, timeframe: str) -> HigherBars:
        """Completed bars of a higher timeframe; ``.align(values)`` shows at each bar only what was complete by then."""
        return HigherBars.of(self.timeframe, timeframe, {name: getattr(self, name) for name in ARRAYS})

    def with_actions(self, actions: Iterable[Action]) -> Bars:
        """The same printed prices with the instrument's splits, bonuses and dividends beside them."""
        return replace(self, actions=tuple(actions))

    def adjusted(self, basis: Basis = "splits") -> Bars:
        """These printed prices as a strategy sees them, in terms of the last bar's shares; see ``types.adjustment``."""
        found = adjustment(self.actions, self.session, self.close, basis)
        if found is None:
            return replace(self, actions=()) if self.actions else self
        arrays = {name: getattr(self, name) / found.factor for name in PRICES}
        arrays |= {"volume": self.volume * found.shares, "factor": found.factor}
        for array in arrays.values():
            array.setflags(write=False)
        return replace(self, actions=(), **arrays)

    @property
    def symbol(self) -> str:
        """The instrument's symbol."""
        return self.instrument.symbol

    def __len__(self) -> int:
        return int(self.time.shape[0])

    def __getitem__(self, rows: slice | Any) -> Bars:
        """The bars in a slice; ``bars[:t]`` is a prefix that owns its arrays' bounds (no later row is reachable)."""
        if not isinstance(rows, slice):  # a user may write bars[0]
            msg = f"bars[{rows!r}]: only slices are understood, such as bars[:100]"
            raise TypeError(msg)
        cut = {name: getattr(self, name)[rows].copy() for name in ARRAYS}
        for array in cut.values():
            array.setflags(write=False)
        return replace(self, **cut)

    def until(self, row: int) -> Bars:
        """The first ``row`` bars as views, without copying; for a caller that asks at every bar."""
        return replace(self, **{name: getattr(self, name)[:row] for name in ARRAYS})

    def kept_in(self, space: ArrayStore) -> Bars:
        """These bars, with their arrays where they may stay for as long as the run lasts."""
        arrays: dict[str, Any] = {name: getattr(self, name) for name in ARRAYS}
        kept: Any = space.keep_all(arrays)
        return self if kept is arrays else replace(self, **kept)

    def __repr__(self) -> str:
        if not len(self):
            return f"Bars({self.instrument} {self.timeframe}, empty)"
        first, last = (np.datetime64(int(t), "ns").astype("datetime64[m]") for t in (self.time[0], self.time[-1]))
        return f"Bars({self.instrument} {self.timeframe}, {len(self):,} bars, {first} … {last} UTC)"


def _kept(values: Any, kind: type[Any], name: str = "time") -> NDArray[Any]:
    """The values as an array that nobody else can change; ``DataError`` where they are no numbers."""
    given = np.asarray(values)
    try:
        array = np.ascontiguousarray(given, dtype=kind)
    except (TypeError, ValueError, OverflowError) as error:
        msg = f"{name} holds what is no number: {error}; Bars.from_frame reads texts and dates"
        raise DataError(msg) from error
    return array.copy() if np.may_share_memory(array, given) and not unchanging(array) else array


def _on_grid(instrument: Instrument, frame: Timeframe, opens: NDArray[np.int64]) -> NDArray[np.int64]:
    """``periods.on_grid`` in an error that names the instrument."""
    try:
        return on_grid(frame, opens)
    except DataError as error:
        raise DataError(f"{instrument}: {error}") from None


def unchanging(array: NDArray[Any]) -> bool:
    """True when neither the array nor what it is a view of can be written to."""
    holder: Any = array
    while isinstance(holder, np.ndarray):
        if holder.flags.writeable:
            return False
        holder = holder.base
    try:
        return holder is None or memoryview(holder).readonly
    except TypeError:  # it does not show its memory
        return False


def _nanoseconds(time: Any, instrument: Instrument) -> Any:
    """Times as int64 UTC nanoseconds; numpy's dates in any unit are understood, NaN is no time."""
    given = np.asarray(time)
    if given.dtype.kind == "M":
        return given.astype("datetime64[ns]").view(np.int64)
    if given.dtype.kind == "f" and not np.isfinite(given).all():
        row = int(np.flatnonzero(~np.isfinite(given))[0])
        msg = f"{instrument}: bar {row} has no time ({given[row]})"
        raise DataError(msg)
    return given


def _checked(
    instrument: Instrument, time: NDArray[np.int64], columns: dict[str, NDArray[np.float64]]
) -> tuple[dict[str, NDArray[np.float64]], tuple[str, ...]]:
    """The columns, with rounding noise mended and told; ``DataError`` on the first bar that is no bar.

    Written in positive form, so NaN fails.
    """
    for name, values in columns.items():
        if values.shape != time.shape:
            msg = f"{instrument}: {name} has shape {values.shape} but time has {time.shape}; both need one row per bar"
            raise DataError(msg)
    if _all_sound(time, columns):
        return columns, ()
    from framework.types.intake.noise import mend_noise, noise_note

    prices = np.array([columns[name] for name in PRICES])
    mended = np.flatnonzero(mend_noise(prices))
    columns = {**dict(zip(PRICES, prices, strict=True)), "volume": columns["volume"]}
    rules = _rules(time, columns)
    sound = np.logical_and.reduce([holds for _, holds in rules])
    if not sound.all():
        row = int(np.flatnonzero(~sound)[0])
        broken = next(rule for rule, holds in rules if not holds[row])
        shown = ", ".join(f"{name}={float(values[row])!r}" for name, values in columns.items())
        msg = f"{instrument}: bar {row} at {np.datetime64(int(time[row]), 'ns')} is not a bar: {broken} ({shown})"
        raise DataError(msg)
    return columns, noise_note(mended)


def _all_sound(time: NDArray[np.int64], columns: dict[str, NDArray[np.float64]]) -> bool:
    """True if every bar keeps every rule, in few passes; NaN fails every comparison."""
    start, high, low, close = (columns[name] for name in PRICES)
    return bool(
        (low > 0).all()
        and (high < np.inf).all()
        and all((low <= price).all() and (price <= high).all() for price in (start, close))
        and not (columns["volume"] < 0).any()
        and (time[1:] > time[:-1]).all()
        and (time[:1] > NO_TIME).all()
    )


def _rules(time: NDArray[np.int64], columns: dict[str, NDArray[np.float64]]) -> list[tuple[str, NDArray[np.bool_]]]:
    """Rules of a bar: the sentence for one that breaks it, and the bars that keep it."""
    low, high = columns["low"], columns["high"]
    rules = [
        (f"its {name} is not a finite price above 0", (columns[name] > 0) & np.isfinite(columns[name]))
        for name in PRICES
    ]
    rules.append(("its low is above its high", low <= high))
    for name in ("open", "close"):
        rules.append((f"its {name} is below its low", low <= columns[name]))
        rules.append((f"its {name} is above its high", columns[name] <= high))
    rules.append(("its volume is below 0", ~(columns["volume"] < 0)))
    rules.append(("it has no time", time > NO_TIME))
    rules.append(("its time is not after the one before it", np.append(True, time[1:] > time[:-1])[: time.shape[0]]))
    return rules
