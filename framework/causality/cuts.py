"""Cuts of a history: behind entries, exits and quiet bars, spread evenly, the same each time."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Mode = Literal["default", "all-decisions", "every-bar"]

DECISION_CUTS = 64
"""At most this many per instrument by default, half of them behind entries where there are enough exits."""
QUIET_CUTS = 32
EARLY_CUTS = 8
"""Number of quiet cuts near the start."""


class DecisionRows(NamedTuple):
    """Rows at which the exposure wanted changes, rising int64."""

    entries: NDArray[np.int64]
    """It grows or turns round."""
    exits: NDArray[np.int64]
    """It shrinks."""

    @property
    def rows(self) -> NDArray[np.int64]:
        """Entries and exits, rising."""
        return np.sort(np.concatenate(self))


def decisions_of(targets: NDArray[np.float64], first_row: int) -> DecisionRows:
    """Changes of the exposure from ``first_row`` on, where a run starts flat; NaN keeps. Targets are float64[n, k].

    With several columns a row is an exit if all its changes shrink.
    """
    wanted = targets[first_row:]
    before = np.zeros_like(wanted)
    known = np.where(np.isfinite(wanted), np.arange(wanted.shape[0])[:, None] + 1, 0)
    latest = np.maximum.accumulate(known, axis=0)[:-1]
    before[1:] = np.take_along_axis(np.vstack([np.zeros(wanted.shape[1]), wanted]), latest, axis=0)
    changed = np.isfinite(wanted) & (wanted != before)
    with np.errstate(invalid="ignore"):
        grows = changed & ~((np.abs(wanted) < np.abs(before)) & (wanted * before >= 0))
    entries = np.flatnonzero(grows.any(axis=1))
    exits = np.flatnonzero(changed.any(axis=1) & ~grows.any(axis=1))
    return DecisionRows(entries + first_row, exits + first_row)


def choose_cuts(decisions: DecisionRows, first_row: int, rows: int, mode: Mode) -> list[int]:
    """Lengths t of the histories to try, most telling first; t = row + 1 lies right behind a bar's decision."""
    if mode == "every-bar":
        return list(range(first_row + 1, rows + 1))
    entries, exits = decisions
    quiet = np.setdiff1d(np.arange(first_row, rows), decisions.rows, assume_unique=True)
    half = DECISION_CUTS // 2
    strata = [
        spread(entries, DECISION_CUTS - min(exits.shape[0], half)),
        spread(exits, DECISION_CUTS - min(entries.shape[0], half)),
        spread(quiet, QUIET_CUTS - EARLY_CUTS) + _early(quiet),
    ]
    if mode == "all-decisions":
        strata.append([int(row) for row in decisions.rows])
    mixed = [row for rank in zip_longest(*strata) for row in rank if row is not None]
    return [row + 1 for row in dict.fromkeys(mixed)]


def spread(rows: NDArray[np.int64], count: int) -> list[int]:
    """At most ``count`` of the rows, evenly spaced with both ends; ordered so that any beginning is spread as well."""
    if not rows.shape[0] or count <= 0:
        return []
    picked = rows[np.unique(np.linspace(0, rows.shape[0] - 1, min(count, rows.shape[0])).round().astype(np.int64))]
    bits = max(picked.shape[0] - 1, 1).bit_length()
    # The last, then the first, the middle, the quarters…: positions in the order of their bits reversed.
    order = sorted(range(picked.shape[0]), key=lambda position: int(f"{position:0{bits}b}"[::-1], 2))
    return [int(picked[-1])] + [int(picked[position]) for position in order if position < picked.shape[0] - 1]


def _early(rows: NDArray[np.int64]) -> list[int]:
    """Rows 1, 2, 4, 8, … from the start: a warm-up that was filled in from later bars shows only here."""
    return [int(rows[2**power - 1]) for power in range(EARLY_CUTS) if 2**power <= rows.shape[0]]
