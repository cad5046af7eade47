"""A second, naive implementation of docs/execution.md, written from the page: the oracle of tests/oracle/test_naive.py.

One instrument, daily bars, market orders by targets, fixed sizing; a stop-loss, a take-profit, a trailing stop and a
time exit; slippage in bps, charges in percent. Money is exact (fractions), prices are floats. No code of the framework.
"""

import math
from fractions import Fraction
from typing import NamedTuple


class Rules(NamedTuple):
    """The choices of the page that this oracle knows."""

    units: int = 10
    capital: int = 100_000
    slippage_bps: float = 0.0
    charges_percent: Fraction = Fraction(0)
    stop_loss: float = 0.0
    """Share of the average fill; 0 = none. So are the next two."""
    take_profit: float = 0.0
    trail: float = 0.0
    time_exit: int = 0
    both_target: bool = False
    active_next_bar: bool = False
    new_signal: bool = False


class Filled(NamedTuple):
    bar: int
    side: int
    quantity: int
    price: float
    reason: str


def half_up(amount: Fraction) -> int:
    return math.floor(amount + Fraction(1, 2))


class Naive:
    """Bar by bar: what is due at the open, what the range reaches, what the close decides."""

    def __init__(self, bars: list[tuple[float, float, float, float]], targets: list[float], rules: Rules) -> None:
        self.bars, self.targets, self.rules = bars, targets, rules
        self.cash = Fraction(rules.capital)
        self.fills: list[Filled] = []
        self.position = 0
        self.average = self.best = self.mark = 0.0
        self.entered_at = -1
        self.intent = self.intent_before = 0.0
        self.full = 0  # units of a full target, fixed at the opening decision
        self.desired = 0
        self.ruined = False  # row R21: equity at a close was nothing or less
        self.waits: float | None = None  # new_signal: the target that must first leave
        self.give_back = 0  # unsigned units due at the next open, and why
        self.why = ""
        self.guarded = 0  # unsigned units that exits protect: with next_bar, what was held at the last close
        self.placed = (0.0, "", 0.0)  # next_bar: where those exits stand
        self.leaving = ""  # why the rest of a position leaves at the next open
        self.entry = 0  # signed units due at the next open
        for bar in range(len(bars)):
            self.live(bar)

    def live(self, bar: int) -> None:
        opens, high, low, close = self.bars[bar]
        self.at_open(bar, opens)
        if self.guarded:
            self.in_range(bar, opens, high, low)
        self.at_close(bar, high, low, close)

    # ---------------------------------------------------------------- fills

    def at_open(self, bar: int, opens: float) -> None:
        # Row 10: a strategy exit before a protective one, which still covers what a partial one leaves.
        if self.give_back:
            self.fill(bar, -self.give_back if self.position > 0 else self.give_back, opens, self.why, slip=True)
            self.give_back = 0
        if self.guarded:
            self.beyond_at_open(bar, opens)
        entry, self.entry = self.entry, 0
        if entry:
            self.fill(bar, entry, opens, "signal", slip=True)

    def beyond_at_open(self, bar: int, opens: float) -> None:
        """Row 11: the open is beyond the stop or the target; beyond both, row 12 chooses."""
        stop, reason, target = self.levels()
        side = 1 if self.position > 0 else -1
        stops = bool(stop) and side * (opens - stop) <= 0
        targets = bool(target) and side * (opens - target) >= 0
        if stops and not (targets and self.rules.both_target):
            self.forced(bar, opens, reason, slip=True)
        elif targets:
            self.forced(bar, opens, "take_profit", slip=False)

    def in_range(self, bar: int, opens: float, high: float, low: float) -> None:
        stop, reason, target = self.levels()
        side = 1 if self.position > 0 else -1
        # An exit that is placed within the bar may find the open beyond it already: it fills there.
        stops = bool(stop) and (low <= stop if side > 0 else high >= stop)
        targets = bool(target) and (high >= target if side > 0 else low <= target)
        if stops and not (targets and self.rules.both_target):
            self.forced(bar, min(stop, opens) if side > 0 else max(stop, opens), reason, slip=True)
        elif targets:
            self.forced(bar, max(target, opens) if side > 0 else min(target, opens), "take_profit", slip=False)

    def forced(self, bar: int, price: float, reason: str, *, slip: bool) -> None:
        """Row S12: a protective exit takes the intent with it; what it did not protect leaves at the next open."""
        self.fill(bar, -self.guarded if self.position > 0 else self.guarded, price, reason, slip=slip)
        self.forget()
        self.leaving = reason if self.position else ""

    def forget(self) -> None:
        if self.rules.new_signal and self.intent:
            self.waits = self.intent
        self.intent, self.desired, self.entry = 0.0, 0, 0

    def levels(self) -> tuple[float, str, float]:
        return self.placed if self.rules.active_next_bar else self.computed()

    def computed(self) -> tuple[float, str, float]:
        """Stop, its reason and target; 0 = none. Of a stop and a trail the price meets the nearer one first."""
        rules, side = self.rules, 1 if self.position > 0 else -1
        stop = self.average - side * self.average * rules.stop_loss if rules.stop_loss else 0.0
        trail = self.best - side * self.best * rules.trail if rules.trail else 0.0
        target = self.average + side * self.average * rules.take_profit if rules.take_profit else 0.0
        stop, trail, target = (max(level, 0.0) for level in (stop, trail, target))
        if trail and (not stop or side * (trail - stop) > 0):
            return trail, "trailing_stop", target
        return stop, "stop_loss", target

    def fill(self, bar: int, units: int, price: float, reason: str, *, slip: bool) -> None:
        side = 1 if units > 0 else -1
        if slip and self.rules.slippage_bps:
            price *= 1 + side * self.rules.slippage_bps / 10_000
        paise = half_up(Fraction(price) * abs(units) * 100)
        charge = half_up(paise * self.rules.charges_percent / 100)
        grows = self.position * units >= 0
        if grows and self.blocked(paise, charge, side, price) < 0:
            # Row M6: nothing was entered, so nothing is wanted beyond what is held.
            if self.position:
                self.intent, self.desired = self.intent_before, self.position
            else:
                self.forget()
            return
        self.cash -= Fraction(side * paise + charge, 100)
        if grows:
            if self.position == 0:
                self.average = self.best = price
                self.entered_at = bar
            held, more = abs(self.position), abs(units)
            self.average = (self.average * held + price * more) / (held + more) if held else price
        self.position += units
        if not (grows and self.rules.active_next_bar):
            self.guarded = abs(self.position) if grows else min(self.guarded, abs(self.position))
        self.fills.append(Filled(bar, side, abs(units), price, reason))

    def blocked(self, paise: int, charge: int, side: int, price: float) -> int:
        """What would be left of the buying power: a short blocks its proceeds and 100 % of its value (row M8)."""
        shorts = half_up(Fraction(self.mark) * -self.position * 100) if self.position < 0 else 0
        return int(self.cash * 100) - 2 * shorts - paise - charge

    def marked(self) -> int:
        """What the position is worth at the last close, in paise: below 0 for a short."""
        worth = half_up(Fraction(self.mark) * abs(self.position) * 100)
        return worth if self.position > 0 else -worth

    # ---------------------------------------------------------------- decisions

    def at_close(self, bar: int, high: float, low: float, close: float) -> None:
        self.mark = close
        if not self.ruined and int(self.cash * 100) + self.marked() <= 0:  # row R21
            self.ruined = True
            self.forget()
            self.leaving = "risk" if self.position else ""
        if self.position:
            self.best = max(self.best, high) if self.position > 0 else min(self.best, low)
            self.guarded, self.placed = abs(self.position), self.computed()
            if self.rules.time_exit and bar - self.entered_at + 1 >= self.rules.time_exit and not self.leaving:
                self.forget()  # row 16
                self.leaving = "time_exit"
        self.decide(self.targets[bar], close)
        # Row S9: what is still to be given back.
        keep = abs(self.desired) if self.desired * self.position > 0 else 0
        self.give_back = max(abs(self.position) - keep, 0)
        self.why, self.leaving = self.leaving or "signal", ""

    def decide(self, target: float, close: float) -> None:
        if math.isnan(target):
            return
        if self.waits is not None:
            if target == self.waits:
                return
            self.waits = None
        if self.leaving or target == self.intent:
            return
        lower = abs(target) < abs(self.intent) and target * self.intent >= 0
        self.intent_before, self.intent = self.intent, target
        if target == 0:
            self.desired = 0
            return
        side = 1 if target > 0 else -1
        if self.position * side <= 0:
            self.full = self.rules.units
        self.desired = side * math.floor(abs(target) * self.full + 1e-9)
        more = self.desired if self.position * side <= 0 else side * max(abs(self.desired) - abs(self.position), 0)
        if more and not lower and not self.ruined:
            self.entry = self.affordable(more, close)

    def affordable(self, units: int, close: float) -> int:
        """Row R3: what the buying power covers at the worst price plus charges; a reversal may count its close."""
        side = 1 if units > 0 else -1
        worst = close * (1 + self.rules.slippage_bps / 10_000) if side > 0 else close
        rate = self.rules.charges_percent / 100
        marked = half_up(Fraction(close) * abs(self.position) * 100)
        power = int(self.cash * 100) - (2 * marked if self.position < 0 else 0)
        if self.position * side < 0:
            power += marked - half_up(marked * rate)
        left = abs(units)
        while left:
            paise = half_up(Fraction(worst) * left * 100)
            if paise + half_up(paise * rate) <= power:
                break
            left -= 1
        return side * left
