"""Packed files unpacked within bounds: a small file that unpacks to gigabytes is refused before they are there."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import TYPE_CHECKING

from framework.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_BYTES = 2 << 30
"""Bytes of one file, unpacked."""
FREE_BYTES = 64 << 20
"""Bytes up to which the ratio does not count."""
MOST_TIMES = 200
"""Unpacked bytes for each packed one; prices have 3 to 20."""
CHUNK_BYTES = 1 << 20
GZIP = 16 + zlib.MAX_WBITS
ENCRYPTED = 0x1


def unpacked(content: bytes, name: str) -> tuple[bytes, str]:
    """Contents of a packed file, and its name without the ending; the same where it is not packed."""
    if name.endswith(".gz"):
        return _gunzip(content), name.removesuffix(".gz")
    if name.endswith(".zip"):
        return _unzip(content), name.removesuffix(".zip")
    return content, name


def check_sizes(content: bytes) -> None:
    """``DataError`` where the parts of an archive, by its own word, are more than prices are packed."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        _bounded(sum(entry.file_size for entry in archive.infolist()), len(content))


def _gunzip(content: bytes) -> bytes:
    parts, size, rest = [], 0, content
    while rest:
        unpacker = zlib.decompressobj(GZIP)
        while not unpacker.eof:
            part = unpacker.decompress(rest, CHUNK_BYTES)
            rest = unpacker.unconsumed_tail
            if not part and not rest:
                raise EOFError("the file ends in the middle; it was cut off")
            size += len(part)
            _bounded(size, len(content))
            parts.append(part)
        rest = unpacker.unused_data.lstrip(b"\0")
    return b"".join(parts)


def _unzip(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        if len(entries) != 1:
            raise ValueError(f"the archive holds {len(entries)} files; one is understood")
        (entry,) = entries
        if entry.flag_bits & ENCRYPTED:
            raise ValueError("the archive is encrypted; unpack it with its password first")
        _bounded(entry.file_size, len(content))
        with archive.open(entry) as file:
            return _all_of(file.read, len(content))


def _all_of(read: Callable[[int], bytes], packed: int) -> bytes:
    """Everything that there is: the archive's own word for its size proves nothing."""
    parts, size = [], 0
    while part := read(CHUNK_BYTES):
        size += len(part)
        _bounded(size, packed)
        parts.append(part)
    return b"".join(parts)


def _bounded(size: int, packed: int) -> None:
    if size > MOST_BYTES:
        raise DataError(f"it unpacks to more than {MOST_BYTES >> 30} GiB; split it")
    if size > max(FREE_BYTES, MOST_TIMES * packed):
        raise DataError(
            f"{packed:,} bytes unpack to more than {size >> 20:,} MiB, over {MOST_TIMES} times as many; no prices are "
            "packed so well. Unpack it yourself if it is meant"
        )
