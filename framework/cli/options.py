"""Options that several commands share."""

from __future__ import annotations

import csv
import math
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from framework.errors import ConfigError, DataError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from framework.store import Store

Database = Annotated[
    Path | None,
    typer.Option(
        "--db", help="SQLite file; default $TULYA_DB, then the config, then data/market.sqlite.", metavar="PATH"
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else on stdout.")]


def open_database(db: Path | None, *, create: bool = True) -> Store:
    """The store that ``--db``, the environment or the configuration names; ``create=False`` for readers."""
    from framework.config.settings_file import database_path
    from framework.store import open_store

    return open_store(database_path(db), create=create)


def counted(count: int, noun: str) -> str:
    """``1 order``, ``2 orders``, ``no orders``."""
    return f"{f'{count:,}' if count else 'no'} {noun}{'' if count == 1 else 's'}"


def parse_pairs(option: str, texts: Iterable[str]) -> dict[str, str]:
    """``name=value`` texts of a repeatable option."""
    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            msg = f"{option} {text!r} is not understood; write {option} name=value, such as {option} period=10"
            raise ConfigError(msg)
        key = name.strip().replace("-", "_")
        if key in pairs:
            msg = f"{option} {key} is given twice, as {pairs[key]} and as {value.strip()}; give it once"
            raise ConfigError(msg)
        pairs[key] = value.strip()
    return pairs


def parse_rate(option: str, text: str) -> float:
    """``6.5%`` as 0.065. A bare number is refused unless it is 0: is 6.5 a fraction or per cent?"""
    number, percent = text.strip().removesuffix("%"), text.strip().endswith("%")
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not (-100 < value < 100 and (percent or value == 0)):  # noqa: PLR2004 - per cent
        msg = f"{option} {text!r} is not understood; write a rate a year between -100% and 100%, such as {option} 6.5%"
        raise ConfigError(msg)
    return value / 100


def expand_symbols(text: str, db: Path, timeframe: str) -> list[str]:
    """``A,B``, ``all``, or patterns such as ``NSE:*`` and ``BANK*``, against what the store holds.

    A symbol that holds a comma stands in quotes: ``'"A, B",C'``.
    """
    cells = next(csv.reader([text], skipinitialspace=True), [])
    wanted = [item.strip() for item in cells if item.strip()]
    if not wanted:
        msg = "--symbols is empty; name at least one, such as --symbols SP500, or all"
        raise ConfigError(msg)
    if not any(_is_pattern(item) for item in wanted):
        return list(dict.fromkeys(wanted))
    from framework.store import open_store

    with open_store(db, create=False) as store:
        stored = [
            (f"{series.exchange}:{series.symbol}" if series.exchange else series.symbol, series.symbol)
            for series in store.series(timeframe=timeframe)
        ]
    chosen: dict[str, None] = {}
    for item in wanted:
        if not _is_pattern(item):
            chosen[item] = None
            continue
        pattern = "*" if item.lower() == "all" else item
        found = [full for full, plain in stored if fnmatchcase(full, pattern) or fnmatchcase(plain, pattern)]
        if not found:
            msg = (
                f"--symbols {item!r} matches none of the {len(stored)} series of {timeframe} bars; see tulya data list"
            )
            raise DataError(msg)
        chosen.update(dict.fromkeys(found))
    return list(chosen)


def _is_pattern(item: str) -> bool:
    return item.lower() == "all" or any(letter in item for letter in "*?[")
