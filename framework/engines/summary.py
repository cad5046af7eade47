"""Speed only: summaries for sweeps; runs the compiled loop and keeps only summary numbers, no records."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from framework.engines.compiled import bar_of, frozen, new_state, open_account, params_of, tariffs_of, with_room
from framework.engines.kernel.layout import Curves
from framework.engines.long_flat import EntryExitFlags, takes_long_flat, track_of
from framework.engines.numba_cache import entry
from framework.engines.rows import DecisionArrays
from framework.engines.volatility import with_volatility
from framework.errors import InvariantError
from framework.types.panel import actions_within

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from framework.engines.kernel.layout import Bar, State
    from framework.types import Panel
    from framework.types.settings import RunSettings


class RunSummaries(NamedTuple):
    """Summaries of several runs, without their orders."""

    equity_paise: NDArray[np.int64]
    """[S, closes]: at the closes that the Counter was made with."""
    final_paise: NDArray[np.int64]
    depth: NDArray[np.float64]
    """Smallest equity at a close over the highest before it, the deposit included; 1 = never fell."""
    trips: NDArray[np.int64]
    """Closed round trips of each run."""
    profits_paise: NDArray[np.int64]
    """Net profit of each, + is a profit: those of the first run in the order of their exits, then the second's, …"""

    @classmethod
    def joined(cls, several: Sequence[RunSummaries]) -> RunSummaries:
        """All of them as one."""
        return cls(*(np.concatenate(arrays) for arrays in zip(*several, strict=True)))


class SummaryRunner:
    """Runs decisions over one panel with one choice of settings; many threads may ask at once.

    ``closes`` are the rows, rising, at whose closes the account's equity is wanted.
    """

    def __init__(
        self,
        panel: Panel,
        settings: RunSettings,
        closes: NDArray[np.int64],
        *,
        style: str = "signals",
        first_row: int = 0,
        compiled: bool = True,
    ) -> None:
        self.panel, self.settings, self.closes, self.first_row = panel, settings, closes, first_row
        self.params = params_of(settings, style, len(panel.instruments))
        if not compiled:
            self.params = self.params.view(np.recarray)
        nothing = with_volatility(DecisionArrays(np.empty((0, 0))), panel, settings, style)
        self.bar: Bar = bar_of(panel, nothing)
        self.compiled = compiled
        self.loop, self.sink_all = entry("run_rows", compiled=compiled), entry("sink_all", compiled=compiled)
        self.memory = threading.local()
        self.tariffs = tariffs_of(settings) if compiled else tariffs_of(settings).view(np.recarray)
        self.track = track_of(panel, closes) if style == "signals" and takes_long_flat(panel, settings) else None
        if self.track is not None:
            entry("run_long_flat", compiled=compiled)  # made here: later, threads would make it at the same time

    def run(self, decisions: DecisionArrays) -> RunSummaries:
        """The account of any decisions, bar by bar; the loop runs without the interpreter's lock."""
        last, first = len(self.panel), self.first_row
        given: dict[str, Any] = {
            name: frozen(array) for name, array in zip(decisions._fields, decisions, strict=True) if array is not None
        }
        bar = self.bar._replace(**given)
        curves = Curves(*self._kept("rows", lambda: np.empty((3, last - first), dtype=np.int64)))
        state = self._opened(last - first)
        row = first
        while row < last:
            row = self.loop(state, self.params, bar, row, last, curves, first)
            if row < last:
                self.memory.state = state = with_room(state)
        paid = state.actions[state.actions["applied"]]
        profits = closed_profits_paise(
            state.settlements[: state.account[0]["settlements"]], paid, self.panel.time[paid["row"]]
        )
        capital = self.settings.capital_paise
        equity = curves.equity
        final = int(equity[-1]) if equity.shape[0] else capital
        return RunSummaries(
            equity[self.closes - first][None, :],
            np.array([final]),
            np.array([self.sink_all(equity, capital)]),
            np.array([profits.shape[0]]),
            profits,
        )

    def flags(self) -> EntryExitFlags:
        """This thread's, empty: for the sets of its next ``run_long_flat``."""
        flags: EntryExitFlags = self._kept("flags", lambda: EntryExitFlags(len(self.panel)))
        flags.count = 0
        return flags

    def run_long_flat(self, flags: EntryExitFlags) -> RunSummaries:
        """The same of the turns of long-or-flat strategies, visiting only the bars where they trade.

        See ``takes_long_flat``. All of them are one call without the interpreter's lock.
        """
        if self.track is None:
            msg = "run_long_flat was called for a run that takes_long_flat refuses; use run"
            raise InvariantError(msg)
        sets, rows = flags.count, len(self.panel)
        profits = self._kept("profits", lambda: np.empty(0, dtype=np.int64))
        if profits.shape[0] < sets * rows:  # a round trip in every bar; memory is only taken when it is written to
            self.memory.profits = profits = np.empty(sets * rows, dtype=np.int64)
        equity = np.empty((sets, self.closes.shape[0]), dtype=np.int64)
        trips, final, depth = np.empty(sets, dtype=np.int64), np.empty(sets, dtype=np.int64), np.empty(sets)
        instrument = self.panel.instruments[0]
        entry("run_long_flat", compiled=self.compiled)(
            self.params, self.tariffs, float(instrument.tick), instrument.lot, self.track, flags.enter, flags.leave,
            self.first_row, self.settings.capital_paise, equity, profits, trips, final, depth,
        )  # fmt: skip
        return RunSummaries(equity, final, depth, trips, profits[: int(trips.sum())].copy())

    def _opened(self, rows: int) -> State:
        """This thread's state, as at the beginning of a run."""
        if not hasattr(self.memory, "state"):
            due = actions_within(self.panel, self.settings, self.first_row, len(self.panel))
            self.memory.state = new_state(self.panel, self.settings, rows, due, records=not self.compiled)
        else:
            open_account(self.memory.state, self.panel, self.settings)
        state: State = self.memory.state
        return state

    def _kept(self, name: str, make: Callable[[], Any]) -> Any:
        """This thread's own of that name, used again and again."""
        if not hasattr(self.memory, name):
            setattr(self.memory, name, make())
        return getattr(self.memory, name)


def closed_profits_paise(
    settlements: NDArray[np.void], paid: NDArray[np.void], paid_at: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Net profit of every closed round trip, int64[n] paise, in the order of their exits; + is a profit.

    ``paid`` are corporate actions that moved cash at the times ``paid_at``: each belongs to what was held then.
    """
    order = np.argsort(settlements["instrument"], kind="stable")
    instrument, position = settlements["instrument"][order], settlements["position"][order]
    before = np.concatenate([[0], position[:-1]])
    begins = np.concatenate([[True], instrument[1:] != instrument[:-1]])[: instrument.shape[0]]
    held = np.where(begins, 0, before[: position.shape[0]])
    if np.any(np.sign(held) * np.sign(position) < 0):
        msg = "a fill went through zero, which targets never do; please report the strategy that did it"
        raise InvariantError(msg)
    net = settlements["gross_paise"][order] - settlements["charges_paise"][order]
    starts, ends = np.flatnonzero(held == 0), np.flatnonzero(position == 0)
    if not ends.shape[0]:
        return np.empty(0, dtype=np.int64)
    totals = np.concatenate([[0], np.cumsum(net)])
    entries = starts[np.searchsorted(starts, ends, side="right") - 1]
    nets, time = totals[ends + 1] - totals[entries], settlements["time"][order]
    for action, at in zip(paid, paid_at.tolist(), strict=True):
        nets[(instrument[ends] == action["instrument"]) & (time[entries] < at) & (at <= time[ends])] += action[
            "cash_paise"
        ]
    profits: NDArray[np.int64] = nets[np.argsort(order[ends], kind="stable")]
    return profits
