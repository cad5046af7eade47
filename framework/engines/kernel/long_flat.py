"""Speed only: the long-or-flat run of one instrument, market orders, perhaps a stop-loss and a take-profit.

It visits the bars where something happens. Between an entry and its exit nothing is decided, so those bars are only
looked through for the stop and the target and valued: at the session closes that were asked for, and for the drawdown.
Both pass over blocks of bars by their extremes. Every amount, every price and every unit comes from
``framework.rules``, in the order in which ``loop`` asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from framework.engines.kernel.account import tariff_row
from framework.rules import exits, fills, ledger, money, prices, risk, sizing
from framework.rules.breaker import is_ruin
from framework.rules.charges import charges
from framework.types.timeframe import DAY_NS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from framework.engines.kernel.layout import Params

NAN, INFINITY = float("nan"), float("inf")
BLOCK = 64
"""Bars valued at once by their extremes, until one of them may hold a new low: its bars are walked."""
WORD = 64
"""Bars whose flags are one word, the first in the lowest bit."""


class Track(NamedTuple):
    """Prices for a long-or-flat run: [T], and of each block of bars [T / BLOCK]."""

    time: NDArray[np.int64]
    close_time: NDArray[np.int64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    block_high: NDArray[np.float64]
    block_low: NDArray[np.float64]
    highest_close: NDArray[np.float64]
    """Of each block."""
    lowest_close: NDArray[np.float64]
    closes: NDArray[np.int64]
    """Rows, rising, at whose closes the equity is wanted."""


def run_long_flat(
    params: NDArray[np.void],
    tariffs: NDArray[np.void],
    tick: float,
    lot: int,
    track: Track,
    enter: NDArray[np.int64],
    leave: NDArray[np.int64],
    first: int,
    cash: int,
    equity: NDArray[np.int64],
    profits: NDArray[np.int64],
    trips: NDArray[np.int64],
    final: NDArray[np.int64],
    depth: NDArray[np.float64],
) -> None:
    """Run rows ``first`` to the last from ``cash`` paise for every row of the flags, which is a set: [S, T / WORD].

    ``enter`` is 0 where ``leave`` is not. Written of set s: ``equity[s, j]`` in paise at row ``closes[j]``, its closed
    round trips, its final equity in paise, and the smallest equity over earlier highest equity (1 without a drawdown).
    ``profits`` in paise: of all round trips of the first set, then of the second, and so on.
    """
    booked = 0
    for s in range(enter.shape[0]):
        trips[s], final[s], depth[s] = run_set(
            params[0], tariffs, tick, lot, track, enter[s], leave[s], first, cash, equity[s], profits[booked:]
        )
        booked += trips[s]


def run_set(
    p: Params,
    tariffs: NDArray[np.void],
    tick: float,
    lot: int,
    track: Track,
    enter: NDArray[np.int64],
    leave: NDArray[np.int64],
    first: int,
    cash: int,
    equity: NDArray[np.int64],
    profits: NDArray[np.int64],
) -> tuple[int, int, float]:
    """One set; returns (closed round trips, final equity, depth)."""
    last = track.close.shape[0]
    peak, depth = cash / 100.0, 1.0
    row, written, trips, k, dp_day = first, 0, 0, 0, -1
    while True:
        asked = next_true(enter, row, last)
        if asked + 1 >= last:
            break
        k = tariff_row(tariffs, k, track.close_time[asked])
        units = entry_units(p, tariffs[k], tick, lot, track.close[asked], cash)
        if units == 0:  # refused, and the intent stays: nothing more is asked for until it has been 0
            row = next_true(leave, asked + 1, last) + 1
            continue
        entered = asked + 1
        bought = prices.slipped(track.open[entered], 1, p.bps, p.ticks, tick)
        k = tariff_row(tariffs, k, track.time[entered])
        if risk.needed(units, bought, p.long_margin, 1, tariffs[k]) > cash:  # flat: all of it is buying power
            row = entered  # a gap; the intent is 0 again, and this bar's close may ask anew
            continue
        written = write_equity(track, equity, written, entered, cash, 0)
        cost = money.value(bought, units)
        paid = charges(cost, 1, 0, False, tariffs[k])
        cash = ledger.cash_after(cash, 1, cost, paid)
        left = next_true(leave, entered, last) + 1
        trigger, limit = exit_levels(p, bought, units, tick)
        out = first_struck(track, trigger, limit, entered + 1 if p.next_bar_exits else entered, min(left, last))
        highest, lowest = sink_held(peak, depth, cash, units, track, entered, out)
        if lowest <= 0.0:  # ruin: what is held is left at the next open
            left = out = first_ruined(cash, units, track, entered, out) + 1
            highest, lowest = sink_held(peak, depth, cash, units, track, entered, out)
        peak, depth = highest, lowest
        written = write_equity(track, equity, written, out, cash, units)
        if out >= last:
            return trips, cash + ledger.marked(units, track.close[last - 1]), depth
        unslipped, slips = track.open[left] if out == left else NAN, True
        if out < left:
            unslipped, slips = exit_price(p, track, trigger, limit, out, out == entered)
        sold = prices.slipped(unslipped, -1, p.bps, p.ticks, tick) if slips else unslipped
        worth = money.value(sold, units)
        k, day = tariff_row(tariffs, k, track.time[out]), track.time[out] // DAY_NS
        paid_out = charges(worth, -1, 0, dp_day != day, tariffs[k])
        dp_day = day
        cash = ledger.cash_after(cash, -1, worth, paid_out)
        profits[trips] = ledger.gross_realised(1, worth, cost) - paid - paid_out
        trips += 1
        peak, depth = sink(peak, depth, cash)
        if depth <= 0.0:
            break
        row = out
    write_equity(track, equity, written, last, cash, 0)
    return trips, cash, depth


def entry_units(p: Params, tariff: Any, tick: float, lot: int, close: float, cash: int) -> int:
    """Units of an entry decided at this close by a flat account: sized, then reviewed."""
    full = sizing.full_units(p.sizing_kind, p.sizing_amount, p.allotment, cash, close, NAN, NAN, p.long_margin, lot)
    units = sizing.scaled(full, 1.0, lot)
    if units == 0:
        return 0
    worst = prices.worst_entry(close, 1, p.bps, p.ticks, p.protection_bps, True, tick)
    if not sizing.can_order(units, 0, worst):
        return 0
    allowed = min(
        risk.within_order_value(units, worst, p.max_order_value, lot),
        risk.within_position_value(units, 0, worst, p.max_position_value, lot),
    )
    return min(allowed, risk.within_buying_power(units, worst, p.long_margin, cash, 1, tariff, lot))


def exit_levels(p: Params, bought: float, units: int, tick: float) -> tuple[float, float]:
    """Trigger of the stop and limit of the target of a position just opened; NaN where there is none."""
    average = ledger.average_after(NAN, 0, bought, units)
    stop = exits.carried(p.stop_amount, p.stop_percent, average, 1.0)
    target = exits.carried(p.target_amount, p.target_percent, average, 1.0)
    return exits.stop_level(1, average, stop, tick), exits.target_level(1, average, target, tick)


def first_struck(track: Track, trigger: float, limit: float, row: int, until: int) -> int:
    """First of rows [row, until) whose range reaches the stop's trigger or the target's limit; ``until`` without."""
    if not (trigger > 0.0 or limit > 0.0):
        return until
    while row < until:
        block = row // BLOCK
        end = min((block + 1) * BLOCK, until)
        if track.block_low[block] <= trigger or track.block_high[block] >= limit:
            while row < end:
                if track.low[row] <= trigger or track.high[row] >= limit:
                    return row
                row += 1
        row = end
    return until


def exit_price(
    p: Params, track: Track, trigger: float, limit: float, row: int, is_entry_bar: bool
) -> tuple[float, bool]:
    """Unslipped price at which the struck one of stop and target fills in this bar, and whether it is the stop.

    First at the open, where an entry of this very bar has no exits yet; then within the range.
    """
    start, high, low = track.open[row], track.high[row], track.low[row]
    if not is_entry_bar:
        price, is_stop = first_of(p, trigger, limit, start, start, start)
        if price > 0.0:
            return price, is_stop
    return first_of(p, trigger, limit, start, high, low)


def first_of(p: Params, trigger: float, limit: float, start: float, high: float, low: float) -> tuple[float, bool]:
    """Price at which the stop or the target of a long position fills, whichever ``both`` puts first; NaN = neither."""
    stopped = fills.stop_fill(-1, trigger, start, high, low)
    reached = fills.limit_fill(-1, limit, start, high, low)
    if stopped > 0.0 and not (p.target_first and reached > 0.0):
        return stopped, True
    return reached, False


def next_true(words: NDArray[np.int64], row: int, last: int) -> int:
    """First row ≥ ``row`` whose flag is set; ``last`` without one."""
    if row >= last:
        return last
    at = row // WORD
    word = words[at] >> (row % WORD)
    if word != 0:
        return row + lowest_bit(word)
    at += 1
    while at < words.shape[0] and words[at] == 0:
        at += 1
    return at * WORD + lowest_bit(words[at]) if at < words.shape[0] else last


def lowest_bit(word: int) -> int:
    """Number of the lowest bit that is set, 0..63, of a word that is not 0: by halves."""
    at = 0
    if word & 0xFFFF_FFFF == 0:
        at, word = at + 32, word >> 32
    if word & 0xFFFF == 0:
        at, word = at + 16, word >> 16
    if word & 0xFF == 0:
        at, word = at + 8, word >> 8
    if word & 0xF == 0:
        at, word = at + 4, word >> 4
    if word & 0x3 == 0:
        at, word = at + 2, word >> 2
    return at if word & 0x1 else at + 1


def write_equity(track: Track, equity: NDArray[np.int64], written: int, until: int, cash: int, units: int) -> int:
    """Write the equity of an account that holds ``units`` for the closes before row ``until``; returns how many are."""
    closes = track.closes
    while written < closes.shape[0] and closes[written] < until:
        equity[written] = cash + ledger.marked(units, track.close[closes[written]])
        written += 1
    return written


def sink_held(
    peak: float, depth: float, cash: int, units: int, track: Track, row: int, until: int
) -> tuple[float, float]:
    """``sink`` over the closes of a long position, rows [row, until).

    Rounding keeps the order of amounts, so a close between two that were looked at (``low`` since the latest peak,
    ``high`` since the entry) is no new peak, and no greater fall below this one.
    """
    low, high = INFINITY, 0.0
    while row < until:
        block = row // BLOCK
        end = min((block + 1) * BLOCK, until)
        ceiling, floor = track.highest_close[block], track.lowest_close[block]
        if low <= floor and ceiling <= high:
            row = end
            continue
        top = (cash + ledger.marked(units, ceiling)) / 100.0
        if end - row == BLOCK or top <= peak:
            bottom, reached = (cash + ledger.marked(units, floor)) / 100.0, max(peak, top)
            if bottom / (reached if bottom > 0.0 else peak) >= depth:  # no bar of it gives less over more
                low = floor if reached > peak else min(low, floor)
                high, peak, row = max(high, ceiling), reached, end
                continue
        while row < end:
            price = track.close[row]
            if price < low or price > high:
                before = peak
                peak, depth = sink(peak, depth, cash + ledger.marked(units, price))
                low, high = price if peak > before else min(low, price), max(high, price)
            row += 1
    return peak, depth


def first_ruined(cash: int, units: int, track: Track, row: int, until: int) -> int:
    """First of rows [row, until) at whose close a long position ruins the account; ``until`` without one."""
    while row < until and not is_ruin(cash + ledger.marked(units, track.close[row])):
        row += 1
    return row


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
