"""Every path that prices can take through a bar, half a rupee at a step: the oracle of what is certain within a bar.

A bar tells its open, high, low and close and not the way between. Here all ways are walked: from the open, by single
steps between low and high, touching both, to the close. What comes out the same on every way is certain.
"""

from typing import NamedTuple

STEP = 0.5
PENDING, TRIGGERED, IN, STOPPED, TAKEN = "pending", "triggered", "in", "stop_loss", "take_profit"
NONE = 10**9


class Entry(NamedTuple):
    """A buy; NONE where there is no trigger or limit. Prices in steps."""

    trigger: int = -NONE
    limit: int = NONE


def steps(price: float) -> int:
    return round(price / STEP)


def walked(bar, moved, start):
    """What the states are at the close, over all ways; ``moved(state, price)`` is the state after a touched price."""
    opens, high, low, close = (steps(price) for price in bar)
    first = (opens, opens == high, opens == low, moved(start, opens))
    seen, todo, ends = {first}, [first], set()
    while todo:
        price, was_high, was_low, state = todo.pop()
        if price == close and was_high and was_low:
            ends.add(state)
        for to in (price - 1, price + 1):
            if low <= to <= high:
                after = (to, was_high or to == high, was_low or to == low, moved(state, to))
                if after not in seen:
                    seen.add(after)
                    todo.append(after)
    return ends


def entry_prices(bar, trigger=None, limit=None):
    """The prices at which an order to buy fills, over all ways; None among them when on some way it does not."""
    entry = Entry(*(none if price is None else steps(price) for price, none in ((trigger, -NONE), (limit, NONE))))

    def moved(state, price):
        if isinstance(state, int):
            return state
        if state == PENDING and price >= entry.trigger:
            state = TRIGGERED
        return price if state == TRIGGERED and price <= entry.limit else state

    return {state * STEP if isinstance(state, int) else None for state in walked(bar, moved, PENDING)}


def exits_after(bar, at, trigger=None, limit=None, *, stop=None, target=None):
    """What becomes of a position bought inside the bar at ``at``, over all ways; stop and target are prices."""
    entry = Entry(*(none if price is None else steps(price) for price, none in ((trigger, -NONE), (limit, NONE))))
    stop_at = -NONE if stop is None else steps(stop)
    target_at = NONE if target is None else steps(target)

    def moved(state, price):
        if state == PENDING and price >= entry.trigger:
            state = TRIGGERED
        if state == TRIGGERED and price <= entry.limit:
            assert price == steps(at)
            return IN
        if state == IN:
            return STOPPED if price <= stop_at else TAKEN if price >= target_at else IN
        return state

    return {None if state == IN else state for state in walked(bar, moved, PENDING)}
