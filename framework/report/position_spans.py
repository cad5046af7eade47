"""Stays: booked fills as columns, gathered from flat to flat in one instrument. What round trips are made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from framework.rules.money import share
from framework.types.deferred import Deferred

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from framework.types.record import AppliedAction, Settlement

FILL = np.dtype(
    [
        ("instrument", np.int64), ("quantity", np.int64), ("price", np.float64), ("time", np.int64),
        ("unslipped", np.float64), ("at_open", np.bool_), ("at_close", np.bool_), ("reduces", np.bool_),
        ("value_paise", np.int64), ("charges_paise", np.int64), ("cost_out_paise", np.int64),
        ("gross_paise", np.int64), ("position", np.int64),
    ]
)  # fmt: skip
"""The columns that are read of a settlement; the compiled engine's own rows have them, and more."""


def fills_of(settlements: Sequence[Settlement]) -> NDArray[np.void]:
    """Booked fills as one structured array with at least the fields of ``FILL``, oldest first."""
    if isinstance(settlements, Deferred):
        return settlements.rows
    rows = [
        (
            one.fill.instrument, one.fill.quantity, one.fill.price, one.fill.time, one.simulated.unslipped,
            one.simulated.at_open, one.simulated.at_close, one.reduces, one.value_paise, one.charges_paise,
            one.cost_out_paise, one.gross_paise, one.position,
        )
        for one in settlements
    ]  # fmt: skip
    return np.array(rows, dtype=FILL)


@dataclass(frozen=True, eq=False)
class PositionSpans:
    """K spans, those of one instrument together and one after the other."""

    fills: NDArray[np.void]
    """``FILL``[m] as they were booked."""
    legs: NDArray[np.void]
    """``FILL``[n], in the order of the spans; a fill that went through zero is two legs."""
    places: NDArray[np.int64]
    """int64[n]: which settlement a leg is, or is part of."""
    first: NDArray[np.int64]
    """int64[K], rising: the leg that each span began with; it lasts to the next one's."""
    last: NDArray[np.int64]
    """int64[K], rising: its latest leg."""
    closed: int
    """Number of spans that ended."""
    order: NDArray[np.int64] | slice
    """Order of the rows: closed spans by their exits, then open ones by their entries."""
    dividends_paise: NDArray[np.int64]
    """int64[K]: what corporate actions paid while it lasted, − for a short; 0 without any."""

    @classmethod
    def of(cls, settlements: Sequence[Settlement], actions: Sequence[AppliedAction] = ()) -> PositionSpans:
        """Gather fills, oldest first, and the cash of corporate actions in between."""
        fills = fills_of(settlements)
        legs, places = _legs(fills)
        instrument, flat = legs["instrument"], legs["position"] == 0
        if not flat.shape[0]:
            return cls(fills, legs, places, places, places, 0, slice(None), np.zeros(0, dtype=np.int64))
        ends = flat.copy()
        ends[:-1] |= instrument[1:] != instrument[:-1]
        ends[-1] = True
        last = ends.nonzero()[0]
        first, done = np.concatenate(((0,), last[:-1] + 1)), flat[last]
        closed = int(np.count_nonzero(done))
        dividends = _dividends(legs, first, actions)
        if instrument[0] == instrument[-1]:  # of one instrument only the last can be open
            return cls(fills, legs, places, first, last, closed, slice(None), dividends)
        rank = np.where(done, places[last], fills.shape[0] + places[first])
        return cls(fills, legs, places, first, last, closed, np.argsort(rank), dividends)

    def __len__(self) -> int:
        return int(self.first.shape[0])

    def gathered(self, by: np.ufunc, values: NDArray[Any]) -> NDArray[Any]:
        """One value of each span, [K]: those of its legs, put together by ``np.add`` or the like."""
        together: NDArray[Any] = by.reduceat(values, self.first) if len(self) else values
        return together

    @cached_property
    def realised_paise(self) -> NDArray[np.int64]:
        """int64[K]: gross profit of what was closed; + is a profit on either side."""
        return self.gathered(np.add, self.legs["gross_paise"])

    @cached_property
    def charges_paise(self) -> NDArray[np.int64]:
        """int64[K], ≥ 0."""
        return self.gathered(np.add, self.legs["charges_paise"])

    @cached_property
    def entry_paise(self) -> NDArray[np.int64]:
        """int64[K], ≥ 0: the value bought (long) or sold (short) to build the position."""
        return self.gathered(np.add, np.where(self.legs["reduces"], 0, self.legs["value_paise"]))

    @cached_property
    def nets_paise(self) -> NDArray[np.int64]:
        """int64[closed]: net profits of the closed ones by their exits."""
        return self._of_closed(self.realised_paise + self.dividends_paise - self.charges_paise)

    @property
    def return_percents(self) -> NDArray[np.float64]:
        """float64[closed]: the same in percent of what built the position; NaN where that was nothing."""
        return in_percent(self.nets_paise, self._of_closed(self.entry_paise))

    @property
    def days(self) -> NDArray[np.float64]:
        """float64[closed]: calendar days from the entry's to the exit's bar."""
        time = self.legs["time"]
        return self._of_closed(time[self.last] - time[self.first]) / 86_400e9

    def _of_closed(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        return values[self.order][: self.closed]


def in_percent(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    """Of each; NaN where the whole is 0."""
    some = whole != 0
    if some.all():
        return part / whole * 100
    percents: NDArray[np.float64] = np.divide(part, whole, out=np.full(part.shape, np.nan), where=some) * 100
    return percents


def _dividends(legs: NDArray[np.void], first: NDArray[np.int64], actions: Sequence[AppliedAction]) -> NDArray[np.int64]:
    """Cash of corporate actions by span: each belongs to the latest one of its instrument that had begun before it."""
    paid = np.zeros(first.shape[0], dtype=np.int64)
    begins, instrument = legs["time"][first], legs["instrument"][first]
    for action in actions:
        span = np.flatnonzero((instrument == action.instrument) & (begins < action.time))
        paid[span[-1]] += action.cash_paise
    return paid


def _legs(fills: NDArray[np.void]) -> tuple[NDArray[np.void], NDArray[np.int64]]:
    """Fills by instrument, and which one each is; money of one that went through zero is shared as the ledger does."""
    places = np.arange(fills.shape[0])
    instrument = fills["instrument"]
    if fills.shape[0] and (instrument != instrument[0]).any():
        places = np.argsort(instrument, kind="stable")
        fills = fills[places]
        instrument = fills["instrument"]
    position = fills["position"]
    held = position - fills["quantity"]  # not the last fill's position: a split may lie between
    through = (held * position < 0).nonzero()[0]
    if not through.shape[0]:
        return fills, places
    copies = np.ones(fills.shape[0], dtype=np.int64)
    copies[through] = 2
    legs, places = np.repeat(fills, copies), np.repeat(places, copies)
    for row, before in zip((through + np.arange(through.shape[0])).tolist(), held[through].tolist(), strict=True):
        closes, opens = legs[row], legs[row + 1]
        units = abs(int(closes["quantity"]))
        for name in ("value_paise", "charges_paise"):
            closes[name] = share(int(closes[name]), abs(before), units)
            opens[name] -= closes[name]
        closes["quantity"], closes["position"] = -before, 0
        opens["quantity"] += before
        opens["reduces"], opens["gross_paise"], opens["cost_out_paise"] = False, 0, 0
    return legs, places
