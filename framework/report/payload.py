"""The tearsheet's chart data: arrays as base64 of little-endian numbers inside one JSON object."""

from __future__ import annotations

import base64
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from framework.report.breaker import STATES, holds
from framework.report.panes import Pane, panes
from framework.report.split_factors import action_text, ex_rows, printed_factor
from framework.types.currency import INR, sign_of
from framework.types.timeframe import SECOND_NS, Timeframe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from framework.report.facts import RunFacts
    from framework.report.round_trips import RoundTrip
    from framework.types.record import Record

MINUTE_NS = 60 * SECOND_NS
BUDGET_BYTES = 12_000_000
"""Of candles and columns before base64: with the chart library the page stays below 25 MB."""
TYPES = {"f4": "<f4", "f8": "<f8", "i4": "<i4", "u4": "<u4"}


def packed(values: NDArray[Any], kind: str) -> dict[str, str]:
    """An array as ``{"t": type, "d": base64}``."""
    return {"t": kind, "d": base64.b64encode(np.ascontiguousarray(values, dtype=TYPES[kind]).tobytes()).decode("ascii")}


def chart_data(result: RunFacts) -> dict[str, Any]:
    """Everything the charts draw; instruments with the most fills first, until the budget is used up."""
    record = result.record
    drawn = panes(record, result.parameters)
    instruments, left_out = _instruments(record, drawn)
    seen = result.observations
    return {
        "daily": Timeframe.parse(record.panel.timeframe).dated,
        "timeframe": record.panel.timeframe,
        "zone": record.panel.instruments[0].timezone,
        "capital": seen.capital,
        "sign": sign_of(result.currency),
        "indian": result.currency == INR,
        "benchmarkName": result.benchmark_name,
        "time": packed(local_minutes(record), "i4"),
        "equity": packed(seen.equity, "f8"),
        "benchmark": packed(seen.benchmark, "f8"),
        "unlimited": _unlimited(result),
        "holds": [
            [max(one.first_row - record.first_row, 0), one.last_row - record.first_row, STATES[one.state]]
            for one in holds(record)
        ],
        "panes": [pane._asdict() for pane in drawn],
        "instruments": instruments,
        "leftOut": left_out,
        **_marks(result, {one["column"]: number for number, one in enumerate(instruments)}),
    }


def _unlimited(result: RunFacts) -> dict[str, str] | None:
    """Equity without risk limits, rupees."""
    other = result.without_risk
    return None if other is None or other.left_out else packed(other.equity_paise / 100, "f8")


def as_script(data: dict[str, Any]) -> str:
    """JSON that cannot end its script element, whatever the texts in it are."""
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def local_minutes(record: Record) -> NDArray[np.int64]:
    """Wall-clock minutes since 1970 in the exchange's zone at the accounted bars: what the axis shows."""
    time = record.panel.time[record.first_row :]
    frame = Timeframe.parse(record.panel.timeframe)
    zone = record.panel.instruments[0].timezone
    if frame.dated or zone == "UTC":
        return time // MINUTE_NS
    from datetime import datetime
    from zoneinfo import ZoneInfo

    hours, position = np.unique(time // (60 * MINUTE_NS), return_inverse=True)
    offsets = [datetime.fromtimestamp(hour * 3600, ZoneInfo(zone)).utcoffset() for hour in hours.tolist()]
    minutes = np.array([offset.total_seconds() // 60 if offset else 0 for offset in offsets], dtype=np.int64)
    shifted: NDArray[np.int64] = time // MINUTE_NS + minutes[position]
    return shifted


def _instruments(record: Record, drawn: list[Pane]) -> tuple[list[dict[str, Any]], list[str]]:
    fills = Counter(one.fill.instrument for one in record.settlements)
    symbols = record.panel.symbols
    order = sorted(range(len(symbols)), key=lambda column: (-fills[column], symbols[column]))
    names = [name for pane in drawn for name in pane.columns]
    kept: list[dict[str, Any]] = []
    left_out: list[str] = []
    used = 0
    for column in order:
        rows = _rows(record, column)
        size = rows.shape[0] * 4 * (5 + len(names))
        if kept and used + size > BUDGET_BYTES:
            left_out.append(symbols[column])
            continue
        used += size
        on_price = drawn[0].columns if drawn else ()
        kept.append(_instrument(record, column, rows, names, on_price) | {"fills": fills[column]})
    return kept, left_out


def _rows(record: Record, column: int) -> NDArray[np.int64]:
    rows = record.panel.rows_of(column)
    return rows[rows >= record.first_row]


def _instrument(
    record: Record, column: int, rows: NDArray[np.int64], names: list[str], on_price: Sequence[str]
) -> dict[str, Any]:
    panel, symbol = record.panel, record.panel.symbols[column]
    columns = record.columns.get(symbol, {})
    one: dict[str, Any] = {"column": column, "symbol": symbol}
    if rows.shape[0] != len(panel) - record.first_row:
        one["rows"] = packed(rows - record.first_row, "u4")
    for name in ("open", "high", "low", "close"):
        one[name] = packed(getattr(panel, name)[rows, column], "f4")
    factor = printed_factor(record, column)
    if factor is not None:  # drawn over printed candles, an average of adjusted prices is a printed one too
        columns = columns | {name: columns[name] * factor for name in on_price if name in columns}
    one["columns"] = {name: packed(columns[name][rows], "f4") for name in names if name in columns}
    one["exDates"] = _ex_dates(record, column, rows)
    return one


def _ex_dates(record: Record, column: int, rows: NDArray[np.int64]) -> list[list[Any]]:
    """[row, text] of each corporate action that the run goes through."""
    return [
        [int(np.searchsorted(rows, one.row)), action_text(one.action, record.panel.currency)]
        for one in ex_rows(record).get(column, ())
        if one.row <= rows[-1]
    ]


def own_rows(record: Record, trip: RoundTrip) -> tuple[int, int]:
    """Entry's and exit's place among the instrument's own accounted bars."""
    times = record.panel.time[_rows(record, trip.instrument)]
    entry, leave = np.searchsorted(times, [trip.entry_time, trip.exit_time]).tolist()
    return entry, leave


def _marks(result: RunFacts, numbers: dict[int, int]) -> dict[str, Any]:
    """Fills and round trips by instrument number: [row, price, signed quantity, reason] and [rows, prices, net]."""
    record = result.record
    reasons: dict[str, int] = {}
    fills: list[list[list[float]]] = [[] for _ in numbers]
    trips: list[list[list[float]]] = [[] for _ in numbers]
    own = {column: record.panel.time[_rows(record, column)] for column in numbers}
    for settlement in record.settlements:
        fill = settlement.fill
        if fill.instrument in numbers:
            row = int(np.searchsorted(own[fill.instrument], fill.time))
            reason = reasons.setdefault(str(settlement.reason), len(reasons))
            fills[numbers[fill.instrument]].append([row, round(fill.price, 4), fill.quantity, reason])
    for trip in result.trips:
        if trip.instrument in numbers:
            rows = np.searchsorted(own[trip.instrument], [trip.entry_time, trip.exit_time]).tolist()
            prices = [round(trip.entry_price * trip.shares_factor, 4), round(trip.exit_price, 4)]
            trips[numbers[trip.instrument]].append([*rows, *prices, trip.net_paise / 100])
    return {"reasons": list(reasons), "marks": fills, "trips": trips}
