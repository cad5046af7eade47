"""Checkpoint of a session: its whole state as plain JSON, and back into a fresh session, equal to the bit.

``PARTS`` names what changes; all else is made by the constructor of settings and instruments. Two tests stand behind
the list: what is not named never changes, and a session that was loaded goes on like the one that was kept.

Spelling: numbers and texts as they are; all else is an object with one key that says what it is: ``{"float": "NaN"}``,
``{"tuple": […]}``, ``{"set": […]}``, ``{"dict": [[key, value], …]}``, an enum or a named tuple under its class
name, ``{"order": 7}`` for an order of the session.
"""

from __future__ import annotations

import hashlib
from enum import Enum
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from framework.errors import DataError
from framework.session.instrument_state import InstrumentState, WorkingOrder
from framework.types.codec import NOT_FINITE, SPELLINGS, UnknownFormatError
from framework.types.vocabulary import NAMES, is_named_tuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from framework.session.session import Session
    from framework.types import RiskRule


class Part(NamedTuple):
    """One stateful part of a session."""

    path: str
    """How it is reached from the session; empty = the session itself."""
    names: tuple[str, ...]
    """Attributes that change."""


PARTS = {
    "session": Part("", ("_row", "equity_paise")),
    "inputs": Part("inputs", ("bar", "began", "began_before", "moment", "now", "phase")),
    "account": Part(
        "account",
        (
            "_dp_day", "average", "cash_paise", "charges_paise", "close", "cost_paise", "deposit_paise",
            "dividends_paise", "entry_charges_paise", "gross_paise", "held", "mark_paise", "quantity",
        ),
    ),
    "trips": Part("account.trips", ("_running", "closed", "losses", "lost_paise", "won", "won_paise")),
    "breaker": Part(
        "breaker",
        (
            "_code", "_halted_for", "_in_doubt", "_loss_limit_of", "_loss_limit_paise", "_said", "fresh", "peak_paise",
            "session_start_paise",
        ),
    ),
    "surprises": Part("_surprises", ("doubts",)),
    "orders": Part(
        "_orders",
        ("_done", "_done_before", "_open", "_placed", "in_session", "next_id", "reserved_paise", "unanswered"),
    ),
    "protection": Part("_protection", ("awaits_fills", "to_look_at")),
    "upkeep": Part("_upkeep", ("exits_due", "looked_at")),
    "fills": Part("_fills", ("_below_zero", "_charges", "_told", "_told_before", "last_traded")),
    "product": Part("_product", ("_done", "_next", "_over", "_session", "deadline")),
    "actions": Part("_corporate_actions", ("due",)),
    "staleness": Part("_last_bars", ("_close", "_seen", "_session", "_sessions", "before")),
}  # fmt: skip
"""Every attribute of an instrument's state and of an order is kept beside these."""
BY_ID = ("_open", "_done", "_done_before", "unanswered")
"""Where the orders of a session are."""
VERSION = (
    "1-" + hashlib.sha256(repr((PARTS, InstrumentState.__slots__, WorkingOrder.__slots__)).encode()).hexdigest()[:8]
)
"""Changes with every name that is kept."""


def dump(session: Session) -> dict[str, Any]:
    """The state of a session as plain JSON values.

    Raises ``DataError`` where a rule of the user's own cannot be kept, and of a session that is half changed.
    """
    if session.broken:
        raise DataError(session.broken)
    orders = attrgetter("_orders")(session)
    known = {order_id: one for place in BY_ID for order_id, one in getattr(orders, place).items()}
    return {
        "version": VERSION,
        "parts": {name: _kept(reach(session, part), part.names) for name, part in PARTS.items()},
        "instruments": [_kept(book, InstrumentState.__slots__) for book in attrgetter("_books")(session)],
        "orders": [_kept(known[order_id], WorkingOrder.__slots__) for order_id in sorted(known)],
        "rules": [_kept_rule(rule) for rule in attrgetter("_rules")(session)],
    }


def load(session: Session, state: Any) -> None:
    """Bring a fresh session, made of the same settings and instruments, to the state that ``dump`` wrote."""
    if state.get("version") != VERSION:
        msg = (
            f"the checkpoint has version {state.get('version')!r}, this version of Tulya reads {VERSION!r}; "
            "fold the journal from its first entry"
        )
        raise UnknownFormatError(msg)
    orders = [_order(written) for written in state["orders"]]
    known = {order.order.order_id: order for order in orders}
    for name, part in PARTS.items():
        _load(reach(session, part), state["parts"][name], known)
    for book, written in zip(attrgetter("_books")(session), state["instruments"], strict=True):
        _load(book, written, known)
    rules: Sequence[RiskRule] = attrgetter("_rules")(session)
    for rule, written in zip(rules, state["rules"], strict=True):
        if written is not None:
            rule.load(written)  # type: ignore[attr-defined]  # only one that has it was kept


def reach(session: Session, part: Part) -> Any:
    """The part itself."""
    return attrgetter(part.path)(session) if part.path else session


def _kept(one: Any, names: Sequence[str]) -> dict[str, Any]:
    return {name: _out(getattr(one, name)) for name in names}


def _load(one: Any, written: Mapping[str, Any], orders: Mapping[int, WorkingOrder]) -> None:
    """Set attributes; lists, sets and dicts stay the same objects, for other parts hold them too."""
    for name, value in written.items():
        now, then = getattr(one, name), _in(value, orders)
        if isinstance(now, list):
            now[:] = then
        elif isinstance(now, (set, dict)):
            now.clear()
            now.update(then)
        else:
            setattr(one, name, then)


def _order(written: Mapping[str, Any]) -> WorkingOrder:
    order: WorkingOrder = WorkingOrder.__new__(WorkingOrder)
    for name, value in written.items():
        setattr(order, name, _in(value, {}))
    return order


def _out(value: Any) -> Any:
    """A value as plain JSON."""
    kind = type(value)
    if value is None or kind in {bool, int, str}:
        return value
    if kind is list:
        return [_out(item) for item in value]
    if kind is float and value - value == 0:
        return value
    return _told(kind, value)


def _told(kind: type[Any], value: Any) -> dict[str, Any]:
    """Tagged form of a value that JSON has no word for."""
    name = kind.__name__
    content: Any = None
    if kind is float:
        content = SPELLINGS[str(value)]
    elif issubclass(kind, Enum):
        content = value.value
    elif is_named_tuple(kind):
        content = {field: _out(item) for field, item in zip(kind._fields, value, strict=True)}
    elif kind is WorkingOrder:
        name, content = "order", value.order.order_id
    elif kind is dict:
        content = [[_out(key), _out(item)] for key, item in value.items()]
    elif kind in {tuple, set}:
        content = [_out(item) for item in (value if kind is tuple else sorted(value))]
    else:
        msg = f"a checkpoint cannot hold {value!r}"
        raise TypeError(msg)
    return {name: content}


def _in(written: Any, orders: Mapping[int, WorkingOrder]) -> Any:
    """The value that was kept."""
    if isinstance(written, list):
        return [_in(item, orders) for item in written]
    if not isinstance(written, dict):
        return written
    ((name, content),) = written.items()
    if name == "float":
        return NOT_FINITE[content]
    if name == "order":
        return orders[content]
    return _made(name, content, orders)


def _made(name: str, content: Any, orders: Mapping[int, WorkingOrder]) -> Any:
    if name == "dict":
        return {_in(key, orders): _in(item, orders) for key, item in content}
    if name in {"tuple", "set"}:
        return (tuple if name == "tuple" else set)(_in(item, orders) for item in content)
    kind: Any = NAMES.get(name)
    if is_named_tuple(kind):
        return kind._make(_in(content[field], orders) for field in kind._fields)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(content)
    msg = f"the checkpoint holds a {name!r}, which this version of Tulya does not know"
    raise UnknownFormatError(msg)


def _kept_rule(rule: RiskRule) -> Any:
    """Memory of a rule of the user's own: by its own ``dump`` and ``load``, or nothing."""
    if hasattr(rule, "dump") and hasattr(rule, "load"):
        return rule.dump()
    if not getattr(rule, "__dict__", None):
        return None
    msg = f"risk rule {type(rule).__name__} remembers something; give it dump() and load(state) to have it kept"
    raise DataError(msg)
