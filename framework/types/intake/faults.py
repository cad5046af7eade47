"""Rows that are no bars, by kind: the first of each with its reason, all the others counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

EXAMPLES = 1_000
"""Rows of one kind in one file that are told one by one; the rest are told together."""


class Faults:
    """Faults of the rows of one table; a row has one, the one that was added last."""

    def __init__(self, rows: int) -> None:
        self._kind_of = np.zeros(rows, dtype=np.int8)
        self._kinds: list[tuple[str, Callable[[int], str]]] = []

    def add(self, wrong: NDArray[np.bool_], kind: str, reason: Callable[[int], str]) -> None:
        """Note a kind of fault of the rows where ``wrong``, bool[n], holds; ``reason`` is asked for the first ones."""
        if wrong.any():
            self._kinds.append((kind, reason))
            self._kind_of[wrong] = len(self._kinds)

    def __bool__(self) -> bool:
        return bool(self._kinds)

    def examples(self) -> Iterator[tuple[int, str, str]]:
        """(row, kind, reason) of the first rows of each kind."""
        for index, (kind, reason) in enumerate(self._kinds, start=1):
            for row in np.flatnonzero(self._kind_of == index)[:EXAMPLES].tolist():
                yield row, kind, reason(row)

    def others(self) -> Iterator[tuple[NDArray[np.int64], str]]:
        """(rows, kind) of all the others, rising."""
        for index, (kind, _) in enumerate(self._kinds, start=1):
            rows = np.flatnonzero(self._kind_of == index)[EXAMPLES:]
            if rows.size:
                yield rows, kind


def others_text(count: int, unit: str, first: int, last: int) -> str:
    """Reason of rows that are told together."""
    return f"{count:,} more like those told, {unit}s {first:,} … {last:,}" if count > 1 else f"1 more, {unit} {first:,}"
