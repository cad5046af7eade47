"""Rows of ``system_metrics``: what the runner did on each day, and how long the broker took to answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from framework.journal.account_entries import (
    AccountFinding,
    Denied,
    ExternalFill,
    RequestDeferred,
    Returned,
    RunStarted,
    Sending,
    StrayArrived,
)
from framework.live.ledger import day_at
from framework.store.account_rows import SystemMetricRow

if TYPE_CHECKING:
    from datetime import date

    from framework.live.ledger import AccountLedger, Noted

COUNTED: dict[str, type] = {
    "runs_started": RunStarted,
    "requests": Sending,
    "denied": Denied,
    "deferred": RequestDeferred,
    "findings": AccountFinding,
    "external_fills": ExternalFill,
    "strays": StrayArrived,
}
"""Metric → class of the entries that it counts."""


class Metric(NamedTuple):
    """One figure of a day."""

    name: str
    value: float
    unit: str
    seq: int
    """Latest entry that it is of."""


def system_rows(ledger: AccountLedger) -> list[SystemMetricRow]:
    """Every figure of every day that has an entry."""
    return [
        SystemMetricRow(one.seq, day.isoformat(), one.name, float(one.value), one.unit)
        for day in sorted(set(ledger.inputs))
        for one in system_metrics(ledger, day)
    ]


def system_metrics(ledger: AccountLedger, day: date) -> list[Metric]:
    """Figures of one day; answer times only where the broker answered."""
    last = max((end.seq for one in ledger.sessions.values() for end in one.days.values()
                if day_at(end.at) == day), default=0)  # fmt: skip
    found = [Metric("inputs", ledger.inputs[day], "entries", last)]
    for name, kind in COUNTED.items():
        entries = ledger.on(kind, day)
        found.append(Metric(name, len(entries), "entries", entries[-1].seq if entries else last))
    answers = ledger.on(Returned, day)
    for outcome in ("refused", "unknown"):
        of_it = [one for one in answers if one.body.outcome == outcome]
        found.append(Metric(outcome, len(of_it), "entries", of_it[-1].seq if of_it else last))
    waits = answer_times_ms(ledger, day)
    if waits:
        for share in (50, 99, 100):
            name = "answer_ms_max" if share == 100 else f"answer_ms_p{share}"  # noqa: PLR2004 - per cent
            found.append(Metric(name, waits[-(-share * len(waits) // 100) - 1], "ms", answers[-1].seq))
    return found


def answer_times_ms(ledger: AccountLedger, day: date) -> list[float]:
    """Milliseconds from each request to its outcome, rising."""
    asked: dict[tuple[str, int, str], Noted] = {}
    waits = []
    for noted in sorted([*ledger.on(Sending, day), *ledger.on(Returned, day)], key=lambda one: one.seq):
        key = (noted.body.session, noted.body.order_id, str(noted.body.request))
        if isinstance(noted.body, Sending):
            asked[key] = noted
        elif (before := asked.pop(key, None)) is not None:
            waits.append((noted.at - before.at) / 1e6)
    return sorted(waits)
