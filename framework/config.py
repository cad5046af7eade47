"""``config/trading.yaml``: defaults for runs. What is said later wins: file < environment < flag."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from framework.errors import ConfigError
from framework.types import Settings
from framework.types.explain import explain

FILE = Path("config/trading.yaml")
DATABASE = Path("data/market.sqlite")
FILE_VARIABLE = "TULYA_CONFIG"
DATABASE_VARIABLE = "TULYA_DB"
RUN_PREFIX = "TULYA_RUN_"
"""``TULYA_RUN_CAPITAL=200000`` sets run.capital, ``TULYA_RUN_EXITS_STOP_LOSS=5%`` run.exits.stop_loss."""


class Config(BaseModel):
    """The whole file; every key is optional."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    database: Path | None = Field(None, description="SQLite file with prices and runs; default data/market.sqlite")
    run: Settings = Field(default_factory=Settings, description="defaults of tulya backtest")
    risk_rules: tuple[str, ...] = Field((), description="further risk rules, each path.py:Class or module:Class")

    def run_choices(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What was chosen for a run, for ``Settings.of``: this file's and the environment's, then the flags given."""
        return {**self.run.model_dump(exclude_unset=True), **given}

    def database_path(self, flag: Path | None = None) -> Path:
        """The SQLite file: ``--db``, else $TULYA_DB, else this configuration, else ``data/market.sqlite``."""
        if flag is not None:
            return flag
        if os.environ.get(DATABASE_VARIABLE):
            return Path(os.environ[DATABASE_VARIABLE])
        return self.database or DATABASE


def load_config(path: Path | None = None) -> Config:
    """The configuration: from path, else $TULYA_CONFIG, else ``config/trading.yaml`` here, else the defaults."""
    named = path or (Path(os.environ[FILE_VARIABLE]) if os.environ.get(FILE_VARIABLE) else None)
    file = named or FILE
    if not file.is_file():
        if named is not None:
            raise ConfigError(
                f"{named} does not exist; give the path of a configuration with --config or {FILE_VARIABLE}"
            )
        content: dict[str, Any] = {}
    else:
        content = _read(file)
    _known(content, Config, str(file), "")
    content = _without_empty(content, Config)
    said = _from_environment(os.environ)
    if said:
        _known(said, Settings, "the environment", "run.")
        content["run"] = merged(content.get("run", {}), said)
    try:
        return Config.model_validate(content)
    except ValidationError as error:
        raise ConfigError(explain(str(file), error)) from error


def database_path(flag: Path | None = None) -> Path:
    """``Config.database_path`` of the configuration that applies here."""
    return load_config().database_path(flag)


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """One mapping over another, nested ones key by key."""
    result = dict(under)
    for key, value in over.items():
        below = result.get(key)
        result[key] = merged(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return result


def _read(file: Path) -> dict[str, Any]:
    import yaml

    try:
        content = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{file} cannot be read: {' '.join(str(error).split())}") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigError(f"{file} holds a {type(content).__name__}; it should hold keys such as run: and database:")
    return content


def _known(content: Mapping[str, Any], model: type[BaseModel], source: str, prefix: str) -> None:
    """Refuse keys that the model has not, naming the nearest one."""
    for key, value in content.items():
        if key not in model.model_fields:
            near = get_close_matches(str(key), model.model_fields, 1, 0.5)
            hint = f"did you mean {prefix}{near[0]}?" if near else f"known are {', '.join(model.model_fields)}"
            raise ConfigError(f"{source}: unknown key {prefix}{key}; {hint}")
        inner = model.model_fields[key].annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel) and value is not None:
            if not isinstance(value, Mapping):
                raise ConfigError(
                    f"{source}: {prefix}{key} = {value!r} should hold keys, such as {next(iter(inner.model_fields))}:"
                )
            _known(value, inner, source, f"{prefix}{key}.")


def _without_empty(content: Mapping[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    """The same without keys that hold other keys or a list, and say nothing."""
    kept = {}
    for key, value in content.items():
        inner = model.model_fields[key].annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            if value is not None:
                kept[key] = _without_empty(value, inner)
        elif value is not None or model is not Config:
            kept[key] = value
    return kept


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """Run settings from variables such as ``TULYA_RUN_CAPITAL``."""
    found: dict[str, Any] = {}
    for name, value in environment.items():
        if not name.startswith(RUN_PREFIX) or not value:
            continue
        target, key = found, name.removeprefix(RUN_PREFIX).lower()
        for group in _groups(Settings):
            if key.startswith(f"{group}_"):
                target, key = found.setdefault(group, {}), key.removeprefix(f"{group}_")
        target[key] = None if value.lower() in {"null", "none"} and key not in {"charges", "slippage"} else value
    return found


def _groups(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield name
