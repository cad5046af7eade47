"""Finding: one sentence about a result, and how much it matters."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class Severity(StrEnum):
    """Severity of a finding."""

    ERROR = "error"
    """Do not believe the result."""
    WARNING = "warning"
    NOTE = "note"


class Finding(NamedTuple):
    """One sentence about a result."""

    severity: Severity
    text: str


def worst_first(found: Iterable[Finding]) -> list[Finding]:
    """Findings by severity, those of one severity in their order."""
    rank = list(Severity)
    return sorted(found, key=lambda one: rank.index(one.severity))
