"""Errors of a journal: who wrote it, what was changed in it, where a fold differs."""

from __future__ import annotations

from framework.errors import DataError


class JournalError(DataError):
    """A journal that cannot be read, or a value that cannot be written in one."""


class JournalVersionError(JournalError):
    """An entry of a version, a kind or a class that this program does not know."""


class JournalBrokenError(JournalError):
    """An entry that is not what was written, or not where it was written."""


class JournalDiffersError(JournalError):
    """A fold that came to something else than the journal says."""


class JournalFencedError(JournalError):
    """Another process writes the journal now; this one writes nothing more."""


class TagTakenError(JournalError):
    """A tag that an earlier request in the journal has: sending it would be sending twice."""
