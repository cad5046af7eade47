"""Orders, what risk says of them, and what the exchange answers. + is buy, − is sell, everywhere."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from framework.types.deadlines import Deadline

NAN = float("nan")


class OrderType(IntEnum):
    """Order type, by which an order finds its price; the values are the compiled engine's codes."""

    MARKET = 0
    LIMIT = 1
    STOP = 2
    STOP_LIMIT = 3


MARKET, LIMIT, STOP, STOP_LIMIT = OrderType
"""Bare names for the core: Python 3.11 takes 0.1 µs to find a member in its enum, as long as two comparisons."""


class Validity(StrEnum):
    """Validity: the time an order rests."""

    DAY = "DAY"
    """Until the end of the session it is working in."""
    GTC = "GTC"
    """Until filled or cancelled."""


DAY, GTC = Validity


class Reason(StrEnum):
    """Reason of an order; its fill and its round trip carry it on."""

    SIGNAL = "signal"
    REBALANCE = "rebalance"
    ORDER = "order"
    """An explicit order of ``on_bar``."""
    STOP_LOSS = "stop_loss"
    TAKE_PROFIT = "take_profit"
    TRAILING_STOP = "trailing_stop"
    TIME_EXIT = "time_exit"
    SQUARE_OFF = "square_off"
    EXPIRY = "expiry"
    RISK = "risk"
    """The circuit breaker tripped, and ``on_trip`` is flatten."""
    CORPORATE_ACTION = "corporate_action"
    """A consolidation left less than one share, which was paid out; no order stands behind it."""
    PERSON = "person"
    """A person said: flatten."""
    EXTERNAL = "external"
    """A fill that no order of the session explains: somebody else traded in the account."""
    ACCIDENT = "accident"
    """A reduction filled beyond the position, stop and target both, say: what that opened is closed."""


SIGNAL, REBALANCE = Reason.SIGNAL, Reason.REBALANCE


class ExitDistances(NamedTuple):
    """Protective distances in rupees from the average fill, positive for both sides; NaN = none."""

    stop: float = NAN
    take_profit: float = NAN
    trail: float = NAN


class Order(NamedTuple):
    """One order as Session wants it. Prices in rupees, NaN where the type has none."""

    order_id: int
    instrument: int
    """Index into the run's instruments, which are sorted by (exchange, symbol)."""
    quantity: int
    """Signed units: + buys, − sells; never 0."""
    type: OrderType
    reason: Reason
    reduces: bool
    """True when it can only bring the position nearer to zero."""
    decided_at: int
    """Close of the bar that decided it, UTC nanoseconds; of a square-off the open before which it was due."""
    limit: float = NAN
    trigger: float = NAN
    validity: Validity = Validity.DAY
    protective: bool = False
    """A stop or target linked to a position, one-cancels-other with its sibling."""
    label: str = ""
    """A name the strategy gave the order in ``on_bar``."""


class Verdict(NamedTuple):
    """Verdict of risk on an order: the quantity it may have, and the reason if that is less.

    approved when ``quantity`` equals the order's, shrunk when nearer to zero, refused when 0.
    """

    quantity: int
    reason: str = ""
    """Reason code such as ``cash`` or ``max_order_value``; empty when nothing was taken away."""


class _ApprovedFields(NamedTuple):
    order: Order
    """``quantity`` is what the verdict left of the request."""
    requested: int
    """Signed units asked for."""
    verdict: Verdict
    tag: str
    """Our own name of the order at the broker, at most 20 letters and digits: the same in every replay."""
    group: str
    """Orders of one group cancel each other: the protective pair of a position. Empty: of none."""
    worst: float
    """Worst price in rupees that it can reasonably fill at; NaN of a reduction."""
    reserve_paise: int
    """Cash or margin that it takes at its worst price, charges included; 0 for a reduction."""
    expires_at: int
    """Not to be sent at or after this moment, UTC nanoseconds; ``deadlines.NEVER`` = no such moment."""


BY_REVIEW_ONLY = "an order is approved by the session's review, and by nothing else; hand Session.handle a Decided"


class Approved(_ApprovedFields):
    """An order that passed the risk review: the only thing a broker accepts. ``session/approval.py`` makes it."""

    __slots__ = ()

    def __new__(cls, *_given: object, **_named: object) -> Self:
        """Never by hand."""
        raise TypeError(BY_REVIEW_ONLY)

    @classmethod
    def _make(cls, _iterable: Iterable[Any]) -> Self:  # type: ignore[override]
        """Never from something else."""
        raise TypeError(BY_REVIEW_ONLY)

    def _replace(self, **_changes: object) -> Self:
        """Never another order under the same approval."""
        raise TypeError(BY_REVIEW_ONLY)


class Fill(NamedTuple):
    """A part of an order as it was executed."""

    order_id: int
    instrument: int
    quantity: int
    """Signed units: + bought, − sold."""
    price: float
    """Rupees per unit, slippage included."""
    time: int
    """Time of the event, UTC nanoseconds; on bars the open of its bar."""


class BarRow(NamedTuple):
    """One time of the panel as Session and the exchange see it: plain floats by instrument, NaN = no bar."""

    time: int
    """Open, UTC nanoseconds."""
    close_time: int
    session: int
    ends_session: bool
    """True on the last bar of a session: a fact of the clock, not of the prices."""
    open: Sequence[float]
    high: Sequence[float]
    low: Sequence[float]
    close: Sequence[float]
    volume: Sequence[float]
    deadline: Deadline | None = None
    """Deadlines of this session's positions; None where there are none."""


class Decisions(NamedTuple):
    """One row of the strategy's signals, by instrument; None where the strategy never gives that price."""

    target: Sequence[float]
    """−1..+1 of the allotment, or weights of equity for ``allocate``; NaN keeps."""
    stop: Sequence[float] | None = None
    take_profit: Sequence[float] | None = None
    trail: Sequence[float] | None = None
    limit: Sequence[float] | None = None
    trigger: Sequence[float] | None = None
    volatility: Sequence[float] | None = None
    """Annualised standard deviation of log returns, from the host where the sizing asks for it."""


class OrderRequest(NamedTuple):
    """An explicit order of ``on_bar``, before the review."""

    instrument: int
    quantity: int
    """Signed units."""
    limit: float = NAN
    trigger: float = NAN
    validity: Validity = Validity.DAY
    label: str = ""


class CancelRequest(NamedTuple):
    """``on_bar`` takes back working orders of one instrument; an empty label means all of them."""

    instrument: int
    label: str = ""
