"""Control of a paper broker from another process: orders, positions, cancel, flatten. Needs next to nothing to load.

``tulya kill`` stands on it: it works while the runner's loop hangs, and no profit-and-loss code is on its path.
"""

from __future__ import annotations

import json
import os
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from framework.errors import BrokerError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONGEST_ADDRESS = 100
"""Bytes of a socket's path that every system takes."""


@contextmanager
def address_of(path: Path) -> Iterator[str]:
    """Address to bind or connect to: the path, or where that is too long for a socket, a short way to its folder.

    ``OSError`` when the folder is not there, or its system has no short way.
    """
    if len(os.fsencode(path)) <= LONGEST_ADDRESS:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


class PaperControl:
    """Control through the broker's socket. Every call raises ``BrokerError`` when nobody answers in time."""

    def __init__(self, path: Path, timeout_seconds: float = 5.0) -> None:
        """``path``: the socket's file."""
        self._path = path
        self._timeout_seconds = timeout_seconds

    def orders(self) -> list[dict[str, Any]]:
        """Orders that may still fill; fields as in ``framework.broker.book.BrokerOrder``."""
        return list(self._ask({"do": "orders"})["orders"])

    def positions(self) -> list[dict[str, Any]]:
        """Positions that are not flat: symbol, product, quantity (signed units)."""
        return list(self._ask({"do": "positions"})["positions"])

    def cancel(self, tag: str) -> list[str]:
        """Take every order of a tag out of the book; the tags of those that were."""
        return list(self._ask({"do": "cancel", "tag": tag})["cancelled"])

    def cancel_all(self) -> list[str]:
        """Take every order out of the book."""
        return list(self._ask({"do": "cancel"})["cancelled"])

    def flatten(self) -> list[dict[str, Any]]:
        """Leave every position at its last price, and hear the fills; one of which no price is known stays."""
        return list(self._ask({"do": "flatten"})["fills"])

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line, address_of(self._path) as address:
                line.settimeout(self._timeout_seconds)
                line.connect(address)
                line.sendall(json.dumps(request).encode() + b"\n")
                with line.makefile("rb") as replies:
                    reply = json.loads(replies.readline())
        except (OSError, ValueError) as error:
            raise BrokerError(
                f"the paper broker does not answer at {self._path}: {error}; is its run alive?"
            ) from error
        if "error" in reply:
            raise BrokerError(f"the paper broker refused {request['do']}: {reply['error']}")
        return dict(reply)
