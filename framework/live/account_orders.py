"""Orders and positions of an account's sessions, read from the sessions: what may be at the broker, and whose it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from framework.types.record import OrderState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from framework.session import Session
    from framework.session.instrument_state import WorkingOrder

PositionKey = tuple[str, str]
"""Symbol and product."""


class AccountMember(NamedTuple):
    """A strategy's session as part of an account."""

    session: Session
    symbols: Sequence[str]
    """``NSE:INFY``, by instrument of the session."""
    product: str
    """``CNC``, ``MIS`` or ``NRML``."""
    told_late_ns: int = 0
    """A broker by bars tells what happened within a bar at its close: what follows from it is not late for that."""


class AccountOrders:
    """Orders of the sessions that may be at the broker."""

    def __init__(self, members: Mapping[str, AccountMember]) -> None:
        """``members`` by the name of their session."""
        self.members = dict(members)
        self._column = {name: {symbol: i for i, symbol in enumerate(one.symbols)} for name, one in members.items()}
        self.left: set[str] = set()
        """Tags of orders that the gate let go."""

    def there(self) -> Iterator[tuple[str, WorkingOrder]]:
        """Session and order, of each that may be at the broker."""
        for name, member in self.members.items():
            for i in range(len(member.symbols)):
                for working in member.session.working(i):
                    if self.may_be_there(working):
                        yield name, working

    def may_be_there(self, working: WorkingOrder) -> bool:
        """The order may have reached the broker: it is not parked, and does not wait in the outbox."""
        if working.state is OrderState.PARKED:
            return False
        return working.state is not OrderState.SENT or working.tag in self.left

    def of(self, name: str, symbol: str) -> list[WorkingOrder]:
        """Open orders of one strategy in one symbol, those that wait included."""
        i = self._column.get(name, {}).get(symbol)
        return [] if i is None else self.members[name].session.working(i)

    def order(self, name: str, symbol: str, tag: str) -> WorkingOrder | None:
        """The open order of a tag; None when there is none."""
        return next((working for working in self.of(name, symbol) if working.tag == tag), None)

    def held(self, name: str, symbol: str) -> int:
        """Signed units of a symbol that one strategy holds."""
        i = self._column.get(name, {}).get(symbol)
        return 0 if i is None else self.members[name].session.account.quantity[i]

    def positions(self, beside: Mapping[PositionKey, int]) -> dict[PositionKey, int]:
        """(symbol, product) → signed units of every session and of ``beside``."""
        total = dict(beside)
        for member in self.members.values():
            for i in member.session.account.held:
                key = (member.symbols[i], member.product)
                total[key] = total.get(key, 0) + member.session.account.quantity[i]
        return total
