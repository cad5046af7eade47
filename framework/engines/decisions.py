"""A strategy's answers on the panel's grid: ``signals`` by instrument, ``allocate`` over all of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from framework.engines.rows import PRICE_NAMES, DecisionArrays
from framework.errors import StrategyError, TulyaError
from framework.types import Signals
from framework.types.panel import rows_in, table
from framework.usercode.blame import strategy_error

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from framework.strategy import Strategy
    from framework.types import Bars, Panel
    from framework.types.adjustment import Basis
    from framework.types.array_store import ArrayStore

Columns = dict[str, dict[str, "NDArray[np.float64]"]]
WEIGHT_TOLERANCE = 1e-9
"""Σ|w| of 1.0000000001 is rounding, not leverage."""


class Answers(NamedTuple):
    """Signals of every instrument."""

    arrays: DecisionArrays
    columns: Columns
    """symbol → name → float64[T]."""
    bars: list[Bars]
    signals: list[Signals]
    """One per entry of ``bars``."""


def ask_signals(strategy: Strategy, bars: Bars) -> Signals:
    """``strategy.signals(bars)``, checked: a Signals with one row per bar."""
    try:
        signals: object = strategy.signals(bars)
    except TulyaError:
        raise
    except Exception as error:  # whatever a user's own code raises
        raise strategy_error(error, strategy, "signals", f"on the bars of {bars.symbol}") from error
    if not isinstance(signals, Signals):
        msg = f"{type(strategy).__name__}.signals returned {type(signals).__name__}; it must return Signals"
        raise StrategyError(msg)
    if len(signals) != len(bars):
        msg = f"{type(strategy).__name__}.signals returned {len(signals)} rows for {len(bars)} bars of {bars.symbol}"
        raise StrategyError(msg)
    return signals


def decide_signals(
    strategy: Strategy,
    panel: Panel,
    basis: Basis = "none",
    progress: Callable[[str, int, int], None] | None = None,
) -> Answers:
    """Signals of every instrument's adjusted bars on the panel's [T, N]; rows without a bar are NaN."""
    space = panel.space
    bars, signals = panel.adjusted_bars(basis), []
    for done, one in enumerate(bars, start=1):
        signals.append(ask_signals(strategy, one).kept_in(space))
        if progress is not None:
            progress("signals", done, len(bars))
    length = len(panel)
    rows = [rows_in(panel.time, one.time, space) for one in bars]
    on_grid = partial(_on_grid, rows=rows, length=length, space=space)
    grids = {"target": _targets(signals, rows, length, space)}
    for name in PRICE_NAMES:
        given = [getattr(one, name) for one in signals]
        if any(values is not None for values in given):
            # What strategies say in rupees lies on the adjusted basis; the factor brings it to printed prices.
            pairs = zip(given, bars, strict=True)
            printed = [None if values is None else space.keep(values * one.factor) for values, one in pairs]
            grids[name] = on_grid(printed)
    shown = any(one.columns for one in signals)
    columns = {
        symbol: {name: on_grid([values], rows=[at])[:, 0] for name, values in one.columns.items()}
        for symbol, one, at in zip(panel.symbols if shown else (), signals, rows, strict=shown)
        if one.columns
    }
    return Answers(DecisionArrays(**grids), columns, bars, signals)


def _targets(
    signals: Sequence[Signals], rows: Sequence[NDArray[np.int64] | slice], length: int, space: ArrayStore
) -> NDArray[np.float64]:
    """Targets on the grid, float64[T, N]; of many long-or-flat ones only the few decisions are written."""
    turns = [one.entry_exit for one in signals if one.entry_exit is not None]
    if len(signals) == 1 or len(turns) < len(signals):
        return _on_grid([one.target for one in signals], rows, length, space)
    whole = space.empty((length, len(signals)))
    whole.fill(np.nan)
    for column, given, at in zip(whole.T, turns, rows, strict=True):
        for turning, target in zip(given, (1.0, 0.0), strict=True):  # leave is the later one, which wins
            column[turning if isinstance(at, slice) else at[turning]] = target
    return whole


def _on_grid(
    series: Sequence[NDArray[np.float64] | None],
    rows: Sequence[NDArray[np.int64] | slice],
    length: int,
    space: ArrayStore,
) -> NDArray[np.float64]:
    """One series per instrument as float64[T, N], NaN where there is none: without a copy of a single gapless one."""
    if len(series) == 1 and series[0] is not None and isinstance(rows[0], slice):
        return series[0][:, None]
    return table(series, rows, length, space)


def kept_weights(weights: NDArray[np.float64], panel: Panel, first_row: int) -> NDArray[np.float64]:
    """Weights in force at each row, float64[T, N]: the last one decided on a bar from ``first_row`` on, else 0."""
    rows = np.arange(weights.shape[0])[:, None]
    decided = np.isfinite(weights) & np.isfinite(panel.close) & (rows >= first_row)
    latest = np.maximum.accumulate(np.where(decided, rows, -1), axis=0)
    return np.where(latest >= 0, np.take_along_axis(weights, np.maximum(latest, 0), axis=0), 0.0)


def decide_weights(strategy: Strategy, panel: Panel, leverage: float, first_row: int = 0) -> DecisionArrays:
    """``strategy.allocate(panel)``, checked: float64[T, N], no infinity, Σ|w| ≤ leverage, kept weights included."""
    name = type(strategy).__name__
    try:
        weights = np.array(strategy.allocate(panel), dtype=np.float64)
    except TulyaError:
        raise
    except Exception as error:  # whatever a user's own code raises
        symbols = ", ".join(panel.symbols[:5]) + (", …" if len(panel.symbols) > 5 else "")  # noqa: PLR2004 - a line's worth
        raise strategy_error(error, strategy, "allocate", f"on the panel of {symbols}") from error
    if weights.shape != panel.close.shape:
        needed = f"{panel.close.shape}, one weight per bar and instrument"
        msg = f"{name}.allocate returned shape {weights.shape}; it must be {needed}"
        raise StrategyError(msg)
    if np.isinf(weights).any():
        row, column = (int(index) for index in np.argwhere(np.isinf(weights))[0])
        msg = f"{name}.allocate gives {panel.symbols[column]} an infinite weight at row {row}"
        raise StrategyError(msg)
    gross = np.abs(kept_weights(weights, panel, first_row)).sum(axis=1)
    if (gross > leverage + WEIGHT_TOLERANCE).any():
        row = int(np.argmax(gross > leverage + WEIGHT_TOLERANCE))
        when = np.datetime64(int(panel.time[row]), "ns").astype("datetime64[m]")
        asked = f"Σ|w| = {gross[row]:.4f} at {when}"
        msg = f"{name}.allocate asks for {asked}; it must not exceed the leverage of {leverage:g}"
        raise StrategyError(msg)
    return DecisionArrays(weights)
