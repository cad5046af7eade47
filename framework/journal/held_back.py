"""Held back: what keeps parts of an account from trading until a person says otherwise, as its journal has it.

A restart clears none of it. A person's ``resume`` ends failures and halts of symbols, ``release`` one absent order.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from framework.journal.account_entries import AccountFinding, CommandHeard, Returned
    from framework.types.events import Command

STRATEGY_FAILED = "strategy_failed"
"""Code of the finding that a strategy's own code failed."""
RELEASE = "release"
"""Name of the command that releases an absent order."""
REFUSED = "refused"
"""Begins the answer to a command that changed nothing; outcome of a request that the broker refused."""
ACCEPTED = "accepted"
KEPT_NS = 24 * 3_600_000_000_000
"""Outcomes that are so old count no more (F85)."""


class AnsweredRequest(NamedTuple):
    """A request that the broker took or refused."""

    at: int
    """UTC nanoseconds."""
    session: str
    order_id: int
    command: Command
    refused: str
    """The broker's code; empty: it was accepted."""


@dataclass(slots=True)
class HeldBack:
    """Everything of one account that is held back."""

    failed: dict[str, str] = field(default_factory=dict)
    """Session → why its strategy decides no more."""
    halted: dict[str, dict[str, str]] = field(default_factory=dict)
    """Symbol → cause → why nothing new is opened in it."""
    released: set[str] = field(default_factory=set)
    """Tags of absent orders that a person has given up."""
    answered: deque[AnsweredRequest] = field(default_factory=deque)
    """Requests of the last 24 hours with an outcome, oldest first; cancels are not among them."""

    def find(self, finding: AccountFinding) -> None:
        """Take a finding."""
        if finding.code == STRATEGY_FAILED:
            self.failed[finding.session] = finding.text
        if finding.halt:
            self.halted.setdefault(finding.symbol, {})[finding.halt] = finding.text

    def hear(self, command: CommandHeard) -> None:
        """Take a person's command."""
        if command.name == RELEASE and not command.answer.startswith(REFUSED):
            self.released.add(command.arguments["tag"])

    def resume(self) -> None:
        """A person resumed."""
        self.failed.clear()
        self.halted.clear()

    def answer(self, returned: Returned, command: Command, at: int) -> None:
        """Take the outcome of a request at a moment, UTC nanoseconds."""
        if returned.outcome not in {ACCEPTED, REFUSED}:
            return
        while self.answered and self.answered[0].at <= at - KEPT_NS:
            self.answered.popleft()
        refused = returned.code if returned.outcome == REFUSED else ""
        self.answered.append(AnsweredRequest(at, returned.session, returned.order_id, command, refused))
