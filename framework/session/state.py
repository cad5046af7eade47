"""Checkpoint of a session: its whole state as plain JSON, and back into a fresh session, equal to the bit.

Every attribute of every part is named here, either as state or as what the constructor makes of settings and
instruments; one that is in neither list is an error the first time a checkpoint is made, so none is forgotten.

Spelling: numbers and texts as they are; everything else is an object with one key that says what it is: ``{"float":
"NaN"}``, ``{"tuple": […]}``, ``{"set": […]}``, ``{"dict": [[key, value], …]}``, an enum or a named tuple under its class
name, ``{"order": 7}`` for an order of the session.
"""

from __future__ import annotations

import hashlib
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from framework.errors import DataError
from framework.session.instrument_state import WorkingOrder
from framework.types.codec import NOT_FINITE, SPELLINGS, UnknownFormatError, is_named_tuple
from framework.types.vocabulary import NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from framework.session.session import Session


class Attributes(NamedTuple):
    """The attributes of one part of a session."""

    state: tuple[str, ...]
    """What changes: kept by a checkpoint."""
    fixed: tuple[str, ...]
    """What the constructor makes of settings and instruments, and references to other parts."""


PARTS: Mapping[str, Callable[[Session], Any]] = {}
ATTRIBUTES: Mapping[str, Attributes] = {}
"""Part → its attributes."""
VERSION = f"1-{hashlib.sha256(repr([(name, one.state) for name, one in ATTRIBUTES.items()]).encode()).hexdigest()[:8]}"
"""Changes with every attribute that is kept."""


def dump(session: Session) -> dict[str, Any]:
    """The state of a session as plain JSON values; ``DataError`` where a rule of the user's own cannot be kept."""
    parts = {name: _dump(name, part, ATTRIBUTES[name]) for name, reach in PARTS.items() for part in [reach(session)]}
    instruments = [_dump("instruments", one, ATTRIBUTES["instruments"]) for one in session.books]
    orders = [_dump("order", one, ATTRIBUTES["order"]) for one in session.orders.known()]
    rules = [_dump_rule(rule) for rule in session.rules]
    return {"version": VERSION, "parts": parts, "instruments": instruments, "orders": orders, "rules": rules}


def load(session: Session, state: Any) -> None:
    """Bring a fresh session, made of the same settings and instruments, to a state that ``dump`` told."""
    if state.get("version") != VERSION:
        msg = (
            f"the checkpoint has version {state.get('version')!r}, this version of Tulya reads {VERSION}; "
            "fold the journal from its first entry"
        )
        raise UnknownFormatError(msg)
    orders = [_order(written) for written in state["orders"]]
    known = {order.order.order_id: order for order in orders}
    for name, reach in PARTS.items():
        _load(reach(session), state["parts"][name], known)
    for book, written in zip(session.books, state["instruments"], strict=True):
        _load(book, written, known)
    for rule, written in zip(session.rules, state["rules"], strict=True):
        if written is not None:
            rule.load(written)


def _names(one: Any) -> set[str]:
    slots = {name for kind in type(one).__mro__ for name in getattr(kind, "__slots__", ())}
    return slots | set(getattr(one, "__dict__", ()))


def _dump(name: str, one: Any, attributes: Attributes) -> dict[str, Any]:
    if unnamed := _names(one) ^ {*attributes.state, *attributes.fixed}:
        msg = f"session/state.py and {type(one).__name__} differ in {', '.join(sorted(unnamed))}: name it in ATTRIBUTES[{name!r}]"
        raise TypeError(msg)
    return {field: _out(getattr(one, field)) for field in attributes.state}


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
    if value is None or isinstance(value, Enum) or type(value) in {bool, int, str}:
        return {type(value).__name__: value.value} if isinstance(value, Enum) else value
    if isinstance(value, float):
        return value if value - value == 0 else {"float": SPELLINGS[str(value)]}
    if is_named_tuple(type(value)):
        return {type(value).__name__: {name: _out(item) for name, item in zip(value._fields, value, strict=True)}}
    if isinstance(value, WorkingOrder):
        return {"order": value.order.order_id}
    if isinstance(value, list):
        return [_out(item) for item in value]
    if isinstance(value, tuple):
        return {"tuple": [_out(item) for item in value]}
    if isinstance(value, set):
        return {"set": [_out(item) for item in sorted(value)]}
    if isinstance(value, dict):
        return {"dict": [[_out(key), _out(item)] for key, item in value.items()]}
    msg = f"a checkpoint cannot hold {value!r}"
    raise TypeError(msg)


def _in(written: Any, orders: Mapping[int, WorkingOrder]) -> Any:
    """The value that was told."""
    if isinstance(written, list):
        return [_in(item, orders) for item in written]
    if not isinstance(written, dict):
        return written
    ((kind, content),) = written.items()
    if kind == "float":
        return NOT_FINITE[content]
    if kind == "order":
        return orders[content]
    if kind == "dict":
        return {_in(key, orders): _in(item, orders) for key, item in content}
    if kind in {"tuple", "set"}:
        return (tuple if kind == "tuple" else set)(_in(item, orders) for item in content)
    known = NAMES.get(kind)
    if is_named_tuple(known):
        return known._make(_in(content[name], orders) for name in known._fields)
    if isinstance(known, type) and issubclass(known, Enum):
        return known(content)
    msg = f"the checkpoint holds a {kind!r}, which this version of Tulya does not know"
    raise UnknownFormatError(msg)


def _dump_rule(rule: Any) -> Any:
    """What a rule of the user's own remembers: by its own ``dump`` and ``load``, or nothing."""
    if hasattr(rule, "dump") and hasattr(rule, "load"):
        return rule.dump()
    if not _names(rule):
        return None
    msg = f"risk rule {type(rule).__name__} remembers something; give it dump() and load(state), so that a checkpoint keeps it"
    raise DataError(msg)
