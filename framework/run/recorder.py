"""Recorder of a backtest: the journal that it was asked to write."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from framework.journal.file import JournalFile
from framework.journal.writer import JournalRecorder, Origin
from framework.run.provenance import strategy_hash, versions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from framework.strategy import Strategy
    from framework.types import RiskRule


@contextmanager
def recording(
    journal: Path | str | None, strategy: Strategy, label: str, rules: Sequence[RiskRule]
) -> Iterator[JournalRecorder | None]:
    """A recorder into a file, closed however the run ends; None without a file."""
    if journal is None:
        yield None
        return
    origin = Origin(
        strategy=label,
        parameters=strategy.model_dump(mode="json"),
        strategy_sha256=strategy_hash(type(strategy)),
        versions=versions(),
        rules=tuple(type(rule).__name__ for rule in rules),
    )
    place = JournalFile(Path(journal))
    try:
        yield JournalRecorder(place, origin)
    finally:
        place.close()


def journal_facts(recorder: JournalRecorder | None) -> dict[str, str]:
    """Path and last hash of a run's journal, for the result's provenance."""
    if recorder is None or not isinstance(place := recorder.writer.place, JournalFile):
        return {}
    return {"journal": str(place.path.resolve()), "journal_head": recorder.writer.head}
