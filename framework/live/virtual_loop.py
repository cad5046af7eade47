"""Event loop in virtual time: its clock jumps to the next timer as soon as nothing is left to do now.

A day of trading takes a second, and takes it the same way every time: no thread, no real waiting, no order that the
machine decides. ``--speed max``, the simulation and most tests of the runner run on it with the production code.
"""

from __future__ import annotations

import asyncio
import selectors
from typing import TYPE_CHECKING, Any, TypeVar

from framework.errors import InvariantError

if TYPE_CHECKING:
    from collections.abc import Coroutine

Result = TypeVar("Result")


class _JumpingSelector(selectors.DefaultSelector):
    """Selector that never waits: where asyncio would sleep, the loop's time moves on."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 0.0
        """Seconds of virtual time."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Events that are there by now; without any, time passes."""
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            msg = "virtual time stands still: every task waits, and for nothing that a timer or a file would bring"
            raise InvariantError(msg)
        self.time += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """Event loop whose ``time()`` is virtual; see the module."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Seconds since the loop began, virtual."""
        return self._jumping.time


def run_virtual(main: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine to its end in virtual time, like ``asyncio.run``."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
