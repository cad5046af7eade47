"""The account: cash, positions and marks, booked by the rulebook. One per run; Session owns it."""

from __future__ import annotations

from bisect import insort
from typing import TYPE_CHECKING

from framework.rules import actions, ledger, money
from framework.session.trip_stats import TripStats
from framework.types.made import made
from framework.types.orders import Fill, Reason
from framework.types.portfolio import Portfolio, Position, TradingState
from framework.types.record import NOT_SIMULATED, Settlement
from framework.types.tariff import Tariff
from framework.types.timeframe import DAY_NS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framework.types import Instrument, Order, Settings

NAN = float("nan")
NO_CHARGES = Tariff()


class Account:
    """Mutable lists by instrument, all money in whole paise.

    ``cash + positions at cost = deposit + gross realised + dividends − charges`` holds after every fill and every
    corporate action, exactly.
    """

    def __init__(self, instruments: Sequence[Instrument], settings: Settings) -> None:
        count = len(instruments)
        self.instruments = tuple(instruments)
        self._tariffs = settings.charges.tariffs(instruments)
        self._dp_day = [-1] * count
        """Day of the latest depository charge, days since 1970-01-01: one a day and instrument."""
        self._long_margin, self._short_margin = settings.long_share, settings.short_share
        self.deposit_paise = settings.capital_paise
        self.cash_paise = settings.capital_paise
        self.gross_paise = 0
        self.charges_paise = 0
        self.dividends_paise = 0
        """Cash dividends received less those paid for shorts, and what fractions of shares were worth."""
        self.quantity = [0] * count
        self.average = [NAN] * count
        """Average fill price of the open position in rupees, unrounded: exits are measured from it."""
        self.cost_paise = [0] * count
        self.entry_charges_paise = [0] * count
        self.mark_paise = [0] * count
        self.close = [NAN] * count
        """Last close in rupees; NaN before the first bar."""
        self.held: list[int] = []
        """Instruments with a position, in their order."""
        self.trips = TripStats(count)

    def settle(self, fill: Fill, order: Order, *, before_paise: int) -> Settlement:
        """Book a fill: the part that closes realises profit, the rest opens at cost.

        ``before_paise`` is the value that the order has filled already.
        """
        i, quantity, held = fill.instrument, fill.quantity, self.quantity[fill.instrument]
        side, day = 1 if quantity > 0 else -1, fill.time // DAY_NS
        cost, entry_charges, dp_due = self.cost_paise[i], self.entry_charges_paise[i], self._dp_day[i] != day
        tariff, price = self._tariffs[i].on(fill.time), fill.price
        booked = ledger.booked(held, cost, entry_charges, quantity, price, before_paise, dp_due, tariff)
        if ledger.is_delivered(held, side):
            self._dp_day[i] = day
        self.cost_paise[i], self.entry_charges_paise[i] = booked.cost, booked.entry_charges
        self.trips.book(i, booked.net, booked.opening_charges, ended=0 < booked.closed == abs(held))
        self.average[i] = ledger.average_after(self.average[i], held, price, quantity)
        position = self.quantity[i] = held + quantity
        self.cash_paise = ledger.cash_after(self.cash_paise, side, booked.value, booked.charges)
        self.gross_paise += booked.gross
        self.charges_paise += booked.charges
        self.mark_paise[i] = ledger.marked(position, price)
        if held == 0:
            insort(self.held, i)
        elif position == 0:
            self.held.remove(i)
        reduces, moved = booked.closed > 0, (booked.value, booked.charges, booked.cost_out, booked.gross)
        return made(
            Settlement,
            (fill, order.reason, reduces, *moved, position, self.cash_paise, order.label, NOT_SIMULATED),
        )

    def take_back(self, fill: Fill, charges_paise: int) -> Settlement:
        """Book the opposite of a fill at its own price, without charges, and those that it had cost back.

        The answer's charges are below 0. Cash is what it had been; where a sale is taken back its units are held again
        at the price of that sale.
        """
        i, quantity, held = fill.instrument, -fill.quantity, self.quantity[fill.instrument]
        before = self.cost_paise[i], self.entry_charges_paise[i]
        booked = ledger.booked(held, *before, quantity, fill.price, 0, False, NO_CHARGES)
        self.cost_paise[i], self.entry_charges_paise[i] = booked.cost, booked.entry_charges
        self.trips.pay(i, booked.gross + charges_paise)
        self.average[i] = ledger.average_after(self.average[i], held, fill.price, quantity)
        self.quantity[i] = held + quantity
        self.cash_paise = ledger.cash_after(self.cash_paise, 1 if quantity > 0 else -1, booked.value, -charges_paise)
        self.gross_paise += booked.gross
        self.charges_paise -= charges_paise
        self.mark_paise[i] = ledger.marked(self.quantity[i], fill.price)
        if held == 0:
            insort(self.held, i)
        elif self.quantity[i] == 0:
            self.held.remove(i)
        return Settlement(
            fill=Fill(0, i, quantity, fill.price, fill.time),
            reason=Reason.EXTERNAL,
            reduces=booked.closed > 0,
            value_paise=booked.value,
            charges_paise=-charges_paise,
            cost_out_paise=booked.cost_out,
            gross_paise=booked.gross,
            position=self.quantity[i],
            cash_paise=self.cash_paise,
        )

    def receive_dividend(self, i: int, dividend: float) -> int:
        """A dividend in rupees per share on what is held; returns the cash it moved, in paise."""
        if not dividend > 0.0:
            return 0
        paid = actions.dividend_paise(self.quantity[i], dividend)
        self.cash_paise += paid
        self.dividends_paise += paid
        self.trips.pay(i, paid)
        return paid

    def carry(self, i: int, factor: float) -> int:
        """A split on what is held: other units at another average, the same cost; returns the cash for a fraction.

        A consolidation that leaves less than one share leaves nothing here: ``pay_out`` is for the host to call before.
        """
        held = self.quantity[i]
        side = 1 if held > 0 else -1
        paid = side * actions.fraction_paise(self.mark_paise[i], held, factor)
        self.quantity[i] = actions.shares_after(held, factor)
        self.average[i] /= factor
        self.mark_paise[i] -= paid
        self.cash_paise += paid
        self.dividends_paise += paid
        self.trips.pay(i, paid)
        return paid

    def pay_out(self, i: int, time: int) -> Settlement:
        """Close what a consolidation leaves less than one share of, at its last mark and without charges."""
        held, mark = self.quantity[i], self.mark_paise[i]
        side, worth = (1 if held > 0 else -1), abs(mark)
        cost_out, price = self.cost_paise[i], worth / 100.0 / abs(held)
        gross = ledger.gross_realised(side, worth, cost_out)
        self.quantity[i] = self.cost_paise[i] = self.entry_charges_paise[i] = self.mark_paise[i] = 0
        self.average[i] = NAN
        self.cash_paise += mark
        self.gross_paise += gross
        self.trips.book(i, gross, 0, ended=True)
        self.held.remove(i)
        return Settlement(
            fill=Fill(0, i, -held, price, time),
            reason=Reason.CORPORATE_ACTION,
            reduces=True,
            value_paise=worth,
            charges_paise=0,
            cost_out_paise=cost_out,
            gross_paise=gross,
            position=0,
            cash_paise=self.cash_paise,
        )

    def move_capital(self, paise: int) -> None:
        """Cash that a person brings (> 0) or takes: it counts as deposited."""
        self.deposit_paise += paise
        self.cash_paise += paise

    def adopt(self, i: int, quantity: int, price: float) -> None:
        """Take over signed units at rupees each, without a fill: their cost counts as deposited."""
        held = self.quantity[i]
        cost = money.value(price, quantity)
        self.average[i] = ledger.average_after(self.average[i], held, price, quantity)
        self.quantity[i] = held + quantity
        self.cost_paise[i] += cost
        self.mark_paise[i] = ledger.marked(self.quantity[i], self.close[i] if self.close[i] > 0.0 else price)
        self.deposit_paise += cost if quantity > 0 else -cost
        if held == 0:
            insort(self.held, i)

    def mark(self, closes: Sequence[float]) -> int:
        """Value every position at this bar's close; an instrument without a bar (NaN) keeps its last mark.

        Returns the equity in paise.
        """
        known, equity_paise = self.close, self.cash_paise
        for i, close in enumerate(closes):
            if close > 0.0:
                known[i] = close
        for i in self.held:
            close = closes[i]
            if close > 0.0:
                self.mark_paise[i] = ledger.marked(self.quantity[i], close)
            equity_paise += self.mark_paise[i]
        return equity_paise

    def equity_paise(self) -> int:
        """Cash plus signed marks."""
        return self.cash_paise + sum(self.mark_paise)

    def exposure_paise(self) -> int:
        """Sum of |marks|."""
        exposure_paise = 0
        for i in self.held:
            exposure_paise += abs(self.mark_paise[i])
        return exposure_paise

    def spendable_paise(self) -> int:
        """Cash and what the broker lends: below 0 the account owes what nothing covers."""
        longs = sum([mark for mark in self.mark_paise if mark > 0])
        return ledger.spendable(self.cash_paise, longs, self._long_margin)

    def buying_power_paise(self, reserved_paise: int = 0) -> int:
        """Buying power in paise, which new exposure may use: see ``rules.ledger.buying_power``."""
        if not self.held:
            return self.cash_paise - reserved_paise  # only for speed
        marks = [self.mark_paise[i] for i in self.held]
        longs, shorts = sum([mark for mark in marks if mark > 0]), -sum([mark for mark in marks if mark < 0])
        margins = self._long_margin, self._short_margin
        return ledger.buying_power(self.cash_paise, longs, shorts, *margins, reserved_paise)

    def released_by_closing(self, i: int, units: int, time: int) -> int:
        """Buying power in paise that closing ``units`` of instrument ``i`` at its mark gives back, less its charges.

        ``time`` is when that is asked, UTC nanoseconds.
        """
        held, mark_paise, tariff = self.quantity[i], self.mark_paise[i], self._tariffs[i].on(time)
        margin = self._long_margin if held > 0 else self._short_margin
        return ledger.released(mark_paise, held, units, margin, tariff)

    def at_cost_paise(self) -> int:
        """Signed cost of all positions: the second term of the ledger identity."""
        return sum([self.cost_paise[i] if self.quantity[i] > 0 else -self.cost_paise[i] for i in self.held])

    def snapshot(
        self, time: int, state: TradingState, session_start_equity_paise: int, reserved_paise: int
    ) -> Portfolio:
        """The account as hooks and strategies see it."""
        rows = zip(self.quantity, self.cost_paise, self.entry_charges_paise, self.mark_paise, strict=True)
        return Portfolio(
            time=time,
            state=state,
            cash_paise=self.cash_paise,
            equity_paise=self.equity_paise(),
            session_start_equity_paise=session_start_equity_paise,
            buying_power_paise=self.buying_power_paise(reserved_paise),
            instruments=self.instruments,
            positions=tuple(Position(*row) for row in rows),
            closes=tuple(self.close),
        )
