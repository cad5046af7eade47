"""Text from elsewhere as a person may see it: what moves a terminal or shows nothing is written out."""

from __future__ import annotations

import unicodedata

REFUSED = {"Cc": "a control character", "Cs": "half a character", "Zl": "a line break", "Zp": "a line break"}
"""Unicode category → what it is called in a sentence."""
BLANK = "Zs"
INVISIBLE = frozenset({"Cf", BLANK, "Co", "Cn"})
"""Categories of characters that show nothing; a plain space is fine."""
OTHERS_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters and marks that show nothing either."""
LAYOUT = "\n\t"


def visible(name: str) -> str:
    """A name with every character that moves a terminal or shows nothing written as its escape, backslash and code."""
    return "".join(letter if shows(letter) else escaped(letter) for letter in name)


def visible_text(text: str) -> str:
    """The same of running text: its line breaks, tabs and blanks of any width stay."""
    if text.isprintable():
        return text
    return "".join(letter if _is_layout(letter) or shows(letter) else escaped(letter) for letter in text)


def shows(letter: str) -> bool:
    """True for a character that a reader sees; a plain space counts as one."""
    if letter == " ":
        return True
    category = unicodedata.category(letter)
    return category not in INVISIBLE and category not in REFUSED and letter not in OTHERS_INVISIBLE


def escaped(letter: str) -> str:
    """A character as backslash and code."""
    code = ord(letter)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004 - widths of an escape


def _is_layout(letter: str) -> bool:
    return letter in LAYOUT or unicodedata.category(letter) == BLANK
