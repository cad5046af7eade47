"""Acceptance scenario 42: a process that lives a week; see ``test_scenarios.py``."""

from framework.broker.feed import FeedConnection
from framework.types import Instrument, Settings
from framework.types.orders import GTC, OrderRequest
from tests.live.rows import ist
from tests.live.scenario import play
from tests.live.scenario_days import real_days
from tests.simulation.kinds import MINUTE, SECOND

SHARE = Instrument("INFY", "NSE", tick=0.05, hours="other", timezone="Asia/Kolkata", kind="share")
DAYS = ("2015-01-07", "2015-01-08", "2015-01-09", "2015-01-12", "2015-01-13")
"""Wednesday to Tuesday: seven days with their weekend."""
DATES = [f"2015-01-{day:02}" for day in range(7, 14)]


def minute_of(day):
    """Minutes from the first day's open to another's."""
    return (ist(f"{day} 09:15") - ist(f"{DAYS[0]} 09:15")) // MINUTE


async def pass_time(stand, until, every):
    """The feed lives, and says so."""
    while stand.clock.now() < until:
        await stand.until(min(stand.clock.now() + every, until))
        stand.mark()


async def night(stand, day):
    """From midnight to the open of a day: the broker shows nothing until 05:30; the token dies at 03:30."""
    await pass_time(stand, ist(f"{day} 00:00") + SECOND, 30 * MINUTE)
    stand.fault("failed_read", 10**6)
    await pass_time(stand, ist(f"{day} 03:30"), 30 * MINUTE)
    stand.paper.drop_connection(ist(f"{day} 08:40") - ist(f"{day} 03:30"))
    stand.feed.put_nowait(FeedConnection(up=False, why="401: the token is over"))
    await pass_time(stand, ist(f"{day} 05:30"), 30 * MINUTE)
    assert "reduce_only" == stand.state
    stand.dice.due["failed_read"] = 0
    await pass_time(stand, ist(f"{day} 08:40") + 5 * SECOND, 10 * MINUTE)
    stand.feed.put_nowait(FeedConnection(up=True, why="a new token is stored"))
    await pass_time(stand, ist(f"{day} 09:15") + 2 * SECOND, MINUTE)
    assert {} == stand.runner.states.demands


def test_42_a_process_lives_seven_days_with_their_nights_and_a_weekend():
    settings = Settings.of(capital=1_000_000, volume_cap=1.0, stop_loss="20%")
    days = real_days(DAYS[0], DAYS[-1], [SHARE], settings)
    held = {}

    async def scenario(stand):
        task, first = stand.task, stand.runner
        for day in DATES:
            await night(stand, day) if day != DATES[0] else None
            if day not in DAYS:
                continue
            stand.opens, stand.minutes = ist(f"{day} 09:15"), 0
            for _ in range(4):
                await stand.minute(100.0)
            held[day] = (stand.held(), stand.net(str(SHARE)), stand.stops(str(SHARE)), stand.state)
            await pass_time(stand, ist(f"{day} 15:40"), 30 * SECOND)
        assert (task, first, False) == (stand.task, stand.runner, stand.task.done())
        units = {day: 10 * (k + 1) for k, day in enumerate(DAYS)}
        assert {day: (units[day], units[day], -units[day], "active") for day in DAYS} == held
        asked = stand.runner.traded[stand.deployed[0].session].decider.asked
        assert [minute_of(day) + k for day in DAYS for k in range(4)] == asked
        assert 1 == len(stand.entries("run"))
        assert {"book_unread", "feed_slow", "feed_silent"} >= set(stand.findings())
        kinds = [one["outcome"] for one in stand.entries("returned")]
        assert {"accepted"} == set(kinds)

    plan = {minute_of(day): (OrderRequest(0, 10, limit=101.0, validity=GTC),) for day in DAYS}
    play(scenario, {"alpha": plan}, days=days)
