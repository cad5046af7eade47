"""Notices to the service manager: ready once the account is reconciled, alive while loop, writer and feed are.

systemd hands a socket to a service of ``Type=notify``; a datagram to it says ``READY=1``, ``WATCHDOG=1``, ``STATUS=…``.
A notice that cannot be sent is dropped: trading does not depend on it. The watchdog's notice stops when something ails,
so that systemd ends the process and starts it anew, which is the path of every start.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

POLL_S = 0.2
"""Seconds between two looks at whether the account is reconciled."""
ALIVE_S = 10.0
"""Seconds between two notices where no watchdog asks for them."""
MICRO = 1e-6


class ServiceNotice:
    """Line to the service manager; without one every notice is dropped."""

    def __init__(self, environment: Mapping[str, str], pid: int) -> None:
        """``environment``: NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID of it. ``pid``: of this process."""
        self._address = environment.get("NOTIFY_SOCKET", "")
        asked = environment.get("WATCHDOG_USEC", "") if environment.get("WATCHDOG_PID", str(pid)) == str(pid) else ""
        self.watchdog_s = int(asked) * MICRO if asked.isdecimal() else 0.0
        """Seconds after which systemd ends a process that says nothing; 0 = it does not."""

    @property
    def is_wanted(self) -> bool:
        """True under a service manager that listens."""
        return self._address[:1] in {"/", "@"}

    def send(self, text: str) -> bool:
        """Send lines such as ``READY=1``; False when nobody took them."""
        if not self.is_wanted:
            return False
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
                line.setblocking(False)
                line.sendto(text.encode(), address)
        except OSError:
            return False
        return True


async def keep_told(notice: ServiceNotice, is_ready: Callable[[], bool], ailing: Callable[[], str]) -> None:
    """Say ready once, then alive for ever while nothing ails; three times within the watchdog's patience.

    ``ailing``: what ails, in words; empty while nothing does.
    """
    while not is_ready():  # noqa: ASYNC110 - an event would have the runner know its service manager
        await asyncio.sleep(POLL_S)
    notice.send("READY=1\nSTATUS=trading")
    told = ""
    while True:
        found = ailing()
        if not found:
            notice.send("WATCHDOG=1")
        if found != told:
            notice.send(f"STATUS={found or 'trading'}")
            told = found
        await asyncio.sleep(notice.watchdog_s / 3 or ALIVE_S)
