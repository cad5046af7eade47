"""Candles and volume as one HTML file that needs no network."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from framework.draft import drafted
from framework.report.content_policy import with_policy
from framework.types.localtime import to_local
from framework.types.timeframe import DATED, SECOND_NS

if TYPE_CHECKING:
    from pathlib import Path

    from framework.types import Bars

RISING, FALLING = "#1b7f5c", "#c2453d"
LABELS = 10


def write_chart(bars: Bars, path: Path) -> int:
    """Draw bars; the axis holds sessions only, without nights and holidays. Returns the number of bars drawn."""
    with_volume = bool(np.isfinite(bars.volume).any())
    figure = make_subplots(
        rows=1 + with_volume,
        cols=1,
        shared_xaxes=True,
        vertical_spacing=0.03,
        row_heights=[0.78, 0.22][: 1 + with_volume],
    )
    labels = _labels(bars)
    candles = go.Candlestick(
        x=labels, open=bars.open, high=bars.high, low=bars.low, close=bars.close, name=escape(str(bars.instrument)),
        increasing_line_color=RISING, decreasing_line_color=FALLING,
    )  # fmt: skip
    figure.add_trace(candles, row=1, col=1)
    if with_volume:
        colours = np.where(bars.close >= bars.open, RISING, FALLING)
        figure.add_trace(go.Bar(x=labels, y=bars.volume, name="volume", marker_color=colours), row=2, col=1)
        figure.update_yaxes(title_text="volume", row=2, col=1)
    figure.update_xaxes(type="category", nticks=LABELS, rangeslider_visible=False)
    figure.update_yaxes(title_text="price", row=1, col=1)
    title = f"{escape(str(bars.instrument))} {bars.timeframe}: {len(bars):,} bars, {labels[0]} to {labels[-1]}"
    figure.update_layout(
        title=title, showlegend=False, template="plotly_white", margin={"t": 60, "b": 40}, hovermode="x"
    )
    with drafted(path) as draft:
        draft.write_text(with_policy(figure.to_html(include_plotlyjs=True, full_html=True)), encoding="utf-8")
    return len(bars)


def _labels(bars: Bars) -> list[str]:
    if bars.timeframe in DATED:
        return [str(day) for day in bars.time.astype("datetime64[ns]").astype("datetime64[D]")]
    local = to_local(bars.time // SECOND_NS, bars.instrument.timezone)
    return [str(moment).replace("T", " ") for moment in local.astype("datetime64[s]").astype("datetime64[m]")]
