"""Failpoints: named places at which a test ends the process at once, as kill -9 or a power cut would.

Each costs one comparison while no test asks. ``TULYA_FAILPOINT=sending_durable:3`` dies at its third pass there.
"""

from __future__ import annotations

import os
import signal

VARIABLE = "TULYA_FAILPOINT"
NAMES = (
    "started", "void_answered", "unknown_answered", "reconciled", "row_opened", "bar_news", "bar_traded", "row_closed",
    "decided", "memory_noted", "same_close", "session_ended", "closed_out", "moment_passed", "session_opened",
    "input_handled", "commands_queued", "gate_asked", "gate_denied", "deferred", "released", "sending_noted",
    "sending_durable", "request_counted", "request_left", "outcome_noted", "outcome_answered", "lockstep_news",
    "news_taken", "fill_taken", "order_news_taken", "flushed", "flush_begins", "stray_noted", "finding_noted",
    "stopping", "stopped_noted", "snapshot_read", "funds_noted", "price_seen",
    "command_obeyed", "command_durable", "order_dropped",
)  # fmt: skip


class _Failpoint:
    """The one that a test asks for."""

    def __init__(self) -> None:
        name, _, hits = os.environ.get(VARIABLE, "").partition(":")
        self.name = name
        self.left = int(hits or "1")


_CHOSEN = _Failpoint()


def failpoint(name: str) -> None:
    """Die here, if a test asked for it."""
    if name == _CHOSEN.name:
        _CHOSEN.left -= 1
        if _CHOSEN.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
