"""A record as plain lines, and their digests: the one place that knows how records are laid out.

Lines hold whole numbers, ``repr`` of floats and words, never the name of a class or the order of fields. Orders are
told without their ids and protective ones apart, so that another way to number or to replace them shows there alone.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from framework.types import Record
    from framework.types.record import OrderRecord, Settlement

SECTIONS = ("fills", "account", "notices", "breaker", "actions", "orders", "protective")
LENGTH = 12
"""Hexadecimal digits of sha256 that are kept of a section."""


def facts_of(record: Record) -> dict[str, list[str]]:
    """Section → its lines."""
    symbols = [str(instrument) for instrument in record.panel.instruments]
    return {
        "fills": [_fill(one, symbols) for one in record.settlements],
        "account": [
            *(f"{e} {c} {x}" for e, c, x in zip(
                record.equity_paise.tolist(), record.cash_paise.tolist(), record.exposure_paise.tolist(), strict=True
            )),
            " ".join(map(str, record.positions)),
        ],
        "notices": [f"{one.time} {one.code} {one.text}" for one in record.notices],
        "breaker": [
            f"{one.time} {one.before.value} {one.after.value} {one.cause.value} "
            f"{one.value} {one.limit} {one.instrument}"
            for one in record.breaker_events
        ],
        "actions": [
            f"{one.time} {symbols[one.instrument]} {one.kind} {one.factor!r} {one.dividend!r} {one.before} {one.after} "
            f"{one.cash_paise}"
            for one in record.actions
        ],
        "orders": [_order(one, symbols) for one in record.orders if not one.order.protective],
        "protective": [_order(one, symbols) for one in record.orders if one.order.protective],
    }  # fmt: skip


def _fill(one: Settlement, symbols: list[str]) -> str:
    fill = one.fill
    return (
        f"{fill.time} {symbols[fill.instrument]} {fill.quantity} {fill.price!r} {one.simulated.unslipped!r} "
        f"{one.reason.value} {one.reduces} {one.value_paise} {one.charges_paise} {one.cost_out_paise} "
        f"{one.gross_paise} {one.position} {one.cash_paise} {one.label}"
    )


def _order(one: OrderRecord, symbols: list[str]) -> str:
    order = one.order
    return (
        f"{order.decided_at} {symbols[order.instrument]} {order.quantity} {order.type.name} {order.reason.value} "
        f"{order.reduces} {order.limit!r} {order.trigger!r} {order.validity.name} {order.label} {one.requested} "
        f"{one.verdict.quantity} {one.verdict.reason} {one.state.value} {one.filled} {one.ended_at} {one.why}"
    )


def digest(lines: Iterable[str]) -> str:
    """The beginning of sha256 over the lines."""
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:LENGTH]


def answer(name: str, record: Record) -> str:
    """One line of the file of golden answers: figures to read, then a digest of each section."""
    facts = facts_of(record)
    final = int(record.equity_paise[-1]) / 100 if record.equity_paise.shape[0] else 0.0
    figures = f"{len(facts['orders'])} orders, {len(facts['fills'])} fills, {final:.2f}"
    return f"{name}: {figures}; " + " ".join(digest(facts[section]) for section in SECTIONS)
