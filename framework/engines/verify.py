"""A finished run through the other engines: is it the same?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.engines.parity import first_difference
from framework.engines.rows import DecisionArrays
from framework.engines.select import ENGINES, run_engine
from framework.errors import ConfigError
from framework.types.verification import Agreement, Comparison, Verification

if TYPE_CHECKING:
    from collections.abc import Callable

    from framework.types import Record

IN_FLOATS = "backtrader"
"""Counts money in floats, so its equity may be half a paisa per cash movement away."""


def verify(record: Record, progress: Callable[[str, int, int], None] | None = None) -> Verification:
    """Rerun a record through every engine but its own, from its panel and decisions; ``progress`` (what, done, total).

    A record of a strategy that acts in ``on_bar``, or under rules of the user's own, holds nothing to rerun.
    """
    others = [name for name in ENGINES if name not in {"auto", record.engine}]
    return Verification(tuple(_compare(record, name, progress) for name in others))


def _compare(record: Record, name: str, progress: Callable[[str, int, int], None] | None) -> Comparison:
    rows = len(record.panel) - record.first_row

    def ran(done: int) -> None:
        if progress is not None:
            progress(f"{name} engine", done, rows)

    if why := _nothing_to_rerun(record):
        return Comparison(name, Agreement.NOT_RUN, why)
    decisions = DecisionArrays(record.targets, **record.prices)  # type: ignore[arg-type]  # no targets: said above
    try:
        other = run_engine(
            name,
            record.panel,
            record.settings,
            decisions=decisions,
            style=record.style,
            first_row=record.first_row,
            progress=ran,
        )
    except ConfigError as error:
        return Comparison(name, Agreement.NOT_RUN, str(error))
    in_floats = IN_FLOATS in {name, record.engine}
    difference = first_difference(record, other, "per_cash_movement" if in_floats else "exact")
    if difference is not None:
        return Comparison(name, Agreement.DIFFERENT, str(difference))
    return Comparison(name, Agreement.WITHIN_HALF_A_PAISA if in_floats else Agreement.IDENTICAL)


def _nothing_to_rerun(record: Record) -> str:
    """Reason why the record cannot be rerun from itself; empty when it can."""
    if record.targets is None:
        return "on_bar() acts bar by bar: there are no decisions to hand to another engine"
    if record.rules:
        return f"it was run under risk rules of your own ({', '.join(record.rules)}), which only the event engine asks"
    if not record.style:
        return "an earlier version kept this run without all its decisions; run the backtest again"
    return ""
