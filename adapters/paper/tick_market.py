"""Market by ticks: each trade that the feed tells is met by what rests, order by order, by the rulebook.

An order meets the first tick after it has arrived: a price from before may not be there any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.paper.entries import PaperEnded, PaperFilled, PaperTriggered
from framework.broker.book import BrokerOrderState
from framework.exchange import ONE_CANCELS_OTHER
from framework.rules import fills, prices, risk
from framework.types.orders import DAY, LIMIT, MARKET, NAN, STOP, STOP_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from adapters.paper.ledger import PaperLedger, PaperOrder

TickEffect = PaperTriggered | PaperEnded | PaperFilled
CANCELLED, REFUSED, EXPIRED = BrokerOrderState.CANCELLED, BrokerOrderState.REFUSED, BrokerOrderState.EXPIRED


class TickMarket:
    """One book's market by ticks. It only says what happens; whoever asks writes it down before asking on."""

    def __init__(self, ledger: PaperLedger, *, one_cancels_other: bool) -> None:
        self._ledger = ledger
        self._one_cancels_other = one_cancels_other
        self._tariffs = ledger.settings.charges.tariffs(ledger.instruments)
        self._places = {str(instrument): i for i, instrument in enumerate(ledger.instruments)}
        self.last = [NAN] * len(ledger.instruments)
        """Price of the latest trade by instrument, rupees."""

    def knows(self, symbol: str) -> bool:
        """True of a symbol of this book."""
        return symbol in self._places

    def meet(self, symbol: str, price: float, time: int, lots: Callable[[int], int]) -> Iterator[TickEffect]:
        """Events of a trade, one by one; ``lots`` says how many of so many lots a fill has."""
        i = self._places[symbol]
        self.last[i] = price
        for order in sorted(self._ledger.resting_in(i), key=self._precedence):
            if not order.state.is_final:  # taken out by what filled before it
                yield from self._meet_one(order, price, time, lots)

    def see(self, symbol: str, price: float) -> None:
        """Note the price of a trade that is only repeated: nothing fills at it."""
        self.last[self._places[symbol]] = price

    def is_crossed(self, i: int, quantity: int, trigger: float) -> bool:
        """True when the market has gone past this stop already."""
        return (self.last[i] - trigger) * quantity >= 0.0

    def expire(self, symbols: Collection[str], time: int, *, every: bool) -> Iterator[PaperEnded]:
        """Trading of some instruments is over: so are their DAY orders; ``every``: and all others of theirs."""
        for order in list(self._ledger.resting()):
            ends = every or order.order.validity is DAY
            if ends and str(self._ledger.instruments[order.order.instrument]) in symbols:
                yield PaperEnded(self._ledger.name, order.broker_id, EXPIRED, "", time)

    def _precedence(self, order: PaperOrder) -> tuple[bool, int, int]:
        target_first = self._ledger.settings.exits.both == "target"
        rank = fills.precedence(order.order.type, order.order.protective, target_first)
        return (not order.order.reduces, rank, order.order.order_id)

    def _meet_one(self, order: PaperOrder, price: float, time: int, lots: Callable[[int], int]) -> Iterator[TickEffect]:
        book, side, kind = self._ledger.name, 1 if order.quantity > 0 else -1, order.order.type
        slips = fills.slips(kind, order.triggered)
        if kind in {STOP, STOP_LIMIT} and not order.triggered:
            if not fills.stop_fill(side, order.trigger, price, price, price) > 0.0:
                return
            yield PaperTriggered(book, order.broker_id, NAN)
        if kind is MARKET and order.triggered:
            kind, slips = LIMIT, False  # held by its protection
        if kind is MARKET:
            bound = self._bound(order, price, side)
            if bound > 0.0:
                yield PaperTriggered(book, order.broker_id, bound)
                return
        if kind in {LIMIT, STOP_LIMIT} and not fills.limit_fill(side, order.limit, price, price, price) > 0.0:
            return
        at = self._slipped(order, price, side) if slips else price
        yield from self._fill(order, at, time, lots)

    def _fill(self, order: PaperOrder, price: float, time: int, lots: Callable[[int], int]) -> Iterator[TickEffect]:
        book, side = self._ledger.name, 1 if order.quantity > 0 else -1
        lot = max(self._ledger.instruments[order.order.instrument].lot, 1)
        quantity = lots(abs(order.remaining) // lot) * lot
        if not order.order.reduces and not self._covered(order, side, quantity, price, time):
            yield PaperEnded(book, order.broker_id, REFUSED, "cash", time)
            return
        if self._one_cancels_other and order.group:
            for other in list(self._ledger.resting()):
                if other.group == order.group and other is not order:
                    yield PaperEnded(book, other.broker_id, CANCELLED, ONE_CANCELS_OTHER, time)
        yield PaperFilled(book, order.broker_id, side * quantity, price, time)

    def _bound(self, order: PaperOrder, price: float, side: int) -> float:
        """Bound that protection holds a market order at when slippage takes it beyond, else NaN."""
        settings, tick = self._ledger.settings, self._ledger.instruments[order.order.instrument].tick
        slippage = settings.slippage
        return prices.bound_reached(price, side, settings.protection_bps, slippage.bps, slippage.ticks, tick)

    def _slipped(self, order: PaperOrder, price: float, side: int) -> float:
        slippage, tick = self._ledger.settings.slippage, self._ledger.instruments[order.order.instrument].tick
        moved = prices.slipped(price, side, slippage.bps, slippage.ticks, tick)
        return prices.within_limit(moved, order.limit, side)

    def _covered(self, order: PaperOrder, side: int, quantity: int, price: float, time: int) -> bool:
        """True when buying power covers what this fill takes."""
        settings, account = self._ledger.settings, self._ledger.account
        account.mark(self.last)
        share = settings.long_share if side > 0 else settings.short_share
        tariff = self._tariffs[order.order.instrument].on(time)
        return risk.needed(quantity, price, share, side, tariff) <= account.buying_power_paise()
