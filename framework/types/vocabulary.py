"""Vocabulary of journals: the classes that are written, and one number that changes when a class changes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, get_args

from framework.types import (
    actions,
    breaker,
    codec,
    deadlines,
    events,
    orders,
    portfolio,
    record,
    setting_values,
    tariff,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES: dict[str, Any] = {
    name: value
    for module in (actions, breaker, deadlines, orders, events, portfolio, record, setting_values, tariff)
    for name, value in vars(module).items()
    if isinstance(value, type)
} | {"Mapping": Mapping, "Sequence": Sequence}
"""Name → what it means in an annotation; several modules import these names for the type checker alone."""


@cache
def fingerprint(*annotations: Any) -> str:
    """sha256 over every class that these annotations lead to, with its fields; 16 hexadecimal digits.

    Two programs with the same number read what the other wrote without a doubt; with different numbers they may.
    """
    told = sorted({f"{kind.__name__}({fields})" for kind, fields in _classes(annotations, set())})
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]


def _classes(annotations: tuple[Any, ...], seen: set[Any]) -> Iterator[tuple[type[Any], str]]:
    for annotation in annotations:
        if codec.is_named_tuple(annotation) and annotation not in seen:
            seen.add(annotation)
            hints = codec.hints_of(annotation)
            yield annotation, ", ".join(f"{name}: {hint!r}" for name, hint in hints.items())
            yield from _classes(tuple(hints.values()), seen)
        else:
            yield from _classes(get_args(annotation), seen)
