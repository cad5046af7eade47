"""Account gate: the outbox's gatekeeper. Repeats, the pre-trade rules on the facts of now, and the two paces, in turn.

Who waits does so in a pace, of the account's own limits or of the broker's windows, where protection goes before what
is new. It asks once a second or so, and then it is its turn that is asked for first: the rules are for who may leave,
on the facts of that moment. So a hundred orders that wait cost little, however many facts there are.

What it allows is counted at once, before the journal's disk is waited for, so that two requests that are reviewed side
by side cannot both use the same room.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.broker.port import RATE_LIMITED, OrderAccepted, OrderRefused
from framework.journal.account_entries import RequestName
from framework.live.outbox import UNSENT
from framework.live.pacing import Urgency
from framework.live.repeats import ENOUGH
from framework.pretrade import gate
from framework.pretrade.answers import ALLOW, Allow, Deny

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from framework.broker.port import SendOutcome
    from framework.journal.held_back import HeldBack
    from framework.live.outbox import OutboxItem
    from framework.live.pacing import Pacing
    from framework.live.pretrade_world import PretradeWorld
    from framework.live.repeats import Repeats
    from framework.pretrade.answers import Answer
    from framework.pretrade.facts import Request
    from framework.session.instrument_state import WorkingOrder


class AccountGate:
    """Gatekeeper of an account's outbox."""

    def __init__(
        self, world: PretradeWorld, repeats: Repeats, own: Pacing, pacing: Pacing, tell: Callable[[str, str, str], None]
    ) -> None:
        """``own``: the pace of the account's own limits; ``pacing``: that of the broker's windows.

        ``tell`` takes a finding: its code, text and symbol.
        """
        self.world = world
        self._repeats = repeats
        self._own = own
        self._pacing = pacing
        self._tell = tell

    def recall(self, held: HeldBack) -> None:
        """Symbols, absent orders and refusals as the journal has them from before this process."""
        self.world.recall(held)
        orders = {
            (name, one.order.order_id): one
            for name, member in self.world.members.items()
            for one in member.session.known_orders()
        }
        for one in held.answered:
            working = orders.get((one.session, one.order_id))
            if working is not None and one.refused != UNSENT:
                self._repeats.recall(self.world.request_of(one.session, one.command, working), one.refused, one.at)

    def review(self, item: OutboxItem, working: WorkingOrder, now: int) -> Answer:
        """Allow, wait or deny."""
        request, key = self._request(item, working), (item.tag, item.request)
        waited = self._own.waits(key) or self._pacing.waits(key)
        judged: Answer = ALLOW if waited else self._judge(request, now)
        if isinstance(judged, Deny):
            self.stays(item)
            return judged
        turn = self._turn(key, Urgency(item.rank), now, request.expires_ns)
        if not isinstance(turn, Allow):
            return turn
        verdict = self._judge(request, now) if waited else judged
        if isinstance(verdict, Allow):
            self.world.note_leaving(request, now)
            self._repeats.note_leaving(request, now)
        else:
            self.stays(item)
        return verdict

    def _judge(self, request: Request, now: int) -> Answer:
        verdict = self._repeats.review(request, now)
        return gate.review(request, self.world.context(request), now) if isinstance(verdict, Allow) else verdict

    def _turn(self, key: Hashable, urgency: Urgency, now: int, expires_ns: int) -> Answer:
        """Ask both paces; a place in the first is no use without one in the other."""
        turn = self._own.ask(key, urgency, now, expires_ns)
        if isinstance(turn, Allow):
            turn = self._pacing.ask(key, urgency, now, expires_ns)
            if not isinstance(turn, Allow):
                self._own.give_back(key)
        elif isinstance(turn, Deny):
            self._pacing.give_back(key)
        return turn

    def went_out(self, item: OutboxItem, working: WorkingOrder, now: int) -> None:
        """Count a request that leaves."""
        for pace in (self._own, self._pacing):
            pace.left((item.tag, item.request), now)
        self.world.note_left(self._request(item, working), now)

    def stays(self, item: OutboxItem) -> None:
        """Let go of the place of a request that will not leave."""
        for pace in (self._own, self._pacing):
            pace.give_back((item.tag, item.request))

    def came_back(self, item: OutboxItem, working: WorkingOrder, outcome: SendOutcome, now: int) -> None:
        """Note an outcome: what is refused again and again is denied here."""
        self.stays(item)
        request = self._request(item, working)
        if isinstance(outcome, OrderAccepted):
            self._repeats.note_accepted(request)
        elif isinstance(outcome, OrderRefused):
            if outcome.code == RATE_LIMITED and self._pacing.slow_down(now):
                text = f"the broker refuses for too many requests: {outcome.reason}; the pace is halved for a minute"
                self._tell("rate_limited", text, request.symbol)
            if outcome.code != UNSENT and self._repeats.note_refused(request, outcome.code, now):
                text = (
                    f"{request.strategy}: {request.action} {request.quantity:+d} {request.symbol} was refused {ENOUGH} "
                    f"times with {outcome.code}: {outcome.reason}; it is denied here now, but for one probe a minute"
                )
                self._tell("repeated_refusal", text, request.symbol)
            if item.request is RequestName.PLACE:
                self.world.note_refused(item.tag)

    def _request(self, item: OutboxItem, working: WorkingOrder) -> Request:
        return self.world.request_of(item.traded.name, item.command, working)
