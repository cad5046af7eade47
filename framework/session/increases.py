"""The way from a wanted increase to a placed order: withdraw what it replaces, review, reserve, place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.rules import targets
from framework.session.orders import PlacingTerms
from framework.session.review import ReviewRequest
from framework.types.made import made
from framework.types.orders import DAY, MARKET, Order, Validity

if TYPE_CHECKING:
    from framework.session.account import Account
    from framework.session.funding import Funding
    from framework.session.intents import Increase
    from framework.session.orders import Orders
    from framework.session.review import Review
    from framework.types import Settings
    from framework.types.events import Command


class Increases:
    """Places what opens or enlarges a position; the risk review is the only way there."""

    def __init__(
        self,
        settings: Settings,
        account: Account,
        orders: Orders,
        review: Review,
        funding: Funding,
        *,
        by_target: bool,
    ) -> None:
        self._validity = Validity(settings.validity)
        self._account = account
        self._orders = orders
        self._review = review
        self._funding = funding
        self._by_target = by_target

    def decided(self, increase: Increase, equity_paise: int, now: int) -> list[Command]:
        """Replace working entries by this one: review it, and park it until what it replaces or follows is done."""
        i, quantity, prices, reason = increase
        replaced = self._orders.entries(i)
        commands: list[Command] = []
        for working in replaced:
            commands += self._orders.withdraw(working, now)
        if quantity == 0:
            return commands
        freed_paise = sum([working.reserved_paise for working in replaced])
        position = self._account.quantity[i]
        reverses = targets.reverses(position, quantity)
        blocked = self._orders.before(i, reduces=False, needs_flat=reverses)
        validity = DAY if prices.type is MARKET else self._validity
        kind, limit, trigger, worst = prices
        order = made(Order, (0, i, quantity, kind, reason, False, now, limit, trigger, validity, False, ""))
        held = 0 if reverses else abs(position)
        return commands + self.reviewed(order, worst, held, equity_paise, freed_paise, blocked)

    def reviewed(
        self, order: Order, worst: float, held: int, equity_paise: int, freed_paise: int, blocked: set[int]
    ) -> list[Command]:
        """Place what the review leaves; a refusal is kept with its reason."""
        i, asked = order.instrument, self.asked(order, worst, held, equity_paise, freed_paise)
        verdict = self._review.increase(asked)
        if verdict.quantity == 0:
            self._orders.refuse(order, order.quantity, verdict)
            if verdict.reason == "max_orders_per_day":
                self._review.breaker.run_away(order.decided_at, i, self._orders.in_session[i] + 1, equity_paise)
            return []
        numbered = made(Order, (self._orders.take_id(), i, verdict.quantity, *order[3:]))
        reserve, until = self._review.reserve_paise(numbered, worst), self._review.product.entries_until(i)
        terms = made(PlacingTerms, (worst, reserve, until, asked.follows))
        return self._orders.place(numbered, order.quantity, verdict, blocked, terms)

    def asked(self, order: Order, worst: float, held: int, equity_paise: int, freed_paise: int) -> ReviewRequest:
        """The review's request for an order, with the buying power that is there for it."""
        i, quantity = order.instrument, order.quantity
        reverses = targets.reverses(self._account.quantity[i], quantity)
        power, lot = self._funding.of_entry(order, reverses=reverses) + freed_paise, self._account.instruments[i].lot
        follows = reverses and self._by_target
        return made(ReviewRequest, (order, abs(quantity), worst, held, power, equity_paise, lot, follows))
