"""Order rate: N tokens, each of which comes back one window after it was taken, and the gate's own counts.

So no window of that length, wherever it begins, holds more than N sends. A bucket that is refilled evenly would let
out 2 N in the window that follows a pause.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from framework.pretrade.facts import SECOND_NS, RequestKind, Send, Sends

if TYPE_CHECKING:
    from collections.abc import Iterable

    from framework.pretrade.facts import Request

MINUTE_NS = 60 * SECOND_NS


def wait_ns(taken: Iterable[int], tokens: int, window_ns: int, now_ns: int) -> int:
    """Time until a token is back, 0 when one is there; ``taken`` are the times at which tokens went, any order.

    No tokens at all: one window, for ever.
    """
    if not tokens > 0:
        return window_ns
    out = sorted(time for time in taken if time + window_ns > now_ns)
    return out[-tokens] + window_ns - now_ns if len(out) >= tokens else 0


def sent_at(sends: Sends, *, cancels: bool) -> list[int]:
    """Times of the cancels, or of everything else: the two have tokens of their own."""
    return [send.time_ns for send in sends.recent if (send.action is RequestKind.CANCEL) is cancels]


def in_last_minute(sends: Sends, symbol: str, now_ns: int) -> int:
    """Orders placed and changed in a symbol within the last minute."""
    return sum(
        send.symbol == symbol and send.action is not RequestKind.CANCEL and send.time_ns + MINUTE_NS > now_ns
        for send in sends.recent
    )


def on_day(sends: Sends, symbol: str, day: int) -> int:
    """Orders placed and changed in a symbol on a trading day."""
    return sends.today.get(symbol, 0) if sends.day == day else 0


def noted(sends: Sends, request: Request, now_ns: int, day: int) -> Sends:
    """The counts after a request went out. The gate's caller keeps them; a strategy cannot."""
    recent = tuple(send for send in sends.recent if send.time_ns + MINUTE_NS > now_ns)
    send = Send(now_ns, request.action, request.strategy, request.symbol, request.quantity)
    today = dict(sends.today) if sends.day == day else {}
    if request.action is not RequestKind.CANCEL:
        today[request.symbol] = today.get(request.symbol, 0) + 1
    return Sends((*recent, send), day, MappingProxyType(today))
