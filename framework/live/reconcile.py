"""Reconciliation, pure: what we believe and what the broker shows → inputs for the sessions, and findings.

Theory of operation
-------------------
It forgets no order that the broker shows, invents none and sends none. A session is told only what its order's cell of
the matrix (``reconcile_matrix``) says; all else is a finding for a person.

*What was not read is neither there nor empty.* A part of a snapshot that is None is skipped. A book that shows none of
the orders that we know to work is no data (F21): nothing is counted and no position is compared.

*Executions first.* The account book books them, by tag, once; the belief is taken after that. An order's own figure of
what it has filled is then compared with ours: rows that are missing are waited for (F16); a figure below ours is older,
or an execution was annulled.

*What one read supports is not enough* where it takes away: absent, vanished, alive after its end, and a position that
differs, need three reads; those of orders over a minute, and in reads that began after the order was sent.

*The same snapshot twice writes nothing*: answers bring the belief to what the book shows, and a finding is told once as
long as it holds. ``ReconcileMemory`` is all that lies between two reads, handed in and handed back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from framework.journal.account_entries import AccountFinding, RunnerState
from framework.live.account_book import compare
from framework.live.reconcile_memory import ENOUGH_READS, FRESH, Discrepancy, ReconcileMemory, ReconcileTally
from framework.live.reconcile_orders import QUESTION, OrderComparison

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from framework.broker.book import BrokerPosition, BrokerSnapshot
    from framework.live.account_orders import PositionKey
    from framework.live.belief import Belief
    from framework.live.order_names import OrderNames
    from framework.types.events import Answer


class Reconciliation(NamedTuple):
    """Outcome of comparing."""

    answers: tuple[tuple[str, Answer], ...]
    """Session and its input, in the order in which they are handed over."""
    findings: tuple[Discrepancy, ...]
    """Those that are new."""
    lifted: tuple[str, ...]
    """Keys of findings that reduced only and hold no more."""
    memory: ReconcileMemory

    @property
    def writes_nothing(self) -> bool:
        """Everything agrees, or was told before."""
        return not (self.answers or self.findings or self.lifted)


def reconcile(
    belief: Belief, snapshot: BrokerSnapshot, now: int, *, names: OrderNames, memory: ReconcileMemory = FRESH
) -> Reconciliation:
    """Compare a belief, executions of the snapshot booked, with what the broker shows. ``now``: UTC nanoseconds."""
    tally = ReconcileTally(memory, snapshot.as_of)
    orders = OrderComparison(belief, snapshot, now, names, tally)
    is_void = snapshot.orders is not None and orders.is_void(snapshot.orders)
    if snapshot.orders is None or is_void:
        tally.keep("order:")
    else:
        orders.compare(snapshot.orders)
    if snapshot.positions is None or is_void:
        tally.keep("position:")
    else:
        _compare_positions(belief.positions, positions_of(snapshot.positions), tally)
    if snapshot.orders is None:
        tally.keep("book_empty")
    return Reconciliation(tuple(orders.answers), tuple(tally.findings), tally.lifted, tally.memory())


def positions_of(shown: Iterable[BrokerPosition]) -> dict[PositionKey, int]:
    """(symbol, product) → signed units; lines of one are added up."""
    units: dict[PositionKey, int] = {}
    for one in shown:
        key = (one.symbol, one.product)
        units[key] = units.get(key, 0) + one.quantity
    return units


def _compare_positions(
    ours: Mapping[PositionKey, int], theirs: Mapping[PositionKey, int], tally: ReconcileTally
) -> None:
    """F23: the same difference in three reads reduces only, and asks; nothing is traded to mend it."""
    for one in compare(ours, theirs):
        name = f"position:{one.symbol}:{one.product}"
        if tally.count(name, f"{one.theirs - one.ours:+d}").reads < ENOUGH_READS:
            tally.keep(f"{name}:")  # another difference than the one that was told is no agreement
            continue
        text = f"the broker holds {one.theirs:+d} {one.symbol} ({one.product}), the books here come to {one.ours:+d}"
        finding = AccountFinding(
            "position", text, one.symbol, ours=f"{one.ours:+d}", theirs=f"{one.theirs:+d}", question=QUESTION
        )
        tally.tell(Discrepancy(f"{name}:{one.theirs - one.ours:+d}", finding, RunnerState.REDUCE_ONLY))
