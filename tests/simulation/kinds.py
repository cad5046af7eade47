"""Kinds of faults that a simulated session may have, and the script of one seed: which of them, how often, when.

Every choice is drawn from the seed, and each fault is off in a third of the seeds (a swarm): what one fault hides
another seed shows. Numbers F… are those of the fault catalogue.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

SECOND = 10**9
MINUTE = 60 * SECOND


class FaultKind(StrEnum):
    """Kind of a fault."""

    # requests and replies
    LOST_REQUEST = "lost_request"
    LOST_REPLY = "lost_reply"
    LATE_ARRIVAL = "late_arrival"
    SLOW_REPLY = "slow_reply"
    SERVER_ERROR_ACCEPTED = "server_error_accepted"
    SERVER_ERROR_REFUSED = "server_error_refused"
    GARBLED_REPLY = "garbled_reply"
    RATE_LIMITED = "rate_limited"
    LOGGED_OUT = "logged_out"
    ADDRESS_REFUSED = "address_refused"
    REFUSED = "refused"
    REFUSED_LATER = "refused_later"
    REPEATED_REFUSAL = "repeated_refusal"
    CANCEL_REFUSED = "cancel_refused"
    CHANGE_REFUSED = "change_refused"
    DOUBLED_ORDER = "doubled_order"
    # news
    DOUBLED_NEWS = "doubled_news"
    LOST_NEWS = "lost_news"
    REORDERED_NEWS = "reordered_news"
    DROPPED_CONNECTION = "dropped_connection"
    NEWS_WHILE_DOWN = "news_while_down"
    MISSING_FILL = "missing_fill"
    REPEATED_STATE = "repeated_state"
    UNKNOWN_WORD = "unknown_word"
    # the book
    HIDDEN_ORDER = "hidden_order"
    FAILED_READ = "failed_read"
    EMPTY_BOOK = "empty_book"
    STALE_READ = "stale_read"
    MISSING_PART = "missing_part"
    LATE_TRADE = "late_trade"
    # the market, and others in the account
    PARTIAL_FILL = "partial_fill"
    OVER_FILL = "over_fill"
    ANNULLED_FILL = "annulled_fill"
    HAND_TRADE = "hand_trade"
    SQUARED_OFF = "squared_off"
    # the feed
    LATE_BAR = "late_bar"
    MISSING_BAR = "missing_bar"
    DUPLICATE_BAR = "duplicate_bar"
    REVISED_BAR = "revised_bar"
    INSANE_BAR = "insane_bar"
    MUTE_SYMBOL = "mute_symbol"
    SILENT_FEED = "silent_feed"
    FEED_DROP = "feed_drop"
    SNAPSHOT = "snapshot"
    # the process
    CRASH = "crash"
    CRASH_IN_FLIGHT = "crash_in_flight"
    CRASH_IN_RECOVERY = "crash_in_recovery"
    ORDERLY_STOP = "orderly_stop"
    # the disk
    SLOW_COMMIT = "slow_commit"
    APPEND_FAILS = "append_fails"
    DISK_FULL = "disk_full"
    POWER_CUT = "power_cut"
    # the clock
    CLOCK_FORWARD = "clock_forward"
    CLOCK_BACK = "clock_back"
    # the strategy
    STRATEGY_EXCEPTION = "strategy_exception"
    WILD_ORDER = "wild_order"
    SILENT_STRATEGY = "silent_strategy"
    CHATTY_STOP = "chatty_stop"


K = FaultKind
SHARES = {
    K.LOST_REQUEST: 0.05, K.LOST_REPLY: 0.05, K.LATE_ARRIVAL: 0.06, K.SERVER_ERROR_ACCEPTED: 0.05,
    K.SERVER_ERROR_REFUSED: 0.05, K.GARBLED_REPLY: 0.07, K.RATE_LIMITED: 0.06, K.LOGGED_OUT: 0.04,
    K.ADDRESS_REFUSED: 0.04, K.REFUSED: 0.08, K.REFUSED_LATER: 0.06, K.CANCEL_REFUSED: 0.6, K.CHANGE_REFUSED: 0.4,
    K.DOUBLED_ORDER: 0.15, K.DOUBLED_NEWS: 0.15, K.LOST_NEWS: 0.06, K.REORDERED_NEWS: 0.15,
    K.DROPPED_CONNECTION: 0.06, K.REPEATED_STATE: 0.1, K.UNKNOWN_WORD: 0.06,
    K.HIDDEN_ORDER: 0.15, K.FAILED_READ: 0.15, K.EMPTY_BOOK: 0.06, K.STALE_READ: 0.1, K.MISSING_PART: 0.1,
    K.LATE_TRADE: 0.1, K.PARTIAL_FILL: 0.5, K.OVER_FILL: 0.25, K.ANNULLED_FILL: 0.08, K.HAND_TRADE: 0.09,
    K.SQUARED_OFF: 0.07, K.MISSING_FILL: 0.15,
    K.LATE_BAR: 0.06, K.MISSING_BAR: 0.06, K.DUPLICATE_BAR: 0.08, K.REVISED_BAR: 0.06, K.INSANE_BAR: 0.06,
    K.SNAPSHOT: 0.08, K.WILD_ORDER: 0.06, K.STRATEGY_EXCEPTION: 0.03,
}  # fmt: skip
"""Share of the cases in which a fault happens, where it is on."""
PAPER = (
    K.LOST_REQUEST, K.LOST_REPLY, K.LATE_ARRIVAL, K.SERVER_ERROR_ACCEPTED, K.SERVER_ERROR_REFUSED, K.GARBLED_REPLY,
    K.RATE_LIMITED, K.LOGGED_OUT, K.ADDRESS_REFUSED, K.REFUSED, K.REFUSED_LATER, K.CANCEL_REFUSED, K.CHANGE_REFUSED,
    K.DOUBLED_ORDER, K.DOUBLED_NEWS, K.LOST_NEWS, K.REORDERED_NEWS, K.DROPPED_CONNECTION, K.REPEATED_STATE,
    K.UNKNOWN_WORD, K.HIDDEN_ORDER, K.FAILED_READ, K.EMPTY_BOOK, K.STALE_READ, K.MISSING_PART, K.LATE_TRADE,
    K.PARTIAL_FILL, K.OVER_FILL, K.ANNULLED_FILL, K.HAND_TRADE, K.SQUARED_OFF,
)  # fmt: skip
"""Faults that the paper broker brings about itself, by their names there."""
BY_TICKS_ONLY = frozenset(
    {K.LATE_ARRIVAL, K.LOST_NEWS, K.REORDERED_NEWS, K.DROPPED_CONNECTION, K.NEWS_WHILE_DOWN, K.MISSING_FILL}
    | {K.PARTIAL_FILL, K.OVER_FILL, K.SLOW_REPLY, K.HIDDEN_ORDER, K.EMPTY_BOOK, K.LATE_TRADE, K.STALE_READ}
    | {K.MISSING_PART, K.REPEATED_STATE, K.UNKNOWN_WORD, K.SNAPSHOT}
)
"""A broker in lockstep answers at once and in order."""
HALTS = frozenset({K.DOUBLED_ORDER, K.ANNULLED_FILL, K.OVER_FILL})
"""After these nothing new is traded until a person has looked: they are rarer."""


ALLOWED = frozenset(FaultKind)


@dataclass(slots=True)
class FaultScript:
    """Script of one seed."""

    seed: int
    on: frozenset[FaultKind] = frozenset()
    lockstep: bool = False
    """The paper broker fills by bars."""
    crashes: list[int] = field(default_factory=list)
    """Failpoints that each process in turn passes before it dies; 0 = it does not die so."""
    deaths: list[int] = field(default_factory=list)
    """Moments at which the process is killed, UTC nanoseconds after the beginning."""
    stops: list[int] = field(default_factory=list)
    """The same of stops in good order."""
    appends: int = 0
    """The append, counted from the beginning, that fails; 0 = none."""
    commit_ns: int = 0
    """Time that a commit takes at most."""

    def random(self, part: str) -> Random:
        """Random generator of one part of the simulation: a draw more in one moves no other one."""
        return Random(f"{self.seed}/{part}")


def script_of(seed: int, length_ns: int, allowed: frozenset[FaultKind] = ALLOWED) -> FaultScript:
    """Script of a seed; ``length_ns``: of the time in which faults happen."""
    random = Random(f"{seed}/script")
    script = FaultScript(seed, lockstep=random.random() < 0.2)
    on = {kind for kind in FaultKind if random.random() < (0.55 if kind in HALTS else 0.67)}
    if script.lockstep:
        on -= BY_TICKS_ONLY
    script.on = frozenset(on & allowed)
    if K.CRASH in script.on:
        script.crashes.append(int(10 ** random.uniform(0.5, 3.2)))
    if K.CRASH_IN_RECOVERY in script.on and script.crashes:
        script.crashes.append(random.randint(1, 40))
    if K.CRASH_IN_FLIGHT in script.on:
        script.deaths.append(random.randrange(length_ns))
    if K.POWER_CUT in script.on:
        script.deaths.append(random.randrange(length_ns))
    if K.ORDERLY_STOP in script.on:
        script.stops.append(random.randrange(length_ns))
    if script.on & {K.APPEND_FAILS, K.DISK_FULL}:
        script.appends = random.randint(5, 90)
        both = {K.APPEND_FAILS, K.DISK_FULL} <= script.on
        script.on -= {random.choice((K.APPEND_FAILS, K.DISK_FULL))} if both else set()
    if K.SLOW_COMMIT in script.on:
        script.commit_ns = random.choice((5, 50, 400, 2000)) * 10**6
    return script
