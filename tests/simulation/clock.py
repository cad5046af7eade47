"""Clock of a simulated machine: the loop's virtual time with steps, held while it goes back, as ``WallClock`` does."""

import asyncio

from tests.simulation.kinds import SECOND
from tests.simulation.market import BEGIN


class TrueClock:
    """Clock of the world, which nobody can step."""

    def now(self) -> int:
        return BEGIN + round(asyncio.get_running_loop().time() * SECOND)

    async def sleep_until(self, moment: int) -> None:
        while (left := moment - self.now()) > 0:
            await asyncio.sleep(left / SECOND)


class SteppedClock(TrueClock):
    """Clock of one process: it may be stepped, and never goes back within the process."""

    def __init__(self, skew: int = 0) -> None:
        self.skew = skew
        """Nanoseconds that it is ahead of the world's."""
        self._latest = 0

    def now(self) -> int:
        self._latest = max(self._latest, super().now() + self.skew)
        return self._latest

    async def sleep_until(self, moment: int) -> None:
        while (left := moment - self.now()) > 0:
            await asyncio.sleep(min(left / SECOND, 1.0))
