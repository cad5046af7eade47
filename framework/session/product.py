"""The product, and when it ends: delivery without shorts, intraday without a night, contracts that expire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.rules.product import EXPIRY, OPEN_END, ends_with, refusal
from framework.rules.reasons import NAMES
from framework.session.wording import expired_text, left_over_text
from framework.types.deadlines import NEVER
from framework.types.orders import MARKET, BarRow, Order, Reason
from framework.types.record import Notice

if TYPE_CHECKING:
    from framework.session.desk import SessionDesk
    from framework.session.reductions import Reductions
    from framework.types import Settings
    from framework.types.deadlines import Deadline
    from framework.types.events import BarOpens, Command


class Product:
    """Row 17 and rows P2 to P5 of docs/execution.md. Nothing here looks at a price before its time."""

    def __init__(self, settings: Settings, desk: SessionDesk, reductions: Reductions) -> None:
        self._inputs, self._account, self._books, self._orders, self._tell = desk
        self._instruments = self._account.instruments
        self._delivery = settings.product == "CNC"
        self._reenter = settings.reenter
        self._reductions = reductions
        self.deadline: Deadline | None = None
        """Of the session that began last."""
        self._next = NEVER
        """Earliest square-off that was not carried out yet, UTC nanoseconds."""
        self._session = -1
        self._over = 0
        """Latest session whose last bar has closed, once this bar closes."""
        self._done: set[int] = set()
        """Instruments that were squared off in this session."""

    def before_open(self, bar: BarOpens) -> list[Command]:
        """Square off what is due before this bar's open: what is held goes at that open, what rests is taken back."""
        self.deadline = deadline = bar.deadline
        if deadline is None:
            self._next = NEVER
            return []
        if bar.session != self._session:
            self._session = bar.session
            self._done.clear()
            self._next = min(deadline.square_off)
        self._over = bar.session if bar.ends_session else bar.session - 1
        return self.square_off(bar.moment)

    def square_off(self, now: int) -> list[Command]:
        """Leave what is due by now, once in a session; a bar need not come for that."""
        commands: list[Command] = []
        if now < self._next or self.deadline is None:
            return commands
        for i, moment in enumerate(self.deadline.square_off):
            if moment <= now and i not in self._done:
                self._done.add(i)
                commands += self._leave(i, Reason.SQUARE_OFF, now)
        self._next = min((one for one in self.deadline.square_off if one > now), default=NEVER)
        return commands

    def entries_until(self, i: int) -> int:
        """From when on an entry that is decided now must not be sent any more, UTC nanoseconds.

        It has one bar's time, and the square-off ends it; after a session's last bar only the host knows when.
        """
        bar = self._inputs.bar
        until = NEVER if bar.ends_session else 2 * bar.close_time - bar.moment
        return until if self.deadline is None else min(until, self.deadline.square_off[i])

    def refusal(self, order: Order) -> str:
        """Reason code for which the product does not allow an order that increases a position; empty when it does."""
        if self.deadline is None and not self._delivery:
            return ""  # only for speed: nearly always
        i = order.instrument
        last, moment = NEVER, NEVER
        if self.deadline is not None:
            last, moment = self.deadline.last_session[i], self.deadline.square_off[i]
        return NAMES[refusal(self._delivery, order.quantity, last, self._over, moment, order.decided_at)]

    def end_session(self, row: BarRow) -> list[Command]:
        """At a session's last close: what must not last longer and is still there is given up at that close."""
        commands: list[Command] = []
        if self.deadline is None or not row.ends_session:
            return commands
        for i, (moment, last) in enumerate(zip(*self.deadline, strict=True)):
            ends = ends_with(row.session, last, moment)
            if ends == OPEN_END:
                continue
            expires = ends == EXPIRY
            held = self._account.quantity[i]
            if held:
                self._tell(self._notice(i, held, row, expires=expires))
            commands += self._leave(i, Reason.EXPIRY if expires else Reason.SQUARE_OFF, row.close_time, anew=True)
        return commands

    def _notice(self, i: int, held: int, row: BarRow, *, expires: bool) -> Notice:
        instrument = self._instruments[i]
        if expires:
            return Notice(row.close_time, "expiry", expired_text(held, instrument))
        return Notice(row.close_time, "square_off", left_over_text(held, instrument))

    def leave(self, i: int, reason: Reason, now: int) -> list[Command]:
        """A person wants to be out of one instrument at once."""
        return self._leave(i, reason, now, anew=True)

    def _leave(self, i: int, reason: Reason, now: int, *, anew: bool = False) -> list[Command]:
        """No entries, the intent is 0, and what is held is ordered away; ``anew``: by an order of this reason.

        Otherwise an exit of the strategy that is on its way already will do.
        """
        book = self._books[i]
        commands: list[Command] = []
        for entry in self._orders.entries(i):
            commands += self._orders.withdraw(entry, now)
        self._orders.leave_late_fills(i, reason)
        if not self._account.quantity[i]:
            book.forget_intent(self._reenter)
            return commands
        book.leave(reason, self._reenter)
        if anew:
            for working in self._orders.plain_exits(i):
                if working.order.reason is not reason or working.order.type is not MARKET:
                    commands += self._orders.withdraw(working, now)
        return commands + self._reductions.order(i, now)
