"""Account entries in words: one line for each kind that is no input of a session."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from framework.journal import account_entries as entries

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _account(one: entries.AccountHeader) -> str:
    return f"account {one.account}, {one.stage}"


def _run(one: entries.RunStarted) -> str:
    days = f", replays {', '.join(one.replayed)}" if one.replayed else ""
    return f"{one.deployment}: {', '.join(one.sessions)}{days} (run {one.run})"


def _request(one: entries.Sending | entries.Returned | entries.Denied | entries.RequestDeferred) -> str:
    return f"{one.request.value} order {one.order_id} (tag {one.tag})"


def _sending(one: entries.Sending) -> str:
    return f"{_request(one)} {one.symbol} {one.quantity:+,}" if one.quantity else f"{_request(one)} {one.symbol}"


def _returned(one: entries.Returned) -> str:
    why = f": {' '.join(filter(None, (one.code, one.reason)))}" if one.code or one.reason else ""
    return f"{_request(one)} {one.outcome}{f' as {one.broker_id}' if one.broker_id else ''}{why}"


def _denied(one: entries.Denied) -> str:
    return f"{_request(one)}: {one.code}, has {one.value}, may have {one.bound}"


def _deferred(one: entries.RequestDeferred) -> str:
    if not one.until:
        return f"{_request(one)} until the order is found in the broker's book"
    return f"{_request(one)} until {datetime.fromtimestamp(one.until // 1_000_000_000, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _state(one: entries.StateChanged) -> str:
    return f"{one.before.value} → {one.after.value} ({one.cause}){f': {one.text}' if one.text else ''}"


def _finding(one: entries.AccountFinding) -> str:
    sides = f" (ours {one.ours}, theirs {one.theirs})" if one.ours or one.theirs else ""
    asked = f" {one.question}" if one.question else ""
    return f"{one.code} {f'{one.symbol} ' if one.symbol else ''}{one.text}{sides}{asked}"


def _external(one: entries.ExternalFill) -> str:
    whose = f"execution {one.fill_id}" if one.fill_id else "by a person's word"
    at = f" at {one.price:,.2f}" if one.price > 0.0 else ""
    return f"{one.quantity:+,} {one.symbol} ({one.product}){at} are nobody's: {whose}"


def _stray(one: entries.StrayArrived) -> str:
    return f"{one.symbol} at {one.price:,.2f}: {one.why}"


def _command(one: entries.CommandHeard) -> str:
    given = "".join(f" {name}={value}" for name, value in one.arguments.items())
    return f"{one.name}{given}: {one.answer}"


def _drill(one: entries.DrillEnded) -> str:
    return f"flat after {one.seconds:.1f} s, {one.orders:,} orders cancelled, {one.positions:,} positions closed"


def _stopped(one: entries.RunStopped) -> str:
    return f"{one.cause}, {one.state.value}"


ACCOUNT_WORDS: Mapping[type, Callable[[Any], str]] = {
    entries.AccountHeader: _account,
    entries.RunStarted: _run,
    entries.Sending: _sending,
    entries.Returned: _returned,
    entries.Denied: _denied,
    entries.RequestDeferred: _deferred,
    entries.OrderDropped: lambda one: f"order {one.order_id} (tag {one.tag}) was taken back before it left",
    entries.StateChanged: _state,
    entries.AccountFinding: _finding,
    entries.ExternalFill: _external,
    entries.StrayArrived: _stray,
    entries.CommandHeard: _command,
    entries.StrategyMemory: lambda one: f"{len(one.state):,} characters",
    entries.SessionFacts: lambda one: f"{one.code}: {one.text}",
    entries.DrillEnded: _drill,
    entries.RunStopped: _stopped,
}
"""Class → its line; a test holds it against the entries that there are."""
