"""From a table of cells to series of checked bars, with a sentence for every row that is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from framework.errors import DataError
from framework.types.intake.cells import text_cells
from framework.types.intake.checks import check
from framework.types.intake.faults import EXAMPLES, others_text
from framework.types.intake.noise import noise_note
from framework.types.intake.overlaps import SortedRows, kept_apart
from framework.types.intake.plausible_dates import add_impossible
from framework.types.intake.records import Columns, Facts, Refusal, SeriesKey
from framework.types.intake.symbols import Owners, owners
from framework.types.intake.timeframes import timeframe_of
from framework.types.intake.times import Times, times
from framework.types.intake.zones import Zone, check_midnights, dates, moments, zone_of
from framework.types.localtime import DAY, to_local, zone_named
from framework.types.periods import placed_days
from framework.types.timeframe import MONTH, SECOND_NS, WEEK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from framework.types.intake.faults import Faults
    from framework.types.intake.headings import Layout
    from framework.types.intake.options import IntakeOptions
    from framework.types.intake.table import CellTable
    from framework.types.intake.words import OptionWords
    from framework.types.timeframe import Timeframe

    Remembered = Callable[[tuple[str, str]], str | None]

OTHER_BAR = {WEEK: "its week has a bar before", MONTH: "its month has a bar before"}
"""Beginning of the sentence about a second bar, where a bar is no moment's."""


MINUTE, LAST_SECOND = 60, 59


class Rows(NamedTuple):
    """Every row of a file under its series, before duplicates are sorted out."""

    owner: NDArray[np.int64]
    """Index into keys, int64[n]."""
    stamp: NDArray[np.int64]
    """UTC seconds of the bar's open."""
    values: NDArray[np.float64]
    """float64[5, n]."""
    lines: NDArray[np.int64]
    rank: NDArray[np.int64]
    """Precedence of two rows of the same time: NSE's EQ series before its others."""


class CheckedPrices(NamedTuple):
    """Checked series, a sentence for every row that is none, and what was assumed."""

    series: list[tuple[SeriesKey, Columns]]
    facts: list[Facts]
    refusals: list[Refusal]
    repeats: NDArray[np.int64]
    """Lines of rows that repeat an earlier one, value for value."""
    mended: NDArray[np.int64]
    """Lines of rows whose range failed by rounding noise alone, and now holds."""
    zone: Zone
    symbol_reason: str
    timeframe_reason: str


def prices(table: CellTable, layout: Layout, options: IntakeOptions, remembered: Remembered) -> CheckedPrices:
    """Checked series of cells; ``DataError`` where they make no sense as a whole."""
    columns = {field: table.columns[heading] for field, heading in layout.fields.items()}
    rows = table.lines.shape[0]
    stamps = times(_time_cells(columns), options.order or layout.order, options.words)
    owned = owners(table, columns, options)
    zone = _zone(stamps, owned, options, remembered)
    checked = check(columns, rows)
    utc, valid = moments(stamps, zone.name)
    faults, cells = checked.faults, _time_cells(columns)
    faults.add(~valid, "bad_time", lambda row: _time_fault(cells, row, ambiguous=bool(stamps.valid[row]), zone=zone))
    good = checked.sound & valid & (owned.codes >= 0)
    if options.today is not None:
        good &= add_impossible(faults, to_local(utc, zone.name), valid, options.today)
    faults.add(owned.codes < 0, "no_symbol", lambda _row: "the row names no symbol")
    good &= owned.add_refused(faults)
    if options.whole and faults:
        keys = [SeriesKey(*name, "") for name in owned.names]
        refusals = _refusals(table, faults, owned, keys, (utc, valid))
        nothing = table.lines[:0]
        return CheckedPrices([], [], refusals, nothing, nothing, zone, owned.reason, "")
    keys, stamp, lengths = _series(owned, stamps, utc, good, (zone, options))
    refusals = [
        *_owned(table.broken, keys),
        *_refusals(table, faults, owned, keys, (stamp, valid)),
    ]
    ranked = _rank(columns, rows)
    kept = Rows(owned.codes, stamp, checked.values, table.lines, ranked)
    if not good.all():
        kept = Rows(owned.codes[good], stamp[good], checked.values[:, good], table.lines[good], ranked[good])
    series, doubles, repeats = _distinct(kept, keys, (table.unit, zone.name), options.words)
    facts = _facts(columns, owned, good, zone, options.currency)
    return CheckedPrices(
        series, facts, [*refusals, *doubles], repeats, table.lines[checked.mended & good], zone, owned.reason, lengths
    )


def notes_of(found: CheckedPrices, layout: Layout, unit: str = "line") -> tuple[str, ...]:
    """Sentences about what was mended and what was left aside."""
    return (*noise_note(found.mended, unit), *([layout.aside] if layout.aside else ()))


def _time_cells(columns: Mapping[str, pa.ChunkedArray]) -> pa.ChunkedArray:
    """The column of times; a date and a time of day side by side are joined."""
    cells = columns["time"]
    if "clock" not in columns:
        return cells
    if pa.types.is_timestamp(cells.type):  # a date that a library read as a midnight
        cells = pc.strftime(cells, format="%Y-%m-%d")
    return pc.binary_join_element_wise(pc.cast(cells, pa.string()), pc.cast(columns["clock"], pa.string()), " ")


def _zone(stamps: Times, owned: Owners, options: IntakeOptions, remembered: Remembered) -> Zone:
    exchanges = {exchange for _, exchange in owned.names}
    known = {remembered(name) for name in owned.names} if len(owned.names) <= 500 else {None}  # noqa: PLR2004 - a handful is asked for, not a market
    zone = zone_of(
        stamps,
        options.timezone,
        exchanges.pop() if len(exchanges) == 1 else "",
        known.pop() if len(known) == 1 else None,
        options.words,
    )
    zone_named(zone.name)
    return zone


def _time_fault(cells: pa.ChunkedArray, row: int, *, ambiguous: bool, zone: Zone) -> str:
    if cells[row].as_py() is None:
        return "the row has no time"
    cell = cells[row].as_py()
    shown = repr(cell if isinstance(cell, (str, int, float)) else str(cell))
    if ambiguous:
        return f"time {shown} is repeated or skipped by a clock change in {zone.name}"
    return f"time {shown} is not a date or time that is understood"


def _series(
    owned: Owners,
    stamps: Times,
    utc: NDArray[np.int64],
    good: NDArray[np.bool_],
    how: tuple[Zone, IntakeOptions],
) -> tuple[list[SeriesKey], NDArray[np.int64], str]:
    """Key of every owner, stamp of every row (a daily bar's is its date), and the reason for the timeframe."""
    zone, options = how
    days: NDArray[np.int64] | None = None
    local = stamps.local  # the wall clock of the zone, unless the cells state an offset of another one
    if stamps.zone != zone.name and not np.isnan(stamps.offset).all():
        local = to_local(utc, zone.name)
    stamp, keys, others = utc, [], ""
    each = _rows_of(owned, good)
    if len(each) > 1 and not options.timeframe:  # where one bar does not tell, the longest series does
        largest = max(range(len(each)), key=lambda code: each[code].size)
        if each[largest].size > 1:
            others = timeframe_of(local[each[largest]], owned.names[largest][0], None, options.words).name
    for (symbol, exchange), sound in zip(owned.names, each, strict=True):
        mine, name = local[sound], options.timeframe or ""
        if mine.size:
            dated = not (stamps.local[sound] % DAY).any()
            frame = timeframe_of(
                stamps.local[sound] if dated else mine, symbol, options.timeframe, options.words, others
            )
            name = frame.name
            if not frame.dated and (mine % MINUTE == LAST_SECOND).all():
                raise DataError(
                    f"the bars of {symbol} are stamped in the last second of a minute, which is their end; a bar's "
                    f"time is its open: move the times back by {frame.nanoseconds // SECOND_NS - 1} s"
                )
            if frame.dated:
                if not dated:
                    check_midnights(stamps, sound, zone, symbol, options.words)
                if days is None:
                    days, stamp = dates(stamps, zone.name), utc.copy()
                stamp[sound] = _placed(frame, days[sound], symbol)
        keys.append(SeriesKey(symbol, exchange, name))
    reason = "the option" if options.timeframe else "the usual step between bars"
    return keys, stamp, reason


def _placed(frame: Timeframe, days: NDArray[np.int64], symbol: str) -> NDArray[np.int64]:
    """``periods.placed_days`` in seconds, and in an error that names the symbol."""
    try:
        return placed_days(frame, days // DAY) * DAY
    except DataError as error:
        raise DataError(f"{symbol}: {error}") from None


def _rows_of(owned: Owners, good: NDArray[np.bool_]) -> list[Any]:
    """Good rows of every owner, as a slice where all rows are one owner's, else by their numbers."""
    if len(owned.names) == 1 and good.all():
        return [slice(None)]
    codes = np.where(good, owned.codes, -1)
    order = np.argsort(codes, kind="stable")
    edges = np.searchsorted(codes[order], np.arange(len(owned.names) + 1))
    return [order[begin:end] for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)]


def _owned(broken: list[Refusal], keys: list[SeriesKey]) -> list[Refusal]:
    """Lines with a wrong number of cells; in a file of one symbol they are that symbol's."""
    if len(keys) != 1:
        return broken
    return [
        row._replace(symbol=keys[0].symbol, exchange=keys[0].exchange, timeframe=keys[0].timeframe) for row in broken
    ]


def _refusals(
    table: CellTable,
    faults: Faults,
    owned: Owners,
    keys: list[SeriesKey],
    when: tuple[NDArray[np.int64], NDArray[np.bool_]],
) -> list[Refusal]:
    """Refused rows in the order of the file, and after them those that are told together."""
    stamp, valid = when
    found = []
    for row, kind, reason in sorted(faults.examples()):
        code = int(owned.codes[row])
        key = keys[code] if code >= 0 and not owned.fault(code) else SeriesKey("", "", "")
        moment = int(stamp[row]) if valid[row] else None
        found.append(Refusal(kind, reason, int(table.lines[row]), *key, moment, moment))
    key = keys[0] if len(keys) == 1 and not owned.fault(0) else SeriesKey("", "", "")
    for rows, kind in faults.others():
        text = others_text(rows.shape[0], table.unit, int(table.lines[rows[0]]), int(table.lines[rows[-1]]))
        found.append(Refusal(kind, text, None, *key, rows=rows.shape[0]))
    return found


def _distinct(
    rows: Rows, keys: list[SeriesKey], where: tuple[str, str], words: OptionWords
) -> tuple[list[tuple[SeriesKey, Columns]], list[Refusal], NDArray[np.int64]]:
    """Series with rising times, the rows refused as second of their time or as overlapping, and lines that repeat."""
    unit, zone = where
    owner, stamp, values, lines = rows.owner, rows.stamp, rows.values, rows.lines
    refusals, repeats = [], lines[:0]
    if not _rising(owner, stamp):
        order = np.lexsort((lines, rows.rank, stamp, owner))
        owner, stamp, values, lines = owner[order], stamp[order], values[:, order], lines[order]
        again = np.zeros(owner.shape[0], dtype=bool)
        again[1:] = (owner[1:] == owner[:-1]) & (stamp[1:] == stamp[:-1])
        if again.any():
            first = np.maximum.accumulate(np.where(again, 0, np.arange(again.shape[0])))
            ours, theirs = values, values[:, first]
            same = ((ours == theirs) | (np.isnan(ours) & np.isnan(theirs))).all(axis=0)
            repeats = np.sort(lines[again & same])
            doubles = np.flatnonzero(again & ~same)
            for row in doubles[:EXAMPLES].tolist():
                what = OTHER_BAR.get(keys[int(owner[row])].timeframe, "the time occurs before")
                reason = f"{what}, in {unit} {lines[first[row]]}, with other values{words.taken}"
                moment = int(stamp[row])
                refusals.append(Refusal("duplicate", reason, int(lines[row]), *keys[int(owner[row])], moment, moment))
            if (more := doubles[EXAMPLES:]).size:
                text = others_text(more.shape[0], unit, int(lines[more].min()), int(lines[more].max()))
                key = keys[0] if len(keys) == 1 else SeriesKey("", "", "")
                refusals.append(Refusal("duplicate", text, None, *key, rows=more.shape[0]))
            owner, stamp, values, lines = owner[~again], stamp[~again], values[:, ~again], lines[~again]
    apart, overlaps = kept_apart(SortedRows(owner, stamp, lines), keys, zone, unit, words)
    if apart.any():
        owner, stamp, values, refusals = owner[~apart], stamp[~apart], values[:, ~apart], refusals + overlaps
    if len(keys) == 1 and owner.size:
        return [(keys[0], Columns(stamp, values))], refusals, repeats
    edges = np.searchsorted(owner, np.arange(len(keys) + 1))
    series = [
        (key, Columns(stamp[begin:end], np.ascontiguousarray(values[:, begin:end])))
        for key, begin, end in sorted(zip(keys, edges[:-1].tolist(), edges[1:].tolist(), strict=True))
        if end > begin
    ]
    return series, refusals, repeats


def _rising(owner: NDArray[np.int64], stamp: NDArray[np.int64]) -> bool:
    """True if the rows lie by owner and time already, no time twice."""
    return bool(((owner[1:] > owner[:-1]) | ((owner[1:] == owner[:-1]) & (stamp[1:] > stamp[:-1]))).all())


def _rank(columns: Mapping[str, pa.ChunkedArray], rows: int) -> NDArray[np.int64]:
    if "series" not in columns:
        return np.zeros(rows, dtype=np.int64)
    equity = pc.fill_null(pc.equal(text_cells(columns["series"]), "EQ"), fill_value=False)
    return 1 - np.array(equity.to_numpy(), dtype=np.int64)


def _facts(
    columns: Mapping[str, pa.ChunkedArray], owned: Owners, good: NDArray[np.bool_], zone: Zone, currency: str | None
) -> list[Facts]:
    """Facts of each instrument that has a bar in the file; the last such row counts."""
    last = np.full(len(owned.names), -1, dtype=np.int64)
    if last.shape[0] == 1 and good[-1:].all() and good.size:
        last[0] = good.shape[0] - 1
    else:
        rows = np.flatnonzero(good)
        last[owned.codes[rows]] = rows
    found = []
    for code, (symbol, exchange) in enumerate(owned.names):
        row = int(last[code])
        if row < 0:
            continue
        texts = {
            name: str(columns[name][row].as_py() or "").strip() for name in ("name", "isin", "lot") if name in columns
        }
        lot = int(texts["lot"]) if texts.get("lot", "").isdigit() and int(texts["lot"]) > 0 else 1
        found.append(
            Facts(
                symbol,
                exchange,
                texts.get("name") or None,
                texts.get("isin") or None,
                0.0,
                lot,
                zone.name if zone.known else None,
                currency,
            )
        )
    return found
