"""The compiled kernel with no records built from it: what a run came to, as few numbers, for sweeps."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from framework.engines.compiled import bar_of, frozen, new_state, open_account, params_of, tariffs_of, with_room
from framework.engines.compiling import entry
from framework.engines.event import DecisionArrays
from framework.engines.kernel.turns import BLOCK, WORD
from framework.engines.volatility import with_volatility
from framework.errors import InvariantError
from framework.types.actions import actions_within
from framework.types.limits import Limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from framework.engines.kernel.layout import Bar, State
    from framework.types import Panel, Settings
    from framework.types.signals import Turns


class Tally(NamedTuple):
    """What a run came to, without its orders."""

    equity_paise: NDArray[np.int64]
    """At the closes that the Counter was made with; good until the same thread runs again."""
    final_paise: int
    depth: float
    """Smallest equity at a close over the highest before it, the deposit included; 1 = never fell."""
    profits_paise: NDArray[np.int64]
    """Net profit of each closed round trip in the order of their exits, + is a profit; good for as long."""


class Counter:
    """Runs decisions over one panel with one choice of settings; many threads may ask at once.

    ``closes`` are the rows, rising, at whose closes the account's equity is wanted.
    """

    def __init__(
        self,
        panel: Panel,
        settings: Settings,
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
        self.sparse = _Sparse(panel) if style == "signals" and takes_turns(panel, settings) else None

    def run(self, decisions: DecisionArrays) -> Tally:
        """The account of any decisions, bar by bar; the loop runs without the interpreter's lock."""
        last, first = len(self.panel), self.first_row
        given: dict[str, Any] = {
            name: frozen(array) for name, array in zip(decisions._fields, decisions, strict=True) if array is not None
        }
        bar = self.bar._replace(**given)
        equity, cash, exposure = self._kept("rows", lambda: np.empty((3, last - first), dtype=np.int64))
        state = self._opened(last - first)
        row = first
        while row < last:
            row = self.loop(state, self.params, bar, row, last, equity, cash, exposure, first)
            if row < last:
                self.memory.state = state = with_room(state)
        paid = state.actions[state.actions["applied"]]
        profits = closed_profits_paise(
            state.settlements[: state.desk[0]["settlements"]], paid, self.panel.time[paid["row"]]
        )
        capital = self.settings.capital_paise
        final = int(equity[-1]) if equity.shape[0] else capital
        return Tally(equity[self.closes - first], final, self.sink_all(equity, capital), profits)

    def run_turns(self, turns: Turns) -> Tally:
        """The same of a long-or-flat strategy's turns, visiting only the bars where it trades; see ``takes_turns``."""
        if self.sparse is None:
            msg = "run_turns was called for a run that takes_turns refuses; use run"
            raise InvariantError(msg)
        equity = self._kept("closes", lambda: np.empty(self.closes.shape[0], dtype=np.int64))
        profits = self._kept("profits", lambda: np.empty(len(self.panel) // 2 + 1, dtype=np.int64))
        trips, final, depth = entry("run_turns", compiled=self.compiled)(
            self.params, self.tariffs, *self.sparse.arrays, *_worded(turns.enter), *_worded(turns.leave),
            self.closes, self.first_row, self.settings.capital_paise, equity, profits,
        )  # fmt: skip
        return Tally(equity, final, depth, profits[:trips])

    def _opened(self, rows: int) -> State:
        """This thread's state, as at the beginning of a run."""
        if not hasattr(self.memory, "state"):
            due = actions_within(self.panel, self.settings, self.first_row, len(self.panel))
            self.memory.state = new_state(self.panel, self.settings, rows, due, records=not self.compiled)
        else:
            open_account(self.memory.state, self.panel, self.settings)
        state: State = self.memory.state
        return state

    def _kept(self, name: str, make: Any) -> NDArray[np.int64]:
        """This thread's array of that name, used again and again."""
        if not hasattr(self.memory, name):
            setattr(self.memory, name, make())
        array: NDArray[np.int64] = getattr(self.memory, name)
        return array


def takes_turns(panel: Panel, settings: Settings) -> bool:
    """True when between an entry and its exit nothing can happen: one gapless instrument, market orders, no exits."""
    exits = settings.exits
    quiet = all(one is None for one in (exits.stop_loss, exits.take_profit, exits.trail, exits.time_exit))
    quiet = quiet and not other_limits(settings.limits) and settings.volume_cap is None
    quiet = quiet and panel.deadlines is None and not settings.protection_bps
    quiet = quiet and settings.sizing.kind in {"fixed", "value", "equity"}
    quiet = quiet and not actions_within(panel, settings, 0, len(panel))
    at_open = settings.fill_at == "next_open" and settings.reenter == "any_bar"
    one_table = not settings.charges.others
    return quiet and at_open and one_table and panel.close.shape[1] == 1 and bool((panel.close > 0).all())


def other_limits(limits: Limits) -> bool:
    """True when more is limited than the value of an order and of a position."""
    return limits != Limits(max_order_value=limits.max_order_value, max_position_value=limits.max_position_value)


class _Sparse:
    """What ``run_turns`` reads of the prices."""

    def __init__(self, panel: Panel) -> None:
        instrument = panel.instruments[0]
        close = np.ascontiguousarray(panel.close[:, 0])
        begins = np.arange(0, close.shape[0], BLOCK)
        floors, ceilings = np.minimum.reduceat(close, begins), np.maximum.reduceat(close, begins)
        prices = (panel.time, panel.close_time, panel.open[:, 0], close, floors, ceilings)
        self.arrays = (float(instrument.tick), instrument.lot, *map(frozen, prices))


def _worded(flags: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.uint64]]:
    """Truth values, and the same memory by eights."""
    if not flags.flags.aligned or flags.ctypes.data % WORD:
        flags = flags.copy()
    flags = frozen(flags)
    return flags, flags[: flags.shape[0] // WORD * WORD].view(np.uint64)


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
