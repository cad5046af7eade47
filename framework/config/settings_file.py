"""``config/trading.yaml``: defaults for runs. Later sources win: file < environment < flag."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, field_validator

from framework.config.environment import HIDDEN, leaves, literal_secrets, resolve, resolved
from framework.config.yaml_file import mapping_of, read_text
from framework.errors import ConfigError
from framework.types import Settings
from framework.types.explain import explain_one
from framework.types.live import LiveLimits
from framework.types.rupees import rupees

if TYPE_CHECKING:
    from framework.pretrade.facts import Ceilings, SendLimits

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
    memory: str = Field("50%", description="of prices and decisions: 2GB, 500MB or a share of the machine's")
    scratch: Path | None = Field(None, description="folder for what does not fit; default beside the database")
    run: Settings = Field(default_factory=Settings, description="defaults of tulya backtest")
    risk_rules: tuple[str, ...] = Field(
        (), description="further risk rules, each path.py:function, path.py:Class or module:…"
    )
    live: LiveLimits = Field(default_factory=LiveLimits, description="limits that every order to a broker must pass")
    secrets: dict[str, str] = Field(
        default_factory=dict, description="names of secrets, each ${VARIABLE} of the environment; read when used"
    )
    _references: dict[str, str] = PrivateAttr(default_factory=dict)

    @field_validator("memory")
    @classmethod
    def _memory(cls, given: str) -> str:
        from framework.scratch import bytes_of

        try:
            bytes_of(given)
        except ConfigError as error:
            raise ValueError(str(error)) from None
        return given

    def secret(self, name: str) -> str:
        """A secret's value, from the environment of this moment; ``ConfigError`` names what is missing."""
        if name not in self.secrets:
            known = ", ".join(self.secrets) or "none"
            raise ConfigError(
                f"there is no secret {name!r} under secrets: (there are: {known}); add {name}: ${{VARIABLE}}"
            )
        return resolve(f"secrets.{name}", self.secrets[name], os.environ)

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """Fields to print: a part that came from the environment by ``${NAME}`` is hidden."""
        hidden = {key.partition(".")[0] for key in self._references}
        for name in type(self).model_fields:
            yield name, HIDDEN if name in hidden else getattr(self, name)

    def run_choices(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Choices for ``Settings.of``: those of this file and the environment, then the flags given."""
        return {**self.run.model_dump(exclude_unset=True), **given}

    def database_path(self, flag: Path | None = None) -> Path:
        """The SQLite file: ``--db``, else $TULYA_DB, else this configuration, else ``data/market.sqlite``."""
        if flag is not None:
            return flag
        if os.environ.get(DATABASE_VARIABLE):
            return Path(os.environ[DATABASE_VARIABLE])
        return self.database or DATABASE


class Layers(NamedTuple):
    """Contents of a file with the environment's values over them, before they are checked as a whole."""

    file: Path
    content: dict[str, Any]
    """The file's keys with the environment's over them, references replaced."""
    from_file: frozenset[str]
    """Dotted keys."""
    from_environment: Mapping[str, str]
    """Dotted key → variable."""
    references: Mapping[str, str]
    """Dotted key → text with ``${NAME}``, as it stands in the file."""
    problems: list[str]


def load_config(path: Path | None = None) -> Config:
    """The configuration: from path, else $TULYA_CONFIG, else ``config/trading.yaml`` here, else the defaults."""
    layers = read_layers(path)
    config, problems = checked(layers)
    if config is None:
        raise ConfigError("; ".join(problems))
    return config


def read_layers(path: Path | None = None) -> Layers:
    """The layers that apply here, with every key that is wrong among their problems; ``ConfigError``: no such file."""
    named = path or (Path(os.environ[FILE_VARIABLE]) if os.environ.get(FILE_VARIABLE) else None)
    file = named or FILE
    if named is not None and not file.is_file():
        by = "" if path else f" in {FILE_VARIABLE}, or unset it"
        raise ConfigError(f"{named} does not exist; give the path of a configuration file{by}")
    content = _read(file) if file.is_file() else {}
    problems = [
        f"{file}: {key} is a secret with its value in the file; write {key.rpartition('.')[2]}: "
        f"${{{_variable(key)}}} and set that environment variable"
        for key in literal_secrets(content)
    ]
    problems += _unknown(content, Config, str(file), "")
    content = _without_empty(_only_known(content, Config), Config)
    references: dict[str, str] = {}
    secrets = content.pop("secrets", {})
    for name in list(content):
        try:
            content[name] = resolved(content[name], os.environ, references, f".{name}")
        except ConfigError as error:
            problems.append(f"{file}: {error}")
            del content[name]
    content |= {"secrets": secrets} if secrets else {}
    from_file = frozenset(key for key, _ in leaves(content))
    variables, names = _from_environment(os.environ), dict[str, str]()
    if variables:
        problems += _unknown(variables, Settings, "the environment", "run.")
        names = {f"run.{key}": f"{RUN_PREFIX}{key.upper().replace('.', '_')}" for key, _ in leaves(variables)}
        content["run"] = merged(content.get("run", {}), _only_known(variables, Settings))
    return Layers(file, content, from_file, names, references, problems)


def checked(layers: Layers) -> tuple[Config | None, list[str]]:
    """The configuration, or None and every problem as a sentence, without values that came by ``${NAME}``."""
    config, mistakes = None, list[str]()
    try:
        config = Config.model_validate(layers.content)
    except ValidationError as error:
        mistakes = _explained(layers, error)
    if config is None or layers.problems:
        return None, [*layers.problems, *mistakes]
    config._references = dict(layers.references)  # noqa: SLF001 - its own module fills it
    return config, []


def _explained(layers: Layers, error: ValidationError) -> list[str]:
    """A sentence per mistake; one that a reference may have made shows only the key and the reference."""
    sentences = []
    for mistake in error.errors():
        key = ".".join(str(part) for part in mistake["loc"])
        whole = f"{key}."  # of a choice between types the place names the type too: run.rebalance.literal…
        near = next(
            (
                text
                for name, text in layers.references.items()
                if f"{name}.".startswith(whole) or whole.startswith(f"{name}.")
            ),
            None,
        )
        if near is not None:
            sentences.append(f"{layers.file}: {key}: the value of {near} is not valid there; set another one")
        elif key.startswith("secrets"):
            sentences.append(f"{layers.file}.{key}: write NAME: ${{VARIABLE}}")
        else:
            sentences.append(explain_one(str(layers.file), mistake))
    return sentences


def database_path(flag: Path | None = None) -> Path:
    """``Config.database_path`` of the configuration that applies here."""
    return load_config().database_path(flag)


def live_limits(config: Config, ceilings: Ceilings) -> SendLimits:
    """The limits of a live start, each of them set; ``ConfigError`` names those that are missing or unlawful."""
    from framework.pretrade.facts import SendLimits

    given = config.live.model_dump()
    if missing := [f"live.{name}" for name in SendLimits._fields if given[name] is None]:
        raise ConfigError(f"a live start needs {', '.join(missing)}: they have no defaults, set each of them in {FILE}")
    limits = SendLimits(**given)
    refuse_unlawful(limits, ceilings, "live")
    return limits


def refuse_unlawful(limits: SendLimits, ceilings: Ceilings, group: str) -> None:
    """Raise ``ConfigError`` for limits above the law's; ``group`` names their keys: ``live``, or a deployment's."""
    if not limits.max_order_value <= ceilings.order_value:
        raise ConfigError(
            f"{group}.max_order_value = {rupees(limits.max_order_value, 0)} is above the law's ceiling for one order, "
            f"{rupees(ceilings.order_value, 0)}; lower it"
        )
    rate = limits.orders_per_second + limits.cancels_per_second
    if not rate <= ceilings.orders_per_second:
        raise ConfigError(
            f"{group}.orders_per_second + {group}.cancels_per_second = {rate} is above the "
            f"{ceilings.orders_per_second} a second that the law allows; lower one of them"
        )


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """One mapping over another, nested ones key by key."""
    result = dict(under)
    for key, value in over.items():
        below = result.get(key)
        result[key] = merged(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return result


def _read(file: Path) -> dict[str, Any]:
    return mapping_of(read_text(file), file, "run: and database:")


def _unknown(content: Mapping[Any, Any], model: type[BaseModel], source: str, prefix: str) -> list[str]:
    """A sentence for each key that the model has not, naming the nearest one."""
    found = []
    for key, value in content.items():
        if key not in model.model_fields:
            near = get_close_matches(str(key), model.model_fields, 1, 0.5)
            hint = f"did you mean {prefix}{near[0]}?" if near else f"known are {', '.join(model.model_fields)}"
            found.append(f"{source}: unknown key {prefix}{key}; {hint}")
            continue
        inner = _group(model, key)
        if inner is not None and isinstance(value, Mapping):
            found += _unknown(value, inner, source, f"{prefix}{key}.")
        elif inner is not None and value is not None:
            first = next(iter(inner.model_fields))
            shown = HIDDEN if isinstance(value, str) else repr(value)
            found.append(f"{source}: {prefix}{key} = {shown} should hold keys, such as {first}:")
    return found


def _only_known(content: Mapping[Any, Any], model: type[BaseModel]) -> dict[str, Any]:
    """The same without keys, and groups of keys, that ``_unknown`` finds fault with."""
    kept = {}
    for key, value in content.items():
        if key not in model.model_fields:
            continue
        inner = _group(model, key)
        if inner is None or value is None:
            kept[key] = value
        elif isinstance(value, Mapping):
            kept[key] = _only_known(value, inner)
    return kept


def _group(model: type[BaseModel], key: str) -> type[BaseModel] | None:
    """The model of a key that holds keys."""
    inner = model.model_fields[key].annotation
    return inner if isinstance(inner, type) and issubclass(inner, BaseModel) else None


def _variable(key: str) -> str:
    """A name for a secret's variable: ``broker.api_key`` → ``BROKER_API_KEY``."""
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in key.removeprefix("secrets."))
    return plain.upper().strip("_") or "SECRET"


def _without_empty(content: Mapping[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    """The same without empty keys that hold other keys or a list."""
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
