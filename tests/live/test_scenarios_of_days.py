"""Acceptance scenarios about days, hours and clocks, by their numbers; see ``test_scenarios.py``."""

import json
import os
import subprocess
import sys
from datetime import date

import pytest

from framework.live.agreement import DayOpinion
from framework.live.hours import session_of
from framework.types import Instrument, Settings
from framework.types.orders import GTC, OrderRequest
from tests.live.rows import ist
from tests.live.runner_process import ROOT
from tests.live.scenario import play
from tests.live.scenario_days import real_days

INFY = Instrument("INFY", "NSE", tick=0.05, hours="cas", timezone="Asia/Kolkata", kind="share")
FUTURE = Instrument("NIFTY26AUGFUT", "NSE", tick=0.05, lot=75, timezone="Asia/Kolkata", kind="index_future")
INTRADAY = Settings.of(capital=10_000_000, volume_cap=1.0, product="MIS", stop_loss="5%")


def minute_of(day, clock):
    """Minutes of a day's trading before the bar that closes at a time."""
    return (ist(f"{day} {clock}") - ist(f"{day} 09:16")) // (60 * 10**9)


def held_on_an_auction_day(instrument, units, scenario):
    """A position with a stop, bought in the morning of 2026-08-04."""
    days = real_days("2026-08-04", "2026-08-04", [instrument], INTRADAY)

    async def story(stand):
        await stand.minute(100.0)
        await stand.minute(100.0)
        assert (units, -units) == (stand.held(), stand.stops(str(instrument)))
        await scenario(stand)

    play(story, {"alpha": {0: (OrderRequest(0, units),)}}, days=days)


async def until_minute(stand, day, clock):
    """Minutes at one price, to the bar that closes at a time."""
    while stand.minutes <= minute_of(day, clock):
        await stand.minute(100.0)


def test_31_an_intraday_position_in_a_share_of_the_closing_auction_is_out_at_five_past_three():
    async def scenario(stand):
        await until_minute(stand, "2026-08-04", "15:05")
        assert 10 == stand.held()
        stand.trade(100.0)
        await stand.wait(1)
        assert ist("2026-08-04 15:05") < stand.clock.now() < ist("2026-08-04 15:06")
        assert (0, 0, []) == (stand.held(), stand.net(str(INFY)), stand.resting(symbol=str(INFY)))
        await until_minute(stand, "2026-08-04", "15:15")
        await stand.wait(60)
        stand.mark()
        await stand.wait(1)
        assert "unprotected" not in stand.findings()

    held_on_an_auction_day(INFY, 10, scenario)


def test_31_one_that_could_not_be_left_is_told_as_unprotected_until_the_auction_has_a_price():
    async def scenario(stand):
        await until_minute(stand, "2026-08-04", "15:05")
        # the exchange trades no more of it: the exit rests
        await stand.until(ist("2026-08-04 15:14") + 30 * 10**9)
        stand.mark()
        await stand.wait(1)
        assert 10 == stand.held()
        await stand.until(ist("2026-08-04 15:15") + 2 * 10**9)
        stand.mark()
        await stand.wait(1)
        [told] = [one for one in stand.entries("finding") if one["code"] == "unprotected"]
        assert "NSE:INFY" == told["symbol"]
        assert "+10 NSE:INFY beyond 15:15" in told["text"]
        assert "unprotected until 15:30" in told["text"]

    held_on_an_auction_day(INFY, 10, scenario)


def test_31_the_same_clock_of_a_future_ends_at_twenty_to_four():
    name = str(FUTURE)

    async def scenario(stand):
        await until_minute(stand, "2026-08-04", "15:15")
        assert (75, -75) == (stand.held(), stand.stops(name))  # its stop still works
        await until_minute(stand, "2026-08-04", "15:20")
        stand.trade(100.0)
        await stand.wait(1)
        assert (0, 0, []) == (stand.held(), stand.net(name), stand.resting(symbol=name))
        await until_minute(stand, "2026-08-04", "15:39")
        assert [] == stand.entries("stray")
        assert "unprotected" not in stand.findings()
        assert ist("2026-08-04 15:40") == stand.days.hours(stand.days.schedule.day_at(stand.clock.now())).close_ns

    held_on_an_auction_day(FUTURE, 75, scenario)


@pytest.fixture(scope="module")
def hosts():
    """The same days on a host in UTC and on one in New York."""
    found = {}
    for zone in ("UTC", "America/New_York"):
        done = subprocess.run(
            [sys.executable, "-m", "tests.live.slept_host"], env={**os.environ, "TZ": zone, "PYTHONPATH": str(ROOT)},
            cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert "" == done.stderr
        found[zone] = json.loads(done.stdout)
    return found


def test_38_a_host_in_new_york_over_its_change_of_clocks_writes_the_journal_of_one_in_utc(hosts):
    here, there = hosts["UTC"], hosts["America/New_York"]
    assert (["UTC", "UTC"], ["EST", "EDT"]) == (here.pop("zone"), there.pop("zone"))
    assert here == there
    opens = [time for time, kind in here["moments"] if kind == "open"]
    assert [ist("2026-03-06 09:15"), ist("2026-03-09 09:15")] == opens
    assert 64 == len(here["journal"])


def test_38_a_host_that_woke_reconciles_before_anything_is_decided(hosts):
    for found in hosts.values():
        assert ["woke", "Filled", "Decided"] == found["after_the_sleep"]
        assert [0, 0] == found["held"]


SHARE = Instrument("INFY", "NSE", tick=0.05, hours="other", timezone="Asia/Kolkata", kind="share")
T, C, U = DayOpinion


def doubts(stand):
    """Findings about the day, as (is there a question)."""
    return [bool(one["question"]) for one in stand.entries("finding") if one["code"] == "day_doubtful"]


def on(day, opinion, otherwise):
    """The broker's opinion of one day, and the table's of all others."""
    wanted = session_of(date.fromisoformat(day))
    return lambda session: opinion if session == wanted else otherwise(session)


def test_39_a_holiday_that_only_the_broker_knows_takes_no_new_risk_and_asks_once():
    """The table has a session on Monday the 12th; the broker's timings, four days later, have none; nothing trades."""
    days = real_days("2015-01-08", "2015-01-12", [SHARE])
    days = days._replace(broker_says=on("2015-01-12", C, days.schedule.opinion_on))

    async def scenario(stand):
        await stand.minute(100.0)
        await stand.minute(100.0)
        assert (10, []) == (stand.held(), doubts(stand))
        stand.opens, stand.minutes = ist("2015-01-09 09:15"), 374
        await stand.minute(100.0)  # the last bar of Friday: what it decides waits for Monday's open
        assert [10] == [one.approved.order.quantity for one in stand.places()]
        for second in range(0, 240, 30):
            await stand.until(ist("2015-01-12 09:15") + second * 10**9 + 2 * 10**9)
            stand.mark()
            await stand.wait(1)
        assert ("reduce_only", [True]) == (stand.state, doubts(stand))
        assert [10] == [one.approved.order.quantity for one in stand.places()]
        [denied] = stand.entries("denied")
        assert ("state", "NSE:INFY") == (denied["code"], str(SHARE))
        await stand.until(ist("2015-01-12 09:21"))
        stand.mark()
        await stand.wait(1)
        assert [True] == doubts(stand)  # the feed has said nothing: two of three have no session, and nobody asks again
        assert "day_doubtful" not in stand.runner.states.demands

    evening = (ist("2015-01-09 15:29") - ist("2015-01-08 09:15")) // (60 * 10**9)
    plans = {0: (OrderRequest(0, 10),), evening: (OrderRequest(0, 20, limit=99.0, validity=GTC),)}
    play(scenario, {"alpha": plans}, days=days)


@pytest.mark.parametrize(("day", "opens"), [("2026-02-01", "09:15"), ("2023-11-12", "18:15")])
@pytest.mark.parametrize(("broker", "asked"), [(T, []), (U, [False]), (C, [True])])
def test_39_a_sunday_and_a_muhurat_evening_are_traded_once_two_of_three_say_so(day, opens, broker, asked):
    days = real_days(day, day, [SHARE])
    assert (ist(f"{day} {opens}"), 6) == (days.opens, date.fromisoformat(day).weekday())
    days = days._replace(broker_says=on(day, broker, days.schedule.opinion_on))

    async def scenario(stand):
        await stand.until(days.opens + 2 * 10**9)
        stand.mark()
        await stand.wait(1)
        assert ("reduce_only" if asked else "active", asked) == (stand.state, doubts(stand))
        await stand.minute(100.0)  # the feed speaks
        await stand.minute(100.0)
        await stand.minute(100.0)
        assert ("active", asked, 10) == (stand.state, doubts(stand), stand.held())

    play(scenario, {"alpha": {1: (OrderRequest(0, 10),)}}, days=days)


@pytest.mark.parametrize("broker", [T, U])
def test_39_a_session_that_the_table_does_not_have_is_not_traded_without_its_hours_and_is_asked_about_once(broker):
    """A Sunday on which the broker and the feed, or the feed alone, have a session."""
    days = real_days("2026-02-06", "2026-02-09", [SHARE])
    days = days._replace(broker_says=on("2026-02-08", broker, days.schedule.opinion_on))

    async def scenario(stand):
        await stand.minute(100.0)
        await stand.minute(100.0)
        assert 10 == stand.held()
        stand.opens, stand.minutes = ist("2026-02-08 09:15"), 0
        for _ in range(4):
            await stand.minute(101.0)
        assert ("reduce_only", [True]) == (stand.state, doubts(stand))
        assert (10, 1) == (stand.held(), len(stand.places()))
        stand.opens, stand.minutes = ist("2026-02-09 09:15"), 0
        for _ in range(3):
            await stand.minute(101.0)
        assert ("active", [True]) == (stand.state, doubts(stand))

    sunday = (ist("2026-02-08 09:15") - ist("2026-02-06 09:15")) // (60 * 10**9)
    plans = {0: (OrderRequest(0, 10),), **{sunday + k: (OrderRequest(0, 20),) for k in range(4)}}
    play(scenario, {"alpha": plans}, days=days)
