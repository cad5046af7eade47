"""Overnight moves that look like a split, bonus or demerger left in the prices. Pure.

A single wild opening print is no such thing: the level has shifted only when both the open and the close of the
session lie far on the same side of the previous close.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from framework.store.issues import SeriesFinding
from framework.types.localtime import DAY, day_text

if TYPE_CHECKING:
    from framework.store.quality.series import Series, SeriesContext
    from framework.store.records import CorporateAction

LEVEL_SHIFT = math.log(1.18)
"""Smallest move of open and close, log; NSE's usual daily band of 20 % is ln 1.25 down."""
HALVING = math.log(1.65)
"""A close this far off is named even when the open is not."""
SIMPLE = (
    6 / 5,
    5 / 4,
    4 / 3,
    3 / 2,
    8 / 5,
    5 / 3,
    2.0,
    5 / 2,
    3.0,
    4.0,
    5.0,
    6.0,
    8.0,
    10.0,
    15.0,
    20.0,
    25.0,
    50.0,
    100.0,
)
NEAR = 0.06
"""Greatest log distance of the open from a simple ratio: an ordinary night's move."""
MATCH = 0.2
"""Greatest log distance from a listed factor."""
LONG_NIGHT = 5
"""Days between two sessions beyond which the text names the earlier date."""
SMALLEST_ACTION = 0.05
LISTED = "listed for the day is not adjusted for"
"""End of the reason of a jump that a listed action explains: printed prices jump, and a run carries positions over."""
DAY_NS = 86_400_000_000_000


def jumps(series: Series, context: SeriesContext) -> list[SeriesFinding]:
    """``jump``: level shifts, each judged against the listed corporate actions."""
    if series.days.shape[0] < 2:  # noqa: PLR2004 - a night needs two sessions
        return []
    before = series.close[series.ends[:-1]]
    opens, closes = series.open[series.begins[1:]], series.close[series.ends[1:]]
    open_move, close_move = np.log(opens / before), np.log(closes / before)
    shift = np.where(np.sign(open_move) == np.sign(close_move), np.minimum(abs(open_move), abs(close_move)), 0.0)
    flagged = shift >= LEVEL_SHIFT
    if series.step <= DAY:  # within a week or a month a price may double
        flagged |= abs(close_move) >= HALVING
    listed = {action.ex_date_ns // DAY_NS: action for action in context.actions if action.factor != 1.0}
    for day, action in listed.items():
        index = int(np.searchsorted(series.days, day)) - 1
        if 0 <= index < flagged.shape[0] and series.days[index + 1] == day:
            flagged[index] |= _left_in(float(open_move[index]), action)
    found = []
    for index in np.flatnonzero(flagged).tolist():
        reason = _reason(
            series, index, listed.get(int(series.days[index + 1])), (float(open_move[index]), float(close_move[index]))
        )
        found.append(SeriesFinding("jump", *series.span(index, index + 1), reason))
    return found


def _left_in(open_move: float, action: CorporateAction) -> bool:
    """True if an action's factor is still in the prices: the open is nearer to 1 ÷ factor than to the old close."""
    size = math.log(action.factor)
    return abs(size) >= SMALLEST_ACTION and abs(open_move + size) < min(abs(open_move), MATCH)


def _reason(series: Series, index: int, action: CorporateAction | None, moves: tuple[float, float]) -> str:
    open_move, close_move = moves
    before = series.close[series.ends[index]]
    opened, closed = series.open[series.begins[index + 1]], series.close[series.ends[index + 1]]
    day, previous = int(series.days[index + 1]), int(series.days[index])
    since = f" on {day_text(previous)}" if day - previous > LONG_NIGHT else ""
    text = (
        f"{day_text(day)} opens at {opened:g} and closes at {closed:g} after a close of "
        f"{before:g}{since}: ×{math.exp(open_move):.4g} and ×{math.exp(close_move):.4g}"
    )
    if action is not None:
        if _left_in(open_move, action):
            return f"{text}; the {action.kind} of factor {action.factor:g} {LISTED}"
        return f"{text}; the {action.kind} of factor {action.factor:g} listed for the day does not explain it"
    return f"{text}; {_nearest_simple(open_move)} and no corporate action is listed"


def _nearest_simple(move: float) -> str:
    ratio = min(SIMPLE, key=lambda simple: abs(abs(move) - math.log(simple)))
    if abs(abs(move) - math.log(ratio)) > NEAR:
        return "no simple split ratio is near"
    return (
        f"near a split or bonus of factor {ratio:.4g}"
        if move < 0
        else f"near a factor of 1/{ratio:.4g} (consolidation)"
    )
