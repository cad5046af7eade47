"""Split factors over the rows of a run: shares that one share of the first day has become."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from framework.types.currency import INR, sign_of
from framework.types.panel import actions_within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from framework.types.actions import Action, Due
    from framework.types.record import Record


class ExRow(NamedTuple):
    """An action of one instrument, and the panel row at whose open it takes effect."""

    row: int
    action: Action


def due_in(record: Record) -> list[Due]:
    """The corporate actions that the run goes through, held or not."""
    return actions_within(record.panel, record.settings, record.first_row, len(record.panel))


def ex_rows(record: Record) -> dict[int, list[ExRow]]:
    """Instrument → its actions in the run, in the order they take effect; none for an instrument without."""
    found: dict[int, list[ExRow]] = {}
    for due in due_in(record):
        row = int(np.searchsorted(record.panel.session, due.ex_day))
        found.setdefault(due.instrument, []).append(ExRow(row, due.action))
    return found


def printed_factor(record: Record, column: int) -> NDArray[np.float64] | None:
    """float64[T]: what turns an adjusted price of the strategy's columns into a printed one; None = nothing."""
    panel = record.panel
    if not panel.actions or not panel.actions[column]:
        return None
    factor = np.ones(len(panel))
    factor[panel.rows_of(column)] = panel.bars_of(column).adjusted(record.settings.adjust).factor
    return factor


def action_text(action: Action, currency: str = INR) -> str:
    """``split ×5``, ``dividend ₹4``."""
    parts = [f"×{action.factor:.6g}"] if action.factor != 1.0 else []
    parts += [f"{sign_of(currency)}{action.dividend:g}"] if action.dividend else []
    return " ".join([action.kind or "split", *parts])


class SplitFactors:
    """Shares per share of the first day, of one instrument at any row of the panel."""

    def __init__(self, actions: list[ExRow]) -> None:
        split = [one for one in actions if one.action.factor != 1.0]
        self._rows = np.array([one.row for one in split], dtype=np.int64)
        factors = np.array([1.0, *(one.action.factor for one in split)], dtype=np.float64)
        self._shares: NDArray[np.float64] = np.multiply.accumulate(factors)

    def at(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """float64[k]: after the actions of these rows."""
        shares: NDArray[np.float64] = self._shares[np.searchsorted(self._rows, rows, side="right")]
        return shares

    def before(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """float64[k]: before the actions of these rows."""
        shares: NDArray[np.float64] = self._shares[np.searchsorted(self._rows, rows, side="left")]
        return shares
