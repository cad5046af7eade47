"""End-of-day report of an account: everything that happened on a day, by its journal, as plain JSON values.

Money in rupees, times as the exchange's clock shows them. ``report.day_page`` makes a page of it, ``tulya day`` prints
it.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from framework.journal.account_entries import (
    CommandHeard,
    Denied,
    DrillEnded,
    ExternalFill,
    RunnerState,
    RunStarted,
    RunStopped,
    StateChanged,
    StrayArrived,
)
from framework.live.day_charges import charges_of_day
from framework.live.day_facts import SessionDay, fills_of, is_whole, orders_of, refusals_of, session_days
from framework.live.day_findings import day_findings
from framework.live.deployment import ReportSettings
from framework.live.hours import session_of
from framework.live.ledger import clock_text, day_at, moment_text
from framework.live.protection_time import has_stops
from framework.live.system_rows import answer_times_ms, system_metrics
from framework.report.charge_breakdown import NAMES
from framework.types.timeframe import SECOND_NS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from framework.live.ledger import AccountLedger, Noted, SessionLedger
    from framework.live.silence import Silence


class ReportChoices(NamedTuple):
    """Parts of a day's report beside its journal."""

    deployment: str = ""
    names: Mapping[str, str] = {}
    """Session → name of its strategy in the deployment; without one the header's word for it."""
    settings: ReportSettings = ReportSettings()
    silences: Mapping[str, Silence] = {}
    """By the strategy's name; without one nothing was compared."""


def day_document(ledger: AccountLedger, day: date, choices: ReportChoices) -> dict[str, Any]:
    """The day; ``DataError`` from the caller where the journal does not have it."""
    number = session_of(day)
    sessions = [one for one in ledger.sessions.values() if number in one.days]
    strategies = [_strategy(ledger, one, number, choices) for one in sessions]
    charges = charges_of_day(ledger, day)
    fills, changes = (sum(one[name] for one in strategies) for name in ("fills", "changes"))
    document: dict[str, Any] = {
        "account": ledger.account,
        "stage": ledger.folded.header.stage if ledger.folded.header else "",
        "deployment": choices.deployment,
        "day": day.isoformat(),
        "whole": is_whole(ledger, number),
        "as_of": moment_text(ledger.folded.at),
        "state": _state_after(ledger, day),
        "journal_entries": ledger.folded.entries,
        "journal_hash": ledger.folded.head,
        "orders": sum(one["orders"] for one in strategies),
        "fills": fills,
        "changes": changes,
        "order_to_trade": changes / fills if fills else None,
        "order_to_trade_bound": choices.settings.order_to_trade,
        "unprotected_s": sum(one["unprotected_s"] or 0.0 for one in strategies),
        **{name: round(sum(one[name] for one in strategies), 2)
           for name in ("gross", "charges", "net", "begins", "final_equity")},
        "strategies": strategies,
        "order_rows": [row for one in sessions for row in _order_rows(ledger, one, day, choices)],
        "fill_rows": [row for one in sessions for row in _fill_rows(one, day, choices)],
        "contract_note": {
            "booked": charges.booked_paise / 100,
            "components": {NAMES[name]: paise / 100 for name, paise in charges.noted._asdict().items()},
            "note": charges.noted.total / 100,
            "difference": charges.difference_paise / 100,
        },
        "refusals": [row for one in sessions for row in _refusals(ledger, one, day, choices)],
        "states": [_state(one) for one in ledger.on(StateChanged, day)],
        "commands": [{"time": clock_text(one.at), **one.body._asdict()} for one in ledger.on(CommandHeard, day)],
        "runs": [_run(one) for one in [*ledger.on(RunStarted, day), *ledger.on(RunStopped, day)]],
        "external": [{**one.body._asdict(), "time": clock_text(one.body.time), "price": _finite(one.body.price)}
                     for one in ledger.on(ExternalFill, day)],
        "strays": len(ledger.on(StrayArrived, day)),
        "drill": next(({"time": clock_text(one.at), **one.body._asdict()}
                       for one in reversed(ledger.on(DrillEnded, day))), None),
        "ages": _ages(ledger, sessions, number, day),
        "metrics": {one.name: one.value for one in system_metrics(ledger, day)},
    }  # fmt: skip
    document["findings"] = day_findings(ledger, sessions, day, document)
    return document


def _strategy(ledger: AccountLedger, session: SessionLedger, number: int, choices: ReportChoices) -> dict[str, Any]:
    one: SessionDay = next(found for found in session_days(ledger, session) if found.day == number)
    name = _name(session, choices)
    silence = choices.silences.get(name)
    held = {symbol: units for symbol, units in zip(session.symbols, session.days[number].held, strict=True) if units}
    return {
        "strategy": name,
        "session": session.name,
        "symbols": list(session.symbols),
        "timeframe": session.folded.header.timeframe,
        "orders": one.orders,
        "fills": one.fills,
        "refused": one.refused,
        "changes": one.changes,
        "round_trips": one.trips,
        "won": one.wins,
        "gross": one.gross_paise / 100,
        "charges": one.charges_paise / 100,
        "net": one.net_paise / 100,
        "begins": one.begins_paise / 100,
        "final_equity": one.equity_paise / 100,
        "fall": one.fall_paise / 100,
        "unprotected_s": one.unprotected_s if has_stops(session) else None,
        "order_to_trade": one.ratio if math.isfinite(one.ratio) else None,
        "rows_decided": one.rows,
        "state": session.days[number].state,
        "held": held,
        "silence": None if silence is None else _silence(silence),
    }


def _silence(silence: Silence) -> dict[str, Any]:
    return {
        "verdict": silence.verdict,
        "sessions": silence.sessions,
        "oddness": _finite(silence.oddness),
        "bound": _finite(silence.bound),
        "text": silence.text,
        "counts": [one._asdict() for one in silence.counts],
    }


def _order_rows(
    ledger: AccountLedger, session: SessionLedger, day: date, choices: ReportChoices
) -> list[dict[str, Any]]:
    found = []
    for record in orders_of(session, day):
        order, submitted = record.order, session.submitted.get(record.order.order_id)
        tag = submitted.tag if submitted else ""
        found.append(
            {
                "time": clock_text(order.decided_at), "strategy": _name(session, choices), "order": order.order_id,
                "tag": tag, "broker_id": ledger.folded.broker_ids.get(tag, ""),
                "symbol": session.symbols[order.instrument], "side": "BUY" if record.requested > 0 else "SELL",
                "requested": abs(record.requested), "quantity": abs(record.verdict.quantity),
                "type": order.type.name.replace("_", " "), "limit": _finite(order.limit),
                "trigger": _finite(order.trigger), "reason": str(order.reason), "state": str(record.state),
                "filled": abs(record.filled), "changes": session.changes.get(order.order_id, 0),
                "why": record.why or record.verdict.reason,
            }
        )  # fmt: skip
    return found


def _fill_rows(session: SessionLedger, day: date, choices: ReportChoices) -> list[dict[str, Any]]:
    found = []
    for noted in fills_of(session, day):
        one = noted.body
        found.append(
            {
                "time": clock_text(one.fill.time), "strategy": _name(session, choices), "order": one.fill.order_id,
                "symbol": session.symbols[one.fill.instrument], "side": "BUY" if one.fill.quantity > 0 else "SELL",
                "quantity": abs(one.fill.quantity), "price": one.fill.price, "value": one.value_paise / 100,
                "charges": one.charges_paise / 100, "gross": one.gross_paise / 100, "position": one.position,
                "reason": str(one.reason),
            }
        )  # fmt: skip
    return found


def _refusals(ledger: AccountLedger, session: SessionLedger, day: date, choices: ReportChoices) -> list[dict[str, Any]]:
    found = [
        {
            "time": clock_text(record.order.decided_at), "strategy": _name(session, choices),
            "order": record.order.order_id, "request": "place", "by": "risk review", "code": record.verdict.reason,
            "text": f"{abs(record.verdict.quantity)} of {abs(record.requested)} left",
        }
        for record in orders_of(session, day) if record.verdict.reason
    ]  # fmt: skip
    for noted in refusals_of(ledger, session, day):
        said = noted.body
        by_gate = isinstance(said, Denied)
        found.append(
            {
                "time": clock_text(noted.at), "strategy": _name(session, choices), "order": said.order_id,
                "request": str(said.request), "by": "pre-trade gate" if by_gate else "broker",
                "code": said.code or (said.outcome if not by_gate else ""),
                "text": f"{said.value} against {said.bound}" if by_gate else said.reason or said.outcome,
            }
        )  # fmt: skip
    return found


def _state_after(ledger: AccountLedger, day: date) -> str:
    """Trading state of the account at the end of a day; phases of a run are none."""
    trading = {RunnerState.ACTIVE, RunnerState.REDUCE_ONLY, RunnerState.HALTED}
    states = [one.body.after for one in ledger.entries[StateChanged] if day_at(one.at) <= day]
    return str(next((state for state in reversed(states) if state in trading), RunnerState.STARTING))


def _state(noted: Noted) -> dict[str, str]:
    changed: StateChanged = noted.body
    return {
        "time": clock_text(noted.at), "before": str(changed.before), "after": str(changed.after),
        "cause": changed.cause, "text": changed.text,
    }  # fmt: skip


def _run(noted: Noted) -> dict[str, str]:
    begun = isinstance(noted.body, RunStarted)
    said = "began" if begun else f"ended: {noted.body.cause}"
    return {"time": clock_text(noted.at), "run": noted.body.run, "what": said}


def _ages(ledger: AccountLedger, sessions: list[SessionLedger], number: int, day: date) -> dict[str, Any]:
    """Longest waits of the day, in seconds: for a bar of each symbol, and for the broker's word on a request."""
    waits: dict[str, float] = {}
    for session in sessions:
        records = session.folded.records
        rows = [row for row in records.rows if row.session == number] if records is not None else []
        for i, symbol in enumerate(session.symbols):
            closes = [row.close_time for row in rows if row.close[i] > 0.0]
            marks = [rows[0].time, *closes, rows[-1].close_time]
            longest = max(later - earlier for earlier, later in pairwise(marks))
            waits[symbol] = max(waits.get(symbol, 0.0), longest / SECOND_NS)
    answers = answer_times_ms(ledger, day)
    return {"bars_s": waits, "answer_s": answers[-1] / 1000 if answers else None}


def _name(session: SessionLedger, choices: ReportChoices) -> str:
    return choices.names.get(session.name, session.strategy)


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
