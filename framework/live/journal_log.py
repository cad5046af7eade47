"""Journal entries as lines of the log: each says the number of its entry, so that no line tells what no entry does."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

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


class LogLine(NamedTuple):
    """Line of the log that an entry makes."""

    level: int
    """Of ``logging``."""
    kind: str
    """Of the entry."""
    session: str
    """Empty: of no strategy. So are tag and symbol."""
    tag: str
    symbol: str
    text: str


def line_of(body: Body) -> LogLine | None:
    """Line of an entry; None of a kind that makes none."""
    level = LEVELS.get(type(body))
    if level is None:
        return None
    if isinstance(body, StateChanged):
        level = STATE_LEVELS.get(body.after, level)
    elif isinstance(body, Returned) and body.outcome == UNKNOWN:
        level = logging.ERROR
    session, tag, symbol = (str(getattr(body, name, "")) for name in ("session", "tag", "symbol"))
    return LogLine(level, KIND_OF[type(body)], session, tag, symbol, ACCOUNT_WORDS[type(body)](body))


def log_entry(seq: int, body: Body) -> None:
    """A line of the log for an entry that is in the writer's hands, if its kind makes one."""
    line = line_of(body)
    if line is None:
        return
    ids = {"seq": str(seq), "session": line.session, "order": line.tag, "symbol": line.symbol}
    given = {name: value for name, value in ids.items() if value}
    logger("runner").log(line.level, "%s: %s", line.kind, line.text, extra={"ids": given})
