"""The port to a broker: what every adapter does, paper or real. Vendor words stop behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.types.events import Answer, Command


class Broker(Protocol):
    """Takes commands, tells answers. It never decides: an increase reaches it only as an ``Approved`` order."""

    def execute(self, command: Command, moment: int) -> None:
        """Carry out one command that Session gave at ``moment``, UTC nanoseconds.

        What came of it is told by ``answers``, never by a return value.

        Raises:
            RetryableError: nothing happened at the broker, asking again is safe.
            UnknownOutcomeError: nobody knows; look the order up, never send it again.
        """
        ...

    def answers(self) -> Iterator[Answer]:
        """Everything that happened since the last call, oldest first; answers to commands given meanwhile included."""
        ...
