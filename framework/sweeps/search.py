"""Search: a list of sets known from the start, or the proposals of a study."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from framework.run.inputs import Progress
    from framework.sweeps.evaluators import Evaluator
    from framework.sweeps.grid import ParameterSet, Sets
    from framework.sweeps.optuna_study import Study
    from framework.sweeps.record import Recorder
    from framework.sweeps.workload import Stats


class Tried(NamedTuple):
    """The sets that were tried, and their statistics."""

    sets: list[ParameterSet]
    stats: list[Stats]
    excluded: int
    """Sets that the constraint, or the strategy itself, left out."""
    resumed: int
    """Number of the sets whose results were known before."""


def try_all(
    evaluator: Evaluator, given: Sets, known: Mapping[str, Stats], recorder: Recorder, progress: Progress | None
) -> Tried:
    """Run every set without a result. Finished chunks are recorded even when the sweep is interrupted."""
    results = {one.key: known[one.key] for one in given.sets if one.key in known}
    left = list({one.key: one for one in given.sets if one.key not in known}.values())
    total = len(results) + len(left)
    recorder.plan(len(known) + len(left))
    with closing(evaluator.evaluate(left)) as finished:
        for chunk in finished:
            for key, stats in chunk:
                results[key] = stats
                recorder.add(key, stats)
            if progress is not None:
                progress("sweeping", len(results), total)
    resumed = sum(one.key in known for one in given.sets)
    return Tried(given.sets, [results[one.key] for one in given.sets], given.excluded, resumed)


def try_proposed(
    evaluator: Evaluator, study: Study, known: Mapping[str, Stats], recorder: Recorder, progress: Progress | None
) -> Tried:
    """Run what a study proposes until it has as many sets as it should have, or there are no more.

    Whatever the study knows is in the record too, also when the sweep is interrupted.
    """
    recorded = set(known)

    def keep() -> None:
        for key, stats in study.known.items():
            if key not in recorded:
                recorded.add(key)
                recorder.add(key, stats)

    try:
        study.join(known)
        resumed = len(study.known)
        recorder.plan(max(study.samples, resumed))
        while len(study.known) < study.samples:
            batch = study.ask(min(evaluator.workers, study.samples - len(study.known)))
            if not batch:
                break
            with closing(evaluator.evaluate(batch)) as finished:
                for chunk in finished:
                    study.tell(chunk)
            keep()
            if progress is not None:
                progress("sweeping", len(study.known), study.samples)
    finally:
        keep()
    if not study.known:
        raise study.space.nothing(next(iter(study.refused.values()), "nothing was proposed"))
    return Tried([study.sets[key] for key in study.known], list(study.known.values()), len(study.refused), resumed)
