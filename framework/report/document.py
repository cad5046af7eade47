"""Document of a run: every fact as plain JSON values, as ``--json`` prints it and a bundle keeps it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from framework.report import breaker, charge_breakdown, held_back_orders, limits

if TYPE_CHECKING:
    from framework.report.facts import RunFacts
    from framework.types.verification import Verification


def document_of(run: RunFacts) -> dict[str, Any]:
    """The run as plain JSON values; NaN and inf are None."""
    first, last = run.span
    return {
        "run_id": run.run_id,
        "strategy": run.strategy,
        "parameters": run.parameters,
        "symbols": list(run.symbols),
        "timeframe": run.record.panel.timeframe,
        "first": first,
        "last": last,
        "engine": run.record.engine,
        "currency": run.currency,
        "capital": run.settings.capital,
        "final_equity": run.final_equity,
        "round_trips_closed": run.observations.spans.closed,
        "round_trips_open": len(run.observations.spans) - run.observations.spans.closed,
        "causality": str(run.causality.verdict),
        "causality_detail": run.causality._asdict(),
        "verification": verification_facts(run.verification),
        "stats": {name: value if math.isfinite(value) else None for name, value in run.stats.items()},
        "findings": [finding._asdict() for finding in run.findings],
        "held_back": held_back_orders.facts(run.record, run.held_back),
        "charges_by_year": charge_breakdown.facts(run.record) if run.settings.charges.plan else [],
        "breaker": breaker.facts(run.record),
        "without_risk": limits.facts(run),
        "fill_rule": run.settings.fill_rule,
        "settings": run.settings.model_dump(mode="json"),
        "provenance": dict(run.provenance),
    }


def verification_facts(verification: Verification | None) -> list[dict[str, str]] | None:
    """Verification by other engines as JSON values; None when none ran."""
    if verification is None:
        return None
    return [one._asdict() | {"agreement": str(one.agreement)} for one in verification.comparisons]
