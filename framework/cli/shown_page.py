"""Page in the browser: ``--open``."""

from __future__ import annotations

import webbrowser
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from pathlib import Path

OPEN = "Show the page in the browser."
HINT = "            --open shows it in the browser"


def open_page(path: Path) -> None:
    """Show a page in the user's browser; where there is none, a line says which file to open."""
    if not webbrowser.open(path.resolve().as_uri()):
        typer.echo(f"No browser was found here; open the file yourself: {path.resolve()}", err=True)
