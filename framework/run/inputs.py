"""Inputs of a run: turns what the caller passed into a panel, dates, settings, rates and a strategy."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from framework.causality.moments import untimely
from framework.errors import ConfigError, DataError
from framework.strategy import Strategy
from framework.types import Bars, Panel, Settings
from framework.types.array_store import MEMORY, ArrayStore

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import pandas as pd

    OneInput = Bars | pd.DataFrame | str
    BarsInput = OneInput | Panel | Sequence[OneInput] | Mapping[str, Bars | pd.DataFrame]
    Progress = Callable[[str, int, int], None]
    """Called with what is being done, how much of it, and how much there is."""


class RunPrices(NamedTuple):
    """Prices of a run, aligned, and the known issues with them."""

    panel: Panel
    data_issues: tuple[str, ...] = ()


def one_by_one(bars: BarsInput) -> list[Any]:
    """Prices of a run as a list: each a symbol of the store, ``Bars``, a frame, or the one panel."""
    if isinstance(bars, Mapping):
        return list(bars.values())
    is_one = isinstance(bars, (str, Bars, Panel)) or hasattr(bars, "columns")
    return [bars] if is_one else list(cast("Sequence[Any]", bars))


def _series(bars: BarsInput) -> list[Any]:
    """Symbols of the store and ``Bars``, one for each symbol of a frame; a dict names its frames by their symbols."""
    if isinstance(bars, Mapping):
        return [_named(symbol, one) for symbol, one in bars.items()]
    return [each for one in one_by_one(bars) for each in (_of_frame(one) if hasattr(one, "columns") else [one])]


def _named(symbol: Any, one: Any) -> Bars:
    """Prices under a key of a dict, which is the symbol of a frame."""
    if isinstance(one, Bars):
        return one
    if not hasattr(one, "columns"):
        msg = f"the prices of {symbol!r} are a {type(one).__name__}; a dict of prices holds DataFrames or Bars"
        raise ConfigError(msg)
    return Bars.from_frame(one, symbol=symbol)


def _of_frame(frame: pd.DataFrame) -> list[Bars]:
    """Bars of every symbol that a frame holds."""
    from framework.types.intake.frame_cells import symbols_in

    symbols = symbols_in(frame)
    return [Bars.from_frame(frame, symbol=each) for each in symbols] if symbols else [Bars.from_frame(frame)]


def read_prices(
    bars: BarsInput,
    *,
    timeframe: str = "1d",
    end: date | None = None,
    db: Path | None = None,
    progress: Progress | None = None,
    space: ArrayStore = MEMORY,
) -> RunPrices:
    """Prices in any form as one panel, cut behind ``end``. Symbols are read from the store, into the space."""
    if isinstance(bars, Panel):
        if found := untimely(bars):  # not as Panel.from_bars made it
            raise DataError(f"the panel's clocks are out of order, {found}; Panel.from_bars makes one from bars")
        return RunPrices(_until(bars.with_space(space), end))
    given = _series(bars)
    symbols = [item for item in given if isinstance(item, str)]
    series = [item for item in given if isinstance(item, Bars)]
    issues = tuple(f"{item.instrument}: {note}" for item in series for note in item.notes)
    if symbols:
        from framework.run.prices import load

        loaded, known = load(symbols, timeframe, end, db, progress, space)
        series, issues = [*series, *loaded], (*issues, *known)
    return RunPrices(_until(Panel.from_bars(series, space), end), issues)


def _until(panel: Panel, end: date | None) -> Panel:
    if end is None:
        return panel
    rows = int(np.searchsorted(panel.session, _days(end), side="right"))
    return panel if rows == len(panel) else panel[:rows]


def first_row_of(panel: Panel, start: date | None) -> int:
    """First row on or after ``start``; ``DataError`` with the range there is when nothing is left."""
    if not len(panel):
        msg = "there are no bars before the end of the range"
        raise DataError(msg)
    row = 0 if start is None else int(np.searchsorted(panel.session, _days(start), side="left"))
    if row >= len(panel):
        first, last = (np.datetime64(int(day), "D") for day in (panel.session[0], panel.session[-1]))
        msg = f"there are no bars from {start}; the bars of {', '.join(panel.symbols[:5])} run from {first} to {last}"
        raise DataError(msg)
    return row


def _days(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def day_of(what: str, given: date | str | None) -> date | None:
    """A date or its text; ``what`` names the option in the ``ConfigError``."""
    if given is None or (isinstance(given, date) and not isinstance(given, datetime)):
        return given
    try:
        return given.date() if isinstance(given, datetime) else date.fromisoformat(given)
    except ValueError:
        msg = f"{what} {given!r} is not a date; write it as 2015-12-31"
        raise ConfigError(msg) from None


def settings_of(settings: Settings | None, choices: dict[str, Any]) -> Settings:
    """Settings given at once, or by name."""
    if settings is None:
        return _settings(**choices) if all(map(_plain, choices.values())) else Settings.of(**choices)
    if choices:
        msg = f"give settings=… or {', '.join(choices)}, not both"
        raise ConfigError(msg)
    return settings


def _plain(value: Any) -> bool:
    return value is None or isinstance(value, (str, int, float))


@lru_cache(typed=True)
def _settings(**choices: Any) -> Settings:
    """Choices that were read before are not read again: a notebook runs the same ones a thousand times."""
    return Settings.of(**choices)


def strategy_of(given: Strategy | type[Strategy] | str) -> Strategy:
    """An instance as it is; a class or a name with its defaults."""
    if isinstance(given, Strategy):
        return given
    if isinstance(given, str):
        from framework.usercode.find import find_strategy

        given = find_strategy(given)
    return given.from_settings({})


def with_rates(settings: Settings, panel: Panel, first_row: int) -> Settings:
    """The settings with the rates of a broker's plan in them; see ``framework.market.rates``."""
    if not settings.charges.plan:
        return settings
    from framework.market.rates import with_rates as read  # pydantic models of tables: only where a plan is named

    return read(settings, panel, first_row)


def with_product(settings: Settings, panel: Panel, first_row: int) -> tuple[Settings, Panel]:
    """The settings with their product's margins, the panel with its deadlines; see ``framework.market.products``."""
    if not (settings.product or settings.charges.product or settings.square_off):
        return settings, panel
    from framework.market.products import with_product as read  # a calendar and a table: only where a product is named

    return read(settings, panel, first_row)
