"""Record of a run, as an engine returns it: every order, every fill, the account at every close. No metrics."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from framework.types.breaker import BreakerEvent
    from framework.types.orders import Fill, Order, Reason, Verdict
    from framework.types.panel import Panel
    from framework.types.settings import RunSettings


class SimulatedFill(NamedTuple):
    """Facts of a fill that only a simulation knows."""

    unslipped: float
    """The price the bar itself showed, rupees; it lies within the bar's range. NaN: not simulated."""
    at_open: bool
    """True at the bar's open, False inside its range or at its close."""
    at_close: bool = False
    """True for ``fill_at: same_close``, and for what was closed out at a session's last close."""


NOT_SIMULATED = SimulatedFill(float("nan"), at_open=False)


class Settlement(NamedTuple):
    """A fill as it was booked: what moved, in whole paise, and the account right after it."""

    fill: Fill
    reason: Reason
    reduces: bool
    value_paise: int
    """|price × quantity|, ≥ 0."""
    charges_paise: int
    """≥ 0; below 0 where a fill is taken back, whose charges these were."""
    cost_out_paise: int
    """Cost of what a reduction closed, ≥ 0; 0 for an increase."""
    gross_paise: int
    """Gross realised profit of a reduction, before charges; 0 for an increase."""
    position: int
    """Signed units held after the fill."""
    cash_paise: int
    """Cash after the fill."""
    label: str = ""
    simulated: SimulatedFill = NOT_SIMULATED
    """Added by a host whose exchange is simulated."""


class OrderState(StrEnum):
    """State of an order. Open: PARKED, SENT, UNKNOWN, WORKING. Done: the others."""

    PARKED = "parked"
    """Held back by Session until the order it replaces or follows is done."""
    SENT = "sent"
    """On its way to the broker, who has not answered yet."""
    UNKNOWN = "unknown"
    """Sent, and nobody knows whether it arrived: it counts as if it had until there is positive evidence."""
    WORKING = "working"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REFUSED = "refused"
    ABSENT = "absent"
    """It never reached the broker, whose book proves it."""


class OrderRecord(NamedTuple):
    """An order, its verdict, and its end."""

    order: Order
    requested: int
    """Signed units before the risk review."""
    verdict: Verdict
    state: OrderState
    filled: int
    """Signed units filled."""
    ended_at: int
    """UTC nanoseconds; 0 while it is open."""
    why: str = ""
    """Reason code of a refusal by risk, Session or the exchange."""


class AppliedAction(NamedTuple):
    """A corporate action as a position went through it, at the open of the first bar on or after its ex-date."""

    time: int
    """UTC nanoseconds: that bar's open."""
    instrument: int
    kind: str
    factor: float
    """Shares after ÷ shares before; 1 for a dividend alone."""
    dividend: float
    """Rupees for each share held before."""
    before: int
    """Signed units held before."""
    after: int
    """Signed units held after."""
    cash_paise: int
    """Cash that it moved: the dividend (a short pays it) and the worth of a fraction of a share."""


class Notice(NamedTuple):
    """Notice for a person: a breaker that tripped, cash below zero, a refused fill."""

    time: int
    """UTC nanoseconds."""
    code: str
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """A finished run. Row arrays start at ``first_row`` of the panel: the first bar of the accounted range."""

    engine: str
    panel: Panel
    settings: RunSettings
    first_row: int
    """First panel row that was decided on and accounted for; earlier rows only fed the indicators."""
    settlements: Sequence[Settlement]
    """Booked fills, oldest first; a tuple, or one that is made at the first look."""
    orders: Sequence[OrderRecord]
    """Every order by id."""
    notices: tuple[Notice, ...]
    equity_paise: NDArray[np.int64]
    """int64[R]: cash plus marked positions at each close, R = len(panel) − first_row."""
    cash_paise: NDArray[np.int64]
    """int64[R]."""
    exposure_paise: NDArray[np.int64]
    """int64[R]: sum of |marked value| of all positions at each close."""
    positions: tuple[int, ...]
    """Signed units held at the end, by instrument."""
    targets: NDArray[np.float64] | None = None
    """float64[T, N]: the strategy's targets; None for ``on_bar`` strategies."""
    columns: dict[str, dict[str, NDArray[np.float64]]] = field(default_factory=dict)
    """symbol → column name → float64[T] on the panel's rows, NaN where the instrument has no bar."""
    style: str = ""
    """``signals``, ``allocate`` or ``on_bar``; empty in what was kept before this was."""
    prices: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    """stop, take_profit, trail, limit, trigger → float64[T, N]: those that the strategy gave beside its targets."""
    rules: tuple[str, ...] = ()
    """Risk rules of the user's own that took part."""
    actions: tuple[AppliedAction, ...] = ()
    """Corporate actions that positions went through, as they came."""
    breaker_events: tuple[BreakerEvent, ...] = ()
    """Every change of the trading state, oldest first."""
