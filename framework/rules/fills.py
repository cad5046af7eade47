"""Where an order fills within a bar. Each answer is the unslipped price in rupees, NaN = not in this bar.

``start`` is where the order's life in this bar begins: the bar's open, or for the exits of an entry that filled
inside the bar that entry's own unslipped price (contract row 14). Every answer lies within [low, high].
Row numbers are those of docs/execution.md.
"""

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
    """Row 7: where a stop-limit that triggers in this bar fills in the same bar.

    Only if the close is at or better than the limit: then at the price that triggered it, or at the limit when that
    price was already beyond it. Otherwise NaN: triggered, and a plain limit from the next bar on.
    """
    at = stop_fill(side, trigger, start, high, low)
    if side > 0:
        if not (close <= limit):
            return NAN
        return min(at, limit) if at == at else NAN  # noqa: PLR0124 - NaN is the only value unequal to itself
    if not (close >= limit):
        return NAN
    return max(at, limit) if at == at else NAN  # noqa: PLR0124 - as above


def target_after_entry_within_bar(side: int, limit: float, close: float) -> float:
    """Row 14: the target of an entry inside this bar counts only if the close is at or beyond it."""
    if side > 0:
        return limit if close <= limit else NAN
    return limit if close >= limit else NAN


def capped_quantity(quantity: int, volume: float, cap: float, lot: int) -> int:
    """Row 9: units of ``quantity`` (> 0) that fit into ``cap`` of the bar's volume, whole lots; 0 if it is unknown."""
    room = volume * cap
    if not (room >= lot):
        return 0
    if room >= quantity:
        return quantity
    return int(room // lot) * lot
