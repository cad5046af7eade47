"""Start of an account from its latest checkpoints: the same state as a fold from the first entry, sooner.

Every hash is checked and every entry of the account itself is taken. Inputs of a session are handled, and compared,
from its latest checkpoint on; of those before it only what the account must know is read: the commands that followed,
the executions that were booked. A checkpoint of another version of the session is passed over; without any, all inputs
are handled. ``fold_account`` from the first entry proves the checkpoints themselves (``tulya journal replay``).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from framework.journal.account_fold import AccountFold, FoldedAccount, key_of
from framework.journal.chain import Walk
from framework.journal.entries import QUIET, glance, written_entry
from framework.journal.errors import JournalError
from framework.journal.fold import handle_again
from framework.session import state
from framework.types.events import BarCloses, Command, Filled

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from framework.journal.account_fold import FoldedSession
    from framework.journal.entries import WrittenEntry
    from framework.types import RiskRule

INPUT_ENDS = re.compile(rb'(?:,"session":"(\w+)")?\},"format":\d+,"kind":"input","seq":(\d+)\}$')
LAST_BYTES = 120
"""Longer than what the pattern matches: a session's name has 12 characters at most."""
FIRST_BYTES = len('{"at":-9223372036854775808,"body":') + len(QUIET)
CLOSES, FILLED = b'{"BarCloses":', b'{"Filled":'


def restore_account(lines: Iterable[bytes], rules: Mapping[str, Sequence[RiskRule]] | None = None) -> FoldedAccount:
    """The account that a journal leads to; see ``fold_account``, which has the same arguments and errors."""
    walk, account = Walk(lines), FoldedAccount()
    skim = _Skim(account, rules or {})
    for text in walk:
        skim.see(text)
    skim.handle()
    account.entries, account.head = walk.entries, walk.head
    return account


@dataclass(slots=True)
class _Since:
    """Inputs of a session since its latest checkpoint."""

    checkpoint: WrittenEntry | None = None
    texts: list[bytes] = field(default_factory=list)
    before: int = 0
    """Inputs before the checkpoint."""
    closes: bytes = b""
    """Latest bar that closed."""


class _Skim:
    """One walk over a journal."""

    def __init__(self, account: FoldedAccount, rules: Mapping[str, Sequence[RiskRule]]) -> None:
        self._account = account
        self._fold = AccountFold(account, rules)
        self._since: dict[str, _Since] = {}
        self._latest = b""

    def see(self, text: bytes) -> None:
        """The next entry; an input waits until it is known whether a checkpoint follows."""
        self._latest = text
        if (found := INPUT_ENDS.search(text, max(len(text) - LAST_BYTES, 0))) is not None:
            name, seq = found.groups(b"")
            self._input(int(seq), name.decode(), text)
            return
        written = written_entry(text)
        if written.kind == "checkpoint":
            if written.body["version"] == state.VERSION:
                since = self._of(written.seq, written.body["session"])
                since.checkpoint = written
                since.before += len(since.texts)
                since.texts.clear()
            return
        self._fold.take(written)
        if written.kind == "header":
            self._since[written.body["name"]] = _Since()

    def _input(self, seq: int, name: str, text: bytes) -> None:
        """Most inputs are followed by nothing, and are looked at no further than that."""
        since = self._of(seq, name)
        since.texts.append(text)
        start = text.find(QUIET, 0, FIRST_BYTES) + len(QUIET)
        if start >= len(QUIET) and not text.startswith(FILLED, start):
            if text.startswith(CLOSES, start):
                since.closes = text
            return
        written = written_entry(text)
        kind, said = next(iter(written.body["input"].items()))
        if kind == BarCloses.__name__:
            since.closes = text
        elif kind == Filled.__name__:
            self._account.sessions[name].fill_ids.add(said["fill_id"])
        for command in written.value(tuple[Command, ...], written.body["commands"]):
            self._account.commanded[key_of(name, command)] = command

    def _of(self, seq: int, name: str) -> _Since:
        found = self._since.get(name)
        if found is None:
            msg = f"entry {seq} is of session {name!r}, which has no header before it"
            raise JournalError(msg)
        return found

    def handle(self) -> None:
        """Load the checkpoints, and hand each session the inputs since."""
        self._account.at = glance(self._latest).at if self._latest else 0
        for name, since in self._since.items():
            folded: FoldedSession = self._account.sessions[name]
            if since.checkpoint is not None:
                state.load(folded.session, since.checkpoint.body["state"])
            for text in since.texts:
                handle_again(written_entry(text), folded.session, folded.header)
            folded.inputs = since.before + len(since.texts)
            if since.closes:
                folded.last_row = json.loads(since.closes)["body"]["input"]["BarCloses"]["row"]["time"]
