"""Work that deletes, renames or merges what is stored, made from names that a person typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.errors import DataError
from framework.store import bars, instruments, names, overlaps
from framework.store.exchanges import require_known
from framework.store.history.edits import Edit, Work
from framework.store.history.facts import Fact
from framework.store.history.rename import Name, merge_name, renaming_names, series_of
from framework.store.history.undo import undo_of_series
from framework.types import Timeframe
from framework.types.intake.names import checked_symbol
from framework.types.intake.overlaps import MOST_ODD
from framework.types.timeframe import DATED

if TYPE_CHECKING:
    import sqlite3

    from framework.types.intake.records import Columns, SeriesKey

ACTIONS = "SELECT timestamp, kind, factor, terms, dividend FROM corporate_actions WHERE symbol = ? AND exchange = ?"


def deletion(connection: sqlite3.Connection, text: str, timeframe: str | None, import_text: str | None) -> Work:
    """Work that takes a symbol's bars away: all, those of a timeframe, or what one import did to them."""
    name = names.resolve(connection, text)
    frame = None if timeframe is None else Timeframe.parse(timeframe).name
    if import_text is not None:
        return undo_of_series(connection, import_text, name, frame)
    held = series_of(connection, name)
    keys = [key for key in held if frame is None or key.timeframe == frame]
    if not keys:
        raise DataError(f"{text} has no {frame} bars; it has {', '.join(key.timeframe for key in held)}")
    what = f"the {frame} bars" if frame else "the bars"
    edits = [Edit(key, bars.read(connection, key).timestamp) for key in keys]
    return Work("delete", f"{what} of {names.written(*name)}", edits)


def renaming(connection: sqlite3.Connection, old_text: str, new_text: str, *, new_exchange: bool) -> Work:
    """Work that gives a symbol another name: ``INFY`` → ``NSE:INFY``, ``INFOSYSTCH`` → ``INFY``.

    A name without a colon stays on its exchange; ``:INFY`` has none.
    """
    old = names.resolve(connection, old_text)
    symbol, exchange = names.split(new_text)
    exchange = exchange if ":" in new_text else old[1]
    new = checked_symbol(symbol), require_known(connection, exchange, new=new_exchange)
    if old == new:
        raise DataError(f"{names.written(*old)} is its name already")
    pair = renaming_names(connection, old, new)
    note = f"{names.written(*old)} is called {merge_name(new, old)} now"
    return Work("rename", note, (), _carried_actions(connection, old, new), pair)


def merge(connection: sqlite3.Connection, old_text: str, new_text: str, *, replace: bool) -> Work:
    """Work that puts two stored symbols of one share together, under the second name.

    Bars of both are kept once; where they differ, those of the second name stay unless ``replace``.
    """
    old, new = names.resolve(connection, old_text), names.resolve(connection, new_text)
    if old == new:
        raise DataError(f"{old_text} and {new_text} are one and the same; name the two symbols that are one share")
    _one_zone(connection, old, new)
    edits, remarks = [], []
    for key in series_of(connection, old):
        rows, target = bars.read(connection, key), key._replace(symbol=new[0], exchange=new[1])
        taken, told = _taken(connection, rows, target, (old, new), replace=replace)
        edits += [Edit(key, rows.timestamp), Edit(target, put=taken)]
        remarks += told
    note = f"{merge_name(old, new)} went into {merge_name(new, old)}"
    return Work("merge", note, edits, _carried_actions(connection, old, new), remarks=tuple(remarks))


def _one_zone(connection: sqlite3.Connection, old: Name, new: Name) -> None:
    zones = [instruments.zone(connection, *name) for name in (old, new)]
    dated = all(key.timeframe in DATED for key in series_of(connection, old))
    if None not in zones and zones[0] != zones[1] and not dated:
        raise DataError(
            f"{names.written(*old)} is stored in {zones[0]} and {names.written(*new)} in {zones[1]}: one of them was "
            "imported in a wrong time zone; take it back (tulya data imports, tulya data undo) and import it with "
            "--timezone"
        )


def _taken(
    connection: sqlite3.Connection, rows: Columns, target: SeriesKey, pair: tuple[Name, Name], *, replace: bool
) -> tuple[Columns, list[str]]:
    """Rows that the target takes, and sentences about the others."""
    first, second = merge_name(*pair), merge_name(pair[1], pair[0])
    across = overlaps.across(connection, target, rows)
    if across.number > MOST_ODD * rows.timestamp.shape[0]:
        raise DataError(
            f"{across.number:,} of {rows.timestamp.shape[0]:,} {target.timeframe} bars of {first} lie across those of "
            f"{second}: the two are on different grids or in different time zones; take one of them back "
            "(tulya data imports, tulya data undo) and import it anew"
        )
    split = bars.compare(connection, target, rows)
    told = []
    if across.number:
        told.append(f"{across.number:,} {target.timeframe} bars of {first} lie across those of {second} and go")
    if differing := int(split.conflicting.sum()):
        whose = first if replace else second
        told.append(f"{differing:,} {target.timeframe} bars differ: those of {whose} are taken")
    wanted = (split.new | split.conflicting) if replace else split.new
    return rows.pick(wanted & ~across.given), told


def _carried_actions(connection: sqlite3.Connection, old: Name, new: Name) -> list[Fact]:
    """Corporate actions under the new name, where it has none of that day and kind; those for every exchange stay."""
    facts: list[Fact] = []
    if old[0] == new[0] and not old[1]:
        return facts
    there = {row[:2] for row in connection.execute(ACTIONS, new)}
    for stamp, kind, *rest in connection.execute(ACTIONS, old).fetchall():
        facts.append(Fact("corporate_actions", (*old, stamp, kind), None))
        if (stamp, kind) not in there:
            facts.append(Fact("corporate_actions", (*new, stamp, kind), tuple(rest)))
    return facts
