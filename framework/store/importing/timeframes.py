"""Which timeframe a file's bars are in, by symbol, when nobody said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from framework.errors import DataError
from framework.store.localtime import DAY
from framework.types import Timeframe

if TYPE_CHECKING:
    from numpy.typing import NDArray

WEEK_DAYS = 5
ENOUGH = 5


def usual_step(local: NDArray[np.int64], symbol: str) -> Timeframe | None:
    """The commonest step between a symbol's times (wall-clock seconds), None when too few bars tell.

    ``DataError`` for bars that are longer than a day, or of no whole minute.
    """
    ordered = local if (np.diff(local) >= 0).all() else np.sort(local)
    distinct = ordered[np.concatenate(([True], np.diff(ordered) > 0))] if ordered.size else ordered
    if distinct.size < 2:  # noqa: PLR2004 - a step needs two bars
        return Timeframe.parse("1d") if not (distinct % DAY).any() else None
    steps, counts = np.unique(np.diff(distinct), return_counts=True)
    step = int(steps[np.argmax(counts)])
    if step >= DAY:
        if step > WEEK_DAYS * DAY and distinct.size > ENOUGH:
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


def timeframe_of(local: NDArray[np.int64], symbol: str, said: str | None) -> Timeframe:
    """The timeframe of one symbol's bars; ``DataError`` when what was said is longer than the bars are."""
    if said is None:
        step = usual_step(local, symbol)
        if step is None:
            raise DataError(
                f"one bar of {symbol} with a time of day does not tell its timeframe; say it, as in --timeframe 5m"
            )
        return step
    wanted = Timeframe.parse(said)
    distinct = np.unique(np.floor_divide(local, DAY) if wanted.daily else local)
    if wanted.daily and 2 * distinct.size < np.unique(local).size:
        raise DataError(
            f"--timeframe {wanted.name}: {symbol} has {np.unique(local).size:,} bars on {distinct.size:,} days; "
            "leave the option out to have the timeframe read from the times"
        )
    return wanted
