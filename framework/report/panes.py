"""Panes of a chart: a strategy's columns over the candles, or below them in panes of their own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from framework.report.split_factors import printed_factor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from framework.types.record import Record

MOST_PANES = 3
ON_PRICE = re.compile(
    r"(^|_)([a-z]{0,2}ma|band|upper|lower|middle|mid|vwap|stop|limit|sar|grid|channel|high|low|anchor)\d*(_|$)"
)
BELOW = re.compile(r"rsi|macd|signal|hist|adx|atr|cci|stoch|roc|mom|score|rank|weight|vol|std|slope|corr|ratio|obv|mfi")
LEVEL = re.compile(r"over|upper|lower|threshold|level")
SAME_SCALE = 8.0
"""Columns share a pane while their sizes differ by less than this factor."""


class Pane(NamedTuple):
    """One pane below the price, or (named ``price``) the lines drawn over it."""

    name: str
    columns: tuple[str, ...]
    levels: tuple[tuple[str, float], ...] = ()
    """Horizontal lines: parameter name and value, such as (oversold, 30)."""


def panes(record: Record, parameters: dict[str, Any]) -> list[Pane]:
    """The price pane first; then at most three more, columns of similar size together."""
    symbol = next((symbol for symbol, columns in record.columns.items() if columns), None)
    if symbol is None or symbol not in record.panel.symbols:
        return [Pane("price", ())]
    column = record.panel.symbols.index(symbol)
    close, factor = record.panel.close[:, column], printed_factor(record, column)
    seen = close if factor is None else close / factor
    over: list[str] = []
    groups: list[tuple[float, list[str]]] = []
    for name, values in record.columns[symbol].items():
        finite = np.isfinite(values) & np.isfinite(close)
        if not finite.any():
            continue
        if _belongs_on_price(name, values[finite], seen[finite]):
            over.append(name)
            continue
        size = float(np.quantile(np.abs(values[finite]), 0.95))
        for known, names in groups:
            if max(size, known) <= SAME_SCALE * min(size, known):
                names.append(name)
                break
        else:
            groups.append((size, [name]))
    below = [Pane(", ".join(names), tuple(names), _levels(record, symbol, names, parameters)) for _, names in groups]
    return [Pane("price", tuple(over)), *below[:MOST_PANES]]


def _belongs_on_price(name: str, values: NDArray[np.float64], close: NDArray[np.float64]) -> bool:
    """By its name where that is telling, else by whether it stays near the price all the time."""
    plain = name.lower()
    ratio = values / close
    low, middle, high = np.quantile(ratio, [0.05, 0.5, 0.95])
    near = bool(0.5 < middle < 2)  # noqa: PLR2004 - half to double the price
    if ON_PRICE.search(plain):
        return near
    return near and not BELOW.search(plain) and bool(high - low < 0.6 * middle)


def _levels(record: Record, symbol: str, names: list[str], parameters: dict[str, Any]) -> tuple[tuple[str, float], ...]:
    drawn = np.concatenate([record.columns[symbol][name] for name in names])
    low, high = float(np.nanmin(drawn)), float(np.nanmax(drawn))
    return tuple(
        (name, float(value))
        for name, value in parameters.items()
        if isinstance(value, int | float) and LEVEL.search(name) and low <= value <= high
    )
