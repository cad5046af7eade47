"""The whole way in one call: bars → signals → engine → Result."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

import numpy as np

from framework.engines.choice import chosen_engine, run_engine
from framework.engines.context import BarContext
from framework.engines.decisions import decide_signals, decide_weights
from framework.engines.unlimited import without_risk
from framework.engines.verifying import verify as verify_record
from framework.errors import ConfigError, DataError
from framework.provenance import new_run_id, provenance_later
from framework.report.result import Result
from framework.research.causality import check_allocate, check_on_bar, check_signals
from framework.scratch import USUAL, BoundedSpace
from framework.strategy import Strategy
from framework.types import Bars, Causality, CausalityVerdict, Panel, Reason, Settings, Timeframe
from framework.types.space import MEMORY, Space

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    import pandas as pd

    from framework.engines.event import DecisionArrays
    from framework.research.cuts import Mode
    from framework.types import Record, RiskRule

    Given = Bars | Panel | pd.DataFrame | str | Sequence[Bars | str]
    Progress = Callable[[str, int, int], None]
    """Called with what is being done, how much of it, and how much there is."""

CAUSALITY_MODES = ("default", "all-decisions", "every-bar", "off")


class Prices(NamedTuple):
    """What a run reads: the aligned prices, and what is known to be wrong with them."""

    panel: Panel
    data_issues: tuple[str, ...] = ()


def backtest(  # noqa: PLR0913 - two things to test, the rest are options by name
    strategy: Strategy | type[Strategy] | str,
    bars: Given,
    *,
    settings: Settings | None = None,
    start: date | str | None = None,
    end: date | str | None = None,
    timeframe: str = "1d",
    db: Path | None = None,
    memory: str | Space = USUAL,
    rules: Sequence[RiskRule] = (),
    causality: str = "default",
    engine: str = "auto",
    verify: bool = False,
    risk_free: float = 0.0,
    name: str | None = None,
    progress: Progress | None = None,
    **choices: Any,
) -> Result:
    """Backtest a strategy and return its Result; nothing is written anywhere.

    Single fills and orders, the hash of the prices and ``Result.without_risk`` (a second run) wait to be looked at.

    Args:
        strategy: an instance such as ``RSI(period=10)``, its class, or its name as on the command line.
        bars: Bars, several of them, a Panel, a DataFrame, or one or more symbols of the store.
        settings: every choice at once; or give them by name: ``capital=100_000, sizing="fixed:10",
            charges="percent:0.1", slippage="bps:5", stop_loss="5%"``.
        start: first day that is decided on and accounted for; earlier bars only feed the indicators.
        end: last day.
        timeframe: of symbols read from the store.
        db: the store's file, when symbols are given.
        memory: what prices and decisions may take of it, ``2GB`` or ``50%`` of the machine's; what is more lies on disk
            until the run ends (``framework.scratch``).
        rules: risk rules of your own, asked after the built-in ones.
        causality: ``default`` (within a second), ``all-decisions``, ``every-bar`` or ``off``.
        engine: ``auto``, ``event``, ``compiled`` or ``backtrader``; all come to the same, or say what they cannot do.
        verify: also run the other engines and keep in the result whether they come to the same.
        risk_free: rate a year as a fraction, 0.065 for 6.5 %, that Sharpe, Sortino and alpha are measured against.
        name: what the strategy is called in the result.
        progress: called with (what, done, total).
        choices: fields of Settings, Exits and Limits by name.

    Raises:
        ConfigError: a setting is unknown or out of bounds, and the message says which.
        DataError: no prices in the range.
        StrategyError: the strategy broke its contract.
    """
    if causality not in CAUSALITY_MODES:
        msg = f"causality {causality!r} is not one of {', '.join(CAUSALITY_MODES)}"
        raise ConfigError(msg)
    if not -1 < risk_free < 1:
        msg = f"risk_free {risk_free!r} is a fraction a year between -1 and 1; write 0.065 for 6.5 %"
        raise ConfigError(msg)
    chosen = settings_of(settings, choices)
    asked = strategy_of(strategy)
    refuse_ignored(asked, choices, chosen)
    first_day, last_day = day_of("--from (start)", start), day_of("--to (end)", end)
    if first_day and last_day and first_day > last_day:
        msg = f"--from (start) {first_day} is after --to (end) {last_day}; swap the two"
        raise ConfigError(msg)
    space = BoundedSpace(memory) if isinstance(memory, str) else memory
    prices = read_prices(bars, timeframe=timeframe, end=last_day, db=db, progress=progress, space=space)
    first_row = first_row_of(prices.panel, first_day)
    chosen, panel = with_product(with_rates(chosen, prices.panel, first_row), prices.panel, first_row)
    record, verdict = _within_bounds(execute)(
        asked,
        panel,
        chosen,
        first_row=first_row,
        rules=rules,
        causality=cast("Mode", causality),
        engine=engine,
        progress=progress,
    )
    label = name or (strategy if isinstance(strategy, str) else type(asked).__name__)
    return Result(
        run_id=new_run_id(label),
        strategy=label,
        parameters=asked.model_dump(mode="json"),
        record=record,
        causality=verdict,
        provenance=provenance_later(asked, panel),
        data_issues=prices.data_issues,
        risk_free=risk_free,
        verification=verify_record(record, progress) if verify else None,
        without_risk=without_risk(record, asked, progress),
    )


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


def _within_bounds(run: Callable[..., tuple[Record, Causality]]) -> Callable[..., tuple[Record, Causality]]:
    """The rulebook's overflow (an amount beyond ₹40 lakh crore) as an error of the run, with what to do."""

    def bounded(*given: Any, **named: Any) -> tuple[Record, Causality]:
        try:
            return run(*given, **named)
        except OverflowError as error:
            msg = f"the run left the range of whole paise: {error}; use less capital or leverage, or look at the prices"
            raise DataError(msg) from error

    return bounded


def execute(  # noqa: PLR0913 - options by name
    strategy: Strategy,
    panel: Panel,
    settings: Settings,
    *,
    first_row: int = 0,
    rules: Sequence[RiskRule] = (),
    causality: Mode | Literal["off"] = "default",
    engine: str = "auto",
    progress: Progress | None = None,
) -> tuple[Record, Causality]:
    """Decide, run and check one strategy over a panel."""
    style = strategy.style()
    chosen_engine(engine, style=style, rules=rules)  # says what is wrong before anything long begins
    rows = len(panel) - first_row
    refuse_ticks_without_tick(panel, settings)

    def ran(done: int) -> None:
        if progress is not None:
            progress("running", done, rows)

    if style == "on_bar":
        return _execute_on_bar(
            strategy, panel, settings, first_row=first_row, rules=rules, causality=causality, ran=ran
        )
    first_ns = int(panel.time[first_row])
    if style == "allocate":
        view = panel.adjusted(settings.adjust)
        decisions = decide_weights(strategy, view, settings.leverage, first_row)
        record = run_engine(
            engine,
            panel,
            settings,
            decisions=decisions,
            style=style,
            first_row=first_row,
            rules=rules,
            progress=ran,
        )
        if causality == "off":
            return record, NOT_CHECKED
        verdict = check_allocate(strategy, view, mode=causality, first_ns=first_ns, known=decisions.target)
        return record, verdict
    answers = decide_signals(strategy, panel, settings.adjust, progress)
    refuse_risk_without_stop(strategy, settings, answers.arrays)
    record = run_engine(
        engine,
        panel,
        settings,
        decisions=answers.arrays,
        first_row=first_row,
        rules=rules,
        columns=answers.columns,
        progress=ran,
    )
    if causality == "off":
        return record, NOT_CHECKED
    return record, check_signals(strategy, answers.bars, mode=causality, first_ns=first_ns, known=answers.signals)


NOT_CHECKED = Causality(CausalityVerdict.NOT_CHECKED, finding="not checked: --causality off")


def _execute_on_bar(  # noqa: PLR0913 - execute's arguments, handed on
    strategy: Strategy,
    panel: Panel,
    settings: Settings,
    *,
    first_row: int,
    rules: Sequence[RiskRule],
    causality: Mode | Literal["off"],
    ran: Callable[[int], None],
) -> tuple[Record, Causality]:
    """``on_bar`` sees one bar at a time; the check runs shorter histories again and compares what they ordered."""

    def run_rows(last_row: int, told: Callable[[int], None] | None = None) -> Record:
        context = BarContext(panel[:last_row], settings.adjust)
        return run_engine(
            "event",
            panel,
            settings,
            on_bar=lambda session, row: context.ask(strategy, session, row),
            style="on_bar",
            first_row=first_row,
            last_row=last_row,
            rules=rules if told else (),
            progress=told,
        )

    record = run_rows(len(panel), ran)
    if causality == "off":
        return record, NOT_CHECKED
    if rules:
        return record, Causality(
            CausalityVerdict.NOT_CHECKED, finding="not checked: an on_bar strategy under rules of the user's own"
        )

    def log(given: Record) -> list[tuple[object, ...]]:
        """What was asked for, each entry led by the row that decided it."""
        rows = {int(closed): row for row, closed in enumerate(panel.close_time)}
        own = {Reason.SQUARE_OFF, Reason.EXPIRY}  # the session's, due by the clock: at the end of a cut history not yet
        asked = [entry for entry in given.orders if not entry.order.protective and entry.order.reason not in own]
        return [
            (rows[entry.order.decided_at], entry.requested, entry.order.type.name, repr(entry.order.limit),
             repr(entry.order.trigger), panel.symbols[entry.order.instrument], entry.order.label)
            for entry in asked
        ]  # fmt: skip

    def name_bar(row: int) -> str:
        unit = "D" if Timeframe.parse(panel.timeframe).daily else "m"
        return f"bar {np.datetime64(int(panel.time[row]), 'ns').astype(f'datetime64[{unit}]')}"

    return record, check_on_bar(
        lambda rows: log(run_rows(rows)),
        len(panel),
        mode=causality,
        first_row=first_row,
        known=log(record),
        name_bar=name_bar,
    )


def read_prices(
    bars: Given,
    *,
    timeframe: str = "1d",
    end: date | None = None,
    db: Path | None = None,
    progress: Progress | None = None,
    space: Space = MEMORY,
) -> Prices:
    """Whatever was given as one panel, cut behind ``end``. Symbols are read from the store, into the space."""
    if isinstance(bars, Panel):
        return Prices(_until(bars.with_space(space), end))
    given = [bars] if isinstance(bars, (str, Bars)) or hasattr(bars, "columns") else list(bars)
    symbols = [item for item in given if isinstance(item, str)]
    series = [item for item in given if isinstance(item, Bars)]
    series += [Bars.from_frame(cast("pd.DataFrame", item)) for item in given if hasattr(item, "columns")]
    issues: tuple[str, ...] = ()
    if symbols:
        from framework.prices import load

        loaded, issues = load(symbols, timeframe, end, db, progress, space)
        series += loaded
    return Prices(_until(Panel.from_bars(series, space), end), issues)


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
        msg = f"there are no bars from {start}; {', '.join(panel.symbols[:5])} have {first} to {last}"
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
        from framework.discovery import find_strategy

        given = find_strategy(given)
    return given.from_settings({})


def refuse_risk_without_stop(strategy: Strategy, settings: Settings, arrays: DecisionArrays) -> None:
    """``risk:1%`` needs a distance to divide by: from the strategy or from the exits."""
    exits = settings.exits
    given = (exits.stop_loss, exits.trail, arrays.stop, arrays.trail)
    if settings.sizing.kind == "risk" and all(distance is None for distance in given):
        msg = (
            f"sizing {settings.sizing} divides by the distance to the stop, but {type(strategy).__name__} gives none; "
            "add --stop-loss 5% (stop_loss='5%')"
        )
        raise ConfigError(msg)


def refuse_ticks_without_tick(panel: Panel, settings: Settings) -> None:
    """``slippage ticks:1`` of an instrument without a stated tick would be nothing, and look like something."""
    if not settings.slippage.ticks:
        return
    without = [str(instrument) for instrument in panel.instruments if not instrument.tick > 0]
    if without:
        more = f" and {len(without) - 1} more" if len(without) > 1 else ""
        msg = f"slippage {settings.slippage}: {without[0]}{more} has no stated tick, so it would be nothing; use bps:5"
        raise ConfigError(msg)


def refuse_ignored(strategy: Strategy, names: Iterable[str], settings: Settings) -> None:
    """Refuse, instead of ignoring, a choice (by its name) that this strategy or this sizing has no use for."""
    style, name, kind = strategy.style(), type(strategy).__name__, settings.sizing.kind
    sizes = {
        "volatility_bars": ("volatility", "equal_risk"),
        **dict.fromkeys(("kelly_cap", "kelly_after", "kelly_start"), ("kelly",)),
    }
    uses = {
        **dict.fromkeys(("sizing", "allotment", *sizes), "signals"),
        "rebalance": "allocate",
        "leverage": "allocate",
    }
    for choice in names:
        if uses.get(choice, style) != style:
            msg = f"{choice} is only for strategies that write {uses[choice]}(); {name} writes {style}(): leave it out"
            raise ConfigError(msg)
        if kind not in sizes.get(choice, (kind,)):
            kinds = " and ".join(sizes[choice])
            msg = f"{choice} is only for sizing {kinds}, and sizing is {settings.sizing}: leave it out"
            raise ConfigError(msg)
