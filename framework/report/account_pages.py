"""Pages of an account: an index with the sum, and beside it each strategy's tearsheet and bundle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from framework.errors import ConfigError
from framework.report.account_result import HEADINGS
from framework.report.bundle import refuse_folder
from framework.report.tearsheet import LOADER, replace_file
from framework.report.wording import percent
from framework.types.rupees import rupees

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from framework.report.account_result import AccountResult

INDEX, TEARSHEET, EQUITY = "index.html", "tearsheet.html", "equity.csv"
WIDTH, HEIGHT = 1000, 260
"""Units of the chart's coordinates."""
POINTS = 1000
"""Points of the line at most."""


def write_pages(result: AccountResult, folder: Path, *, quantstats: bool = False) -> Path:
    """Write a folder for each strategy (bundle, pages), ``equity.csv`` of the sum and the index; the index's path."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, run in result.runs.items():
        run.save(folder / name)
        run.report(folder / name / TEARSHEET, quantstats=quantstats)
    replace_file(folder / EQUITY, equity_csv(result))
    replace_file(folder / INDEX, index_page(result))
    return folder / INDEX


def refuse_pages(folder: Path, strategies: Iterable[str]) -> None:
    """Raise ``ConfigError`` unless the pages can be written there; a long run checks before it begins."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / INDEX).is_file():
        raise ConfigError(f"{folder} holds other files and no pages of an account; give them a folder of their own")
    for name in strategies:
        refuse_folder(folder / name)


def equity_csv(result: AccountResult) -> str:
    """Text of ``equity.csv``: close (UTC) and equity in rupees, at each close of any strategy."""
    from framework.report.frames import csv_text, plain_rupees

    stamps = np.datetime_as_string(result.equity.time.astype("datetime64[ns]").astype("datetime64[s]"), timezone="UTC")
    values = [plain_rupees(value) for value in result.equity.paise.tolist()]
    return csv_text(("time", "equity"), zip(stamps.tolist(), values, strict=True))


def index_page(result: AccountResult) -> str:
    """The index as text; it needs no network and runs no script."""
    environment = Environment(loader=LOADER, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    total = result.total
    return environment.get_template("account.html").render(
        name=result.name,
        period=result.period,
        facts=result.facts,
        style=Markup(LOADER.get_source(environment, "tearsheet.css")[0]),  # noqa: S704 - our own file
        headings=HEADINGS,
        rows=result.rows(),
        tearsheet=TEARSHEET,
        final=rupees(result.final_equity),
        net=rupees((total.equity_paise - total.capital_paise) / 100),
        drawdown=percent(result.max_drawdown),
        line=_line(result),
        size=(WIDTH, HEIGHT),
        causality={name: str(run.causality) for name, run in result.runs.items()},
    )


def _line(result: AccountResult) -> str:
    """Points of the equity's line: of each stretch of closes its lowest and its highest."""
    values = np.concatenate([[result.total.capital_paise], result.equity.paise]).astype(np.float64)
    low, high = float(values.min()), float(values.max())
    span = high - low or 1.0
    points = []
    for rows in np.array_split(np.arange(values.shape[0]), min(values.shape[0], POINTS // 2)):
        ends = {int(rows[values[rows].argmin()]), int(rows[values[rows].argmax()])}
        for row in sorted(ends):
            x = WIDTH * row / max(values.shape[0] - 1, 1)
            points.append(f"{x:.1f},{HEIGHT * (1 - (values[row] - low) / span):.1f}")
    return " ".join(points)
