"""Files of an account beside the market database: its journal, and the runner's folder for locks and commands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from framework.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
DEFAULT_ACCOUNT = "paper"
DRILL_ACCOUNT = "drill-"
"""Beginning of the names of accounts that exist for drills of the kill switch: never chosen unless named."""
JOURNAL_END = ".journal.sqlite"
SQLITE = b"SQLite format 3\0"
"""Beginning of every SQLite file."""


def refuse_account_name(account: str) -> None:
    """``ConfigError`` for a name that no file can have everywhere."""
    if ACCOUNT.fullmatch(account) is None:
        msg = f"account {account!r} is no name: up to 40 letters, digits, - and _, a letter or digit first, as in paper"
        raise ConfigError(msg)


def journal_path(database: Path, account: str) -> Path:
    """Journal of an account: ``data/market-paper.journal.sqlite`` beside ``data/market.sqlite``."""
    refuse_account_name(account)
    return database.with_name(f"{database.stem}-{account}{JOURNAL_END}")


def run_folder(database: Path, account: str) -> Path:
    """Folder of an account's lock, commands and socket: ``data/market-paper.run``; the runner makes it (0700)."""
    refuse_account_name(account)
    return database.with_name(f"{database.stem}-{account}.run")


def chosen_account(database: Path, account: str | None) -> str:
    """The account that is named; else the only one that has a journal, else ``paper``; ``ConfigError``: several."""
    if account is not None:
        refuse_account_name(account)
        return account
    known = [one for one in accounts(database) if not one.startswith(DRILL_ACCOUNT)]
    if len(known) > 1 and DEFAULT_ACCOUNT not in known:
        msg = f"there are journals of several accounts beside {database} ({', '.join(known)}); name one with --account"
        raise ConfigError(msg)
    return known[0] if len(known) == 1 else DEFAULT_ACCOUNT


def accounts(database: Path) -> list[str]:
    """Accounts that have a journal beside the database, by name."""
    start = f"{database.stem}-"
    names = (path.name for path in database.parent.glob(f"*{JOURNAL_END}") if path.name.startswith(start))
    found = (name[len(start) : -len(JOURNAL_END)] for name in names)
    return sorted(name for name in found if ACCOUNT.fullmatch(name))
