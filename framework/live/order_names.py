"""Names of our orders: tag ↔ session and number, and the broker's own id of each.

Ownership goes by the tag alone. Nothing is matched by symbol, side, size or time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

NUMBER_DIGITS = 8
"""Digits of the order's number, the last part of a tag; see ``session.orders.tag_of``."""


def tag_of(session: str, order_id: int) -> str:
    """Tag of a session's order."""
    return f"{session}{order_id:0{NUMBER_DIGITS}d}"


class OrderNames:
    """Names of the orders of an account."""

    def __init__(self, sessions: Iterable[str], broker_ids: dict[str, str] | None = None) -> None:
        """``broker_ids``: tag → the broker's id, as the journal has them."""
        self._sessions = frozenset(sessions)
        self.broker_ids = dict(broker_ids or {})

    def owner(self, tag: str) -> tuple[str, int] | None:
        """Session and order id of a tag; None when the tag is not ours."""
        session, number = tag[:-NUMBER_DIGITS], tag[-NUMBER_DIGITS:]
        if session not in self._sessions or not (number.isascii() and number.isdigit()):
            return None
        return session, int(number)

    def learn(self, tag: str, broker_id: str) -> None:
        """The broker calls this order so."""
        if broker_id:
            self.broker_ids[tag] = broker_id

    def broker_id(self, tag: str) -> str:
        """The broker's id of an order; empty where it is not known."""
        return self.broker_ids.get(tag, "")
