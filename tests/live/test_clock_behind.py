"""Clock of the machine behind the feed's (F54): no new risk and one question, until bars are taken again."""

from framework.types.orders import OrderRequest
from tests.live.scenario import play
from tests.simulation.kinds import SECOND

BUY = OrderRequest(0, 10)


class BehindClock:
    """The scenario's clock, so many nanoseconds behind."""

    def __init__(self, clock):
        self._clock, self.behind, self.slept_ns = clock, 0, 0

    def now(self):
        return self._clock.now() - self.behind

    async def sleep_until(self, moment):
        await self._clock.sleep_until(moment + self.behind)


def set_back(stand, seconds):
    """The clock of the process that lives is so far behind from now on; 0: it is set."""
    clock = BehindClock(stand.clock)
    clock.behind = round(seconds * SECOND)
    stand.runner.clock = clock


def questions(stand):
    return [one["code"] for one in stand.entries("finding") if one["question"]]


def test_bars_that_are_all_of_the_future_reduce_only_and_ask_once_until_bars_are_taken_again():
    async def scenario(stand):
        await stand.minute(100.0)
        assert "active" == stand.state
        set_back(stand, 3)
        for _ in range(3):
            await stand.minute(100.0)
        assert ("reduce_only", ["clock_behind"]) == (stand.state, stand.findings())
        assert ["clock_behind"] == questions(stand)
        set_back(stand, 0)
        await stand.minute(100.0)
        assert "active" == stand.state
        await stand.minute(100.0)
        assert (["clock_behind"], 10) == (stand.findings(), stand.held())
        demands = [one["demand"] for one in stand.entries("state") if one["cause"] == "clock_behind"]
        assert ["reduce_only", "lifted"] == demands

    play(scenario, {"alpha": {4: (BUY,)}})


def test_what_is_held_can_be_left_while_the_clock_is_behind():
    async def scenario(stand):
        await stand.minute(100.0)
        await stand.minute(100.0)
        assert 10 == stand.held()
        set_back(stand, 15)
        await stand.minute(100.0)
        assert "reduce_only" == stand.state
        left = len(stand.left)
        stand.say("flatten")
        await stand.wait(5)
        await stand.minute(100.0)
        assert stand.held() == 0 < len(stand.left) - left

    play(scenario, {"alpha": {0: (BUY,)}})


def test_a_restart_does_not_take_the_clock_for_right_before_a_bar_is_taken():
    async def scenario(stand):
        await stand.minute(100.0)
        set_back(stand, 3)
        await stand.minute(100.0)
        await stand.crash()
        stand.start()
        await stand.wait(5)
        await stand.minute(100.0, symbols=())
        assert "reduce_only" == stand.state
        await stand.minute(100.0)
        assert "active" == stand.state
        assert ["clock_behind"] == questions(stand)

    play(scenario, {"alpha": {}})


def test_a_person_who_resumes_does_not_set_the_clock():
    async def scenario(stand):
        await stand.minute(100.0)
        set_back(stand, 3)
        await stand.minute(100.0)
        stand.say("resume", by="the owner")
        await stand.wait(5)
        assert "reduce_only" == stand.state
        set_back(stand, 0)
        await stand.minute(100.0)
        assert ("active", ["clock_behind"]) == (stand.state, questions(stand))

    play(scenario, {"alpha": {}})
