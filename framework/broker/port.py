"""The port to a broker: what every adapter does, paper or real. Vendor words stop behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.types import Command, Event


class Broker(Protocol):
    """Takes commands, tells events. It never decides: an increase reaches it only as an ``Approved`` order."""

    def execute(self, command: Command) -> None:
        """Carry out one command of Session. What came of it is told by ``events``, never by a return value.

        Raises:
            RetryableError: nothing happened at the broker, asking again is safe.
            UnknownOutcomeError: nobody knows; look the order up, never send it again.
        """
        ...

    def events(self) -> Iterator[Event]:
        """Everything that happened since the last call, oldest first; answers to commands given meanwhile included."""
        ...
