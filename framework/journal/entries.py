"""Entries of a journal: a header with all that a fold needs, then one entry for each input of the session.

An entry is one JSON object: ``seq`` (from 0, without a gap), ``at`` (UTC nanoseconds), ``kind``, ``body`` and the
``format`` of the entry; ``chain`` adds its seal. What an older program wrote is read; what a newer one added is a
``JournalVersionError``, never a guess.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from framework.errors import DataError
from framework.journal.account_entries import ACCOUNT_KINDS, AccountBody
from framework.journal.errors import JournalError, JournalVersionError
from framework.types import codec
from framework.types.actions import Due
from framework.types.events import Command, Fact, Input
from framework.types.instrument import Instrument

if TYPE_CHECKING:
    from framework.types.settings import Settings

FORMAT = 1
"""Raised when an older program could misread what a newer one writes."""


COMMANDS = partial(codec.write, Sequence[Command])
FACTS = partial(codec.write, Sequence[Fact])
INPUT = partial(codec.write, Input)
ANSWERED = '{"commands":%s,"facts":%s,"input":'
"""Beginning of an input's body."""
QUIET_TEXT = ANSWERED % ("[]", "[]")
QUIET = QUIET_TEXT.encode()
"""The same of an input that nothing followed."""


class JournalHeader(NamedTuple):
    """First entry: who wrote the journal, and the session that it is of."""

    versions: dict[str, str]
    """``tulya``, ``python`` and the libraries a number could depend on."""
    sources: dict[str, str]
    """File of the rulebook and the session → sha256 of its text, 16 digits: what decided."""
    vocabulary: str
    """See ``vocabulary.fingerprint``."""
    settings: Settings
    instruments: tuple[Instrument, ...]
    style: str
    """``signals``, ``allocate`` or ``on_bar``."""
    strategy: str
    parameters: dict[str, Any]
    strategy_sha256: str
    rules: tuple[str, ...] = ()
    """Risk rules of the user's own, by class; a fold needs them handed over."""
    timeframe: str = ""
    name: str = "t"
    """Of the session: it begins every tag."""
    actions: tuple[Due, ...] = ()
    """Corporate actions that were known at the beginning; others are inputs."""


class Handled(NamedTuple):
    """An input, and what the session answered to it."""

    input: Input
    commands: tuple[Command, ...]
    facts: tuple[Fact, ...]
    session: str = ""
    """Name of the session in the journal of an account; empty in a journal of one session."""


class Checkpoint(NamedTuple):
    """The whole state of the session at this place, so that a fold need not begin at the first entry."""

    version: str
    """See ``framework.session.state``."""
    state: Any
    session: str = ""
    """See ``Handled``."""


class Closed(NamedTuple):
    """Last entry of a journal that was written to its end."""

    equity_paise: int
    """Cash plus marked positions, at the end."""
    positions: tuple[int, ...]
    """Signed units held, by instrument."""


Body = JournalHeader | Handled | Checkpoint | Closed | AccountBody
KINDS: dict[str, type[Any]] = {
    "header": JournalHeader,
    "input": Handled,
    "checkpoint": Checkpoint,
    "closed": Closed,
    **ACCOUNT_KINDS,
}
KIND_OF = {kind: name for name, kind in KINDS.items()}
BODY = b',"body":'
HEAD, TAIL = re.compile(rb'\{"at":(-?\d+),"body":'), re.compile(rb',"kind":"(\w+)","seq":(\d+)\}$')
OPENS = b'"input":{"BarOpens":'
"""What an entry holds with which a bar begins, and no other: within a text the quotes would be escaped."""
HEADER_TEXTS = (
    "versions", "sources", "vocabulary", "style", "strategy", "parameters", "strategy_sha256", "timeframe", "name",
)  # fmt: skip
"""Fields of a header that are JSON as they are."""


class Entry(NamedTuple):
    """One entry."""

    seq: int
    """Number in the journal, from 0."""
    at: int
    """Moment of the input, UTC nanoseconds, never going back."""
    body: Body

    @property
    def kind(self) -> str:
        """``header``, ``input``, ``checkpoint`` or ``closed``."""
        return KIND_OF[type(self.body)]

    def text(self) -> bytes:
        """Canonical JSON, without the seal."""
        said = self.body
        if isinstance(said, Handled):
            return handled_text(self.seq, self.at, *said)
        try:
            body = header_text(said) if isinstance(said, JournalHeader) else codec.write(type(said), said)
        except DataError as error:
            msg = f"entry {self.seq}: {error}"
            raise JournalError(msg) from error
        return _framed(self.seq, self.at, self.kind, body)


def handled_text(
    seq: int, at: int, event: Input, commands: Sequence[Command], facts: Sequence[Fact], session: str = ""
) -> bytes:
    """Canonical JSON of an input and what followed; most inputs are followed by nothing."""
    try:
        start = ANSWERED % (COMMANDS(commands), FACTS(facts)) if commands or facts else QUIET_TEXT
        of = f',"session":"{session}"' if session else ""  # letters and digits, as it begins every tag
        return _framed(seq, at, "input", f"{start}{INPUT(event)}{of}}}")
    except DataError as error:
        msg = f"entry {seq}: {error}"
        raise JournalError(msg) from error


def _framed(seq: int, at: int, kind: str, body: str) -> bytes:
    return f'{{"at":{at},"body":{body},"format":{FORMAT},"kind":"{kind}","seq":{seq}}}'.encode()


class WrittenEntry(NamedTuple):
    """One entry as it was written, its body not yet made into values."""

    seq: int
    at: int
    kind: str
    body: Any
    text: bytes
    """Canonical JSON of all of it."""

    def entry(self) -> Entry:
        """The entry with its values; ``JournalVersionError`` on what this version does not know."""
        return Entry(self.seq, self.at, self.value(KINDS[self.kind], self.body))

    def is_followed_by(self, commands: Sequence[Command], facts: Sequence[Fact]) -> bool:
        """True when these commands and facts, and no others, followed the input, byte for byte."""
        if not commands and not facts:
            return not self.body["commands"] and not self.body["facts"]
        answers = ANSWERED % (COMMANDS(commands), FACTS(facts))
        return self.text.startswith(answers.encode(), self.text.find(BODY) + len(BODY))

    def value(self, annotation: Any, written: Any) -> Any:
        """The value of a part of the body; an error names the entry."""
        try:
            return _header_of(written) if annotation is JournalHeader else codec.decode(annotation, written)
        except DataError as error:
            msg = f"entry {self.seq}: {error}"
            raise JournalVersionError(msg) from None
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            said = f"{type(error).__name__}: {error}"
            msg = f"entry {self.seq} is not written as this version of Tulya writes one ({said})"
            raise JournalVersionError(msg) from None


class Glance(NamedTuple):
    """Beginning and end of an entry, without the rest: long journals are skimmed by them."""

    seq: int
    at: int
    kind: str
    acted: bool
    """An input that commands or facts followed, or no input at all."""


def glance(text: bytes) -> Glance:
    """A glance at an entry in canonical JSON; one that is not is read whole."""
    head, tail = HEAD.match(text), TAIL.search(text)
    if head is None or tail is None:
        written = written_entry(text)
        quiet = written.kind == "input" and not written.body["commands"] and not written.body["facts"]
        return Glance(written.seq, written.at, written.kind, acted=not quiet)
    return Glance(int(tail[2]), int(head[1]), tail[1].decode(), acted=not text.startswith(QUIET, head.end()))


def written_entry(text: bytes) -> WrittenEntry:
    """The entry as it was written; ``JournalVersionError`` names the format or the kind that is not known."""
    try:
        written = json.loads(text.decode())
        seq, at, kind, body, version = (written[name] for name in ("seq", "at", "kind", "body", "format"))
    except (ValueError, KeyError, TypeError) as error:
        msg = f"this is no entry of a journal ({type(error).__name__}: {error}): {text[:80]!r}"
        raise JournalError(msg) from None
    if version != FORMAT:
        msg = f"entry {seq} has format {version!r}, this version of Tulya reads {FORMAT}; update Tulya"
        raise JournalVersionError(msg)
    if kind not in KINDS:
        msg = f"entry {seq} is of kind {kind!r}, which this version of Tulya does not know; it knows {', '.join(KINDS)}"
        raise JournalVersionError(msg)
    return WrittenEntry(seq, at, kind, body, text)


def entry_of(text: bytes) -> Entry:
    """The entry that was written, with its values."""
    return written_entry(text).entry()


def header_text(header: JournalHeader) -> str:
    """Canonical JSON of a header. Settings are no named tuple, so it is written field by field; they take pydantic."""
    from framework.types.exact_settings import settings_json

    fields = {name: getattr(header, name) for name in HEADER_TEXTS} | {
        "settings": settings_json(header.settings),
        "instruments": json.loads(codec.write(Sequence[Instrument], header.instruments)),
        "rules": list(header.rules),
        "actions": json.loads(codec.write(Sequence[Due], header.actions)),
    }
    return codec.canonical(fields).decode()


def _header_of(written: Any) -> JournalHeader:
    from framework.types.exact_settings import settings_of

    if unknown := sorted(set(written) - set(JournalHeader._fields)):
        msg = f"the header has {unknown[0]!r}, which this version of Tulya does not know"
        raise JournalVersionError(msg)
    return JournalHeader(
        **{name: written[name] for name in HEADER_TEXTS},
        settings=settings_of(written["settings"]),
        instruments=codec.decode(Sequence[Instrument], written["instruments"]),
        rules=tuple(written["rules"]),
        actions=codec.decode(Sequence[Due], written["actions"]),
    )
