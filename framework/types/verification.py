"""Verification: the same run in the other engines, compared."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Agreement(StrEnum):
    """Outcome of one rerun."""

    IDENTICAL = "identical"
    """Orders, verdicts, fills, charges and the account, bit for bit."""
    WITHIN_HALF_A_PAISA = "within_half_a_paisa"
    """The same fills; equity within half a paisa per cash movement, because the other counts in floats."""
    DIFFERENT = "different"
    NOT_RUN = "not_run"
    """The engine cannot express the run, or is not there."""


class Comparison(NamedTuple):
    """One other engine against the run."""

    engine: str
    agreement: Agreement
    detail: str = ""
    """The first difference, or why it was not run; else empty."""

    @property
    def in_words(self) -> str:
        """The outcome in words."""
        if self.agreement is Agreement.IDENTICAL:
            return "identical"
        if self.agreement is Agreement.WITHIN_HALF_A_PAISA:
            return "identical within half a paisa per cash movement"
        return f"{'different' if self.agreement is Agreement.DIFFERENT else 'not run'}: {self.detail}"

    def __str__(self) -> str:
        return f"{self.engine} {self.in_words}"


class Verification(NamedTuple):
    """Every other engine against the run."""

    comparisons: tuple[Comparison, ...]

    @property
    def differs(self) -> bool:
        """True when an engine's result differs: one of the two is wrong."""
        return any(one.agreement is Agreement.DIFFERENT for one in self.comparisons)

    @property
    def verdict(self) -> str:
        """``different``, ``passed`` or ``not_run``: what the whole amounts to."""
        if self.differs:
            return "different"
        return "passed" if any(one.agreement is not Agreement.NOT_RUN for one in self.comparisons) else "not_run"

    def __str__(self) -> str:
        outcomes = {one.in_words for one in self.comparisons}
        return outcomes.pop() if len(outcomes) == 1 else " · ".join(str(one) for one in self.comparisons)
