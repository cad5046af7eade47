"""Tiny markets for tests: bars as plain rows, decisions as plain lists, fills as plain tuples."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from framework.engines import compiled
from framework.engines.event import run
from framework.engines.rows import PRICE_NAMES, DecisionArrays
from framework.session.approval import approved as by_review
from framework.session.instrument_state import WorkingOrder
from framework.types import Approved, Bars, Instrument, Order, OrderRequest, Panel, Record, Settings, Verdict
from framework.types.limits import Limits
from framework.types.settings import Exits

DAY_NS = 86_400 * 10**9
HOUR_NS = 3_600 * 10**9
MONDAY = 19_723
"""2024-01-01, in days since 1970-01-01: the day of row 0."""
NAN = float("nan")

Row = tuple[float, ...] | None
"""Open, high, low, close and perhaps volume; None where the instrument has no bar."""


def still(price: float, rows: int = 1) -> list[Row]:
    """Bars that do not move."""
    return [(price, price, price, price)] * rows


def at(side: int, price: float) -> float:
    """The price for the side + , its reflection about 100 for the side −: what was below is above."""
    return float(price if side > 0 else 200 - price)


def mirror(side: int, bars: Sequence[Row]) -> list[Row]:
    """The bars for the side +, their reflection about 100 for the side −."""
    if side > 0:
        return list(bars)
    return [None if b is None else (200 - b[0], 200 - b[2], 200 - b[1], 200 - b[3], *b[4:]) for b in bars]


def panel_of(
    prices: Sequence[Row] | Mapping[str, Sequence[Row]], *, per_session: int = 0, tick: float = 0.0, lot: int = 1
) -> Panel:
    """A panel of daily bars from 2024-01-01 on, or of hourly ones with ``per_session`` of them a day."""
    series = prices if isinstance(prices, Mapping) else {"A": prices}
    bars = []
    for symbol, rows in series.items():
        there = [k for k, row in enumerate(rows) if row is not None]
        columns = zip(*[(*row, NAN)[:5] for row in rows if row is not None], strict=True)
        bars.append(
            Bars.from_arrays(
                Instrument(symbol, tick=tick, lot=lot),
                "1h" if per_session else "1d",
                [time_of(k, per_session) for k in there],
                *columns,
            )
        )
    return Panel.from_bars(bars)


def time_of(row: int, per_session: int = 0) -> int:
    if not per_session:
        return (MONDAY + row) * DAY_NS
    return (MONDAY + row // per_session) * DAY_NS + (4 + row % per_session) * HOUR_NS


def settings_of(**choices: Any) -> Settings:
    """Settings with exits and limits given flat; ten units a target, ₹1,00,000 of capital."""
    exits = choices.pop("exits", {}) | {name: choices.pop(name) for name in Exits.model_fields if name in choices}
    limits = {name: choices.pop(name) for name in Limits.model_fields if name in choices}
    return Settings(**{"sizing": "fixed:10", "capital": 100_000, "exits": exits, "limits": limits, **choices})


def play(
    prices: Sequence[Row] | Mapping[str, Sequence[Row]] | Panel,
    targets: Any = None,
    *,
    weights: Any = None,
    orders: Mapping[int, Sequence[Any]] | Callable | None = None,
    rules: Sequence[Any] = (),
    first_row: int = 0,
    last_row: int | None = None,
    per_session: int = 0,
    tick: float = 0.0,
    lot: int = 1,
    configured: Mapping[str, Any] | None = None,
    engine: str = "event",
    **given: Any,
) -> Record:
    """Run targets, weights or explicit orders by row over the prices with the real engine.

    ``engine="compiled"`` runs the kernel, interpreted: the same functions, without half a minute of compiling.

    ``stop``, ``take_profit``, ``trail``, ``limit`` and ``trigger`` go beside the targets unless they are texts such as
    ``5%``; every other name is a setting, and so is all in ``configured``.
    """
    panel = prices if isinstance(prices, Panel) else panel_of(prices, per_session=per_session, tick=tick, lot=lot)
    beside = {name: grid(panel, given.pop(name)) for name in PRICE_NAMES if not isinstance(given.get(name, ""), str)}
    asked = targets if weights is None else weights
    decisions = None if asked is None else DecisionArrays(grid(panel, asked), **beside)
    on_bar = orders if callable(orders) or orders is None else lambda _session, row: orders.get(row, ())
    if engine == "compiled":
        return compiled.run(panel, settings_of(**given, **(configured or {})), decisions=decisions, compiled=False)
    style = "allocate" if weights is not None else "signals" if asked is not None else "on_bar"
    return run(
        panel,
        settings_of(**given, **(configured or {})),
        decisions=decisions,
        on_bar=on_bar,
        style=style,
        first_row=first_row,
        last_row=last_row,
        rules=rules,
    )


def grid(panel: Panel, values: Any) -> np.ndarray:
    """One number, a list by row, or lists by symbol → float64[T, N]; what is not said is NaN."""
    filled = np.full(panel.close.shape, NAN)
    by_symbol = values if isinstance(values, Mapping) else dict.fromkeys(panel.symbols, values)
    for column, symbol in enumerate(panel.symbols):
        said = by_symbol.get(symbol, ())
        if isinstance(said, int | float):
            filled[:, column] = said
        else:
            filled[: len(said), column] = said
    return filled


def approved(order: Order) -> Approved:
    """An order as the review would let it go, for an exchange that is tested by itself."""
    return by_review(WorkingOrder(order, order.quantity, Verdict(order.quantity), "t"))


def ask(quantity: int, **others: Any) -> OrderRequest:
    """An explicit order of ``on_bar``, for the first instrument unless said otherwise."""
    return OrderRequest(others.pop("instrument", 0), quantity, **others)


def in_both_engines(record: Record, style: str = "signals", **beside: Any) -> Record:
    """The record, once the kernel's loop has come to the same orders, fills, notices and account.

    ``beside``: ``limit``, ``trigger``, … as ``play`` was given them.
    """
    decisions = DecisionArrays(record.targets, **{name: grid(record.panel, said) for name, said in beside.items()})
    other = compiled.run(record.panel, record.settings, decisions=decisions, style=style, compiled=False)
    for name in ("orders", "settlements", "notices", "breaker_events", "positions"):
        assert repr(tuple(getattr(record, name))) == repr(tuple(getattr(other, name)))
    for name in ("equity_paise", "cash_paise", "exposure_paise"):
        assert getattr(record, name).tolist() == getattr(other, name).tolist()
    return record


def fills(record: Record) -> list[tuple[int, int, float, str]]:
    """(row, signed units, price in rupees, reason) of every fill, in order."""
    return [
        (row_of(record, booked.fill.time), booked.fill.quantity, round(booked.fill.price, 9), str(booked.reason))
        for booked in record.settlements
    ]


def fills_by_symbol(record: Record) -> list[tuple[int, str, int]]:
    """(row, symbol, signed units) of every fill, in order."""
    return [
        (row_of(record, b.fill.time), record.panel.symbols[b.fill.instrument], b.fill.quantity)
        for b in record.settlements
    ]


def row_of(record: Record, time: int) -> int:
    return int(np.searchsorted(record.panel.time, time))


def states(record: Record) -> list[tuple[int, str]]:
    """(signed units of the order, state) of every order that protects nothing, by id."""
    return [(o.order.quantity, str(o.state)) for o in record.orders if not o.order.protective]


def refusals(record: Record) -> list[tuple[int, str]]:
    """(signed units asked for, why) of every order that was refused."""
    return [(order.requested, order.why) for order in record.orders if order.state == "refused"]


def verdicts(record: Record) -> list[tuple[int, int, str]]:
    """(asked for, left, reason) of every order that protects nothing."""
    return [(o.requested, o.verdict.quantity, o.verdict.reason) for o in record.orders if not o.order.protective]
