"""Blocking calls of the runner: in a thread beside the loop, or at once where time is virtual."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")


class BlockingCalls(Protocol):
    """Port for calls that block."""

    async def run(self, call: Callable[..., Result], *arguments: object) -> Result:
        """Result of the call; what it raises is raised here."""
        ...


class PoolThreads:
    """BlockingCalls of a small pool."""

    def __init__(self, workers: int = 4) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="tulya")

    async def run(self, call: Callable[..., Result], *arguments: object) -> Result:
        """See ``BlockingCalls.run``."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, call, *arguments)

    def close(self) -> None:
        """Wait for what is under way."""
        self._pool.shutdown()


class NoThreads:
    """Calls at once, within the loop: for virtual time, where nothing may depend on the machine."""

    async def run(self, call: Callable[..., Result], *arguments: object) -> Result:
        """See ``BlockingCalls.run``."""
        return call(*arguments)

    def close(self) -> None:
        """See ``PoolThreads``; nothing is under way."""
