"""Explanations: every rule's own answer about an order, with what it measured, for a person who asks beforehand.

``Review.increase`` uses the same functions and takes the strictest answer; here each answer is shown.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from framework.rules.exits import rupees_of
from framework.session.order_prices import entry_prices
from framework.session.review import ReviewRequest, RuleAnswer, sector_of
from framework.types.events import Decided
from framework.types.orders import NAN, Order, OrderRequest, Reason, Verdict
from framework.types.portfolio import TradingState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from framework.session.session import Session
    from framework.types import Distance

RUPEES, UNITS, COUNT, WORDS = "₹", "units", "", "words"
Measured = tuple[float | str, float | str, str]
"""Value of the order, its bound, and their unit."""


class RuleReport(NamedTuple):
    """One rule's answer about an order."""

    rule: str
    """Its reason code."""
    asked: int
    """Units ≥ 0 under review."""
    units: int
    """Units that it leaves, whatever the others say."""
    value: float | str
    """Value of the order."""
    bound: float | str
    """Bound of the value."""
    unit: str
    reason: str
    """Reason, where it leaves fewer."""


class ReviewReport(NamedTuple):
    """Report on an order that is not sent."""

    reducing: int
    """Units ≥ 0 that only reduce: they pass whatever the rules say."""
    increasing: int
    """Units ≥ 0 that were reviewed."""
    reports: tuple[RuleReport, ...]
    """On the units that increase, in the order of the rules."""
    verdict: Verdict
    """On the signed units that increase; of the whole order when it only reduces."""


def explain_order(session: Session, i: int, quantity: int, limit: float = NAN) -> ReviewReport:
    """Report of what an order of signed ``quantity`` of instrument ``i`` would meet at the close that came last.

    The session serves this review only: it has no working orders, and what only reduces is placed first. ``limit``:
    rupees; NaN = a market order.
    """
    account, side = session.account, 1 if quantity > 0 else -1
    position = account.quantity[i]
    reducing = min(abs(position), abs(quantity)) if position * side < 0 else 0
    increasing = abs(quantity) - reducing
    if reducing:
        session.handle(Decided(session.moment, None, (OrderRequest(i, side * reducing, limit),)))
    if increasing == 0:
        return ReviewReport(reducing, 0, (), Verdict(quantity))
    prices = entry_prices(session.settings, session.instruments[i], side, account.close[i], limit, NAN)
    order = Order(
        0, i, side * increasing, prices.type, Reason.ORDER, reduces=False, decided_at=session.now, limit=prices.limit
    )
    held = abs(position) if position * side > 0 else 0
    asked = session.increases.asked(order, prices.worst, held, session.equity_paise, 0)
    answers = session.review.answers(asked)
    left, reason = increasing, ""
    for one in answers:
        if one.left < left:
            left, reason = one.left, one.reason
    return ReviewReport(
        reducing, increasing, tuple(_report(one, asked, session) for one in answers), Verdict(side * left, reason)
    )


def explain_review(session: Session, asked: ReviewRequest) -> tuple[RuleReport, ...]:
    """Verdict of each built-in rule on a request at this moment; without rules of the user's own."""
    return tuple(_report(one, asked, session) for one in session.review.answers(asked, own=False))


def _report(answer: RuleAnswer, asked: ReviewRequest, session: Session) -> RuleReport:
    measure = MEASURES.get(answer.rule)
    value, bound, unit = ("", "", WORDS) if measure is None else measure(asked, session)
    return RuleReport(
        answer.rule, answer.asked, answer.left, value, bound, unit, answer.reason if answer.left < answer.asked else ""
    )


# ---------------------------------------------------------------------- what each rule looks at


def _product(asked: ReviewRequest, session: Session) -> Measured:
    refused = session.review.product.refusal(asked.order)
    return refused.replace("_", " ") or "allowed", session.settings.product or "any", WORDS


def _state(_asked: ReviewRequest, session: Session) -> Measured:
    return str(session.state), str(TradingState.ACTIVE), WORDS


def _price(asked: ReviewRequest, _session: Session) -> Measured:
    return "known" if asked.price > 0.0 else "none", "known", WORDS


def _restricted(asked: ReviewRequest, session: Session) -> Measured:
    return str(session.instruments[asked.order.instrument]), ", ".join(session.settings.limits.restricted), WORDS


def _age(asked: ReviewRequest, session: Session) -> Measured:
    return session.seen.last_bars.age(asked.order.instrument), session.settings.limits.max_age or 0, COUNT


def _jump(asked: ReviewRequest, session: Session) -> Measured:
    i = asked.order.instrument
    before = session.seen.last_bars.before[i]
    return abs(session.account.close[i] - before), _rupees(session.settings.limits.max_jump, before), RUPEES


def _band(asked: ReviewRequest, session: Session) -> Measured:
    reference = session.account.close[asked.order.instrument]
    away = 0.0 if math.isnan(asked.order.limit) else abs(asked.order.limit - reference)
    return away, _rupees(session.settings.limits.price_band, reference), RUPEES


def _orders(asked: ReviewRequest, session: Session) -> Measured:
    so_far = session.seen.orders.in_session[asked.order.instrument]
    return so_far + 1, session.settings.limits.max_orders_per_day or 0, COUNT


def _positions(asked: ReviewRequest, session: Session) -> Measured:
    others = session.seen.exposure.used_excluding(asked.order.instrument, reversing=asked.follows).others
    return others + 1, session.settings.limits.max_positions or 0, COUNT


def _quantity(asked: ReviewRequest, session: Session) -> Measured:
    return asked.units, session.settings.limits.max_order_quantity or 0, UNITS


def _order_value(asked: ReviewRequest, session: Session) -> Measured:
    return asked.units * asked.price, session.settings.limits.max_order_value or 0.0, RUPEES


def _position_value(asked: ReviewRequest, session: Session) -> Measured:
    return (asked.held + asked.units) * asked.price, session.settings.limits.max_position_value or 0.0, RUPEES


def _sector(asked: ReviewRequest, session: Session) -> Measured:
    instrument = session.instruments[asked.order.instrument]
    sector = sector_of(instrument, session.instruments, session.settings.limits.sectors)
    if not sector:
        return "no sector", "", WORDS
    return _total(asked, session, session.settings.limits.max_sector_value, sector)


def _gross(asked: ReviewRequest, session: Session) -> Measured:
    return _total(asked, session, session.settings.limits.max_gross_exposure)


def _strategy(asked: ReviewRequest, session: Session) -> Measured:
    return _total(asked, session, session.settings.limits.max_strategy_value)


def _cash(asked: ReviewRequest, session: Session) -> Measured:
    return (
        session.review.reserve_paise(asked.order, asked.price) / 100,
        (asked.power_paise / 100),
        RUPEES,
    )


def _total(
    asked: ReviewRequest, session: Session, limit: Distance | None, among: frozenset[int] | None = None
) -> Measured:
    used = session.seen.exposure.used_excluding(asked.order.instrument, among, reversing=asked.follows).paise
    return used / 100 + asked.units * asked.price, _rupees(limit, asked.equity_paise / 100), RUPEES


def _rupees(limit: Distance | None, base: float) -> float:
    return NAN if limit is None else rupees_of(limit.amount, limit.percent, base)


MEASURES: Mapping[str, Callable[[ReviewRequest, Session], Measured]] = {
    "product": _product,
    "state": _state,
    "no_price": _price,
    "restricted": _restricted,
    "max_age": _age,
    "max_jump": _jump,
    "price_band": _band,
    "max_orders_per_day": _orders,
    "max_positions": _positions,
    "max_order_quantity": _quantity,
    "max_order_value": _order_value,
    "max_position_value": _position_value,
    "max_sector_value": _sector,
    "max_gross_exposure": _gross,
    "max_strategy_value": _strategy,
    "cash": _cash,
}
"""Reason code → what that rule measures; a rule of the user's own tells only what it leaves."""
