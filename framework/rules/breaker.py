"""The circuit breaker: which state follows from which cause, and when a limit has been reached."""

from framework.rules import reasons
from framework.rules.exits import rupees_of
from framework.rules.money import to_paise

ACTIVE, REDUCE_ONLY, HALTED, RUINED = 0, 1, 2, 3
"""Codes of the trading states; each allows less than the one before. RUINED is a halt that only money ends."""
DAILY_LOSS, CONSECUTIVE_LOSSES, DRAWDOWN, RUNAWAY, NEW_SESSION, RESET_DUE, COMMAND, RUIN, DEPOSIT = range(9)
"""Codes of the causes."""
NO_CAUSE = -1
NO_LIMIT = -1

HELD_BACK = (reasons.NONE, reasons.REDUCE_ONLY, reasons.HALTED, reasons.RUIN)
"""State → reason why it refuses an increase."""
AFTER = (
    # daily loss, losses in a row, drawdown, runaway, new session, reset due, command, ruin, deposit
    (REDUCE_ONLY, REDUCE_ONLY, HALTED, HALTED, ACTIVE, ACTIVE, ACTIVE, RUINED, ACTIVE),  # when ACTIVE
    (REDUCE_ONLY, REDUCE_ONLY, HALTED, HALTED, ACTIVE, REDUCE_ONLY, ACTIVE, RUINED, REDUCE_ONLY),  # when REDUCE_ONLY
    (HALTED, HALTED, HALTED, HALTED, HALTED, ACTIVE, ACTIVE, RUINED, HALTED),  # when HALTED
    (RUINED, RUINED, RUINED, RUINED, RUINED, RUINED, RUINED, RUINED, HALTED),  # when RUINED
)
"""State → what each cause makes of it. A session's end gives back what a bad day took, never what a drawdown did."""


def state_after(state: int, cause: int) -> int:
    """The trading state that follows."""
    return AFTER[state][cause]


def loss_reached(equity_paise: int, from_paise: int, limit_paise: int) -> bool:
    """True when the loss since ``from_paise`` (the last session's close, the peak) has reached the limit.

    Paise; a limit below 0 = none.
    """
    return 0 <= limit_paise <= from_paise - equity_paise


def is_ruin(equity_paise: int) -> bool:
    """True when nothing is left of the account: it can neither hold nor enter anything, and no growth makes it good."""
    return equity_paise <= 0


def losses_after(losses: int, net_paise: int) -> int:
    """Losing round trips in a row, after one that came to ``net_paise``, charges included."""
    return losses + 1 if net_paise < 0 else 0


def at_new_session(state: int, halted_for: int, reset_after: int) -> int:
    """Cause that a new session is to the state, or NO_CAUSE; it is the ``halted_for``-th since a halt."""
    if state == REDUCE_ONLY:
        return NEW_SESSION
    return RESET_DUE if state == HALTED and count_reached(halted_for, reset_after) else NO_CAUSE


def limit_paise(amount: float, percent: bool, of_paise: int) -> int:
    """A limit on losses in paise: rupees, or a fraction of ``of_paise``; −1 = none, where ``amount`` is NaN."""
    if not (amount > 0.0):
        return NO_LIMIT
    return to_paise(rupees_of(amount, percent, of_paise / 100.0))


def count_reached(count: int, most: int) -> bool:
    """True when a count has reached its limit; 0 = no limit."""
    return 0 < most <= count
