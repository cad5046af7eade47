"""Findings of an account's day: everything in it that a person should look at, the worst first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from framework.journal.account_entries import AccountFinding, SessionFacts
from framework.live.ledger import clock_text, day_at
from framework.live.silence import SILENT, USUAL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from framework.live.ledger import AccountLedger, SessionLedger

SEVERITIES = ("error", "warning", "note")
ERROR, WARNING, NOTE = SEVERITIES


class DayFinding(NamedTuple):
    """One finding."""

    severity: str
    """``error``, ``warning`` or ``note``."""
    code: str
    text: str
    time: str = ""
    """On the exchange's clock; empty: of the whole day."""


def day_findings(
    ledger: AccountLedger, sessions: Sequence[SessionLedger], day: date, document: dict[str, Any]
) -> list[dict[str, str]]:
    """Findings of a day and its ``document`` (``day_report``) so far, as JSON values."""
    found = [*_runners(ledger, day), *_strategies(sessions, day, document), *_figures(document)]
    return [one._asdict() for one in sorted(found, key=lambda one: SEVERITIES.index(one.severity))]


def _runners(ledger: AccountLedger, day: date) -> Iterator[DayFinding]:
    """Findings of the runner; a question to a person is an error until it is answered."""
    for noted in ledger.on(AccountFinding, day):
        one = noted.body
        where = f"{one.symbol}: " if one.symbol else ""
        text = f"{where}{one.text} {one.question}".strip()
        yield DayFinding(ERROR if one.question else WARNING, one.code, text, clock_text(noted.at))
    for noted in ledger.on(SessionFacts, day):
        yield DayFinding(NOTE, noted.body.code, noted.body.text, clock_text(noted.at))


def _strategies(sessions: Sequence[SessionLedger], day: date, document: dict[str, Any]) -> Iterator[DayFinding]:
    names = {one["session"]: one["strategy"] for one in document["strategies"]}
    for session in sessions:
        for severity, told in ((ERROR, session.surprises), (NOTE, session.notices)):
            for noted in told:
                if day_at(noted.at) == day:
                    text = f"{names[session.name]}: {noted.body.text}"
                    yield DayFinding(severity, noted.body.code, text, clock_text(noted.at))
    for one in document["strategies"]:
        silence = one["silence"]
        if silence is not None and silence["verdict"] != USUAL:
            severity = WARNING if silence["verdict"] == SILENT else NOTE
            yield DayFinding(severity, silence["verdict"], f"{one['strategy']} is {silence['text']}")
        if one["unprotected_s"]:
            held = f"{one['strategy']} held a position without enough of a resting stop"
            yield DayFinding(WARNING, "unprotected", f"{held} for {one['unprotected_s']:,.0f} s")


def _figures(document: dict[str, Any]) -> Iterator[DayFinding]:
    """The order-to-trade ratio, and a day that is not over."""
    ratio, bound = document["order_to_trade"], document["order_to_trade_bound"]
    if (document["changes"] if ratio is None else ratio) > bound:
        counts = f"{document['changes']:,} changes and cancels for {document['fills']:,} fills"
        yield DayFinding(WARNING, "order_to_trade", f"{counts}; the bound is {bound:g} for each fill")
    if not document["whole"]:
        text = f"the day is not over by the journal, whose last entry is of {document['as_of']}"
        yield DayFinding(NOTE, "part_of_a_day", text)
