"""Clocks of a simulated world: its own, which nobody can step, and the machine's, which can."""

import asyncio

from framework.live.clock import WallClock
from tests.simulation.kinds import SECOND
from tests.simulation.market import BEGIN


class TrueClock:
    """Clock of the world, which nobody can step."""

    def now(self) -> int:
        return BEGIN + round(asyncio.get_running_loop().time() * SECOND)

    async def sleep_until(self, moment: int) -> None:
        while (left := moment - self.now()) > 0:  # noqa: ASYNC110 - it waits for time, not for somebody
            await asyncio.sleep(left / SECOND)


class SteppedClock(WallClock):
    """The production clock of one process, over a machine's clock that may be stepped."""

    def __init__(self, skew: int = 0) -> None:
        self.skew = skew
        """Nanoseconds that it is ahead of the world's."""
        super().__init__()

    def _wall_ns(self) -> int:
        return BEGIN + self._monotonic_ns() + self.skew

    @staticmethod
    def _monotonic_ns() -> int:
        return round(asyncio.get_running_loop().time() * SECOND)
