"""Clock of the paper broker, as a port: whoever runs it hands one in."""

from __future__ import annotations

from typing import Protocol


class PaperClock(Protocol):
    """Clock of the paper broker."""

    def now(self) -> int:
        """Time, UTC nanoseconds; it never goes back."""
        ...

    async def sleep_until(self, moment: int) -> None:
        """Wait until ``now() >= moment``."""
        ...
