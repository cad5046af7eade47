"""Market by bars: one book's simulated exchange, its bars served event by event as the event engine serves them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from adapters.paper.entries import BarStep
from framework.broker.book import BrokerOrderState
from framework.errors import InvariantError
from framework.exchange import SimulatedExchange
from framework.types.events import (
    Cancel,
    Cancelled,
    CancelRefused,
    Change,
    ChangeRefused,
    Expired,
    Filled,
    Refused,
    Submit,
)
from framework.types.orders import BarRow, Order

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapters.paper.entries import BarPassed, PaperChanged
    from adapters.paper.ledger import PaperLedger, PaperOrder
    from framework.broker.book import BrokerFill, BrokerOrder
    from framework.types.events import Answer
    from framework.types.orders import Approved

STEPS = tuple(BarStep)
"""In the order of a bar."""


class OrderAlone(NamedTuple):
    """Order as the simulated exchange reads it of an approval: it may stand there under another number."""

    order: Order


class BarMarket:
    """One book's market by bars. Whoever shows it a bar takes its events one by one, and orders in between."""

    def __init__(self, ledger: PaperLedger) -> None:
        self._ledger = ledger
        self._exchange = SimulatedExchange(ledger.instruments, ledger.settings, ledger.account)
        self._answers: Iterator[Answer] = iter(())
        self.row: BarRow | None = None
        """Bar that was shown last."""
        self.step = BarStep.BAR
        self.is_served = True
        """Nothing more comes of it."""
        self.told: dict[BarStep, list[BrokerOrder | BrokerFill]] = {}
        """Events of that bar so far."""

    # ------------------------------------------------------------------ requests

    def place(self, order: PaperOrder, moment: int) -> None:
        """Rest an order at the exchange."""
        self._exchange.execute(Submit(cast("Approved", OrderAlone(order.order))), moment)

    def change(self, order: PaperOrder, changed: PaperChanged) -> bool:
        """Give it another form; False when it is not open, or has filled as much as that already."""
        command = Change(order.order.order_id, changed.quantity, changed.trigger, changed.limit)
        return not isinstance(self._exchange.execute(command, changed.time), ChangeRefused)

    def cancel(self, order: PaperOrder, moment: int) -> bool:
        """Take it out; False when it is not open."""
        return not isinstance(self._exchange.execute(Cancel(order.order.order_id), moment), CancelRefused)

    # ------------------------------------------------------------------ bars

    def place_of(self, row: BarRow, step: BarStep) -> int:
        """1 = this step is new, 0 = it is the one that was shown last, −1 = it is older."""
        if self.row is None:
            return 1
        shown, asked = (self.row.time, STEPS.index(self.step)), (row.time, STEPS.index(step))
        return (asked > shown) - (asked < shown)

    def passes(self, row: BarRow) -> bool:
        """True of a bar that reaches no order, so that it need only be marked."""
        return self._exchange.is_quiet(row)

    def skip(self, passed: BarPassed) -> None:
        """A bar that reached no order."""
        nothing = [float("nan")] * len(passed.closes)
        row = BarRow(passed.time, passed.close_time, 0, False, nothing, nothing, nothing, passed.closes, nothing)
        self.show(row, BarStep.BAR)
        self.take()

    def show(self, row: BarRow, step: BarStep) -> None:
        """Serve a step of a bar from now on."""
        if self.row is None or row.time != self.row.time:
            self.told = {}
        self.row, self.step, self.is_served = row, step, False
        self.told[step] = []
        self._answers = iter(self._serve(row, step))

    def _serve(self, row: BarRow, step: BarStep) -> Iterator[Answer]:
        if step is BarStep.BAR:
            yield from self._exchange.serve(row)
        elif step is BarStep.SAME_CLOSE:
            yield from self._exchange.fill_at_close(row)
        else:
            yield from self._exchange.close_out(row, self._ledger.account.close)

    def take(self) -> BrokerOrder | BrokerFill | None:
        """Next event, booked; None when there is none, and then the account is valued at the bar's close."""
        if self.row is None or self.is_served:
            return None
        answer = next(self._answers, None)
        if answer is None:
            self.is_served = True
            self._ledger.account.mark(self.row.close)
            return None
        news = self._booked(answer)
        self.told[self.step].append(news)
        return news

    def _booked(self, answer: Answer) -> BrokerOrder | BrokerFill:
        ledger = self._ledger
        if isinstance(answer, Filled):
            fill = answer.fill
            order = ledger.orders[fill.order_id]
            return ledger.fill(order, fill.quantity, fill.price, fill.time, at_open=answer.at_open)
        order = ledger.orders[answer.order_id]
        if isinstance(answer, Cancelled):
            return ledger.end(order, BrokerOrderState.CANCELLED, answer.reason, answer.moment)
        if isinstance(answer, Expired):
            return ledger.end(order, BrokerOrderState.EXPIRED, "", answer.moment)
        if isinstance(answer, Refused):
            return ledger.end(order, BrokerOrderState.REFUSED, answer.reason, answer.time or answer.moment)
        msg = f"the simulated exchange answered a bar with {answer!r}"
        raise InvariantError(msg)
