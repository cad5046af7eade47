"""Writer of a journal: the header, then every input with the session's answer, then the end."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from framework.journal.chain import Sealer
from framework.journal.entries import Body, Checkpoint, Closed, Entry, Handled, Header
from framework.types.vocabulary import fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from framework.journal.place import Place
    from framework.session import Session
    from framework.types import Instrument, Settings
    from framework.types.events import Command, Fact, Input, Outcome

DECIDING = ("rules", "session")
"""Rooms of the framework whose text decides what a session answers."""


class Origin(NamedTuple):
    """Who decides: the strategy and the versions it ran with."""

    strategy: str
    parameters: dict[str, Any]
    strategy_sha256: str
    versions: dict[str, str]
    rules: tuple[str, ...] = ()
    """Risk rules of the user's own, by class."""


class JournalWriter:
    """Appends entries to a place, each chained to the one before."""

    def __init__(self, place: Place, entries: int = 0, head: str | None = None) -> None:
        """``entries``, ``head``: how many there are already, and the hash of the latest."""
        self.place = place
        self._sealer = Sealer(entries) if head is None else Sealer(entries, head)

    @property
    def head(self) -> str:
        """Hash of the latest entry: kept elsewhere, it proves the whole journal."""
        return self._sealer.head

    @property
    def entries(self) -> int:
        """How many entries there are."""
        return self._sealer.entries

    def write(self, at: int, body: Body) -> None:
        """Append one entry; ``at`` is its moment, UTC nanoseconds."""
        self.place.append([self._sealer(Entry(self._sealer.entries, at, body).text())])

    def handled(self, at: int, event: Input, commands: Sequence[Command], facts: Sequence[Fact]) -> None:
        """An input and what the session answered."""
        self.write(at, Handled(event, tuple(commands), tuple(facts)))

    def checkpoint(self, at: int, version: str, state: Any) -> None:
        """The whole state of the session, see ``framework.session.state``."""
        self.write(at, Checkpoint(version, state))

    def closed(self, at: int, equity_paise: int, positions: Sequence[int]) -> None:
        """The last entry: the journal was written to its end."""
        self.write(at, Closed(equity_paise, tuple(positions)))
        self.place.close()


class JournalRecorder:
    """Records a run: stands between a host and its session, and writes every input with what followed."""

    def __init__(self, place: Place, origin: Origin) -> None:
        self.writer = JournalWriter(place)
        self._origin = origin

    def over(self, session: Session, *, style: str, timeframe: str, at: int) -> Callable[[Input], Outcome]:
        """``session.handle`` with a pen; ``at`` is the run's first moment, UTC nanoseconds."""
        writer = self.writer
        writer.write(at, header_of(self._origin, session.settings, session.instruments, style, timeframe))

        def handle(event: Input) -> Outcome:
            outcome = session.handle(event)
            writer.handled(event.moment, event, *outcome)
            return outcome

        return handle

    def ended(self, session: Session, at: int) -> None:
        """The run came to its end."""
        self.writer.closed(at, session.equity_paise, session.account.quantity)


def header_of(
    origin: Origin, settings: Settings, instruments: Sequence[Instrument], style: str, timeframe: str = ""
) -> Header:
    """The header of a session that begins now."""
    return Header(
        versions=dict(origin.versions),
        sources=sources(),
        vocabulary=fingerprint(Header, Handled, Checkpoint, Closed),
        settings=settings,
        instruments=tuple(instruments),
        style=style,
        strategy=origin.strategy,
        parameters=origin.parameters,
        strategy_sha256=origin.strategy_sha256,
        rules=origin.rules,
        timeframe=timeframe,
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
