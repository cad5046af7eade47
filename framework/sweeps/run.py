"""One strategy, many parameter sets: tried, counted, recorded, and compared."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from framework.backtest import execute
from framework.engines.numba_cache import require_numba
from framework.errors import ConfigError
from framework.report.findings import unmodelled
from framework.run.inputs import one_by_one
from framework.run.preparation import prepare
from framework.run.provenance import new_run_id, provenance
from framework.scratch import MemoryOnly
from framework.sweeps.constraint import parse_constraint
from framework.sweeps.evaluators import Threads
from framework.sweeps.grid import first_set, parameter_sets, space_of
from framework.sweeps.history import outcome_of
from framework.sweeps.objectives import objectives_of
from framework.sweeps.optuna_storage import hidden, require_optuna
from framework.sweeps.optuna_study import Study
from framework.sweeps.record import Recorder
from framework.sweeps.result import SweepResult
from framework.sweeps.search import try_all, try_proposed
from framework.sweeps.workload import Workload
from framework.types.array_store import MEMORY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from optuna.storages import BaseStorage

    from framework.run.inputs import BarsInput, Progress
    from framework.strategy import Strategy
    from framework.sweeps.evaluators import Evaluator
    from framework.sweeps.workload import Stats
    from framework.types import Settings


def sweep(  # noqa: PLR0913 - three things to try, the rest are options by name
    strategy: type[Strategy] | str,
    bars: BarsInput,
    grid: Mapping[str, Any],
    *,
    mode: str = "grid",
    samples: int | None = None,
    seed: int = 0,
    constraint: Callable[[Mapping[str, Any]], bool] | str | None = None,
    objective: str | Sequence[str] = "Sharpe",
    study: str | None = None,
    storage: BaseStorage | Path | str | None = None,
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
    """Try a strategy with every parameter set of a grid, or with a sample of it, and rank them.

    The numbers of a set are those of ``backtest`` with the same parameters. Every set that is tried is recorded in
    the store that the symbols come from (or ``db``), and counted.

    Args:
        strategy: its class, or its name as on the command line.
        bars: as in ``backtest``.
        grid: parameter → values, ``{"period": range(5, 51, 5), "oversold": [20, 25, 30]}``.
        mode: ``grid``, ``random``, or ``optuna``, which chooses what to try next by what was tried.
        samples: how many sets a random sweep tries, and an Optuna study in total.
        seed: of the random sample or of Optuna's; the same seed takes the same sets.
        constraint: ``"fast < slow"``, or a function of a set that says whether to try it.
        objective: the statistic that makes a set the best, such as ``Sharpe``, ``CAGR`` or ``Max. drawdown``; or
            several: the first decides, ties go to the next, and the result has their Pareto front.
        study: name of an Optuna study; one that exists is gone on with, also by several processes at a time.
        storage: of the study: an address such as ``sqlite:///studies.sqlite``, the path of a journal file, or an
            Optuna storage; by default a journal beside the store, or without a store this process.
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
    require_numba("a sweep")
    _refuse_mode(mode, samples, study=study, storage=storage)
    holds = parse_constraint(constraint, grid) if isinstance(constraint, str) else constraint
    space = space_of(kind, grid, holds, samples)
    sets = None if mode == "optuna" else parameter_sets(space, samples=samples, seed=seed)
    example = (first_set(space, seed) if sets is None else sets.sets[0]).strategy
    stored = db is not None or any(isinstance(one, str) for one in one_by_one(bars))
    prepared = prepare(
        example,
        bars,
        settings=settings,
        choices=choices,
        start=start,
        end=end,
        timeframe=timeframe,
        db=db,
        space=MemoryOnly("a sweep"),
        progress=progress,
    ).within(MEMORY)  # sets come and go: nothing of theirs is counted
    workload = Workload(prepared.panel, prepared.settings, kind.style(), prepared.first_row, risk_free)
    facts = provenance(example, prepared.panel) if stored or sets is None else {}
    sweep_id = new_run_id(named)
    if sets is None:
        facts["study"] = study or sweep_id
        facts["command"] = hidden(facts["command"])
    recorder = Recorder(
        sweep_id,
        strategy=named,
        axes=space.axes,
        workload=workload,
        objective=", ".join(goals),
        fingerprint=_fingerprint(facts, workload) if facts else "",
        provenance=facts,
        db=db,
        kept=stored,
    )

    def begun(joined: str | None = None) -> dict[str, Stats]:
        known = recorder.begin(resume, joined)
        if announce is not None:
            announce(recorder.sweep_id)
        return known

    with recorder:
        with evaluator_for(workload, kind, workers, cluster) as evaluator:
            if sets is not None:
                tried = try_all(evaluator, sets, begun(), recorder, progress)
            else:
                proposing = Study(
                    recorder.study_of(resume, study),
                    space,
                    goals,
                    samples=samples or 0,
                    seed=seed,
                    storage=storage,
                    db=recorder.path,
                    fingerprint=recorder.row.fingerprint,
                )
                with proposing:
                    tried = try_proposed(evaluator, proposing, begun(proposing.name), recorder, progress)
        result = SweepResult(
            sweep_id=recorder.sweep_id,
            strategy=named,
            axes=space.axes,
            positions=[one.position for one in tried.sets],
            stats=tried.stats,
            objectives=goals,
            symbols=prepared.panel.symbols,
            excluded=tried.excluded,
            tried_ever=recorder.tried_ever(len(tried.sets)),
            resumed=tried.resumed,
            data_issues=prepared.data_issues,
            unmodelled=tuple(unmodelled(prepared.settings)),
        )
        if causality != "off":
            best = tried.sets[result.order[0]].strategy
            _, verdict = execute(prepared.of(best), engine="compiled")
            result = replace(result, causality=verdict)
        recorder.finish(outcome_of(result))
    return replace(result, unkept=recorder.unkept)


def evaluator_for(
    workload: Workload, strategy: type[Strategy], workers: int | None = None, cluster: object = None
) -> Evaluator:
    """Threads, or the cluster that is named; ``ConfigError`` when it does not answer."""
    if cluster is None:
        return Threads(workload, workers)
    if workers is not None:
        msg = f"workers={workers} are threads of this machine, and cluster={cluster!r} has workers of its own; give one"
        raise ConfigError(msg)
    from framework.sweeps.cluster import Cluster

    return Cluster(workload, strategy, cluster)


def _strategy_class(given: object) -> type[Strategy]:
    if isinstance(given, str):
        from framework.usercode.find import find_strategy

        return find_strategy(given)
    if isinstance(given, type):
        return given
    msg = f"a sweep makes its own instances: give the class {type(given).__name__}, not one that is made already"
    raise ConfigError(msg)


def _refuse_mode(mode: str, samples: int | None, *, study: str | None, storage: object) -> None:
    """Options that do not go together, and an Optuna that is not there, before anything is read."""
    if mode not in {"grid", "random", "optuna"} or (samples is None) != (mode == "grid"):
        msg = (
            f"mode {mode!r} with samples={samples!r}: write mode='grid', or mode='random' with samples=500, or "
            "mode='optuna' with samples=500"
        )
        raise ConfigError(msg)
    if mode == "optuna":
        require_optuna()
    elif study is not None or storage is not None:
        msg = f"a study and its storage are Optuna's; use them with --optuna (mode='optuna'), not with mode {mode!r}"
        raise ConfigError(msg)


def _fingerprint(facts: Mapping[str, str], workload: Workload) -> str:
    """The same for the same source, prices, settings and range."""
    parts = (facts["strategy_sha256"], facts["data_sha256"], workload.settings.model_dump_json(), workload.first_row)
    return hashlib.sha256(repr((*parts, workload.risk_free)).encode()).hexdigest()[:32]
