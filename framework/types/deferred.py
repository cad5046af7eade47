"""Speed only: deferred values, made at first access; records of a million-bar run cost nothing until they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, overload

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")


class Deferred(Sequence[T]):
    """Read-only sequence whose items are made from an array's rows, all at once, at first access; equals that tuple.

    ``rows`` is the underlying array, not shared: read single columns without building objects.
    """

    def __init__(self, rows: NDArray[np.void], make: Callable[[NDArray[np.void]], tuple[T, ...]]) -> None:
        self.rows = rows
        self._make = make
        self._items: tuple[T, ...] | None = None

    def _made(self) -> tuple[T, ...]:
        if self._items is None:
            self._items = self._make(self.rows)
        return self._items

    def __len__(self) -> int:
        return int(self.rows.shape[0])

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[T, ...]: ...
    def __getitem__(self, index: int | slice) -> T | tuple[T, ...]:
        return self._made()[index]

    def __iter__(self) -> Iterator[T]:
        return iter(self._made())

    def __eq__(self, other: object) -> bool:
        return self._made() == tuple(other) if isinstance(other, (tuple, Deferred)) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._made())

    def __repr__(self) -> str:
        return repr(self._made())

    def __reduce__(self) -> tuple[Any, ...]:
        return tuple, (self._made(),)


class DeferredFacts(Mapping[str, str]):
    """A read-only dict of texts that is made at the first look."""

    def __init__(self, make: Callable[[], dict[str, str]]) -> None:
        self._make = make
        self._facts: dict[str, str] | None = None

    def _made(self) -> dict[str, str]:
        if self._facts is None:
            self._facts = self._make()
        return self._facts

    def __getitem__(self, name: str) -> str:
        return self._made()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made())

    def __len__(self) -> int:
        return len(self._made())

    def __repr__(self) -> str:
        return repr(self._made())

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (self._made(),)
