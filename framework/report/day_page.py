"""Page of an account's day: the document of ``live.day_report`` as one HTML file without network and scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from framework.report.tearsheet import LOADER, replace_file
from framework.types.rupees import NONE, in_groups, price_text, rupees

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MARKS = {"error": "✕", "warning": "!", "note": "i"}


def write_day(document: Mapping[str, Any], path: Path) -> Path:
    """Write the page, whole or not at all; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, day_page(document))
    return path


def day_page(document: Mapping[str, Any]) -> str:
    """The page as text."""
    environment = Environment(
        loader=LOADER, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "rupees": lambda amount: NONE if amount is None else rupees(amount),
        "price": lambda price: "" if price is None else price_text(price),
        "count": lambda number: in_groups(str(number)),
        "tone": lambda amount: "gain" if amount > 0 else "loss" if amount < 0 else "",
        "seconds": seconds_text,
        "ratio": ratio_text,
        "words": lambda code: str(code).replace("_", " "),
    }
    return environment.get_template("day.html").render(
        day=document,
        marks=MARKS,
        style=Markup(LOADER.get_source(environment, "tearsheet.css")[0]),  # noqa: S704 - our own file
    )


def seconds_text(seconds: float | None) -> str:
    """``0 s``, ``1.25 s``, ``2 min 5 s``; – where it was not counted."""
    if seconds is None:
        return NONE
    minutes, rest = divmod(seconds, 60)
    if not minutes:
        return f"{rest:.3g} s" if rest else "0 s"
    return f"{in_groups(str(int(minutes)))} min" + (f" {rest:.0f} s" if rest >= 1 else "")


def ratio_text(ratio: float | None) -> str:
    """Changes for each fill with two digits; – where nothing filled."""
    return NONE if ratio is None else f"{ratio:.2f}"
