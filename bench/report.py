"""``python -m bench.report FIGURES.json``: the tables of docs/benchmarks.md and docs/scaling.md, and the growth plot.

A page has ``<!-- bench: NAME -->`` and ``<!-- end -->`` around what is written here; the rest is written by hand.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import scaling
from bench.plots import plot
from bench.ratios import agreement, beside
from bench.tables import TITLES, memory, spelt, times
from bench.targets import judged
from bench.venvs import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable

PAGES = (ROOT / "docs" / "benchmarks.md", ROOT / "docs" / "scaling.md")
PLOT = ROOT / "docs" / "images" / "growth.png"
PART = re.compile(r"(<!-- bench: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def main(words: list[str]) -> None:
    """Write the pages."""
    parser = argparse.ArgumentParser(prog="python -m bench.report", description=__doc__)
    parser.add_argument("figures", type=Path, help="what make bench ARGS='--json FILE' kept")
    kept = json.loads(parser.parse_args(words).figures.read_text("utf-8"))
    parts = parts_of(kept)
    for page in PAGES:
        page.write_text(filled(page.read_text("utf-8"), parts), encoding="utf-8")
        print(f"{page.relative_to(ROOT)}: {', '.join(found[2] for found in PART.finditer(page.read_text('utf-8')))}")
    if "growth" in kept:
        plot(kept["growth"], PLOT)
        print(PLOT.relative_to(ROOT))


def filled(text: str, parts: dict[str, str]) -> str:
    """A page with its marked parts replaced; a part that was not measured stays as it is."""
    return PART.sub(lambda found: f"{found[1]}{parts[found[2]]}\n{found[3]}" if found[2] in parts else found[0], text)


def parts_of(kept: dict[str, Any]) -> dict[str, str]:
    """Every part of the pages that these figures can fill."""
    compared = {name: kept[name] for name in TITLES if name in kept}
    parts = {f"{name}": workload(kept[name]["rows"]) for name in compared}
    if compared:
        parts["machine"] = machine(compared)
        parts["targets"] = targets(kept)
    if "growth" in kept:
        parts |= scaling.parts_of(kept["growth"])
    return parts


def machine(compared: dict[str, Any]) -> str:
    """Machine and versions of the measurement, in two sentences."""
    known = next(iter(compared.values()))["machine"]
    rows = [row for kept in compared.values() for row in kept["rows"] if row["version"] and row["role"] != "ours"]
    peers = dict.fromkeys(f"{row['who'].partition(' (')[0].partition(',')[0]} {row['version']}" for row in rows)
    said = (
        f"Measured on {known['measured']}: {known['processor']}, {known['cores']} cores, {known['memory']}, "
        f"{known['system']}; Python {known['python']}, {known['libraries']}. Beside: {', '.join(peers)}."
    )
    quick = [name.upper() for name, one in compared.items() if one["quick"]]
    return said + (f" **{', '.join(quick)} with --quick: what is slow was shortened.**" if quick else "")


def workload(rows: list[dict[str, Any]]) -> str:
    """Answers and times of one workload in one table."""
    first, second = "round trips", "final equity"
    if any("rows" in row["answer"] for row in rows):
        first, second = "rows", "last close"
    headings = ("", "median", "÷ ours", "÷ ours, all on", "peak MB", first, second, "answer")
    lines = []
    for row in rows:
        same, full = beside(row, rows)
        note = f" ({row['note']})" if row["note"] and row["seconds"] is not None else ""
        answers = [
            f"{row['answer'][key]:,.2f}".removesuffix(".00") if key in row["answer"] else "" for key in (first, second)
        ]
        figures = (spelt(row["seconds"]), times(same), times(full), memory(row["peak_mb"]))
        name = f"**{row['who']}**" if row["role"] == "ours" else row["who"]
        lines.append((name + note, *figures, *answers, agreement(row)))
    return markdown(headings, lines)


def targets(kept: dict[str, Any]) -> str:
    """The figures to reach."""
    lines = []
    for one in judged(kept):
        met = "not measured" if one.met is None else "reached" if one.met else "**missed**"
        bound = f"{'≥' if one.least else '≤'} {one.bound:,g}"
        lines.append((one.workload.upper(), one.what, bound, times(one.measured), met))
    return markdown(("", "what", "to reach", "measured", ""), lines)


def markdown(headings: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
    """A table; all but the first column to the right would hide words, so all stand left."""
    heads = list(headings)
    rows = [heads, ["---"] * len(heads), *lines]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


if __name__ == "__main__":
    main(sys.argv[1:])
