"""Second door to the paper broker: a Unix socket whose thread answers while the event loop hangs.

One JSON object a line, and one back: ``{"do": "orders"}``, ``positions``, ``cancel`` (with ``tag``, or without: all),
``flatten``. An answer has ``error``, or what was asked for.
"""

from __future__ import annotations

import json
import socketserver
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Any

from adapters.paper.control import address_of
from framework.errors import TulyaError

if TYPE_CHECKING:
    from pathlib import Path

    from adapters.paper.broker import PaperBroker

LONGEST_LINE = 65_536


class PaperDoor:
    """Server of the socket. ``close`` ends it and takes the socket's file away; safe to call twice."""

    def __init__(self, broker: PaperBroker, path: Path) -> None:
        """Serve from now on; a file that a killed process left at ``path`` is replaced."""
        self._path = path
        path.unlink(missing_ok=True)
        self._server = _Server(broker, path)
        path.chmod(0o600)
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), name="paper-door", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Serve no longer."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        with suppress(FileNotFoundError):
            self._path.unlink()


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, broker: PaperBroker, path: Path) -> None:
        self.broker = broker
        with address_of(path) as address:
            super().__init__(address, _Caller)


class _Caller(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        """Answer line by line until the other side goes."""
        while line := self.rfile.readline(LONGEST_LINE):
            self.wfile.write(json.dumps(self._answer(line)).encode() + b"\n")

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            return answer(self.server.broker, json.loads(line))
        except (TulyaError, LookupError, TypeError, ValueError) as error:
            return {"error": f"{type(error).__name__}: {error}"}


def answer(broker: PaperBroker, request: dict[str, Any]) -> dict[str, Any]:
    """Carry out one request."""
    do = request["do"]
    if do == "orders":
        return {"orders": [order._asdict() for order in broker.resting()]}
    if do == "positions":
        return {"positions": [position._asdict() for position in broker.positions()]}
    if do == "cancel":
        tag = request.get("tag")
        asked = [order for order in broker.resting() if tag is None or order.tag == tag]
        return {"cancelled": [order.tag for order in asked if broker.cancel_by_hand(order.broker_id)]}
    if do == "flatten":
        return {"fills": [fill._asdict() for fill in broker.flatten()]}
    return {"error": f"there is no request {do!r}: orders, positions, cancel, flatten"}
