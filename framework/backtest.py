"""The whole way in one call: bars → signals → engine → Result."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from framework.causality.check import check_allocate, check_on_bar, check_signals
from framework.causality.moments import early_fill, untimely
from framework.causality.outside import Outside
from framework.engines.context import BarContext
from framework.engines.decisions import decide_signals, decide_weights
from framework.engines.select import chosen_engine, run_engine
from framework.engines.verify import verify as verify_record
from framework.engines.without_limits import without_risk
from framework.errors import ConfigError, DataError
from framework.report.result import Result
from framework.run.inputs import strategy_of
from framework.run.preflight import refuse_risk_without_stop
from framework.run.preparation import Prepared, prepare
from framework.run.provenance import new_run_id, provenance_later
from framework.run.recorder import journal_facts, recording
from framework.scratch import USUAL, BoundedSpace
from framework.types import Causality, CausalityVerdict, Reason, Settings, Timeframe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date
    from pathlib import Path

    from framework.causality.cuts import Mode
    from framework.engines.event import RunRecorder
    from framework.run.inputs import BarsInput, Progress
    from framework.strategy import Strategy
    from framework.types import Record, RiskRule
    from framework.types.array_store import ArrayStore

CAUSALITY_MODES = ("default", "all-decisions", "every-bar", "off")


def backtest(  # noqa: PLR0913 - two things to test, the rest are options by name
    strategy: Strategy | type[Strategy] | str,
    bars: BarsInput,
    *,
    settings: Settings | None = None,
    start: date | str | None = None,
    end: date | str | None = None,
    timeframe: str = "1d",
    db: Path | None = None,
    memory: str | ArrayStore = USUAL,
    rules: Sequence[RiskRule] = (),
    causality: str = "default",
    engine: str = "auto",
    verify: bool = False,
    risk_free: float = 0.0,
    name: str | None = None,
    journal: Path | str | None = None,
    keep: bool = False,
    progress: Progress | None = None,
    **choices: Any,
) -> Result:
    """Backtest a strategy and return its Result; nothing is written but what ``journal`` and ``keep`` ask for.

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
        journal: a file for every input of the session with what followed (docs/journal.md); the event engine writes it.
        keep: put the run beside those of the command line, where ``tulya runs list`` and ``tulya report`` find it.
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
    asked = strategy_of(strategy)
    prepared = prepare(
        asked,
        bars,
        settings=settings,
        choices=choices,
        start=start,
        end=end,
        timeframe=timeframe,
        db=db,
        space=BoundedSpace(memory) if isinstance(memory, str) else memory,
        progress=progress,
    )
    label = name or (strategy if isinstance(strategy, str) else type(asked).__name__)
    with recording(journal, asked, label, rules) as recorder:
        record, verdict = _within_bounds(execute)(
            prepared,
            rules=rules,
            causality=cast("Mode", causality),
            engine=engine,
            recorder=recorder,
            progress=progress,
        )
    result = Result(
        run_id=new_run_id(label),
        strategy=label,
        parameters=asked.model_dump(mode="json"),
        record=record,
        causality=verdict,
        provenance=provenance_later(asked, prepared.panel, journal_facts(recorder)),
        data_issues=prepared.data_issues,
        risk_free=risk_free,
        verification=verify_record(record, progress) if verify else None,
        without_risk=without_risk(record, asked, progress),
    )
    if keep:
        from framework.config.settings_file import database_path
        from framework.run import history

        history.keep(result, database_path(db))
    return result


def _within_bounds(run: Callable[..., tuple[Record, Causality]]) -> Callable[..., tuple[Record, Causality]]:
    """The rulebook's overflow (an amount beyond ₹40 lakh crore) as an error of the run, with what to do."""

    def bounded(*given: Any, **named: Any) -> tuple[Record, Causality]:
        try:
            return run(*given, **named)
        except OverflowError as error:
            msg = f"the run left the range of whole paise: {error}; use less capital or leverage, or look at the prices"
            raise DataError(msg) from error

    return bounded


def execute(
    run: Prepared,
    *,
    rules: Sequence[RiskRule] = (),
    causality: Mode | Literal["off"] = "default",
    engine: str = "auto",
    recorder: RunRecorder | None = None,
    progress: Progress | None = None,
) -> tuple[Record, Causality]:
    """Decide, run and check one prepared strategy; ``recorder`` looks on in the run itself."""
    strategy, panel, settings, first_row = run.strategy, run.panel, run.settings, run.first_row
    style = strategy.style()
    # says what is wrong before anything long begins
    chosen_engine(engine, style=style, rules=rules, recorded=recorder is not None)
    rows = len(panel) - first_row

    def ran(done: int) -> None:
        if progress is not None:
            progress("running", done, rows)

    if style == "on_bar":
        return _execute_on_bar(run, rules=rules, causality=causality, recorder=recorder, ran=ran)
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
            recorder=recorder,
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
        recorder=recorder,
        progress=ran,
    )
    if causality == "off":
        return record, NOT_CHECKED
    if found := untimely(panel):  # each instrument's own bars may be in order, and together not
        return record, Causality(CausalityVerdict.LEAK, finding=found)
    return record, check_signals(strategy, answers.bars, mode=causality, first_ns=first_ns, known=answers.signals)


NOT_CHECKED = Causality(CausalityVerdict.NOT_CHECKED, finding="not checked: --causality off")


def _execute_on_bar(
    run: Prepared,
    *,
    rules: Sequence[RiskRule],
    causality: Mode | Literal["off"],
    recorder: RunRecorder | None,
    ran: Callable[[int], None],
) -> tuple[Record, Causality]:
    """``on_bar`` sees one bar at a time; the check runs shorter histories again and compares what they ordered."""
    strategy, panel, settings, first_row = run.strategy, run.panel, run.settings, run.first_row

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
            recorder=recorder if told else None,
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
        """Decisions of the run, each entry led by the row that decided it."""
        rows = {int(closed): row for row, closed in enumerate(panel.close_time)}
        own = {Reason.SQUARE_OFF, Reason.EXPIRY}  # the session's, due by the clock: at the end of a cut history not yet
        asked = [entry for entry in given.orders if not entry.order.protective and entry.order.reason not in own]
        return [
            (rows[entry.order.decided_at], entry.requested, entry.order.type.name, repr(entry.order.limit),
             repr(entry.order.trigger), panel.symbols[entry.order.instrument], entry.order.label)
            for entry in asked
        ]  # fmt: skip

    def name_bar(row: int) -> str:
        unit = "D" if Timeframe.parse(panel.timeframe).dated else "m"
        return f"bar {np.datetime64(int(panel.time[row]), 'ns').astype(f'datetime64[{unit}]')}"

    if found := untimely(panel) or early_fill(record):
        return record, Causality(CausalityVerdict.LEAK, finding=found)
    outside = Outside(strategy, panel)

    def again(rows: int) -> list[tuple[object, ...]]:
        with outside.veiled(int(panel.close_time[rows - 1]), rows) if rows < len(panel) else nullcontext():
            return log(run_rows(rows))

    return record, check_on_bar(
        again,
        len(panel),
        outside=str(outside),
        mode=causality,
        first_row=first_row,
        known=log(record),
        name_bar=name_bar,
    )
