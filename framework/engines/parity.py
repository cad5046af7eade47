"""Two records of the same run: where do they first differ? Pure comparison, no engine is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from framework.types.record import OrderRecord, OrderState
from framework.types.rupees import rupees
from framework.types.timeframe import Timeframe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from framework.types.record import Record, Settlement

Tolerance = Literal["exact", "per_cash_movement"]
"""``exact``: bit for bit, between our own engines. ``per_cash_movement``: against an engine that counts in floats."""
RELATIVE_PRICE = 1e-9
"""Relative difference that float arithmetic in another sequence may make to the same price."""


class Difference(NamedTuple):
    """The first place at which two records differ."""

    time: int
    """UTC nanoseconds of the decision, the bar of the fill, or the bar at whose close the account differs."""
    what: str
    """``order``, ``fill`` or ``account``."""
    text: str

    def __str__(self) -> str:
        return self.text


def first_difference(one: Record, other: Record, tolerance: Tolerance = "exact") -> Difference | None:
    """The earliest difference, an order before its fill before the account; None when there is none.

    ``per_cash_movement`` compares what was refused or shrunk instead of every order (the other engine numbers and
    replaces orders in its own way), fills by bar in whatever sequence, prices to 1e-9 of themselves, charges to the
    paisa they are rounded to, and equity to half a paisa for each movement of cash so far, each open position's mark
    and the other's own rounding.
    """
    exact = tolerance == "exact"
    pair = _Pair(one, other)
    found = [
        next(pair.orders() if exact else pair.verdicts(), None),
        next(pair.fills(exact=exact), None),
        next(pair.account(exact=exact), None),
    ]
    return min((difference for difference in found if difference), key=lambda each: each.time, default=None)


class _Pair:
    """Both records, with the words for what differs."""

    def __init__(self, one: Record, other: Record) -> None:
        self.one, self.other = one, other
        self.names = one.engine, other.engine if other.engine != one.engine else f"the other {other.engine}"
        self.unit = "D" if Timeframe.parse(one.panel.timeframe).dated else "m"

    def orders(self) -> Iterator[Difference]:
        """Every order with its verdict and its end."""
        return self._each("order", self.one.orders, self.other.orders, _order_facts, lambda each: each.order.decided_at)

    def verdicts(self) -> Iterator[Difference]:
        """Verdicts that refused or shrank an order."""
        held = (_held_back(self.one), _held_back(self.other))
        return self._each("order", *held, _verdict_facts, lambda each: each.order.decided_at)

    def fills(self, *, exact: bool) -> Iterator[Difference]:
        """Every fill with its charges."""
        mine, others = list(self.one.settlements), list(self.other.settlements)
        if not exact:
            mine.sort(key=_by_bar)
            others.sort(key=_by_bar)
        return self._each("fill", mine, others, _fill_facts if exact else _fill_facts_in_floats, lambda x: x.fill.time)

    def account(self, *, exact: bool) -> Iterator[Difference]:
        """Equity at every close; exact: cash and exposure too."""
        for name in ("equity_paise", "cash_paise", "exposure_paise") if exact else ("equity_paise",):
            mine, others = getattr(self.one, name), getattr(self.other, name)
            if mine.shape != others.shape:
                text = f"{name} has {mine.shape[0]} bars ({self.names[0]}) and {others.shape[0]} ({self.names[1]})"
                yield Difference(0, "account", text)
                return
            allowed = 0 if exact else allowed_paise(self.one)
            rows = np.flatnonzero(np.abs(mine - others) > allowed)
            if rows.size:
                row = int(rows[0])
                what, time = name.removesuffix("_paise"), int(self.one.panel.time[self.one.first_row + row])
                values = (rupees(int(array[row]) / 100) for array in (mine, others))
                yield Difference(time, "account", f"{what} at the close of {self._bar(time)}: {self._both(*values)}")

    def _each(
        self,
        what: str,
        mine: Sequence[Any],
        others: Sequence[Any],
        facts: Callable[[Any], dict[str, Any]],
        time: Callable[[Any], int],
    ) -> Iterator[Difference]:
        """The first differing fact of the n-th entries, or the first entry that only one of them has."""
        for number, (ours, theirs) in enumerate(zip(mine, others, strict=False), start=1):
            if ours == theirs:
                continue
            first, second = facts(ours), facts(theirs)
            for name, value in first.items():
                if not _equal(value, second[name]):
                    at = min(time(ours), time(theirs))
                    named = f"{self._where(what, number, at)}, {self._symbol(ours)}, differs in {name}"
                    yield Difference(at, what, f"{named}: {self._both(self._say(value), self._say(second[name]))}")
        count = min(len(mine), len(others))
        for name, longer in zip(self.names, (mine, others), strict=True):
            if len(longer) > count:
                extra = longer[count]
                shown = ", ".join(f"{key} {self._say(value)}" for key, value in facts(extra).items() if key in SHOWN)
                where = f"{self._where(what, count + 1, time(extra))}, {self._symbol(extra)}"
                yield Difference(time(extra), what, f"{where}, only {name} has: {shown}")

    def _symbol(self, entry: Settlement | OrderRecord) -> str:
        i = entry.order.instrument if isinstance(entry, OrderRecord) else entry.fill.instrument
        return self.one.panel.symbols[i]

    def _both(self, mine: str, others: str) -> str:
        return f"{self.names[0]} {mine}, {self.names[1]} {others}"

    def _where(self, what: str, number: int, time: int) -> str:
        """A fill has a bar; an order is decided at a close, which on daily bars is the next midnight."""
        if what == "order":
            return f"order {number}, decided {np.datetime64(time, 'ns').astype('datetime64[m]')}".replace("T", " ")
        return f"{what} {number} at {self._bar(time)}"

    def _bar(self, time: int) -> str:
        return str(np.datetime64(time, "ns").astype(f"datetime64[{self.unit}]")).replace("T", " ")

    def _say(self, value: Any) -> str:
        if isinstance(value, _Moment):
            return self._bar(value)
        if isinstance(value, _Close):
            return repr(float(value))
        return f"{value:+d}" if type(value) is int else str(value) or "none"


class _Moment(int):
    """A time, printed as one."""


class _Close(float):
    """A price that may differ by what floats make of it."""


SHOWN = ("bar", "quantity", "price", "why", "type")


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, _Close):
        return bool(abs(one - other) <= RELATIVE_PRICE * abs(one))
    if isinstance(one, _Paise):
        return abs(int(one) - int(other)) <= 1
    return bool(one == other) or (one != one and other != other)  # noqa: PLR0124 - NaN is the only value unequal to itself


class _Paise(int):
    """An amount that both rounded, each from its own half a paisa."""


def _fill_facts(entry: Settlement) -> dict[str, Any]:
    fill, simulated = entry.fill, entry.simulated
    return {
        "bar": _Moment(fill.time), "instrument": fill.instrument, "quantity": fill.quantity, "price": fill.price,
        "unslipped price": simulated.unslipped, "at the open": simulated.at_open, "at the close": simulated.at_close,
        "charges in paise": entry.charges_paise, "value in paise": entry.value_paise, "reason": str(entry.reason),
        "cost in paise": entry.cost_out_paise, "gross profit in paise": entry.gross_paise,
        "position": entry.position, "cash in paise": entry.cash_paise, "order": fill.order_id,
        "reduces": entry.reduces, "label": entry.label,
    }  # fmt: skip


def _fill_facts_in_floats(entry: Settlement) -> dict[str, Any]:
    fill = entry.fill
    return {
        "bar": _Moment(fill.time), "instrument": fill.instrument, "quantity": fill.quantity,
        "price": _Close(fill.price), "charges in paise": _Paise(entry.charges_paise), "reason": str(entry.reason),
        "position": entry.position,
    }  # fmt: skip


def _order_facts(entry: OrderRecord) -> dict[str, Any]:
    order = {name: str(value) if name in WORDS else value for name, value in entry.order._asdict().items()}
    return {
        "bar": _Moment(order.pop("decided_at")), **order, "requested": entry.requested,
        "allowed": entry.verdict.quantity, "why allowed": entry.verdict.reason, "state": str(entry.state),
        "filled": entry.filled, "end": _Moment(entry.ended_at), "why": entry.why,
    }  # fmt: skip


WORDS = ("reason", "validity")


def _verdict_facts(entry: OrderRecord) -> dict[str, Any]:
    return {
        "bar": _Moment(entry.order.decided_at), "instrument": entry.order.instrument, "requested": entry.requested,
        "allowed": entry.verdict.quantity, "why": entry.why or entry.verdict.reason,
    }  # fmt: skip


def _held_back(record: Record) -> list[OrderRecord]:
    """Orders that risk or cash refused or shrank, by the bar that decided them."""
    chosen = [
        entry
        for entry in record.orders
        if entry.state is OrderState.REFUSED or entry.verdict.quantity != entry.requested
    ]
    return sorted(chosen, key=lambda entry: (entry.order.decided_at, entry.order.instrument, entry.requested))


def _by_bar(entry: Settlement) -> tuple[int, int, int, float]:
    return (entry.fill.time, entry.fill.instrument, entry.fill.quantity, round(entry.fill.price, 6))


def allowed_paise(record: Record) -> NDArray[np.float64]:
    """Paise by which equity may differ at each close when the other engine counts in floats.

    Half a paisa for each amount that was rounded: every value and every charge so far, every open position's mark, and
    the other's equity, which its record keeps in whole paise.
    """
    times = record.panel.time[record.first_row :]
    amounts = np.zeros(times.shape[0] + 1)
    rows = np.searchsorted(times, [entry.fill.time for entry in record.settlements])
    open_before: dict[int, int] = {}
    for row, entry in zip(rows, record.settlements, strict=True):
        held = int(entry.position != 0)
        amounts[row] += 1 + (entry.charges_paise > 0) + held - open_before.get(entry.fill.instrument, 0)
        open_before[entry.fill.instrument] = held
    amounts = np.cumsum(amounts[:-1])
    allowed: NDArray[np.float64] = np.where(amounts > 0, (amounts + 1) / 2, 0.0)
    return allowed
