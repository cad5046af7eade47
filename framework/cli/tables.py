"""Tables of what the store keeps: how their columns, dates and statistics are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from framework.types.visible import visible_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

SHOWN_SYMBOLS = 2


def new_table() -> Table:
    """Without lines, its headings bold; names from elsewhere cannot send commands to the terminal."""
    from rich.table import Table

    class ShownTable(Table):
        """A table whose texts are written out."""

        def add_row(self, *cells: Any, **how: Any) -> None:
            """Add a row."""
            super().add_row(*(visible_text(cell) if isinstance(cell, str) else cell for cell in cells), **how)

    return ShownTable(header_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))


def print_table(table: Table) -> None:
    """As wide as the table needs: a run id that is cut off cannot be copied."""
    from rich.console import Console

    wide = Console(width=10_000, markup=False).measure(table).maximum
    console = Console(markup=False, highlight=False)
    console.width = max(console.width, wide)
    console.print(table, soft_wrap=True)


def symbols_of(symbols: Sequence[str]) -> str:
    """The first of them, and how many more there are."""
    first = ", ".join(symbols[:SHOWN_SYMBOLS])
    more = len(symbols) - SHOWN_SYMBOLS
    return f"{first} and {more} more" if more > 0 else first


def date_of(nanoseconds: int) -> str:
    """UTC nanoseconds as a day."""
    from datetime import UTC, datetime

    return f"{datetime.fromtimestamp(nanoseconds // 1_000_000_000, UTC):%Y-%m-%d}"


def stat_of(name: str, value: float | None) -> str:
    """A statistic as the result itself prints it; one that this version does not know, as a number."""
    from framework.report.stats import STATS
    from framework.report.wording import number, stat_value
    from framework.types.rupees import NONE

    if value is None:
        return NONE
    stat = next((stat for stat in STATS if stat.key == name), None)
    return number(value) if stat is None else stat_value(stat, value)
