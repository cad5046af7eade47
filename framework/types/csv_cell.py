"""CSV cell that a spreadsheet shows and does not carry out."""

from __future__ import annotations

MARK = "'"
"""What makes a cell a text, in every spreadsheet; a text that begins with it gets a second one."""
STARTS_FORMULA = frozenset("=+-@\t\r")
"""First letters of what spreadsheets take for a formula (OWASP, CSV Injection)."""


def harmless(cell: str) -> str:
    """The text, with an apostrophe before what a spreadsheet would execute; numbers, such as −5.2, stay as they are."""
    if not cell or (cell[0] not in STARTS_FORMULA and cell[0] != MARK) or _is_number(cell):
        return cell
    return f"{MARK}{cell}"


def plain(cell: str) -> str:
    """The text as it was before ``harmless``."""
    return cell[1:] if len(cell) > 1 and cell[0] == MARK and (cell[1] in STARTS_FORMULA or cell[1] == MARK) else cell


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
