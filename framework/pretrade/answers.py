"""Answers of a pre-trade rule: allow, wait, or deny with a reason."""

from __future__ import annotations

from typing import NamedTuple


class Allow(NamedTuple):
    """Allowed. An answer holds no quantity: a pre-trade rule cannot change an order."""


class Wait(NamedTuple):
    """Not yet: review again after ``wait_ns``."""

    wait_ns: int
    """> 0."""


class Deny(NamedTuple):
    """Denied, with the reason: the runner reports it, keeps it and never sends that order again."""

    code: str
    """A key of ``wording.SENTENCES``."""
    value: float | str
    """Value of the order or of the context."""
    bound: float | str
    """Bound of the value."""


Answer = Allow | Wait | Deny
ALLOW = Allow()
