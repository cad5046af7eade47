"""Vocabulary of journals and checkpoints: the classes that are written, and a number that changes with any of them."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from framework.types import actions, breaker, deadlines, events, orders, portfolio, record

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES: dict[str, Any] = {
    name: value
    for module in (actions, breaker, deadlines, orders, events, portfolio, record)
    for name, value in vars(module).items()
    if isinstance(value, type)
} | {"Mapping": Mapping, "Sequence": Sequence}
"""Name → what it means in an annotation; several modules import these names for the type checker alone."""


def is_named_tuple(annotation: Any) -> bool:
    """True for a class of named tuples."""
    return isinstance(annotation, type) and issubclass(annotation, tuple) and hasattr(annotation, "_fields")


def hints_of(kind: Any) -> dict[str, Any]:
    """Field → annotation of a named tuple, whichever of its names its module imports for the type checker only."""
    hints = get_type_hints(kind, localns=NAMES | vars(sys.modules[kind.__module__]))
    return {name: hints[name] for name in kind._fields}


@cache
def fingerprint(*annotations: Any) -> str:
    """sha256 over every class that these annotations lead to, with its fields; 16 hexadecimal digits.

    Two programs with the same number read what the other wrote without a doubt; with different numbers they may.
    """
    told = sorted({f"{kind.__name__}({fields})" for kind, fields in _classes(annotations, set())})
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]


def _classes(annotations: tuple[Any, ...], seen: set[Any]) -> Iterator[tuple[type[Any], str]]:
    for annotation in annotations:
        if is_named_tuple(annotation) and annotation not in seen:
            seen.add(annotation)
            hints = hints_of(annotation)
            yield annotation, ", ".join(f"{name}: {hint!r}" for name, hint in hints.items())
            yield from _classes(tuple(hints.values()), seen)
        else:
            yield from _classes(get_args(annotation), seen)
