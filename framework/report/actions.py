"""Corporate actions of a run that a person must know of: ignored ones, and prices that do not show them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from framework.report.split_factors import due_in
from framework.types.actions import in_force

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.types.actions import Due
    from framework.types.record import Record

SMALLEST_SPLIT = 0.05
"""Log of a factor that an ordinary night cannot hide."""
SHOWN = 3


def sentences(record: Record) -> Iterator[str]:
    """Warnings, each a sentence."""
    panel = record.panel
    if not panel.actions or record.first_row >= len(panel):
        return
    if record.settings.adjust == "none":
        within = in_force(panel.actions, int(panel.session[record.first_row]), int(panel.session[-1]))
        if within:
            yield (
                f"{len(within):,} corporate action{'s lie' if len(within) > 1 else ' lies'} in the run and "
                f"{'were' if len(within) > 1 else 'was'} ignored, by the strategy and by the account (--adjust none): "
                "in printed prices each split looks like a crash."
            )
        return
    absent = [due for due in due_in(record) if not_in_prices(record, due)]
    if absent:
        shown = ", ".join(f"{panel.symbols[one.instrument]} {np.datetime64(one.ex_day, 'D')}" for one in absent[:SHOWN])
        more = f" and {len(absent) - SHOWN} more" if len(absent) > SHOWN else ""
        yield (
            f"{len(absent):,} listed split{'s do' if len(absent) > 1 else ' does'} not show in the prices ({shown}"
            f"{more}), and the account multiplied its shares all the same: the bars look already adjusted; import "
            "printed prices, or use --adjust none."
        )


def not_in_prices(record: Record, due: Due) -> bool:
    """True if a listed split left the price where it was: its open is nearer to the old close than to its share."""
    size = math.log(due.action.factor)
    panel = record.panel
    row = int(np.searchsorted(panel.session, due.ex_day))
    before, after = panel.close[:row, due.instrument], panel.open[row:, due.instrument]
    there, then = np.flatnonzero(np.isfinite(before)), np.flatnonzero(np.isfinite(after))
    if abs(size) < SMALLEST_SPLIT or not there.size or not then.size:
        return False
    move = math.log(float(after[then[0]]) / float(before[there[-1]]))
    return abs(move) < abs(move + size)
