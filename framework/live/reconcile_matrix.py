"""Reconciliation matrix: what is done, for each state of an order that we believe and each that the broker shows.

Ten by eight, every cell written out. Executions by tag are booked first in every cell; then the step is made. A step
that only one read supports waits for more: a single read may be older than what we know.
"""

from __future__ import annotations

from enum import StrEnum

from framework.broker.book import BrokerOrderState
from framework.live.belief import LocalState


class MatrixStep(StrEnum):
    """Step of a cell."""

    AGREES = "agrees"
    COUNT_ABSENT = "count absent"
    COUNT_VANISHED = "count vanished"
    COUNT_ALIVE = "count alive"
    WORKS = "works"
    SETTLE = "settle"
    ENDS = "ends"
    ALIVE_AGAIN = "alive again"
    IN_DOUBT = "in doubt"
    WAIT = "wait"
    NO_INTENT = "no intent"
    NEVER_SENT = "never sent"


MEANINGS = {
    MatrixStep.AGREES: "nothing is written; other fills than ours, or other terms, are told",
    MatrixStep.COUNT_ABSENT: "three reads over a minute that show our other orders prove it ABSENT; it stays reserved",
    MatrixStep.COUNT_VANISHED: "after as many reads it is told as lost, REDUCE_ONLY; EXPIRED if its validity is over",
    MatrixStep.COUNT_ALIVE: "after as many reads it is told, REDUCE_ONLY, and asked what to do with it",
    MatrixStep.WORKS: "the session hears that it works, and how",
    MatrixStep.SETTLE: "as above once a read began five seconds after the request, which then has come to nothing",
    MatrixStep.ENDS: "the session hears its end, once every execution is there (F16: five seconds at most)",
    MatrixStep.ALIVE_AGAIN: "the session takes it on again; told",
    MatrixStep.IN_DOUBT: "the session hears that nobody knows; the word is told",
    MatrixStep.WAIT: "nothing but that the word is told",
    MatrixStep.NO_INTENT: "HALT (F18): a restored database or a second machine; adopted by a person's word only",
    MatrixStep.NEVER_SENT: "HALT: somebody else sent an order under this tag",
}
"""Meaning of each step, as docs/runner.md has it."""

COLUMNS: tuple[BrokerOrderState | None, ...] = (None, *BrokerOrderState)
"""States that a broker shows an order in; None = it does not show it."""

_A, _W, _E, _S = MatrixStep.AGREES, MatrixStep.WORKS, MatrixStep.ENDS, MatrixStep.SETTLE
_ALIVE, _AGAIN, _WAIT = MatrixStep.COUNT_ALIVE, MatrixStep.ALIVE_AGAIN, MatrixStep.WAIT
_ABSENT, _VANISHED = MatrixStep.COUNT_ABSENT, MatrixStep.COUNT_VANISHED
_NO, _NEVER = MatrixStep.NO_INTENT, MatrixStep.NEVER_SENT

ROWS: dict[LocalState, tuple[MatrixStep, ...]] = {
    # columns:            not shown, pending, open, filled, cancelled, refused, expired, unknown
    LocalState.NO_INTENT: (_A, _NO, _NO, _NO, _NO, _NO, _NO, _NO),
    LocalState.UNSENT: (_A, _NEVER, _NEVER, _NEVER, _NEVER, _NEVER, _NEVER, _NEVER),
    LocalState.SENT: (_ABSENT, _W, _W, _E, _E, _E, _E, MatrixStep.IN_DOUBT),
    LocalState.UNKNOWN: (_ABSENT, _W, _W, _E, _E, _E, _E, _WAIT),
    LocalState.WORKING: (_VANISHED, _A, _A, _E, _E, _E, _E, _WAIT),
    LocalState.REQUESTED: (_VANISHED, _S, _S, _E, _E, _E, _E, _WAIT),
    LocalState.FILLED: (_A, _ALIVE, _ALIVE, _A, _A, _A, _A, _WAIT),
    LocalState.ENDED: (_A, _ALIVE, _ALIVE, _E, _A, _A, _A, _WAIT),
    LocalState.REFUSED: (_A, _ALIVE, _ALIVE, _E, _A, _A, _A, _WAIT),
    LocalState.ABSENT: (_A, _AGAIN, _AGAIN, _E, _E, _E, _E, _WAIT),
}
"""Row by row; the columns are those of ``COLUMNS``."""
MATRIX = {
    (local, shown): step for local, row in ROWS.items() for shown, step in zip(COLUMNS, row, strict=True)
}  # fmt: skip


def printed() -> str:
    """The matrix as docs/runner.md has it."""
    head = ["we believe", *("not shown" if shown is None else str(shown) for shown in COLUMNS)]
    lines = [_row(head), _row(["---"] * len(head))]
    lines += [_row([str(local), *map(str, row)]) for local, row in ROWS.items()]
    meanings = [_row(["step", "what is done"]), _row(["---", "---"])]
    meanings += [_row([str(step), MEANINGS[step]]) for step in MatrixStep]
    return "\n".join([*lines, "", *meanings])


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
