"""Text from elsewhere as a terminal may show it: what would move the cursor or colour the screen is written out."""

from __future__ import annotations

import unicodedata

KEPT = "\n\t"
HIDING = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of Unicode that a reader cannot see: controls, formats (direction marks, zero widths), separators."""


def shown(text: str) -> str:
    r"""The text with every control and invisible character written out, such as ``\x1b``; line breaks and tabs stay."""
    if text.isprintable():
        return text
    return "".join(letter if _can_be_seen(letter) else letter.encode("unicode_escape").decode() for letter in text)


def _can_be_seen(letter: str) -> bool:
    return letter in KEPT or unicodedata.category(letter) not in HIDING
