"""PaperBroker: the simulated exchange behind the Broker port, with an account of its own as a real broker has."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from framework.exchange import SimulatedExchange
from framework.session.account import Account
from framework.types.events import Filled, Submit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from framework.types import BarRow, Instrument, Order, Settings
    from framework.types.events import Answer, Command


class PaperBroker:
    """Fills orders against the bars it is shown, by the same rules as a backtest.

    Show it a bar with ``see_bar``, then read ``answers`` to the end, handing Session's answers to ``execute``.
    """

    def __init__(self, instruments: Sequence[Instrument], settings: Settings) -> None:
        self.account = Account(instruments, settings)
        self._exchange = SimulatedExchange(instruments, settings, self.account)
        self._orders: dict[int, tuple[Order, int]] = {}
        """order id → (order, whether it has filled before)."""
        self._answers: deque[Answer] = deque()
        self._bar: Iterator[Answer] = iter(())
        self._row: BarRow | None = None

    def __repr__(self) -> str:
        return f"PaperBroker(cash ₹{self.account.cash_paise / 100:,.2f}, {self._exchange!r})"

    def see_bar(self, row: BarRow) -> None:
        """A bar is complete: what it fills is told by ``answers``."""
        if self._row is not None:
            self.account.mark(self._row.close)  # a short blocks its value at the last close
        self._row = row
        self._bar = self._serve(row)

    def _serve(self, row: BarRow) -> Iterator[Answer]:
        yield from self._exchange.serve(row)

    def end_session(self) -> None:
        """The session is over with the bar it was shown last: what is still to be squared off fills at the last close.

        Hand it Session's answer to ``end_session`` first, then read ``answers`` again.
        """
        if self._row is not None:
            self.account.mark(self._row.close)
            self._bar = self._exchange.close_out(self._row, self.account.close)

    def execute(self, command: Command, moment: int) -> None:
        """See ``Broker.execute``; a paper order never fails on the way."""
        if isinstance(command, Submit):
            order = command.approved.order
            self._orders[order.order_id] = (order, 0)
        self._answers.append(self._exchange.execute(command, moment))

    def answers(self) -> Iterator[Answer]:
        """See ``Broker.answers``. Each fill is booked in the broker's own account before it is told."""
        while True:
            answer = self._answers.popleft() if self._answers else next(self._bar, None)
            if answer is None:
                return
            if isinstance(answer, Filled):
                order, before_paise = self._orders[answer.fill.order_id]
                booked = self.account.settle(answer.fill, order, before_paise=before_paise)
                self._orders[order.order_id] = (order, before_paise + booked.value_paise)
            yield answer
