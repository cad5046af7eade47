"""One strategy, many parameter sets: tried, counted, recorded, and compared."""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from framework.backtest import (
    day_of,
    execute,
    first_row_of,
    read_prices,
    refuse_ignored,
    refuse_ticks_without_tick,
    settings_of,
)
from framework.errors import ConfigError
from framework.provenance import new_run_id, provenance
from framework.sweeps.constraint import parse_constraint
from framework.sweeps.course import Course
from framework.sweeps.evaluators import evaluator_for
from framework.sweeps.grid import parameter_sets, space_of
from framework.sweeps.objectives import objectives_of
from framework.sweeps.record import Recorder
from framework.sweeps.result import SweepResult

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from framework.backtest import Given, Progress
    from framework.strategy import Strategy
    from framework.sweeps.course import Stats
    from framework.sweeps.evaluators import Evaluator
    from framework.sweeps.grid import ParameterSet
    from framework.types import Settings


def sweep(  # noqa: PLR0913 - three things to try, the rest are options by name
    strategy: type[Strategy] | str,
    bars: Given,
    grid: Mapping[str, Any],
    *,
    mode: str = "grid",
    samples: int | None = None,
    seed: int = 0,
    constraint: Callable[[Mapping[str, Any]], bool] | str | None = None,
    objective: str | Sequence[str] = "Sharpe",
    settings: Settings | None = None,
    start: date | str | None = None,
    end: date | str | None = None,
    timeframe: str = "1d",
    risk_free: float = 0.0,
    causality: str = "default",
    workers: int | None = None,
    cluster: object = None,
    db: Path | None = None,
    resume: str | None = None,
    name: str | None = None,
    announce: Callable[[str], None] | None = None,
    progress: Progress | None = None,
    **choices: Any,
) -> SweepResult:
    """Try a strategy with every parameter set of a grid, or so many of it at random, and say how each did.

    The numbers of a set are those of ``backtest`` with the same parameters. Every set that is tried is recorded in
    the store that the symbols come from (or ``db``), and counted.

    Args:
        strategy: its class, or its name as on the command line.
        bars: as in ``backtest``.
        grid: parameter → values, ``{"period": range(5, 51, 5), "oversold": [20, 25, 30]}``.
        mode: ``grid`` or ``random``.
        samples: how many sets a random sweep tries.
        seed: of the random sample; the same seed takes the same sets.
        constraint: ``"fast < slow"``, or a function of a set that says whether to try it.
        objective: the statistic that makes a set the best, such as ``Sharpe``, ``CAGR`` or ``Max. drawdown``; or
            several: the first decides, ties go to the next, and the result has their Pareto front.
        settings: every choice at once; or by name, as in ``backtest``.
        start: first day that is decided on and accounted for.
        end: last day.
        timeframe: of symbols read from the store.
        risk_free: rate a year as a fraction.
        causality: ``default`` looks (within a second) whether the best set sees the future; ``off`` does not.
        workers: threads; by default one per processor.
        cluster: a Dask cluster instead of threads: ``tcp://host:8786``, ``local:4`` (processes of this machine) or a
            ``dask.distributed.Client``.
        db: the store's file, for symbols and for the record of what was tried.
        resume: id of a sweep that was interrupted: what it has recorded is not run again.
        name: what the strategy is called in the record.
        announce: called with the sweep's id before the first set is tried.
        progress: called with (what, done, total).
        choices: fields of Settings, Exits and Limits by name.

    Raises:
        ConfigError: the grid, the constraint or a setting is wrong, or the strategy acts in ``on_bar``.
    """
    if causality not in {"default", "off"}:
        msg = f"causality {causality!r} of a sweep is default or off; a backtest of the best set can do more"
        raise ConfigError(msg)
    kind = _strategy_class(strategy)
    named = name or (strategy if isinstance(strategy, str) else kind.__name__)
    goals = objectives_of(objective)
    if mode not in {"grid", "random"} or (samples is None) != (mode == "grid"):
        msg = f"mode {mode!r} with samples={samples!r}: write mode='grid', or mode='random' with samples=500"
        raise ConfigError(msg)
    holds = parse_constraint(constraint, grid) if isinstance(constraint, str) else constraint
    space = space_of(kind, grid, holds, samples)
    sets = parameter_sets(space, samples=samples, seed=seed)
    chosen = settings_of(settings, choices)
    refuse_ignored(sets.sets[0].strategy, choices)
    first_day, last_day = day_of("--from (start)", start), day_of("--to (end)", end)
    stored = db is not None or isinstance(bars, str) or any(isinstance(one, str) for one in _several(bars))
    prices = read_prices(bars, timeframe=timeframe, end=last_day, db=db, progress=progress)
    refuse_ticks_without_tick(prices.panel, chosen)
    course = Course(prices.panel, chosen, kind.style(), first_row_of(prices.panel, first_day), risk_free)
    facts = provenance(sets.sets[0].strategy, prices.panel)
    recorder = Recorder(
        new_run_id(named),
        strategy=named,
        axes=space.axes,
        course=course,
        objective=", ".join(goals),
        fingerprint=_fingerprint(facts, course),
        provenance=facts,
        db=db,
        kept=stored,
    )
    with evaluator_for(course, kind, workers, cluster) as evaluator, recorder:
        known = recorder.begin(resume)
        if announce is not None:
            announce(recorder.sweep_id)
        tried = _try_all(evaluator, sets.sets, known, recorder, progress)
        ever = recorder.tried_ever(len(tried))
    result = SweepResult(
        sweep_id=recorder.sweep_id,
        strategy=named,
        axes=space.axes,
        positions=[one.position for one in sets.sets],
        stats=[tried[one.key] for one in sets.sets],
        objectives=goals,
        symbols=prices.panel.symbols,
        excluded=sets.excluded,
        tried_ever=ever,
        resumed=sum(one.key in known for one in sets.sets),
        data_issues=prices.data_issues,
    )
    if causality == "off":
        return result
    best = sets.sets[result.order[0]].strategy
    _, verdict = execute(best, course.panel, chosen, first_row=course.first_row, engine="compiled")
    return replace(result, causality=verdict)


def _try_all(
    evaluator: Evaluator,
    sets: list[ParameterSet],
    known: dict[str, Stats],
    recorder: Recorder,
    progress: Progress | None,
) -> dict[str, Stats]:
    """Statistics of every set by its key. Chunks that are done are recorded even when the sweep is interrupted."""
    results = {one.key: known[one.key] for one in sets if one.key in known}
    left = list({one.key: one for one in sets if one.key not in known}.values())
    total = len(results) + len(left)
    with closing(evaluator.evaluate(left)) as finished:
        for chunk in finished:
            for key, stats in chunk:
                results[key] = stats
                recorder.add(key, stats)
            if progress is not None:
                progress("sweeping", len(results), total)
    return results


def _strategy_class(given: object) -> type[Strategy]:
    if isinstance(given, str):
        from framework.discovery import find_strategy

        return find_strategy(given)
    if isinstance(given, type):
        return given
    msg = f"a sweep makes its own instances: give the class {type(given).__name__}, not one that is made already"
    raise ConfigError(msg)


def _several(bars: Given) -> Sequence[Any]:
    return bars if isinstance(bars, list | tuple) else ()


def _fingerprint(facts: Mapping[str, str], course: Course) -> str:
    """The same for the same source, prices, settings and range."""
    parts = (facts["strategy_sha256"], facts["data_sha256"], course.settings.model_dump_json(), course.first_row)
    return hashlib.sha256(repr((*parts, course.risk_free)).encode()).hexdigest()[:32]
