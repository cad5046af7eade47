"""Fill price of an order within a bar. Each answer is the unslipped price in rupees, NaN = not in this bar.

``start`` is where the order's life in this bar begins: the bar's open, or for the exits of an entry that filled
inside the bar that entry's own unslipped price (contract row 14). Every answer lies within [low, high].
Row numbers are those of docs/execution.md.
"""

from framework.rules.orders import LIMIT, MARKET, STOP, STOP_LIMIT

NAN = float("nan")


def limit_fill(side: int, limit: float, start: float, high: float, low: float) -> float:
    """Rows 3 and 4: at ``start`` when it is already as good or better, else at the limit when the range reaches it."""
    if side > 0:
        if start <= limit:
            return start
        return limit if low <= limit else NAN
    if start >= limit:
        return start
    return limit if high >= limit else NAN


def stop_fill(side: int, trigger: float, start: float, high: float, low: float) -> float:
    """Rows 5 and 6: at ``start`` when it is already through, else at the trigger when the range reaches it."""
    if side > 0:
        if start >= trigger:
            return start
        return trigger if high >= trigger else NAN
    if start <= trigger:
        return start
    return trigger if low <= trigger else NAN


def stop_limit_fill(
    side: int, trigger: float, limit: float, start: float, high: float, low: float, close: float
) -> float:
    """Rows 7 and 7b: where a stop-limit that triggers in this bar fills in it; NaN = a limit from the next bar on.

    A limit on the marketable side of the trigger lets the price that triggers it fill it: prices pass the trigger
    first. A start beyond the limit rests from there on, and the limit fills when the range comes back to it. A limit
    on the other side (7b) counts in this bar only by the close: what else the bar did may lie before the trigger.
    """
    at = stop_fill(side, trigger, start, high, low)
    if not (at > 0.0):
        return NAN
    if side * (limit - trigger) < 0.0:
        return limit if side * (limit - close) >= 0.0 else NAN
    if side * (limit - at) >= 0.0:
        return at
    back = low if side > 0 else high
    return limit if side * (limit - back) >= 0.0 else NAN


def is_first_touch(side: int, entry: float, trigger: float, start: float) -> bool:
    """Row 14: True when an entry inside the bar is the bar's first touch of its own trigger.

    Then every price beyond ``entry`` came after it. Of a limit nothing is known: the bar may have been there before.
    """
    return entry == trigger and side * (entry - start) > 0.0


def target_after_entry(
    side: int, limit: float, entry: float, first_touch: bool, high: float, low: float, close: float
) -> float:
    """Row 14: where the target of an entry inside this bar fills, ``side`` being the target's own, opposite one.

    Only by what certainly follows the entry: its own price, the close, and after a first touch the bar's far end.
    ``entry`` is NaN when the bar saw several entries, whose order nobody knows.
    """
    if first_touch:
        return limit_fill(side, limit, entry, high, low)
    return limit_fill(side, limit, entry, close, close)


def price_at_open(kind: int, triggered: bool, side: int, limit: float, trigger: float, start: float) -> float:
    """Price at which an order fills at the open, rows 1, 3, 5, 7, 11; ``start`` is NaN without a bar (row 2)."""
    if kind == MARKET or (kind == STOP and triggered):
        return start
    if kind == LIMIT or triggered:
        return limit_fill(side, limit, start, start, start)
    if kind == STOP:
        return stop_fill(side, trigger, start, start, start)
    return stop_limit_fill(side, trigger, limit, start, start, start, start)


def price_in_range(
    kind: int, triggered: bool, side: int, limit: float, trigger: float, start: float, high: float, low: float
) -> float:
    """Price at which the range reaches an order, rows 4, 6, 11, 12; of a stop-limit its trigger, row 7 decides then."""
    if kind == LIMIT or (kind == STOP_LIMIT and triggered):
        return limit_fill(side, limit, start, high, low)
    if kind == MARKET or triggered:
        return NAN
    return stop_fill(side, trigger, start, high, low)


def slips(kind: int, triggered: bool) -> bool:
    """True when what fills is slipped: not a limit, and not a stop-limit that triggered in an earlier bar."""
    return kind == MARKET or kind == STOP or (kind == STOP_LIMIT and not triggered)  # noqa: PLR1714 - numba keeps no set


def precedence(kind: int, protective: bool, target_first: bool) -> int:
    """Rank among the orders of one instrument that a step of a bar may fill, the least first.

    Row 10: a market order before protective exits. Row 12: the stop before the target, or the other way round.
    """
    if kind == MARKET:
        return 0
    if kind != LIMIT:
        return 2
    return 1 if protective and target_first else 3


def capped_quantity(quantity: int, volume: float, cap: float, lot: int) -> int:
    """Row 9: units of ``quantity`` (> 0) that fit into ``cap`` of the bar's volume, whole lots; 0 if it is unknown."""
    room = volume * cap
    if not (room >= lot):
        return 0
    if room >= quantity:
        return quantity
    return int(room // lot) * lot
