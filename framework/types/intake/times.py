"""Cells to times. Every format is one regular expression; day and month are never guessed."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from framework.errors import DataError
from framework.types.intake.cells import plain_cells
from framework.types.intake.words import COMMAND_LINE, OptionWords
from framework.types.localtime import DAY, to_local

CLOCK = r"(?:[T ]+(?P<H>\d{1,2}):(?P<M>\d{2})(?::(?P<S>\d{2})(?:[.,]\d+)?)?)?"
OFFSET = r"\s*(?P<z>Z|UTC|[+-]\d{2}:?\d{2})?"
ISO = rf"^(?P<y>\d{{4}})[-/.](?P<m>\d{{1,2}})[-/.](?P<d>\d{{1,2}}){CLOCK}{OFFSET}$"
COMPACT = rf"^(?P<y>\d{{4}})(?P<m>\d{{2}})(?P<d>\d{{2}}){CLOCK}{OFFSET}$"
NAMED = rf"^(?P<d>\d{{1,2}})[-/. ]?(?P<b>[A-Za-z]{{3,9}})[-/., ]*(?P<y>\d{{4}}|\d{{2}}){CLOCK}{OFFSET}$"
NAMED_US = rf"^(?P<b>[A-Za-z]{{3,9}})[-/. ]+(?P<d>\d{{1,2}}),?[-/. ]+(?P<y>\d{{4}}){CLOCK}{OFFSET}$"
ORDERED = rf"^(?P<p>\d{{1,2}})[-/.](?P<q>\d{{1,2}})[-/.](?P<y>\d{{4}}){CLOCK}{OFFSET}$"
COMPACT_CLOCK = r"^(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?P<H>\d{2})(?P<M>\d{2})(?P<S>\d{2})(?P<z>)$"
EPOCH = r"^\d{9,10}(\.\d+)?$|^\d{12,13}$|^\d{15,16}$|^\d{18,19}$"
PATTERNS = (ISO, COMPACT, COMPACT_CLOCK, NAMED, NAMED_US, ORDERED)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
FIRST_YEAR, LAST_YEAR = 1800, 2200
MONTHS_IN_YEAR = 12
FIRST_SECOND, LAST_SECOND = -5_364_662_400, 7_289_654_400
"""1800-01-01 and 2201-01-01, 00:00 UTC: what lies outside is no time of a bar, and no int64 of nanoseconds either."""
DIGITS = 10 ** np.arange(19)

Order = Literal["dayfirst", "monthfirst"] | None
Ints = NDArray[np.int64]


class Times(NamedTuple):
    """A column as times."""

    local: Ints
    """Seconds since 1970 on the wall clock as written, int64[n]; 0 where unreadable."""
    offset: NDArray[np.float64]
    """Seconds east of UTC that the cell or the column's type states, float64[n]; NaN where none is."""
    valid: NDArray[np.bool_]
    zone: str = ""
    """IANA zone of a typed column (Parquet); '' where there is none."""


def times(column: pa.ChunkedArray, order: Order = None, words: OptionWords = COMMAND_LINE) -> Times:
    """Times of a column; ``DataError`` where day and month could be either way round."""
    column = plain_cells(column)
    kind = column.type
    if pa.types.is_timestamp(kind):
        return _typed(column)
    if pa.types.is_date(kind):
        seconds = _ints(pc.cast(pc.cast(column, pa.date32()), pa.int32())) * DAY
        return _plain(seconds, _valid(column))
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _numbers(column)
    if not pa.types.is_string(kind):
        return _plain(np.zeros(len(column), dtype=np.int64), np.zeros(len(column), dtype=bool))
    return _texts(column, order, words)


def _typed(column: pa.ChunkedArray) -> Times:
    zone, valid = column.type.tz or "", _valid(column)
    per_second = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}[column.type.unit]
    seconds = _ints(pc.cast(column, pa.int64()))
    if per_second > 1:
        seconds = np.floor_divide(seconds, per_second)
    if not zone:
        return _plain(seconds, valid)
    sound = valid & _within(seconds)
    seconds = _where_sound(seconds, sound)
    if zone.startswith(("+", "-")):
        offset = np.full(seconds.shape, offset_of(zone))
        return Times(seconds + np.int64(offset_of(zone)), offset, sound, zone)
    wall = to_local(seconds, zone)
    return Times(wall, (wall - seconds).astype(np.float64), sound, zone)


def _numbers(column: pa.ChunkedArray) -> Times:
    """Seconds to nanoseconds since 1970, UTC, or dates such as 20240102, by the number of digits."""
    if not pa.types.is_integer(column.type):
        floats = np.asarray(pc.cast(column, pa.float64(), safe=False).to_numpy(), dtype=np.float64)
        whole = np.isfinite(floats) & (np.abs(floats) < 2.0**63)
        values, valid = np.where(whole, np.round(floats), 0.0).astype(np.int64), whole
    else:
        values, valid = _ints(pc.cast(column, pa.int64(), safe=False)), _valid(column)
    digits = np.searchsorted(DIGITS, values, side="right")
    unit = np.select([digits <= 10, digits <= 13, digits <= 16], [1, 1_000, 1_000_000], 1_000_000_000)  # noqa: PLR2004
    epoch = valid & np.isin(digits, (9, 10, 12, 13, 15, 16, 18, 19))
    seconds = np.floor_divide(values, unit)
    epoch &= _within(seconds)
    found = Times(np.where(epoch, seconds, 0), np.where(epoch, 0.0, np.nan), epoch)
    rest = valid & np.isin(digits, (8, 14))
    if rest.any():  # a date in digits
        texts = _texts(pa.chunked_array([pa.array(values[rest]).cast(pa.string())]), None, COMMAND_LINE)
        for ours, theirs in zip((found.local, found.offset, found.valid), texts[:3], strict=True):
            ours[rest] = theirs
    return found


def _texts(column: pa.ChunkedArray, order: Order, options: OptionWords) -> Times:
    """Distinct texts are read once each; a column that mixes formats is no obstacle."""
    coded = pc.dictionary_encode(pc.utf8_trim_whitespace(column)).combine_chunks()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.chunk(0) if coded.num_chunks else pa.array([], pa.string()).dictionary_encode()
    words = coded.dictionary
    local, offset = np.zeros(len(words), dtype=np.int64), np.full(len(words), np.nan)
    valid = np.zeros(len(words), dtype=bool)
    epoch = _flags(pc.match_substring_regex(words, EPOCH))
    if epoch.any():
        seconds = _epoch(words.filter(pa.array(epoch)))
        valid[epoch] = sound = _within(seconds)
        local[epoch], offset[epoch] = np.where(sound, seconds, 0), 0.0
    for pattern in PATTERNS:
        left = ~valid
        matched = left & _flags(pc.match_substring_regex(words, pattern)) if left.any() else left
        if matched.any():
            some = words.filter(pa.array(matched))
            local[matched], offset[matched], valid[matched] = _calendar(some, pattern, (order, options))
    index = coded.indices
    present = _valid(index)
    codes = np.array(pc.fill_null(index, 0).to_numpy(zero_copy_only=False), dtype=np.int64)
    if not len(words):
        return _plain(np.zeros(len(coded), dtype=np.int64), np.zeros(len(coded), dtype=bool))
    return Times(local[codes], offset[codes], valid[codes] & present)


def _epoch(words: pa.Array) -> Ints:
    """Seconds, milliseconds, micro- or nanoseconds by the number of digits."""
    whole = pc.replace_substring_regex(words, r"\..*$", "")
    digits = np.array(pc.utf8_length(whole).to_numpy(zero_copy_only=False), dtype=np.int64)
    unit = 10 ** (3 * ((digits - 9) // 3))
    values = np.array(pc.cast(whole, pa.uint64()).to_numpy(zero_copy_only=False))  # 19 digits may be beyond an int64
    seconds: Ints = np.floor_divide(values, unit.astype(np.uint64)).astype(np.int64)
    return seconds


def _calendar(
    words: pa.Array, pattern: str, how: tuple[Order, OptionWords]
) -> tuple[Ints, NDArray[np.float64], NDArray[np.bool_]]:
    """(local seconds, offset, valid) of texts that match one pattern."""
    parts = pc.extract_regex(words, pattern)
    names = [parts.type.field(index).name for index in range(parts.type.num_fields)]
    cells = {name: parts.field(index) for index, name in enumerate(names)}
    year = _number(cells["y"])
    if "p" in cells:
        day, month = _day_and_month(words, _number(cells["p"]), _number(cells["q"]), how)
    else:
        day = _number(cells["d"])
        month = _number(cells["m"]) if "m" in cells else _month(cells["b"])
    short = np.array(pc.utf8_length(cells["y"]).to_numpy(zero_copy_only=False)) == 2  # noqa: PLR2004 - two digits
    year = np.where(short, np.where(year < 70, year + 2000, year + 1900), year)  # noqa: PLR2004 - 1970 … 2069
    hour, minute, second = (_number(cells[name]) for name in "HMS")
    sound = (year >= FIRST_YEAR) & (year <= LAST_YEAR) & (month >= 1) & (month <= MONTHS_IN_YEAR) & (day >= 1)
    months = np.where(sound, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    first = months.astype("datetime64[D]")
    length = ((months + 1).astype("datetime64[D]") - first).astype(np.int64)
    sound &= (day <= length) & (hour < 24) & (minute < 60) & (second < 60)  # noqa: PLR2004 - a clock's face
    local = (first.astype(np.int64) + day - 1) * DAY + hour * 3_600 + minute * 60 + second
    return np.where(sound, local, 0), _offsets(cells["z"]), sound


def _day_and_month(words: pa.Array, left: Ints, right: Ints, how: tuple[Order, OptionWords]) -> tuple[Ints, Ints]:
    """Order of day and month: as given, or as the column proves; else ``DataError`` with two examples."""
    order, options = how
    if order is None and (left != right).any():
        day_left, day_right = (left > MONTHS_IN_YEAR).any(), (right > MONTHS_IN_YEAR).any()
        if day_left == day_right:
            rows = [int(np.argmax(left > MONTHS_IN_YEAR)), int(np.argmax(right > MONTHS_IN_YEAR))]
            if not day_left:
                rows = np.flatnonzero(left != right)[[0, -1]].tolist()
            examples = " and ".join(repr(words[row].as_py()) for row in dict.fromkeys(rows))
            why = "use both orders of day and month" if day_left else "could have the day or the month first"
            raise DataError(f"the dates {examples} {why}; say which with {options.dayfirst} or {options.monthfirst}")
        order = "dayfirst" if day_left else "monthfirst"
    return (right, left) if order == "monthfirst" else (left, right)


def _month(cells: pa.Array) -> Ints:
    short = pc.utf8_slice_codeunits(pc.utf8_lower(cells), 0, 3)
    return np.array(pc.fill_null(pc.index_in(short, pa.array(MONTHS)), -1).to_numpy(zero_copy_only=False), np.int64) + 1


def _offsets(cells: pa.Array) -> NDArray[np.float64]:
    """Seconds east of UTC of ``Z`` or ``+05:30``; NaN where there is no such text."""
    kinds = pc.dictionary_encode(cells)
    table = [offset_of(word) for word in kinds.dictionary.to_pylist()] or [np.nan]
    return np.array(table)[np.array(pc.fill_null(kinds.indices, 0).to_numpy(zero_copy_only=False), dtype=np.int64)]


def offset_of(word: str | None) -> float:
    """Seconds east of UTC of ``Z`` or ``+05:30``; NaN of nothing."""
    if not word:
        return np.nan
    if word in {"Z", "UTC"}:
        return 0.0
    digits = word[1:].replace(":", "")
    size = int(digits[:2]) * 3_600 + int(digits[2:]) * 60
    return float(-size if word[0] == "-" else size)


def _number(cells: pa.Array) -> Ints:
    whole = pc.if_else(pc.equal(cells, ""), "0", cells)
    return _ints(pc.cast(whole, pa.int64()))


def _ints(column: pa.Array | pa.ChunkedArray) -> Ints:
    filled = pc.fill_null(column, 0) if column.null_count else column
    if isinstance(filled, pa.ChunkedArray):
        filled = filled.chunk(0) if filled.num_chunks == 1 else filled.combine_chunks()
    return np.asarray(filled.to_numpy(zero_copy_only=False), dtype=np.int64)


def _valid(column: pa.Array | pa.ChunkedArray) -> NDArray[np.bool_]:
    if not column.null_count:
        return np.ones(len(column), dtype=bool)
    return _flags(pc.is_valid(column))


def _flags(column: pa.Array | pa.ChunkedArray) -> NDArray[np.bool_]:
    filled = pc.fill_null(column, fill_value=False)
    filled = filled.combine_chunks() if isinstance(filled, pa.ChunkedArray) else filled
    return np.array(filled.to_numpy(zero_copy_only=False), dtype=bool)


def _plain(seconds: Ints, valid: NDArray[np.bool_]) -> Times:
    sound = valid & _within(seconds)
    return Times(_where_sound(seconds, sound), np.broadcast_to(np.nan, seconds.shape), sound)


def _where_sound(seconds: Ints, sound: NDArray[np.bool_]) -> Ints:
    return seconds if sound.all() else np.where(sound, seconds, 0)


def _within(seconds: Ints) -> NDArray[np.bool_]:
    within: NDArray[np.bool_] = (seconds >= FIRST_SECOND) & (seconds < LAST_SECOND)
    return within
