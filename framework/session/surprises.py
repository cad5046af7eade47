"""Surprises: where the broker, or its silence, contradicts what the session believes. Told, never raised.

Most also stop increases until somebody has looked: the account is REDUCE_ONLY until a person says ``resume``, or, where
it was one order's doubt, until ``Found`` says of that order what the session has booked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.types.events import Surprise

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from framework.session.breaker import Breaker
    from framework.session.instrument_state import WorkingOrder
    from framework.types import Fill, Instrument
    from framework.types.events import Fact

TEXTS = {
    "told_differently": "fill {fill_id} was told again with other numbers: {units:+d} {instrument}; the first counts",
    "not_understood": "an answer is not what an answer must be, and nothing was made of it: {said}",
    "not_bookable": "fill {fill_id} of {units} at {price} cannot be booked: no such instrument, quantity or price",
    "too_old": "fill {fill_id} of {units:+d} {instrument} is older than the last session: was it booked?",
    "annulled": "fill {fill_id} of {units:+d} {instrument} at {price} was annulled by the exchange: {said}",
    "annulled_unknown": "an execution was annulled that was never booked here, {said}",
    "nobodys_fill": "{units:+d} {instrument} at {price} were filled under an order that nobody here knows",
    "fill_after_end": "order {order_id} ({instrument}) had ended as {state} when a fill of {units:+d} was told",
    "fill_not_sent": "order {order_id} ({instrument}) was never sent, and a fill of {units:+d} was told",
    "wrong_side": "order {order_id} is for {asked:+d}, and a fill of {units:+d} {instrument} was told",
    "wrong_instrument": "order {order_id} is of another instrument than the fill of {units:+d} {instrument}",
    "overfilled": "order {order_id} ({instrument}) is for {asked:+d}, and {units:+d} have filled",
    "before_decision": "order {order_id} ({instrument}) filled {said} s before it was decided",
    "accident": "an exit filled beyond the position of {instrument}: {units:+d} are held now and are closed at once",
    "sign_of_life": "order {order_id} ({instrument}) had ended as {state}, and the broker says that it works",
    "answer_to_unsent": "the broker says {said} of order {order_id} ({instrument}), which was never sent",
    "nobodys_order": "the broker says {said} of an order that nobody here knows",
    "unknown": "nobody knows what became of order {order_id} ({instrument}): {said}",
    "unanswered": "the broker has not answered what was asked of order {order_id} ({instrument}) for {said}",
    "cancel_refused": "the cancel of order {order_id} ({instrument}) was refused: {said}",
    "change_refused": "the change of order {order_id} ({instrument}) was refused: {said}",
    "fills_missing": "order {order_id} ({instrument}) has filled {units:+d} by the broker's book, {asked:+d} here",
    "lost": "order {order_id} ({instrument}) was known to work, and the broker's book does not have it",
    "unprotected": "{units:+d} {instrument} are held without their stop: {said}",
    "late_action": "an action of {instrument} became known after it had been traded without the right: {said}",
}
"""Code → sentence."""
ONLY_TOLD = frozenset({"unknown", "unanswered", "cancel_refused", "change_refused", "unprotected", "answer_to_unsent"})
"""Surprises that do not stop increases: the order in doubt counts in full, and what is due is tried again."""


class Surprises:
    """Reports surprises, and keeps the orders in doubt."""

    def __init__(self, instruments: Sequence[Instrument], breaker: Breaker, tell: Callable[[Fact], None]) -> None:
        self._instruments = tuple(instruments)
        self._breaker = breaker
        self._tell = tell
        self.doubts: set[int] = set()
        """Ids of the orders that keep the account at REDUCE_ONLY; 0 stands for what only a person can settle."""

    def tell(self, code: str, now: int, order_id: int = 0, i: int = -1, **words: object) -> None:
        """Tell one; ``words`` fill its text."""
        named = self._instruments[i] if 0 <= i < len(self._instruments) else "an unknown instrument"
        text = TEXTS[code].format(order_id=order_id, instrument=named, **words)
        self._tell(Surprise(now, code, text, order_id, i))
        if code not in ONLY_TOLD:
            self.doubts.add(order_id)
            self._breaker.doubt(now, i)

    def of(self, code: str, now: int, working: WorkingOrder, **words: object) -> None:
        """Tell one about an order of ours."""
        order = working.order
        self.tell(code, now, order.order_id, order.instrument, **words)

    def of_fill(self, code: str, now: int, fill_id: str, fill: Fill, **words: object) -> None:
        """Tell one about a fill."""
        said = {"fill_id": fill_id, "units": fill.quantity, "price": fill.price}
        self.tell(code, now, fill.order_id, fill.instrument, **said, **words)

    def settle(self, order_id: int, now: int) -> None:
        """An order is in doubt no more."""
        if order_id in self.doubts:
            self.doubts.discard(order_id)
            if not self.doubts:
                self._breaker.trust(now)
