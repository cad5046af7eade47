"""Heatmap and slices of a sweep, as plotly figures and as files that need no network."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from framework.errors import ConfigError
from framework.sweeps.figures import objective_of

if TYPE_CHECKING:
    from framework.sweeps.result import SweepResult

LINE, BEST = "#0072b2", "#d55e00"
"""Blue and vermilion (Okabe & Ito) can be told apart with every kind of colour vision."""


def heatmap(result: SweepResult, x: str | None, y: str | None, stat: str | None) -> go.Figure:
    """``stat`` over the values of two parameters; the median where several sets share a cell."""
    x, y = _pair(result, x, y)
    key = result.objective if stat is None else objective_of(stat)
    names = list(result.axes)
    across, up = names.index(x), names.index(y)
    cells: dict[tuple[int, int], list[float]] = {}
    for position, stats in zip(result.positions, result.stats, strict=True):
        if stats[key] == stats[key]:
            cells.setdefault((position[up], position[across]), []).append(stats[key])
    table = [
        [median(cells[row, column]) if (row, column) in cells else None for column in range(len(result.axes[x]))]
        for row in range(len(result.axes[y]))
    ]
    chart = go.Figure(
        go.Heatmap(x=_texts(result.axes[x]), y=_texts(result.axes[y]), z=table, colorscale="Viridis", hoverongaps=False)
    )
    best = result.best
    mark = {"symbol": "x", "size": 12, "color": BEST}
    chart.add_scatter(x=_texts([best[x]]), y=_texts([best[y]]), mode="markers", marker=mark, name="best")
    rest = [name for name in names if name not in {x, y} and len(result.axes[name]) > 1]
    over = f", median over {', '.join(rest)}" if rest else ""
    chart.update_layout(
        title=f"{result.strategy}: {key}{over} ({result.tried:,} sets tried)",
        xaxis={"title": x, "type": "category"},
        yaxis={"title": y, "type": "category"},
    )
    return chart


def slices(result: SweepResult) -> go.Figure:
    """The objective along every parameter with more than one value, through the best set."""
    names = [name for name, axis in result.axes.items() if len(axis) > 1] or list(result.axes)
    chart = make_subplots(rows=1, cols=len(names), subplot_titles=names, shared_yaxes=True)
    best = result.positions[result.order[0]]
    found = {position: stats[result.objective] for position, stats in zip(result.positions, result.stats, strict=True)}
    for column, name in enumerate(names, start=1):
        axis = list(result.axes).index(name)
        line = [(*best[:axis], at, *best[axis + 1 :]) for at in range(len(result.axes[name]))]
        there = [position for position in line if position in found]
        chart.add_scatter(
            x=[result.axes[name][position[axis]] for position in there],
            y=[found[position] for position in there],
            mode="lines+markers",
            marker={"color": [BEST if position == best else LINE for position in there]},
            line={"color": LINE, "width": 1.5},
            showlegend=False,
            row=1,
            col=column,
        )
    chart.update_layout(title=f"{result.strategy}: {result.objective} through the best set, one parameter at a time")
    return chart


def save(result: SweepResult, folder: Path) -> list[Path]:
    """results.csv, slices.html and heatmap.html (with two parameters or more); returns their paths."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / "results.csv"
    result.frame.to_csv(table, index=False)
    charts = {"slices.html": result.slices()}
    if len(result.axes) > 1:
        charts["heatmap.html"] = result.heatmap()
    for name, chart in charts.items():
        chart.write_html(folder / name, include_plotlyjs=True)
    return [table, *(folder / name for name in charts)]


def _pair(result: SweepResult, x: str | None, y: str | None) -> tuple[str, str]:
    """Two different parameters of the sweep; those with the most values when none are named."""
    for name in (x, y):
        if name is not None and name not in result.axes:
            msg = f"{name!r} was not swept; there are {', '.join(result.axes)}"
            raise ConfigError(msg)
    free = sorted((name for name in result.axes if name not in {x, y}), key=lambda name: -len(result.axes[name]))
    chosen = [name if name is not None else (free.pop(0) if free else None) for name in (x, y)]
    if None in chosen or chosen[0] == chosen[1]:
        msg = f"a heatmap needs two parameters, and this sweep has {', '.join(result.axes)}; use slices()"
        raise ConfigError(msg)
    return str(chosen[0]), str(chosen[1])


def _texts(values: list[Any]) -> list[str]:
    return [f"{value:.10g}" if isinstance(value, float) else str(value) for value in values]
