"""Result of the causality check: could a future bar change a past decision?"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class CausalityVerdict(StrEnum):
    """Outcome of the check; only ``leak`` marks a strategy as not to be trusted."""

    PASSED = "passed"
    LEAK = "leak"
    NOT_CHECKED = "not_checked"


class Causality(NamedTuple):
    """Verdict and coverage of one check of ``signals(bars[:t])`` against ``signals(bars)[:t]``."""

    verdict: CausalityVerdict
    checked_decisions: int = 0
    """Bars at which the target changes that a cut was placed right behind."""
    decisions: int = 0
    """Bars at which the target changes."""
    cuts: int = 0
    """Histories that were cut short and decided again, entries, exits and quiet bars together."""
    finding: str = ""
    """The first offending bar, and what it decided with and without the future; empty when nothing was found."""
    scale_changes: int = 0
    """Decisions that differ when all prices are multiplied by 1/5: a hint at rupee amounts in the strategy."""

    def __str__(self) -> str:
        if self.verdict is CausalityVerdict.LEAK:
            return f"leak: {self.finding}"
        if self.verdict is CausalityVerdict.NOT_CHECKED:
            return self.finding or "not checked"
        decisions = f"{self.decisions:,} decision{'' if self.decisions == 1 else 's'}"
        cuts = f"{self.cuts:,} cut{'' if self.cuts == 1 else 's'}"
        return f"passed ({self.checked_decisions:,} of {decisions}, {cuts})"
