"""A result as an aligned text table, and as a small HTML table for notebooks."""

from __future__ import annotations

from html import escape
from itertools import zip_longest
from textwrap import wrap
from typing import TYPE_CHECKING

from framework.report.breaker import when
from framework.report.finding import Severity
from framework.report.held_back_orders import tallies
from framework.report.limits import compared
from framework.report.settings_table import chosen
from framework.report.stats import STATS
from framework.report.wording import reason_text, stat_value
from framework.types.currency import money_text
from framework.types.rupees import NONE
from framework.types.visible import visible_text

if TYPE_CHECKING:
    from framework.report.facts import RunFacts

LEFT = ("growth", "risk")
MARKS = {Severity.ERROR: "✗", Severity.WARNING: "!", Severity.NOTE: "·"}
NAME_WIDTH, VALUE_WIDTH, UNIT_WIDTH = 22, 17, 13
LINE_WIDTH = 110
HELD_WIDTH = 22


def _rows(result: RunFacts, *, left: bool) -> list[tuple[str, str, str]]:
    stats = result.stats
    return [
        (stat.name, stat_value(stat, stats[stat.key], result.currency), "" if stat.unit == "₹" else stat.unit)
        for stat in STATS
        if (stat.group in LEFT) is left
    ]


def text(result: RunFacts) -> str:
    """Headline, statistics with their units in two columns, causality, fill rule and findings."""
    lines = [result.title, result.period, ""]
    empty = ("", "", "")
    for one, two in zip_longest(_rows(result, left=True), _rows(result, left=False), fillvalue=empty):
        cells = [
            f"{name:<{NAME_WIDTH}} {value:>{VALUE_WIDTH}} {unit:<{UNIT_WIDTH}}" for name, value, unit in (one, two)
        ]
        lines.append("   ".join(cells).rstrip())
    lines += ["", *_wrapped("Settings", "; ".join(chosen(result)))]
    lines.append(f"Causality   {result.causality}")
    if result.verification is not None:
        lines.append(f"Verified    {result.verification}")
    lines.append(f"Fill rule   {result.settings.fill_rule}")
    lines += [*_held_back(result), *_without_limits(result)]
    found = result.findings
    if found:
        lines += ["", "Findings"]
        lines += [f"  {MARKS[finding.severity]} {finding.text}" for finding in found]
    return visible_text("\n".join(lines))


def _held_back(result: RunFacts) -> list[str]:
    """Orders held back by risk and at fills, a line for each reason; nothing where all were approved and filled."""
    rows = [
        (
            reason_text(one.reason),
            *(f"{count:,}" if count else NONE for count in (one.shrunk, one.refused, one.expired)),
            f"{one.units:,}",
            money_text(one.rupees, result.currency, 0),
            f"{when(result.record, one.first_row)} … {when(result.record, one.last_row)}",
        )
        for one in tallies(result.held_back)
    ]
    if not rows:
        return []
    return _table([("Held back", "shrunk", "refused", "expired", "units", "at the close", "first … last"), *rows])


def _without_limits(result: RunFacts) -> list[str]:
    """The run beside the one without limits; nothing where there were none."""
    if result.without_risk is None:
        return []
    if result.without_risk.left_out:
        return ["", *_wrapped("No limits", f"no second run: {result.without_risk.left_out}")]
    rows = [one.texts(result.currency) for one in compared(result)]
    return _table([("Limits", "as run", "without them", "difference"), *rows])


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    """An empty line and then the rows, the first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for name, *numbers in rows:
        cells = [f"{cell:>{width}}" for cell, width in zip(numbers, widths[1:], strict=True)]
        lines.append("  ".join([f"{name:<{max(widths[0], HELD_WIDTH)}}", *cells]))
    return ["", *lines]


def _wrapped(name: str, words: str) -> list[str]:
    """A name and its text, wrapped and indented."""
    return wrap(words, LINE_WIDTH, initial_indent=f"{name:<12}", subsequent_indent=" " * 12, break_on_hyphens=False)


def html(result: RunFacts) -> str:
    """The same for Jupyter; every text is escaped."""
    cells = []
    for one, two in zip_longest(_rows(result, left=True), _rows(result, left=False), fillvalue=("", "", "")):
        row = "".join(
            f"<td style='text-align:left'>{escape(name)}</td>"
            f"<td style='text-align:right;font-variant-numeric:tabular-nums'>{escape(value)}</td>"
            f"<td style='text-align:left;opacity:.6;padding-right:2em'>{escape(unit)}</td>"
            for name, value, unit in (one, two)
        )
        cells.append(f"<tr>{row}</tr>")
    verified = "" if result.verification is None else f"<br>Verified: {escape(str(result.verification))}"
    held = "\n".join(map(escape, [*_held_back(result), *_without_limits(result)]))
    held = f"<pre style='font-size:.9em'>{held}</pre>" if held else ""
    found = "".join(f"<li>{MARKS[one.severity]} {escape(one.text)}</li>" for one in result.findings)
    return (
        f"<div><h4 style='margin:.2em 0'>{escape(result.title)}</h4><p style='opacity:.7'>{escape(result.period)}</p>"
        f"<table>{''.join(cells)}</table>"
        f"<p>Settings: {escape('; '.join(chosen(result)))}<br>"
        f"Causality: {escape(str(result.causality))}{verified}<br>"
        f"Fill rule: {escape(result.settings.fill_rule)}</p>{held}"
        f"<ul style='list-style:none;padding-left:0'>{found}</ul></div>"
    )
