"""Errors of a user's own method, as one sentence with its file and line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from framework.errors import StrategyError
from framework.usercode.load import error_text, place_of

if TYPE_CHECKING:
    from framework.strategy import Strategy


def strategy_error(error: Exception, strategy: Strategy, method: str, where: str) -> StrategyError:
    """The error to raise from ``error``; ``where`` names the method's input, as ``on the bars of SP500``."""
    file = Path(getattr(type(strategy), method).__code__.co_filename)
    return StrategyError(
        f"{place_of(error, file)}: {type(strategy).__name__}.{method} raised {error_text(error)} ({where})"
    )
