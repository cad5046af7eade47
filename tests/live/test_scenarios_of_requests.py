"""Acceptance scenario 41: what leaves, counted at the broker by somebody who knows nothing of the pacing."""

from bisect import bisect_left, bisect_right
from collections import Counter
from random import Random

import pytest

from framework.broker.port import OutgoingCancel, OutgoingOrder
from framework.pretrade.facts import RequestWindow, SendLimits
from framework.types import Instrument, Settings
from framework.types.orders import GTC, CancelRequest, OrderRequest
from tests.live.scenario import play
from tests.live.scenario_days import real_days
from tests.simulation.kinds import SECOND

CALLS = 1_000
"""Through the whole runner, with windows that are as much smaller; ``test_pacing.py`` has the ten thousand of 41."""
WINDOWS = (
    RequestWindow(SECOND, 8, 3, 2), RequestWindow(60 * SECOND, 40, 8, 8), RequestWindow(1800 * SECOND, 180, 40, 30)
)  # fmt: skip
BOUNDS = ((SECOND, 8), (60 * SECOND, 40), (1800 * SECOND, 180))
UNDER_WAY = 10**6
"""From the gate to the broker, nanoseconds at most."""
SEGMENT = 10
"""Orders a second that an exchange takes in one of its segments without a registered algorithm."""
WIDE = SendLimits(
    max_order_value=1e9, max_order_quantity=10**6, price_band_percent=50.0, reference_age_s=1e6, max_jump_percent=50.0,
    max_open_value=1e12, max_position_value=1e12, max_gross_value=1e12, funds_age_s=1e6, duplicate_s=0.0,
    orders_per_second=6, cancels_per_second=4, orders_per_minute=10**6, orders_per_day=10**7,
)  # fmt: skip
"""Only the windows hold anything back."""
INSTRUMENTS = (
    Instrument("INFY", "NSE", tick=0.05, hours="other", timezone="Asia/Kolkata", kind="share"),
    Instrument("NIFTY26MARFUT", "NSE", tick=0.05, timezone="Asia/Kolkata", kind="index_future"),
)


def most_within(times, length_ns):
    """The most of some times that any span of a length holds, wherever it begins; each span begins at one of them."""
    times = sorted(times)
    return max((bisect_left(times, begin + length_ns) - at for at, begin in enumerate(times)), default=0)


class Bursts:
    """Plan of a strategy that asks for much at once, takes much back, and buys and sells beside it."""

    def __init__(self, seed):
        self.random, self.calls = Random(seed), 0

    def get(self, minute, default):
        """Orders of a minute."""
        return self.orders if minute % 3 == 0 and self.calls < CALLS else default

    def orders(self, session):
        random = self.random
        there = [one.order for one in session.known_orders() if str(one.state) == "working" and one.order.label]
        wanted = [CancelRequest(one.instrument, one.label) for one in random.sample(there, len(there) * 2 // 3)]
        wanted += [OrderRequest(instrument, random.choice((3, 2, -1, -2))) for instrument in (0, 1)]
        for _ in range(random.randrange(10, 50)):
            price = float(random.randrange(60, 90))
            self.calls += 1
            wanted.append(OrderRequest(random.randrange(2), 1, limit=price, validity=GTC, label=f"n{self.calls}"))
        self.calls += len(there) * 2 // 3 + 2
        random.shuffle(wanted)
        return wanted


@pytest.fixture(scope="module")
def traffic():
    """What left, as (moment, request); what was asked for; cancels as (asked at, left at)."""
    settings = Settings.of(capital=10_000_000, volume_cap=1.0, trail="2%")
    days = real_days("2015-01-05", "2015-01-06", INSTRUMENTS, settings)
    plan, found = Bursts(7), {}

    async def scenario(stand):
        price = 100.0
        while plan.calls < CALLS:
            assert stand.minutes < 370
            price = round(price + 0.05 * plan.random.choice((-3, -1, 2, 3)), 2)
            await stand.minute(price)
        for _ in range(4):
            await stand.minute(price)
        found["left"] = list(stand.left)
        found["commands"] = sum(len(entry["body"].get("commands", ())) for entry in stand.journal_entries())
        found["denied"] = Counter(one["code"] for one in stand.entries("denied"))
        ids = {one["tag"]: one["order_id"] for one in stand.entries("sending")}
        asked = asked_at(stand)
        found["cancels"] = [
            (asked[ids[one.tag]], moment) for moment, one in stand.left if isinstance(one, OutgoingCancel)
        ]

    play(scenario, {"alpha": plan}, days=days, limits=WIDE, windows=WINDOWS)
    return found


def asked_at(stand):
    """Moments at which cancels were asked for first, by order."""
    found = {}
    for entry in stand.journal_entries():
        for command in entry["body"].get("commands", ()):
            if "Cancel" in command:
                found.setdefault(command["Cancel"]["order_id"], entry["at"])
    return found


def test_41_mixed_calls_of_a_runner_keep_every_window_of_the_broker(traffic):
    kinds = Counter(type(request).__name__ for _, request in traffic["left"])
    assert {"OutgoingOrder", "OutgoingCancel", "OutgoingChange"} == kinds.keys()
    assert traffic["commands"] == kinds.total() + traffic["denied"].total()
    assert traffic["commands"] > 0.9 * CALLS  # the rest is the session's own refusals
    times = [moment for moment, _ in traffic["left"]]
    for length_ns, places in BOUNDS:
        assert most_within(times, length_ns) <= places
    assert (8, 180) == (most_within(times, SECOND), most_within(times, 1800 * SECOND))  # and not for nothing


def test_41_no_segment_of_an_exchange_gets_more_than_ten_in_a_second(traffic):
    segment_of = {}
    by_segment = {one.kind: [] for one in INSTRUMENTS}
    for moment, request in traffic["left"]:
        if isinstance(request, OutgoingOrder):
            segment_of[request.approved.tag] = request.instrument.kind
            tag = request.approved.tag
        else:
            tag = request.tag
        by_segment[segment_of[tag]].append(moment)
    busiest = [most_within(times, SECOND) for times in by_segment.values()]
    assert all(1 < one <= SEGMENT for one in busiest), busiest


def test_41_a_cancel_waits_for_nothing_but_cancels_before_it(traffic):
    """Where anything else left while a cancel waited, the cancels of that second had taken their own share whole."""
    waits = traffic["cancels"]
    assert len(waits) > 100
    others = sorted(moment for moment, request in traffic["left"] if not isinstance(request, OutgoingCancel))
    leaving = sorted(moment for _, moment in waits)
    passed_over = [
        (asked, other)
        for asked, left in waits
        for other in others[bisect_left(others, asked + UNDER_WAY) : bisect_left(others, left)]
        if bisect_right(leaving, other) - bisect_left(leaving, other - SECOND - UNDER_WAY) < WIDE.cancels_per_second
    ]
    assert [] == passed_over


def test_41_what_waited_for_its_turn_longer_than_for_an_answer_is_not_lost(traffic):
    assert 0 == traffic["denied"]["tag_in_use"]
    assert max(left - asked for asked, left in traffic["cancels"]) > 30 * SECOND
