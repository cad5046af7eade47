"""Clock and waiting of the runner, as ports: the only way to either. Wall, replayed at a speed, or simulated.

Everything in ``live`` sleeps with ``asyncio.sleep`` scaled by its clock and reads the time from it, so that a virtual
event loop (``virtual_loop.py``) runs a day in a second with the same code.
"""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

SECOND_NS = 1_000_000_000
JUMP_NS = 10 * SECOND_NS
"""A clock that goes ahead by more at once was not set right: the machine slept, or time was lost otherwise."""


class Clock(Protocol):
    """Clock of a runner."""

    @property
    def slept_ns(self) -> int:
        """Time that has passed while this process could not run, all in all, as of the latest ``now``."""
        ...

    def now(self) -> int:
        """The time, UTC nanoseconds; it never goes back within one process."""
        ...

    async def sleep_until(self, moment: int) -> None:
        """Wait until ``now() >= moment``."""
        ...


class WallClock:
    """Clock of the machine, which never goes back: where the machine's does, this one goes on at half its speed.

    So a wait takes at most twice as long, and the two agree again in the end. ``steps`` counts the steps backwards.
    """

    def __init__(self) -> None:
        self._latest = 0
        self._measured = self._monotonic_ns()
        self.steps = 0
        """Times that the machine's clock went back by more than a second."""
        self.slept_ns = 0
        """See ``Clock.slept_ns``: a machine that sleeps stops the one of its clocks and not the other."""
        self._is_ahead = False

    @staticmethod
    def _wall_ns() -> int:
        return time.time_ns()

    @staticmethod
    def _monotonic_ns() -> int:
        return time.monotonic_ns()

    def now(self) -> int:
        """See ``Clock.now``."""
        read, measured = self._wall_ns(), self._monotonic_ns()
        passed, self._measured = measured - self._measured, measured
        ahead = read - self._latest - passed
        if self._latest and ahead > JUMP_NS:
            self.slept_ns += ahead
        is_behind = read < self._latest - SECOND_NS
        self.steps += is_behind and not self._is_ahead
        self._is_ahead = is_behind
        self._latest = max(read, self._latest + (passed // 2 if read < self._latest else 0))
        return self._latest

    async def sleep_until(self, moment: int) -> None:
        """See ``Clock.sleep_until``; in slices, so that a clock step or a sleep of the machine is noticed."""
        while (left := moment - self.now()) > 0:  # noqa: ASYNC110 - it waits for time, not for somebody
            await asyncio.sleep(min(left / SECOND_NS, 1.0))


class ReplayClock:
    """Clock that starts at a moment of the past and runs ``speed`` times as fast as the event loop's own.

    It goes no further than the latest moment that anybody waits for: a market of the past waits for who watches it,
    however slow the machine is. On a ``VirtualLoop`` the loop's time jumps, and so does this one: speed ``max``.
    """

    def __init__(self, start: int, speed: float = 1.0) -> None:
        """``start``: UTC nanoseconds."""
        self._start = start
        self._speed = speed
        self.slept_ns = 0
        """See ``Clock.slept_ns``: a replay takes up where it was."""
        self._began: float | None = None
        self._awaited = start
        """Latest moment that anybody has waited for."""

    def now(self) -> int:
        """See ``Clock.now``."""
        read = asyncio.get_running_loop().time()
        if self._began is None:
            self._began = read
        return min(self._start + round((read - self._began) * self._speed * SECOND_NS), self._awaited)

    async def sleep_until(self, moment: int) -> None:
        """See ``Clock.sleep_until``."""
        self._awaited = max(self._awaited, moment)
        while (left := moment - self.now()) > 0:  # noqa: ASYNC110 - the same
            await asyncio.sleep(left / SECOND_NS / self._speed)
