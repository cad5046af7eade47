"""Heatmap, slices and Pareto front of a sweep, as plotly figures and as files that need no network."""

from __future__ import annotations

from pathlib import Path
from random import Random
from statistics import median
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from framework.draft import drafted
from framework.errors import ConfigError
from framework.sweeps.figures import FALLING_IS_BETTER, objective_of
from framework.sweeps.page import page_of
from framework.types.csv_cell import harmless

if TYPE_CHECKING:
    from framework.sweeps.outcome import SweepOutcome

LINE, BEST, FRONT = "#0072b2", "#d55e00", "#009e73"
"""Blue, vermilion and bluish green (Okabe & Ito) can be told apart with every kind of colour vision."""
MOST_POINTS = 10_000
"""Of a scatter plot: beyond this a page is slow to open and no point can be told from another."""


def heatmap(result: SweepOutcome, x: str | None, y: str | None, stat: str | None) -> go.Figure:
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


def slices(result: SweepOutcome) -> go.Figure:
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


def scatter(result: SweepOutcome, x: str | None, y: str | None) -> go.Figure:
    """Every set by two statistics, by default the first two objectives; the Pareto front and the best set marked."""
    x_key, y_key = _statistics(result, x, y)
    front = set(result.front_rows)
    others = [row for row in range(result.tried) if row not in front]
    shown = others if len(others) <= MOST_POINTS else Random(0).sample(others, MOST_POINTS)  # noqa: S311 - for the eye
    best = result.order[0]
    chart = go.Figure()

    def points(rows: list[int], **how: Any) -> None:
        chart.add_scatter(
            x=[result.stats[row][x_key] for row in rows],
            y=[result.stats[row][y_key] for row in rows],
            text=[", ".join(f"{name} = {value}" for name, value in result.parameters(row).items()) for row in rows],
            hovertemplate=f"%{{text}}<br>{x_key}: %{{x:.4g}}<br>{y_key}: %{{y:.4g}}<extra></extra>",
            **how,
        )

    left_out = "" if len(shown) == len(others) else f" ({MOST_POINTS:,} of {len(others):,} at random)"
    points(shown, mode="markers", marker={"color": LINE, "size": 5, "opacity": 0.4}, name=f"dominated{left_out}")
    along = sorted(front, key=lambda row: (result.stats[row][x_key], result.stats[row][y_key]))
    line = {"color": FRONT, "width": 1.5, "dash": "dot"}
    mode = "lines+markers" if {x_key, y_key} == set(result.objectives) else "markers"  # a shadow of more has no order
    points(along, mode=mode, marker={"color": FRONT, "size": 8}, line=line, name="Pareto front")
    points([best], mode="markers", marker={"symbol": "x", "size": 12, "color": BEST}, name=f"best {result.objective}")
    over = f" of {len(result.objectives)} objectives" if len(result.objectives) > 2 else ""  # noqa: PLR2004 - a plane
    chart.update_layout(
        title=f"{result.strategy}: {x_key} and {y_key}, Pareto front{over} ({result.tried:,} sets tried)",
        xaxis_title=_better(x_key),
        yaxis_title=_better(y_key),
    )
    return chart


def save(result: SweepOutcome, folder: Path) -> list[Path]:
    """results.csv, slices.html, heatmap.html (two parameters or more), front.html (two objectives); their paths."""
    folder = Path(folder)
    table = folder / "results.csv"
    with drafted(table) as draft:
        result.frame.map(lambda cell: harmless(cell) if isinstance(cell, str) else cell).to_csv(draft, index=False)
    charts = {"slices.html": slices(result)}
    if len(result.axes) > 1:
        charts["heatmap.html"] = heatmap(result, None, None, None)
    if len(result.objectives) > 1:
        charts["front.html"] = scatter(result, None, None)
    for name, chart in charts.items():
        with drafted(folder / name) as draft:
            draft.write_text(page_of(chart), encoding="utf-8")
    return [table, *(folder / name for name in charts)]


def _pair(result: SweepOutcome, x: str | None, y: str | None) -> tuple[str, str]:
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


def _statistics(result: SweepOutcome, x: str | None, y: str | None) -> tuple[str, str]:
    """Two different statistics; the first objectives when none are named."""
    named = [None if name is None else objective_of(name) for name in (x, y)]
    free = [name for name in result.objectives if name not in named]
    chosen = [name or (free.pop(0) if free else None) for name in named]
    if None in chosen or chosen[0] == chosen[1]:
        msg = (
            f"a scatter plot needs two statistics, and this sweep's only objective is {result.objective}; "
            "name another, such as scatter('Sharpe', 'Max. drawdown')"
        )
        raise ConfigError(msg)
    return str(chosen[0]), str(chosen[1])


def _better(key: str) -> str:
    """An axis title that says which way is good."""
    return f"{key} ({'less' if key in FALLING_IS_BETTER else 'more'} is better)"


def _texts(values: list[Any]) -> list[str]:
    return [f"{value:.10g}" if isinstance(value, float) else str(value) for value in values]
