"""Options of an import, and the summary of each file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from framework.types.intake.options import IntakeOptions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


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
    currency: str | None = None
    """Currency of the prices, three letters; None = INR, or what was said before."""

    def for_file(self, path: Path) -> IntakeOptions:
        """Options of reading one file, whose name is its symbol where nothing else is."""
        name = path.name.split(".")[0].strip().upper()
        return IntakeOptions(
            self.symbol,
            self.exchange,
            self.timeframe,
            self.timezone,
            self.mapping,
            self.order,
            (name, "the file's name"),
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
    import_id: int = 0
    seconds: float = 0.0
    error: str = ""
    """Reason why the file could not be read at all; '' when it was."""
