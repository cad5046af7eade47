"""Round trips: from flat to flat in one instrument, with what the position went through on the way."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from framework.rules.money import share, value

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from framework.types.panel import Panel
    from framework.types.record import Record, Settlement

OPEN_REASON = "open"


class RoundTrip(NamedTuple):
    """One stay in one instrument. Times are opens of bars, UTC nanoseconds; percentages are of the entry price."""

    instrument: int
    """Index into the run's instruments."""
    symbol: str
    side: str
    """``long`` or ``short``."""
    quantity: int
    """Most units held at one time, > 0."""
    entry_time: int
    exit_time: int
    """Of the last fill; of the instrument's last bar while the position is open."""
    entry_price: float
    """Average of all fills that built the position, rupees."""
    exit_price: float
    """Average of all fills that reduced it, rupees; what is still held counts at the last close."""
    gross_paise: int
    """Before charges; + is a profit on either side."""
    charges_paise: int
    net_paise: int
    return_percent: float
    """Net profit in percent of the value bought (long) or sold (short) to build the position."""
    mae_percent: float
    """Maximum adverse excursion ≥ 0: how far the price ran against the average entry. See ``docs/metrics.md``."""
    mfe_percent: float
    """Maximum favourable excursion ≥ 0."""
    bars_held: int
    """Bars of the instrument from the entry's to the exit's; 0 within one bar."""
    entry_reason: str
    exit_reason: str
    open: bool
    """True when the position was still held at the end of the run."""


class _Prices(NamedTuple):
    """The bars of one instrument, without those it is missing from."""

    time: NDArray[np.int64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]

    @classmethod
    def of(cls, panel: Panel, column: int) -> _Prices:
        rows = panel.rows_of(column)
        return cls(panel.time[rows], *(getattr(panel, name)[rows, column] for name in ("open", "high", "low", "close")))


class _Leg(NamedTuple):
    """A settlement, or the part of one on either side of zero."""

    one: Settlement
    units: int
    value_paise: int
    charges_paise: int
    position: int
    """Signed units held after it."""
    reduces: bool


@dataclass
class _Stay:
    """A position while it lasts."""

    entry: _Leg
    position: int = 0
    quantity: int = 0
    entry_units: int = 0
    entry_paise: int = 0
    entry_value: float = 0.0
    closed_units: int = 0
    closed_value: float = 0.0
    cost_out_paise: int = 0
    gross_paise: int = 0
    charges_paise: int = 0
    lived: list[float] = field(default_factory=list)
    """The bars' prices at its fills."""

    def take(self, leg: _Leg) -> None:
        self.position = leg.position
        self.quantity = max(self.quantity, abs(leg.position))
        self.charges_paise += leg.charges_paise
        self.lived.append(leg.one.fill.unslipped)
        if leg.reduces:
            self.gross_paise += leg.one.gross_paise
            self.cost_out_paise += leg.one.cost_out_paise
            self.closed_units += leg.units
            self.closed_value += leg.units * leg.one.fill.price
        else:
            self.entry_units += leg.units
            self.entry_paise += leg.value_paise
            self.entry_value += leg.units * leg.one.fill.price

    @property
    def side(self) -> int:
        """+1 long, −1 short."""
        return 1 if self.entry.position > 0 else -1


def round_trips(record: Record) -> tuple[RoundTrip, ...]:
    """Every round trip in the order of their exits; those still open come last, in the order of their entries."""
    prices: dict[int, _Prices] = {}
    stays: dict[int, _Stay] = {}
    done: list[RoundTrip] = []
    for one in record.settlements:
        column = one.fill.instrument
        if column not in prices:
            prices[column] = _Prices.of(record.panel, column)
        held = stays[column].position if column in stays else 0
        for leg in _legs(one, held):
            stay = stays.setdefault(column, _Stay(leg))
            stay.take(leg)
            if leg.position == 0:
                done.append(_closed(record, prices[column], stays.pop(column), leg))
    return (*done, *(_still_open(record, prices[column], stay) for column, stay in stays.items()))


def _legs(one: Settlement, held: int) -> tuple[_Leg, ...]:
    """One leg, or two where an explicit order went through zero: money is shared out as the ledger does."""
    units, after = abs(one.fill.quantity), one.position
    if held * after >= 0:
        return (_Leg(one, units, one.value_paise, one.charges_paise, after, one.reduces),)
    closed = abs(held)
    worth, paid = share(one.value_paise, closed, units), share(one.charges_paise, closed, units)
    rest = (units - closed, one.value_paise - worth, one.charges_paise - paid)
    return _Leg(one, closed, worth, paid, 0, True), _Leg(one, *rest, after, False)


def _closed(record: Record, prices: _Prices, stay: _Stay, last: _Leg) -> RoundTrip:
    first = int(np.searchsorted(prices.time, stay.entry.one.fill.time))
    final = int(np.searchsorted(prices.time, last.one.fill.time))
    return _round_trip(
        record,
        stay,
        excursion=_lived_through(prices, stay, first, final, to_close=last.one.fill.at_close),
        exit_time=last.one.fill.time,
        exit_price=stay.closed_value / stay.closed_units,
        gross_paise=stay.gross_paise,
        bars_held=final - first,
        exit_reason=str(last.one.reason),
    )


def _still_open(record: Record, prices: _Prices, stay: _Stay) -> RoundTrip:
    """The same with what is still held marked at the instrument's last close."""
    first = int(np.searchsorted(prices.time, stay.entry.one.fill.time))
    final = prices.time.shape[0] - 1
    held, close = abs(stay.position), float(prices.close[-1])
    cost_paise = stay.entry_paise - stay.cost_out_paise
    return _round_trip(
        record,
        stay,
        excursion=_lived_through(prices, stay, first, final, to_close=True),
        exit_time=int(prices.time[-1]),
        exit_price=(stay.closed_value + held * close) / stay.entry_units,
        gross_paise=stay.gross_paise + stay.side * (value(close, held) - cost_paise),
        bars_held=final - first,
        exit_reason=OPEN_REASON,
    )


def _lived_through(prices: _Prices, stay: _Stay, first: int, final: int, *, to_close: bool) -> tuple[float, float]:
    """Lowest and highest price that the position certainly saw.

    Its own fills, its entry bar's range if it entered at the open and its close anyway, whole bars after that, and of
    the exit's bar the open; its range only if the position lasted to the close.
    """
    lived = list(stay.lived)
    lasted = first < final or to_close
    whole_from = first if stay.entry.one.fill.at_open else first + 1
    whole_to = final + 1 if to_close else final
    if lasted:
        lived.append(float(prices.close[first]))
    if first < final:
        lived.append(float(prices.open[final]))
    if whole_from < whole_to:
        lived.append(float(np.min(prices.low[whole_from:whole_to])))
        lived.append(float(np.max(prices.high[whole_from:whole_to])))
    return min(lived), max(lived)


def _round_trip(  # noqa: PLR0913 - the fields that differ between closed and open ones, by name
    record: Record,
    stay: _Stay,
    *,
    excursion: tuple[float, float],
    exit_time: int,
    exit_price: float,
    gross_paise: int,
    bars_held: int,
    exit_reason: str,
) -> RoundTrip:
    column = stay.entry.one.fill.instrument
    lowest, highest = excursion
    average = stay.entry_value / stay.entry_units
    down, up = max(0.0, 1 - lowest / average) * 100, max(0.0, highest / average - 1) * 100
    net_paise = gross_paise - stay.charges_paise
    return RoundTrip(
        instrument=column,
        symbol=record.panel.symbols[column],
        side="long" if stay.side > 0 else "short",
        quantity=stay.quantity,
        entry_time=stay.entry.one.fill.time,
        exit_time=exit_time,
        entry_price=average,
        exit_price=exit_price,
        gross_paise=gross_paise,
        charges_paise=stay.charges_paise,
        net_paise=net_paise,
        return_percent=net_paise / stay.entry_paise * 100 if stay.entry_paise else math.nan,
        mae_percent=down if stay.side > 0 else up,
        mfe_percent=up if stay.side > 0 else down,
        bars_held=bars_held,
        entry_reason=str(stay.entry.one.reason),
        exit_reason=exit_reason,
        open=exit_reason == OPEN_REASON,
    )
