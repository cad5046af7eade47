"""Memory of reconciliation: reads in a row that showed the same, and the findings that were told and still hold."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from framework.journal.account_entries import RunnerState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from framework.journal.account_entries import AccountFinding

SECOND_NS = 1_000_000_000
ENOUGH_READS = 3
OVER_NS = 60 * SECOND_NS
"""Time that the reads about an order lie apart, from the first to the last."""


class ReadCount(NamedTuple):
    """Reads in a row that showed the same."""

    reads: int
    first: int
    """When the first of them began, UTC nanoseconds; so is last."""
    last: int
    shown: str = ""
    """What they showed; another thing begins anew."""

    @property
    def is_enough(self) -> bool:
        """Enough of them, and far enough apart, to believe that an order is not, or is, there."""
        return self.reads >= ENOUGH_READS and self.last - self.first >= OVER_NS


class Discrepancy(NamedTuple):
    """A finding, and what it demands."""

    key: str
    """The same as long as it holds."""
    finding: AccountFinding
    demand: RunnerState | None = None
    """State that the account is in at best until it is settled; None: it is only told."""
    halts: str = ""
    """Symbol that is halted."""


class ReconcileMemory(NamedTuple):
    """Memory that one reconciliation leaves for the next."""

    counts: Mapping[str, ReadCount] = MappingProxyType({})
    told: Mapping[str, RunnerState | None] = MappingProxyType({})
    """Key of each finding that holds → what it demands."""


FRESH = ReconcileMemory()


class ReconcileTally:
    """Counts and findings of one reconciliation, beside those of the one before."""

    def __init__(self, before: ReconcileMemory, as_of: int) -> None:
        """``as_of``: when the read began."""
        self._before = before
        self._as_of = as_of
        self._counts: dict[str, ReadCount] = {}
        self._told: dict[str, RunnerState | None] = {}
        self.findings: list[Discrepancy] = []
        """Those that are new."""

    def count(self, key: str, shown: str = "") -> ReadCount:
        """This read shows it too; the same read counts once."""
        before = self._before.counts.get(key)
        if before is None or before.shown != shown:
            count = ReadCount(1, self._as_of, self._as_of, shown)
        elif self._as_of > before.last:
            count = before._replace(reads=before.reads + 1, last=self._as_of)
        else:
            count = before
        self._counts[key] = count
        return count

    def keep(self, begins: str) -> None:
        """Nothing was read of this: what was counted and told of it stands."""
        self._counts.update({key: count for key, count in self._before.counts.items() if key.startswith(begins)})
        self._told.update({key: demand for key, demand in self._before.told.items() if key.startswith(begins)})

    def tell(self, discrepancy: Discrepancy) -> bool:
        """Tell a finding that holds; True if it is new."""
        self._told[discrepancy.key] = discrepancy.demand
        is_new = discrepancy.key not in self._before.told
        if is_new:
            self.findings.append(discrepancy)
        return is_new

    def tell_once(self, discrepancy: Discrepancy) -> None:
        """Tell a finding that its own answer settles."""
        self.findings.append(discrepancy)

    @property
    def lifted(self) -> tuple[str, ...]:
        """Findings that reduced only and hold no more; what halted is lifted by a person alone."""
        return tuple(
            sorted(
                key
                for key, demand in self._before.told.items()
                if demand is RunnerState.REDUCE_ONLY and key not in self._told
            )
        )

    def memory(self) -> ReconcileMemory:
        """For the next one."""
        return ReconcileMemory(self._counts, self._told)
