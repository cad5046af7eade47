"""Deadlines: when the positions of a run must be closed by force, session by session."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

NEVER = 2**62
"""A moment, or a session, that does not come."""


class Deadline(NamedTuple):
    """The deadlines of one session as Session sees them, by instrument."""

    square_off: Sequence[int]
    """UTC nanoseconds from which intraday positions are closed and nothing is entered; ``NEVER`` = no square-off."""
    last_session: Sequence[int]
    """Session (days since 1970-01-01) at whose last close the instrument expires; ``NEVER`` = it does not."""


class Deadlines(NamedTuple):
    """The deadlines of a whole panel: they are facts of its days, so they travel with its bars."""

    days: NDArray[np.int64]
    """int64[S]: the panel's sessions, rising."""
    square_off: NDArray[np.int64]
    """int64[S, N]: see ``Deadline``."""
    last_session: NDArray[np.int64]
    """int64[N]: see ``Deadline``."""
    over: NDArray[np.int64]
    """int64[S], UTC nanoseconds: a bar that closes then or later is its session's last; ``NEVER`` = not known.

    Only the panel's very last bar asks: every other one has a bar after it.
    """

    def by_session(self) -> list[Deadline]:
        """One for each of ``days``, in plain numbers."""
        last = tuple(self.last_session.tolist())
        return [Deadline(tuple(moments), last) for moments in self.square_off.tolist()]

    def rows_of(self, session: NDArray[np.int64]) -> NDArray[np.int64]:
        """Row of ``days`` that each session of the panel is."""
        return self.days.searchsorted(session)

    def is_over(self, session: int, close_time: int) -> bool:
        """True if a bar that closes then is the last of its session."""
        return bool(self.over[int(self.days.searchsorted(session))] <= close_time)
