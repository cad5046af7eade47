"""Ratios of each row to ours: its time over our time for the same work. Rows are those of the JSON file."""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]

OURS = {
    "a": ("tulya, plain", "tulya, whole rulebook"),
    "a shell": ("shell: tulya backtest rsi", ""),
    "b": ("tulya, plain", "tulya, whole rulebook"),
    "c": ("tulya, plain", "tulya, guards"),
    "d": ("tulya, 2 threads", "tulya, stop-loss, 2 threads"),
    "e": ("tulya, first load", "tulya, repeated load"),
}
"""Rows of ours that the others are compared with: the same work, and ours with everything on (in E, later loads)."""


def row_of(rows: list[Row], who: str) -> Row | None:
    """The row with this name that has a time."""
    return next((row for row in rows if row["who"] == who and row["seconds"] is not None), None)


def ratio(rows: list[Row], who: str, ours: str, figure: str = "seconds") -> float | None:
    """Ratio of the figure of ``who`` to that of ``ours``; None where one of them is missing."""
    theirs, mine = row_of(rows, who), row_of(rows, ours)
    if theirs is None or mine is None or not mine[figure]:
        return None
    return float(theirs[figure] / mine[figure])


def beside(row: Row, rows: list[Row]) -> tuple[float | None, float | None]:
    """A row's time over our plain row's, and over ours with everything on."""
    same, full = OURS[row["workload"]]
    return ratio(rows, row["who"], same), ratio(rows, row["who"], full) if full else None


def agreement(row: Row) -> str:
    """Agreement of the answer with the expected one, in a word."""
    if row["seconds"] is None:
        return str(row["note"])
    if row["same"] is None:
        return "not compared"
    return "same" if row["same"] else "DIFFERS"
