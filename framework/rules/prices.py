"""Prices that we compute: slipped, protected, and put on the tick grid against us. Printed prices are left alone."""

import math

ON_GRID = 1e-6
"""A price this close to a grid line, in ticks, is on it: 100.05 / 0.05 is not a whole number in binary."""
INFINITY = float("inf")
NAN = float("nan")


def on_tick(price: float, tick: float, side: int) -> float:
    """The nearest grid price that is not better for us: up for a buy, down for a sell. Tick 0 = not stated, no grid."""
    if not (tick > 0.0 and price < INFINITY):
        return price
    steps = price / tick
    nearest = math.floor(steps + 0.5)
    if abs(steps - nearest) <= ON_GRID:
        return grid_price(nearest, tick)
    if side > 0:
        return grid_price(math.ceil(steps), tick)
    return grid_price(max(math.floor(steps), 1), tick)


def grid_price(steps: int, tick: float) -> float:
    """``steps`` × ``tick`` in rupees, the very number a bar prints: 2002 × 0.05 is 100.10000000000001, not 100.1.

    A tick of at most six decimals is a whole number of millionths, and one division of whole numbers rounds once.
    """
    millionths = math.floor(tick * 1e6 + 0.5)
    if millionths / 1e6 == tick:
        return steps * millionths / 1e6
    return steps * tick


def slipped(price: float, side: int, bps: float, ticks: float, tick: float) -> float:
    """A market or stop fill after slippage, in rupees: price × (1 + side × bps/10,000) + side × ticks × tick.

    Without slippage the printed price itself, and never better than it. A sell keeps at least a tick (or a paisa).
    """
    if bps == 0.0 and ticks == 0.0:
        return price
    moved = price * (1.0 + side * bps / 10_000.0) + side * ticks * tick
    if side > 0:
        return max(on_tick(moved, tick, side), price)
    return min(on_tick(max(moved, tick if tick > 0.0 else 0.01), tick, side), price)


def within_limit(price: float, limit: float, side: int) -> float:
    """``price``, but not worse than ``limit`` (NaN = none): row 7's slippage ends where the order's limit is."""
    return limit if side * (price - limit) > 0.0 else price


def protected(price: float, side: int, protection_bps: float, tick: float) -> float:
    """The limit that market protection turns a market order into, in rupees: price × (1 + side × bps/10,000)."""
    return on_tick(price * (1.0 + side * protection_bps / 10_000.0), tick, side)


def bound_reached(price: float, side: int, protection_bps: float, bps: float, ticks: float, tick: float) -> float:
    """Row 1: the bound that market protection holds a market order at, when slippage takes it beyond; else NaN."""
    if not (protection_bps > 0.0):
        return NAN
    bound = protected(price, side, protection_bps, tick)
    return bound if side * (slipped(price, side, bps, ticks, tick) - bound) > 0.0 else NAN


def worst_entry(
    reference: float,
    side: int,
    bps: float,
    ticks: float,
    protection_bps: float,
    at_market: bool,
    tick: float,
) -> float:
    """Worst price that a market or stop entry can reasonably fill at, in rupees: slipped, or market protection's bound.

    A short's worst price, for what it blocks, is the reference itself.
    """
    if side < 0:
        return reference
    if protection_bps > 0.0 and at_market:
        return protected(reference, side, protection_bps, tick)
    return slipped(reference, side, bps, ticks, tick)
