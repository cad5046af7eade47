"""Pacing: no window of any length is ever exceeded, cancels go first, exits before what is new, late ones are void."""

import heapq
import pickle
import re
from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.errors import ConfigError
from framework.live.pacing import Pacing, Urgency
from framework.market.request_windows import WindowTable, request_windows_on
from framework.pretrade.answers import ALLOW, Deny, Wait
from framework.pretrade.facts import RequestWindow
from framework.types.deadlines import NEVER

SECOND = 1_000_000_000
UPSTOX = request_windows_on(date(2026, 12, 1), "upstox")
CANCEL, REDUCE, PROTECT, NEW = Urgency


def busiest(times, length_ns):
    """The most times that lie within any span of so long."""
    times = sorted(times)
    most = first = 0
    for last, time in enumerate(times):
        while times[first] + length_ns <= time:
            first += 1
        most = max(most, last - first + 1)
    return most


class Traffic:
    """Requests at random times; each asks until it may go, and leaves a little later."""

    def __init__(self, windows, seed):
        self.random = Random(seed)
        self.pacing = Pacing(windows)
        self.left = []
        self.void = 0
        self.asked_ns = {}
        self.late_cancels_ns = [0]
        self.passed_over = 0
        self.waiting_cancels = set()
        self.events = []
        self.serial = 0

    def at(self, time_ns, what, key, urgency):
        self.serial += 1
        heapq.heappush(self.events, (time_ns, self.serial, what, key, urgency))

    def run(self, calls, every_s):
        time_ns = 0
        for key in range(calls):
            burst = self.random.random() < 0.9  # nine of ten come at once with the one before
            time_ns += 0 if burst else int(self.random.expovariate(1 / (10 * every_s)) * SECOND)
            urgency = self.random.choices(list(Urgency), (3, 1, 1, 5))[0]
            self.at(time_ns, "ask", key, urgency)
        while self.events:
            now, _, what, key, urgency = heapq.heappop(self.events)
            (self.ask if what == "ask" else self.leave)(now, key, urgency)
        return self

    def ask(self, now, key, urgency):
        self.asked_ns.setdefault(key, now)
        answer = self.pacing.ask(key, urgency, now, NEVER)
        if isinstance(answer, Wait):
            assert answer.wait_ns > 0
            self.at(now + answer.wait_ns, "ask", key, urgency)
            if urgency is CANCEL:
                self.waiting_cancels.add(key)
            return
        self.waiting_cancels.discard(key)
        if isinstance(answer, Deny):
            assert urgency is NEW
            self.void += 1
            return
        self.passed_over += urgency is not CANCEL and bool(self.waiting_cancels)
        if urgency is CANCEL:
            self.late_cancels_ns.append(now - self.asked_ns[key])
        self.at(now + self.random.randrange(SECOND // 5), "leave", key, urgency)

    def leave(self, now, key, urgency):
        self.pacing.left(key, now)
        self.left.append((now, urgency))


@pytest.mark.parametrize("seed", range(3))
def test_41_ten_thousand_mixed_calls_keep_all_three_windows_and_ten_a_second_of_a_segment_and_cancels_go_first(seed):
    traffic = Traffic(UPSTOX, seed).run(10_000, every_s=1.2)
    times = [time for time, _ in traffic.left]
    assert 10_000 == len(times) + traffic.void
    for window in UPSTOX:
        assert busiest(times, window.length_ns) <= window.places
        others = [time for time, urgency in traffic.left if urgency is not CANCEL]
        assert busiest(others, window.length_ns) <= window.places - window.for_cancels
        new = [time for time, urgency in traffic.left if urgency is NEW]
        assert busiest(new, window.length_ns) <= window.places - window.for_cancels - window.for_exits
    segments = Random(seed)  # equities and derivatives of one exchange, as they come
    by_segment = {True: [], False: []}
    for time in times:
        by_segment[segments.random() < 0.7].append(time)
    assert all(1 < busiest(some, SECOND) <= 10 for some in by_segment.values())
    assert 0 == traffic.passed_over
    assert traffic.void > 0  # the windows were short of places
    assert busiest(times, SECOND) == UPSTOX[0].places  # and not for nothing


@given(
    st.lists(
        st.tuples(st.integers(0, 400_000_000), st.sampled_from(Urgency), st.integers(0, 300_000_000)), max_size=60
    ),
    st.integers(2, 6),
)
def test_no_window_is_exceeded_by_what_really_left(asked, places):
    window = RequestWindow(SECOND, places, 1, 0)
    pacing = Pacing([window])
    now, left = 0, []
    for key, (later, urgency, delay) in enumerate(asked):
        now += later
        answer = pacing.ask(key, urgency, now, NEVER)
        if answer == ALLOW:
            pacing.left(key, now + delay)
            left.append(now + delay)
            now += delay
    assert not left or busiest(left, SECOND) <= places


class Counted:
    """The rules of the module's text, each question answered by counting every request one by one."""

    def __init__(self, windows):
        self.windows, self.left_at, self.going, self.waiting = windows, [], {}, {}

    def ask(self, key, urgency, now):
        for one, (_, since) in list(self.going.items()):
            if since + 5 * SECOND <= now:
                self.left(one, since + 5 * SECOND)
        self.waiting = {k: one for k, one in self.waiting.items() if one[2] + SECOND >= now}
        _, since, _ = self.waiting.pop(key, (urgency, now, 0))
        free = now
        for length, places, for_cancels, for_exits in self.windows:
            for share, kept in ((CANCEL, 0), (REDUCE, for_cancels), (NEW, for_cancels + for_exits)):
                if urgency >= share:
                    ahead = [one for one in self.waiting.values() if one[0] >= share and one[:2] < (urgency, since)]
                    going = [one for one in self.going.values() if one[0] >= share]
                    room = places - kept - len(ahead) - len(going)
                    times = sorted(time for time, one in self.left_at if one >= share and time > now - length)
                    full = len(times) >= room
                    free = max(free, now if not full else times[-room] + length if room > 0 else now + length)
        if free <= now:
            self.going[key] = (urgency, now)
            return ALLOW
        ends = since + 5 * SECOND if urgency is NEW else NEVER
        if urgency is not CANCEL and free >= ends:
            return Deny("rate", (free - now) / SECOND, (ends - now) / SECOND)
        wait = min(free - now, SECOND)
        self.waiting[key] = (urgency, since, now + wait)
        return Wait(wait)

    def left(self, key, now):
        urgency, _ = self.going.pop(key, (NEW, 0))
        self.left_at.append((now, urgency))

    def give_back(self, key):
        self.going.pop(key, None)
        self.waiting.pop(key, None)


STEPS = st.tuples(
    st.sampled_from((0, 1, SECOND // 3, SECOND, 2 * SECOND + 1, 6 * SECOND)),
    st.integers(0, 11),
    st.sampled_from(("ask", "ask", "ask", "left", "give_back")),
)


@given(st.lists(STEPS, max_size=80))
def test_every_answer_is_that_of_counting_one_by_one(steps):
    windows = (RequestWindow(SECOND, 4, 1, 1), RequestWindow(4 * SECOND, 7, 2, 2))
    pacing, counted, now = Pacing(windows), Counted(windows), 0
    for later, key, what in steps:
        now += later
        if what == "ask":
            assert counted.ask(key, Urgency(key % 4), now) == pacing.ask(key, Urgency(key % 4), now, NEVER)
        elif what == "give_back" or key in counted.going:
            for one in (counted, pacing):
                one.give_back(key) if what == "give_back" else one.left(key, now)


def test_of_ten_thousand_that_wait_the_cancels_leave_first():
    """Were those ahead counted one by one, each of these questions would take ten thousand steps."""
    pacing, waiting, left = Pacing(UPSTOX), list(range(10_000)), []
    for now in (0, SECOND, 2 * SECOND):
        gone = [key for key in waiting if pacing.ask(key, (CANCEL, REDUCE, PROTECT)[key % 3], now, NEVER) == ALLOW]
        for key in gone:
            pacing.left(key, now)
            waiting.remove(key)
        left.append(gone)
    # eight places a second: whoever comes first while nobody waits, then cancels alone
    assert [list(range(8)), list(range(9, 33, 3)), list(range(33, 57, 3))] == left
    assert 10_000 - 24 == pacing.waiting


def test_the_ninth_request_of_a_second_waits_until_the_first_is_a_second_old():
    pacing = Pacing([RequestWindow(SECOND, 8, 3, 2)])
    for k in range(8):
        assert ALLOW == pacing.ask(k, CANCEL, k * 1000, NEVER)
        pacing.left(k, k * 1000)
    assert Wait(SECOND - 9000) == pacing.ask("late", CANCEL, 9000, NEVER)
    assert ALLOW == pacing.ask("late", CANCEL, SECOND, NEVER)


def test_what_is_new_leaves_the_places_of_exits_and_exits_leave_those_of_cancels():
    pacing = Pacing([RequestWindow(60 * SECOND, 8, 3, 2)])
    sent = {}
    for urgency in (NEW, PROTECT, REDUCE, CANCEL):
        answers = [pacing.ask((urgency, k), urgency, 0, NEVER) for k in range(10)]
        sent[urgency] = answers.count(ALLOW)
    # 8 places: 3 of anything, 2 more of exits, 3 more of cancels
    assert {NEW: 3, PROTECT: 2, REDUCE: 0, CANCEL: 3} == sent


def test_whoever_waits_goes_by_urgency_and_then_by_age():
    pacing = Pacing([RequestWindow(SECOND, 2, 1, 0)])
    assert [ALLOW, ALLOW] == [pacing.ask(key, CANCEL, 0, NEVER) for key in ("a", "b")]
    pacing.left("a", 0)
    pacing.left("b", 0)
    waiting = [("stop", PROTECT), ("new", NEW), ("exit", REDUCE), ("exit2", REDUCE), ("cancel", CANCEL)]
    for k, (key, urgency) in enumerate(waiting):
        assert isinstance(pacing.ask(key, urgency, 1000 + k, NEVER), Wait)
    order, now = [], 0
    while waiting:
        now += SECOND
        for key, urgency in list(waiting):
            if pacing.ask(key, urgency, now, NEVER) == ALLOW:
                pacing.left(key, now)
                order.append(key)
                waiting.remove((key, urgency))
    # two places a second, one of them for cancels alone: the exit and the cancel leave in the first one
    assert ["exit", "cancel", "exit2", "stop", "new"] == order


def test_what_is_new_and_would_wait_five_seconds_is_void_and_an_exit_waits_until_its_own_end():
    pacing = Pacing([RequestWindow(60 * SECOND, 2, 1, 0)])
    assert ALLOW == pacing.ask("a", REDUCE, 0, NEVER)
    pacing.left("a", 0)
    assert Deny("rate", 60.0, 5.0) == pacing.ask("new", NEW, 0, NEVER)
    assert Wait(SECOND) == pacing.ask("exit", REDUCE, 0, NEVER)  # it asks each second
    assert ALLOW == pacing.ask("exit", REDUCE, 60 * SECOND, NEVER)
    assert Deny("rate", 60.0, 30.0) == pacing.ask("late", REDUCE, 60 * SECOND, 90 * SECOND)


def test_a_request_that_was_let_go_counts_as_leaving_now_until_it_has_left():
    pacing = Pacing([RequestWindow(SECOND, 2, 1, 0)])
    assert ALLOW == pacing.ask("a", REDUCE, 0, NEVER)
    assert Wait(SECOND) == pacing.ask("b", REDUCE, 3 * SECOND, NEVER)
    pacing.left("a", 4 * SECOND)
    assert Wait(SECOND // 2) == pacing.ask("b", REDUCE, 4 * SECOND + SECOND // 2, NEVER)
    assert ALLOW == pacing.ask("b", REDUCE, 5 * SECOND, NEVER)


def test_one_that_was_let_go_and_is_never_heard_of_again_is_taken_to_have_left_after_five_seconds():
    pacing = Pacing([RequestWindow(SECOND, 2, 1, 0)])
    assert ALLOW == pacing.ask("a", REDUCE, 0, NEVER)
    assert isinstance(pacing.ask("b", REDUCE, 5 * SECOND, NEVER), Wait)
    assert ALLOW == pacing.ask("b", REDUCE, 6 * SECOND, NEVER)


def test_a_request_that_asks_no_more_holds_nobody_up():
    pacing = Pacing([RequestWindow(SECOND, 2, 1, 0)])
    pacing.count(REDUCE, 0)
    assert isinstance(pacing.ask("gone", REDUCE, 0, NEVER), Wait)
    assert isinstance(pacing.ask("new", NEW, SECOND, NEVER), Wait)  # the exit goes first
    assert 2 == pacing.waiting
    assert ALLOW == pacing.ask("new", NEW, 2 * SECOND + 1, NEVER)
    assert 0 == pacing.waiting


def test_what_is_given_back_is_free_for_others():
    pacing = Pacing([RequestWindow(SECOND, 2, 1, 0)])
    assert ALLOW == pacing.ask("a", REDUCE, 0, NEVER)
    pacing.give_back("a")
    assert ALLOW == pacing.ask("b", REDUCE, 0, NEVER)


def test_requests_before_a_restart_are_counted():
    pacing = Pacing([RequestWindow(60 * SECOND, 2, 1, 0)])
    pacing.count(NEW, 0)
    assert Wait(SECOND) == pacing.ask("a", REDUCE, 10 * SECOND, NEVER)
    assert ALLOW == pacing.ask("a", CANCEL, 10 * SECOND, NEVER)


def test_without_windows_nothing_waits():
    pacing = Pacing([])
    assert [ALLOW] * 100 == [pacing.ask(k, NEW, 0, 0) for k in range(100)]


def test_without_windows_what_leaves_is_not_kept_for_ever():
    pacing = Pacing([])
    before = len(pickle.dumps(vars(pacing)))
    for time in range(1_000):
        pacing.left(time, time)
    assert before == len(pickle.dumps(vars(pacing)))


def test_ten_a_second_five_hundred_a_minute_and_two_thousand_in_half_an_hour_less_a_margin():
    expected = (
        RequestWindow(SECOND, 8, 3, 2),
        RequestWindow(60 * SECOND, 400, 80, 80),
        RequestWindow(1800 * SECOND, 1800, 300, 300),
    )
    assert expected == UPSTOX


@pytest.mark.parametrize(
    ("day", "broker", "text"),
    [
        (date(2026, 12, 1), "zerodha", "has no broker 'zerodha'; add its rows with their source"),
        (date(2020, 1, 1), "upstox", "has no window of upstox for 2020-01-01; add a row with its source"),
    ],
)
def test_a_broker_or_a_day_that_the_table_lacks_is_an_error_that_names_it(day, broker, text):
    with pytest.raises(ConfigError, match=text):
        request_windows_on(day, broker)


ROW = {"seconds": 1, "valid_from": None, "valid_to": None, "count": 10, "use": 8, "for_cancels": 3, "for_exits": 2}


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"use": 5}, "for_cancels 3 + for_exits 2 < use 5 ≤ count 10 does not hold"),
        ({"count": 7}, "use 8 ≤ count 7 does not hold"),
    ],
)
def test_shares_that_leave_nothing_for_what_is_new_are_refused(change, text):
    with pytest.raises(ConfigError, match=re.escape(text)):
        WindowTable.model_validate({"mine": [{**ROW, **change, "source": "mine"}]})


def test_a_day_with_two_rows_of_one_window_is_refused():
    with pytest.raises(ConfigError, match=r"mine, 1 s: the rows .* overlap"):
        WindowTable.model_validate({"mine": [{**ROW, "source": "mine"}] * 2})


# ---------------------------------------------------------------------- F04: the broker says that it is too much


def burst(pacing, urgency, now_ns, most=20):
    """Requests that may leave at one moment."""
    allowed = [key for key in range(most) if pacing.ask((now_ns, key), urgency, now_ns, NEVER) is ALLOW]
    for key in range(most):
        pacing.give_back((now_ns, key))
    return len(allowed)


TEN = RequestWindow(SECOND, 10, 2, 2)
"""Of ten places two are the cancels' own, and two more those of cancels and exits."""


def test_a_refusal_for_the_rate_halves_the_places_and_the_cancels_keep_theirs():
    pacing = Pacing([TEN])
    assert [10, 8, 6] == [burst(pacing, one, SECOND) for one in (CANCEL, REDUCE, NEW)]
    assert pacing.slow_down(SECOND)
    # of the eight that are not the cancels' own four are left, one of them for exits
    assert [6, 4, 3] == [burst(pacing, one, SECOND) for one in (CANCEL, REDUCE, NEW)]
    assert pacing.slow_down(3 * SECOND)
    assert [4, 2, 2] == [burst(pacing, one, 3 * SECOND) for one in (CANCEL, REDUCE, NEW)]


def test_refusals_of_one_burst_halve_once_and_each_halving_is_over_a_minute_later():
    pacing = Pacing([TEN])
    assert [True, False, True] == [pacing.slow_down(now) for now in (SECOND, 2 * SECOND - 1, 30 * SECOND)]
    assert 2 == burst(pacing, NEW, 61 * SECOND - 1)
    assert 3 == burst(pacing, NEW, 61 * SECOND)
    assert 6 == burst(pacing, NEW, 90 * SECOND)


def test_however_often_it_says_so_one_request_may_leave_beside_the_cancels():
    pacing = Pacing([TEN])
    for second in range(20):
        pacing.slow_down(second * SECOND)
    assert [3, 1, 1] == [burst(pacing, one, 20 * SECOND) for one in (CANCEL, REDUCE, NEW)]


def test_without_windows_there_is_nothing_to_halve():
    assert not Pacing(()).slow_down(SECOND)
