"""Decision rules: how many units of an increase each limit leaves. They shrink or refuse, never enlarge.

``quantity`` ≥ 0 is what is asked, whole lots; the answer is ≤ it, whole lots. Where there is no limit it is infinite;
a limit or a price that is NaN allows nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.rules.charges import charges, turnover_rate
from framework.rules.money import value
from framework.rules.sizing import whole_lots

if TYPE_CHECKING:
    from framework.types.tariff import Tariff


def within_order_value(quantity: int, price: float, limit_rupees: float, lot: int) -> int:
    """``max_order_value``: quantity × price ≤ limit."""
    return _within(quantity, price, limit_rupees, lot)


def within_position_value(quantity: int, held: int, price: float, limit_rupees: float, lot: int) -> int:
    """``max_position_value``: (|held| + quantity) × price ≤ limit; units already working count as held."""
    return _within(quantity, price, limit_rupees - abs(held) * price, lot)


def needed(quantity: int, price: float, blocked_share: float, side: int, tariff: Tariff) -> int:
    """Buying power an increase takes, in paise: value × blocked share (a buy 1, a short its margin) + charges."""
    worth = value(price, quantity)
    return int(worth * blocked_share) + charges(worth, side, 0, False, tariff)


def within_buying_power(
    quantity: int, price: float, blocked_share: float, power_paise: int, side: int, tariff: Tariff, lot: int
) -> int:
    """``cash``: the most whole lots for which ``needed`` at the worst price is within the buying power, in paise."""
    if not (price > 0.0):
        return 0
    if needed(quantity, price, blocked_share, side, tariff) <= power_paise:
        return quantity
    per_unit = price * (blocked_share + turnover_rate(side, tariff))
    if not (per_unit > 0.0):
        return 0
    allowed = min(whole_lots((power_paise - tariff.flat_paise) / 100.0 / per_unit, lot), quantity)
    while allowed > 0 and needed(allowed, price, blocked_share, side, tariff) > power_paise:
        allowed -= lot
    # The division cannot see that value and charges are rounded: half a paisa may be worth one lot.
    if allowed + lot <= quantity and needed(allowed + lot, price, blocked_share, side, tariff) <= power_paise:
        allowed += lot
    return max(allowed, 0)


def _within(quantity: int, price: float, limit_rupees: float, lot: int) -> int:
    if not (price > 0.0):
        return 0
    if quantity * price <= limit_rupees:
        return quantity
    return min(whole_lots(limit_rupees / price, lot), quantity)


def lends(released_paise: int, following_paise: int, reuse: bool, reverses: bool) -> int:
    """Buying power that an exit which has not filled lends to an entry, in paise (M7).

    All that it will release with ``reuse_proceeds`` and to the entry that it makes way for; else only as much as the
    entries already wait for that follow it, which reserve it.
    """
    return released_paise if reuse or reverses else min(released_paise, following_paise)
