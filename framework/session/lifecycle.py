"""The life of an order as a table: where it stands, what the broker says, where it stands then.

``PARKED → SENT → WORKING → done: FILLED, CANCELLED, EXPIRED or REFUSED``. Beside it UNKNOWN: sent, and nobody knows
whether it arrived, and ABSENT: the broker's book proves that it did not. Two more things are noted of an open order:
a cancel that is under way, and a change that is under way with what the order was before it.

Answers come late, twice and in any order, so the table is built on what can be known of them together: every answer is
evidence of a state, states have a rank, and an order stands where the highest evidence puts it. Therefore all orders of
the same answers end in the same state. A fill counts whenever it comes, once; one that completes the order makes it
FILLED whatever else was said. What an ended order makes of an answer is a surprise only where money or the book is
concerned: a fill, or a sign of life.
"""

from __future__ import annotations

from typing import NamedTuple

from framework.types.events import (
    Accepted,
    Cancelled,
    CancelRefused,
    Changed,
    ChangeRefused,
    Expired,
    Filled,
    Found,
    Refused,
    Unknown,
)
from framework.types.record import OrderState

PARKED, SENT, UNKNOWN, WORKING = OrderState.PARKED, OrderState.SENT, OrderState.UNKNOWN, OrderState.WORKING
ABSENT, EXPIRED, CANCELLED = OrderState.ABSENT, OrderState.EXPIRED, OrderState.CANCELLED
REFUSED, FILLED = OrderState.REFUSED, OrderState.FILLED

RANK = {
    state: rank
    for rank, state in enumerate((PARKED, SENT, UNKNOWN, ABSENT, WORKING, EXPIRED, CANCELLED, REFUSED, FILLED))
}
"""Rank of each state by certainty. ABSENT lies below WORKING: an order that shows up after all is taken on again."""
OPEN = frozenset({PARKED, SENT, UNKNOWN, WORKING})
"""It may still fill."""
ENDED = frozenset({ABSENT, EXPIRED, CANCELLED, REFUSED, FILLED})

EVIDENCE = {
    Accepted: WORKING,
    Filled: WORKING,
    Changed: WORKING,
    ChangeRefused: SENT,
    CancelRefused: SENT,
    Unknown: UNKNOWN,
    Expired: EXPIRED,
    Cancelled: CANCELLED,
    Refused: REFUSED,
}
"""State that each answer proves. A refused cancel or change proves nothing: the broker may not know the order.
``Found`` proves the state in it; a fill that completes the order proves FILLED."""

SIGNS_OF_LIFE = frozenset({Accepted, Filled})
"""Surprises, when they come for the first time for an order that has ended."""


class LifeCell(NamedTuple):
    """One cell of the table: what an answer does to an order."""

    state: OrderState
    """State after the answer."""
    surprises: bool
    """True: a person is notified, and the account reduces only until it is reconciled."""


def after(state: OrderState, evidence: OrderState) -> OrderState:
    """State of an order after this evidence: the higher rank of the two. One that was not sent stays PARKED."""
    if state is PARKED:
        return PARKED
    return evidence if RANK[evidence] > RANK[state] else state


def surprises(state: OrderState, answer: type) -> bool:
    """True when an answer contradicts what was known: anything about an order never sent, life in one that ended."""
    if state is PARKED:
        return True
    return state in ENDED and (answer is Filled or (answer is Accepted and state is ABSENT))


def cell(state: OrderState, answer: type) -> LifeCell:
    """The table's cell for an answer that does not complete the order."""
    return LifeCell(after(state, EVIDENCE[answer]), surprises(state, answer))


HEARD = {
    Accepted: "accepted",
    Filled: "a fill",
    Changed: "the change is made",
    ChangeRefused: "the change is refused",
    Cancelled: "cancelled",
    CancelRefused: "the cancel is refused",
    Expired: "expired",
    Refused: "refused",
    Unknown: "unknown",
}
FOLLOWS = {
    Accepted: "nothing else",
    Filled: "booked once by its id, in whatever state; what it completes is filled",
    Changed: "the next change, if one is due by now",
    ChangeRefused: "the mirror shows the order as it was; it is brought right at the next close or tick",
    Cancelled: "what waited for it is sent; an entry not taken back by us sets the intent as an expired one does",
    CancelRefused: "what waited for it is dropped; the cancel is asked for again at the next close or tick",
    Expired: "as an entry: row S12; as a protective order: due again at once",
    Refused: "as an expired one, with a notice; a protective order is tried again once at once, then at each close",
    Unknown: "it counts in full, is never sent again, and only evidence ends it",
}
COLUMNS = (SENT, UNKNOWN, WORKING, ABSENT, EXPIRED, CANCELLED, REFUSED, FILLED)


def printed() -> str:
    """The table as docs/execution.md has it; ``!`` marks a surprise."""
    head = ["the broker says", *(str(state) for state in COLUMNS), "what follows"]
    lines = [_row(head), _row(["---"] * len(head))]
    for answer, words in HEARD.items():
        cells = [cell(state, answer) for state in COLUMNS]
        shown = [
            ("·" if one.state is state else str(one.state)) + (" !" if one.surprises else "")
            for state, one in zip(COLUMNS, cells, strict=True)
        ]
        lines.append(_row([words, *shown, FOLLOWS[answer]]))
    return "\n".join(lines)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


__all__ = ["Found", "after", "cell", "printed", "surprises"]
