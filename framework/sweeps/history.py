"""Sweeps of the store, found again: by id, by its beginning, or ``last``."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from framework.errors import DataError
from framework.store import open_store
from framework.sweeps.result import SweepResult
from framework.types import Causality, CausalityVerdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from framework.store import SweepRow


class Kept(NamedTuple):
    """A sweep as the store has it."""

    row: SweepRow
    result: SweepResult


def find(wanted: str, db: Path) -> Kept:
    """The sweep and what it printed when it was finished; with what is recorded of it when it was interrupted.

    Raises ``DataError`` with the nearest ids when there is no such sweep, and when it tried nothing.
    """
    with open_store(db, create=False) as store:
        row = store.sweep(wanted)
        known = store.sweep_results(row.sweep_id)
        ever = store.sets_tried(row.strategy, row.symbols)
    if not known:
        msg = f"sweep {row.sweep_id} was interrupted before it had tried a set; start it again"
        raise DataError(msg)
    parameters = [json.loads(key) for key in known]
    axes = axes_of(row.grid, parameters)
    places = {name: {_text(value): at for at, value in enumerate(axis)} for name, axis in axes.items()}
    positions = [tuple(places[name][_text(one[name])] for name in axes) for one in parameters]
    at = sorted(range(len(positions)), key=positions.__getitem__)  # as a grid is tried
    stats = list(known.values())
    outcome = row.outcome
    result = SweepResult(
        sweep_id=row.sweep_id,
        strategy=row.strategy,
        axes=axes,
        positions=[positions[each] for each in at],
        stats=[stats[each] for each in at],
        objectives=tuple(row.objective.split(", ")),
        symbols=_plain(row.symbols),
        excluded=int(outcome.get("excluded", 0)),
        tried_ever=ever,
        data_issues=tuple(outcome.get("data_issues", ())),
        unmodelled=tuple(outcome.get("unmodelled", ())),
        causality=_causality(outcome.get("causality")),
    )
    return Kept(row, result)


def outcome_of(result: SweepResult) -> dict[str, Any]:
    """Outcome of a finished sweep beyond its sets, for the store."""
    found = result.causality
    return {
        "excluded": result.excluded,
        "data_issues": list(result.data_issues),
        "unmodelled": list(result.unmodelled),
        "causality": None if found is None else {**found._asdict(), "verdict": found.verdict.value},
    }


def axes_of(grid: Mapping[str, Any], parameters: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """The values of the grid, and those that a later call with ``--resume`` added to them."""
    axes: dict[str, list[Any]] = {}
    for name, given in grid.items():
        axis = {_text(value): value for value in given}
        added = {_text(one[name]): one[name] for one in parameters if _text(one[name]) not in axis}
        values = [*axis.values(), *added.values()]
        numeric = all(isinstance(value, int | float) for value in values)
        axes[name] = sorted(values) if added and numeric else values
    return axes


def _plain(symbols: tuple[str, ...]) -> tuple[str, ...]:
    """Symbols without their exchange where they stay unique, as a panel names them."""
    times = Counter(symbol.rpartition(":")[2] for symbol in symbols)
    return tuple(symbol if times[symbol.rpartition(":")[2]] > 1 else symbol.rpartition(":")[2] for symbol in symbols)


def _text(value: Any) -> str:
    """Key that is equal for 20, as given, and 20.0, as the strategy keeps it."""
    return f"{value:.17g}" if isinstance(value, int | float) else str(value)


def _causality(said: Mapping[str, Any] | None) -> Causality | None:
    return None if said is None else Causality(**{**said, "verdict": CausalityVerdict(said["verdict"])})
