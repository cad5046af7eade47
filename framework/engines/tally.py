"""The compiled loop with nothing built from it: the account at every close and the booked fills, as arrays."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from framework.engines.compiled import bar_of, new_state, params_of, with_room
from framework.engines.compiling import run_rows
from framework.engines.event import DecisionArrays

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from framework.engines.kernel.layout import Bar
    from framework.types import Panel, Settings


class Tally(NamedTuple):
    """What a run came to, without its orders."""

    equity_paise: NDArray[np.int64]
    """int64[R] at each close; good until the same thread runs again."""
    settlements: NDArray[np.void]
    """``layout.SETTLEMENT``, oldest first."""


class Counter:
    """Runs decisions over one panel with one choice of settings; many threads may ask at once."""

    def __init__(self, panel: Panel, settings: Settings, *, style: str = "signals", first_row: int = 0) -> None:
        self.panel, self.settings, self.first_row = panel, settings, first_row
        self.params = params_of(settings, style, len(panel.instruments))
        self.bar: Bar = bar_of(panel, DecisionArrays(np.empty((0, 0))))
        self.loop: Callable[..., int] = run_rows()
        self.memory = threading.local()

    def run(self, decisions: DecisionArrays) -> Tally:
        """The account of these decisions; the loop runs without the interpreter's lock."""
        last, first = len(self.panel), self.first_row
        given: dict[str, Any] = {
            name: _frozen(array) for name, array in zip(decisions._fields, decisions, strict=True) if array is not None
        }
        bar = self.bar._replace(**given)
        equity, cash, exposure = self._rows()
        state = new_state(self.panel, self.settings, last - first)
        row = first
        while row < last:
            row = self.loop(state, self.params, bar, row, last, equity, cash, exposure, first)
            if row < last:
                state = with_room(state)
        return Tally(equity, state.settlements[: state.desk[0]["settlements"]])

    def _rows(self) -> tuple[NDArray[np.int64], ...]:
        """This thread's arrays for the account, used again and again."""
        if not hasattr(self.memory, "rows"):
            rows = len(self.panel) - self.first_row
            self.memory.rows = tuple(np.empty(rows, dtype=np.int64) for _ in range(3))
        rows_of: tuple[NDArray[np.int64], ...] = self.memory.rows
        return rows_of


def _frozen(array: NDArray[np.float64]) -> NDArray[np.float64]:
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view
