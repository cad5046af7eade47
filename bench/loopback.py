"""A feed through a real WebSocket on this machine: a server in a child process, and the client behind the port.

A frame holds some ticks: symbol number, moment, price and the day's volume of each, packed; an empty frame is the end.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import struct
import time
from typing import TYPE_CHECKING, NamedTuple

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

from framework.broker.feed import FeedConnection, FeedEnds, FeedTick

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from multiprocessing.connection import Connection

    from websockets.asyncio.server import ServerConnection

    from framework.broker.feed import FeedEvent

TICK = struct.Struct("<HqdQ")
FRAMES_PER_SECOND = 500
SEED = 20261201


class Stream(NamedTuple):
    """Stream of made-up trades."""

    symbols: int
    ticks_per_second: int
    seconds: float

    @property
    def ticks(self) -> int:
        """Ticks that are sent in all."""
        return self.frames * self.per_frame

    @property
    def frames_per_second(self) -> int:
        """Frames sent in a second, no more than there are ticks."""
        return min(FRAMES_PER_SECOND, self.ticks_per_second)

    @property
    def per_frame(self) -> int:
        """Ticks in a frame."""
        return self.ticks_per_second // self.frames_per_second

    @property
    def frames(self) -> int:
        """Frames that are sent in all."""
        return round(self.seconds * self.frames_per_second)


async def _tell(connection: ServerConnection, stream: Stream) -> None:
    """Send the stream on time: a frame that is late is sent at once, and the next one keeps to its own moment."""
    import random

    ahead_ns = int(await connection.recv())
    chance = random.Random(SEED)
    prices = [100.0 + 5.0 * i for i in range(stream.symbols)]
    volumes = [0] * stream.symbols
    began, told = time.perf_counter(), 0
    for frame in range(stream.frames):
        wait = began + frame / stream.frames_per_second - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        ticks = []
        for _ in range(stream.per_frame):
            i = told % stream.symbols
            told += 1
            prices[i] = max(round(prices[i] * (1.0 + chance.gauss(0.0, 0.0003)) / 0.05), 1) * 0.05
            volumes[i] += 10
            ticks.append(TICK.pack(i, time.time_ns() + ahead_ns, prices[i], volumes[i]))
        await connection.send(b"".join(ticks))
    await connection.send(b"")
    await connection.wait_closed()


async def _serve(stream: Stream, ready: Connection) -> None:
    done = asyncio.Event()

    async def tell(connection: ServerConnection) -> None:
        try:
            await _tell(connection, stream)
        finally:
            done.set()

    async with serve(tell, "127.0.0.1", 0, compression=None) as server:
        ready.send(next(iter(server.sockets)).getsockname()[1])
        await done.wait()


def _child(stream: Stream, ready: Connection) -> None:
    asyncio.run(_serve(stream, ready))


class LoopbackFeed:
    """Feed of a stream; ``arrived`` hears each tick with the moment its frame left the socket, seconds."""

    def __init__(self, names: Sequence[str], stream: Stream, arrived: Callable[[FeedTick, float], None]) -> None:
        """``names`` of the symbols, by number."""
        self._names = names
        self._stream = stream
        self._arrived = arrived
        self.ahead_ns = 0
        """Time of the stream's day beyond the machine's clock, nanoseconds; told to the server at the beginning."""
        ours, theirs = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        self._server = context.Process(target=_child, args=(stream, theirs), daemon=True)
        self._server.start()
        self._port: int = ours.recv()

    async def events(self) -> AsyncIterator[FeedEvent]:
        """See ``MarketFeed.events``."""
        names = self._names
        async with connect(f"ws://127.0.0.1:{self._port}", compression=None, max_queue=None) as socket:
            await socket.send(str(self.ahead_ns))
            yield FeedConnection(up=True, why="loopback")
            async for frame in socket:
                at = time.perf_counter()
                if not frame:
                    break
                for number, moment, price, volume in TICK.iter_unpack(frame):  # type: ignore[arg-type]
                    tick = FeedTick(names[number], moment, price, float(volume))
                    self._arrived(tick, at)
                    yield tick
        yield FeedEnds()

    async def close(self) -> None:
        """See ``MarketFeed.close``."""
        self._server.join(5)
        if self._server.is_alive():
            self._server.terminate()
