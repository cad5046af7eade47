"""Maker of a named tuple from a plain one. Speed only: the constructor of a named tuple is Python and twice as slow.

It asks nothing, so it belongs where a run makes one at every bar, order or fill, with every field written out in order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Made = TypeVar("Made", bound=tuple[Any, ...])

made: Callable[[type[Made], tuple[Any, ...]], Made] = tuple.__new__
"""Called with the class and its fields."""
