"""Writer of a journal: the header, then every input with the session's answer, then the end."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from framework.journal.chain import Sealer
from framework.journal.entries import Body, Checkpoint, Closed, Entry, Handled, JournalHeader, handled_text
from framework.session import state
from framework.types.vocabulary import fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from framework.journal.storage import JournalStorage
    from framework.session import Session
    from framework.types.actions import Due
    from framework.types.events import Command, Fact, Input, Outcome

DECIDING = ("rules", "session")
"""Rooms of the framework whose text decides what a session answers."""


class Origin(NamedTuple):
    """Origin of the decisions: the strategy and the versions it ran with."""

    strategy: str
    parameters: dict[str, Any]
    strategy_sha256: str
    versions: dict[str, str]
    rules: tuple[str, ...] = ()
    """Risk rules of the user's own, by class."""


class Began(NamedTuple):
    """Beginning of a session, beside its settings and instruments."""

    at: int
    """Its first moment, UTC nanoseconds."""
    style: str
    timeframe: str = ""
    name: str = "t"
    actions: tuple[Due, ...] = ()
    """Corporate actions that are known by then."""


class JournalWriter:
    """Appends entries to a place, each chained to the one before."""

    def __init__(self, place: JournalStorage, entries: int = 0, head: str | None = None) -> None:
        """``entries``, ``head``: how many there are already, and the hash of the latest."""
        self.place = place
        self._sealer = Sealer(entries) if head is None else Sealer(entries, head)

    @property
    def head(self) -> str:
        """Hash of the latest entry: kept elsewhere, it proves the whole journal."""
        return self._sealer.head

    @property
    def entries(self) -> int:
        """Count of the entries."""
        return self._sealer.entries

    def write(self, at: int, body: Body) -> None:
        """Append one entry; ``at`` is its moment, UTC nanoseconds."""
        self.place.append([self._sealer(Entry(self._sealer.entries, at, body).text())])

    def handled(self, at: int, event: Input, commands: Sequence[Command], facts: Sequence[Fact]) -> None:
        """An input and what the session answered."""
        sealer = self._sealer
        self.place.append([sealer(handled_text(sealer.entries, at, event, commands, facts))])

    def checkpoint(self, at: int, session: Session) -> None:
        """The whole state of the session, so that a start folds from here."""
        self.write(at, Checkpoint(state.VERSION, state.dump(session)))

    def closed(self, at: int, equity_paise: int, positions: Sequence[int]) -> None:
        """The last entry: the journal was written to its end."""
        self.write(at, Closed(equity_paise, tuple(positions)))
        self.place.close()


class JournalRecorder:
    """Records a run: stands between a host and its session, and writes every input with what followed."""

    def __init__(self, place: JournalStorage, origin: Origin) -> None:
        self.writer = JournalWriter(place)
        self._origin = origin

    def over(self, session: Session, began: Began) -> Callable[[Input], Outcome]:
        """``session.handle`` with a pen."""
        writer = self.writer
        writer.write(began.at, header_of(self._origin, session, began))

        def handle(event: Input) -> Outcome:
            outcome = session.handle(event)
            writer.handled(event.moment, event, *outcome)
            return outcome

        return handle

    def ended(self, session: Session) -> None:
        """The run came to its end."""
        self.writer.closed(session.moment, session.equity_paise, session.account.quantity)


def header_of(origin: Origin, session: Session, began: Began) -> JournalHeader:
    """The header of a session that begins now."""
    return JournalHeader(
        versions=dict(origin.versions),
        sources=sources(),
        vocabulary=fingerprint(Handled, Closed),
        settings=session.settings,
        instruments=session.instruments,
        style=began.style,
        strategy=origin.strategy,
        parameters=origin.parameters,
        strategy_sha256=origin.strategy_sha256,
        rules=origin.rules,
        timeframe=began.timeframe,
        name=began.name,
        actions=began.actions,
    )


@cache
def sources() -> dict[str, str]:
    """File of the rulebook and the session → sha256 of its text, 16 digits, as this program has it."""
    return {
        f"{room}/{file.name}": hashlib.sha256(file.read_bytes()).hexdigest()[:16]
        for room in DECIDING
        for file in sorted(files("framework").joinpath(room).iterdir(), key=lambda one: one.name)
        if file.name.endswith(".py")
    }
