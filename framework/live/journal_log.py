"""Journal entries as lines of the log: each says the number of its entry, so that no line tells what no entry does."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from framework.journal.account_entries import (
    AccountFinding,
    CommandHeard,
    Denied,
    DrillEnded,
    Returned,
    RunnerState,
    RunStarted,
    RunStopped,
    Sending,
    StateChanged,
)
from framework.journal.account_words import ACCOUNT_WORDS
from framework.journal.entries import KIND_OF
from framework.log import logger

if TYPE_CHECKING:
    from framework.journal.entries import Body

LEVELS: dict[type, int] = {
    RunStarted: logging.INFO,
    Sending: logging.INFO,
    Returned: logging.INFO,
    Denied: logging.WARNING,
    StateChanged: logging.INFO,
    AccountFinding: logging.WARNING,
    CommandHeard: logging.INFO,
    DrillEnded: logging.INFO,
    RunStopped: logging.INFO,
}
"""Class of an entry that makes a line → its level; inputs of sessions make none, the journal has them."""
STATE_LEVELS = {RunnerState.HALTED: logging.ERROR, RunnerState.REDUCE_ONLY: logging.WARNING}
UNKNOWN = "unknown"


def log_entry(seq: int, body: Body) -> None:
    """A line of the log for an entry that is in the writer's hands, if its kind makes one."""
    level = LEVELS.get(type(body))
    if level is None:
        return
    if isinstance(body, StateChanged):
        level = STATE_LEVELS.get(body.after, level)
    elif isinstance(body, Returned) and body.outcome == UNKNOWN:
        level = logging.ERROR
    ids = {"seq": str(seq)}
    for name, attribute in (("session", "session"), ("order", "tag"), ("symbol", "symbol")):
        value = getattr(body, attribute, "")
        if value:
            ids[name] = str(value)
    logger("runner").log(level, "%s: %s", KIND_OF[type(body)], ACCOUNT_WORDS[type(body)](body), extra={"ids": ids})
