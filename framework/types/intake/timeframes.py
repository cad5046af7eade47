"""Timeframe of a file's bars, by symbol, where none was given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from framework.errors import DataError
from framework.types.clocks import sparse_step
from framework.types.localtime import DAY
from framework.types.timeframe import SECOND_NS, Timeframe

if TYPE_CHECKING:
    from numpy.typing import NDArray

WEEK_DAYS = 5
ENOUGH = 5


def usual_step(local: NDArray[np.int64], symbol: str) -> Timeframe | None:
    """The commonest step between a symbol's times (wall-clock seconds), None when too few bars tell.

    ``DataError`` for bars that are longer than a day, or of no whole minute.
    """
    step = _step(local)
    if not step:  # one bar, or none, does not tell
        return Timeframe.parse("1d") if not (local % DAY).any() else None
    if step >= DAY:
        if step > WEEK_DAYS * DAY and local.size > ENOUGH:
            raise DataError(
                f"the bars of {symbol} lie {step // DAY} days apart; bars longer than a day are not supported "
                "(if they are daily with days missing, say --timeframe 1d)"
            )
        return Timeframe.parse("1d")
    if step % 60:
        raise DataError(
            f"the bars of {symbol} lie {step} s apart, which is no whole number of minutes; say --timeframe, such as 1m"
        )
    return Timeframe.of_seconds(step)


def timeframe_of(local: NDArray[np.int64], symbol: str, named: str | None) -> Timeframe:
    """The timeframe of one symbol's bars; ``DataError`` when the named one is longer or shorter than the bars."""
    if named is None:
        step = usual_step(local, symbol)
        if step is None:
            raise DataError(
                f"one bar of {symbol} with a time of day does not tell its timeframe; say it, as in --timeframe 5m"
            )
        return step
    wanted = Timeframe.parse(named)
    apart = _step(local)
    if 0 < apart < wanted.nanoseconds // SECOND_NS:
        raise DataError(
            f"--timeframe {wanted.name}: the bars of {symbol} lie {apart // 60} min apart; "
            "leave the option out to have the timeframe read from the times"
        )
    ordered = np.sort(local)
    longer = 0 if wanted.daily else sparse_step(ordered, ordered // DAY, wanted.nanoseconds // SECOND_NS)
    if longer:
        raise DataError(
            f"--timeframe {wanted.name}: the bars of {symbol} all lie {longer // 60} min or more apart, so they are "
            "longer than that; leave the option out to have the timeframe read from the times"
        )
    return wanted


def _step(local: NDArray[np.int64]) -> int:
    """The commonest step between times, seconds; 0 with fewer than two."""
    if local.size < 2:  # noqa: PLR2004 - a step needs two
        return 0
    ordered = local if (np.diff(local) >= 0).all() else np.sort(local)
    steps = np.diff(ordered)
    steps, counts = np.unique(steps[steps > 0], return_counts=True)
    return int(steps[np.argmax(counts)]) if steps.size else 0
