"""Pen of the runner: seals every entry in its order, and hands what belongs together to the writer as one transaction.

Entries are noted as things happen and flushed when they belong together: an answer of the broker with the input that
it became, a ``sending`` with everything before it. ``flush(durable=True)`` returns when a power cut would not take the
entries away; the outbox waits for it before the first byte leaves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from framework.journal.account_entries import RequestName, Sending
from framework.journal.chain import Sealer
from framework.journal.entries import Checkpoint, Entry, handled_text
from framework.session import state

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from framework.journal.chain import Sealed
    from framework.journal.entries import Body
    from framework.live.clock import Clock
    from framework.session import Session
    from framework.types.events import Input, Outcome


class EntryWriter(Protocol):
    """Writer of sealed entries: a thread that owns the file, or the file itself in virtual time."""

    @property
    def failed(self) -> bool:
        """An entry could not be written: nothing may be sent any more."""
        ...

    def submit(self, entries: Sequence[Sealed], *, durable: bool) -> Awaitable[None]:
        """Append entries in one transaction, in the order of the calls; done when they are committed.

        Raises ``JournalError`` when awaited, if they could not be.
        """
        ...


def _nobody(_seq: int, _body: Body) -> None:
    """Nobody listens."""


class RunnerJournal:
    """Journal of an account, as its one runner writes it."""

    def __init__(
        self,
        writer: EntryWriter,
        clock: Clock,
        entries: int = 0,
        head: str | None = None,
        told: Callable[[int, Body], None] = _nobody,
    ) -> None:
        """``entries``, ``head``: how many there are already, and the hash of the latest.

        ``told`` hears of each entry that is no input, with its number, once the writer has it.
        """
        self._told = told
        self._untold: list[tuple[int, Body]] = []
        self._writer = writer
        self._clock = clock
        self._sealer = Sealer(entries) if head is None else Sealer(entries, head)
        self._noted: list[Sealed] = []
        self._latest = 0

    @property
    def head(self) -> str:
        """Hash of the latest entry."""
        return self._sealer.head

    @property
    def entries(self) -> int:
        """Count of the entries."""
        return self._sealer.entries

    @property
    def failed(self) -> bool:
        """An entry could not be written: nothing may be sent any more."""
        return self._writer.failed

    def _at(self) -> int:
        """Moment of an entry: now, and never before the entry before it."""
        self._latest = max(self._latest, self._clock.now())
        return self._latest

    def note(self, body: Body, *, at: int | None = None) -> None:
        """Note an entry; ``flush`` writes it. ``at``: its moment before the clock runs, UTC nanoseconds."""
        if at is not None:
            self._latest = max(self._latest, at)
        moment = self._latest if at is not None else self._at()
        sealed = self._sealer(Entry(self._sealer.entries, moment, body).text())
        if isinstance(body, Sending) and body.request is RequestName.PLACE:
            sealed = sealed._replace(tag=body.tag)  # the file itself refuses a second order of one tag
        self._noted.append(sealed)
        self._untold.append((sealed.seq, body))

    def handled(self, session: str, event: Input, outcome: Outcome) -> None:
        """Note an input of a session with what followed."""
        text = handled_text(self._sealer.entries, self._at(), event, outcome.commands, outcome.facts, session)
        self._noted.append(self._sealer(text))

    def checkpoint(self, name: str, session: Session) -> None:
        """Note the whole state of a session, so that a start folds from here."""
        self.note(Checkpoint(state.VERSION, state.dump(session), name))

    async def flush(self, *, durable: bool = False) -> None:
        """Write what was noted; ``durable`` waits until it is on the disk, with everything before it.

        Raises ``JournalError`` when it could not be written.
        """
        if not self._noted and not durable:
            return
        noted, self._noted = self._noted, []
        written = self._writer.submit(noted, durable=durable)
        untold, self._untold = self._untold, []
        if not self._writer.failed:
            for seq, body in untold:
                self._told(seq, body)
        if durable:
            await written
