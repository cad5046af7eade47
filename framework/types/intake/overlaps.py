"""Bars of a file that overlap: a candle fetched while it formed lies across whole ones, which are kept without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from framework.errors import DataError
from framework.types.intake.faults import EXAMPLES, others_text
from framework.types.intake.records import Refusal
from framework.types.intake.words import COMMAND_LINE, OptionWords
from framework.types.localtime import DAY, day_text, second_text, to_local
from framework.types.timeframe import SECOND_NS, Timeframe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from framework.types.intake.records import SeriesKey

MOST_ODD = 0.25
"""Share of odd bars beyond which it is the timeframe that is wrong."""


class SortedRows(NamedTuple):
    """Rows of a file by series and time, no time twice in a series."""

    owner: NDArray[np.int64]
    """Index into the series, int64[n], rising."""
    stamp: NDArray[np.int64]
    """UTC seconds of the opens, rising within a series."""
    lines: NDArray[np.int64]


def kept_apart(
    rows: SortedRows, keys: Sequence[SeriesKey], zone: str, unit: str, words: OptionWords = COMMAND_LINE
) -> tuple[NDArray[np.bool_], list[Refusal]]:
    """Rows that lie across others, bool[n], and a sentence for each; ``DataError`` where the timeframe is wrong.

    Bars on the grid of most bars are whole ones. An odd one is kept only where it lies across no bar that is kept: a
    session may begin at an hour of its own.
    """
    apart = np.zeros(rows.stamp.shape[0], dtype=bool)
    refusals: list[Refusal] = []
    edges = np.searchsorted(rows.owner, np.arange(len(keys) + 1))
    for key, begin, end in zip(keys, edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        if end - begin < 2 or not key.timeframe:  # noqa: PLR2004 - one bar lies across none
            continue
        step = Timeframe.parse(key.timeframe).nanoseconds // SECOND_NS
        stamp = rows.stamp[begin:end]
        if step >= DAY or not ((np.diff(stamp) < step).any() or (stamp[-1] - stamp[-2]) % step):
            continue
        local = to_local(stamp, zone)
        inside = odd_bars(stamp, local, step)
        odd = inside >= 0
        if odd.sum() > MOST_ODD * odd.shape[0] and odd.sum() > 1:
            row = int(np.argmax(odd))
            first = f"first that of {_when(local[row])} across that of {_when(local[inside[row]])}"
            raise DataError(
                f"the bars of {key.symbol} are no {key.timeframe} bars: {int(odd.sum()):,} of {odd.shape[0]:,} lie "
                f"across others, {first}; say {words.timeframe.format('…')}"
            )
        apart[begin:end] = odd
        apart_rows = np.flatnonzero(odd)
        for row in apart_rows[:EXAMPLES].tolist():
            whole = int(inside[row])
            reason = (
                f"the bar of {_when(local[row])} lies across the {key.timeframe} bar of {_when(local[whole])} in "
                f"{unit} {rows.lines[begin + whole]}, as a candle does that was fetched while it formed{words.taken}"
            )
            if stamp[whole] + step <= stamp[row]:  # the last one, with nothing after it yet
                reason = f"the last bar opens at {_when(local[row])}, off the grid of the others: it was still forming"
            moment = int(stamp[row])
            refusals.append(Refusal("overlap", reason, int(rows.lines[begin + row]), *key, moment, moment))
        if (more := rows.lines[begin:end][apart_rows[EXAMPLES:]]).size:
            text = others_text(more.shape[0], unit, int(more.min()), int(more.max()))
            refusals.append(Refusal("overlap", text, None, *key, rows=more.shape[0]))
    return apart, refusals


def odd_bars(stamp: NDArray[np.int64], local: NDArray[np.int64], step: int) -> NDArray[np.int64]:
    """Row of a bar that is kept and each odd one lies across, int64[n]; −1 for bars that are kept.

    ``stamp`` rises, UTC seconds; ``local`` is the same on the wall clock; a bar has ``step`` seconds. On the grid bars
    of different dates never overlap: the last one of a session may be shorter. The very last bar is odd too where it
    lies off the grid of its session, for what it lies across may not be there yet.
    """
    day, count = np.floor_divide(local, DAY), stamp.shape[0]
    rest = np.mod(np.mod(local, DAY), step)
    values, counts = np.unique(rest, return_counts=True)
    on_grid = rest == values[np.argmax(counts)]
    at = np.arange(count)
    before = np.maximum.accumulate(np.where(on_grid, at, -1))
    after = np.minimum.accumulate(np.where(on_grid, at, count)[::-1])[::-1]
    near = np.full(count, -1)
    for other in (after, before):  # where it lies across two, the one before is named
        there = (other >= 0) & (other < count) & ~on_grid
        one = np.where(there, other, at)
        touches = there & (np.abs(stamp - stamp[one]) < step)
        if other is before:  # that one may have been the last of its session
            touches &= day == day[one]
        near[touches] = one[touches]
    last, previous = count - 1, int(before[-1])
    if not on_grid[last] and previous >= 0 and day[previous] == day[last]:
        near[last] = previous
    left = np.flatnonzero(near < 0)
    close = (np.diff(stamp[left]) < step) & (day[left][1:] == day[left][:-1])
    if close.any():  # odd ones among themselves: the first is kept
        kept = int(left[0])
        for row in left[1:].tolist():
            if stamp[row] - stamp[kept] < step and day[row] == day[kept]:
                near[row] = kept
            else:
                kept = row
    return near


def _when(local: int) -> str:
    return f"{day_text(int(local) // DAY)} {second_text(int(local) % DAY)}"
