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
    from collections.abc import Callable, Iterator, Mapping

    from framework.strategy import Strategy

MOST_SETS = 5_000_000
"""Beyond this many a grid is a mistake; a random sample of it is not."""
_ENCODER = json.JSONEncoder(sort_keys=True, default=str)
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
        return cls(strategy, position, _ENCODER.encode(strategy.model_dump(mode="json")))


@dataclass(frozen=True, slots=True)
class Sets:
    """Sets to try, and the number left out."""

    sets: list[ParameterSet]
    excluded: int
    """Refused by the constraint, or by the strategy itself because two values do not go together."""


@dataclass(frozen=True, slots=True)
class ParameterSpace:
    """The values of every parameter, and which of their combinations can be tried."""

    strategy: type[Strategy]
    axes: dict[str, list[Any]]
    constraint: Callable[[Mapping[str, Any]], bool] | None = None

    @property
    def total(self) -> int:
        """Number of combinations, those left out included."""
        return math.prod(len(values) for values in self.axes.values())

    def at(self, position: tuple[int, ...]) -> ParameterSet | str:
        """The set at a position, or the reason why it is left out. ``ConfigError`` for a value out of bounds."""
        values = {name: axis[at] for (name, axis), at in zip(self.axes.items(), position, strict=True)}
        if self.constraint is not None and not self.constraint(values):
            return "the constraint leaves none of them"
        try:
            return ParameterSet.of(self.strategy(**values), position)
        except ConfigError as error:
            cause = error.__context__
            if not isinstance(cause, ValidationError) or any(mistake["loc"] for mistake in cause.errors()):
                raise  # a value out of bounds, not two that do not go together
            return str(error)

    def positions(self, samples: int | None, seed: int) -> Iterator[tuple[int, ...]]:
        """Every position in order, or different ones at random, of which so many samples should be found."""
        lengths = [len(values) for values in self.axes.values()]
        if samples is None:
            yield from product(*map(range, lengths))
            return
        for number in _numbers(self.total, samples * TRIES, seed):
            position, rest = [], number
            for length in reversed(lengths):
                rest, at = divmod(rest, length)
                position.append(at)
            yield tuple(reversed(position))

    def nothing(self, why: str) -> ConfigError:
        """Error to raise when nothing can be tried."""
        return ConfigError(f"the grid has {self.total:,} parameter sets and none can be tried: {why}")


def space_of(
    strategy: type[Strategy],
    grid: Mapping[str, Any],
    constraint: Callable[[Mapping[str, Any]], bool] | None = None,
    samples: int | None = None,
) -> ParameterSpace:
    """The space that a grid spans; ``ConfigError`` for a bad grid, or for too many samples of it."""
    space = ParameterSpace(strategy, _axes(strategy, grid), constraint)
    if samples is None and space.total > MOST_SETS:
        msg = (
            f"the grid has {space.total:,} parameter sets, more than {MOST_SETS:,}; take coarser steps, or a random "
            "sample"
        )
        raise ConfigError(msg)
    if samples is not None and not samples > 0:
        msg = f"a sweep of {samples} samples tries nothing; ask for 1 or more"
        raise ConfigError(msg)
    return space


def first_set(space: ParameterSpace, seed: int) -> ParameterSet:
    """Any set that can be tried, once every value of every axis was within its bounds; they are what can be wrong."""
    why = ""
    for position in space.positions(TRIES, seed):
        made = space.at(position)
        if isinstance(made, ParameterSet):
            for axis, values in enumerate(space.axes.values()):
                for at in range(len(values)):
                    space.at((*position[:axis], at, *position[axis + 1 :]))
            return made
        why = made
    raise space.nothing(why)


def parameter_sets(space: ParameterSpace, *, samples: int | None = None, seed: int = 0) -> Sets:
    """All sets of a space, or ``samples`` different ones of it at random."""
    found: list[ParameterSet] = []
    excluded = 0
    why = ""
    for position in space.positions(samples, seed):
        made = space.at(position)
        if isinstance(made, str):
            excluded += 1
            why = made
        else:
            found.append(made)
        if samples is not None and len(found) == samples:
            break
    if not found:
        raise space.nothing(why)
    return Sets(found, excluded)


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


def _numbers(total: int, draws: int, seed: int) -> Iterator[int]:
    """Different numbers below ``total``, at random: all of them where there are few, else what so many draws find."""
    random = Random(seed)  # noqa: S311 - a sample, not a secret
    if total <= draws:
        yield from random.sample(range(total), total)
        return
    seen: set[int] = set()
    for _ in range(draws):
        number = random.randrange(total)
        if number not in seen:
            seen.add(number)
            yield number
