"""The end of a day and of a run: what was told by then is on the disk, whatever happens to the machine's power."""

from framework.types.orders import GTC, OrderRequest
from tests.live.scenario import play
from tests.simulation.kinds import MINUTE
from tests.simulation.market import MINUTES, OPENS

CLOSE = OPENS[0] + MINUTES[0] * MINUTE
RESTS = {"alpha": {0: (OrderRequest(0, 10, limit=95.0, validity=GTC),)}}


async def last_fill(stand):
    """The day's last trade fills what rests; nothing is sent after it, so that no durable flush follows."""
    await stand.minute(100.0)
    await stand.until(CLOSE - 10**9)
    stand.trade(94.0)
    await stand.wait(0.5)
    stand.mark()
    await stand.wait(0.1)
    assert 10 == stand.held()


def test_the_last_fills_of_a_day_are_durable_at_its_end():
    async def scenario(stand):
        await last_fill(stand)
        await stand.until(CLOSE + 5 * MINUTE + 10 * 10**9)
        stand.mark()
        await stand.wait(1)
        filled = max(i for i, one in enumerate(stand.disk.lines()) if b'"Filled"' in one)
        assert stand.disk.durable > filled

    play(scenario, RESTS)


def test_they_are_durable_when_the_runner_ends_before_it():
    async def scenario(stand):
        await last_fill(stand)
        assert stand.disk.durable < len(stand.disk.entries)
        await stand.stop()
        assert stand.disk.durable == len(stand.disk.entries)

    play(scenario, RESTS)
