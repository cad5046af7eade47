"""Array store: the place of a run's large arrays. This one is memory; ``framework.scratch`` has one with files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray


class ArrayStore:
    """Memory, as much as there is."""

    def empty(self, shape: tuple[int, ...], dtype: type[Any] | np.dtype[Any] = np.float64) -> NDArray[Any]:
        """A new array to write into, C-contiguous; its values are undefined."""
        return np.empty(shape, dtype)

    def keep(self, array: NDArray[Any]) -> NDArray[Any]:
        """The array, or a read-only copy of it where it may stay for as long as the run lasts."""
        return array

    def keep_all(self, arrays: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
        """The same of arrays that belong together: these very arrays where memory has room for all of them."""
        return arrays

    def takes(self, size: int) -> bool:
        """True when memory has room for ``size`` bytes of arrays, which is then theirs; else ``put`` them."""
        del size
        return True

    def put(self, array: NDArray[Any]) -> NDArray[Any]:
        """A read-only copy where it may stay for as long as the run lasts, outside memory if there is such a place."""
        return array

    def prefer_disk_of(self, path: Path) -> None:
        """Put arrays that do not fit on the disk of this path, unless another folder was named."""

    def reserve(self, size: int) -> None:
        """Reserve ``size`` bytes for arrays to come: ``ConfigError`` if neither memory nor disk has room for them."""


MEMORY = ArrayStore()
