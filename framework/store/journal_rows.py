"""Rows of an account's journal as sealed entries, for its writer and its readers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from framework.journal.chain import GENESIS, Sealed

if TYPE_CHECKING:
    from collections.abc import Iterator

AT_A_TIME = 512
"""Rows of one statement: a reader holds no state of the file longer, so that the log can be checkpointed."""
# As bytes: a damaged text need not be UTF-8, and its hash tells.
AFTER = "SELECT seq, CAST(entry AS BLOB), CAST(sha256 AS BLOB), tag FROM entries WHERE seq > ? ORDER BY seq LIMIT ?"
HEAD = "SELECT seq + 1, sha256 FROM entries ORDER BY seq DESC LIMIT 1"


def rows_after(connection: Any, seq: int, limit: int) -> list[Sealed]:
    """Entries with a number above ``seq``, at most so many, oldest first."""
    return [
        Sealed(number, text, sha256.decode("ascii", "replace"), tag or "")
        for number, text, sha256, tag in connection.execute(AFTER, (seq, limit))
    ]


def all_lines(connection: Any) -> Iterator[bytes]:
    """Every entry as a line, oldest first, unchecked; a row is complete or not there, so none is torn."""
    seq = -1
    while rows := rows_after(connection, seq, AT_A_TIME):
        for row in rows:
            yield row.line()
        seq = rows[-1].seq


def head_of(connection: Any) -> tuple[int, str]:
    """Number of entries and the latest hash."""
    found = connection.execute(HEAD).fetchone()
    return (0, GENESIS) if found is None else (found[0], found[1])
