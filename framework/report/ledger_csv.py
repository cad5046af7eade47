"""Settlements and orders as CSV that reads back to equal values: the exact half of a bundle's tables.

Columns and their types are those of the tuples themselves, so a field added there is kept here too.
"""

from __future__ import annotations

import csv
import io
from enum import Enum
from typing import TYPE_CHECKING, Any, get_type_hints

from framework.report.frames import csv_text
from framework.types.csv_cell import plain
from framework.types.orders import Fill, Order, Reason, Verdict
from framework.types.record import OrderRecord, Settlement, SimulatedFill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Row = dict[str, str]

NAMES = {kind.__name__: kind for kind in (Fill, Order, Reason, SimulatedFill, Verdict)}
"""Names in the annotations of ``framework.types.record``, which imports them for type checkers alone."""
APPROVED, VERDICT = "approved", "verdict"
"""Columns of a verdict's quantity and reason; ``quantity`` and ``reason`` are the order's."""


def settlements_csv(settlements: Iterable[Settlement]) -> str:
    """Every field of every settlement, the fill's first, then what a simulation knows of it."""
    return _table(
        {**_cells(one.fill), **_cells(one.simulated), **_cells(one, leave=("fill", "simulated"))} for one in settlements
    )


def orders_csv(orders: Iterable[OrderRecord]) -> str:
    """Every field of every order: requested units, approved units and the reason for less, and its end."""
    return _table(
        {
            **_cells(one.order),
            APPROVED: one.verdict.quantity,
            VERDICT: one.verdict.reason,
            **{name: cell for name, cell in _cells(one, leave=("order",)).items() if name != VERDICT},
        }
        for one in orders
    )


def read_settlements(text: str) -> tuple[Settlement, ...]:
    """Back from text; ``ValueError``, ``KeyError`` or ``TypeError`` when it is something else."""
    fill, simulated = _reader(Fill), _reader(SimulatedFill)
    rest = _reader(Settlement, leave=("fill", "simulated"))
    return tuple(
        Settlement(fill=Fill(**fill(row)), simulated=SimulatedFill(**simulated(row)), **rest(row))
        for row in _rows(text)
    )


def read_orders(text: str) -> tuple[OrderRecord, ...]:
    """Back from text; the same errors."""
    order, rest = _reader(Order), _reader(OrderRecord, leave=("order",))
    return tuple(
        OrderRecord(
            order=Order(**order(row)),
            **rest({name: cell for name, cell in row.items() if name != VERDICT}),
            verdict=Verdict(int(row[APPROVED]), plain(row[VERDICT])),
        )
        for row in _rows(text)
    )


def _cells(one: Any, leave: tuple[str, ...] = ()) -> dict[str, Any]:
    """Field → cell of a named tuple; enums by name, as their members are written in the source."""
    return {
        name: value.name if isinstance(value, Enum) else value
        for name, value in one._asdict().items()
        if name not in leave
    }


def _table(rows: Iterable[dict[str, Any]]) -> str:
    cells = list(rows)
    return csv_text(cells[0] if cells else (), (row.values() for row in cells))


def _rows(text: str) -> Iterator[Row]:
    return iter(csv.DictReader(io.StringIO(text, newline="")))


def _reader(kind: type[Any], leave: tuple[str, ...] = ()) -> Callable[[Row], dict[str, Any]]:
    """Reader of a row's cells into the fields of ``kind``; a field without a column keeps its default."""
    parsers = {name: _parser(hint) for name, hint in get_type_hints(kind, localns=NAMES).items() if name not in leave}

    def read(row: Row) -> dict[str, Any]:
        return {name: parse(row[name]) for name, parse in parsers.items() if name in row}

    return read


def _parser(hint: Any) -> Callable[[str], Any]:
    if isinstance(hint, type) and issubclass(hint, Enum):
        return lambda text: hint[text]
    if hint is bool:
        return lambda text: {"True": True, "False": False}[text]
    if hint is str:
        return plain
    parser: Callable[[str], Any] = hint
    return parser
