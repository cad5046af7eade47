"""Rows of prices and of decisions as plain floats: what a host hands to Session, bar by bar."""

from __future__ import annotations

from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from framework.types.events import BarCloses, BarOpens, Decided
from framework.types.made import Made, made
from framework.types.orders import BarRow, Decisions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from framework.types import Panel

AT_A_TIME = 1024
"""Rows that are made into Python's own numbers at once, of up to ``ABREAST`` instruments; of more, fewer."""
ABREAST = 128
PRICE_NAMES = ("stop", "take_profit", "trail", "limit", "trigger")


class DecisionArrays(NamedTuple):
    """A strategy's answers on the panel's grid, each float64[T, N]; None where the strategy never gives that price."""

    target: NDArray[np.float64]
    stop: NDArray[np.float64] | None = None
    take_profit: NDArray[np.float64] | None = None
    trail: NDArray[np.float64] | None = None
    limit: NDArray[np.float64] | None = None
    trigger: NDArray[np.float64] | None = None
    volatility: NDArray[np.float64] | None = None
    """Not the strategy's: ``framework.engines.volatility`` measures it where the sizing asks for it."""

    def rows(self, first: int, last: int) -> Iterator[Decisions]:
        """Plain rows of floats from ``first`` to before ``last``."""
        return _rows(Decisions, self, first, last)


def bar_rows(panel: Panel, first: int, last: int) -> Iterator[BarRow]:
    """The panel's rows from ``first`` to before ``last`` as plain floats; a daily panel's last row ends its session."""
    clocks = (panel.time, panel.close_time, panel.session, panel.ends_session)
    tables = (panel.open, panel.high, panel.low, panel.close, panel.volume)
    return _rows(BarRow, (*clocks, *tables, _deadlines(panel)), first, last)


def bar_openings(panel: Panel, first: int, last: int) -> Iterator[BarOpens]:
    """The same rows before they open: only their times are known."""
    clocks = (panel.time, panel.close_time, panel.session, panel.ends_session)
    return _rows(BarOpens, (*clocks, _deadlines(panel)), first, last)


def bar_closings(panel: Panel, first: int, last: int) -> Iterator[BarCloses]:
    """The same rows as they close."""
    return (BarCloses(row.close_time, row) for row in bar_rows(panel, first, last))


def decided(panel: Panel, decisions: DecisionArrays | None, first: int, last: int) -> Iterator[Decided]:
    """Decisions at the close of each row as inputs; empty ones where there are no decisions."""
    answers = repeat(None) if decisions is None else decisions.rows(first, last)
    moments = map(int, panel.close_time[first:last])
    return (Decided(moment, answer) for moment, answer in zip(moments, answers, strict=False))


def bar_inputs(
    panel: Panel, decisions: DecisionArrays | None, first: int, last: int
) -> Iterator[tuple[BarOpens, BarCloses, Decided]]:
    """All three of each row at once, a thousand rows at a time: what an event engine hands over, made at C's speed."""
    deadlines = _deadlines(panel)
    rows = _at_a_time(panel.close.shape[1])

    def some(start: int) -> Iterator[tuple[BarOpens, BarCloses, Decided]]:
        stop = min(start + rows, last)
        clocks = [
            column[start:stop].tolist() for column in (panel.time, panel.close_time, panel.session, panel.ends_session)
        ]
        due = repeat(None) if deadlines is None else deadlines[start:stop].tolist()
        tables = (panel.open, panel.high, panel.low, panel.close, panel.volume)
        prices = [_plain(table[start:stop]) for table in tables]
        bars = _named(BarRow, zip(*clocks, *prices, due, strict=False))
        answers = repeat(None) if decisions is None else decisions.rows(start, stop)
        return zip(
            _named(BarOpens, zip(*clocks, due, strict=False)),
            _named(BarCloses, zip(clocks[1], bars, strict=False)),
            _named(Decided, zip(clocks[1], answers, repeat(()), strict=False)),
            strict=True,
        )

    return chain.from_iterable(map(some, range(first, last, rows)))


def _deadlines(panel: Panel) -> NDArray[Any] | None:
    """The ``Deadline`` of every row, object[T]; one object for all rows of a session."""
    if panel.deadlines is None:
        return None
    each = panel.deadlines.by_session()
    of_session = np.empty(len(each), dtype=object)
    for k, deadline in enumerate(each):
        of_session[k] = deadline
    return of_session[panel.deadlines.rows_of(panel.session)]


def _rows(kind: type[Made], columns: Sequence[NDArray[Any] | None], first: int, last: int) -> Iterator[Made]:
    """Named tuples of plain numbers row by row: one of an array [T], a tuple of a table [T, N], None without either.

    A thousand rows at a time, or a long history would be there twice.
    """
    rows = _at_a_time(max((column.shape[1] for column in columns if column is not None and column.ndim > 1), default=1))

    def some(start: int) -> Iterator[Made]:
        stop = min(start + rows, last)
        plain = (repeat(None, stop - start) if column is None else _plain(column[start:stop]) for column in columns)
        return _named(kind, zip(*plain, strict=True))

    return chain.from_iterable(map(some, range(first, last, rows)))


def _plain(column: NDArray[Any]) -> Iterable[Any]:
    return column.tolist() if column.ndim == 1 else zip(*column.T.tolist(), strict=True)


def _at_a_time(breadth: int) -> int:
    """Rows of so many instruments to make at once."""
    return max(AT_A_TIME * ABREAST // max(breadth, ABREAST), 1)


def _named(kind: type[Made], plain: Iterable[tuple[Any, ...]]) -> Iterator[Made]:
    """Named tuples from plain ones, at C's speed."""
    return map(made, repeat(kind), plain)
