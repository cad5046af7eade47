"""Source of a journal's entries, and the filter of those that are shown."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from datetime import UTC, datetime, time, tzinfo
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

    name: str
    """Its file."""
    lines: Iterator[bytes]
    size: int
    """Bytes, for the progress; 0 = not known."""
    account: str = ""
    """Account that it is of; empty: a run's."""


class ShownEntry(NamedTuple):
    """An entry that is to be shown."""

    text: bytes
    when: int
    """Its moment; of daily bars the open of the bar it is in, UTC nanoseconds."""


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


class JournalName(NamedTuple):
    """A journal as the command line names it."""

    file: str | None
    """A file, an account, or None: the account's."""
    account: str | None = None
    db: Path | None = None


@contextmanager
def opened(name: JournalName) -> Iterator[JournalSource]:
    """A journal by its file (JSON Lines, or the database of an account), or by the account."""
    path = Path(name.file) if name.file is not None else None
    if path is not None and (path.exists() or path.suffix or len(path.parts) > 1):
        if name.account is not None:
            raise ConfigError(f"{path} is a file and --account {name.account} another journal; leave one out")
        if not _is_database(path):
            yield _file_source(path)
            return
    else:
        path = journal_of(name)
    from framework.store.journal_reader import JournalReader

    with JournalReader(path) as reader:
        yield JournalSource(str(path), reader.lines(), path.stat().st_size, reader.account)


def _file_source(path: Path) -> JournalSource:
    """A file of lines: a run's journal, or what was exported of an account's."""
    from framework.journal.chain import AFTER, SEAL_BYTES
    from framework.journal.entries import written_entry
    from framework.journal.errors import JournalError
    from framework.journal.file import read_lines

    account, first = "", next(read_lines(path), b"")
    with suppress(JournalError):  # a first line that is none is for those to tell who check it
        if (written := written_entry(first[: -1 - SEAL_BYTES] + AFTER[1:])).kind == "account":
            account = str(written.body["account"])
    return JournalSource(str(path), read_lines(path), path.stat().st_size, account)


def _is_database(path: Path) -> bool:
    from framework.store.account_files import JOURNAL_END, SQLITE

    if not path.is_file():
        return path.name.endswith(JOURNAL_END)
    with path.open("rb") as stream:
        return stream.read(len(SQLITE)) == SQLITE


def journal_of(name: JournalName) -> Path:
    """File of the account's journal; ``DataError`` names the accounts that have one."""
    from framework.config.settings_file import database_path
    from framework.store.account_files import accounts, chosen_account, journal_path

    database = database_path(name.db)
    path = journal_path(database, chosen_account(database, name.account or name.file))
    if not path.is_file():
        known = accounts(database)
        has = f"there are journals of {', '.join(known)}" if known else "no account has one; tulya run writes it"
        also = f", and no file {name.file}" if name.file is not None else ""
        raise DataError(f"there is no journal {path}{also}; {has}")
    return path


def bytes_read(size: int, *, hidden: bool) -> AbstractContextManager[Callable[[int], None] | None]:
    """Bytes read so far, as a bar on a terminal."""
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


class ChosenEntries(NamedTuple):
    """Entries that are asked for, with what words need to name their instruments."""

    headers: dict[str, JournalHeader]
    """By session; a run's journal has one, under no name."""
    shown: list[ShownEntry]
    more: int
    """Further ones beyond the limit."""
    broken: Broken | None
    """The first entry that is not what was written; nothing after it is shown."""


def chosen(source: JournalSource, asked: Asked, progress: Callable[[int], None] | None) -> ChosenEntries:
    """The entries of a journal that are asked for; of a damaged one those before the damage."""
    from framework.journal.chain import Walk
    from framework.journal.entries import OPENS, entry_of, glance

    walk = Walk(source.lines, progress)
    texts = iter(walk)
    first = next(texts, None)
    if first is None:
        raise DataError("the journal has no whole entry: it was cut while its first line was written")
    header: Any = None if source.account else entry_of(first).body
    zone = _zone_of(header)
    daily, wanted = zone is None, _span(zone or UTC, asked)
    headers: dict[str, JournalHeader] = {} if header is None else {"": header}
    found, more, bar = list[ShownEntry](), 0, 0
    for text in chain([first], _sound(texts)):
        seq, at, kind, acted = glance(text)
        if kind == "header" and source.account:
            of: Any = entry_of(text).body
            headers[of.name] = of
        if not bar or OPENS in text:
            bar = at
        when = bar if daily else at
        if not wanted.holds(seq, when, acted=acted):
            continue
        if len(found) < asked.limit:
            found.append(ShownEntry(text, when))
        else:
            more += 1
    return ChosenEntries(headers, found, more, walk.broken)


def _sound(texts: Iterator[bytes]) -> Iterator[bytes]:
    """Entries up to the first that is not what was written."""
    from framework.journal.errors import JournalBrokenError

    with suppress(JournalBrokenError):
        yield from texts


def _zone_of(header: JournalHeader | None) -> tzinfo | None:
    """Zone of the exchange, India's for an account's journal; None where bars are days."""
    from framework.journal.wording import Wording

    if header is None:
        return ZoneInfo("Asia/Kolkata")
    if Wording(header.instruments, header.timeframe).daily:
        return None
    return ZoneInfo(header.instruments[0].timezone) if header.instruments else UTC


def _span(zone: tzinfo, asked: Asked) -> EntryFilter:
    start, end, entry, acting, _ = asked
    if entry is not None and (start or end or acting):
        raise ConfigError(f"--entry {entry} names one entry; leave out --from, --to and --acting")
    first = -(2**63) if start is None else _moment("--from", start, zone, last=False)
    last = 2**63 if end is None else _moment("--to", end, zone, last=True)
    if first > last:
        raise ConfigError(f"--from {start} is after --to {end}; swap the two")
    return EntryFilter(first, last, entry, acting)


def _moment(option: str, text: str, zone: tzinfo, *, last: bool) -> int:
    """A day (its first or last moment) or a moment, the exchange's own, as UTC nanoseconds."""
    given = day_or_moment(option, text, f"{option} ")
    moment = given if isinstance(given, datetime) else datetime.combine(given, time.max if last else time.min)
    aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return int(aware.timestamp() * 1_000_000) * 1_000 + (999 if last else 0)
