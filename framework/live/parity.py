"""Parity of a day: what the runner did, beside what the engines do with the very bars that it had.

The bars come from the journal, as they were known; only the history before the first of them comes from the store. Each
strategy's signals, orders, verdicts and fills are compared one by one, and every difference of money is attributed to a
cause, in whole paise, so that the causes add up to the difference of the day's profit.

Causes of one order, with Q and P the units and mean price of its fills, M the instrument's last close of the day, C the
charges, r for the runner and b for the backtest::

    (Qr·(M − Pr) − Cr) − (Qb·(M − Pb) − Cb)  =  (Qr − Qb)·(M − Pb)  +  Qr·(Pb − Pr)  +  (Cb − Cr)
                                                  quantity              price, timing     cost

An order that only one of the two has is a *signal* where the decisions differ, a *reject* where the runner's was denied
or refused, *data* where the store has other bars by now than the runner had, else *timing*.
"""

from __future__ import annotations

from collections import Counter
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from framework.types import Record
    from framework.types.orders import Fill
    from framework.types.record import OrderRecord, Settlement

CAUSES = ("signal", "timing", "price", "quantity", "cost", "reject", "data", "carried")


class ParityCount(NamedTuple):
    """Count of things of one kind that were compared, and how many of them differ."""

    compared: int
    differ: int


class ParityDifference(NamedTuple):
    """One difference."""

    kind: str
    """``signal``, ``order``, ``verdict``, ``fill`` or ``equity``."""
    symbol: str
    time: int
    """UTC nanoseconds."""
    runner: str
    engine: str


class StrategyParity(NamedTuple):
    """Parity of one strategy over a day."""

    signals: ParityCount
    orders: ParityCount
    fills: ParityCount
    equity: ParityCount
    """Closes of the day, to the paisa."""
    differences: tuple[ParityDifference, ...]
    causes: dict[str, int]
    """Cause → paise: runner less backtest."""
    paise: int
    """Difference of the day's profit, runner less backtest: the sum of the causes."""


class DayFacts(NamedTuple):
    """Orders and fills of one day, of one side."""

    orders: dict[int, OrderRecord]
    fills: dict[int, list[Settlement]]
    """By order id."""
    held: list[int]
    """Signed units before the day, by instrument."""


def compare_day(
    runner: Record,
    engine: Record,
    session: int,
    *,
    decided: dict[int, Sequence[float]],
    revised: frozenset[tuple[int, int]],
    refused: frozenset[int],
) -> StrategyParity:
    """Compare one strategy over a session (days since 1970-01-01).

    ``decided``: targets of the runner by the open of their bar; ``revised``: (instrument, bar's open) of bars that the
    store has otherwise by now; ``refused``: ids of the runner's orders that were denied or refused.
    """
    rows = np.flatnonzero(engine.panel.session == session)
    first, last = int(rows[0]), int(rows[-1]) + 1
    begins, ends = int(engine.panel.time[first]), int(engine.panel.close_time[last - 1])
    differences: list[ParityDifference] = []
    signals = _signals(engine, first, last, decided, differences)
    ours, theirs = (_facts(record, begins, ends) for record in (runner, engine))
    orders, fills = _orders(engine, ours, theirs, differences)
    equity = _equity(runner, engine, first, last, differences)
    paise = _day_paise(runner, engine, first, last)
    causes = _causes(engine, (first, last), (ours, theirs), differences, revised, refused, paise) if differences else {}
    return StrategyParity(signals, orders, fills, equity, tuple(differences), causes, paise)


def _signals(
    engine: Record, first: int, last: int, decided: dict[int, Sequence[float]], differences: list[ParityDifference]
) -> ParityCount:
    if engine.targets is None:
        return ParityCount(0, 0)
    count = differ = 0
    for row in range(first, last):
        time = int(engine.panel.time[row])
        ours = decided.get(time)
        theirs = engine.targets[row].tolist()
        for i, wanted in enumerate(theirs):
            said = float("nan") if ours is None else ours[i]
            there = bool(np.isfinite(engine.panel.close[row, i]))
            count += there
            if there and not (said == wanted or (said != said and wanted != wanted)):  # noqa: PLR0124 - NaN
                differ += 1
                differences.append(ParityDifference("signal", engine.panel.symbols[i], time, repr(said), repr(wanted)))
    return ParityCount(count, differ)


def _facts(record: Record, begins: int, ends: int) -> DayFacts:
    """Orders that were decided or filled within the day, and the units held before it."""
    held = [0] * len(record.panel.instruments)
    fills: dict[int, list[Settlement]] = {}
    for one in record.settlements:
        if one.fill.time < begins:
            held[one.fill.instrument] = one.position
        elif one.fill.time <= ends:
            fills.setdefault(one.fill.order_id, []).append(one)
    orders = {
        one.order.order_id: one
        for one in record.orders
        if begins <= one.order.decided_at <= ends or one.order.order_id in fills
    }
    return DayFacts(orders, fills, held)


def _orders(
    engine: Record, ours: DayFacts, theirs: DayFacts, differences: list[ParityDifference]
) -> tuple[ParityCount, ParityCount]:
    symbols = engine.panel.symbols
    order_differ = fill_differ = fill_count = 0
    ids = sorted(ours.orders.keys() | theirs.orders.keys())
    for order_id in ids:
        one, other = ours.orders.get(order_id), theirs.orders.get(order_id)
        shown = one or other
        if shown is None:
            continue
        symbol, time = symbols[shown.order.instrument], shown.order.decided_at
        mine, yours = _order_text(one, ours.fills.get(order_id)), _order_text(other, theirs.fills.get(order_id))
        if mine != yours:
            order_differ += 1
            differences.append(ParityDifference("order", symbol, time, mine, yours))
        pairs = [[_fill_text(settled) for settled in side.fills.get(order_id, [])] for side in (ours, theirs)]
        for first, second in zip_longest(*pairs, fillvalue="nothing"):
            fill_count += 1
            if first != second:
                fill_differ += 1
                differences.append(ParityDifference("fill", symbol, time, first, second))
    return ParityCount(len(ids), order_differ), ParityCount(fill_count, fill_differ)


def _order_text(record: OrderRecord | None, fills: Sequence[Settlement] | None) -> str:
    """An order with its verdict and what of it filled on the day."""
    if record is None:
        return "nothing"
    order = record.order
    why = record.verdict.reason or ""
    filled = sum(one.fill.quantity for one in fills or ())
    return (
        f"{order.quantity:+d} of {record.requested:+d} {order.type.name} {order.reason} limit {order.limit!r} "
        f"trigger {order.trigger!r} {why} → {filled:+d}"
    )


def _fill_text(settled: Settlement) -> str:
    fill: Fill = settled.fill
    return f"{fill.quantity:+d} @ {fill.price!r} at {fill.time}, charges {settled.charges_paise} paise"


def _equity(runner: Record, engine: Record, first: int, last: int, differences: list[ParityDifference]) -> ParityCount:
    """Equity at each close of the day, to the paisa."""
    differ = 0
    for row in range(first, last):
        place = row - engine.first_row
        ours = int(runner.equity_paise[place]) if place < len(runner.equity_paise) else 0
        theirs = int(engine.equity_paise[place])
        if ours != theirs:
            differ += 1
            time = int(engine.panel.time[row])
            differences.append(ParityDifference("equity", "", time, f"{ours} paise", f"{theirs} paise"))
    return ParityCount(last - first, differ)


def _day_paise(runner: Record, engine: Record, first: int, last: int) -> int:
    """Difference of the day's profit: of the changes of equity over the day."""
    return _profit(runner, engine, first, last) - _profit(engine, engine, first, last)


def _profit(record: Record, rows: Record, first: int, last: int) -> int:
    place = last - 1 - rows.first_row
    end = int(record.equity_paise[min(place, len(record.equity_paise) - 1)])
    before = first - rows.first_row
    start = int(record.equity_paise[before - 1]) if before > 0 else record.settings.capital_paise
    return end - start


def _causes(  # noqa: PLR0913, PLR0917
    engine: Record,
    rows: tuple[int, int],
    sides: tuple[DayFacts, DayFacts],
    differences: Iterable[ParityDifference],
    revised: frozenset[tuple[int, int]],
    refused: frozenset[int],
    paise: int,
) -> dict[str, int]:
    """Paise by cause; what rounding leaves goes to the largest of them, so that the sum is exact."""
    (first, last), (ours, theirs) = rows, sides
    panel = engine.panel
    marks = [_last_close(panel.close[:last, i]) for i in range(len(panel.instruments))]
    before = [_last_close(panel.close[:first, i]) for i in range(len(panel.instruments))]
    signalled = {one.symbol for one in differences if one.kind == "signal"}
    found: Counter[str] = Counter()
    for i, (held, other) in enumerate(zip(ours.held, theirs.held, strict=True)):
        found["carried"] += round(100 * (held - other) * (marks[i] - before[i])) if held != other else 0
    for order_id in sorted(ours.fills.keys() | theirs.fills.keys()):
        mine, yours = ours.fills.get(order_id, []), theirs.fills.get(order_id, [])
        i = (mine or yours)[0].fill.instrument
        if mine and yours:
            units, other = (sum(one.fill.quantity for one in side) for side in (mine, yours))
            price, theirs_price = (_mean(side) for side in (mine, yours))
            found["quantity"] += round(100 * (units - other) * (marks[i] - theirs_price))
            later = mine[0].fill.time != yours[0].fill.time
            found["timing" if later else "price"] += round(100 * units * (theirs_price - price))
            found["cost"] += sum(one.charges_paise for one in yours) - sum(one.charges_paise for one in mine)
            continue
        cause = _lonely(order_id, i, sides, signalled, revised, refused, panel.symbols)
        sign, side = (1, mine) if mine else (-1, yours)
        found[cause] += sign * sum(
            round(100 * one.fill.quantity * (marks[i] - one.fill.price)) - one.charges_paise for one in side
        )
    causes = {cause: value for cause, value in found.items() if value}
    if left := paise - sum(causes.values()):
        largest = max(causes, key=lambda cause: abs(causes[cause]), default="data" if revised else "price")
        causes[largest] = causes.get(largest, 0) + left
    return {cause: causes[cause] for cause in CAUSES if causes.get(cause)}


def _lonely(  # noqa: PLR0913, PLR0917
    order_id: int,
    i: int,
    sides: tuple[DayFacts, DayFacts],
    signalled: set[str],
    revised: frozenset[tuple[int, int]],
    refused: frozenset[int],
    symbols: Sequence[str],
) -> str:
    """Cause of fills that only one side has."""
    ours, _ = sides
    if order_id in refused:
        return "reject"
    if any(instrument == i for instrument, _ in revised):
        return "data"
    if symbols[i] in signalled:
        return "signal"
    if any(record.order.instrument == i and number in refused for number, record in ours.orders.items()):
        return "reject"
    return "timing"


def _mean(settled: list[Settlement]) -> float:
    """Mean price of fills, rupees."""
    units = sum(abs(one.fill.quantity) for one in settled)
    return sum(abs(one.fill.quantity) * one.fill.price for one in settled) / units


def _last_close(closes: np.ndarray) -> float:
    known = closes[np.isfinite(closes)]
    return float(known[-1]) if known.size else 0.0
