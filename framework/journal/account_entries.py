"""Entries of an account's journal: several sessions on one account, and what the runner did beside them.

One chain holds all of it, so the order of everything is recorded: which answer came before which decision, what was
about to be sent when the process died, who halted and why. The entries of a session are those of ``entries`` with the
session's name in them; ``account_fold`` folds each session by its own.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class RunnerState(StrEnum):
    """State of a runner, the strictest that applies to its account. Reductions and cancels pass in every one."""

    STARTING = "starting"
    RECONCILING = "reconciling"
    ACTIVE = "active"
    REDUCE_ONLY = "reduce_only"
    HALTED = "halted"
    """Left only by a person's word; a restart clears nothing."""
    STOPPED = "stopped"


TAKEN_BACK = "annulled:"
"""Begins the id of an ``ExternalFill`` that takes another one back."""
LIFTED, CLEARED = "lifted", "cleared"
"""Words of ``StateChanged.demand``."""


class RequestName(StrEnum):
    """Name of a request to the broker."""

    PLACE = "place"
    CHANGE = "change"
    CANCEL = "cancel"


class AccountHeader(NamedTuple):
    """First entry: whose journal it is."""

    account: str
    stage: str
    """``paper`` or ``live``; a runner of the other stage refuses the journal."""


class RunStarted(NamedTuple):
    """A process began to write here; entries after it are its own."""

    run: str
    """Name of this run, unique in the journal."""
    deployment: str
    """Name of the deployment."""
    deployment_sha256: str
    versions: dict[str, str]
    sessions: tuple[str, ...]
    """Names of the sessions that it trades."""
    replayed: tuple[str, ...] = ()
    """Days that it replays, ``2015-01-05``; none of a run by the wall clock."""


class Sending(NamedTuple):
    """A request is about to leave; durable before its first byte does. Without an outcome after it, it is UNKNOWN."""

    session: str
    tag: str
    order_id: int
    request: RequestName
    symbol: str
    quantity: int
    """Signed units of the whole order; 0 of a cancel."""


class Returned(NamedTuple):
    """The broker's outcome of a request; what it means to the session is that session's next input."""

    session: str
    tag: str
    order_id: int
    request: RequestName
    outcome: str
    """``accepted``, ``refused`` or ``unknown``."""
    broker_id: str = ""
    code: str = ""
    reason: str = ""


class Denied(NamedTuple):
    """The pre-trade gate, or this machine itself, let a request not leave."""

    session: str
    tag: str
    order_id: int
    request: RequestName
    code: str
    value: str
    bound: str


class RequestDeferred(NamedTuple):
    """A request waits for the market to open, or a cancel for its order to be found; a start takes it up again."""

    session: str
    tag: str
    order_id: int
    request: RequestName
    until: int
    """UTC nanoseconds; 0 = until the order is found in the broker's book."""


class OrderDropped(NamedTuple):
    """An order that waited in the outbox was taken back: neither it nor its cancel has left, or ever will."""

    session: str
    tag: str
    order_id: int


class StateChanged(NamedTuple):
    """The runner's state changed."""

    before: RunnerState
    after: RunnerState
    cause: str
    """Code, such as ``reconciled``, ``person``, ``feed_mute``, ``journal``."""
    text: str
    demand: str = ""
    """State that the cause demands from here on; ``lifted`` when it is gone, ``cleared`` when all of them are; empty:
    it is a phase of the run and demands nothing."""


class AccountFinding(NamedTuple):
    """Something that a person should look at."""

    code: str
    text: str
    symbol: str = ""
    session: str = ""
    ours: str = ""
    theirs: str = ""
    question: str = ""
    """What a person is asked; empty: nothing."""
    halt: str = ""
    """Cause for which nothing new is opened in its symbol until a person resumes; empty: none."""


class ExternalFill(NamedTuple):
    """An execution, or the part of one, that is of no strategy: in the account's risk, in nobody's profit."""

    fill_id: str
    """Empty: no execution, but a person's word about units that the broker shows. After ``annulled:`` the execution
    that this takes back."""
    symbol: str
    product: str
    quantity: int
    """Signed units."""
    price: float
    """Rupees per unit; NaN where none is known."""
    time: int
    """UTC nanoseconds."""


class StrayArrived(NamedTuple):
    """A bar or tick that no row took: late, twice, insane."""

    symbol: str
    open_time: int
    close_time: int
    price: float
    why: str
    source: str = ""


class CommandHeard(NamedTuple):
    """A person's command to the runner, and what came of it."""

    name: str
    arguments: dict[str, str]
    answer: str


class StrategyMemory(NamedTuple):
    """Memory of an ``on_bar`` strategy after a bar, where that changed it: plain JSON as text."""

    session: str
    state: str


class SessionFacts(NamedTuple):
    """A fact of the runner's that concerns one session's trading day, for the day's report."""

    session: str
    code: str
    text: str


class DrillEnded(NamedTuple):
    """A drill of the kill switch: how long it took from the word to flat, seen twice."""

    seconds: float
    orders: int
    """Cancelled."""
    positions: int
    """Closed."""
    at: int = 0
    """End of it by the machine's own clock, UTC nanoseconds: a drill trades a recorded day."""


class RunStopped(NamedTuple):
    """The process came to its end in good order."""

    run: str
    cause: str
    state: RunnerState


AccountBody = (
    AccountHeader | RunStarted | Sending | Returned | Denied | RequestDeferred | OrderDropped | StateChanged
    | AccountFinding | ExternalFill | StrayArrived | CommandHeard | StrategyMemory | SessionFacts | DrillEnded
    | RunStopped
)  # fmt: skip
ACCOUNT_KINDS: dict[str, type] = {
    "account": AccountHeader,
    "run": RunStarted,
    "sending": Sending,
    "returned": Returned,
    "denied": Denied,
    "deferred": RequestDeferred,
    "dropped": OrderDropped,
    "state": StateChanged,
    "finding": AccountFinding,
    "external": ExternalFill,
    "stray": StrayArrived,
    "command": CommandHeard,
    "memory": StrategyMemory,
    "fact": SessionFacts,
    "drill": DrillEnded,
    "stopped": RunStopped,
}
"""Kind of an entry → class of its body."""
ACCOUNT_KIND_OF = {kind: name for name, kind in ACCOUNT_KINDS.items()}
