"""Loads a user's own Python file from anywhere; an error in it carries file and line."""

from __future__ import annotations

import hashlib
import sys
import traceback
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING

from framework.errors import ConfigError, StrategyError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.machinery import ModuleSpec
    from types import ModuleType

HASH = "__tulya_sha256__"
"""Attribute of a loaded module: sha256 of the very bytes that were compiled."""


def load_file(path: Path) -> ModuleType:
    """The module in this file. The same bytes are loaded once, so that a class is the same class each time.

    Its folder can be imported from while it loads and afterwards, as if Python had been started with it.
    """
    source = path.read_bytes()
    digest = hashlib.sha256(source).hexdigest()
    place = hashlib.sha256(str(path).encode()).hexdigest()
    name = f"{path.stem}_{place[:6]}_{digest[:6]}".replace("-", "_")
    if name in sys.modules:
        return sys.modules[name]
    module = module_from_spec(_spec(name, path))
    setattr(module, HASH, digest)
    with _importable(path.parent), _errors_of(path):
        # Compiled here, not by the import system: its cache takes an edit within the same second for no edit.
        code = compile(source, str(path), "exec")
        sys.modules[name] = module  # pydantic looks a class's annotations up here
        try:
            exec(code, module.__dict__)  # noqa: S102 - running the user's own file is the purpose
        except BaseException:
            del sys.modules[name]
            raise
    return module


def import_file(path: Path, name: str) -> ModuleType:
    """This file as the module of that name where importing the name means the file, so that its classes exist once.

    Otherwise, and when the file was edited since, it is loaded by its path.
    """
    try:
        spec = find_spec(name)
    except ModuleNotFoundError:  # there is no such parent package
        spec = None
    if spec is None or spec.origin is None or Path(spec.origin).resolve() != path:
        return load_file(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with _errors_of(path):
        module = import_module(name)
    if not hasattr(module, HASH):
        setattr(module, HASH, digest)
    return module if loaded_hash(module) == digest else load_file(path)


def import_from(name: str, folder: Path) -> ModuleType:
    """The module of this dotted name, also one in ``folder``; ``ConfigError`` when there is none."""
    with _importable(folder):
        try:
            found = find_spec(name)
        except (ModuleNotFoundError, ValueError):  # a parent package is missing, or the name is no module's
            found = None
        if found is None:
            msg = f"there is no module {name!r}, neither installed nor in the working directory"
            raise ConfigError(msg)
        with _errors_of(Path(found.origin or name)):
            return import_module(name)


def loaded_hash(module: ModuleType | None) -> str:
    """Sha256 of the bytes ``load_file`` compiled; empty for any other module."""
    return str(getattr(module, HASH, ""))


def place_of(error: BaseException, path: Path) -> str:
    """``file, line n``: the last line in this file's folder is where to look; below it is library code."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).parent == path.parent]
    return f"{own[-1].filename}, line {own[-1].lineno}" if own else str(path)


def error_text(error: BaseException) -> str:
    """``ValueError: its text``, in one line."""
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no message'}"


def _spec(name: str, path: Path) -> ModuleSpec:
    spec = spec_from_file_location(name, path)
    if spec is None:
        msg = f"{path} is not a Python file"
        raise ConfigError(msg)
    return spec


_folders: list[Path] = []
"""Folders of the files loaded so far, whose sibling modules may be in ``sys.modules``."""


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """First on the import path while loading; last afterwards, for imports inside functions."""
    _forget_namesakes(folder)
    entry = str(folder)
    sys.path.insert(0, entry)
    try:
        yield
    finally:
        sys.path.remove(entry)
        if entry not in sys.path:
            sys.path.append(entry)
        if folder not in _folders:
            _folders.append(folder)


def _forget_namesakes(folder: Path) -> None:
    """Two folders may each have an ``ideas.py``: drop the other folder's, so that each file gets its own sibling."""
    others = {str(other) for other in _folders if other != folder}
    for sibling in folder.glob("*.py"):
        file = getattr(sys.modules.get(sibling.stem), "__file__", None)
        if file and str(Path(file).parent) in others:
            del sys.modules[sibling.stem]


@contextmanager
def _errors_of(path: Path) -> Iterator[None]:
    """Turn whatever a file raises while it is imported into one sentence with the file and line."""
    try:
        yield
    except (ConfigError, StrategyError):
        raise
    except SyntaxError as error:
        text = f": {error.text.strip()}" if error.text else ""
        msg = f"{error.filename or path}, line {error.lineno}: {error.msg}{text}"
        raise StrategyError(msg) from None
    except (Exception, SystemExit) as error:
        raise StrategyError(f"{place_of(error, path)}: {error_text(error)}") from error
