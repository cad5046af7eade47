"""Names of instruments: which are refused, and which are easily taken for another one."""
# ruff: noqa: RUF001 - the table of letters that look alike

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from framework.errors import DataError
from framework.types.visible import REFUSED, escaped, shows, visible

LONGEST = 64
"""Characters of a symbol, and of an exchange."""
LATIN = {
    "а": "a", "с": "c", "ԁ": "d", "е": "e", "һ": "h", "і": "i", "ј": "j", "ӏ": "l", "о": "o", "р": "p", "ԛ": "q",
    "ѕ": "s", "у": "y", "ѵ": "v", "ԝ": "w", "х": "x", "А": "A", "В": "B", "С": "C", "Е": "E", "Н": "H", "І": "l",
    "Ј": "J", "К": "K", "М": "M", "О": "O", "Р": "P", "Ѕ": "S", "Т": "T", "У": "Y", "Х": "X", "Ү": "Y",
    "α": "a", "ο": "o", "ν": "v", "ρ": "p", "ι": "i", "Α": "A", "Β": "B", "Ε": "E", "Ζ": "Z", "Η": "H", "Ι": "l",
    "Κ": "K", "Μ": "M", "Ν": "N", "Ο": "O", "Ρ": "P", "Τ": "T", "Υ": "Y", "Χ": "X", "օ": "o", "ո": "n", "ս": "u",
    "հ": "h", "0": "O", "1": "l", "|": "l", "I": "l", "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "−": "-",
    "․": ".", "ꞌ": "'", "’": "'",
}  # fmt: skip
"""Letter, digit or mark → the one that it looks like: Cyrillic, Greek, Armenian, I and l and 1, O and 0, dashes."""


class Likeness(NamedTuple):
    """Two names that are easily taken for each other."""

    name: str
    other: str
    reason: str
    """Ends a sentence: "differ only in …"."""


def name_fault(name: str) -> str:
    """Reason why a text cannot be a symbol or an exchange; empty where it can."""
    if len(name) > LONGEST:
        return f"it has {len(name):,} characters, and {LONGEST} are the most"
    for at, letter in enumerate(name, start=1):
        what = REFUSED.get(unicodedata.category(letter))
        if what:
            return f"its character {at} is {what}"
    return ""


def checked_symbol(symbol: str) -> str:
    """The same symbol; ``DataError`` where it cannot be one."""
    if not symbol.strip():
        raise DataError("the symbol is empty; write one such as INFY")
    return _checked("symbol", symbol)


def checked_exchange(exchange: str) -> str:
    """The same exchange, '' for none; ``DataError`` where it cannot be one."""
    return _checked("exchange", exchange)


def _checked(what: str, name: str) -> str:
    fault = name_fault(name)
    if fault:
        raise DataError(f"{what} {visible(name[:LONGEST])!r} is refused: {fault}")
    return name


def hidden(name: str) -> list[str]:
    """Characters of a name that show nothing, as escapes."""
    return [escaped(letter) for letter in name if not shows(letter)]


def looks(name: str) -> set[str]:
    """Forms of a name by which it may be taken for another one: in one case, without what is invisible, by its look."""
    return {name.casefold(), _seen(name), _look(name)}


def likeness(name: str, other: str) -> Likeness | None:
    """Reason why two different names are easily taken for each other; None where they are not."""
    if name == other:
        return None
    if name.casefold() == other.casefold():
        return Likeness(name, other, "upper and lower case")
    if _seen(name) == _seen(other):
        return Likeness(name, other, "characters that show nothing")
    if _look(name) == _look(other):
        return Likeness(name, other, "letters that look alike")
    return None


def _look(name: str) -> str:
    plain = name if name.isascii() else unicodedata.normalize("NFKD", name)
    return "".join(LATIN.get(letter, letter) for letter in plain if shows(letter) and not unicodedata.combining(letter))


def _seen(name: str) -> str:
    return name.casefold() if name.isascii() else "".join(letter for letter in name if shows(letter)).casefold()
