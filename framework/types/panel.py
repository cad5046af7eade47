"""Panel: the bars of several instruments on one common time axis."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from framework.errors import ConfigError, DataError
from framework.types.bars import Bars

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from framework.types.instrument import Instrument

VALUES = ("open", "high", "low", "close", "volume", "factor")


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
    """int64[T], UTC nanoseconds."""

    @classmethod
    def from_bars(cls, series: Sequence[Bars]) -> Panel:
        """Align several instruments on the union of their times; nothing is filled forward.

        Raises ``DataError`` when there is nothing, ``ConfigError`` on mixed timeframes or a repeated instrument.
        """
        if not series:
            msg = "a panel needs the bars of at least one instrument"
            raise DataError(msg)
        ordered = sorted(series, key=lambda bars: bars.instrument.key)
        timeframes = sorted({bars.timeframe for bars in ordered})
        if len(timeframes) > 1:
            msg = f"one run has one timeframe, but these bars have {', '.join(timeframes)}"
            raise ConfigError(msg)
        keys = [bars.instrument.key for bars in ordered]
        if len(set(keys)) < len(keys):
            twice = next(str(bars.instrument) for bars in ordered if keys.count(bars.instrument.key) > 1)
            msg = f"{twice} is in the list more than once"
            raise ConfigError(msg)
        time = np.unique(np.concatenate([bars.time for bars in ordered]))
        shape = (time.shape[0], len(ordered))
        values = {name: np.full(shape, np.nan) for name in VALUES}
        session = np.zeros(shape[0], dtype=np.int64)
        close_time = np.zeros(shape[0], dtype=np.int64)
        for column, bars in enumerate(ordered):
            rows = np.searchsorted(time, bars.time)
            for name, array in values.items():
                array[rows, column] = getattr(bars, name)
            session[rows] = bars.session
            close_time[rows] = np.maximum(close_time[rows], bars.close_time)
        for array in (time, session, close_time, *values.values()):
            array.setflags(write=False)
        return cls(
            instruments=tuple(bars.instrument for bars in ordered),
            timeframe=timeframes[0],
            time=time,
            session=session,
            close_time=close_time,
            **values,
        )

    @property
    def symbols(self) -> tuple[str, ...]:
        """Names in column order: the symbol, or ``NSE:INFY`` where two exchanges have the same one."""
        plain = [instrument.symbol for instrument in self.instruments]
        return tuple(
            str(instrument) if plain.count(instrument.symbol) > 1 else instrument.symbol
            for instrument in self.instruments
        )

    def rows_of(self, column: int) -> NDArray[np.int64]:
        """Rows in which the instrument of this column has a bar, int64[n]."""
        return np.flatnonzero(np.isfinite(self.close[:, column]))

    def bars_of(self, column: int) -> Bars:
        """The bars of one instrument, without the rows it is missing from."""
        rows = self.rows_of(column)
        arrays = {name: np.ascontiguousarray(getattr(self, name)[rows, column]) for name in VALUES}
        arrays |= {name: getattr(self, name)[rows] for name in ("time", "session", "close_time")}
        for array in arrays.values():
            array.setflags(write=False)
        return Bars(instrument=self.instruments[column], timeframe=self.timeframe, **arrays)

    def bars(self) -> list[Bars]:
        """The bars of every instrument, in column order."""
        return [self.bars_of(column) for column in range(len(self.instruments))]

    def __len__(self) -> int:
        return int(self.time.shape[0])

    def __getitem__(self, rows: slice) -> Panel:
        """The rows in a slice; ``panel[:t]`` is a prefix from which no later row can be reached."""
        cut = {name: getattr(self, name)[rows].copy() for name in (*VALUES, "time", "session", "close_time")}
        for array in cut.values():
            array.setflags(write=False)
        return replace(self, **cut)

    def __repr__(self) -> str:
        symbols = ", ".join(self.symbols[:5]) + (", …" if len(self.instruments) > 5 else "")  # noqa: PLR2004
        return f"Panel({len(self):,} × {len(self.instruments)} {self.timeframe}: {symbols})"
