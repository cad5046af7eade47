"""Records of a session as its journal tells them: every order, every booked fill, the account at every close."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from framework.types.breaker import BreakerEvent
from framework.types.events import BarCloses, Decided, Submit, Surprise
from framework.types.record import AppliedAction, Notice, OrderRecord, OrderState, Settlement

if TYPE_CHECKING:
    from framework.session import Session
    from framework.types.events import Input, Outcome
    from framework.types.orders import BarRow, Decisions


class CloseMark(NamedTuple):
    """The account at one close, after everything that belongs to it. Money in paise."""

    time: int
    """Open of the bar, UTC nanoseconds."""
    equity_paise: int
    cash_paise: int
    exposure_paise: int


class SessionRecords:
    """Records of one session, gathered input by input."""

    def __init__(self) -> None:
        self.orders: dict[int, OrderRecord] = {}
        """By order id; of an open one as it was submitted."""
        self.settlements: list[Settlement] = []
        self.notices: list[Notice] = []
        self.breaker_events: list[BreakerEvent] = []
        self.actions: list[AppliedAction] = []
        self.surprises: list[Surprise] = []
        self.marks: list[CloseMark] = []
        self.rows: list[BarRow] = []
        """Rows that closed, in order: the bars as they were known."""
        self.decisions: dict[int, Decisions] = {}
        """Decisions by the open of their bar; of ``on_bar`` none."""
        self._lists: dict[type, list[Any]] = {
            Settlement: self.settlements,
            Notice: self.notices,
            BreakerEvent: self.breaker_events,
            AppliedAction: self.actions,
            Surprise: self.surprises,
        }

    def take(self, session: Session, event: Input, outcome: Outcome) -> None:
        """Take an input and what followed from it."""
        if isinstance(event, BarCloses):
            self.rows.append(event.row)
        elif isinstance(event, Decided) and event.decisions is not None:
            self.decisions[session.last_row.time] = event.decisions
        for command in outcome.commands:
            if isinstance(command, Submit):
                order, requested, verdict = command.approved[:3]
                self.orders[order.order_id] = OrderRecord(order, requested, verdict, OrderState.SENT, 0, 0)
        for fact in outcome.facts:
            if isinstance(fact, OrderRecord):
                self.orders[fact.order.order_id] = fact
            else:
                self._lists[type(fact)].append(fact)
        self._mark(session)

    def _mark(self, session: Session) -> None:
        row = session.last_row
        if row.close_time and not session.is_in_bar:
            account = session.account
            mark = CloseMark(row.time, session.equity_paise, account.cash_paise, account.exposure_paise())
            if self.marks and self.marks[-1].time == row.time:
                self.marks[-1] = mark
            else:
                self.marks.append(mark)

    def every_order(self, session: Session) -> tuple[OrderRecord, ...]:
        """Every order, open ones as they stand, by order id."""
        found = self.orders | {record.order.order_id: record for record in session.open_orders()}
        return tuple(found[order_id] for order_id in sorted(found))
