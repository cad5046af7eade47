"""``tulya strategies`` and ``tulya new strategy``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from framework.usercode.find import BrokenStrategy, StrategyInfo

new_app = typer.Typer(
    name="new", help="Start something of your own.", no_args_is_help=True, rich_markup_mode="markdown"
)


def strategies_command(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")] = False,
) -> None:
    """List the strategies that can be named: what they do and which parameters they take.

    Example:
    - tulya strategies
    """
    from framework.usercode.find import broken_strategies, list_strategies

    found, broken = list_strategies(), broken_strategies()
    if as_json:
        typer.echo(json.dumps(_as_json(found, broken), indent=2, ensure_ascii=False))
        return
    from rich.console import Console

    console = Console()
    console.print(_table(found))
    for each in broken:
        console.print(f"{each.name} cannot be used: {each.reason}", style="red", markup=False, highlight=False)
    console.print("A parameter is set with --set period=10; a file of your own is named ./file.py.", highlight=False)


@new_app.callback()
def new() -> None:
    """Start something of your own."""


@new_app.command("strategy")
def new_strategy_command(
    name: Annotated[str, typer.Argument(help="Such as my_idea; it names the file and, as MyIdea, the class.")],
    folder: Annotated[
        Path | None, typer.Option("--folder", help="Where to put it; ./strategies, or here where there is none.")
    ] = None,
) -> None:
    """Write a working strategy file and its test, ready to be changed.

    Example:
    - tulya new strategy my_idea
    """
    from framework.usercode.scaffold import new_strategy

    default = Path("strategies") if Path("strategies").is_dir() else Path()
    strategy, test = new_strategy(name, default if folder is None else folder)
    typer.echo(f"wrote {strategy} and {test}")
    typer.echo(f"try it:  tulya backtest {_as_argument(strategy)} --symbols SP500")
    typer.echo(f"test it: python -m pytest {test}   (pytest comes with make test, or with pip install pytest)")


def _as_argument(path: Path) -> str:
    return str(path) if path.is_absolute() or path.parent != Path() else f"./{path}"


def _table(found: list[StrategyInfo]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(header_style="bold", show_lines=True, expand=False)
    table.add_column("strategy", no_wrap=True)
    table.add_column("style", no_wrap=True)
    table.add_column("parameters", ratio=1)
    table.add_column("what it does", ratio=1)
    for each in found:
        lines = [f"{one.name} = {one.default}{_together(one.bounds)}" for one in each.parameters]
        table.add_row(Text(each.name, style="bold"), each.style, Text("\n".join(lines) or "none"), Text(each.summary))
    return table


def _together(bounds: str) -> str:
    """The bounds in brackets, with spaces at which no line breaks."""
    return f" ({bounds})".replace(" ", "\u00a0") if bounds else ""


def _as_json(found: list[StrategyInfo], broken: list[BrokenStrategy]) -> dict[str, Any]:
    return {
        "strategies": [
            {
                "name": each.name,
                "class": each.class_name,
                "style": each.style,
                "summary": each.summary,
                "path": str(each.path),
                "parameters": [one._asdict() for one in each.parameters],
            }
            for each in found
        ],
        "broken": [{"name": each.name, "path": str(each.path), "reason": each.reason} for each in broken],
    }
