"""Wording of a denial: the value, the bound and the fix, by its code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.pretrade.facts import SECOND_NS
from framework.types.rupees import in_groups, rupees

if TYPE_CHECKING:
    from framework.pretrade.answers import Deny

SENTENCES = {
    "expired": "the order was due before {bound}, it is {value}; let the strategy decide anew",
    "tag_in_use": "an order named {value!r} is open already; what may have been sent is never sent again",
    "unknown_tag": "no order named {value!r} is open, so there is nothing to change",
    "account": "the broker is logged in to account {value!r}, configured is {bound!r}; log in to the right one",
    "unknown_instrument": "no list of instruments has {value}; tulya instruments update",
    "session_closed": "it is {value}, the session's bound is {bound}; orders go out while the market is open",
    "broker_closed": "the broker says that the segment is {value}; wait until it says {bound}",
    "quantity": "quantity {value} is not a whole number of units other than 0",
    "lot": "quantity {value} is not a multiple of the lot {bound}; size in whole lots",
    "freeze_quantity": "quantity {value} is above the exchange's freeze quantity {bound}; split the order",
    "price": "price {value} is not a finite number above {bound}",
    "tick": "price {value} is not on the tick {bound}; round it against the order",
    "exchange_band": "price {value} is beyond the exchange's band at {bound}; choose a price within it",
    "legal_order_value": "an order of {value} is not allowed, the law's ceiling is {bound}; split it",
    "state": "the system is {value}, not {bound}: only reductions pass; see tulya risk show",
    "app": "the app in use is {value!r}, configured is {bound!r}",
    "algo": "the algo name in use is {value!r}, configured is {bound!r}",
    "ip": "orders would leave from {value!r}, registered is {bound!r}; the broker would refuse them",
    "restricted": "nothing new may be opened in it: {value}",
    "cut_off": "it is {value}; new positions of this product end at {bound}",
    "stale_price": "the last price is {value} s old, at most {bound} s are allowed; wait for the feed",
    "reference": "the last price {value} is no price",
    "jump": "the price moved by {value}% at once, at most {bound}% is believed; look at the feed",
    "crossed": "the book is crossed: bid {value}, ask {bound}; wait for a sane one",
    "missing_bars": "{value} bars are missing since the decision's history; fill the gap first",
    "no_exchange_band": "the exchange's price band of today is not known ({value} to {bound}); read it from the broker",
    "price_band": "its price is {value}% from the last one, at most {bound}% are allowed (live.price_band_percent)",
    "order_value": "the order is worth {value}, at most {bound} are allowed (live.max_order_value)",
    "order_quantity": "the order has {value} units, at most {bound} are allowed (live.max_order_quantity)",
    "open_value": "open orders would be worth {value}, at most {bound} are allowed (live.max_open_value)",
    "position_value": "the position could become {value}, at most {bound} are allowed (live.max_position_value)",
    "gross_value": "all positions could become {value}, at most {bound} are allowed (live.max_gross_value)",
    "stale_funds": "the broker's funds are {value} s old, at most {bound} s are allowed; ask for them again",
    "funds": "the order takes {value}, {bound} are left; reduce it or add funds",
    "duplicate": "the same order went out {value} s ago, {bound} s must pass (live.duplicate_s)",
    "own_cross": "at {value} it would meet an own order at {bound}; cancel that one first",
    "orders_per_minute": "it would be order {value} of this minute in its symbol, at most {bound} (orders_per_minute)",
    "orders_per_day": "it would be order {value} of today in its symbol, at most {bound} (orders_per_day)",
    "repeated": "it was refused {value} times with {bound}; change the order, or wait a minute for the next probe",
    "rate": "its turn comes in {value} s, it expires in {bound} s",
    "error": "a rule could not judge it, so it is refused: {value}",
}
"""Code of ``Deny`` → sentence."""


IN_RUPEES = frozenset({"legal_order_value", "order_value", "open_value", "position_value", "gross_value", "funds"})
"""Codes whose value and bound are rupees."""
CLOCKED = frozenset({"expired", "session_closed", "cut_off"})
"""Codes whose value and bound are moments, UTC nanoseconds."""
LONG = 1e6
IST_S = 19_800
DAY_S = 86_400


def sentence(denial: Deny) -> str:
    """The refusal as one sentence, whatever the values are."""
    as_text = _clock if denial.code in CLOCKED else _rupees if denial.code in IN_RUPEES else _number
    return SENTENCES[denial.code].format(value=as_text(denial.value), bound=as_text(denial.bound))


def _number(value: object) -> str:
    if not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) else str(value)
    return in_groups(f"{value:.2f}" if abs(value) >= LONG else f"{value:.6g}")


def _rupees(value: object) -> str:
    if not isinstance(value, int | float):
        return str(value)
    return rupees(value, 0 if float(value).is_integer() else 2)


def _clock(value: object) -> str:
    if not isinstance(value, int):
        return str(value)
    seconds = (value // SECOND_NS + IST_S) % DAY_S
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02} IST"
