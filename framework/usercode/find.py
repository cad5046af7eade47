"""Strategies by plain name, by ``module:Class`` and by file."""

from __future__ import annotations

import hashlib
import inspect
import sys
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from framework.errors import ConfigError, StrategyError
from framework.strategy import Strategy
from framework.types.hooks import RiskRule, Rule
from framework.usercode.load import import_file, import_from, load_file, loaded_hash
from framework.usercode.rules import function_rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import ModuleType

RULE_HOOKS = ("pre_order", "post_fill", "on_state")
SHIPPED = Path(__file__).resolve().parents[2] / "strategies"


class ParameterInfo(NamedTuple):
    """One parameter of a strategy, as text for people and as a value for JSON."""

    name: str
    default: Any
    bounds: str
    """Such as ``≥ 2, ≤ 100``; empty when there is none."""
    description: str


class StrategyInfo(NamedTuple):
    """Strategy as a list shows it."""

    name: str
    """The plain name that finds it."""
    class_name: str
    style: str
    """``signals``, ``allocate`` or ``on_bar``."""
    summary: str
    """First line of the class's docstring."""
    parameters: tuple[ParameterInfo, ...]
    path: Path


class BrokenStrategy(NamedTuple):
    """A file among the strategies that cannot be used, and why."""

    name: str
    path: Path
    reason: str


class Kind(NamedTuple):
    """Kind of class or function that is searched for in a file."""

    word: str
    plural: str
    parent: str
    """Base class of such a class, for the message."""
    fits: Callable[[type], bool]


def find_strategy(name: str) -> type[Strategy]:
    """The class behind ``rsi``, ``package.module:Class``, ``./file.py`` or ``./file.py:Class``.

    Plain names ignore case, ``-`` and ``_``; they are looked up in ``strategies`` and in ``./strategies``.
    Raises ``ConfigError`` when there is no such thing (with the nearest names) and ``StrategyError``, with file and
    line, when there is one but it is broken.
    """
    path, wanted = _parts(name)
    if not wanted and not _is_file(path):
        return _strategy_in(_load(_by_plain_name(path)), "", path)
    return _strategy_in(_module(path), wanted, path)


def find_rule(name: str) -> type[RiskRule]:
    """The risk rule behind ``./file.py:function``, ``./file.py:Class``, ``./file.py`` or ``package.module:Class``.

    A function takes (order, state) and answers with a Verdict. Any class with the three hooks is a rule too;
    inheriting from ``framework.Rule`` is the easy way to have them. See ``find_strategy``.
    """
    path, wanted = _parts(name)
    if not wanted and not _is_file(path):
        msg = f"risk rule {name!r} is neither a file nor module:Class; write it as ./my_rules.py:my_rule"
        raise ConfigError(msg)
    module = _module(path)
    asked = getattr(module, wanted, None) if wanted else None
    if inspect.isfunction(asked):
        return function_rule(asked, path)
    if wanted and asked is None:
        functions = [
            one for one, value in vars(module).items() if inspect.isfunction(value) and not one.startswith("_")
        ]
        if near := get_close_matches(wanted, functions, n=1, cutoff=0.6):
            raise ConfigError(f"{path} has no risk rule {wanted!r}; did you mean {near[0]!r}?")
    rule: type[RiskRule] = _choose(module, wanted, path, RULE)
    return rule


def list_strategies() -> list[StrategyInfo]:
    """Every usable strategy of ``strategies`` and ``./strategies``, by name. See ``broken_strategies`` for the rest."""
    return [found for found in _survey() if isinstance(found, StrategyInfo)]


def broken_strategies() -> list[BrokenStrategy]:
    """Files among the strategies that do not load, each with the reason."""
    return [found for found in _survey() if isinstance(found, BrokenStrategy)]


def source_hash(cls: type[Strategy]) -> str:
    """Sha256 of the file that defines the strategy, as it was when it was loaded.

    A class without a file (a notebook's) is hashed by the source of its own methods.
    """
    module = sys.modules.get(cls.__module__)
    known = loaded_hash(module)
    if known:
        return known
    file = getattr(module, "__file__", None)
    if file and Path(file).is_file():
        return hashlib.sha256(Path(file).read_bytes()).hexdigest()
    digest = hashlib.sha256(cls.__qualname__.encode())
    for name, method in sorted(vars(cls).items()):
        if not inspect.isfunction(method):
            continue
        try:
            digest.update(f"{name}\n{inspect.getsource(method)}".encode())
        except OSError:
            digest.update(name.encode() + method.__code__.co_code + repr(method.__code__.co_consts).encode())
    return digest.hexdigest()


def describe(cls: type[Strategy], name: str, path: Path) -> StrategyInfo:
    """Strategy's entry for a list."""
    parameters = tuple(parameter_info(cls, field) for field in cls.model_fields)
    summary = (inspect.getdoc(cls) or "").split("\n", 1)[0] if cls.__doc__ else ""
    return StrategyInfo(name, cls.__name__, cls.style(), summary, parameters, path)


def parameter_info(cls: type[Strategy], name: str) -> ParameterInfo:
    """One parameter's entry for a list."""
    field = cls.model_fields[name]
    bounds = ", ".join(filter(None, map(_bound, field.metadata)))
    return ParameterInfo(name, field.get_default(call_default_factory=True), bounds, field.description or "")


def strategy_files() -> dict[str, Path]:
    """Plain name → file, of ``strategies`` and ``./strategies``; where both have one, the working directory's own."""
    files: dict[str, Path] = {}
    for folder in (SHIPPED, Path.cwd() / "strategies"):
        for path in sorted(folder.glob("*.py")):
            if not path.name.startswith(("_", "test_")):
                files[path.stem] = path.resolve()
    return files


def _survey() -> Iterable[StrategyInfo | BrokenStrategy]:
    for name, path in sorted(strategy_files().items()):
        try:
            cls = _strategy_in(_load(path), "", name)
        except (ConfigError, StrategyError) as error:
            yield BrokenStrategy(name, path, str(error))
        else:
            yield describe(cls, name, path)


def _by_plain_name(name: str) -> Path:
    files = strategy_files()
    matches = [path for stem, path in files.items() if _plain(stem) == _plain(name)]
    if matches:
        return matches[-1]
    near = get_close_matches(name.lower(), files, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(sorted(files))}"
    msg = f"no strategy is called {name!r}; {hint} (a file of your own is given as ./file.py or ./file.py:Class)"
    raise ConfigError(msg)


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


def _existing(path: str) -> Path:
    file = Path(path).expanduser()
    if file.is_file():
        return file.resolve()
    there = sorted(found.name for found in file.parent.glob("*.py")) if file.parent.is_dir() else []
    near = get_close_matches(file.name, there, n=3, cutoff=0.4)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    msg = f"there is no file {path}{hint}"
    raise ConfigError(msg)


def _load(path: Path) -> ModuleType:
    """A shipped file is imported as ``strategies.name``, so that it is the same class everywhere; any other by path."""
    return import_file(path, f"strategies.{path.stem}") if path.parent == SHIPPED else load_file(path)


def _parts(name: str) -> tuple[str, str]:
    """``./file.py:Class`` → (./file.py, Class); the class is empty where none is given."""
    path, colon, wanted = name.strip().rpartition(":")
    if not colon or _is_file(wanted):  # no class given; the colon is a drive letter's
        return name.strip(), ""
    return path, wanted


def _is_file(path: str) -> bool:
    return path.endswith(".py") or "/" in path or "\\" in path


def _module(path: str) -> ModuleType:
    return _load(_existing(path)) if _is_file(path) else import_from(path, Path.cwd())


def _strategy_in(module: ModuleType, wanted: str, source: str) -> type[Strategy]:
    strategy: type[Strategy] = _choose(module, wanted, source, STRATEGY)
    strategy.style()
    return strategy


def _choose(module: ModuleType, wanted: str, source: str, kind: Kind) -> Any:
    """The class called ``wanted``, or the only one of its kind that the module itself defines."""
    names = [name for name, value in vars(module).items() if _is_own(module, name, value, kind)]
    if wanted:
        cls = getattr(module, wanted, None)
        if isinstance(cls, type) and kind.fits(cls):
            return cls
        if isinstance(cls, type):
            msg = f"{source}: {wanted} is no {kind.word}; it must inherit from {kind.parent}"
            raise ConfigError(msg)
        near = get_close_matches(wanted, names, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]!r}?" if near else f"it defines {', '.join(names) or 'none'}"
        msg = f"{source} has no {kind.word} class {wanted!r}; {hint}"
        raise ConfigError(msg)
    if not names:
        msg = f"{source} defines no {kind.word}; it needs a class that inherits from {kind.parent}"
        raise ConfigError(msg)
    if len(names) > 1:
        msg = f"{source} defines {len(names)} {kind.plural} ({', '.join(names)}); name one: {source}:{names[0]}"
        raise ConfigError(msg)
    return getattr(module, names[0])


def _is_own(module: ModuleType, name: str, value: object, kind: Kind) -> bool:
    """True if the module itself defines this class, under this name and for others to use."""
    own = isinstance(value, type) and value.__module__ == module.__name__ and value.__name__ == name
    return own and not name.startswith("_") and isinstance(value, type) and kind.fits(value)


def _is_rule(cls: type) -> bool:
    return cls not in {Rule, RiskRule} and all(callable(getattr(cls, hook, None)) for hook in RULE_HOOKS)


STRATEGY = Kind(
    "strategy", "strategies", "framework.Strategy", lambda cls: issubclass(cls, Strategy) and cls is not Strategy
)
RULE = Kind("risk rule", "risk rules", "framework.Rule", _is_rule)


def _bound(rule: object) -> str:
    """A pydantic bound as text; rules that are no bounds give an empty one."""
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<", "multiple_of": "multiple of"}
    return ", ".join(f"{sign} {getattr(rule, name)}" for name, sign in signs.items() if hasattr(rule, name))
