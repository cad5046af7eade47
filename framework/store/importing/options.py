"""Options of an import, and the summary of each file."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

from framework.types.intake.options import IntakeOptions
from framework.types.intake.zones import ZONES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


EPOCH = date(1970, 1, 1).toordinal()


def today() -> int:
    """Latest date that it is anywhere in the world, days since 1970."""
    return datetime.now(UTC).date().toordinal() - EPOCH + 1


TRADING_VIEW = re.compile(r"^(?P<exchange>[A-Z]+)(?:_DLY)?_(?P<symbol>.+), (?:\d+[A-Z]?|[DWM])(?:[_ ].*)?$")
"""TradingView's names of exports: ``NSE_INFY, 1D.csv``, with ``_a1b2c`` or `` (1)`` behind it."""


def symbol_of_file(name: str) -> tuple[str, str | None]:
    """Symbol and exchange by the name of a file; None where it names no exchange that is known."""
    export = TRADING_VIEW.match(name.rpartition(".")[0])
    if export:
        return export["symbol"].upper(), export["exchange"] if export["exchange"] in ZONES else None
    return name.split(".", maxsplit=1)[0].strip().upper(), None


class ImportOptions(NamedTuple):
    """Options of ``tulya data import``; the rest is read from the file and shown in the summary."""

    symbol: str | None = None
    """For files without a column of symbols."""
    exchange: str | None = None
    timeframe: str | None = None
    timezone: str | None = None
    """Zone of times that carry none."""
    mapping: Mapping[str, str] = {}
    """Field → heading, before anything that is recognised."""
    order: Literal["dayfirst", "monthfirst"] | None = None
    replace: bool = False
    """Overwrite stored bars that differ."""
    new_exchange: bool = False
    """An exchange that is unknown is meant."""
    currency: str | None = None
    """Currency of the prices, three letters; None = INR, or what was said before."""

    def for_file(self, path: Path) -> IntakeOptions:
        """Options of reading one file, whose name is its symbol where nothing else is."""
        name, exchange = symbol_of_file(path.name)
        return IntakeOptions(
            self.symbol,
            exchange if self.exchange is None else self.exchange,
            self.timeframe,
            self.timezone,
            self.mapping,
            self.order,
            (name, "the file's name"),
            today=today(),
            currency=self.currency,
        )


class FileSummary(NamedTuple):
    """Result of importing one file."""

    path: Path
    format: str = ""
    contents: str = "prices"
    """prices, actions or sessions."""
    rows_read: int = 0
    new: int = 0
    unchanged: int = 0
    conflicting: int = 0
    replaced: int = 0
    refused: int = 0
    issues: int = 0
    """Entries in ``data_issues`` under this file: refused rows, conflicts, and findings in the series it touched."""
    issue_kinds: Mapping[str, int] = {}
    symbols: tuple[str, ...] = ()
    symbol_reason: str = ""
    timeframes: tuple[str, ...] = ()
    timeframe_reason: str = ""
    timezone: str = ""
    timezone_reason: str = ""
    exchange: str = ""
    notes: tuple[str, ...] = ()
    """Sentences about what was mended and what was left aside."""
    import_id: int = 0
    seconds: float = 0.0
    error: str = ""
    """Reason why the file could not be read at all; '' when it was."""

    @property
    def empty(self) -> str:
        """Reason why nothing of a file that was read is in the store; '' where something is."""
        if self.error or self.new + self.unchanged + self.conflicting + self.replaced:
            return ""
        if not self.rows_read:
            return "it has headings and no rows"
        return "its one row was refused" if self.rows_read == 1 else f"all its {self.rows_read:,} rows were refused"
