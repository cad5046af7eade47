"""Parity of a deployment's day, from the files: its journal, the history in the store, and the engines."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

from framework.backtest import execute
from framework.errors import DataError
from framework.journal.account_fold import fold_account
from framework.live.assembly import recorded_strategies
from framework.live.history import GrowingBars
from framework.live.hours import day_of, session_of
from framework.live.journal_records import record_of
from framework.live.parity import compare_day
from framework.store.account_files import journal_path
from framework.store.journal_reader import JournalReader
from framework.types import Panel
from framework.types.record import OrderState
from framework.usercode.find import find_rule

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from framework.journal.account_entries import Denied
    from framework.journal.account_fold import FoldedAccount
    from framework.journal.session_records import SessionRecords
    from framework.live.assembly import RecordedStrategy
    from framework.live.deployment import Deployment
    from framework.live.parity import StrategyParity
    from framework.types.orders import BarRow


class EngineParity(NamedTuple):
    """Parity of one strategy with one engine."""

    strategy: str
    engine: str
    parity: StrategyParity


def parity_of_day(
    deployment: Deployment, db: Path, day: date, engines: Sequence[str] | None = None
) -> list[EngineParity]:
    """Each strategy beside the ``engines``; default: the event engine and, where it can express it, the compiled one.

    ``DataError`` where the journal does not have the day.
    """
    return [one for _, one in parity_of_days(deployment, db, [day], engines)]


def parity_of_days(
    deployment: Deployment, db: Path, days: Sequence[date], engines: Sequence[str] | None = None
) -> list[tuple[date, EngineParity]]:
    """The same of several days, rising: the journal is folded once, and each engine runs once, to the last of them."""
    path = journal_path(db, deployment.account)
    rules = {one.session: tuple(find_rule(rule)() for rule in one.risk_rules) for one in deployment.strategies}
    with JournalReader(path) as reader:
        account = fold_account(reader.lines(), rules, records=True)
    kept: dict[str, SessionRecords] = {
        name: folded.records for name, folded in account.sessions.items() if folded.records is not None
    }
    known = sorted({row.session for one in kept.values() for row in one.rows})
    for day in days:
        if session_of(day) not in known:
            have = f"it has {day_of(known[0])} to {day_of(known[-1])}" if known else "it has none"
            msg = f"{path} has no bar of {day}; {have}"
            raise DataError(msg)
    found = []
    for recorded in recorded_strategies(deployment, db, day_of(known[0]), days[-1]):
        records = kept.get(recorded.deployed.session)
        if records is None:
            msg = f"{path} has no strategy {recorded.deployed.name} of deployment {deployment.name}"
            raise DataError(msg)
        found += _compared(recorded, records, account, days, engines)
    return found


def _compared(
    recorded: RecordedStrategy,
    records: SessionRecords,
    account: FoldedAccount,
    days: Sequence[date],
    engines: Sequence[str] | None,
) -> list[tuple[date, EngineParity]]:
    """One strategy on each day, beside each engine."""
    rows = [row for row in records.rows if row.session <= session_of(days[-1])]
    prepared = replace(recorded.prepared, panel=known_panel(recorded, rows))
    runner = record_of(account, replace(recorded, prepared=prepared))
    refused = refused_orders(account.denied, recorded.deployed.session) | {
        number for number, one in records.orders.items() if one.state in {OrderState.REFUSED, OrderState.ABSENT}
    }
    decided = {time: decisions.target for time, decisions in records.decisions.items()}
    found = []
    for engine in engines or engines_for(recorded):
        record, _ = execute(prepared, rules=recorded.rules, causality="off", engine=engine)
        for day in days:
            session = session_of(day)
            revised = revised_bars(recorded, rows, session)
            parity = compare_day(runner, record, session, decided=decided, revised=revised, refused=refused)
            found.append((day, EngineParity(recorded.deployed.name, engine, parity)))
    return found


def engines_for(recorded: RecordedStrategy) -> list[str]:
    """Engines that can express a strategy and are installed."""
    compiled = recorded.strategy.style() != "on_bar" and not recorded.rules and find_spec("numba") is not None
    return ["event", "compiled"] if compiled else ["event"]


def refused_orders(denied: Sequence[Denied], session: str) -> frozenset[int]:
    """Ids of a session's orders that never left."""
    return frozenset(one.order_id for one in denied if one.session == session)


def known_panel(recorded: RecordedStrategy, rows: Sequence[BarRow]) -> Panel:
    """Prices as the runner had them: the stored history, then the journal's rows."""
    stored, first = recorded.prepared.panel, recorded.prepared.first_row
    begins = int(stored.time[first]) if first < len(stored) else None
    series = []
    for i, bars in enumerate(stored.bars()):
        growing = GrowingBars(bars if begins is None else bars[: int(bars.time.searchsorted(begins))])
        for row in rows:
            if row.close[i] > 0.0:
                growing.append(row, i)
        series.append(growing.bars())
    panel = Panel.from_bars(series)
    return panel if stored.deadlines is None else panel.with_deadlines(stored.deadlines)


def revised_bars(recorded: RecordedStrategy, rows: Sequence[BarRow], session: int) -> frozenset[tuple[int, int]]:
    """(instrument, open) of the day's bars that the store has otherwise, or only one of the two has."""
    ours = {
        (i, row.time): (row.open[i], row.high[i], row.low[i], row.close[i])
        for row in rows
        if row.session == session
        for i in range(len(row.close))
        if row.close[i] > 0.0
    }
    theirs = {
        (i, time): values
        for i, bars in enumerate(recorded.prepared.panel.bars())
        for time, day, *values in zip(
            *(getattr(bars, name).tolist() for name in ("time", "session", "open", "high", "low", "close")), strict=True
        )
        if day == session
    }
    return frozenset(key for key in ours.keys() | theirs.keys() if ours.get(key) != _tuple(theirs.get(key)))


def _tuple(values: list[float] | None) -> tuple[float, ...] | None:
    return None if values is None else tuple(values)
