"""Dates that no bar of an import can have: later than its day, or the one that an empty time becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from framework.types.localtime import DAY, day_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from framework.types.intake.faults import Faults

EPOCH_DAYS = (-1, 0)
"""1970-01-01, and the day before, which it is west of Greenwich."""
AROUND = 10
"""Days around within which a series that really goes through the epoch has other bars."""


def add_impossible(faults: Faults, local: NDArray[np.int64], valid: NDArray[np.bool_], today: int) -> NDArray[np.bool_]:
    """Note rows dated after ``today`` (days since 1970) or at the epoch; returns the rows that may stay, bool[n].

    ``local`` is the wall clock of each row, seconds since 1970.
    """
    days = np.floor_divide(local, DAY)
    late = valid & (days > today)
    faults.add(late, "bad_time", lambda row: f"{day_text(int(days[row]))} is later than the day of the import")
    epoch = valid & np.isin(days, EPOCH_DAYS)
    if epoch.any() and not (valid & ~epoch & (np.abs(days) <= AROUND)).any():
        faults.add(epoch, "bad_time", lambda _row: "the time is 1970-01-01, which an empty or unread time becomes")
        return ~late & ~epoch
    return ~late
