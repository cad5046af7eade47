"""A host over a weekend on which New York changes its clocks: it sleeps 20 minutes, and its clock is stepped by 3 s.

Run as a program it prints, as JSON, all that must not depend on the machine's time zone.
"""

import asyncio
import json
import sys
import time

from framework.broker.feed import FeedBar
from framework.live.clock import WallClock
from framework.types import Instrument, Settings
from framework.types.orders import OrderRequest
from tests.live.rows import ist
from tests.live.scenario import play
from tests.live.scenario_days import real_days
from tests.simulation.kinds import MINUTE, SECOND

INFY = Instrument("INFY", "NSE", tick=0.05, hours="other", timezone="Asia/Kolkata", kind="share")
FRIDAY, MONDAY = "2026-03-06", "2026-03-09"


class HostClock(WallClock):
    """The production clock over a host's own, which sleeps and is stepped when the test says so."""

    def __init__(self, begin):
        self.begin, self.ahead = begin, 0
        super().__init__()

    def _wall_ns(self):
        return self.begin + self._monotonic_ns() + self.ahead

    @staticmethod
    def _monotonic_ns():
        return round(asyncio.get_running_loop().time() * SECOND)

    def sleep_host(self, seconds):
        """Nothing of the host runs; only the time goes on."""
        self.ahead += round(seconds * SECOND)

    def step(self, seconds):
        self.ahead += round(seconds * SECOND)


async def _live(stand, found):
    await stand.minute(100.0)
    await stand.minute(100.0)
    stand.clock.step(3)
    await stand.minute(100.5)
    stand.clock.step(-3)
    await stand.minute(101.0)
    assert (100, -100) == (stand.held(), stand.stops(str(INFY)))
    stand.fault("lost_news", 9)  # nobody hears of what happens meanwhile
    stand.clock.sleep_host(20 * 60)
    stand.trade(94.0)  # the stop
    stand.dice.due.clear()
    seen = len(stand.disk.entries)
    missed = stand.opens + stand.minutes * MINUTE
    stand.feed.put_nowait(FeedBar(str(INFY), "1m", missed, missed + MINUTE, 101.0, 101.0, 101.0, 101.0, 1e6, "late"))
    await stand.wait(1)
    stand.minutes += 21
    found["after_the_sleep"] = [one for one in stand.story(seen) if one in {"woke", "Filled", "Decided"}][:3]
    found["held"] = [stand.held(), stand.net(str(INFY))]
    await stand.minute(94.0)
    stand.opens, stand.minutes = ist(f"{MONDAY} 09:15"), 0
    for moment in range(stand.clock.now() + MINUTE, stand.opens, 30 * MINUTE):
        await stand.until(moment)
        stand.mark()
    await stand.until(stand.opens + 2 * SECOND)
    stand.mark()
    for _ in range(3):
        await stand.minute(95.0)
    found["decisions"] = list(stand.runner.traded[stand.deployed[0].session].decider.asked)
    found["moments"] = [
        [one.time, str(one.kind)]
        for one in stand.days.schedule.between(stand.days.begin, stand.clock.now())
        if one.kind != "minute"
    ]
    await stand.stop()
    found["journal"] = stand.journal.head


def lived():
    """What came of it."""
    settings = Settings.of(capital=1_000_000, volume_cap=1.0, stop_loss="5%")
    found = {"zone": time.tzname}
    days = real_days(FRIDAY, MONDAY, [INFY], settings)
    monday = (ist(f"{MONDAY} 09:15") - ist(f"{FRIDAY} 09:15")) // MINUTE
    plan = {0: (OrderRequest(0, 100),), monday: (OrderRequest(0, 50),)}
    play(lambda stand: _live(stand, found), {"alpha": plan}, days=days, clock=HostClock)
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(lived()))
