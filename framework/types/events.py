"""Events of a session: every input it takes, every command it gives, every fact it tells. Frozen plain data.

``Session.handle(input) -> Outcome(commands, facts)`` is the one entrance and the one exit. The inputs of a session in
their order are its journal: a fresh Session that handles them again gives the same commands and the same facts, so an
input holds everything that was not known before, and nothing that the session can work out.

- **Moment.** Every input has its own ``moment``, UTC nanoseconds: when the host learned of it. Moments never go
  backwards, but for a bar's open, which may be told late. What a fill happened at is ``Fill.time``, before it.
- **Bars.** ``BarOpens`` is due before anything of a bar can fill; only its times are known then. ``BarCloses`` brings
  all bars of one moment in one row, NaN where an instrument has none. ``Decided`` follows it, once. ``SessionEnds``
  follows on a session's last bar: what must not last longer is given up at that close.
- **Answers** are what the broker says. They come at any time, late, twice, in any order, and are believed as far as
  the positive evidence goes; ``session/lifecycle.py`` is their table. No answer is ever an exception.
- **Time, persons, corporate actions** are inputs like all others. ``Tick`` makes due what no bar comes for;
  ``Waited`` says from when on the broker's silence about an order counts.

Who may follow whom is a table too: ``session/sequence.py``. An input that cannot come now is the host's mistake.

Commands go to the broker, and only there. Facts go to whoever keeps records: they are the nouns themselves
(``Settlement``, ``Notice``, ``OrderRecord``, ``BreakerEvent``, ``AppliedAction``) and ``Surprise``, which says that
the broker, or a silence of it, was not what the session believed.

Everything here is a NamedTuple of ints, floats, texts, enum members, tuples, None and such tuples again, so that one
generic function writes it as canonical JSON.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from framework.types.actions import Due  # noqa: TC001 - whoever reads a journal asks for the types at run time
from framework.types.breaker import BreakerEvent
from framework.types.deadlines import Deadline  # noqa: TC001 - the same
from framework.types.orders import (
    NAN,
    Approved,
    BarRow,
    CancelRequest,
    Decisions,
    Fill,
    OrderRequest,
)
from framework.types.record import AppliedAction, Notice, OrderRecord, OrderState, Settlement

# ---------------------------------------------------------------------- inputs: bars and decisions


class BarOpens(NamedTuple):
    """Input: a bar is about to open. What is due before its open is ordered now."""

    moment: int
    """Its open. A host that waited for stragglers of the bar before tells it later than that."""
    close_time: int
    session: int
    """Days since 1970-01-01."""
    ends_session: bool
    """It is the last bar of its session: a fact of the clock, not of the prices."""
    deadline: Deadline | None = None
    """Deadlines of this session's positions; None where there are none."""


class BarCloses(NamedTuple):
    """Input: the bar that opened last is complete, of every instrument that has one; later ones are late."""

    moment: int
    """Its close, or later where the host waited for stragglers."""
    row: BarRow


class Decided(NamedTuple):
    """Input: what the strategy said at the close that came last; None and () where it said nothing."""

    moment: int
    decisions: Decisions | None = None
    requests: tuple[OrderRequest | CancelRequest, ...] = ()


class SessionEnds(NamedTuple):
    """Input: the session is over with the bar that closed last."""

    moment: int


class Revalue(NamedTuple):
    """Input: all that filled at the close that came last was told; the account is valued once more at that close."""

    moment: int


# ---------------------------------------------------------------------- inputs: what the broker says


class Accepted(NamedTuple):
    """Answer: the order is in the book."""

    moment: int
    order_id: int


class Refused(NamedTuple):
    """Answer: the order is not taken, or not any more, and why."""

    moment: int
    order_id: int
    reason: str
    proof: bool = True
    """The broker said so itself. False (a gateway's error page, say) is no more than ``Unknown``."""
    time: int = 0
    """Time there, UTC nanoseconds; 0 = at the moment."""
    passed: float = NAN
    """A stop is refused because the market has gone past its trigger: the last price known, rupees, or the trigger
    itself; NaN of every other refusal."""


class Filled(NamedTuple):
    """Answer: (part of) an order was executed."""

    moment: int
    fill_id: str
    """The exchange's name of this execution, unique among all of the account: it is booked once however often told."""
    fill: Fill
    at_open: bool = False
    """It was the first trade of its bar, whose whole range came after it: as in an opening auction."""


class Changed(NamedTuple):
    """Answer: the change that is under way was carried out."""

    moment: int
    order_id: int


class ChangeRefused(NamedTuple):
    """Answer: it was not; the order is what it was before."""

    moment: int
    order_id: int
    reason: str = ""


class Cancelled(NamedTuple):
    """Answer: the order was taken out of the book, asked for or not."""

    moment: int
    order_id: int
    reason: str = ""
    """``one_cancels_other`` when the rule of its group did it; else the broker's words."""


class CancelRefused(NamedTuple):
    """Answer: it was not; the order works on, or has filled, which is told by its fills."""

    moment: int
    order_id: int
    reason: str = ""


class Expired(NamedTuple):
    """Answer: the order's validity ended before it was filled completely."""

    moment: int
    order_id: int


class Unknown(NamedTuple):
    """Answer: nobody knows what became of the request that is under way (a timeout, an error without proof)."""

    moment: int
    order_id: int
    cause: str


class Found(NamedTuple):
    """Answer: the broker's book was read, which ends all doubt about an order."""

    moment: int
    order_id: int
    state: OrderState
    """WORKING, or how it ended; ABSENT: the book proves that the order never reached it."""
    filled: int
    """Signed units that the broker says it has filled."""
    quantity: int = 0
    """Signed units of the whole order as it stands there; 0 = not said."""
    limit: float = NAN
    """As it stands there, rupees; so is trigger."""
    trigger: float = NAN


class Annulled(NamedTuple):
    """Input: the exchange has cancelled an execution after it was booked (a reversal trade, say)."""

    moment: int
    fill_id: str
    reason: str = ""


Answer = (
    Accepted
    | Refused
    | Filled
    | Changed
    | ChangeRefused
    | Cancelled
    | CancelRefused
    | Expired
    | Unknown
    | Found
)  # fmt: skip

# ---------------------------------------------------------------------- inputs: time, persons, corporate actions


class Tick(NamedTuple):
    """Input: it is this late now. Sent when something may be due and no bar comes, at least once a minute when live."""

    moment: int


class Waited(NamedTuple):
    """Input: up to this moment a request about the order has waited for its turn here: nobody can have answered it."""

    moment: int
    order_id: int


class Wish(StrEnum):
    """Wish of a person."""

    HALT = "halt"
    """No increase until resumed."""
    REDUCE_ONLY = "reduce_only"
    """The same, but a session is not to be counted as halted."""
    RESUME = "resume"
    """Resume: trips, halts and surprises are over, and losses count from here."""
    FLATTEN = "flatten"
    """Take back what rests and leave what is held at once, of one instrument or of all; intents are 0."""
    DEPOSIT = "deposit"
    WITHDRAW = "withdraw"
    ADOPT = "adopt"
    """Take over a holding that is already in the account, at its price: it counts as deposited."""


class PersonSays(NamedTuple):
    """Input: a person's command."""

    moment: int
    wish: Wish
    instrument: int = -1
    """Of FLATTEN (−1 = all of them) and ADOPT."""
    quantity: int = 0
    """ADOPT: signed units."""
    price: float = NAN
    """ADOPT: rupees per unit that it cost."""
    paise: int = 0
    """DEPOSIT, WITHDRAW: > 0."""


class ActionKnown(NamedTuple):
    """Input: a corporate action was learned of. It is gone through with the first bar on or after its ex-date."""

    moment: int
    due: Due


Input = (
    BarOpens
    | BarCloses
    | Decided
    | SessionEnds
    | Revalue
    | Answer
    | Annulled
    | Tick
    | Waited
    | PersonSays
    | ActionKnown
)  # fmt: skip

# ---------------------------------------------------------------------- commands


class Submit(NamedTuple):
    """Command: place this order."""

    approved: Approved


class Cancel(NamedTuple):
    """Command: take this order back; a fill that wins the race counts."""

    order_id: int


class Change(NamedTuple):
    """Command: a resting order gets another quantity, trigger and limit, in place."""

    order_id: int
    quantity: int
    """Signed units of the whole order, what has filled of it included."""
    trigger: float
    limit: float


Command = Submit | Cancel | Change

# ---------------------------------------------------------------------- facts


class Surprise(NamedTuple):
    """Fact: the world is not as the session believed. A person should look; see ``session/surprises.py``."""

    moment: int
    code: str
    text: str
    order_id: int = 0
    """0 = of no order that is known."""
    instrument: int = -1
    """−1 = of none of the session's."""


Fact = Settlement | OrderRecord | Notice | BreakerEvent | AppliedAction | Surprise
"""An OrderRecord is told when an order ends, again when something is heard of it afterwards; the last one counts."""


class Outcome(NamedTuple):
    """Outcome of one input: commands and facts, each in the order in which it came about."""

    commands: tuple[Command, ...] = ()
    facts: tuple[Fact, ...] = ()


NOTHING = Outcome()
"""The outcome of most inputs: one object."""
