"""The risk review: the only way to an ``Approved`` order. Built-in rules in a fixed order, then the user's own."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from framework.errors import StrategyError
from framework.rules import limits, risk
from framework.rules.exits import rupees_of
from framework.rules.reasons import LIMITS, NAMES, NO_PRICE, NONE, SIZE_BEYOND_LIMIT
from framework.rules.sizing import can_order
from framework.session.order_prices import plain
from framework.types.made import made
from framework.types.orders import Verdict
from framework.types.portfolio import TradingState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from framework.session.account import Account
    from framework.session.breaker import Breaker
    from framework.session.exposure import Exposure
    from framework.session.orders import Orders
    from framework.session.product import Product
    from framework.session.staleness import Staleness
    from framework.types import Distance, Instrument, Order, Portfolio, RiskRule, Settings
    from framework.types.tariff import Tariff, Tariffs


class ReviewRequest(NamedTuple):
    """An increase under review."""

    order: Order
    units: int
    """≥ 0."""
    price: float
    """Worst price the order can reasonably fill at, rupees."""
    held: int
    """Units already held or working on the same side, ≥ 0."""
    power_paise: int
    """Buying power that is left."""
    equity_paise: int
    """At the close that decides."""
    lot: int
    follows: bool
    """It opens the other side, once the position is closed."""


class RuleAnswer(NamedTuple):
    """One rule's own answer."""

    rule: str
    asked: int
    """Units ≥ 0 of the request."""
    left: int
    """Units of them that it leaves."""
    reason: str
    """Why, where it leaves fewer."""


class ReviewContext(NamedTuple):
    """Everything that limits look at beside the account."""

    product: Product
    breaker: Breaker
    orders: Orders
    exposure: Exposure
    last_bars: Staleness


class Review:
    """Asks every rule about an increase; reductions need no permission, so they never come here."""

    def __init__(
        self,
        settings: Settings,
        rules: Sequence[RiskRule],
        account: Account,
        seen: ReviewContext,
        portfolio: Callable[[], Portfolio],
    ) -> None:
        """``portfolio``: the account at this moment, for rules of the user's own."""
        self._tariffs: tuple[Tariffs, ...] = settings.charges.tariffs(account.instruments)
        self._long_margin, self._short_margin = settings.long_share, settings.short_share
        self._limits = settings.limits
        self._account = account
        self.product, self.breaker, self._orders_so_far, self._exposure, self._last_bars = seen
        self._portfolio = portfolio
        self._rules = tuple(rules)
        self._restricted = [is_named(one, settings.limits.restricted) for one in account.instruments]
        self._sectors = [sector_of(one, account.instruments, settings.limits.sectors) for one in account.instruments]
        self._asks = self._list()
        self.looks_at_bars = settings.limits.max_age is not None or settings.limits.max_jump is not None
        """Some limit asks when and where an instrument was last seen."""
        self.listener: Callable[[ReviewRequest], None] | None = None
        """Called with each request before it is judged, for whoever explains it; None in every other run."""

    def _list(self) -> tuple[tuple[int, Callable[[ReviewRequest], int]], ...]:
        """Every limit that is set, by its reason's code, in the order of the review."""
        asks = {
            "restricted": self._allowed,
            "max_age": self._fresh,
            "max_jump": self._sane,
            "price_band": self._in_band,
            "max_orders_per_day": self._orders,
            "max_positions": self._positions,
            "max_order_quantity": self._quantity,
            "max_order_value": self._order_value,
            "max_position_value": self._position_value,
            "max_sector_value": self._sector,
            "max_gross_exposure": self._gross,
            "max_strategy_value": self._strategy,
            "cash": self._affordable,
        }
        unset = (None, ())
        set_ones = (name for name in LIMITS if getattr(self._limits, name, name) not in unset)
        return tuple((NAMES.index(name), asks[name]) for name in set_ones)

    def increase(self, asked: ReviewRequest) -> Verdict:
        """Verdict on an order that increases a position: what the strictest rule leaves, the first of equals."""
        order, units, why = asked.order, asked.units, NONE
        side = 1 if order.quantity > 0 else -1
        if self.listener is not None:
            self.listener(asked)
        if refused := self.product.refusal(order):
            return Verdict(0, refused)
        if refused := self.breaker.refusal:
            return Verdict(0, refused)
        if not asked.price > 0.0:
            return Verdict(0, NAMES[NO_PRICE])
        if not can_order(units, asked.held, asked.price):
            return Verdict(0, NAMES[SIZE_BEYOND_LIMIT])
        for code, ask in self._asks:
            units, why = limits.stricter(units, why, ask(asked), code)
        reason = NAMES[why]
        for rule in self._rules:
            if units == 0:
                break
            units, reason = self._ask(rule, order, side * units, reason, self._portfolio())
            units -= units % asked.lot
        return made(Verdict, (side * units, reason))

    def answers(self, asked: ReviewRequest, *, own: bool = True) -> list[RuleAnswer]:
        """Every rule's own answer; ``increase`` takes the strictest of the same, the first of equals.

        The limits are asked about all units, the user's own rules about what those before them left; without ``own``
        they are not asked, for one that remembers would be asked twice.
        """
        units, side = asked.units, 1 if asked.order.quantity > 0 else -1
        refused, halted = self.product.refusal(asked.order), self.breaker.refusal
        said = [
            RuleAnswer("product", units, 0 if refused else units, refused),
            RuleAnswer("state", units, 0 if halted else units, halted or TradingState.ACTIVE.value),
            RuleAnswer("no_price", units, units if asked.price > 0.0 else 0, "no_price"),
        ]
        if not asked.price > 0.0:
            return said  # nothing else can be measured
        if not can_order(units, asked.held, asked.price):
            return [*said, RuleAnswer(NAMES[SIZE_BEYOND_LIMIT], units, 0, NAMES[SIZE_BEYOND_LIMIT])]
        said += [RuleAnswer(NAMES[code], units, ask(asked), NAMES[code]) for code, ask in self._asks]
        remaining = min(one.left for one in said)
        for rule in self._rules if own else ():
            if remaining == 0:
                break
            left, reason = self._ask(rule, asked.order, side * remaining, "", self._portfolio())
            left -= left % asked.lot
            said.append(RuleAnswer(type(rule).__name__, remaining, left, reason))
            remaining = left
        return said

    def reserve_paise(self, order: Order, price: float) -> int:
        """Buying power that a working increase holds at its worst price, in paise."""
        side, share = (1, self._long_margin) if order.quantity > 0 else (-1, self._short_margin)
        return risk.needed(abs(order.quantity), price, share, side, self._tariff(order))

    # ------------------------------------------------------------------ one limit each

    def _allowed(self, asked: ReviewRequest) -> int:
        return limits.if_allowed(asked.units, self._restricted[asked.order.instrument])

    def _fresh(self, asked: ReviewRequest) -> int:
        """``on_bar`` may order what has no bar now; a target is only ever decided on a bar that is there."""
        return limits.within_age(asked.units, self._last_bars.age(asked.order.instrument), self._limits.max_age or 0)

    def _sane(self, asked: ReviewRequest) -> int:
        i = asked.order.instrument
        close, before = self._account.close[i], self._last_bars.before[i]
        return limits.within_jump(asked.units, close, before, _rupees(self._limits.max_jump, before))

    def _in_band(self, asked: ReviewRequest) -> int:
        order, reference = asked.order, self._account.close[asked.order.instrument]
        band = _rupees(self._limits.price_band, reference)
        return limits.within_price_band(asked.units, order.limit, order.trigger, reference, band)

    def _orders(self, asked: ReviewRequest) -> int:
        return limits.within_orders(
            asked.units, self._orders_so_far.in_session[asked.order.instrument], self._limits.max_orders_per_day or 0
        )

    def _positions(self, asked: ReviewRequest) -> int:
        i = asked.order.instrument
        if self._exposure.is_open(i):
            return asked.units
        others = self._exposure.used_excluding(i, reversing=asked.follows).others
        return limits.within_positions(asked.units, others, self._limits.max_positions or 0)

    def _quantity(self, asked: ReviewRequest) -> int:
        return limits.within_quantity(asked.units, self._limits.max_order_quantity or 0, asked.lot)

    def _order_value(self, asked: ReviewRequest) -> int:
        return risk.within_order_value(asked.units, asked.price, self._limits.max_order_value or 0.0, asked.lot)

    def _position_value(self, asked: ReviewRequest) -> int:
        limit = self._limits.max_position_value or 0.0
        return risk.within_position_value(asked.units, asked.held, asked.price, limit, asked.lot)

    def _sector(self, asked: ReviewRequest) -> int:
        """An instrument without a sector has no such limit."""
        sector = self._sectors[asked.order.instrument]
        return self._within(asked, self._limits.max_sector_value, sector) if sector else asked.units

    def _gross(self, asked: ReviewRequest) -> int:
        return self._within(asked, self._limits.max_gross_exposure)

    def _strategy(self, asked: ReviewRequest) -> int:
        """A session runs one strategy: all that it holds is that strategy's."""
        return self._within(asked, self._limits.max_strategy_value)

    def _within(self, asked: ReviewRequest, limit: Distance | None, among: frozenset[int] | None = None) -> int:
        used = self._exposure.used_excluding(asked.order.instrument, among, reversing=asked.follows).paise
        return limits.within_share(asked.units, asked.price, used, *plain(limit), asked.equity_paise, asked.lot)

    def _affordable(self, asked: ReviewRequest) -> int:
        order = asked.order
        side, share = (1, self._long_margin) if order.quantity > 0 else (-1, self._short_margin)
        tariff = self._tariff(order)
        return risk.within_buying_power(asked.units, asked.price, share, asked.power_paise, side, tariff, asked.lot)

    def _tariff(self, order: Order) -> Tariff:
        return self._tariffs[order.instrument].on(order.decided_at)

    # ------------------------------------------------------------------ the user's own

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


def is_named(instrument: Instrument, names: Sequence[str]) -> bool:
    """True when a list names the instrument, by its symbol or by exchange and symbol."""
    return bool(names) and (instrument.symbol in names or str(instrument) in names)


def sector_numbers(instruments: Sequence[Instrument], sectors: Mapping[str, Sequence[str]]) -> list[int]:
    """Sector number of each instrument: its place among them; −1 = in none."""
    names = list(sectors.values())
    return [next((number for number, named in enumerate(names) if is_named(one, named)), -1) for one in instruments]


def sector_of(
    instrument: Instrument, instruments: Sequence[Instrument], sectors: Mapping[str, Sequence[str]]
) -> frozenset[int]:
    """The run's instruments of this one's sector, itself among them; empty when it has none."""
    own = sector_numbers([instrument], sectors)[0]
    others = sector_numbers(instruments, sectors)
    return frozenset(i for i, number in enumerate(others) if number == own and own >= 0)


def _rupees(limit: Distance | None, base: float) -> float:
    """A limit in per cent of ``base`` rupees, or in rupees; NaN, which allows nothing, without one."""
    return math.nan if limit is None else rupees_of(limit.amount, limit.percent, base)
