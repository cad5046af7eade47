"""Prepared run: strategy, prices, settings and first row, with everything read that the run will ask for.

A backtest, a sweep and whatever runs a strategy begins here. Settings as a person gives them may name a broker's plan
and a product; a run needs the plan's rates and the product's margins and deadlines. ``RunSettings`` is the type of
settings that have them, and ``prepare`` is where they are read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from framework.errors import ConfigError
from framework.run.inputs import day_of, first_row_of, read_prices, settings_of, with_product, with_rates
from framework.run.preflight import refuse_ignored, refuse_ticks_without_tick
from framework.types.array_store import MEMORY
from framework.types.settings import RunSettings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from framework.run.inputs import BarsInput, Progress
    from framework.strategy import Strategy
    from framework.types import Panel, Settings
    from framework.types.array_store import ArrayStore


@dataclass(frozen=True, eq=False)
class Prepared:
    """A run that may begin: construction refuses a plan without its rates and a product without its deadlines."""

    strategy: Strategy
    panel: Panel
    """Prices up to the end of the range, with the deadlines of the product."""
    settings: RunSettings
    """With the rates of a broker's plan and the margins of a product in them."""
    first_row: int = 0
    """First row that is decided on and accounted for; earlier ones feed the indicators."""
    data_issues: tuple[str, ...] = ()
    """Sentences about known issues with the prices."""

    def __post_init__(self) -> None:
        _ = self.settings.charges.tables
        product = self.settings.product or self.settings.charges.product
        if product in {"MIS", "NRML"} and self.panel.deadlines is None:
            msg = (
                f"the deadlines of product {product} are not read; "
                "framework.market.products.with_product(settings, panel) does"
            )
            raise ConfigError(msg)
        refuse_ticks_without_tick(self.panel, self.settings)

    def of(self, strategy: Strategy) -> Prepared:
        """The same run of another strategy, or of another set of parameters."""
        return replace(self, strategy=strategy)

    def within(self, space: ArrayStore) -> Prepared:
        """The same run; what is made of its prices is put there."""
        return replace(self, panel=self.panel.with_space(space))


def prepare(  # noqa: PLR0913 - options by name
    strategy: Strategy,
    bars: BarsInput,
    *,
    settings: Settings | None = None,
    choices: Mapping[str, Any] | None = None,
    start: date | str | None = None,
    end: date | str | None = None,
    timeframe: str = "1d",
    db: Path | None = None,
    space: ArrayStore = MEMORY,
    progress: Progress | None = None,
) -> Prepared:
    """Read a run's settings, prices, rates and deadlines; the arguments are those of ``backtest``.

    Raises ``ConfigError`` for a setting that is wrong, would be ignored, or cannot be read for these prices and days,
    ``DataError`` where the range has no prices.
    """
    named = dict(choices or {})
    chosen = settings_of(settings, named)
    refuse_ignored(strategy, named, chosen)
    first_day, last_day = day_of("--from (start)", start), day_of("--to (end)", end)
    if first_day and last_day and first_day > last_day:
        msg = f"--from (start) {first_day} is after --to (end) {last_day}; swap the two"
        raise ConfigError(msg)
    prices = read_prices(bars, timeframe=timeframe, end=last_day, db=db, progress=progress, space=space)
    first_row = first_row_of(prices.panel, first_day)
    rated = with_rates(chosen, prices.panel, first_row)
    read, panel = with_product(rated, prices.panel, first_row)
    return Prepared(strategy, panel, RunSettings(read), first_row, prices.data_issues)
