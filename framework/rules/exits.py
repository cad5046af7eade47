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


def extreme_after_bar(position_side: int, extreme: float, high: float, low: float) -> float:
    """Row 15: best price since the entry, ratcheted with this bar's range at its close."""
    return max(extreme, high) if position_side > 0 else min(extreme, low)


def protective_stop(
    position_side: int, average: float, stop: float, extreme: float, trail: float, tick: float
) -> tuple[float, bool]:
    """Trigger of a position's stop in rupees, and whether it is the trailing one; ``stop``, ``trail`` are distances."""
    fixed = stop_level(position_side, average, stop, tick)
    trailing = trail_level(position_side, extreme, trail, tick)
    trigger = tighter(position_side, fixed, trailing)
    return trigger, trigger == trailing and trigger != fixed
