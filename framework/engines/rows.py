"""Rows of prices and of decisions as plain floats: what a host hands to Session, bar by bar."""

from __future__ import annotations

from functools import partial
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from framework.types.events import BarCloses, BarOpens, Decided
from framework.types.orders import BarRow, Decisions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from framework.types import Panel

AT_A_TIME = 1024
"""Rows that are made into Python's own numbers at once, of up to ``ABREAST`` instruments; of more, fewer."""
ABREAST = 128
Made = TypeVar("Made", BarRow, BarOpens, Decisions)
Told = TypeVar("Told", BarCloses, Decided)
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
    return _together(BarCloses, panel.close_time[first:last], bar_rows(panel, first, last))


def decided(panel: Panel, decisions: DecisionArrays | None, first: int, last: int) -> Iterator[Decided]:
    """Decisions at the close of each row as inputs; empty ones where there are no decisions."""
    answers = repeat(None) if decisions is None else decisions.rows(first, last)
    return _together(Decided, panel.close_time[first:last], answers, repeat(()))


def _together(kind: type[Told], moments: NDArray[np.int64], *columns: Iterable[Any]) -> Iterator[Told]:
    """Named tuples of a moment and of what was made of it, at C's speed."""
    return map(partial(tuple.__new__, kind), zip(moments.tolist(), *columns, strict=False))


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
    breadth = max((column.shape[1] for column in columns if column is not None and column.ndim > 1), default=1)
    rows = max(AT_A_TIME * ABREAST // max(breadth, ABREAST), 1)

    def some(start: int) -> Iterator[Made]:
        stop = min(start + rows, last)
        plain = (repeat(None, stop - start) if column is None else _plain(column[start:stop]) for column in columns)
        return map(partial(tuple.__new__, kind), zip(*plain, strict=True))  # kind(...) is Python, and twice as slow

    return chain.from_iterable(map(some, range(first, last, rows)))


def _plain(column: NDArray[Any]) -> Iterable[Any]:
    return column.tolist() if column.ndim == 1 else zip(*column.T.tolist(), strict=True)
