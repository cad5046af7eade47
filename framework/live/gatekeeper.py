"""Gatekeeper: asks everything that a request must pass before it leaves, with the facts of now.

In this order: a request that was refused again and again with the same words is not tried once more (``repeats``); the
pre-trade rules allow it (``pretrade.gate``); the broker's windows have room for it (``pacing``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.broker.port import OrderRefused
from framework.journal.account_entries import RequestName
from framework.live.pacing import Urgency
from framework.live.schedule import MomentKind
from framework.pretrade import gate
from framework.pretrade.answers import ALLOW, Wait
from framework.pretrade.facts import SECOND_NS, TradingHours
from framework.types.deadlines import NEVER

if TYPE_CHECKING:
    from collections.abc import Callable

    from framework.broker.port import SendOutcome
    from framework.live.outbox import OutboxItem
    from framework.live.pacing import Pacing
    from framework.live.pretrade_world import PretradeWorld
    from framework.live.repeats import Repeats
    from framework.live.schedule import ScheduleMoment
    from framework.pretrade.answers import Answer
    from framework.session.instrument_state import WorkingOrder
    from framework.types.portfolio import TradingState

URGENCY = {0: Urgency.CANCEL, 1: Urgency.REDUCE, 2: Urgency.PROTECT, 3: Urgency.NEW}


class AccountGate:
    """Gate of an account; see ``outbox.Gatekeeper``."""

    def __init__(
        self,
        world: PretradeWorld,
        pacing: Pacing,
        repeats: Repeats,
        hours: Callable[[int], TradingHours | None],
        state: Callable[[], TradingState],
    ) -> None:
        """``hours`` of a session's day, None without one; ``state`` of the runner."""
        self.world = world
        self._pacing = pacing
        self._repeats = repeats
        self._hours = hours
        self._state = state

    def see_price(self, symbol: str, price: float, now: int) -> None:
        """See ``Gatekeeper``."""
        self.world.note_price(symbol, price, now)

    def see_moment(self, moment: ScheduleMoment) -> None:
        """See ``Gatekeeper``: a new day has its own hours."""
        if moment.kind in {MomentKind.NEW_DAY, MomentKind.PRE_OPEN, MomentKind.OPEN}:
            self.see_day(moment.session)

    def see_day(self, session: int) -> None:
        """Hours of a day, days since 1970-01-01."""
        hours = self._hours(session)
        if hours is not None:
            self.world.note_hours(hours)

    def see_funds(self, available_paise: int, now: int) -> None:
        """The broker's figure of cash or margin."""
        self.world.note_funds(available_paise, now)

    def review(self, item: OutboxItem, working: WorkingOrder, now: int) -> Answer:
        """See ``Gatekeeper``."""
        self.world.state = self._state()
        request = self.world.request_of(item.traded.name, item.command, working)
        repeated = self._repeats.ask(request, now)
        if repeated is not ALLOW:
            return repeated
        verdict = gate.review(request, self.world.context(request), now)
        if verdict is not ALLOW:
            return verdict
        paced = self._pacing.ask(_key(item), URGENCY[item.rank], now, request.expires_ns)
        if paced is ALLOW:
            self.world.note_leaving(request, now)
        return paced

    def went_out(self, item: OutboxItem, working: WorkingOrder, now: int) -> None:
        """See ``Gatekeeper``."""
        self._pacing.left(_key(item), URGENCY[item.rank], now)
        self.world.note_left(self.world.request_of(item.traded.name, item.command, working), now)

    def came_back(self, item: OutboxItem, working: WorkingOrder, outcome: SendOutcome, now: int) -> None:
        """See ``Gatekeeper``."""
        request = self.world.request_of(item.traded.name, item.command, working)
        if isinstance(outcome, OrderRefused):
            self._repeats.refused(request, outcome.code, now)
            if item.request is RequestName.PLACE:
                self.world.note_refused(item.tag)
        else:
            self._repeats.passed(request)


def _key(item: OutboxItem) -> tuple[str, str]:
    return (item.tag, str(item.request))


