"""Storage of a study: a journal file beside the database, or what ``--storage`` names."""

from __future__ import annotations

import os
import re
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from framework.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optuna.storages import BaseStorage

BUSY_SECONDS = 60
"""That a process waits for another one's write to an SQLite storage."""


def require_optuna() -> None:
    """``ConfigError`` where Optuna is not installed."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "IProgress not found")  # in a notebook, of a bar that nobody draws
            import optuna  # noqa: F401 - whether it is there
    except ModuleNotFoundError as error:
        if error.name != "optuna":
            raise
        msg = "this sweep needs Optuna, which is not installed here: pip install 'tulya[optuna]'"
        raise ConfigError(msg) from None


@contextmanager
def quiet() -> Iterator[None]:
    """Optuna with nothing but its warnings."""
    from optuna import logging

    before = logging.get_verbosity()
    logging.set_verbosity(max(before, logging.WARNING))
    try:
        yield
    finally:
        logging.set_verbosity(before)


def storage_of(given: BaseStorage | Path | str | None, study: str, db: Path | None) -> BaseStorage:
    """The storage that is named: an address such as ``sqlite:///studies.sqlite``, else the path of a journal file.

    None is a journal of this study's own in a folder beside the database, or, without a database, this process.
    """
    from optuna.storages import BaseStorage, InMemoryStorage

    if isinstance(given, BaseStorage):
        return given
    if given is not None:
        return _address(given) if isinstance(given, str) and "://" in given else _journal(Path(given))
    if db is None:
        return InMemoryStorage()
    if not re.fullmatch(r"\w[\w.-]*", study):
        msg = f"study {study!r} names a file beside the database: write letters, digits, dots, dashes and underscores"
        raise ConfigError(msg)
    folder = db.with_name(f"{db.name}.studies")
    folder.mkdir(parents=True, exist_ok=True)
    return _journal(folder / f"{study}.journal")


def _journal(path: Path) -> BaseStorage:
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

    text = str(path)
    try:
        lock = JournalFileOpenLock(text) if os.name == "nt" else None  # links need a privilege there
        return JournalStorage(JournalFileBackend(text, lock))
    except OSError as error:
        msg = f"the storage {text} cannot be opened as a journal of studies: {error.strerror or error}"
        raise ConfigError(msg) from None
    except ValueError as error:
        msg = f"the storage {text} cannot be opened as a journal of studies, for it is something else ({error})"
        raise ConfigError(msg) from None


def _address(address: str) -> BaseStorage:
    from optuna.storages import RDBStorage
    from sqlalchemy.exc import SQLAlchemyError

    waits = {"connect_args": {"timeout": BUSY_SECONDS}} if address.startswith("sqlite") else {}
    try:
        return RDBStorage(address, engine_kwargs=waits)
    except (SQLAlchemyError, ImportError, RuntimeError, OSError) as error:
        msg = f"the storage {hidden(address)} cannot be opened: {str(error).splitlines()[0]}"
        raise ConfigError(msg) from None


def hidden(address: str) -> str:
    """The address without its password."""
    return re.sub(r"(://[^:@/]*):[^@]*@", r"\1:***@", address)
