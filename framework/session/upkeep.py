"""Upkeep: what the broker refused or left unanswered, looked at again at every close and tick until it is right.

In a simulation every answer comes at once and nothing is ever refused, so there is nothing to look at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.session.lifecycle import PARKED

if TYPE_CHECKING:
    from collections.abc import Callable

    from framework.session.desk import SessionDesk
    from framework.session.instrument_state import WorkingOrder
    from framework.session.protection import Protection
    from framework.session.reductions import Reductions
    from framework.types.events import Command, Waited

SECOND_NS = 1_000_000_000
PATIENCE_NS = 30 * SECOND_NS
"""An answer that takes longer is missing."""
PACE_NS = 60 * SECOND_NS
"""Between two tries of what was refused, unless a bar closes."""


class Upkeep:
    """Notes which instruments need a look, and takes it."""

    def __init__(self, desk: SessionDesk, protection: Protection, reductions: Reductions) -> None:
        self._inputs, self._account, self._books, self._orders, _ = desk
        self._protection = protection
        self._reductions = reductions
        self.due = protection.to_look_at
        """Instruments to look at."""
        self.exits_due: set[int] = set()
        """Instruments of which a way out came to nothing; decisions order it anew, and ticks where none come."""
        self.looked_at = 0
        """Time of the last look, UTC nanoseconds."""

    def look_at(self, i: int) -> None:
        """Something of this instrument is not as it should be."""
        self.due.add(i)

    def is_due(self) -> bool:
        """Something is unanswered, or not as it should be."""
        return bool(self._orders.unanswered or self.due or self._protection.awaits_fills)

    def at_close(self, doubt: Callable[[WorkingOrder, str, str], None]) -> list[Command]:
        """A bar closed: decisions follow, so what is to be left is ordered by them."""
        self._miss_answers(doubt)
        self._protection.miss_fills(self._inputs.now)
        return self._run(leaves=False)

    def at_open(self) -> list[Command]:
        """A session begins: stops that ended with the last one are due before its first bar; exits wait for a close.

        What was asked for after the last close leaves now: a night is no silence, and patience begins here.
        """
        self._protection.miss_fills(self._inputs.now)
        commands = self._run(leaves=False)
        for working in self._orders.unanswered.values():
            working.unsent_until = self._inputs.moment
        return commands

    def waited(self, event: Waited) -> list[Command]:
        """Patience for an answer begins here: what was asked for has not left before."""
        working = self._orders.get(event.order_id)
        if working is not None:
            working.unsent_until = event.moment
        return []

    def at_tick(self, doubt: Callable[[WorkingOrder, str, str], None]) -> list[Command]:
        """Time passed without a bar."""
        self._miss_answers(doubt)
        if self._inputs.moment - self.looked_at < PACE_NS or not (self.exits_due or self.is_due()):
            return []
        self._protection.miss_fills(self._inputs.now)
        return self._run(leaves=True)

    def at_once(self) -> list[Command]:
        """The broker's book was read: what is known now can be brought right now."""
        return self._run(leaves=True)

    def _miss_answers(self, doubt: Callable[[WorkingOrder, str, str], None]) -> None:
        moment = self._inputs.moment
        late = [one for one in self._orders.unanswered.values() if moment - one.silent_since > PATIENCE_NS]
        for working in late:
            doubt(working, "unanswered", f"{(moment - working.silent_since) // SECOND_NS} s")

    def _run(self, *, leaves: bool) -> list[Command]:
        now = self._inputs.now
        instruments = sorted(self.due)
        self.due.clear()
        commands = [command for i in instruments for command in self._bring_right(i, now)]
        if leaves:
            commands += self._leave(now, instruments)
            self.looked_at = self._inputs.moment
        return commands

    def _bring_right(self, i: int, now: int) -> list[Command]:
        """Ask again for cancels that were refused; bring the exits of what is held to what they should be."""
        commands: list[Command] = []
        for working in self._orders.of(i):
            if working.withdrawn and working.state is not PARKED:
                commands += self._orders.withdraw(working, now)
        if self._account.quantity[i] and not self._books[i].leaving:
            commands += self._protection.restore(i, now)
        return commands

    def _leave(self, now: int, instruments: list[int]) -> list[Command]:
        """Order what is to be left and finds no way out; at a close the decisions do that."""
        commands: list[Command] = []
        for i in sorted({*self.exits_due, *instruments}):
            if self._account.quantity[i] and self._books[i].leaving:
                commands += self._reductions.order(i, now)
        self.exits_due.clear()
        return commands
