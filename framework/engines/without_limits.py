"""A finished run once more without risk limits and rules of the user's own: what they cost, or saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from framework.engines.context import BarContext
from framework.engines.rows import DecisionArrays
from framework.engines.select import chosen_engine, run_engine
from framework.errors import StrategyError
from framework.types.deferred import Deferred
from framework.types.limits import Limits
from framework.types.without_risk import WithoutRisk

if TYPE_CHECKING:
    from collections.abc import Callable

    from framework.strategy import Strategy
    from framework.types import Record

    Progress = Callable[[str, int, int], None]

NO_LIMITS = Limits()
MOST_INTERPRETED = 2_000_000
"""Bars × instruments that are run again without machine code: some five seconds."""
MOST_ON_BAR = 20_000
"""Bars × instruments for which a strategy is asked bar by bar once more."""


def without_risk(record: Record, strategy: Strategy, progress: Progress | None = None) -> WithoutRisk | None:
    """The same decisions without limits and rules; None when there were none. ``progress``: (what, done, total).

    It is run when it is first looked at, unless somebody could change the prices until then.
    """
    if record.settings.limits == NO_LIMITS and not record.rules:
        return None
    if record.panel.can_change:
        return run_again(record, strategy, progress)
    return WithoutRisk.later(lambda: run_again(record, strategy, progress))


def run_again(record: Record, strategy: Strategy, progress: Progress | None = None) -> WithoutRisk:
    """The same decisions without limits and rules.

    A strategy that acts in ``on_bar`` is asked again, for it may look at its account. A run that would take long is
    left out, and the answer says so.
    """
    cells = record.panel.close[record.first_row :].size
    acts = record.targets is None
    if acts and cells > MOST_ON_BAR:
        return _left_out(f"on_bar() would have to be asked again at {cells:,} bars, more than {MOST_ON_BAR:,}")
    engine = "event" if acts else _engine(record)
    if engine == "event" and not acts and cells > MOST_INTERPRETED:
        return _left_out(f"{cells:,} bars take too long a second time before `tulya warmup` has compiled the engine")
    try:
        other = _again(record, strategy, engine, progress)
    except (OverflowError, StrategyError) as error:
        return _left_out(f"without them the run ends in an error ({error})")
    return WithoutRisk(other.equity_paise, len(other.settlements), _charges_paise(other), other.engine)


def _charges_paise(record: Record) -> int:
    if isinstance(record.settlements, Deferred):
        return int(record.settlements.rows["charges_paise"].sum())
    return sum(one.charges_paise for one in record.settlements)


def _left_out(why: str) -> WithoutRisk:
    return WithoutRisk(np.empty(0, dtype=np.int64), left_out=why)


def _engine(record: Record) -> str:
    """The compiled one where it ran already, else the one that saves time."""
    if record.engine == "compiled":
        return record.engine
    return chosen_engine("auto", style=record.style, rules=(), cells=record.panel.close.size)


def _again(record: Record, strategy: Strategy, engine: str, progress: Progress | None) -> Record:
    rows = len(record.panel) - record.first_row

    def ran(done: int) -> None:
        if progress is not None:
            progress("without limits", done, rows)

    settings = record.settings.model_copy(update={"limits": NO_LIMITS})
    if record.targets is None:
        context = BarContext(record.panel)
        return run_engine(
            engine,
            record.panel,
            settings,
            on_bar=lambda session, row: context.ask(strategy, session, row),
            style="on_bar",
            first_row=record.first_row,
            progress=ran,
        )
    return run_engine(
        engine,
        record.panel,
        settings,
        decisions=DecisionArrays(record.targets, **record.prices),
        style=record.style,
        first_row=record.first_row,
        progress=ran,
    )
