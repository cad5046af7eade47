"""Storage of a journal: a file for a backtest, a table of the store for what is live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from framework.journal.chain import Sealed


class JournalStorage(Protocol):
    """Sealed entries in their order; they are appended and never changed."""

    def append(self, entries: Sequence[Sealed]) -> None:
        """Add entries at the end, all of them or none."""
        ...

    def lines(self) -> Iterator[bytes]:
        """Every entry as a line, oldest first, unchecked; the last one may be torn."""
        ...

    def close(self) -> None:
        """Make what was appended durable and let go of the place; safe to call twice."""
        ...
