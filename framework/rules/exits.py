"""Protective exits: levels from the average fill, the trailing stop's ratchet, the nearer of two distances."""

from framework.rules.prices import on_tick

NAN = float("nan")


def nearer(first: float, second: float) -> float:
    """The smaller of two distances in rupees; NaN = none given."""
    if not (first > 0.0):
        return second
    if not (second > 0.0):
        return first
    return min(first, second)


def rupees_of(amount: float, percent: bool, price: float) -> float:
    """A configured distance in rupees at this price: a fraction of it, or as it stands; NaN = none configured."""
    return price * amount if percent else amount


def carried(amount: float, percent: bool, price: float, scale: float) -> float:
    """The same for a position carried through splits; ``scale`` is shares now per share at its entry, 1 without any."""
    return price * amount if percent else amount / scale


def stop_distance(stop: float, trail: float, configured_stop: float, configured_trail: float) -> float:
    """Distance in rupees to the nearest stop there will be, of strategy and configuration; NaN without any."""
    return nearer(nearer(stop, trail), nearer(configured_stop, configured_trail))


def stop_level(position_side: int, average: float, distance: float, tick: float) -> float:
    """Trigger of a stop-loss in rupees: average − side × distance, on the grid; NaN without a distance.

    Never below the smallest price there is: a distance beyond the price itself can not be reached.
    """
    if not (distance > 0.0):
        return NAN
    level = average - position_side * distance
    return on_tick(level, tick, -position_side) if level > 0.0 else NAN


def target_level(position_side: int, average: float, distance: float, tick: float) -> float:
    """Limit of a take-profit in rupees: average + side × distance, on the grid; NaN without a distance.

    The closing order has the side −position_side, and its computed price is rounded against us: a long's target down.
    """
    if not (distance > 0.0):
        return NAN
    level = average + position_side * distance
    return on_tick(level, tick, -position_side) if level > 0.0 else NAN


def trail_level(position_side: int, extreme: float, distance: float, tick: float) -> float:
    """Trigger of a trailing stop: best price so far − side × distance, on the grid."""
    return stop_level(position_side, extreme, distance, tick)


def tighter(position_side: int, first: float, second: float) -> float:
    """Of two stop triggers the one the price meets first; NaN = none."""
    if not (first > 0.0):
        return second
    if not (second > 0.0):
        return first
    return max(first, second) if position_side > 0 else min(first, second)


def extreme_after_bar(
    position_side: int, extreme: float, within_bar: bool, high: float, low: float, close: float
) -> float:
    """Row 15: best price since the entry, ratcheted with this bar's range at its close.

    ``within_bar``: the position was entered inside this bar, of which only the close then counts.
    """
    if within_bar:
        high, low = close, close
    return max(extreme, high) if position_side > 0 else min(extreme, low)


KEEP, PLACE, MOVE = 0, 1, 2
"""Codes of what a close makes of a position's exits."""


def at_close(protect_due: bool, has_stop: bool, trails: bool, extreme: float, before: float) -> int:
    """Code of what a close makes of a position's exits: ``next_bar`` places them, a new best price moves a trail."""
    if protect_due:
        return PLACE
    return MOVE if has_stop and trails and extreme != before else KEEP


def time_is_up(bars_held: int, most: int, leaving: bool) -> bool:
    """Row 16: True at the close after which a time exit leaves; ``most`` bars, 0 = no time exit."""
    return 0 < most <= bars_held and not leaving


def protective_stop(
    position_side: int, average: float, stop: float, extreme: float, trail: float, tick: float
) -> tuple[float, bool]:
    """Trigger of a position's stop in rupees, and whether it is the trailing one; ``stop``, ``trail`` are distances."""
    fixed = stop_level(position_side, average, stop, tick)
    trailing = trail_level(position_side, extreme, trail, tick)
    trigger = tighter(position_side, fixed, trailing)
    return trigger, trigger == trailing and trigger != fixed


def levels(
    position_side: int,
    average: float,
    extreme: float,
    scale: float,
    tick: float,
    stop: float,
    take_profit: float,
    trail: float,
    stop_amount: float,
    stop_percent: bool,
    target_amount: float,
    target_percent: bool,
    trail_amount: float,
    trail_percent: bool,
) -> tuple[float, bool, float]:
    """Trigger of a position's stop, whether it is the trailing one, and limit of its target, in rupees; NaN = none.

    ``stop``, ``take_profit`` and ``trail`` are the strategy's distances in rupees, the amounts the configured ones,
    each NaN = none: of both the nearer wins. ``scale`` is shares now per share at the entry.
    """
    stop = nearer(stop, carried(stop_amount, stop_percent, average, scale))
    trail = nearer(trail, carried(trail_amount, trail_percent, extreme, scale))
    target = nearer(take_profit, carried(target_amount, target_percent, average, scale))
    trigger, is_trailing = protective_stop(position_side, average, stop, extreme, trail, tick)
    return trigger, is_trailing, target_level(position_side, average, target, tick)


def is_out_of_date(price: float, wanted_price: float, remaining: int, position: int) -> bool:
    """True of a protective order that is to be changed: at another price, or not over the whole position."""
    return price != wanted_price or remaining != -position
