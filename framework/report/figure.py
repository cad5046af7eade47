"""``Result.plot()``: a plotly figure for notebooks. The tearsheet draws its own charts, see ``templates/charts.js``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from plotly.subplots import make_subplots

from framework.errors import ConfigError
from framework.report.frames import index
from framework.report.metrics import drawdowns
from framework.types.currency import sign_of

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from numpy.typing import NDArray

    from framework.report.facts import RunFacts

MOST_CANDLES = 2_000
UP, DOWN, EQUITY, MUTED = "#0072b2", "#d55e00", "#0f766e", "#8a8f98"
"""Blue and vermilion (Okabe & Ito) can be told apart with every kind of colour vision."""


def figure(result: RunFacts, symbol: str | None = None) -> go.Figure:
    """Equity against the benchmark, drawdown, candles of one symbol (the first by default) with its fills."""
    panel = result.record.panel
    if symbol is not None and symbol not in panel.symbols:
        msg = f"{symbol!r} is not in this run; it has {', '.join(panel.symbols)}"
        raise ConfigError(msg)
    column = panel.symbols.index(symbol) if symbol else 0
    unit = sign_of(result.currency).strip()
    chart = make_subplots(
        rows=3,
        cols=1,
        shared_xaxes=True,
        vertical_spacing=0.04,
        row_heights=[0.32, 0.14, 0.54],
        subplot_titles=(f"Equity [{unit}]", "Drawdown [%]", f"{panel.symbols[column]} [{unit}]"),
    )
    _account(chart, result)
    _candles(chart, result, column)
    _fills(chart, result, column)
    chart.update_layout(
        title=result.title,
        height=820,
        hovermode="x unified",
        xaxis3_rangeslider_visible=False,
        legend={"orientation": "h", "y": 1.05, "x": 1, "xanchor": "right"},
        margin={"l": 60, "r": 20, "t": 90, "b": 30},
    )
    return chart


def _account(chart: go.Figure, result: RunFacts) -> None:
    seen = result.observations
    time = index(result.record.panel, result.record.panel.time[result.record.first_row :])
    fall = -100 * drawdowns(np.concatenate([[seen.capital], seen.equity]))[1:]
    chart.add_scatter(x=time, y=seen.equity, name="equity", line={"color": EQUITY, "width": 1.6}, row=1, col=1)
    line = {"color": MUTED, "width": 1, "dash": "dot"}
    chart.add_scatter(x=time, y=seen.benchmark, name=result.benchmark_name, line=line, row=1, col=1)
    filled = {"color": DOWN, "width": 1}
    chart.add_scatter(x=time, y=fall, name="drawdown", fill="tozeroy", line=filled, showlegend=False, row=2, col=1)


def _candles(chart: go.Figure, result: RunFacts, column: int) -> None:
    panel = result.record.panel
    rows = panel.rows_of(column)
    rows = rows[rows >= result.record.first_row]
    if not rows.shape[0]:
        return
    step = -(-rows.shape[0] // MOST_CANDLES)
    starts = np.arange(0, rows.shape[0], step)
    ends = np.append(starts[1:], rows.shape[0]) - 1

    def of(name: str) -> NDArray[np.float64]:
        values: NDArray[np.float64] = getattr(panel, name)[rows, column]
        return values

    chart.add_candlestick(
        x=index(panel, panel.time[rows[starts]]),
        open=of("open")[starts],
        high=np.maximum.reduceat(of("high"), starts),
        low=np.minimum.reduceat(of("low"), starts),
        close=of("close")[ends],
        name=panel.symbols[column] + (f", {step} bars a candle" if step > 1 else ""),
        increasing={"line": {"color": UP, "width": 1}},
        decreasing={"line": {"color": DOWN, "width": 1}},
        row=3,
        col=1,
    )


def _fills(chart: go.Figure, result: RunFacts, column: int) -> None:
    panel = result.record.panel
    mine = [one.fill for one in result.record.settlements if one.fill.instrument == column]
    for name, sign, marker, colour in (("buy", 1, "triangle-up", UP), ("sell", -1, "triangle-down", DOWN)):
        fills = [fill for fill in mine if fill.quantity * sign > 0]
        chart.add_scatter(
            x=index(panel, np.array([fill.time for fill in fills], dtype=np.int64)),
            y=[fill.price for fill in fills],
            text=[f"{name} {abs(fill.quantity):,}" for fill in fills],
            mode="markers",
            marker={"symbol": marker, "size": 10, "color": colour, "line": {"width": 1, "color": "white"}},
            name=name,
            row=3,
            col=1,
        )
