"""Prices that we compute: slipped, protected, and put on the tick grid against us. Printed prices are left alone."""

import math

ON_GRID = 1e-6
"""A price this close to a grid line, in ticks, is on it: 100.05 / 0.05 is not a whole number in binary."""


def on_tick(price: float, tick: float, side: int) -> float:
    """The nearest grid price that is not better for us: up for a buy, down for a sell. Tick 0 = not stated, no grid."""
    if not (tick > 0.0):
        return price
    steps = price / tick
    nearest = math.floor(steps + 0.5)
    if abs(steps - nearest) <= ON_GRID:
        return nearest * tick
    if side > 0:
        return math.ceil(steps) * tick
    return max(math.floor(steps), 1.0) * tick


def slipped(price: float, side: int, bps: float, ticks: float, tick: float) -> float:
    """A market or stop fill after slippage, in rupees: price × (1 + side × bps/10,000) + side × ticks × tick.

    Without slippage the printed price itself. A sell never falls below the smallest tick (or a paisa).
    """
    if bps == 0.0 and ticks == 0.0:
        return price
    moved = price * (1.0 + side * bps / 10_000.0) + side * ticks * tick
    return on_tick(max(moved, tick if tick > 0.0 else 0.01), tick, side)


def protected(price: float, side: int, protection_bps: float, tick: float) -> float:
    """The limit that market protection turns a market order into, in rupees: price × (1 + side × bps/10,000)."""
    return on_tick(price * (1.0 + side * protection_bps / 10_000.0), tick, side)
