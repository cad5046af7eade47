"""Fills of the broker: booked once, whatever the state of their order; what no order explains is a stranger's.

The compiled engine mirrors the plain way of a fill and nothing else of this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from framework.rules.money import LARGEST_QUANTITY, fits
from framework.rules.orders import reserve_left
from framework.session.lifecycle import ABSENT, ENDED, FILLED, PARKED, WORKING
from framework.session.sequence import OPEN
from framework.session.wording import cash_text
from framework.types.orders import MARKET, Order, Reason
from framework.types.record import Notice

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Sequence as Many

    from framework.session.aftermath import Aftermath
    from framework.session.desk import SessionDesk
    from framework.session.instrument_state import WorkingOrder
    from framework.session.surprises import Surprises
    from framework.types import Fill, Portfolio, RiskRule
    from framework.types.events import Command, Filled
    from framework.types.record import Settlement

COARSEST_NS = 1_000_000_000
"""Brokers date fills in whole seconds, cut off."""


class Hooks(NamedTuple):
    """The user's own risk rules, and the account as they see it."""

    rules: Many[RiskRule]
    portfolio: Callable[[], Portfolio]

    def filled(self, settlement: Settlement) -> None:
        """Tell them of a fill right after it was booked."""
        for rule in self.rules:
            rule.post_fill(settlement, self.portfolio())


class BrokerFills:
    """Books fills, and remembers which it has booked."""

    def __init__(self, desk: SessionDesk, aftermath: Aftermath, surprises: Surprises, hooks: Hooks) -> None:
        self._inputs, self._account, _, self._orders, self._tell = desk
        self._aftermath = aftermath
        self._surprises = surprises
        self._hooks = hooks
        self._told: dict[str, Fill] = {}
        self._told_before: dict[str, Fill] = {}
        """Fills booked or kept apart, by their ids, of this session and of the one before."""
        self._charges: dict[str, int] = {}
        """Charges in paise of those that were booked and not annulled."""
        self._below_zero = False
        self.last_traded: dict[int, int] = {}
        """Session of the latest fill of each instrument."""

    def begin_session(self) -> None:
        """A new session: fills of the one before the last are forgotten, but for orders that are still known.

        Of an order that is not known any more a fill so old is kept apart: it may have been booked.
        """
        before = self._told_before
        if before:
            for name in [name for name, fill in before.items() if self._orders.known(fill.order_id) is None]:
                del before[name]
                self._charges.pop(name, None)
        if self._told:
            before.update(self._told)
            self._told.clear()

    def filled(self, answer: Filled) -> list[Command]:
        """Book a fill, once, whatever its order's state; what no order explains is booked as a stranger's."""
        fill_id, fill = answer.fill_id, answer.fill
        told = self._told.get(fill_id) or self._told_before.get(fill_id)
        if told is not None:
            if told[:4] != fill[:4]:  # the same execution may be dated by whoever tells it
                self._surprises.of_fill("told_differently", self._inputs.now, fill_id, fill)
            return []
        self._told[fill_id] = fill
        inputs, i, working = self._inputs, fill.instrument, self._orders.known(fill.order_id)
        too_old = working is None and fill.time < inputs.began_before
        if too_old or not self._is_bookable(fill):
            self._surprises.of_fill("too_old" if too_old else "not_bookable", inputs.now, fill_id, fill)
            return []
        inputs.now = min(fill.time, inputs.moment)
        self.last_traded[i] = inputs.bar.session
        if working is None or working.order.instrument != i or working.order.quantity * fill.quantity < 0:
            commands = self._book_of_stranger(fill, working, fill_id)
        else:
            commands = self._book(fill, working, answer)
        self.watch_cash()
        return commands

    def has_heard_of(self, fill_id: str) -> bool:
        """It was told lately, whatever came of it."""
        return fill_id in self._told or fill_id in self._told_before

    def take_back(self, fill_id: str) -> tuple[Fill, int] | None:
        """A fill that was booked lately and its charges, handed out once; None when there is no such one."""
        fill = self.booked(fill_id)
        return None if fill is None else (fill, self._charges.pop(fill_id))

    def booked(self, fill_id: str) -> Fill | None:
        """A fill that was booked lately and not annulled, or None."""
        told = self._told.get(fill_id) or self._told_before.get(fill_id)
        return told if fill_id in self._charges else None

    def _is_bookable(self, fill: Fill) -> bool:
        """Positive form: what is not a number passes no check."""
        i, quantity, price = fill.instrument, fill.quantity, fill.price
        if not 0 <= i < len(self._account.instruments):
            return False
        units = max(abs(quantity), abs(self._account.quantity[i] + quantity))
        return quantity != 0 and units <= LARGEST_QUANTITY and price > 0.0 and fits(price * units)

    def _book(self, fill: Fill, working: WorkingOrder, answer: Filled) -> list[Command]:
        i, quantity, order, orders = fill.instrument, fill.quantity, working.order, self._orders
        inputs, before, asked = self._inputs, self._account.quantity[i], abs(order.quantity - working.filled)
        settlement = self._account.settle(fill, order, before_paise=working.filled_paise)
        self._tell(settlement)
        self._charges[answer.fill_id] = settlement.charges_paise
        working.filled += quantity
        working.filled_paise += settlement.value_paise
        if working.reserved_paise:
            left = order.quantity - working.filled
            left = max(left, 0) if quantity > 0 else -min(left, 0)
            orders.reserve(working, reserve_left(working.reserved_paise, left, asked))
        if working.state is not WORKING:
            self._filled_out_of_turn(fill, working, answer)
        is_within = inputs.phase is OPEN
        within_bar = is_within and not answer.at_open
        commands = self._aftermath.position_changed(i, before, working, within_bar=within_bar)
        position = settlement.position
        if order.reduces and position * quantity > 0:
            self._surprises.tell("accident", inputs.now, order.order_id, i, units=position)
        if is_within and order.decided_at - fill.time >= COARSEST_NS:
            said = (order.decided_at - fill.time) // 1_000_000_000
            self._surprises.tell("before_decision", inputs.now, order.order_id, i, said=said)
        remaining = working.remaining
        is_whole = remaining * quantity <= 0 and (working.was is None or not working.may_be_larger)
        if is_whole and remaining:
            self._filled_beyond(working)
        if working.state in ENDED:
            orders.heard_after_the_end(working, FILLED if is_whole else working.state, inputs.now)
        elif is_whole:
            commands += orders.end(working, FILLED, inputs.now)
        else:
            orders.heard(working)
            if order.reduces and position * order.quantity >= 0:  # what rests of it has nothing to reduce
                commands += orders.withdraw(working, inputs.now)
        if working.told_filled and working.filled == working.told_filled:
            self._surprises.settle(order.order_id, self._inputs.now)
        self._hooks.filled(settlement)
        return commands

    def _filled_out_of_turn(self, fill: Fill, working: WorkingOrder, answer: Filled) -> None:
        """A fill before the acceptance is none; of an order never sent or done it is a surprise."""
        state, now = working.state, self._inputs.now
        if state is PARKED:
            self._surprises.of_fill("fill_not_sent", now, answer.fill_id, fill)
        elif state in ENDED:
            if abs(working.filled) > abs(working.told_filled):
                self._surprises.of_fill("fill_after_end", now, answer.fill_id, fill, state=state)
            self._aftermath.take_up_again(working)
            if state is ABSENT:
                self._orders.take_on_again(working, WORKING)
        else:
            working.state = WORKING
            self._orders.heard(working)

    def _filled_beyond(self, working: WorkingOrder) -> None:
        """More than the order is for; while a change is under way either size may be what the exchange has."""
        asked = max((working.order, working.was or working.order), key=lambda one: abs(one.quantity)).quantity
        if abs(working.filled) > abs(asked):
            words = {"asked": asked, "units": working.filled}
            self._surprises.of("overfilled", self._inputs.now, working, **words)

    def _book_of_stranger(self, fill: Fill, working: WorkingOrder | None, fill_id: str) -> list[Command]:
        """No order of ours explains it, but it is in the account: the position is what the broker says."""
        i, now = fill.instrument, self._inputs.now
        if working is None:
            self._surprises.of_fill("nobodys_fill", now, fill_id, fill)
        else:
            code = "wrong_side" if working.order.instrument == i else "wrong_instrument"
            self._surprises.of_fill(code, now, fill_id, fill, asked=working.order.quantity)
        before = self._account.quantity[i]
        reduces = before * fill.quantity < 0
        order = Order(fill.order_id, i, fill.quantity, MARKET, Reason.EXTERNAL, reduces=reduces, decided_at=now)
        settlement = self._account.settle(fill, order, before_paise=0)
        self._tell(settlement)
        self._charges[fill_id] = settlement.charges_paise
        commands = self._aftermath.stranger_traded(i, before)
        self._hooks.filled(settlement)
        return commands

    def watch_cash(self) -> None:
        """Say when the account begins to owe what nothing covers."""
        account = self._account
        below = account.cash_paise < 0 and account.spendable_paise() < 0
        if below and not self._below_zero:
            told = cash_text(account.cash_paise, account.instruments)
            self._tell(Notice(self._inputs.now, "cash_below_zero", told))
        self._below_zero = below
