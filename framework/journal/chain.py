"""Chain of hashes: each entry is sealed with sha256(hash of the entry before + its own bytes).

A sealed entry is one line of JSON whose last key is its seal, so a line is complete or it is not: what a crash leaves
of the last one (a torn write) has no line end. A line that has its end and not its hash was changed after it was
written, or an entry before it is missing. The chain has no secret: who can rewrite the whole file can seal it anew, so
an auditor keeps the last hash (the head) elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, NamedTuple

from framework.journal.errors import JournalBrokenError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

GENESIS = "0" * 64
"""What the first entry is chained to."""
BEFORE, AFTER = b',"sha256":"', b'"}'
SEAL_BYTES = len(BEFORE) + 64 + len(AFTER)


class Sealed(NamedTuple):
    """An entry as it lies in a journal."""

    seq: int
    """Its number, from 0."""
    text: bytes
    """Canonical JSON of the entry, without its seal."""
    sha256: str
    """Hexadecimal, 64 digits."""
    tag: str = ""
    """Tag of a request that is about to leave: an account's journal takes it once; empty for all else."""

    def line(self) -> bytes:
        """The entry as a line: the same JSON object with its seal as the last key."""
        return self.text[:-1] + BEFORE + self.sha256.encode() + AFTER + b"\n"


class Broken(NamedTuple):
    """The first entry that is not what was written."""

    line: int
    """From 1."""
    seq: int
    """Number of the entry that belongs there."""
    expected: str
    """Its hash by what it says and the entry before it."""
    found: str
    """Its hash as it stands in the journal; empty without one."""
    why: str

    def __str__(self) -> str:
        found = self.found or "none"
        return f"line {self.line}, entry {self.seq}: {self.why}; expected hash {self.expected}, found {found}"


class Torn(NamedTuple):
    """The last line, cut while it was written: the entry never was, everything before it is."""

    line: int
    seq: int
    bytes: int
    """What there is of it."""

    def __str__(self) -> str:
        return (
            f"line {self.line}, entry {self.seq}: {self.bytes:,} bytes without a line end, cut while they were written"
        )


def seal(previous: str, text: bytes) -> str:
    """Hash of an entry, hexadecimal; ``previous`` is that of the entry before it."""
    return hashlib.sha256(previous.encode() + text).hexdigest()


class Sealer:
    """Seals entries one after the other."""

    def __init__(self, entries: int = 0, head: str = GENESIS) -> None:
        self.entries = entries
        """Entries so far: the number of the next one."""
        self.head = head
        """Hash of the latest entry."""

    def __call__(self, text: bytes, tag: str = "") -> Sealed:
        """The next entry with its seal."""
        self.head = seal(self.head, text)
        self.entries += 1
        return Sealed(self.entries - 1, text, self.head, tag)


class Walk:
    """Lines of a journal, each checked before it is handed on; a ``JournalBrokenError`` names the first bad one."""

    def __init__(self, lines: Iterable[bytes], progress: Callable[[int], None] | None = None) -> None:
        self._lines = lines
        self._progress = progress
        self.head = GENESIS
        """Hash of the latest sound entry."""
        self.entries = 0
        """Sound entries so far."""
        self.broken: Broken | None = None
        self.torn: Torn | None = None

    def __iter__(self) -> Iterator[bytes]:
        for number, line in enumerate(self._lines, 1):
            if not line.endswith(b"\n"):
                self.torn = Torn(number, self.entries, len(line))
                return
            text, found = _unsealed(line)
            expected = seal(self.head, text)
            if expected != found:
                why = _why(line, text, found, self.entries)
                self.broken = Broken(number, self.entries, expected, found, why)
                raise JournalBrokenError(str(self.broken))
            self.head, self.entries = found, self.entries + 1
            yield text
            if self._progress is not None:
                self._progress(len(line))


def _unsealed(line: bytes) -> tuple[bytes, str]:
    """An entry and its seal; the seal is empty where none stands."""
    start = len(line) - 1 - SEAL_BYTES
    if start <= 0 or line[start : start + len(BEFORE)] != BEFORE or not line.endswith(AFTER + b"\n"):
        return line.rstrip(b"\n"), ""
    return line[:start] + b"}", line[start + len(BEFORE) : -1 - len(AFTER)].decode("ascii", "replace")


def _why(line: bytes, text: bytes, found: str, expected_seq: int) -> str:
    """Cause of a broken line as it looks, in words."""
    if not line.strip(b"\0\n "):
        return "the line is empty"
    try:
        seq = json.loads(text)["seq"]
    except (ValueError, KeyError, TypeError):
        return "it is no entry of a journal"
    if not found:
        return "it has no seal"
    if isinstance(seq, int) and seq > expected_seq:
        return f"entry {seq} stands in its place: what was between was taken out"
    if isinstance(seq, int) and seq < expected_seq:
        return f"entry {seq} stands in its place a second time"
    return "this entry, its seal or the entry before it was changed after it was written"
