"""What a send rule answers: go, wait, or no and why."""

from __future__ import annotations

from typing import NamedTuple


class Allow(NamedTuple):
    """Nothing against it. An answer holds no quantity: a send rule cannot change an order."""


class Wait(NamedTuple):
    """Not yet: ask again after so long."""

    wait_ns: int
    """> 0."""


class Deny(NamedTuple):
    """No, and why: the runner tells it, keeps it and does not ask again with the same order."""

    code: str
    """A key of ``wording.SENTENCES``."""
    value: float | str
    """What the order or the world has."""
    bound: float | str
    """What it may have."""


Answer = Allow | Wait | Deny
ALLOW = Allow()
