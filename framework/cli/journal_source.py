"""Source of a journal's entries, and the filter of those that are shown."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, time
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from framework.cli.moments import day_or_moment
from framework.errors import ConfigError, DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from framework.journal.chain import Broken
    from framework.journal.entries import JournalHeader


class JournalSource(NamedTuple):
    """A journal to read."""

    lines: Iterator[bytes]
    size: int
    """Bytes, for the progress; 0 = not known."""


class ShownEntry(NamedTuple):
    """An entry that is to be shown."""

    text: bytes
    when: int
    """Its moment; of daily bars the open of the bar it is in, UTC nanoseconds."""


class ChosenEntries(NamedTuple):
    """Entries of a journal that are to be shown."""

    header: JournalHeader
    entries: list[ShownEntry]
    more: int
    """Entries beyond the limit."""
    broken: Broken | None
    """The first entry that is not what was written; nothing after it is shown."""


class Asked(NamedTuple):
    """Options that choose entries."""

    start: str | None
    end: str | None
    entry: int | None
    acting: bool
    limit: int


class EntryFilter(NamedTuple):
    """Filter of entries."""

    first_ns: int
    last_ns: int
    entry: int | None
    acting: bool

    def holds(self, seq: int, at: int, *, acted: bool) -> bool:
        """True for an entry that passes."""
        if self.entry is not None:
            return seq == self.entry
        return self.first_ns <= at <= self.last_ns and (acted or not self.acting)


def opened(journal: str, db: Path | None) -> AbstractContextManager[JournalSource]:
    """A journal by its file, or by its name in the database."""
    from contextlib import contextmanager

    @contextmanager
    def at_hand() -> Iterator[JournalSource]:
        path = Path(journal)
        if path.exists() or path.suffix or len(path.parts) > 1:
            from framework.journal.file import read_lines

            yield JournalSource(read_lines(path), path.stat().st_size if path.is_file() else 0)
            return
        from framework.config.settings_file import database_path
        from framework.store import open_store
        from framework.store.journal import JournalTable, journal_names

        with open_store(database_path(db), create=False) as store:
            names = journal_names(store.connection)
            if journal not in names:
                known = f"it has {', '.join(names)}" if names else "it has none"
                raise DataError(f"there is no file {journal}, and no journal of that name in {store.path}; {known}")
            yield JournalSource(JournalTable(store.connection, journal).lines(), 0)

    return at_hand()


def bytes_read(size: int, *, hidden: bool) -> AbstractContextManager[Callable[[int], None] | None]:
    """Bytes read so far, as a bar on a terminal."""
    from contextlib import contextmanager

    from framework.cli.progress import shown

    @contextmanager
    def moving() -> Iterator[Callable[[int], None] | None]:
        with shown(hidden=hidden or not size) as progress:
            if progress is None:
                yield None
                return
            done = told = 0

            def read(count: int) -> None:
                nonlocal done, told
                done += count
                if done - told >= size // 100:
                    told = done
                    progress("reading", done, size)

            yield read

    return moving()


def chosen(lines: Iterator[bytes], asked: Asked, progress: Callable[[int], None] | None) -> ChosenEntries:
    """The entries that are asked for; of a damaged journal those before the damage."""
    from framework.journal.chain import Walk
    from framework.journal.entries import OPENS, entry_of, glance
    from framework.journal.wording import Wording

    walk = Walk(lines, progress)
    texts = iter(walk)
    first = next(texts, None)
    if first is None:
        raise DataError("the journal has no whole entry: it was cut while its first line was written")
    header: Any = entry_of(first).body
    daily, wanted = Wording(header.instruments, header.timeframe).daily, _span(header, asked)
    found, more, bar = list[ShownEntry](), 0, 0
    for text in chain([first], _sound(texts)):
        seq, at, _, acted = glance(text)
        if not bar or OPENS in text:
            bar = at
        when = bar if daily else at
        if not wanted.holds(seq, when, acted=acted):
            continue
        if len(found) < asked.limit:
            found.append(ShownEntry(text, when))
        else:
            more += 1
    return ChosenEntries(header, found, more, walk.broken)


def _sound(texts: Iterator[bytes]) -> Iterator[bytes]:
    """Entries up to the first that is not what was written."""
    from framework.journal.errors import JournalBrokenError

    with suppress(JournalBrokenError):
        yield from texts


def _span(header: JournalHeader, asked: Asked) -> EntryFilter:
    from framework.journal.wording import Wording

    start, end, entry, acting, _ = asked
    if entry is not None and (start or end or acting):
        raise ConfigError(f"--entry {entry} names one entry; leave out --from, --to and --acting")
    daily = Wording(header.instruments, header.timeframe).daily
    zone = UTC if daily or not header.instruments else ZoneInfo(header.instruments[0].timezone)
    first = -(2**63) if start is None else _moment("--from", start, zone, last=False)
    last = 2**63 if end is None else _moment("--to", end, zone, last=True)
    if first > last:
        raise ConfigError(f"--from {start} is after --to {end}; swap the two")
    return EntryFilter(first, last, entry, acting)


def _moment(option: str, text: str, zone: Any, *, last: bool) -> int:
    """A day (its first or last moment) or a moment, the exchange's own, as UTC nanoseconds."""
    given = day_or_moment(option, text, f"{option} ")
    moment = given if isinstance(given, datetime) else datetime.combine(given, time.max if last else time.min)
    aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return int(aware.timestamp() * 1_000_000) * 1_000 + (999 if last else 0)
