"""Timeframe of a file's bars, by symbol, where none was given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from framework.errors import DataError
from framework.types.clocks import sparse_step
from framework.types.intake.words import COMMAND_LINE, OptionWords
from framework.types.localtime import DAY
from framework.types.periods import MONTHS_APART, WEEKS_APART, usual_timeframe
from framework.types.timeframe import MONTH, SECOND_NS, WEEK, Timeframe

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_APART = {WEEK: WEEKS_APART[0] * DAY, MONTH: MONTHS_APART[0] * DAY}
"""Seconds between the opens of bars that holidays and the calendar move."""
SAMPLE = 1_000


def usual_step(local: NDArray[np.int64], symbol: str, words: OptionWords = COMMAND_LINE) -> Timeframe | None:
    """The commonest step between a symbol's times (wall-clock seconds), None when too few bars tell.

    ``DataError`` for bars of days that are no week or month, or of no whole minute.
    """
    step = _step(local)
    if not step:  # one bar, or none, does not tell
        return Timeframe.parse("1d") if not (local % DAY).any() else None
    if step >= DAY:
        ordered = np.sort(local)
        return usual_timeframe(step // DAY, (ordered[1:] - ordered[:-1]) // DAY, symbol, words.timeframe.format("1d"))
    if step % 60:
        raise DataError(
            f"the bars of {symbol} lie {step} s apart, which is no whole number of minutes; gather them into minutes, "
            f"or say {words.timeframe.format('1m')}"
        )
    return Timeframe.of_seconds(step)


def timeframe_of(
    local: NDArray[np.int64], symbol: str, named: str | None, words: OptionWords = COMMAND_LINE, others: str = ""
) -> Timeframe:
    """The timeframe of one symbol's bars; ``DataError`` when the named one is longer or shorter than the bars."""
    if named is None:
        step = usual_step(local, symbol, words)
        if step is None and others:  # one bar does not tell, the other series of the file do
            return Timeframe.parse(others)
        if step is None:
            raise DataError(
                f"one bar of {symbol} with a time of day does not tell its timeframe; say it, as in "
                f"{words.timeframe.format('5m')}"
            )
        return step
    wanted = Timeframe.parse(named)
    apart = _step(local)
    if 0 < apart < LEAST_APART.get(wanted.name, wanted.nanoseconds // SECOND_NS):
        raise DataError(
            f"{words.timeframe.format(wanted.name)}: the bars of {symbol} lie {_length(apart)} apart; say "
            f"{words.timeframe.format(_length(apart))} or nothing, and bars.to('{wanted.name}') gathers them"
        )
    ordered = np.sort(local)
    longer = 0 if wanted.dated else sparse_step(ordered, ordered // DAY, wanted.nanoseconds // SECOND_NS)
    if longer:
        raise DataError(
            f"{words.timeframe.format(wanted.name)}: the bars of {symbol} all lie {_length(longer)} or more apart, so "
            f"they are {_length(longer)} bars; say {words.timeframe.format(_length(longer))}, or nothing"
        )
    return wanted


def _step(local: NDArray[np.int64]) -> int:
    """The commonest step between times, seconds; 0 with fewer than two."""
    if local.size < 2:  # noqa: PLR2004 - a step needs two
        return 0
    steps = np.diff(local)
    if (steps < 0).any():
        steps = np.diff(np.sort(local))
    if not steps.all():
        steps = steps[steps > 0]
    if not steps.size:
        return 0
    guess = int(np.median(steps[:: max(1, steps.shape[0] // SAMPLE)]))
    if 2 * np.count_nonzero(steps == guess) > steps.shape[0]:  # more than half: no other is as common
        return guess
    found, counts = np.unique(steps, return_counts=True)
    return int(found[np.argmax(counts)])


def _length(seconds: int) -> str:
    """``15m`` of seconds; seconds where they are no whole minutes."""
    return Timeframe.of_seconds(seconds).name if seconds % 60 == 0 else f"{seconds} s"
