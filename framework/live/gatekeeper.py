"""Gatekeeper of the outbox: within trading hours the account's gate is asked, outside them a request waits.

It also keeps the gate's facts up to date with what passes by: prices, days, funds, the runner's state.

*By bars.* A broker by bars is shown whole rows, and a row comes when the feed has told everything up to its close. What
is asked of the broker while a row is traded belongs to that row, however long the program takes over it: the market is
open, also past the close of the last one, and every last price is of now, also of a symbol that has not traded for
hours. Between two rows a price is as old as the last mark by which the feed said that it was complete.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from framework.journal.account_entries import RequestName
from framework.live.schedule import MomentKind
from framework.pretrade.answers import Wait
from framework.types.deadlines import NEVER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from framework.broker.port import SendOutcome
    from framework.journal.held_back import HeldBack
    from framework.live.account_gate import AccountGate
    from framework.live.outbox import OutboxItem
    from framework.live.schedule import ScheduleMoment
    from framework.live.traded_strategy import KnownPrice
    from framework.pretrade.answers import Answer
    from framework.pretrade.facts import TradingHours
    from framework.session.instrument_state import WorkingOrder
    from framework.types.portfolio import TradingState

NEW_HOURS = frozenset({MomentKind.NEW_DAY, MomentKind.PRE_OPEN, MomentKind.OPEN})


class MarketGatekeeper:
    """Gatekeeper with the market's hours; see ``outbox.Gatekeeper``."""

    def __init__(
        self,
        gate: AccountGate,
        hours: Callable[[int], TradingHours | None],
        next_open: Callable[[int], int],
        state: Callable[[], TradingState],
        day_at: Callable[[int], int],
        by_bars: Iterable[str] = (),
    ) -> None:
        """``hours`` of a day (days since 1970-01-01), None without a session; ``next_open`` after a moment.

        ``state`` of the runner, asked at each review; ``day_at`` a moment, of the exchange's clock. ``by_bars``:
        sessions whose broker is shown whole rows.
        """
        self._gate = gate
        self._hours = hours
        self._next_open = next_open
        self._state = state
        self._day_at = day_at
        self._by_bars = frozenset(by_bars)
        self._in_row: set[str] = set()
        """Sessions by bars of which a row is being traded."""
        self._today: TradingHours | None = None
        self._priced: set[str] = set()

    def begin(self, session: int, prices: Mapping[str, KnownPrice]) -> None:
        """A run begins on a day (days since 1970-01-01); ``prices``: the last ones known, by symbol."""
        self._today = self._hours(session)
        if self._today is not None:
            self._note_hours(self._today)
        for symbol, known in sorted(prices.items()):
            self.see_price(symbol, *known)

    def _note_hours(self, hours: TradingHours) -> None:
        self._gate.world.note_hours(hours)
        for session in sorted(self._by_bars):  # ``review`` keeps their hours
            self._gate.world.note_hours(hours._replace(close_ns=NEVER, entries_until_ns=NEVER), member=session)

    def recall(self, held: HeldBack) -> None:
        """See ``Gatekeeper``."""
        self._gate.recall(held)

    def see_price(self, symbol: str, price: float, now: int) -> None:
        """See ``Gatekeeper``."""
        self._priced.add(symbol)
        self._gate.world.note_price(symbol, price, now)

    def see_complete(self, now: int) -> None:
        """See ``Gatekeeper``. By ticks a symbol's own last trade counts: an order will meet the next one."""
        if self._by_bars:
            self._gate.world.note_complete(now)

    @contextmanager
    def row(self, session: str) -> Iterator[None]:
        """See ``Gatekeeper``."""
        self._in_row.update({session} & self._by_bars)
        try:
            yield
        finally:
            self._in_row.discard(session)

    def last_price(self, symbol: str) -> float:
        """See ``Gatekeeper``."""
        return self._gate.world.quote(symbol).price

    def is_open(self, now: int) -> bool:
        """See ``Gatekeeper``. A machine that slept wakes in another session than it fell asleep in."""
        if self._today is None or now >= self._today.close_ns:
            later = self._hours(self._day_at(now))
            if later is not None and later.open_ns <= now < later.close_ns:
                self._today = later
                self._note_hours(later)
        return self._today is not None and self._today.open_ns <= now < self._today.close_ns

    def distrust_symbol(self, symbol: str, why: str) -> None:
        """See ``Gatekeeper``."""
        self._gate.world.halt_symbol(symbol, why)

    def trust_symbol(self, symbol: str) -> None:
        """See ``Gatekeeper``."""
        self._gate.world.resume_symbol(symbol)

    def see_moment(self, moment: ScheduleMoment) -> None:
        """See ``Gatekeeper``: a day has its own hours, and at its open no price is fresher than the last one."""
        world = self._gate.world
        if moment.kind in NEW_HOURS:
            self._today = self._hours(moment.session)
            if self._today is not None:
                self._note_hours(self._today)
        if self._today is None or moment.kind is not MomentKind.OPEN:
            return
        for symbol in sorted(self._priced):
            world.note_price(symbol, world.quote(symbol).price, self._today.open_ns)

    def see_funds(self, available_paise: int, now: int, shown: Iterable[str] | None) -> None:
        """See ``Gatekeeper``."""
        self._gate.world.note_funds(available_paise, now, shown)

    def review(self, item: OutboxItem, working: WorkingOrder, now: int) -> Answer:
        """See ``Gatekeeper``."""
        in_row = item.traded.name in self._in_row
        if in_row:
            self.see_complete(now)
        elif item.request is not RequestName.CANCEL and not self.is_open(now):
            return Wait(max(self._next_open(now) - now, 1))
        self._gate.world.state = self._state()
        return self._gate.review(item, working, now)

    def went_out(self, item: OutboxItem, working: WorkingOrder, now: int) -> None:
        """See ``Gatekeeper``."""
        self._gate.went_out(item, working, now)

    def stays(self, item: OutboxItem) -> None:
        """See ``Gatekeeper``."""
        self._gate.stays(item)

    def came_back(self, item: OutboxItem, working: WorkingOrder, outcome: SendOutcome, now: int) -> None:
        """See ``Gatekeeper``."""
        self._gate.came_back(item, working, outcome, now)
