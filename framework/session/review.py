"""The risk review: the only way to an ``Approved`` order. Built-in rules in a fixed order, then the user's own."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from framework.errors import StrategyError
from framework.rules import risk
from framework.types.orders import Verdict
from framework.types.portfolio import TradingState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from framework.types import Instrument, Order, Portfolio, RiskRule, Settings


class Review:
    """Asks every rule about an increase; reductions need no permission, so they never come here."""

    def __init__(self, instruments: Sequence[Instrument], settings: Settings, rules: Sequence[RiskRule]) -> None:
        self._instruments = tuple(instruments)
        self._tariffs = settings.charges.tariffs
        self._long_margin, self._short_margin = settings.long_share, settings.short_share
        self._max_order_value = settings.limits.max_order_value or math.inf
        self._max_position_value = settings.limits.max_position_value or math.inf
        self._rules = tuple(rules)

    def increase(
        self,
        order: Order,
        price: float,
        held: int,
        power_paise: int,
        state: TradingState,
        portfolio: Callable[[], Portfolio],
    ) -> Verdict:
        """Verdict on an order that increases a position.

        ``price`` is the worst price the order can reasonably fill at, rupees; ``held`` the units already held or
        working on the same side (≥ 0); ``power_paise`` the buying power that is left.
        """
        side = 1 if order.quantity > 0 else -1
        if state is not TradingState.ACTIVE:
            return Verdict(0, state.value)
        if not price > 0.0:
            return Verdict(0, "no_price")
        lot = self._instruments[order.instrument].lot
        units, reason = abs(order.quantity), ""
        for name, allowed in (
            ("max_order_value", risk.within_order_value(units, price, self._max_order_value, lot)),
            ("max_position_value", risk.within_position_value(units, held, price, self._max_position_value, lot)),
            ("cash", self._affordable(order, units, price, power_paise)),
        ):
            if allowed < units:
                units, reason = allowed, name
        for rule in self._rules:
            if units == 0:
                break
            units, reason = self._ask(rule, order, side * units, reason, portfolio())
            units -= units % lot
        return Verdict(side * units, reason)

    def reserve_paise(self, quantity: int, price: float, time: int) -> int:
        """Buying power that a working increase of signed ``quantity`` holds at its worst price, in paise."""
        side, share = (1, self._long_margin) if quantity > 0 else (-1, self._short_margin)
        return risk.needed(abs(quantity), price, share, side, self._tariffs.on(time))

    def _affordable(self, order: Order, units: int, price: float, power_paise: int) -> int:
        side, share = (1, self._long_margin) if order.quantity > 0 else (-1, self._short_margin)
        lot, tariff = self._instruments[order.instrument].lot, self._tariffs.on(order.decided_at)
        return risk.within_buying_power(units, price, share, power_paise, side, tariff, lot)

    @staticmethod
    def _ask(rule: RiskRule, order: Order, quantity: int, reason: str, portfolio: Portfolio) -> tuple[int, str]:
        """A user's rule may take away, never add or turn round."""
        name = type(rule).__name__
        verdict = rule.pre_order(order._replace(quantity=quantity), portfolio)
        left = verdict.quantity if quantity > 0 else -verdict.quantity
        if not 0 <= left <= abs(quantity):
            msg = (
                f"risk rule {name} answered {verdict.quantity:+d} to an order of {quantity:+d}; it may approve, shrink "
                "or refuse (0), never enlarge or flip"
            )
            raise StrategyError(msg)
        return (left, verdict.reason or name) if left < abs(quantity) else (left, reason)
