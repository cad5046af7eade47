"""Names like a word that was typed: a hint beside an error."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest(word: str, names: Iterable[str], count: int = 3) -> list[str]:
    """The names most like a word, best first; upper and lower case are the same here."""
    folded: dict[str, str] = {}
    for name in names:
        folded.setdefault(name.casefold(), name)
    return [folded[match] for match in get_close_matches(word.casefold(), list(folded), count, 0.5)]
