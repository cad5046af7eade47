"""Moments as people type them: a day, or a day and a time."""

from __future__ import annotations

from datetime import date, datetime

from framework.errors import ConfigError


def day_or_moment(name: str, text: str, example: str = "") -> date | datetime:
    """A day (``date``) or a moment (``datetime``, aware only with an offset); ``ConfigError`` names the option."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            f"{name} {text!r} is not understood; write a day or a moment, such as {example}2024-03-01 or "
            f"{example}2024-03-01T10:15"
        ) from None
