"""The figures as tables for a terminal; bench/report.py writes the same numbers into the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

from bench.ratios import Row, agreement, beside

if TYPE_CHECKING:
    from bench.stated import Row as Stated
    from bench.targets import Target

TITLES = {
    "a": "A: 2,500 daily bars",
    "b": "B: 1,000,000 minute bars",
    "c": "C: 500 instruments × 2,500 days, one purse",
    "d": "D: 1,000 parameter sets × 100,000 minute bars",
    "e": "E: 1,000,000 rows of SQLite as float64 arrays",
}


def answers_table(name: str, rows: list[Row]) -> Table:
    """Answers of every row: a fast wrong answer is no answer."""
    keys = list(dict.fromkeys(key for row in rows for key in row["answer"]))
    table = _table(f"{TITLES[name]}: answers", "who", *keys, "beside the reference")
    for row in rows:
        values = [f"{row['answer'][key]:,.2f}".removesuffix(".00") if key in row["answer"] else "" for key in keys]
        table.add_row(row["who"], *values, agreement(row))
    return table


def ratios_table(name: str, rows: list[Row]) -> Table:
    """Times and memory; the two ratios are to our plain row and to ours with everything on."""
    table = _table(TITLES[name], "who", "median", "÷ ours", "÷ ours, all on", "peak MB", "version", "note")
    for row in rows:
        same, full = beside(row, rows)
        mark = " (another answer)" if row["same"] is False else ""
        figures = (spelt(row["seconds"]), times(same), times(full), memory(row["peak_mb"]))
        table.add_row(row["who"] + mark, *figures, row["version"], row["note"])
    return table


def targets_table(targets: list[Target]) -> Table:
    """The figures to reach, and what was."""
    table = _table("Figures to reach", "workload", "what", "bound", "measured", "")
    for one in targets:
        met = "not measured" if one.met is None else "met" if one.met else "MISSED"
        sign = "≥" if one.least else "≤"
        table.add_row(one.workload, one.what, f"{sign} {one.bound:,g}", times(one.measured), met)
    return table


def growth_table(kept: dict[str, Any]) -> Table:
    """Every point of the growth measurement."""
    table = _table("Growth", "against", "size", "median", "peak MB")
    for series in kept["series"]:
        for point in series["points"]:
            table.add_row(series["axis"], f"{point['size']:,}", spelt(point["seconds"]), memory(point["peak_mb"]))
        for said in series["failed"]:
            table.add_row(series["axis"], said, "", "")
    return table


def stated_table(name: str, rows: list[Stated]) -> Table:
    """Groups with limits of their own."""
    table = _table(f"{name}: ratio > 1 is better than what stands beside it", "what", "measured", "beside", "ratio")
    for row in rows:
        table.add_row(row.what, row.measured, row.beside, f"{row.ratio:.1f}")
    return table


def _table(title: str, *headings: str) -> Table:
    table = Table(title=title, title_justify="left", header_style="bold")
    words = {"who", "version", "note", "what", "against", "measured", "beside", "workload", "beside the reference", ""}
    for heading in headings:
        table.add_column(heading, justify="left" if heading in words else "right", overflow="fold")
    return table


def spelt(seconds: float | None) -> str:
    """A time in a unit that suits it."""
    if seconds is None:
        return "–"
    if seconds < 1e-3:
        return f"{1e6 * seconds:.0f} µs"
    if seconds < 1:
        return f"{1e3 * seconds:.3g} ms"
    return f"{seconds:,.1f} s" if seconds < 100 else f"{seconds:,.0f} s"


def times(ratio: float | None) -> str:
    """A ratio with two or three digits."""
    if ratio is None:
        return "–"
    return f"{ratio:,.0f}" if ratio >= 100 else f"{ratio:.3g}"


def memory(peak_mb: float | None) -> str:
    """Whole megabytes."""
    return "–" if peak_mb is None else f"{peak_mb:,.0f}"
