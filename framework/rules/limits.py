"""Decision rules that ask more than one order's value: data, price band, counts, exposure.

``quantity`` ≥ 0 is what is asked, whole lots; the answer is ≤ it, whole lots. Where there is no limit it is infinite;
a limit or a price that is NaN allows nothing.
"""

from framework.rules.exits import rupees_of
from framework.rules.sizing import whole_lots

INFINITY = float("inf")


def stricter(units: int, why: int, allowed: int, because: int) -> tuple[int, int]:
    """Units that are left once one more limit allows so many, and the reason: the strictest, of equals the first."""
    return (allowed, because) if allowed < units else (units, why)


def if_allowed(quantity: int, restricted: bool) -> int:
    """``restricted``: nothing of an instrument on the list."""
    return 0 if restricted else quantity


def within_age(quantity: int, sessions: int, most: int) -> int:
    """``max_age``: the instrument's last bar is at most so many sessions old; below 0 = it never had one."""
    return quantity if 0 <= sessions <= most else 0


def within_jump(quantity: int, close: float, before: float, limit_rupees: float) -> int:
    """``max_jump``: |close − the close before| ≤ limit, rupees; a larger move is no price to decide by.

    ``before`` is NaN of an instrument's first bar, which has nothing to have jumped from.
    """
    if before != before:  # noqa: PLR0124 - NaN is the only value unequal to itself
        return quantity
    fine = 0.0 < close < INFINITY and before > 0.0 and abs(close - before) <= limit_rupees
    return quantity if fine else 0


def within_price_band(quantity: int, limit: float, trigger: float, reference: float, band_rupees: float) -> int:
    """``price_band``: |an order's limit and trigger − reference| ≤ band, rupees; the reference is the deciding close.

    NaN = the order has no such price; a market order has none.
    """
    for price in (limit, trigger):
        if price == price and not (  # noqa: PLR0124 - as above
            0.0 < price < INFINITY and reference > 0.0 and abs(price - reference) <= band_rupees
        ):
            return 0
    return quantity


def within_orders(quantity: int, orders: int, most: int) -> int:
    """``max_orders_per_day``: with this one, at most so many orders of the instrument in the session."""
    return quantity if orders < most else 0


def within_positions(quantity: int, others: int, most: int) -> int:
    """``max_positions``: with this one, at most so many instruments held or about to be."""
    return quantity if others < most else 0


def within_quantity(quantity: int, most: int, lot: int) -> int:
    """``max_order_quantity``: units ≤ limit."""
    return quantity if quantity <= most else whole_lots(float(most), lot)


def within_share(
    quantity: int, price: float, used_paise: int, amount: float, percent: bool, equity_paise: int, lot: int
) -> int:
    """``within_total`` of a limit as it is configured: rupees, or a fraction of equity; ``amount`` NaN = no limit."""
    if amount != amount:  # noqa: PLR0124 - as above
        return quantity
    return within_total(quantity, price, used_paise, rupees_of(amount, percent, equity_paise / 100.0), lot)


def within_total(quantity: int, price: float, used_paise: int, limit_rupees: float, lot: int) -> int:
    """``max_gross_exposure``, ``max_sector_value``, …: quantity × price + what is used ≤ limit.

    ``used_paise`` ≥ 0 is the value of positions and of working entries at their worst prices.
    """
    if not (0.0 < price < INFINITY):
        return 0
    room = limit_rupees - used_paise / 100.0
    if quantity * price <= room:
        return quantity
    return min(whole_lots(room / price, lot), quantity)


def stays(held: int, leaving: int, reuse: bool) -> int:
    """Units ≥ 0 of a position that count as held: with ``reuse_proceeds`` an exit that has not filled is gone (M7)."""
    return max(abs(held) - leaving, 0) if reuse else abs(held)


def worst_case(held_paise: int, entries_paise: int, follows: bool) -> int:
    """Worst-case value of an instrument, paise ≥ 0: what stays and what its entries add.

    ``follows``: an entry opens the other side once the position is closed, so it is the larger of the two.
    """
    return max(held_paise, entries_paise) if follows else held_paise + entries_paise
