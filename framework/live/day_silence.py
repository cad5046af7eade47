"""Silence of each strategy of a deployment on a day, from its journal and the history before the day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from framework.backtest import execute
from framework.errors import DataError
from framework.live.activity import live_activity, live_span, recorded_activity
from framework.live.silence import MOST_SESSIONS, SHARE, TOO_FEW, Silence, judge
from framework.run.preparation import prepare
from framework.usercode.find import find_rule

if TYPE_CHECKING:
    from pathlib import Path

    from framework.live.activity import Activity, ActivitySpan
    from framework.live.deployment import DeployedStrategy, Deployment
    from framework.live.ledger import AccountLedger

CALENDAR_DAYS = 3 * MOST_SESSIONS
"""Days before the day that are loaded: more than so many sessions, and what indicators need before them."""


def silence_of_day(
    ledger: AccountLedger, deployment: Deployment, db: Path, day: int, share: float = SHARE
) -> dict[str, Silence]:
    """Verdict on each strategy that has a bar on the day (days since 1970-01-01), by its name in the deployment."""
    found: dict[str, Silence] = {}
    for deployed in deployment.strategies:
        session = ledger.sessions.get(deployed.session)
        if session is None or session.folded.records is None or day not in session.days:
            continue
        records = session.folded.records
        orders = records.every_order(session.folded.session)
        lived = live_activity(records, orders, session.symbols, day)
        usual = usual_days(deployed, db, day, live_span(records, day))
        found[deployed.name] = judge(lived, usual, share) if usual else Silence(TOO_FEW, 0, *(float("nan"),) * 2, ())
    return found


def usual_days(deployed: DeployedStrategy, db: Path, day: int, span: ActivitySpan) -> list[Activity]:
    """Activity of the strategy's backtest on the sessions before the day; empty without any."""
    last = date(1970, 1, 1) + timedelta(days=day - 1)
    try:
        prepared = prepare(
            deployed.instance(),
            list(deployed.symbols),
            settings=deployed.settings,
            start=last - timedelta(days=CALENDAR_DAYS),
            end=last,
            timeframe=deployed.timeframe,
            db=db,
        )
    except DataError:  # no bar before the day: nothing is known
        return []
    rules = [find_rule(rule)() for rule in deployed.risk_rules]
    record, _ = execute(prepared, rules=rules, causality="off")
    return list(recorded_activity(record, span, MOST_SESSIONS).values())
