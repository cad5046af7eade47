"""From the files of an exchange to one table: the shipped rows, and over them those of ``./config/sessions/``."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from framework.errors import ConfigError
from framework.market import tables
from framework.market.calendar_rows import (
    CONTINUOUS,
    CalendarFile,
    ClosedRow,
    LocalHours,
    Revision,
    SettlementRow,
    SpecialRow,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from framework.market.calendar_rows import HoursRow, YearDays

FOLDER = "sessions"


class Phase(NamedTuple):
    """Hours of one phase of one class, and from when to when; without hours the phase is not held."""

    klass: str
    name: str
    hours: LocalHours | None
    valid_from: date
    valid_to: date | None
    note: str
    source: str


class CalendarTable(NamedTuple):
    """All that is known of an exchange's sessions."""

    exchange: str
    timezone: str
    first: date
    """First day that is answered."""
    last: date
    """Last day that is answered."""
    classes: tuple[str, ...]
    phases: tuple[tuple[Phase, ...], ...]
    """Layers; the first with a row for a class, phase and day wins."""
    days: dict[date, SpecialRow | ClosedRow]
    holidays: dict[date, str]
    announced: tuple[Revision, ...]
    """Revisions that are switched off."""
    settlement: tuple[tuple[SettlementRow, ...], ...]
    settlement_holidays: dict[int, dict[date, str]]


class Layer(NamedTuple):
    """The rows of one or more files that stand beside each other, not above."""

    files: tuple[tuple[str, CalendarFile], ...]

    def named(self, field: str) -> str:
        """Beginning of an error about rows of this layer."""
        return f"{', '.join(name for name, _ in self.files)}: {field}"

    def rows(self, field: str) -> list[tuple[str, object]]:
        """Rows of a field, each with the file that it stands in."""
        return [(name, row) for name, content in self.files for row in getattr(content, field)]


def read_tables(exchange: str) -> CalendarTable:
    """The table of an exchange; ``ConfigError`` names the rows that contradict each other or leave a hole."""
    layers, contents = _layers(exchange, ())
    zone = next((content.timezone for content in reversed(contents) if content.timezone), None)
    if zone is None:
        raise ConfigError(f"the session table of {exchange} names no timezone; write one, such as Asia/Kolkata")
    years = _years(layers, "holidays")
    if not years:
        raise ConfigError(f"the session table of {exchange} has no holidays; give at least one year, days may be empty")
    missing = sorted(set(range(min(years), max(years) + 1)) - set(years))
    if missing:
        raise ConfigError(
            f"{exchange} holidays: the rows of {min(years)} … {max(years)} leave out {', '.join(map(str, missing))}; "
            f"add a row for each year"
        )
    first = next((content.first for content in reversed(contents) if content.first), date(min(years), 1, 1))
    last = date(max(years), 12, 31)
    revisions = _revisions(layers)
    phases = _phases(layers, revisions, last)
    if not phases:
        raise ConfigError(f"the session table of {exchange} has no hours; give at least those of {CONTINUOUS}")
    return CalendarTable(
        exchange,
        zone,
        first,
        last,
        tuple(dict.fromkeys(phase.klass for layer in reversed(phases) for phase in layer)),
        phases,
        _days(layers),
        {day: name for year in years.values() for day, name in year.named.items()},
        tuple(revision for revision in revisions if not revision.enabled),
        _settlement(layers),
        {year: row.named for year, row in _years(layers, "settlement_holidays").items()},
    )


def known_exchanges() -> list[str]:
    """Exchanges that have a table, shipped or one's own."""
    shipped = {file.stem for file in (tables.SHIPPED / FOLDER).glob("*.yaml") if _is_shipped(file)}
    return sorted(shipped | {content.exchange for _, content in _own_files()})


def _layers(exchange: str, on_the_way: tuple[str, ...]) -> tuple[list[Layer], list[CalendarFile]]:
    """Layers from the weakest to the strongest, and the files in the same order."""
    if exchange in on_the_way:
        raise ConfigError(f"the session tables go in a circle: {' → '.join((*on_the_way, exchange))}; mend a same_as")
    shipped = tables.SHIPPED / FOLDER / f"{exchange}.yaml"
    layers = [Layer(((str(shipped.name), tables.read_table(shipped, CalendarFile)),))] if shipped.is_file() else []
    own = tuple((name, content) for name, content in _own_files() if content.exchange == exchange)
    layers += [Layer(own)] if own else []
    if not layers:
        raise ConfigError(
            f"exchange {exchange!r} has no session table; known are {', '.join(known_exchanges())}, and a file "
            f"{tables.HERE / FOLDER}/{exchange}.yaml adds it"
        )
    contents = [content for layer in layers for _, content in layer.files]
    other = next((content.same_as for content in reversed(contents) if content.same_as), None)
    if other is not None:
        below, others = _layers(other, (*on_the_way, exchange))
        return below + layers, others + contents
    return layers, contents


def _own_files() -> list[tuple[str, CalendarFile]]:
    """Files of ``./config/sessions/`` but for the shipped ones themselves, beside which one's own lie in a checkout."""
    folder: Path = tables.HERE / FOLDER
    files = [file for file in sorted(folder.glob("*.yaml")) if not _is_shipped(file)]
    return [(str(file), tables.read_table(file, CalendarFile)) for file in files]


def _is_shipped(file: Path) -> bool:
    """True for a table that came with Tulya, which is named after its exchange."""
    if file.resolve() != (tables.SHIPPED / FOLDER / file.name).resolve():
        return False
    text = file.read_text("utf-8", errors="replace")  # a look, so that the whole of it is parsed once only
    return re.search(rf"^exchange:\s*['\"]?{re.escape(file.stem)}\b", text, re.MULTILINE) is not None


def _years(layers: Iterable[Layer], field: str) -> dict[int, YearDays]:
    found: dict[int, YearDays] = {}
    for layer in layers:
        here: dict[int, tuple[str, YearDays]] = {}
        for name, row in layer.rows(field):
            year: YearDays = row  # type: ignore[assignment]  # the field named holds rows of years
            if year.year in here:
                raise ConfigError(f"{field} of {year.year} stand in {here[year.year][0]} and in {name}; keep one row")
            here[year.year] = (name, year)
        found |= {year: row for year, (_, row) in here.items()}
    return found


def _days(layers: Iterable[Layer]) -> dict[date, SpecialRow | ClosedRow]:
    found: dict[date, SpecialRow | ClosedRow] = {}
    for layer in layers:
        here: dict[date, tuple[str, SpecialRow | ClosedRow]] = {}
        holidays = {day for _, row in layer.rows("holidays") for day in row.named}  # type: ignore[attr-defined]  # YearRow
        for name, row in layer.rows("special_sessions") + layer.rows("closed"):
            day: date = row.date  # type: ignore[attr-defined]  # both kinds of rows have one
            if day in here or (day in holidays and isinstance(row, SpecialRow)):
                other = (
                    f"the row {_short(here[day][1])} of {here[day][0]}" if day in here else "the holidays of its year"
                )
                raise ConfigError(f"{name}: the row {_short(row)} contradicts {other}; keep one")
            here[day] = (name, row)  # type: ignore[assignment]  # rows of these two fields
        found |= {day: row for day, (_, row) in here.items()}
    return found


def _short(row: object) -> str:
    return f"{row.date} {row.kind}" if isinstance(row, SpecialRow) else f"{getattr(row, 'date', '')} closed"


def _settlement(layers: Iterable[Layer]) -> tuple[tuple[SettlementRow, ...], ...]:
    found = []
    for layer in layers:
        rows: list[SettlementRow] = [row for _, row in layer.rows("settlement")]  # type: ignore[misc]  # of that field
        tables.check_ranges(layer.named("settlement"), rows)
        found.append(tuple(rows))
    return tuple(reversed(found))


def _phases(layers: Sequence[Layer], revisions: Iterable[Revision], last: date) -> tuple[tuple[Phase, ...], ...]:
    """Strongest first: own rows, then revisions that are on, then the shipped rows."""
    found: list[tuple[Phase, ...]] = []
    for layer in layers:
        rows: list[HoursRow] = [row for _, row in layer.rows("hours")]  # type: ignore[misc]  # of that field
        phases = tuple(
            Phase(klass, row.phase, row.window, row.valid_from, row.valid_to, row.note, row.source)
            for row in rows
            for klass in row.classes
        )
        _check(layer, phases, last, base=not any(found))
        found.append(phases)
    revised = tuple(phase for one in revisions if one.enabled for phase in _revised(one))
    base = next((index for index, layer in enumerate(found) if layer), 0)
    found.insert(base + 1, revised)
    return tuple(layer for layer in reversed(found) if layer)


def _check(layer: Layer, phases: Sequence[Phase], last: date, *, base: bool) -> None:
    for klass, name in dict.fromkeys((phase.klass, phase.name) for phase in phases):
        rows = [phase for phase in phases if (phase.klass, phase.name) == (klass, name)]
        owner = layer.named(f"hours of class {klass}, phase {name}")
        tables.check_ranges(owner, rows, gaps=not (base and name == CONTINUOUS))
        end = max((row.valid_to or date.max) for row in rows)
        if base and name == CONTINUOUS and end < last:
            raise ConfigError(
                f"{owner}: the last row ends on {end}, but the table goes to {last}; add a row or end it open"
            )
    lacking = {phase.klass for phase in phases} - {phase.klass for phase in phases if phase.name == CONTINUOUS}
    if base and lacking:
        raise ConfigError(f"{layer.named('hours')}: class {min(lacking)} has no row of the phase {CONTINUOUS}; add it")


def _revisions(layers: Iterable[Layer]) -> list[Revision]:
    found: dict[str, Revision] = {}
    for layer in layers:
        for name, row in layer.rows("revisions"):
            _take(found, row, name)  # type: ignore[arg-type]  # of that field
    return list(found.values())


def _take(revisions: dict[str, Revision], row: Revision, file: str) -> None:
    before = revisions.get(row.name)
    if before is None and (row.valid_from is None or not row.source):
        known = ", ".join(revisions) or "none"
        raise ConfigError(
            f"{file}: revision {row.name!r} is none of the shipped ({known}); a new one needs valid_from and source"
        )
    given = {name: getattr(row, name) for name in row.model_fields_set}
    revisions[row.name] = row if before is None else before.model_copy(update=given)


def _revised(revision: Revision) -> list[Phase]:
    begins = revision.valid_from or date.min
    gone = [(klass, row.phase, None, "") for row in revision.drops for klass in row.classes]
    held = [(klass, row.phase, row.window, row.note) for row in revision.hours for klass in row.classes]
    return [
        Phase(klass, name, window, begins, None, note, revision.source) for klass, name, window, note in gone + held
    ]
