"""Dated tables of facts: YAML files under ``config/``, which a file of the same name in ``./config/`` overrides."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from pydantic import BaseModel, ValidationError

from framework.errors import ConfigError
from framework.types.explain import explain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HERE = Path("config")
SHIPPED = Path(__file__).parent / "shipped"
"""The project's own config/, which travels inside the package (a link to it in a checkout)."""
Rows = TypeVar("Rows", bound=BaseModel)


class Dated(Protocol):
    """A fact and the days on which it holds, both included; None is open."""

    @property
    def valid_from(self) -> date | None:
        """First day."""

    @property
    def valid_to(self) -> date | None:
        """Last day."""


Fact = TypeVar("Fact", bound=Dated)


def table_file(name: str) -> Path:
    """Path of a table such as ``market/ticks.yaml``: in ``./config/`` if it is there, else the shipped one."""
    own = HERE / name
    return own if own.is_file() else SHIPPED / name


def read_table(file: Path, model: type[Rows]) -> Rows:
    """A whole table, checked; ``ConfigError`` names the wrong row and the reason."""
    import yaml

    try:
        content: Any = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{file} cannot be read: {' '.join(str(error).split())}") from error
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise ConfigError(explain(str(file), error)) from error


def current_table(name: str, model: type[Rows]) -> Rows:
    """The table in force here, as ``table_file`` finds it: read once, and again when its file changes."""
    file = table_file(name)
    return cast("Rows", _read(file, model, file.stat().st_mtime_ns))


@cache
def _read(file: Path, model: type[BaseModel], _changed: int) -> BaseModel:
    return read_table(file, model)


def in_force(facts: Iterable[Fact], day: date) -> Fact | None:
    """The fact that holds on a day, or None where none is known."""
    for fact in facts:
        if (fact.valid_from is None or fact.valid_from <= day) and (fact.valid_to is None or day <= fact.valid_to):
            return fact
    return None


def check_ranges(owner: str, facts: Sequence[Fact], *, gaps: bool = False) -> None:
    """Refuse rows of one fact whose days overlap, and, unless ``gaps`` may be, days between them without any."""
    ordered = sorted(facts, key=lambda fact: fact.valid_from or date.min)
    for fact in ordered:
        if fact.valid_from and fact.valid_to and fact.valid_to < fact.valid_from:
            raise ConfigError(f"{owner}: the row {_span(fact)} ends before it begins; swap the two dates")
    for before, after in pairwise(ordered):
        if before.valid_to is None or after.valid_from is None or after.valid_from <= before.valid_to:
            raise ConfigError(f"{owner}: the rows {_span(before)} and {_span(after)} overlap; end one before the other")
        if not gaps and after.valid_from > before.valid_to + timedelta(days=1):
            raise ConfigError(
                f"{owner}: between the rows {_span(before)} and {_span(after)} there is none; fill the gap"
            )


def _span(fact: Dated) -> str:
    return f"{fact.valid_from or '…'} to {fact.valid_to or '…'}"
