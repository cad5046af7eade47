"""Panel: the bars of several instruments on one common time axis."""

from __future__ import annotations

import copyreg
from collections import Counter
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from framework.errors import ConfigError, DataError
from framework.types.actions import in_force
from framework.types.array_store import MEMORY, ArrayStore
from framework.types.bars import Bars
from framework.types.clocks import row_closes
from framework.types.columns import CLOCKS, VALUES
from framework.types.currency import currency_of
from framework.types.timeframe import DATED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from framework.types.actions import Action, Due
    from framework.types.adjustment import Basis
    from framework.types.deadlines import Deadlines
    from framework.types.instrument import Instrument
    from framework.types.settings import Settings

COLUMNS, ROWS = 32, 4096
"""Columns and rows that are turned at a time; so few of them stay in the cache."""
DECIDED = 3
"""Tables' worth of what a strategy decides: its targets by instrument, their rows, and both on the common time axis."""


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Aligned bars: row t is one time, column i one instrument, NaN where that instrument has no bar.

    Instruments are sorted by (exchange, symbol), the order in which a bar serves them.
    """

    instruments: tuple[Instrument, ...]
    timeframe: str
    time: NDArray[np.int64]
    """int64[T], UTC nanoseconds: the union of all instruments' bars."""
    open: NDArray[np.float64]
    """float64[T, N] rupees; NaN where missing. So are high, low, close; volume is in units."""
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]
    factor: NDArray[np.float64]
    session: NDArray[np.int64]
    """int64[T]: trading date as days since 1970-01-01."""
    close_time: NDArray[np.int64]
    """int64[T], UTC nanoseconds: when each row is decided on; no later than the next row opens."""
    actions: tuple[tuple[Action, ...], ...] = ()
    """Corporate actions by instrument; empty where no instrument has any."""
    deadlines: Deadlines | None = field(default=None, repr=False)
    """Deadlines of positions, where a product or an expiry sets them."""
    space: ArrayStore = field(default=MEMORY, repr=False)
    """Store of the tables made from it."""
    series: tuple[Bars, ...] = field(default=(), init=False, repr=False)
    """The very bars it was made of, in column order; empty where they are not known. A changed panel knows none."""
    ends: NDArray[np.int64] | None = field(default=None, init=False, repr=False)
    """``session_ends``, once computed."""

    @property
    def currency(self) -> str:
        """The one currency of its prices."""
        return currency_of(self.instruments)

    @classmethod
    def from_bars(cls, series: Sequence[Bars], space: ArrayStore = MEMORY) -> Panel:
        """Align several instruments on the union of their times; nothing is filled forward.

        Raises ``DataError`` when there is nothing, or a bar of one row closes after the next row opens (staggered
        clocks); ``ConfigError`` on mixed timeframes or a repeated instrument.
        """
        if not series:
            msg = "a panel needs the bars of at least one instrument"
            raise DataError(msg)
        if len(series) == 1:
            return cls._of_one(series[0], space)
        ordered = sorted(series, key=lambda bars: bars.instrument.key)
        timeframes = sorted({bars.timeframe for bars in ordered})
        if len(timeframes) > 1:
            named = ", ".join(f"{tf} ({next(b.instrument for b in ordered if b.timeframe == tf)})" for tf in timeframes)
            msg = (
                f"one run has one timeframe, but these bars have {named}; gather the finer ones with bars.to(), or run "
                "them apart"
            )
            raise ConfigError(msg)
        currencies = sorted({bars.instrument.currency for bars in ordered})
        if len(currencies) > 1:
            of = {bars.instrument.currency: bars.instrument for bars in reversed(ordered)}
            named = ", ".join(f"{currency} ({of[currency]})" for currency in currencies)
            msg = (
                f"one run has one currency, and these instruments have {named}; nothing is converted: run them apart, "
                "or import the prices again and say what they are in (tulya data import … --currency USD)"
            )
            raise ConfigError(msg)
        keys = [bars.instrument.key for bars in ordered]
        if len(set(keys)) < len(keys):
            twice = next(str(bars.instrument) for bars in ordered if keys.count(bars.instrument.key) > 1)
            msg = f"{twice} is in the list more than once"
            raise ConfigError(msg)
        time = _union([bars.time for bars in ordered])
        space.reserve((len(VALUES) + DECIDED) * time.nbytes * len(ordered))
        rows = [rows_in(time, bars.time, space) for bars in ordered]
        values: dict[str, Any] = {
            name: table([getattr(bars, name) for bars in ordered], rows, time.shape[0], space) for name in VALUES
        }
        session = np.zeros(time.shape[0], dtype=np.int64)
        close_time = row_closes(ordered, rows, time)
        for at, bars in zip(rows, ordered, strict=True):
            session[at] = bars.session
        for array in (time, session, close_time, *values.values()):
            array.setflags(write=False)
        panel = cls(
            instruments=tuple(bars.instrument for bars in ordered),
            timeframe=timeframes[0],
            time=time,
            session=session,
            close_time=close_time,
            actions=tuple(bars.actions for bars in ordered) if any(bars.actions for bars in ordered) else (),
            space=space,
            **values,
        )
        panel._keep(ordered, rows)
        return panel

    @classmethod
    def _of_one(cls, bars: Bars, space: ArrayStore) -> Panel:
        """The bars' own arrays, seen as columns: nothing is copied."""
        columns: dict[str, Any] = {name: getattr(bars, name)[:, None] for name in VALUES}
        clocks: dict[str, Any] = {name: getattr(bars, name) for name in CLOCKS}
        actions = (bars.actions,) if bars.actions else ()
        panel = cls((bars.instrument,), bars.timeframe, **clocks, **columns, actions=actions, space=space)
        object.__setattr__(panel, "series", (bars,))
        return panel

    def _keep(self, series: Sequence[Bars], rows: Sequence[NDArray[np.int64] | slice]) -> None:
        """Remember the bars it is made of, on the panel's own clocks where they have no gaps or mean other days."""
        whole: dict[str, Any] = {name: getattr(self, name) for name in CLOCKS}
        kept = []
        for bars, at in zip(series, rows, strict=True):
            gapless = isinstance(at, slice)
            clocks = whole if gapless else {name: clock[at] for name, clock in whole.items()}
            same = all(np.array_equal(clock, getattr(bars, name)) for name, clock in clocks.items())
            for clock in clocks.values():
                clock.setflags(write=False)
            kept.append(bars if same and not gapless else replace(bars, **clocks))  # not the same: exchanges far apart
        object.__setattr__(self, "series", tuple(kept))

    def with_deadlines(self, deadlines: Deadlines) -> Panel:
        """The same prices, made of the same bars, with the times at which positions must be closed."""
        return self._with(deadlines=deadlines)

    def with_space(self, space: ArrayStore) -> Panel:
        """The same prices, made of the same bars; what is made of it is put there."""
        panel = self._with(space=space)
        object.__setattr__(panel, "ends", self.ends)
        return panel

    def _with(self, **others: Any) -> Panel:
        panel = replace(self, **others)
        object.__setattr__(panel, "series", self.series)
        return panel

    @property
    def symbols(self) -> tuple[str, ...]:
        """Names in column order: the symbol, or ``NSE:INFY`` where two exchanges have the same one."""
        times = Counter(instrument.symbol for instrument in self.instruments)
        return tuple(
            str(instrument) if times[instrument.symbol] > 1 else instrument.symbol for instrument in self.instruments
        )

    @property
    def session_ends(self) -> NDArray[np.int64]:
        """int64[k], rising: the last rows of the sessions; of the one it ends in, its own last row if that is known."""
        if self.ends is not None:
            return self.ends
        ends: NDArray[np.int64] = (self.session[1:] != self.session[:-1]).nonzero()[0]
        over = self.timeframe in DATED or (
            self.deadlines is not None
            and len(self) > 0
            and self.deadlines.is_over(int(self.session[-1]), int(self.close_time[-1]))
        )
        if over and len(self):
            ends = np.append(ends, len(self) - 1)
        ends.setflags(write=False)
        object.__setattr__(self, "ends", ends)
        return ends

    @property
    def ends_session(self) -> NDArray[np.bool_]:
        """bool[T]: True on the last row of a session; on the panel's own last row where that is known."""
        ends = np.zeros(len(self), dtype=np.bool_)
        ends[self.session_ends] = True
        return ends

    @property
    def can_change(self) -> bool:
        """True when somebody could still write to its prices or times."""
        return any(getattr(self, name).flags.writeable for name in (*VALUES, *CLOCKS))

    def is_whole(self, column: int) -> bool:
        """True where the instrument of this column is known to have a bar in every row."""
        return bool(self.series) and len(self.series[column]) == len(self)

    def closes_of(self, column: int) -> NDArray[np.float64]:
        """Closes of one instrument, float64[T], NaN where it has no bar; side by side in memory where they can be."""
        return self.series[column].close if self.is_whole(column) else self.close[:, column]

    def rows_of(self, column: int) -> NDArray[np.int64]:
        """Rows in which the instrument of this column has a bar, int64[n]."""
        if self.is_whole(column):
            return np.arange(len(self))
        if self.series:
            return np.searchsorted(self.time, self.series[column].time)
        return np.flatnonzero(np.isfinite(self.close[:, column]))

    def bars_of(self, column: int) -> Bars:
        """The bars of one instrument, without the rows it is missing from; views of the panel's arrays if it can be."""
        if self.series:
            return self.series[column]
        return self._bars_in(column, {name: getattr(self, name)[:, column] for name in VALUES})

    def bars(self) -> list[Bars]:
        """The bars of every instrument, in column order."""
        if self.series:
            return list(self.series)
        series = []
        for begin in range(0, len(self.instruments), COLUMNS):
            part = slice(begin, begin + COLUMNS)
            turned = {name: np.ascontiguousarray(getattr(self, name)[:, part].T) for name in VALUES}
            for row, column in enumerate(range(len(self.instruments))[part]):
                series.append(self._bars_in(column, {name: turned[name][row] for name in VALUES}))
        return series

    def _bars_in(self, column: int, values: dict[str, NDArray[np.float64]]) -> Bars:
        there = np.isfinite(values["close"])
        rows = slice(None) if there.all() else np.flatnonzero(there)
        arrays: dict[str, NDArray[Any]] = {name: np.ascontiguousarray(array[rows]) for name, array in values.items()}
        arrays |= {name: getattr(self, name)[rows] for name in CLOCKS}
        for array in arrays.values():  # each a copy or a view of its own
            array.setflags(write=False)
        actions = self.actions[column] if self.actions else ()
        return Bars(instrument=self.instruments[column], timeframe=self.timeframe, actions=actions, notes=(), **arrays)

    def adjusted(self, basis: Basis = "splits") -> Panel:
        """These printed prices as a strategy sees them, in terms of the last row's shares; see ``types.adjustment``."""
        if not self.actions:
            return self
        return Panel.from_bars(self.adjusted_bars(basis), self.space)

    def adjusted_bars(self, basis: Basis = "splits") -> list[Bars]:
        """The bars of every instrument as a strategy sees them, in column order."""
        if not self.actions:
            return self.bars()
        return [bars.adjusted(basis).kept_in(self.space) for bars in self.bars()]

    def __reduce__(self) -> tuple[Any, ...]:
        """Each array once, and in memory: what is a view here is a copy when it is unpickled.

        No ``__getstate__``: in Python 3.11.2, which Debian 12 has, a dataclass with slots puts its own in its place.
        """
        left_out = {each.name for each in fields(self) if not each.init} | {"space"}
        state = [each.default if each.name in left_out else getattr(self, each.name) for each in fields(self)]
        return copyreg.__newobj__, (type(self),), state  # type: ignore[attr-defined]  # the stubs leave it out

    def __len__(self) -> int:
        return int(self.time.shape[0])

    def __getitem__(self, rows: slice) -> Panel:
        """The rows in a slice; ``panel[:t]`` is a prefix from which no later row can be reached."""
        cut = {name: getattr(self, name)[rows].copy() for name in (*VALUES, *CLOCKS)}
        for array in cut.values():
            array.setflags(write=False)
        return replace(self, **cut)

    def __repr__(self) -> str:
        symbols = ", ".join(self.symbols[:5]) + (", …" if len(self.instruments) > 5 else "")  # noqa: PLR2004
        return f"Panel({len(self):,} × {len(self.instruments)} {self.timeframe}: {symbols})"


def actions_within(panel: Panel, settings: Settings, first_row: int, last_row: int) -> list[Due]:
    """Corporate actions that rows [first_row, last_row) of a run go through; none with ``adjust: none``."""
    if not panel.actions or settings.adjust == "none" or first_row >= last_row:
        return []
    return in_force(panel.actions, int(panel.session[first_row]), int(panel.session[last_row - 1]))


def _union(axes: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """All times that occur, int64[T] strictly rising; ``np.unique`` would take up to a hundred times as long."""
    if all(np.array_equal(axes[0], axis) for axis in axes[1:]):
        return axes[0]
    times = np.sort(np.concatenate(axes))
    return times[np.concatenate(([True], times[1:] != times[:-1]))] if times.size else times


def rows_in(time: NDArray[np.int64], own: NDArray[np.int64], space: ArrayStore = MEMORY) -> NDArray[np.int64] | slice:
    """Rows of an instrument's times among all: positions, or every row."""
    return slice(None) if own.shape == time.shape else space.keep(np.searchsorted(time, own))


def table(
    columns: Sequence[NDArray[np.float64] | None],
    rows: Sequence[NDArray[np.int64] | slice],
    length: int,
    space: ArrayStore = MEMORY,
) -> NDArray[np.float64]:
    """One value of every instrument, float64[T, N], NaN where it has no bar or there is no such column.

    From the first row to the last, so that a table in a file is gone through once.
    """
    whole = space.empty((length, len(columns)))
    for top in range(0, length, ROWS):
        bottom = min(top + ROWS, length)
        for begin in range(0, len(columns), COLUMNS):
            part = np.full((min(COLUMNS, len(columns) - begin), bottom - top), np.nan)
            for column, values in enumerate(columns[begin : begin + COLUMNS]):
                at = rows[begin + column]
                if values is None:
                    continue
                if isinstance(at, slice):
                    part[column] = values[top:bottom]
                else:
                    first, last = at.searchsorted((top, bottom))
                    part[column, at[first:last] - top] = values[first:last]
            whole[top:bottom, begin : begin + COLUMNS] = part.T
    return whole
