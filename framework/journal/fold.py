"""Fold of a journal: a fresh session handles its inputs again, and must answer what the journal says it answered.

Theory of operation
-------------------
A journal holds a session's inputs, which it could not know, beside the commands and facts that it made of them.
Commands and facts follow from inputs, so the same state needs only the inputs; the rest is there to be *compared*. A
fold stops at the first entry where this program answers something else, and shows both. That is how a changed rulebook,
a changed setting or a machine that computes otherwise is found, before an order follows from it.

*What is durable when.* An entry is written when ``Session.handle`` has returned and before any of its commands leaves.
In an account's database (``store/journal_database.py``) a durable ``append`` returns when the entry is on the disk:
after a power cut everything that may have been sent is in the journal. So is a command that was appended and not yet
sent: after a restart the host asks the broker about it and does not send it twice. In a file (``file.py``) an
entry survives the death of the process once the system has it, and a power cut after ``close``: enough for a backtest,
which can be run again.

*What can race.* Nothing within a journal: one writer, and the database refuses an older one that wakes up. A reader
sees a prefix, which is a sound journal. A writer that dies leaves a last line without its end: that entry was never
written whole, so a fold leaves it out and reports it (``torn``). A whole line whose hash does not fit was changed
(``JournalBrokenError``), and nothing is folded beyond it. Between the journal and the broker there is a race (a command
may be lost on its way): it is not settled here but by asking the broker, whose answers are inputs like all others.

*Checkpoints* save time and are never believed blindly: ``restore`` begins at the latest one, ``fold`` from the first
entry compares each one that it comes to with the state that it has reached.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from framework.errors import InvariantError, StrategyError
from framework.journal.chain import Torn, Walk
from framework.journal.entries import COMMANDS, FACTS, Closed, JournalHeader, WrittenEntry, glance, written_entry
from framework.journal.errors import JournalDiffersError, JournalError
from framework.journal.writer import sources
from framework.session import Session, state
from framework.types import codec
from framework.types.events import Input, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from framework.types import RiskRule

    Through = Callable[[int, Session, Input], Outcome]


class Folded(NamedTuple):
    """Outcome of a fold."""

    header: JournalHeader
    session: Session
    entries: int
    """Sound entries, the header among them."""
    inputs: int
    """Those of them that the session handled here."""
    at: int
    """Moment of the latest entry, UTC nanoseconds."""
    head: str
    """Hash of the latest entry."""
    closed: bool
    """The journal was written to its end."""
    torn: Torn | None
    """What a crash left of one more entry."""


def fold(
    lines: Iterable[bytes],
    rules: Sequence[RiskRule] = (),
    *,
    through: Through | None = None,
    progress: Callable[[int], None] | None = None,
) -> Folded:
    """The session that a journal leads to, from its first entry; every hash, command, fact and checkpoint compared.

    ``rules``: the user's own, in the order of the header. ``through`` hands an input to the session for whoever looks
    on: it is called with the entry's number, the session and the input. ``progress``: with the bytes of each line.

    Raises:
        JournalBrokenError: an entry is not what was written.
        JournalDiffersError: this program answers something else; the message shows both.
        JournalVersionError: another version wrote what this one does not know.
    """
    return _Fold(rules, through or hand_over).run(Walk(lines, progress))


def restore(lines: Iterable[bytes], rules: Sequence[RiskRule] = ()) -> Folded:
    """The same session sooner: every hash is checked, but inputs are handled from the latest checkpoint on.

    A checkpoint of another version is passed over; without any, this is ``fold``. The errors are the same.
    """
    return _Fold(rules, hand_over).run_from_checkpoint(Walk(lines))


def session_of(header: JournalHeader, rules: Sequence[RiskRule] = ()) -> Session:
    """The session of a journal before its first input."""
    return Session(
        header.instruments,
        header.settings,
        style=header.style,
        rules=rules,
        actions=header.actions,
        name=header.name,
    )


class _Fold:
    """One fold on its way."""

    def __init__(self, rules: Sequence[RiskRule], through: Through) -> None:
        self._rules = rules
        self._through = through
        self._header: JournalHeader | None = None
        self._closed = False
        self._at = 0
        self._inputs = 0

    def run(self, walk: Walk) -> Folded:
        texts = iter(walk)
        header = self._begin(next(texts, None), walk)
        session = session_of(header, self._rules)
        for text in texts:
            self._take(written_entry(text), session, header)
        return Folded(header, session, walk.entries, self._inputs, self._at, walk.head, self._closed, walk.torn)

    def run_from_checkpoint(self, walk: Walk) -> Folded:
        """Skim to the latest checkpoint, load it, and handle what came after it."""
        texts = iter(walk)
        header = self._begin(next(texts, None), walk)
        latest: WrittenEntry | None = None
        since: list[bytes] = []
        for text in texts:
            if glance(text).kind == "checkpoint" and (found := written_entry(text)).body["version"] == state.VERSION:
                latest = found
                since.clear()
            else:
                since.append(text)
        session = session_of(header, self._rules)
        if latest is not None:
            state.load(session, latest.body["state"])
            self._at = latest.at
        for text in since:
            self._take(written_entry(text), session, header)
        return Folded(header, session, walk.entries, self._inputs, self._at, walk.head, self._closed, walk.torn)

    def _begin(self, text: bytes | None, walk: Walk) -> JournalHeader:
        if text is None:
            msg = "the journal has no entry" if walk.torn is None else f"the journal has no whole entry: {walk.torn}"
            raise JournalError(msg)
        written = written_entry(text)
        if written.kind != "header":
            msg = f"the journal begins with a {written.kind} entry and not with its header"
            raise JournalError(msg)
        self._at = written.at
        header: JournalHeader = written.value(JournalHeader, written.body)
        given = tuple(type(rule).__name__ for rule in self._rules)
        if given != header.rules:
            msg = (
                f"the journal was written with risk rules of the user's own: {', '.join(header.rules) or 'none'}; "
                f"a fold needs the same ones, and was handed {', '.join(given) or 'none'} (--risk-rule FILE.py:NAME)"
            )
            raise JournalError(msg)
        return header

    def _take(self, written: WrittenEntry, session: Session, header: JournalHeader) -> None:
        if self._closed:
            msg = f"entry {written.seq} stands after the one that closed the journal"
            raise JournalError(msg)
        self._at = written.at
        if written.kind == "input":
            self._handle(written, session, header)
        elif written.kind == "checkpoint":
            compare_state(written, session)
        elif written.kind == "closed":
            self._closed = True
            _compare_end(written, session)
        else:
            msg = f"entry {written.seq} is a second {written.kind}"
            raise JournalError(msg)

    def _handle(self, written: WrittenEntry, session: Session, header: JournalHeader) -> None:
        handle_again(written, session, header, self._through)
        self._inputs += 1


def hand_over(_seq: int, session: Session, event: Input) -> Outcome:
    """Hand an input to its session; nobody looks on."""
    return session.handle(event)


def handle_again(
    written: WrittenEntry, session: Session, header: JournalHeader, through: Through = hand_over
) -> tuple[Input, Outcome]:
    """Hand an entry's input to its session once more; ``JournalDiffersError`` unless the same follows from it."""
    event: Input = written.value(Input, written.body["input"])
    try:
        outcome = through(written.seq, session, event)
    except (InvariantError, StrategyError) as error:
        msg = f"entry {written.seq}: the session refuses {event}: {error}{_changed(header)}"
        raise JournalDiffersError(msg) from error
    commands, facts = outcome
    if not written.is_followed_by(commands, facts):
        _compare("command", json.loads(COMMANDS(commands)), written, header)
        _compare("fact", json.loads(FACTS(facts)), written, header)
    return event, outcome


def _compare(what: str, actual: list[Any], written: WrittenEntry, header: JournalHeader) -> None:
    """``JournalDiffersError`` at the first answer that is not the journal's, to the bit."""
    expected = written.body[f"{what}s"]
    if codec.canonical(actual) == codec.canonical(expected):
        return
    place, where = _first_difference(expected, actual)
    raise JournalDiffersError(
        f"entry {written.seq} ({next(iter(written.body['input']))}): {what} {place + 1} differs{where}\n"
        f"  journal: {_shown(expected, place)}\n"
        f"  now:     {_shown(actual, place)}{_changed(header)}"
    )


def compare_state(written: WrittenEntry, session: Session) -> None:
    """``JournalDiffersError`` where a checkpoint is not the state that the entries before it lead to."""
    if written.body["version"] != state.VERSION:
        return  # of another program: it is only for that one to begin at
    actual = json.loads(codec.canonical(state.dump(session)))
    if found := difference(written.body["state"], actual):
        msg = f"entry {written.seq} (checkpoint): {found[0]} is {found[1]!r} there, and the fold came to {found[2]!r}"
        raise JournalDiffersError(msg)


def _compare_end(written: WrittenEntry, session: Session) -> None:
    end: Closed = written.value(Closed, written.body)
    reached = Closed(session.equity_paise, tuple(session.account.quantity))
    if end != reached:
        msg = f"entry {written.seq} (closed): the journal ends with {end}, and the fold came to {reached}"
        raise JournalDiffersError(msg)


def _first_difference(expected: list[Any], actual: list[Any]) -> tuple[int, str]:
    """JournalStorage of the first two that differ, and where in them."""
    for place, (one, other) in enumerate(zip(expected, actual, strict=False)):
        if found := difference(one, other):
            return place, f" at {found[0]}"
    return min(len(expected), len(actual)), ""


def difference(one: Any, other: Any, path: str = "") -> tuple[str, Any, Any] | None:
    """Path of the first difference of two JSON values and both sides of it; None when they are the same to the bit."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        pairs = [(f"{path}.{key}".lstrip("."), one[key], other[key]) for key in sorted(one)]
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = [(f"{path}[{place}]", *both) for place, both in enumerate(zip(one, other, strict=True))]
    else:
        return None if codec.canonical(one) == codec.canonical(other) else (path, one, other)
    return next(filter(None, (difference(first, second, where) for where, first, second in pairs)), None)


def _shown(answers: list[Any], place: int) -> str:
    return codec.canonical(answers[place]).decode() if place < len(answers) else "nothing more"


def changed_sources(header: JournalHeader) -> list[str]:
    """Files of the rulebook and the session that are not what they were when the journal was written."""
    now = sources()
    return [name for name in sorted(now.keys() | header.sources) if now.get(name) != header.sources.get(name)]


def _changed(header: JournalHeader) -> str:
    found = changed_sources(header)
    return f"\n  changed since it was written: {', '.join(found)}" if found else ""
