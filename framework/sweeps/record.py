"""Record of a sweep, kept while it runs: an interrupted one loses little, and every set is counted.

A database that cannot be written takes nothing from a sweep: it goes on, keeps its sets in memory, tries again with the
next batch, and says at its end what was not kept.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Self

from framework.config.settings_file import database_path
from framework.errors import ConfigError, DataError
from framework.store import SweepRow, open_store

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

    from framework.store import Store
    from framework.sweeps.workload import Workload

BATCH_SECONDS = 1.0
"""At most so much work is lost when the machine stops; Ctrl-C loses nothing that was finished."""


class Recorder:
    """Writes one sweep into the store, in batches; with ``kept=False`` it only counts."""

    def __init__(  # noqa: PLR0913 - the columns of a row, by name
        self,
        sweep_id: str,
        *,
        strategy: str,
        axes: Mapping[str, Any],
        workload: Workload,
        objective: str,
        fingerprint: str,
        provenance: Mapping[str, str],
        db: Path | None,
        kept: bool,
    ) -> None:
        panel = workload.panel
        self.sweep_id = sweep_id
        self.row = SweepRow(
            sweep_id=sweep_id,
            strategy=strategy,
            grid=axes,
            settings=workload.settings.model_dump(mode="json"),
            symbols=tuple(str(instrument) for instrument in panel.instruments),
            timeframe=panel.timeframe,
            first_ns=int(panel.time[workload.first_row]),
            last_ns=int(panel.time[-1]),
            objective=objective,
            fingerprint=fingerprint,
            provenance=provenance,
        )
        self.path = database_path(db) if kept else None
        self.store: Store | None = None
        self.waiting: list[tuple[str, dict[str, float]]] = []
        self.written_at = _now()
        self.unkept = ""
        """Why the sweep, or the latest of it, is not in the database; empty when all of it is."""

    def __enter__(self) -> Self:
        if self.path is not None:
            self.store = open_store(self.path)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.store is not None:
            self._write()
            self.store.close()

    def begin(self, resume: str | None, study: str | None = None) -> dict[str, dict[str, float]]:
        """Start a new sweep, or continue an old one or that of a study; returns its results so far."""
        before = self._before(resume)
        if before is None:
            self._begin(study)
        else:
            self.sweep_id = before.sweep_id
        return {} if self.store is None else self.store.sweep_results(self.sweep_id)

    def _begin(self, study: str | None) -> None:
        """Keep what the sweep is of; where that cannot be written nothing of it can."""
        if self.store is None:
            return
        try:
            self.sweep_id = self.store.join_sweep(self.row, study) if study else self.store.save_sweep(self.row)
        except DataError as error:
            self._stop_keeping(error)

    def _stop_keeping(self, error: Exception) -> None:
        self.unkept = str(error)
        if self.store is not None:
            self.store.close()
        self.store = None

    def study_of(self, resume: str | None, study: str | None) -> str:
        """The name of the study: the given one, else that of the continued sweep, else the new sweep's id."""
        before = self._before(resume)
        if before is None:
            return study or self.sweep_id
        known = str(before.provenance.get("study", study or before.sweep_id))
        if study not in {None, known}:
            msg = f"sweep {before.sweep_id} is of study {known!r}, not {study!r}; leave out --study, or --resume"
            raise ConfigError(msg)
        return known

    def _before(self, resume: str | None) -> SweepRow | None:
        """The sweep to continue; ``ConfigError`` when its inputs differ."""
        if resume is None:
            return None
        if self.store is None:
            msg = f"resume={resume!r}: a sweep over prices that are not from a store is not recorded; give db=…"
            raise ConfigError(msg)
        before = self.store.sweep(resume)
        if before.fingerprint != self.row.fingerprint:
            msg = (
                f"sweep {before.sweep_id} ({before.strategy} on {', '.join(before.symbols)}) was of other prices, "
                "settings or another version of the strategy; leave out --resume and start anew"
            )
            raise ConfigError(msg)
        return before

    def plan(self, wanted: int) -> None:
        """Keep how many sets there should be in the end."""
        if self.store is not None:
            try:
                self.store.plan_sweep(self.sweep_id, wanted)
            except DataError as error:
                self._stop_keeping(error)

    def finish(self, outcome: Mapping[str, Any]) -> None:
        """Keep the outcome once every set was tried."""
        self._write()
        if self.store is not None and not self.unkept:
            try:
                self.store.finish_sweep(self.sweep_id, outcome)
            except DataError as error:
                self.unkept = str(error)

    def add(self, key: str, stats: dict[str, float]) -> None:
        """Take one result; it is on disk within a second or so."""
        self.waiting.append((key, stats))
        if _now() - self.written_at > BATCH_SECONDS:
            self._write()

    def tried_ever(self, tried: int) -> int:
        """Sets of this strategy tried on these symbols in this and every earlier sweep."""
        if self.store is None:
            return tried
        self._write()
        return self.store.sets_tried(self.row.strategy, self.row.symbols)

    def _write(self) -> None:
        if self.store is not None and self.waiting:
            try:
                self.store.save_sweep_results(self.sweep_id, self.waiting)
            except DataError as error:  # the sets stay in memory for the next batch
                self.unkept = str(error)
                self.written_at = _now()
                return
        self.unkept = "" if self.store is not None else self.unkept
        self.waiting = []
        self.written_at = _now()


def _now() -> float:
    """Seconds, to pace the writing only."""
    return time.monotonic()  # noqa: TID251 - the shell: how long since the last batch
