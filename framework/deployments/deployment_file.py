"""Deployment file: YAML → ``Deployment``, or every mistake in it at once, each with its key."""

from __future__ import annotations

import hashlib
import json
import re
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import BaseModel, ValidationError

from framework.config.yaml_file import mapping_of, read_text
from framework.deployments.entries import DeploymentEntry, StrategyEntry
from framework.errors import ConfigError, StrategyError
from framework.live.deployment import (
    DeployedStrategy,
    Deployment,
    FeedSettings,
    PaperSettings,
    ReportSettings,
    session_name,
)
from framework.pretrade.facts import SendLimits
from framework.run.preflight import refuse_ignored
from framework.types.settings import NESTED, Settings
from framework.usercode.find import find_rule, find_strategy, source_hash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framework.strategy import Strategy

FOLDER = Path("deployments")
ENDINGS = (".yaml", ".yml")
LONGEST_VALUE = 80
"""Characters of a wrong value that a sentence shows."""


class BrokenDeployment(NamedTuple):
    """A file that is no deployment, and why."""

    file: Path
    problems: tuple[str, ...]


class DeploymentError(ConfigError):
    """A deployment's file is wrong; ``problems`` has a sentence for each mistake."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def is_deployment(text: str) -> bool:
    """True if a command's argument names a deployment's file and not a strategy."""
    return text.lower().endswith(ENDINGS)


def deployment_files(folder: Path) -> list[Path]:
    """Files that may be deployments, by name; ``ConfigError`` where there is no such folder."""
    if not folder.is_dir():
        raise ConfigError(f"there is no folder {folder}; tulya new deployment NAME … writes the first file in it")
    return sorted(path for path in folder.iterdir() if is_deployment(path.name) and path.is_file())


def read_deployments(folder: Path) -> tuple[list[Deployment], list[BrokenDeployment]]:
    """Every deployment of a folder, and the files that are none."""
    found, broken = [], []
    for file in deployment_files(folder):
        try:
            found.append(read_deployment(file))
        except DeploymentError as error:
            broken.append(BrokenDeployment(file, error.problems))
        except ConfigError as error:
            broken.append(BrokenDeployment(file, (str(error),)))
    return found, broken


def find_deployment(given: str, folder: Path = FOLDER) -> Deployment:
    """The deployment of a file, or the one of that name in a folder; ``ConfigError`` names those there are.

    ``DeploymentError`` where it is one of them and its file is wrong.
    """
    if is_deployment(given):
        return read_deployment(Path(given))
    found, broken = read_deployments(folder)
    named = [one for one in found if one.name == given]
    if len(named) == 1:
        return named[0]
    if named:
        raise ConfigError(f"{' and '.join(str(one.file) for one in named)} are both called {given}; give the file")
    problems = [problem for one in broken if _is_meant(one.file, given) for problem in one.problems]
    if problems:
        raise DeploymentError(problems)
    names = [one.name for one in found]
    near = get_close_matches(given, names, 1, 0.5)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names) or 'none'}"
    if broken:
        hint += f"; broken: {', '.join(str(one.file) for one in broken)} (tulya deployments says why)"
    raise ConfigError(f"no deployment in {folder} is called {given!r}; {hint}")


def _is_meant(file: Path, given: str) -> bool:
    """True of a broken file that is called so, or says that its deployment is."""
    says = rf"^name:\s*(['\"]?){re.escape(given)}\1\s*(#.*)?$"
    return file.stem == given or re.search(says, file.read_text("utf-8", errors="replace"), re.MULTILINE) is not None


def read_deployment(file: Path) -> Deployment:
    """The deployment of a file; ``ConfigError`` names each mistake in it by its key."""
    if not file.is_file():
        near = get_close_matches(file.name, _beside(file), 1, 0.5)
        hint = f"did you mean {file.with_name(near[0])}?" if near else "tulya new deployment NAME … writes one"
        raise ConfigError(f"there is no deployment {file}; {hint}")
    return parse_deployment(read_text(file), file)


def parse_deployment(text: str, file: Path) -> Deployment:
    """The deployment of a file's text; ``file`` names it in sentences."""
    content = mapping_of(text, file, "name: and strategies:")
    given = content.get("strategies")
    places = [
        _read_strategy(one if isinstance(one, dict) else {}, f"{file}: strategies.{place}")
        for place, one in enumerate(given if isinstance(given, list) else ())
    ]
    problems = [problem for one in places for problem in one.problems]
    try:
        entry = DeploymentEntry.model_validate(content)
    except ValidationError as error:
        raise DeploymentError([*_sentences(file, error), *problems]) from None
    for place, one in enumerate(entry.strategies):
        problems += _ignored(one, places[place].strategy, f"{file}: strategies.{place}")
    if problems:
        raise DeploymentError(problems)
    strategies = tuple(
        _deployed(one, place.strategy, entry)
        for one, place in zip(entry.strategies, places, strict=True)
        if place.strategy is not None
    )
    values = entry.model_dump(mode="json", exclude={"strategies"})
    values["strategies"] = [
        {**one.model_dump(mode="json"), "parameters": dict(deployed.parameters)}
        for one, deployed in zip(entry.strategies, strategies, strict=True)
    ]
    return Deployment(
        name=entry.name,
        stage=entry.stage,
        account=entry.account,
        strategies=strategies,
        feed=FeedSettings(**entry.feed.model_dump()),
        send=SendLimits(**entry.send.model_dump()),
        paper=PaperSettings(**entry.paper.model_dump()),
        file=file,
        file_sha256=hashlib.sha256(text.encode()).hexdigest(),
        sha256=hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest(),
        report=ReportSettings(**entry.report.model_dump()),
    )


class _StrategyOrMistakes(NamedTuple):
    """Strategy behind an entry, or what is wrong with its name, its parameters or its risk rules."""

    strategy: Strategy | None
    problems: list[str]


def _read_strategy(given: dict[str, Any], where: str) -> _StrategyOrMistakes:
    """Strategy of an entry as it stands in the file; keys of a wrong type are the entry's own mistakes."""
    problems = list[str]()
    rules = given.get("risk_rules")
    for rule in rules if isinstance(rules, list) else ():
        try:
            find_rule(str(rule))
        except (ConfigError, StrategyError) as error:
            problems.append(f"{where}.risk_rules: {error}")
    name, parameters = given.get("strategy"), given.get("parameters") or {}
    if not isinstance(name, str) or not isinstance(parameters, dict):
        return _StrategyOrMistakes(None, problems)
    try:
        cls = find_strategy(name)
    except (ConfigError, StrategyError) as error:
        return _StrategyOrMistakes(None, [*problems, f"{where}.strategy: {error}"])
    try:
        strategy = cls.from_settings({str(key): value for key, value in parameters.items()})
    except ConfigError as error:
        return _StrategyOrMistakes(None, [*problems, f"{where}.parameters: {error}"])
    return _StrategyOrMistakes(strategy, problems)


def _ignored(entry: StrategyEntry, strategy: Strategy | None, where: str) -> list[str]:
    """A setting that the strategy has no use for; one that stands at its default is ignored by nobody."""
    default, given = Settings().model_dump(), entry.run.model_dump()
    changed = [name for name in Settings.model_fields if name not in NESTED and given[name] != default[name]]
    try:
        if strategy is not None:
            refuse_ignored(strategy, changed, entry.run)
    except ConfigError as error:
        return [f"{where}.run: {error}"]
    return []


def _deployed(entry: StrategyEntry, strategy: Strategy, whole: DeploymentEntry) -> DeployedStrategy:
    return DeployedStrategy(
        name=entry.name,
        session=session_name(whole.account, whole.name, entry.name),
        strategy=entry.strategy,
        parameters=strategy.model_dump(mode="json"),
        symbols=entry.symbols,
        timeframe=entry.timeframe,
        settings=entry.run,
        when_feed_lost=entry.when_feed_lost,
        when_halted=entry.when_halted,
        risk_rules=entry.risk_rules,
        source_sha256=source_hash(type(strategy)),
    )


def _beside(file: Path) -> list[str]:
    return [path.name for path in deployment_files(file.parent)] if file.parent.is_dir() else []


def _sentences(file: Path, error: ValidationError) -> list[str]:
    """A sentence for each mistake, the first of several about one key."""
    found: dict[str, str] = {}
    for mistake in error.errors(include_url=False):
        model, path = _place(mistake["loc"])
        key = ".".join(str(part) if str(part).isprintable() else repr(part) for part in path)
        if mistake["type"] == "extra_forbidden":
            sentence = f"{file}: unknown key {key}; {_nearest(str(path[-1]), model)}"
        elif mistake["type"] == "missing":
            text = model.model_fields[str(path[-1])].description
            sentence = f"{file}: {key} is missing; write {path[-1]}: {text}"
        else:
            own = mistake["msg"].removeprefix("Value error, ")
            reason = own if own != mistake["msg"] else own[:1].lower() + own[1:]
            sentence = f"{file}: {key}{_shown(mistake['input'])}: {reason}" if key else f"{file}: {reason}"
        found.setdefault(key, sentence)
    inside = {key.partition(".")[0] for key in found if "." in key}
    return [text for key, text in found.items() if key not in inside]  # of a wrong member, the list is not wrong too


def _shown(value: Any) -> str:
    """`` = value`` where it is one value; a list or keys are found by their own key."""
    if isinstance(value, (dict, list, tuple, BaseModel)):
        return ""
    text = repr(value)
    return f" = {text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + '…'}"


def _place(location: tuple[int | str, ...]) -> tuple[type[BaseModel], tuple[int | str, ...]]:
    """The innermost model of a pydantic location, and the location without the types that pydantic adds to it."""
    model: type[BaseModel] = DeploymentEntry
    path: list[int | str] = []
    inside: type[BaseModel] | None = DeploymentEntry
    for part in location:
        if inside is None:
            break
        path.append(part)
        if isinstance(part, str):
            model = inside
            field = model.model_fields.get(part)
            inside = None if field is None else _model_in(field.annotation)
    return model, tuple(path)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model of a key that holds keys, or of the members of a list of them."""
    kinds = [annotation, *getattr(annotation, "__args__", ())]
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)


def _nearest(name: str, model: type[BaseModel]) -> str:
    near = get_close_matches(name, model.model_fields, 1, 0.5)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(model.model_fields)}"
