"""Scratch files: what a run's arrays take beyond a bound of memory lies on disk, mapped, and is paged in and out.

The files have no name from the moment they are made, so that they are gone with the process, however it ends.
"""

from __future__ import annotations

import errno
import math
import mmap
import os
import re
import shutil
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from framework.errors import ConfigError
from framework.types.array_store import ArrayStore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

USUAL, MOST = "50%", "90%"
UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*(%|[KMGT]B)", re.IGNORECASE)
LEAST_FILE = 8 << 20
"""Small arrays share files, each an eighth as large as those before it together: a mapped file keeps a handle."""
ALIGNED = 64
GROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
"""Files in which Linux keeps a container's memory limit."""


class BoundedSpace(ArrayStore):
    """Memory up to a bound, then scratch files. The bound is of these arrays; the program itself takes more."""

    def __init__(
        self, memory: str = USUAL, folder: Path | None = None, notify: Callable[[str], None] | None = None
    ) -> None:
        """``memory``: 2GB, 500MB or 50% (of the machine's); ``notify`` is called once, when the disk is used."""
        self.memory, self.bound = memory, bytes_of(memory)
        self.in_memory = self.on_disk = 0
        self._folder, self._notify = folder, notify
        self._file: NDArray[np.uint8] = np.empty(0, np.uint8)
        self._used = 0

    def prefer_disk_of(self, path: Path) -> None:
        """See ``ArrayStore``."""
        self._folder = self._folder or path.absolute().parent

    @property
    def folder(self) -> Path:
        """Folder of the files."""
        if self._folder is not None and os.access(self._folder, os.W_OK):
            return self._folder
        return Path(tempfile.gettempdir())

    def empty(self, shape: tuple[int, ...], dtype: type[Any] | np.dtype[Any] = np.float64) -> NDArray[Any]:
        """See ``ArrayStore``."""
        size = math.prod(shape) * np.dtype(dtype).itemsize
        if self.takes(size):
            return np.empty(shape, dtype)
        there: NDArray[Any] = self._mapped(size).view(dtype).reshape(shape)
        return there

    def keep(self, array: NDArray[Any]) -> NDArray[Any]:
        """See ``ArrayStore``."""
        return array if is_mapped(array) or self.takes(array.nbytes) else self.put(array)

    def keep_all(self, arrays: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
        """See ``ArrayStore``."""
        if self.takes(sum(array.nbytes for array in arrays.values() if not is_mapped(array))):
            return arrays
        return {name: self.put(array) for name, array in arrays.items()}

    def takes(self, size: int) -> bool:
        """See ``ArrayStore``."""
        if self.in_memory + size > self.bound:
            return False
        self.in_memory += size
        return True

    def put(self, array: NDArray[Any]) -> NDArray[Any]:
        """See ``ArrayStore``."""
        if is_mapped(array):
            return array
        there = self._mapped(array.nbytes).view(array.dtype).reshape(array.shape)
        there[...] = array
        there.setflags(write=False)
        return there

    def reserve(self, size: int) -> None:
        """See ``ArrayStore``."""
        spilled = min(size, self.in_memory + size - self.bound)
        if spilled <= 0:
            return
        self._refuse(spilled)
        if self._notify is not None:
            self._notify(
                f"Prices and decisions take {size_text(self.in_memory + self.on_disk + size)}, more than the memory of "
                f"{self.memory} for them: about {size_text(self.on_disk + spilled)} go to the disk of {self.folder} "
                "until the run ends"
            )
            self._notify = None

    def _mapped(self, size: int) -> NDArray[np.uint8]:
        """So many bytes of a scratch file."""
        begin = -(-self._used // ALIGNED) * ALIGNED
        if begin + size > self._file.shape[0]:
            self._file, begin = self._new_file(max(size, LEAST_FILE, self.on_disk // 8)), 0
        self._used = begin + size
        return self._file[begin : self._used]

    def _new_file(self, size: int) -> NDArray[np.uint8]:
        self._refuse(size)
        try:
            with tempfile.TemporaryFile(dir=self.folder) as file:
                file.truncate(size)
                _reserve(file.fileno(), size)
                mapped = mmap.mmap(file.fileno(), size)
        except OSError as error:
            msg = (
                f"{self.folder} has no room for {size_text(size)} of scratch files ({error.strerror}); {self._way_out}"
            )
            raise ConfigError(msg) from None
        self.on_disk += size
        return np.frombuffer(mapped, dtype=np.uint8)

    def _refuse(self, size: int) -> None:
        free = shutil.disk_usage(self.folder).free
        if size > free:
            msg = (
                f"this run needs {size_text(size)} of disk beyond the memory of {self.memory}, and {self.folder} has "
                f"{size_text(free)} free; {self._way_out}"
            )
            raise ConfigError(msg)

    @property
    def _way_out(self) -> str:
        return (
            "free some, set scratch in the configuration to a folder elsewhere, allow more --memory, or fewer symbols"
        )


class MemoryOnly(BoundedSpace):
    """Memory up to a bound, then a refusal: for what goes through its arrays too often to have them on disk."""

    def __init__(self, what: str, memory: str = MOST) -> None:
        super().__init__(memory)
        self._what = what

    def reserve(self, size: int) -> None:
        """See ``ArrayStore``."""
        if self.in_memory + size > self.bound:
            self._refuse(self.in_memory + size)

    def _new_file(self, size: int) -> NDArray[np.uint8]:
        self._refuse(self.in_memory + size)
        return np.empty(size, np.uint8)

    def _refuse(self, size: int) -> None:
        msg = (
            f"{self._what} keeps its prices in memory: they would take {size_text(size)} and more, and "
            f"{size_text(self.bound)} ({self.memory} of this machine's) are the most; take fewer symbols or years, or "
            "a backtest, which goes on on disk"
        )
        raise ConfigError(msg)


def bytes_of(memory: str) -> int:
    """``2GB``, ``500MB`` or ``50%`` (of the machine's memory) in bytes."""
    found = AMOUNT.fullmatch(str(memory).strip())
    if found is None or not float(found[1]) > 0:
        msg = f"memory {memory!r} is not understood; write an amount such as 2GB or 500MB, or a share such as 50%"
        raise ConfigError(msg)
    amount, unit = float(found[1]), found[2].upper()
    return int(amount / 100 * machine_bytes()) if unit == "%" else int(amount * UNITS[unit])


@cache
def machine_bytes() -> int:
    """Memory in bytes of this machine, or of the container of this process; endless where it is unknown."""
    limits = [1 << 62]
    with suppress(AttributeError, ValueError, OSError):  # not on Windows
        limits.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    for path in GROUP_LIMITS:
        with suppress(OSError, ValueError):  # no such group, or "max"
            limits.append(int(Path(path).read_text("ascii")))
    return min(limits)


def _reserve(file: int, size: int) -> None:
    """Take the room on the disk now: a disk that fills up later would end the process, not raise."""
    if not hasattr(os, "posix_fallocate"):  # macOS, Windows
        return
    try:
        os.posix_fallocate(file, 0, size)
    except OSError as error:
        if error.errno not in {errno.EOPNOTSUPP, errno.EINVAL}:  # a file system that cannot say
            raise


def is_mapped(array: NDArray[Any]) -> bool:
    """True when the array lies in a file that is mapped into memory."""
    holder: Any = array
    while isinstance(holder, np.ndarray):
        holder = holder.base
    return isinstance(holder.obj if isinstance(holder, memoryview) else holder, mmap.mmap)


def size_text(size: int) -> str:
    """Bytes for people: ``1.4 GB``, ``320 MB``."""
    return f"{size / 1e9:.1f} GB" if size >= UNITS["GB"] else f"{size / 1e6:,.0f} MB"
