"""The sparse run: one instrument, long or flat, market orders only. It visits the bars where something happens.

Between an entry and its exit nothing is decided, so those bars are only valued: at the session closes that were asked
for, and for the drawdown, where a block of bars that cannot lower it is passed over by its highest and lowest close.
Every amount and every unit comes from ``framework.rules``, in the order in which ``loop`` asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from framework.engines.kernel.account import tariff_row
from framework.rules import ledger, money, prices, risk, sizing
from framework.rules.charges import charges
from framework.types.timeframe import DAY_NS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from framework.engines.kernel.layout import Params

NAN = float("nan")
BLOCK = 64
"""Bars valued at once by their extremes, until one of them may hold a new low: its bars are walked."""
WORD = 8
"""Truth values looked at at once."""


def run_turns(
    params: NDArray[np.void],
    tariffs: NDArray[np.void],
    tick: float,
    lot: int,
    time: NDArray[np.int64],
    close_time: NDArray[np.int64],
    open_: NDArray[np.float64],
    close: NDArray[np.float64],
    floors: NDArray[np.float64],
    ceilings: NDArray[np.float64],
    enter: NDArray[np.bool_],
    enter_words: NDArray[np.uint64],
    leave: NDArray[np.bool_],
    leave_words: NDArray[np.uint64],
    closes: NDArray[np.int64],
    first: int,
    cash: int,
    equity: NDArray[np.int64],
    profits: NDArray[np.int64],
) -> tuple[int, int, float]:
    """Run rows ``first`` to the last from ``cash`` paise; returns (closed round trips, final equity, depth).

    ``floors`` and ``ceilings`` are the lowest and highest close of each whole block, ``*_words`` the flags by eights.
    Written: ``equity[j]`` in paise at row ``closes[j]`` (rising), ``profits[n]`` in paise of round trip n. ``depth`` is
    the smallest equity over earlier highest equity, 1 without any drawdown.
    """
    p = params[0]
    last = close.shape[0]
    peak, depth = cash / 100.0, 1.0
    row, told, trips, k, dp_day = first, 0, 0, 0, -1
    while True:
        asked = next_entry(enter, enter_words, leave, row, last)
        if asked + 1 >= last:
            break
        k = tariff_row(tariffs, k, close_time[asked])
        units = entry_units(p, tariffs[k], tick, lot, close[asked], cash)
        if units == 0:  # refused, and the intent stays: nothing more is asked for until it has been 0
            row = next_true(leave, leave_words, asked + 1, last) + 1
            continue
        bought = prices.slipped(open_[asked + 1], 1, p.bps, p.ticks, tick)
        k = tariff_row(tariffs, k, time[asked + 1])
        if risk.needed(units, bought, p.long_margin, 1, tariffs[k]) > cash:  # flat: all of it is buying power
            row = asked + 1  # a gap; the intent is 0 again, and this bar's close may ask anew
            continue
        entered = asked + 1
        told = tell_flat(equity, closes, told, entered, cash)
        cost = money.value(bought, units)
        paid = charges(cost, 1, 0, False, tariffs[k])
        cash = ledger.cash_after(cash, 1, cost, paid)
        left = next_true(leave, leave_words, entered, last) + 1
        until = min(left, last)
        peak, depth = sink_held(peak, depth, cash, units, close, floors, ceilings, entered, until)
        while told < closes.shape[0] and closes[told] < until:
            equity[told] = cash + ledger.marked(units, close[closes[told]])
            told += 1
        if left >= last:
            return trips, cash + ledger.marked(units, close[last - 1]), depth
        sold = prices.slipped(open_[left], -1, p.bps, p.ticks, tick)
        worth = money.value(sold, units)
        k, day = tariff_row(tariffs, k, time[left]), time[left] // DAY_NS
        paid_out = charges(worth, -1, 0, dp_day != day, tariffs[k])
        dp_day = day
        cash = ledger.cash_after(cash, -1, worth, paid_out)
        profits[trips] = ledger.gross_realised(1, worth, cost) - paid - paid_out
        trips += 1
        peak, depth = sink(peak, depth, cash)
        row = left
    tell_flat(equity, closes, told, last, cash)
    return trips, cash, depth


def entry_units(p: Params, tariff: Any, tick: float, lot: int, close: float, cash: int) -> int:
    """Units of an entry decided at this close by a flat account: sized, then reviewed."""
    full = sizing.full_units(p.sizing_kind, p.sizing_amount, p.allotment, cash, close, NAN, NAN, p.long_margin, lot)
    units = sizing.scaled(full, 1.0, lot)
    if units == 0:
        return 0
    worst = prices.worst_entry(close, 1, p.bps, p.ticks, p.protection_bps, True, tick)
    allowed = min(
        risk.within_order_value(units, worst, p.max_order_value, lot),
        risk.within_position_value(units, 0, worst, p.max_position_value, lot),
    )
    return min(allowed, risk.within_buying_power(units, worst, p.long_margin, cash, 1, tariff, lot))


def next_entry(
    enter: NDArray[np.bool_], words: NDArray[np.uint64], leave: NDArray[np.bool_], row: int, last: int
) -> int:
    """First row ≥ ``row`` that enters and does not leave; ``last`` without one."""
    found = next_true(enter, words, row, last)
    while found < last and leave[found]:
        found = next_true(enter, words, found + 1, last)
    return found


def next_true(flags: NDArray[np.bool_], words: NDArray[np.uint64], row: int, last: int) -> int:
    """First row ≥ ``row`` whose flag is true; ``last`` without one."""
    while row < last and row & (WORD - 1) != 0:
        if flags[row]:
            return row
        row += 1
    word = row >> 3
    while word < words.shape[0] and words[word] == 0:
        word += 1
    row = max(row, word << 3)
    while row < last:
        if flags[row]:
            return row
        row += 1
    return last


def tell_flat(equity: NDArray[np.int64], closes: NDArray[np.int64], told: int, until: int, cash: int) -> int:
    """Write the equity of an account without positions for the closes before row ``until``; returns how many are."""
    while told < closes.shape[0] and closes[told] < until:
        equity[told] = cash
        told += 1
    return told


def sink_held(
    peak: float,
    depth: float,
    cash: int,
    units: int,
    close: NDArray[np.float64],
    floors: NDArray[np.float64],
    ceilings: NDArray[np.float64],
    row: int,
    until: int,
) -> tuple[float, float]:
    """``sink`` over the closes of a long position, rows [row, until)."""
    while row < until:
        block = row // BLOCK
        end = min((block + 1) * BLOCK, until)
        top = (cash + ledger.marked(units, ceilings[block])) / 100.0
        whole = end - row == BLOCK
        if whole or top <= peak:
            # Rounding keeps the order: no close among these gives less over more than the block's extremes do.
            reached = max(peak, top)
            if (cash + ledger.marked(units, floors[block])) / 100.0 / reached >= depth:
                peak, row = reached, end
                continue
        while row < end:
            peak, depth = sink(peak, depth, cash + ledger.marked(units, close[row]))
            row += 1
    return peak, depth


def sink(peak: float, depth: float, equity_paise: int) -> tuple[float, float]:
    """Highest equity so far in rupees, and smallest share of it that was left, with one more value."""
    rupees = equity_paise / 100.0
    peak = max(peak, rupees)
    return peak, min(depth, rupees / peak)


def sink_all(equity_paise: NDArray[np.int64], capital_paise: int) -> float:
    """Depth of a whole run that began with ``capital_paise`` > 0."""
    peak, depth = capital_paise / 100.0, 1.0
    for t in range(equity_paise.shape[0]):
        peak, depth = sink(peak, depth, equity_paise[t])
    return depth
