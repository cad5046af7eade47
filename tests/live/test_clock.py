"""The machine's clock as a runner reads it: it never goes back, and a wait is never as long as a step backwards."""

import asyncio

from framework.live.clock import ReplayClock, WallClock

SECOND = 10**9


class Machine(WallClock):
    """A machine whose two clocks the test turns."""

    wall = 1_000 * SECOND
    monotonic = 50 * SECOND

    def _wall_ns(self):
        return self.wall

    def _monotonic_ns(self):
        return self.monotonic

    def passes(self, seconds):
        self.wall += seconds * SECOND
        self.monotonic += seconds * SECOND
        return self.now()


def test_after_a_step_backwards_time_goes_on_at_half_its_speed_until_both_agree():
    clock = Machine()
    assert 1_000 * SECOND == clock.now()
    clock.wall -= 60 * SECOND
    assert 1_000 * SECOND == clock.now()
    assert 1_001 * SECOND == clock.passes(2)
    assert 1_030 * SECOND == clock.passes(58)
    assert 1_060 * SECOND == clock.passes(60)
    assert 1_070 * SECOND == clock.passes(10)
    assert 1 == clock.steps


def test_a_step_forwards_is_taken_at_once():
    clock = Machine()
    clock.now()
    clock.wall += 3_600 * SECOND
    assert 4_600 * SECOND == clock.now()
    assert 4_601 * SECOND == clock.passes(1)
    assert 0 == clock.steps


def test_the_time_that_a_machine_slept_is_what_one_of_its_clocks_missed_and_a_step_of_seconds_is_none():
    clock = Machine()
    clock.now()
    clock.passes(3_600)
    assert 0 == clock.slept_ns
    clock.wall += 3 * SECOND
    clock.now()
    assert 0 == clock.slept_ns
    clock.wall += 1_200 * SECOND
    clock.passes(5)
    assert 1_200 * SECOND == clock.slept_ns
    clock.wall += 60 * SECOND
    clock.now()
    assert 1_260 * SECOND == clock.slept_ns


def test_a_replays_clock_goes_no_further_than_the_latest_moment_that_anybody_waits_for():
    async def slow_machine():
        clock = ReplayClock(1_000, 1e6)
        before = clock.now()
        await clock.sleep_until(5_000)
        await asyncio.sleep(0.01)
        return before, clock.now()

    assert (1_000, 5_000) == asyncio.run(slow_machine())
