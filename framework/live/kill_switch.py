"""Kill switch: past a runner that hangs, take our orders out of the broker's book, and leave what is held if wanted.

Theory of operation
-------------------
It runs in a process of its own and loads next to nothing: no prices, no profit and loss, no strategy. First the file
KILL: the outbox looks for it before each request, so nothing new leaves from here on. Then orders are cancelled one by
one, those alone whose tag begins as ours do, at a pace that no broker refuses. What is held is left by the broker, at
bounded prices. *Flat* is said after two reads in a row with nothing of ours in the book and, where it was asked for,
nothing held; a read that fails counts as no read.

*What races.* The runner may be in the middle of sending when KILL appears: an order that left just before shows up in
the next read and is cancelled then. A cancel that loses against a fill shows up as a position.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from framework.errors import BrokerError
from framework.live.control import KILL_FILE, write_whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

READS = 2
"""Reads in a row that must show nothing."""
PAUSE_S = 0.25
"""Seconds between two of them."""
CANCELS_PER_SECOND = 8
LONGEST_S = 30.0


class KillBroker(Protocol):
    """Broker as the kill switch sees it; every call raises ``BrokerError`` where nobody answers."""

    def orders(self) -> list[dict[str, Any]]:
        """Orders that may still fill: ``tag``, ``symbol``, ``quantity``."""
        ...

    def positions(self) -> list[dict[str, Any]]:
        """Positions that are not flat: ``symbol``, ``quantity``."""
        ...

    def cancel(self, tag: str) -> list[str]:
        """Take the orders of a tag out of the book; tags of those that were."""
        ...

    def flatten(self) -> list[dict[str, Any]]:
        """Leave every position; the fills so far."""
        ...


class KillReport(NamedTuple):
    """Report of a kill."""

    flat: bool
    """Two reads showed nothing: no order of ours, and no position where they were to be left."""
    seconds: float
    """From the first step to the second of those reads."""
    cancelled: tuple[str, ...]
    """Tags."""
    fills: tuple[dict[str, Any], ...]
    """Of the positions that were left."""
    orders: tuple[dict[str, Any], ...]
    """Still in the book, those of others included."""
    positions: tuple[dict[str, Any], ...]
    """Still held."""
    problem: str
    """The last error; empty without one."""


def forbid_sending(folder: Path, why: str) -> None:
    """Make the file KILL: nothing but cancels leaves from here on."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(folder / f".{KILL_FILE}.{os.getpid()}", folder / KILL_FILE, why + "\n")


def kill(
    broker: KillBroker,
    prefix: str,
    *,
    flatten: bool,
    seconds: float = LONGEST_S,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> KillReport:
    """Cancel every order whose tag begins with ``prefix``, and leave positions if wanted, until both are seen twice."""
    began = now()
    cancelled, fills = list[str](), list[dict[str, Any]]()
    orders, positions = list[dict[str, Any]](), list[dict[str, Any]]()
    problem, clean = "", 0
    while True:
        try:
            orders, positions = broker.orders(), broker.positions()
            ours = [one["tag"] for one in orders if str(one["tag"]).startswith(prefix)]
            clean = 0 if ours or (flatten and positions) else clean + 1
            problem = ""
            if clean >= READS:
                break
            for number, tag in enumerate(ours):
                if number >= CANCELS_PER_SECOND:  # a burst of a second's worth, then one after the other
                    sleep(1 / CANCELS_PER_SECOND)
                cancelled += broker.cancel(tag)
            if flatten and positions:
                fills += broker.flatten()
        except BrokerError as error:
            clean, problem = 0, str(error)
        if now() - began >= seconds:
            break
        sleep(PAUSE_S)
    return KillReport(
        clean >= READS, now() - began, tuple(cancelled), tuple(fills), tuple(orders), tuple(positions), problem
    )
