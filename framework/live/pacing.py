"""Pacing of requests by rolling windows: a second, a minute, half an hour. Cancels go first, and have a reserve.

Theory of operation
-------------------
A broker counts requests in several windows that roll, so that no window, wherever it begins, may hold more than its
number. Every request that was let go is on one list with its time; it is over a window's length later.

Some places of each window are kept: ``for_cancels`` only cancels may use, ``for_exits`` only cancels, reductions and
protection. So a burst of entries cannot keep a stop or a cancel from leaving, even in the longest window.

A broker that says "too many" all the same (F04: somebody else's requests count there, too) halves the places of every
window, but for those of the cancels, and halves them again if it goes on; each halving is over a minute later.

A request that may not leave yet waits, and everything more urgent that waits goes before it. One that waits asks again
when the wait is over; if it does not, it is forgotten a second later. From the moment it is let go until it has left
(the journal's disk lies between) it counts as if it were leaving just now.

*Cost.* Who waits is kept by urgency, in the order of age, and who is on the way out is counted: a question takes a
binary search, however many wait. Who is forgotten next is on top of a heap.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from enum import IntEnum
from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

from framework.pretrade.answers import ALLOW, Answer, Deny, Wait
from framework.pretrade.facts import SECOND_NS, RequestWindow
from framework.types.deadlines import NEVER

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from framework.pretrade.facts import Ceilings, SendLimits

LEAVES_WITHIN_NS = 5 * SECOND_NS
"""After it was let go a request that is not heard of again is taken to have left by then."""
FORGOTTEN_NS = SECOND_NS
"""A request that does not ask again so long after its wait is over waits no more."""
LONGEST_WAIT_NS = SECOND_NS
"""Until a request that waits asks again: what was ahead of it may have given its place back."""
NEW_WAITS_NS = 5 * SECOND_NS
SLOW_NS = 60 * SECOND_NS
"""Time after which a halving is over."""
BURST_NS = SECOND_NS
"""Refusals of one burst are one."""


class Urgency(IntEnum):
    """Urgency of a request; the lower goes first."""

    CANCEL = 0
    REDUCE = 1
    PROTECT = 2
    NEW = 3


SHARES = (Urgency.CANCEL, Urgency.REDUCE, Urgency.NEW)
"""The first urgency of each share of a window: all of it, all but the cancels' places, all but those and the exits'."""


class WaitingRequest(NamedTuple):
    """A request that waits for its turn."""

    urgency: Urgency
    since_ns: int
    asks_again_ns: int


class LetGo(NamedTuple):
    """A request that was let go and may not have left yet."""

    urgency: Urgency
    time_ns: int


class Pacing:
    """Pacing of one account's requests. ``ask`` until it allows, then ``left`` when the bytes are out."""

    def __init__(self, windows: Iterable[RequestWindow], new_waits_ns: int = NEW_WAITS_NS) -> None:
        """No windows: nothing waits. ``new_waits_ns``: what is new and waited so long is void."""
        self._windows = tuple(windows)
        self._new_waits_ns = new_waits_ns
        self._longest_ns = max((window.length_ns for window in self._windows), default=0)
        self._times: dict[Urgency, list[int]] = {share: [] for share in SHARES}
        """Times, rising, at which requests left that were so urgent or less."""
        self._going: dict[Hashable, LetGo] = {}
        """Requests that were let go, the oldest first."""
        self._going_of = dict.fromkeys(Urgency, 0)
        """How many of them by urgency."""
        self._waiting: dict[Hashable, WaitingRequest] = {}
        self._since: dict[Urgency, list[int]] = {urgency: [] for urgency in Urgency}
        """Times, rising, since which requests wait, by urgency."""
        self._forgotten: list[tuple[int, int, Hashable]] = []
        """Heap of times at which one that waits asks again, a serial number, and its key; it may have asked since."""
        self._asked = 0
        """Questions so far: the serial number."""
        self._slowed: list[int] = []
        """Times of the halvings that are not over."""

    @property
    def waiting(self) -> int:
        """Requests that wait."""
        return len(self._waiting)

    def ask(self, key: Hashable, urgency: Urgency, now_ns: int, expires_ns: int) -> Answer:
        """Allow, wait so long and ask again, or deny what could only leave when it has expired; a cancel never is."""
        if not self._windows:
            return ALLOW
        self._settle(now_ns)
        known = self._waiting.get(key)
        since_ns = now_ns if known is None else known.since_ns
        self._wait_no_more(key)
        free_ns = self._free_at(urgency, since_ns, now_ns)
        if free_ns <= now_ns:
            self._gone(key)
            self._going[key] = LetGo(urgency, now_ns)
            self._going_of[urgency] += 1
            return ALLOW
        if urgency is Urgency.NEW:
            expires_ns = min(expires_ns, since_ns + self._new_waits_ns)
        if urgency is not Urgency.CANCEL and free_ns >= expires_ns:
            return Deny("rate", (free_ns - now_ns) / SECOND_NS, (expires_ns - now_ns) / SECOND_NS)
        wait_ns = min(free_ns - now_ns, LONGEST_WAIT_NS)
        self._waiting[key] = WaitingRequest(urgency, since_ns, now_ns + wait_ns)
        insort(self._since[urgency], since_ns)
        self._asked += 1
        heappush(self._forgotten, (now_ns + wait_ns, self._asked, key))
        return Wait(wait_ns)

    def left(self, key: Hashable, now_ns: int) -> None:
        """A request that was let go has left; one that is not known is counted all the same, as new."""
        going = self._gone(key)
        self.count(Urgency.NEW if going is None else going.urgency, now_ns)

    def give_back(self, key: Hashable) -> None:
        """A request that was let go, or waits, will not leave."""
        self._gone(key)
        self._wait_no_more(key)

    def waits(self, key: Hashable) -> bool:
        """True of a request that was told to wait and has not asked since."""
        return key in self._waiting

    def count(self, urgency: Urgency, time_ns: int) -> None:
        """Count a request that left, such as one before a restart."""
        if not self._windows:
            return
        for share in SHARES:
            if urgency >= share:
                insort(self._times[share], time_ns)

    def slow_down(self, now_ns: int) -> bool:
        """The broker has refused a request for the rate; True when that halves the places of a window."""
        if not self._windows or (self._slowed and now_ns - self._slowed[-1] < BURST_NS):
            return False
        self._slowed.append(now_ns)
        return True

    def _gone(self, key: Hashable) -> LetGo | None:
        """A request is on its way out no more."""
        going = self._going.pop(key, None)
        if going is not None:
            self._going_of[going.urgency] -= 1
        return going

    def _wait_no_more(self, key: Hashable) -> None:
        waiting = self._waiting.pop(key, None)
        if waiting is not None:
            times = self._since[waiting.urgency]
            del times[bisect_left(times, waiting.since_ns)]

    # ------------------------------------------------------------------ places

    def _settle(self, now_ns: int) -> None:
        """Forget what is over, and what was let go and not heard of again."""
        while self._going:
            key, going = next(iter(self._going.items()))
            if going.time_ns + LEAVES_WITHIN_NS > now_ns:
                break
            self.left(key, going.time_ns + LEAVES_WITHIN_NS)
        while self._forgotten and self._forgotten[0][0] + FORGOTTEN_NS < now_ns:
            asks_again_ns, _, key = heappop(self._forgotten)
            waiting = self._waiting.get(key)
            if waiting is not None and waiting.asks_again_ns == asks_again_ns:
                self._wait_no_more(key)
        self._slowed = [time_ns for time_ns in self._slowed if now_ns - time_ns < SLOW_NS]
        for times in self._times.values():
            del times[: bisect_right(times, now_ns - self._longest_ns)]

    def _free_at(self, urgency: Urgency, since_ns: int, now_ns: int) -> int:
        """Moment at which every window has room for a request, which is not among the waiting, and all before it."""
        moments = [now_ns]
        windows = [_halved(window, len(self._slowed)) for window in self._windows]
        for share, times in self._times.items():
            if urgency < share:
                continue
            taken = self._ahead(share, urgency, since_ns)
            for window in windows:
                places = window.places - _kept(window, share) - taken
                moments.append(self._room_at(times, places, window.length_ns, now_ns))
        return max(moments)

    def _ahead(self, share: Urgency, urgency: Urgency, since_ns: int) -> int:
        """Requests of a share that go before one: the more urgent that wait, of the same the older, and the going."""
        more_urgent = sum(len(self._since[one]) for one in Urgency if share <= one < urgency)
        going = sum(count for one, count in self._going_of.items() if one >= share)
        return more_urgent + bisect_left(self._since[urgency], since_ns) + going

    @staticmethod
    def _room_at(times: list[int], places: int, length_ns: int, now_ns: int) -> int:
        """Moment from which fewer than ``places`` of the times lie within the window."""
        if places <= 0:
            return now_ns + length_ns  # what goes before it and what is on its way out fill the window from now on
        return times[-places] + length_ns if len(times) >= places else now_ns


def own_pace(limits: SendLimits, ceilings: Ceilings) -> Pacing:
    """Pace of the account's own limits on a second: whoever waits for it goes by urgency, then by age.

    The rule (``pretrade.gate.rate``) has the last word; nothing is void for the time alone that it has waited here.
    """
    kept = min(limits.cancels_per_second, ceilings.orders_per_second)
    orders = min(limits.orders_per_second, ceilings.orders_per_second - kept)
    return Pacing([RequestWindow(SECOND_NS, orders + kept, kept, 0)], new_waits_ns=NEVER)


def _kept(window: RequestWindow, share: Urgency) -> int:
    """Places of a window that a share may not use."""
    if share is Urgency.CANCEL:
        return 0
    return window.for_cancels + (window.for_exits if share is Urgency.NEW else 0)


def _halved(window: RequestWindow, times: int) -> RequestWindow:
    """A window whose places were halved so often; those of the cancels stay, and one more is left."""
    others = window.places - window.for_cancels
    return window._replace(
        places=window.for_cancels + min(max(others >> times, 1), others), for_exits=window.for_exits >> times
    )
