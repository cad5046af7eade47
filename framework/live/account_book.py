"""Account book: whose each execution is. What the sessions hold and what belongs to nobody is what the broker holds.

Theory of operation
-------------------
*By tag alone.* An execution belongs to the order whose tag it carries, and nothing is matched by symbol, size or time.
It is booked once, by the exchange's id of it, whoever tells it and however often.

*Without a tag of ours* it is somebody else's: a person in the broker's app, the broker's own square-off. What it takes
away is first taken from what belongs to nobody, then from the sessions that hold the other side, in the order of their
names, who hear it as a stranger's execution, for the position is gone. The rest, and all that adds, is EXTERNAL:
in the account's risk, in no strategy's profit.

*The balance.* For each symbol and product the sessions' positions and EXTERNAL are together what the executions have
come to. It is checked on demand, at every entry of a journal if wanted: a session that dropped an execution, or booked
one twice, is found at once, before the broker's own figure is even asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from framework.journal.account_entries import TAKEN_BACK, ExternalFill
from framework.pretrade.facts import OpenOrder
from framework.types.events import Annulled, Filled
from framework.types.orders import NAN, Fill
from framework.types.record import AppliedAction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from framework.broker.book import BrokerFill, BrokerOrder
    from framework.live.account_orders import AccountMember, PositionKey
    from framework.live.order_names import OrderNames
    from framework.types.events import Fact

STRANGER = 0
"""Order id of an execution that no order of ours explains."""


class FillShare(NamedTuple):
    """Share of an execution."""

    session: str
    """Empty: EXTERNAL."""
    order_id: int
    """0 = of no order of ours."""
    quantity: int
    """Signed units."""


class TakenFill(NamedTuple):
    """An execution as the book takes it."""

    answers: tuple[tuple[str, Filled], ...] = ()
    """Session and its input."""
    external: ExternalFill | None = None
    owned: bool = True
    """False: it carries a tag of ours that names no order of a session traded here."""


class TakenBack(NamedTuple):
    """An annulled execution as the book takes it back."""

    answers: tuple[tuple[str, Annulled], ...] = ()
    """Session and its input."""
    external: ExternalFill | None = None
    symbols: tuple[str, ...] = ()
    """Those that it was in."""
    known: bool = True
    """False: no such execution was booked here, as far as is remembered."""


class BookDifference(NamedTuple):
    """A symbol and product of which the books do not hold what they should."""

    symbol: str
    product: str
    ours: int
    """Signed units of the sessions and of nobody."""
    theirs: int
    """Signed units by the executions, or by the broker."""


NOT_TAKEN = TakenFill()
"""Of an execution that was taken before."""


def stranger_shares(quantity: int, external: int, held: Mapping[str, int]) -> list[FillShare]:
    """Shares of somebody else's execution; ``external`` and ``held`` (by session) are signed units of its position.

    The part that reduces what nobody owns, or adds, is EXTERNAL; the part that takes from sessions is theirs.
    """
    rest, outside = quantity, 0
    if external * quantity < 0:
        outside = _towards_zero(quantity, external)
        rest -= outside
    shares = []
    for session in sorted(held):
        if rest and held[session] * rest < 0:
            taken = _towards_zero(rest, held[session])
            shares.append(FillShare(session, STRANGER, taken))
            rest -= taken
    if outside + rest:
        shares.append(FillShare("", STRANGER, outside + rest))
    return shares


def _towards_zero(quantity: int, held: int) -> int:
    """As many units of a signed quantity as ``held`` has."""
    units = min(abs(quantity), abs(held))
    return units if quantity > 0 else -units


class AccountBook:
    """Positions of an account by owner, and the executions that made them."""

    def __init__(
        self,
        members: Mapping[str, AccountMember],
        names: OrderNames,
        *,
        external: Mapping[PositionKey, int] | None = None,
        seen: Iterable[str] = (),
        fills: Iterable[ExternalFill] = (),
    ) -> None:
        """``external``, ``seen`` (ids of executions that were booked), ``fills`` of nobody: as the journal has them."""
        self._members = members
        self._names = names
        self._column = {name: {symbol: i for i, symbol in enumerate(one.symbols)} for name, one in members.items()}
        self.external: dict[PositionKey, int] = {key: units for key, units in (external or {}).items() if units}
        """Signed units of nobody."""
        self.seen: set[str] = set(seen)
        self._external_fills = {fill.fill_id: fill for fill in fills if fill.fill_id}
        self._annulled: set[str] = set()
        self._executed = self.positions()
        """Signed units by the executions, from the positions at the start on."""

    # ------------------------------------------------------------------ executions

    def take(self, fill: BrokerFill, moment: int) -> TakenFill:
        """Book an execution: inputs for the sessions, and what is EXTERNAL of it; nothing if it was booked before."""
        if fill.fill_id in self.seen:
            return NOT_TAKEN
        self.seen.add(fill.fill_id)
        key = (fill.symbol, fill.product)
        self._add(self._executed, key, fill.quantity)
        shares, owned = self._shares(fill)
        answers = []
        external = None
        for share in shares:
            if not share.session:
                self._add(self.external, key, share.quantity)
                external = ExternalFill(fill.fill_id, *key, share.quantity, fill.price, fill.time)
                self._external_fills[fill.fill_id] = external
                continue
            column = self._column[share.session][fill.symbol]
            booked = Fill(share.order_id, column, share.quantity, fill.price, fill.time)
            at = max(moment, self._members[share.session].session.moment)
            answers.append((share.session, Filled(at, fill.fill_id, booked, fill.at_open)))
        return TakenFill(tuple(answers), external, owned)

    def take_back(self, fill_id: str, reason: str, moment: int) -> TakenBack:
        """F81: the exchange has annulled an execution: inputs for those who have it, and what is EXTERNAL of it.

        Once: what was taken back is in no book any more.
        """
        if fill_id in self._annulled:
            return TakenBack()
        self._annulled.add(fill_id)
        answers, symbols = [], []
        for name, member in self._members.items():
            fill = member.session.booked_fill(fill_id)
            if fill is not None:
                symbols.append(member.symbols[fill.instrument])
                self._add(self._executed, (symbols[-1], member.product), -fill.quantity)
                answers.append((name, Annulled(max(moment, member.session.moment), fill_id, reason)))
        external = self._external_fills.pop(fill_id, None)
        if external is not None:
            key = (external.symbol, external.product)
            self._add(self.external, key, -external.quantity)
            self._add(self._executed, key, -external.quantity)
            external = external._replace(fill_id=TAKEN_BACK + fill_id, quantity=-external.quantity)
            symbols.append(external.symbol)
        return TakenBack(tuple(answers), external, tuple(symbols), bool(answers) or external is not None)

    def _shares(self, fill: BrokerFill) -> tuple[list[FillShare], bool]:
        owner = self._names.owner(fill.tag)
        if owner is not None and fill.symbol in self._column.get(owner[0], {}):
            known = owner[1] < self._members[owner[0]].session.next_order_id
            return [FillShare(owner[0], owner[1], fill.quantity)], known
        key = (fill.symbol, fill.product)
        held = {
            name: self._held(name, fill.symbol) for name, member in self._members.items() if member.product == key[1]
        }
        return stranger_shares(fill.quantity, self.external.get(key, 0), held), owner is None

    def _held(self, name: str, symbol: str) -> int:
        i = self._column[name].get(symbol)
        return 0 if i is None else self._members[name].session.account.quantity[i]

    # ------------------------------------------------------------------ what a person says, what a company does

    def note_fact(self, name: str, fact: Fact) -> None:
        """A session went through a corporate action: what it holds is other units now, at the broker too."""
        if isinstance(fact, AppliedAction):
            member = self._members[name]
            self._add(self._executed, (member.symbols[fact.instrument], member.product), fact.after - fact.before)

    def note_external(self, symbol: str, product: str, quantity: int, moment: int) -> ExternalFill:
        """Units, signed, that are the account's and no strategy's: a person says so of what the broker shows.

        Returns the entry for the journal; ``adopt`` returns its own.
        """
        self._add(self.external, (symbol, product), quantity)
        self._add(self._executed, (symbol, product), quantity)
        return ExternalFill("", symbol, product, quantity, NAN, moment)

    def adopt(self, symbol: str, product: str, quantity: int, moment: int) -> list[ExternalFill]:
        """A session takes over signed units of nobody; it hears so itself right after this (``Wish.ADOPT``).

        What is more than nobody's is what the broker shows and no execution explains: it is noted first.
        """
        known = self.external.get((symbol, product), 0)
        more = quantity - (_towards_zero(quantity, known) if known * quantity > 0 else 0)
        noted = [self.note_external(symbol, product, more, moment)] if more else []
        self._add(self.external, (symbol, product), -quantity)
        return [*noted, ExternalFill("", symbol, product, -quantity, NAN, moment)]

    # ------------------------------------------------------------------ the balance

    def positions(self) -> dict[PositionKey, int]:
        """(symbol, product) → signed units of the sessions and of nobody; none that is 0."""
        total = dict(self.external)
        for member in self._members.values():
            for i in member.session.account.held:
                self._add(total, (member.symbols[i], member.product), member.session.account.quantity[i])
        return total

    def differences(self) -> list[BookDifference]:
        """Symbols and products of which sessions and EXTERNAL together do not hold what the executions have come to."""
        return compare(self.positions(), self._executed)

    @staticmethod
    def _add(units: dict[PositionKey, int], key: PositionKey, quantity: int) -> None:
        units[key] = units.get(key, 0) + quantity
        if not units[key]:
            del units[key]


def orders_of_nobody(
    orders: Iterable[BrokerOrder], names: OrderNames, price_of: Callable[[str], float]
) -> list[OpenOrder]:
    """Open orders of a broker's book that are not ours, as the pre-trade rules count them.

    ``price_of``: the last price of a symbol, rupees; NaN where none is known.
    """
    found = []
    for one in orders:
        if one.state.is_final or names.owner(one.tag) is not None:
            continue
        waits = one.trigger > 0.0
        price = one.limit if one.limit > 0.0 else one.trigger if waits else price_of(one.symbol)
        name = f"nobody {one.broker_id}"
        found.append(
            OpenOrder(name, one.symbol, one.quantity, one.filled, price, 0, None if waits else one.limit, counted=True)
        )
    return found


def compare(ours: Mapping[PositionKey, int], theirs: Mapping[PositionKey, int]) -> list[BookDifference]:
    """Every symbol and product where the two differ; one that is not named is 0."""
    return [
        BookDifference(*key, ours.get(key, 0), theirs.get(key, 0))
        for key in sorted({**ours, **theirs})
        if ours.get(key, 0) != theirs.get(key, 0)
    ]
