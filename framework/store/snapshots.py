"""Speed only: snapshots, the checked bars of one series by columns, in a file that is mapped instead of read.

They lie in ``<database>.snapshots/`` and may be removed at any time. A file is taken only if it carries the revision
that the database has now (``revisions``), the same time zone, the right size and the right checksum.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import re
import secrets
import struct
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakSet

import numpy as np

from framework.types import Bars
from framework.types.columns import ARRAYS

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from numpy.typing import NDArray

    from framework.types import Instrument
    from framework.types.intake.records import SeriesKey

FORMAT = 0x2_54_55_4C_59_41  # TULYA, version 2: no bars overlap; another number in the other byte order
HEADER = struct.Struct("=QQ16sQ64s")
HEADER_BYTES = 4_096
WORD = 8
DTYPES = {name: np.int64 if name in {"time", "session", "close_time"} else np.float64 for name in ARRAYS}
SMALL_BYTES = 1 << 20
MAPS = 256
"""A mapped file keeps a file handle; beyond so many, and below so many bytes, files are read into memory."""
ABANDONED_S = 3_600

_open_maps: WeakSet[mmap.mmap] = WeakSet()


class Header(NamedTuple):
    """The beginning of a snapshot."""

    format: int
    rows: int
    revision: bytes
    checksum: int
    zone: bytes
    """IANA name, padded with NUL: the sessions were cut in it."""


def path_of(folder: Path, key: SeriesKey) -> Path:
    """Path of a series' snapshot; the symbol in it is only there for people to read."""
    digest = hashlib.sha256("\0".join(key).encode()).hexdigest()[:16]
    return folder / f"{re.sub(r'[^A-Za-z0-9]+', '-', key.symbol)[:40]}-{key.timeframe}-{digest}.bars"


def load(path: Path, revision: bytes, instrument: Instrument, timeframe: str) -> Bars | None:
    """The bars of a snapshot, or None where there is none of this revision, zone, size and checksum."""
    try:
        with path.open("rb") as file:
            raw = file.read(HEADER.size)
            if len(raw) < HEADER.size:
                return None
            header = Header(*HEADER.unpack(raw))
            size = HEADER_BYTES + header.rows * WORD * len(ARRAYS)
            wanted = (FORMAT, revision, _zone(instrument), os.fstat(file.fileno()).st_size)
            if wanted != (header.format, header.revision, header.zone, size) or not header.rows:
                return None
            words = _words(file, size).reshape(len(ARRAYS), header.rows)
    except (OSError, ValueError):
        return None
    if _checksum(words) != header.checksum:
        return None
    arrays: dict[str, NDArray[Any]] = {
        name: column.view(DTYPES[name]) for name, column in zip(ARRAYS, words, strict=True)
    }
    return Bars(instrument=instrument, timeframe=timeframe, actions=(), notes=(), **arrays)


def keep(path: Path, revision: bytes, bars: Bars) -> None:
    """Write a snapshot under another name and put it in place at once; where it cannot be written, nothing happens."""
    columns = [np.ascontiguousarray(getattr(bars, name), dtype=DTYPES[name]).view(np.uint64) for name in ARRAYS]
    header = Header(FORMAT, len(bars), revision, _checksum(columns), _zone(bars.instrument))
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        path.parent.mkdir(exist_ok=True)
        for name in os.listdir(path.parent):  # noqa: PTH208 - a Path of each of 500 series costs more than its load
            if name.endswith(".tmp") and (path.parent / name).stat().st_mtime < time.time() - ABANDONED_S:
                (path.parent / name).unlink()  # of a process that was killed
        with unfinished.open("wb") as file:
            file.write(HEADER.pack(*header).ljust(HEADER_BYTES, b"\0"))
            for column in columns:
                file.write(column.data)
        unfinished.replace(path)
    except OSError:
        with suppress(OSError):
            unfinished.unlink()


def cut(bars: Bars, first_ns: int, last_ns: int) -> Bars:
    """The bars from first to last, both included, UTC nanoseconds, as views."""
    begin, end = int(np.searchsorted(bars.time, first_ns, "left")), int(np.searchsorted(bars.time, last_ns, "right"))
    if (begin, end) == (0, len(bars)):
        return bars
    return replace(bars, **{name: getattr(bars, name)[begin:end] for name in ARRAYS})


def _words(file: BinaryIO, size: int) -> NDArray[np.uint64]:
    """All that follows the header, read-only."""
    if size < SMALL_BYTES or len(_open_maps) >= MAPS:
        file.seek(HEADER_BYTES)
        return np.frombuffer(file.read(), dtype=np.uint64)
    mapped = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ)
    _open_maps.add(mapped)
    return np.frombuffer(mapped, dtype=np.uint64, offset=HEADER_BYTES)


def _checksum(columns: Any) -> int:
    """A sum over all words that tells columns apart: it finds a torn or damaged file at the speed of memory."""
    total = 0
    for weight, column in enumerate(columns, start=1):
        total += weight * int(column.sum(dtype=np.uint64))
    return total % (1 << 64)


def _zone(instrument: Instrument) -> bytes:
    return instrument.timezone.encode()[:64].ljust(64, b"\0")
