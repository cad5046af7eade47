"""Optuna study: proposes the next sets and receives their results."""

from __future__ import annotations

import hashlib
import json
import math
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self

from framework.errors import ConfigError
from framework.sweeps.figures import FALLING_IS_BETTER
from framework.sweeps.objectives import is_ruined
from framework.sweeps.optuna_space import OptunaSpace
from framework.sweeps.optuna_storage import quiet, storage_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    import optuna
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial, TrialState

    from framework.sweeps.grid import ParameterSet, ParameterSpace
    from framework.sweeps.workload import Stats

PATIENCE = 10
"""Proposals in a row that were tried or left out, after which an untried set is taken at random."""
FINITE = 1e12
"""Value for a sampler instead of infinity: it measures distances between objectives."""
SEEDS = 2**32
STATS, ABOUT = "stats", "tulya"
"""User attributes: of a trial that was run its statistics, of a study what it is of."""


class Study:
    """Proposes sets of a space, learns from their results, and shares both with every process that has the study.

    Used in a ``with``. Optuna is only ever called in a thread of its own, so Ctrl-C never finds it within a write.
    """

    def __init__(  # noqa: PLR0913 - what a study is of, by name
        self,
        name: str,
        space: ParameterSpace,
        objectives: Sequence[str],
        *,
        samples: int,
        seed: int,
        storage: BaseStorage | Path | str | None,
        db: Path | None,
        fingerprint: str,
    ) -> None:
        self.name, self.space, self.objectives = name, space, objectives
        self.samples, self.seed = samples, seed
        self.scales = OptunaSpace(space.axes)
        self.known: dict[str, Stats] = {}
        """Statistics of every set that was run, here or elsewhere, by its key."""
        self.sets: dict[str, ParameterSet] = {}
        """The sets themselves, and those that were proposed."""
        self.refused: dict[tuple[int, ...], str] = {}
        """Reason why a place in the grid was left out."""
        self._seen: set[int] = set()
        self._open: dict[str, list[optuna.Trial]] = {}
        self._spares = self._untried()
        self._leaving = False
        self._where = (storage, db)
        self._about = {"fingerprint": fingerprint, "objectives": list(objectives), "values": _described(space.axes)}

    def __enter__(self) -> Self:
        self._exits = ExitStack()
        self._exits.enter_context(quiet())
        try:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="study")
            self._exits.callback(self._thread.shutdown)
            self._thread.submit(self._begin).result()
        except BaseException:
            self._exits.close()
            raise
        self._exits.callback(lambda: self._thread.submit(self._give_up).result())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leaving = True
        self._exits.close()

    def join(self, known: Mapping[str, Stats]) -> None:
        """Give the study the record's results that it lacks, so that nothing is run twice."""
        self._thread.submit(self._join, known).result()

    def ask(self, most: int) -> list[ParameterSet]:
        """Up to ``most`` sets that no process has run; results of other processes are learnt first.

        None are left when the list is empty.
        """
        return self._thread.submit(self._ask, most).result()

    def tell(self, tried: Sequence[tuple[str, Stats]]) -> None:
        """Report the results of proposed sets to the sampler."""
        for key, stats in tried:
            self.known[key] = stats  # before anything can go wrong with the storage: it was run, so it counts
        self._thread.submit(self._tell, tried).result()

    def _begin(self) -> None:
        import optuna

        better = optuna.study.StudyDirection
        directions = [better.MINIMIZE if key in FALLING_IS_BETTER else better.MAXIMIZE for key in self.objectives]
        storage = storage_of(self._where[0], self.name, self._where[1])
        self.study = optuna.create_study(
            storage=storage, study_name=self.name, directions=directions, load_if_exists=True
        )
        trials = self.study.get_trials(deepcopy=False)
        about = self.study.user_attrs.get(ABOUT)
        if about is None and not trials and self.study.directions == directions:
            self.study.set_user_attr(ABOUT, self._about)
        elif about != self._about:
            other = _difference(about or {}, self._about)
            msg = f"study {self.name!r} is of {other}; give this sweep another --study, or leave it out for a new one"
            raise ConfigError(msg)
        # A study that is gone on with must not begin with the same random sets once more.
        self.study.sampler = optuna.samplers.TPESampler(seed=(self.seed + len(trials)) % SEEDS)
        self._learn()

    def _join(self, known: Mapping[str, Stats]) -> None:
        places = {name: {value: at for at, value in enumerate(values)} for name, values in self.space.axes.items()}
        for key, stats in known.items():
            said = json.loads(key)
            position = tuple(place.get(said.get(name), -1) for name, place in places.items())
            if key in self.known or -1 in position:
                continue
            made = self.space.at(position)
            if not isinstance(made, str) and made.key == key:
                self._take(made, stats)
                self._add(made, stats)

    def _learn(self) -> None:
        """Read results that any process has added to the study since the last read."""
        from optuna.trial import TrialState

        for trial in self.study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED)):
            if trial.number in self._seen:
                continue
            self._seen.add(trial.number)
            position = self.scales.position(trial.params)
            if position is None:
                continue
            made = self.space.at(position)
            if isinstance(made, str):
                self.refused[position] = made
            elif STATS in trial.user_attrs and made.key not in self.known:
                self._take(made, trial.user_attrs[STATS])

    def _take(self, made: ParameterSet, stats: Stats) -> None:
        self.known[made.key] = stats
        self.sets[made.key] = made

    def _ask(self, most: int) -> list[ParameterSet]:
        self._learn()
        batch: dict[str, ParameterSet] = {}
        for _ in range(most + PATIENCE * most):
            if len(batch) == most or self._leaving:
                break
            made = self._propose(batch)
            if made is not None:
                batch[made.key] = made
        while len(batch) < most:
            spare = next(self._spares, None)
            if spare is None:
                break
            batch[spare.key] = spare
        self.sets.update(batch)
        return list(batch.values())

    def _propose(self, batch: Mapping[str, ParameterSet]) -> ParameterSet | None:
        """Proposal of the sampler; None when it was tried before, is left out, or is in the batch already."""
        trial = self.study.ask(self.scales.distributions)
        position = self.scales.position(trial.params)
        made = "it is not a place in the grid" if position is None else self.space.at(position)
        if isinstance(made, str):
            self.refused.update({} if position is None else {position: made})
            trial.set_constraint("left out", 1.0)
            self._finish(trial, None)
            return None
        if made.key in self.known:
            self._finish(trial, self.known[made.key])
            return None
        self._open.setdefault(made.key, []).append(trial)
        return None if made.key in batch else made

    def _untried(self) -> Iterator[ParameterSet]:
        """Sets neither run nor proposed, at random."""
        for position in self.space.positions(self.samples, self.seed):
            made = self.space.at(position)
            if self._leaving:
                return
            if isinstance(made, str):
                self.refused[position] = made
            elif made.key not in self.known and made.key not in self._open:
                yield made

    def _tell(self, tried: Sequence[tuple[str, Stats]]) -> None:
        for key, stats in tried:
            trials = self._open.pop(key, [])
            for trial in trials[:1]:
                trial.set_user_attr(STATS, stats)
            for trial in trials:
                self._finish(trial, stats)
            if not trials:
                self._add(self.sets[key], stats)

    def _finish(self, trial: optuna.Trial, stats: Stats | None) -> None:
        self._seen.add(trial.number)
        state, values = self._answer(stats)
        self.study.tell(trial, values, state=state, skip_if_finished=True)

    def _add(self, made: ParameterSet, stats: Stats) -> None:
        """Add a trial that the study did not propose."""
        from optuna.trial import create_trial

        state, values = self._answer(stats)
        trial: FrozenTrial = create_trial(
            state=state,
            values=values,
            params=self.scales.parameters(made.position),
            distributions=self.scales.distributions,
            user_attrs={STATS: stats},
        )
        self.study.add_trial(trial)

    def _answer(self, stats: Stats | None) -> tuple[TrialState, list[float] | None]:
        """Values for the sampler; a set without an answer is one to keep away from."""
        from optuna.trial import TrialState

        values = [math.nan] if stats is None or is_ruined(stats) else [stats[key] for key in self.objectives]
        if any(map(math.isnan, values)):
            return TrialState.PRUNED, None
        return TrialState.COMPLETE, [max(-FINITE, min(FINITE, value)) for value in values]

    def _give_up(self) -> None:
        """Give up proposals that never ran: the study may propose them again."""
        from optuna.trial import TrialState

        for trials in self._open.values():
            for trial in trials:
                self.study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
        self._open.clear()


def _described(axes: Mapping[str, Sequence[Any]]) -> dict[str, str]:
    """The values of every axis in few words; other values have other words."""
    return {
        name: f"{values[0]} … {values[-1]} ({len(values)}, {hashlib.sha256(repr(values).encode()).hexdigest()[:8]})"
        for name, values in axes.items()
    }


def _difference(there: Mapping[str, Any], here: Mapping[str, Any]) -> str:
    """Difference of an existing study, in words."""
    if not there:
        return "something else than a sweep"
    if there["objectives"] != here["objectives"]:
        return f"another objective, {' and '.join(there['objectives'])}"
    if there["values"] != here["values"]:
        said = ", ".join(f"{name} = {text.partition(', ')[0]})" for name, text in there["values"].items())
        return f"other values: {said}"
    return "other prices, settings or another version of the strategy"
