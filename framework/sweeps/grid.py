"""Parameter sets: the grid of all values with all others, or so many of it at random."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from itertools import product
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from framework.errors import ConfigError
from framework.types.explain import unknown_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from framework.strategy import Strategy

MOST_SETS = 5_000_000
"""Beyond this many a grid is a mistake; a random sample of it is not."""
TRIES = 100
"""Draws per wanted set before a random sample is called hopeless."""


class ParameterSet(NamedTuple):
    """One strategy to try, and where it stands in the grid."""

    strategy: Strategy
    position: tuple[int, ...]
    """Index of its value on each axis."""
    key: str
    """Every parameter as JSON: the same set has the same text."""

    @classmethod
    def of(cls, strategy: Strategy, position: tuple[int, ...]) -> ParameterSet:
        """The set with its key."""
        return cls(strategy, position, json.dumps(strategy.model_dump(mode="json"), sort_keys=True, default=str))


@dataclass(frozen=True, slots=True)
class Sets:
    """What is to be tried, and how many were left out."""

    axes: dict[str, list[Any]]
    sets: list[ParameterSet]
    excluded: int
    """Refused by the constraint, or by the strategy itself because two values do not go together."""


def parameter_sets(
    strategy: type[Strategy],
    grid: Mapping[str, Any],
    *,
    constraint: Callable[[Mapping[str, Any]], bool] | None = None,
    samples: int | None = None,
    seed: int = 0,
) -> Sets:
    """All sets of a grid, or ``samples`` different ones of it at random; ``ConfigError`` says what is wrong with it."""
    axes = _axes(strategy, grid)
    total = math.prod(len(values) for values in axes.values())
    if samples is None and total > MOST_SETS:
        msg = f"the grid has {total:,} parameter sets, more than {MOST_SETS:,}; take coarser steps, or a random sample"
        raise ConfigError(msg)
    if samples is not None and not samples > 0:
        msg = f"a random sweep of {samples} sets tries nothing; ask for 1 or more"
        raise ConfigError(msg)
    found: list[ParameterSet] = []
    excluded = 0
    why = "the constraint leaves none of them"
    for position in _positions([len(values) for values in axes.values()], samples, seed):
        values = {name: axis[at] for (name, axis), at in zip(axes.items(), position, strict=True)}
        if constraint is not None and not constraint(values):
            excluded += 1
            continue
        try:
            found.append(ParameterSet.of(strategy(**values), position))
        except ConfigError as error:
            cause = error.__context__
            if not isinstance(cause, ValidationError) or any(mistake["loc"] for mistake in cause.errors()):
                raise  # a value out of bounds, not two that do not go together
            excluded += 1
            why = str(error)
        if samples is not None and len(found) == samples:
            break
    if not found:
        msg = f"the grid has {total:,} parameter sets and none can be tried: {why}"
        raise ConfigError(msg)
    return Sets(axes, found, excluded)


def _axes(strategy: type[Strategy], grid: Mapping[str, Any]) -> dict[str, list[Any]]:
    if not grid:
        msg = "a sweep needs at least one parameter with its values, such as period=5:50:5"
        raise ConfigError(msg)
    axes: dict[str, list[Any]] = {}
    for name, given in grid.items():
        if name not in strategy.model_fields:
            raise ConfigError(unknown_name(f"{strategy.__name__} has no parameter", name, strategy.model_fields))
        single = isinstance(given, str) or not hasattr(given, "__iter__")
        values = [value.item() if hasattr(value, "item") else value for value in ([given] if single else given)]
        axes[name] = list(dict.fromkeys(values))
        if not values:
            msg = f"{name} has no values; give at least one"
            raise ConfigError(msg)
    return axes


def _positions(lengths: list[int], samples: int | None, seed: int) -> Iterator[tuple[int, ...]]:
    """Every position of the grid in order, or different ones at random until nobody asks any more."""
    if samples is None:
        yield from product(*map(range, lengths))
        return
    random = Random(seed)  # noqa: S311 - a sample, not a secret
    total = math.prod(lengths)
    if total <= samples * TRIES:
        numbers: Iterable[int] = random.sample(range(total), total)
    else:
        drawn = dict.fromkeys(random.randrange(total) for _ in range(samples * TRIES))
        numbers = iter(drawn)
    for number in numbers:
        position, rest = [], number
        for length in reversed(lengths):
            rest, at = divmod(rest, length)
            position.append(at)
        yield tuple(reversed(position))
